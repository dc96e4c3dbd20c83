//! THE road: every request of every API function passes these guards, in this order, and leaves one log line.
//!
//! Match the route (404) → authenticate (400/401/503) → scope (403) → plan and suspension (403) → rate and daily limit (429)
//! → read and validate the body (413/415/400) → credits where runs start (429) → handler. *Source*: contract §2.
//!
//! A handler is a [`Verb`]: it gets a [`Call`], and a `Call` holds a [`Caller`] that only this road can obtain. A handler
//! without authentication and a scope therefore does not compile.

mod answer;
mod incoming;
mod respond;

use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use lambda_http::{Body, Request, RequestExt, Response};

use self::answer::Content;
use self::incoming::{bytes, mark, readable};
use crate::auth::{Caller, Mode, authenticate};
use crate::body;
use crate::error::{ApiError, Missing};
use crate::lambda::deadline;
use crate::receiver::Receivers;
use crate::routes::{Access, Effect, Operation, Route, Table};
use crate::store::{Quota, Refusal, Refused, Store};
use crate::time::{SECOND_MS, Timestamp};
use crate::vault::Vault;

pub use self::answer::{Answer, Events};
pub use self::incoming::{
    IDEMPOTENCY_KEY, Incoming, LAST_EVENT_ID, Query, batch_id, delivery_id, gateway_request_id, no_body, run_id,
    source_ip, triage_id, webhook_id,
};
pub use self::respond::common_headers;

/// What a request may take in all before it is a 503; below the 3 s that a client is promised when the store is down.
const REQUEST_MAX: Duration = Duration::from_millis(2_500);

/// A future that a function may box: what a verb does.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a route does, in two steps: read the request without doing anything, then answer it.
pub trait Verb: Sized + Send + 'static {
    /// Reads and validates path, query and body. Pure.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the field, [`ApiError::NotFound`] for an id that is none.
    fn read(incoming: &Incoming) -> Result<Self, ApiError>;

    /// Does it.
    ///
    /// *Errors*: whatever the client has to hear.
    fn answer(self, call: Call<'_>) -> impl Future<Output = Result<Answer, ApiError>> + Send;

    /// Gives the answer of the same request when it was done before, and does nothing; asked where the credits are used
    /// up, since what was done before costs none. `None`, as here, when it was not, or nobody can say.
    ///
    /// *Errors*: whatever the client has to hear.
    fn replay(self, call: Call<'_>) -> impl Future<Output = Result<Option<Answer>, ApiError>> + Send {
        let _ = call;
        async { Ok(None) }
    }
}

/// What is wanted of a verb that was read.
#[derive(Clone, Copy)]
enum Wanted {
    Answer,
    Replay,
}

/// A verb that was read and waits to be done.
pub struct Pending(Doing);

type Doing = Box<dyn for<'a> FnOnce(Call<'a>, Wanted) -> Boxed<'a, Result<Option<Answer>, ApiError>> + Send>;

/// How a function answers one of its operations.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    /// Anyone may ask; no store, no caller.
    Public(fn() -> Answer),
    /// A caller with the route's scope; made by [`keyed`].
    Keyed(fn(&Incoming) -> Result<Pending, ApiError>),
}

/// Makes the handler of a verb.
#[must_use]
pub fn keyed<V: Verb>() -> Handler {
    Handler::Keyed(|incoming| {
        let verb = V::read(incoming)?;
        Ok(Pending(Box::new(|call, wanted| {
            Box::pin(async move {
                match wanted {
                    Wanted::Answer => verb.answer(call).await.map(Some),
                    Wanted::Replay => verb.replay(call).await,
                }
            })
        })))
    })
}

/// What a verb works with.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The store.
    pub store: &'a Store,
    /// The caller's plan and quota; absent while a read runs beside the limiter.
    pub quota: Option<&'a Quota>,
    /// When the invocation ends, whatever is still to be said.
    pub deadline: Timestamp,
    /// Where secrets are sealed, in a function that makes some.
    pub vault: Option<&'a Vault>,
}

/// An API function: its handlers behind the guards.
#[derive(Debug)]
pub struct Road {
    table: Table,
    handlers: fn(Operation) -> Option<Handler>,
    store: Option<Store>,
    receivers: Receivers,
    vault: Option<Vault>,
}

/// What the log line says; filled as the request goes along.
#[derive(Default)]
struct Trace {
    route: Option<&'static Route>,
    caller: Option<Caller>,
    quota: Option<Quota>,
}

impl Road {
    /// A function that reads no store and knows no caller.
    #[must_use]
    pub fn public(handlers: fn(Operation) -> Option<Handler>) -> Self {
        Self {
            table: Table::new(),
            handlers,
            store: None,
            receivers: Receivers::default(),
            vault: None,
        }
    }

    /// A function behind keys.
    #[must_use]
    pub fn keyed(store: Store, handlers: fn(Operation) -> Option<Handler>) -> Self {
        Self {
            table: Table::new(),
            handlers,
            store: Some(store),
            receivers: Receivers::default(),
            vault: None,
        }
    }

    /// The same function, whose clients may say where outcomes are posted.
    #[must_use]
    pub fn admitting(self, receivers: Receivers) -> Self {
        Self { receivers, ..self }
    }

    /// The same function, which makes secrets.
    #[must_use]
    pub fn sealing(self, vault: Vault) -> Self {
        Self {
            vault: Some(vault),
            ..self
        }
    }

    /// Answers a request, whatever it is, and logs it.
    pub async fn serve(&self, request: Request) -> Response<Body> {
        self.respond(request).await.map(|content| match content {
            Content::Json(text) => Body::Text(text),
            // A table that leads a stream to a function whose answers are buffered: nothing of it may be lost unseen.
            Content::Events(_) => {
                tracing::error!(alarm = "wrong_route_table", "this function cannot stream");
                Body::Empty
            }
        })
    }

    /// Answers a request as [`Road::serve`] does; the body comes in pieces.
    pub async fn stream(&self, request: Request) -> Response<Events> {
        self.respond(request).await.map(|content| match content {
            Content::Json(text) => Box::pin(futures_util::stream::iter([Bytes::from(text)])),
            Content::Events(events) => events,
        })
    }

    async fn respond(&self, request: Request) -> Response<Content> {
        let began = Instant::now();
        let id = gateway_request_id(&request);
        let method = request.method().clone();
        let mut trace = Trace::default();
        let passed = {
            // Pinned where it is made, as all futures of some size here: to move one is to copy tens of kilobytes.
            let pass = pin!(self.pass(request, &id, &mut trace));
            tokio::time::timeout(REQUEST_MAX, pass).await
        };
        let outcome = passed.unwrap_or_else(|_| {
            tracing::warn!(request_id = %id, "the request took too long");
            Err(ApiError::Unavailable)
        });
        self.log(&id, &method, &trace, &outcome, began.elapsed());
        respond::respond(outcome, &id, &trace)
    }

    /// The guards, in the contract's order.
    async fn pass(&self, request: Request, request_id: &str, trace: &mut Trace) -> Result<Answer, ApiError> {
        let path = request.raw_http_path();
        let (route, ids) = self
            .table
            .find(request.method(), path)
            .ok_or(ApiError::NotFound(Missing::Route))?;
        trace.route = Some(route);
        let handler = (self.handlers)(route.operation).ok_or(ApiError::NotFound(Missing::Route))?;
        let (Access::Key { scope, limiter, effect }, Handler::Keyed(read), Some(store)) =
            (route.access, handler, &self.store)
        else {
            return public(route, handler);
        };

        let ip = source_ip(&request);
        let caller = authenticate(store, request.headers(), route, ip).await?;
        let caller = &*trace.caller.insert(caller.marked(mark(&request, request_id)));
        if let Err(refusal) = caller.require(scope) {
            store
                .keys()
                .note_refused(caller.org(), caller.key(), Refused::Scope, route, ip)
                .await;
            return Err(refusal);
        }

        let deadline_ms = request.lambda_context_ref().map_or(0, |context| context.deadline);
        let deadline = deadline(deadline_ms, Timestamp::now());
        let (id, delivery_id) = (ids.id.map(str::to_owned), ids.delivery_id.map(str::to_owned));
        let query = Query(request.query_string_parameters());
        let (parts, body) = request.into_parts();
        let incoming = Incoming {
            id,
            delivery_id,
            query,
            receivers: self.receivers,
            headers: readable(&parts.headers),
            body: bytes(body),
        };
        let (limits, keys) = (store.limits(), store.keys());
        let admitted = pin!(async {
            // Keeping `last_used_at` runs beside the limiter: it adds no call in sequence.
            let (admit, touch) = (
                pin!(limits.admit(caller.org(), limiter)),
                pin!(keys.touch(caller.org(), caller.key())),
            );
            tokio::join!(admit, touch).0
        });
        match effect {
            Effect::Reads => {
                // The read runs beside the limiter and is thrown away when that refuses: two calls in sequence, not three.
                let pending = read(&incoming);
                let done = pin!(async {
                    let call = Call {
                        caller,
                        store,
                        quota: None,
                        deadline,
                        vault: self.vault.as_ref(),
                    };
                    let done = match pending {
                        Ok(pending) => done(pending, call).await,
                        Err(error) => Err(error),
                    };
                    // Only a refusal of the limiter ends both early: a read that fails is still counted.
                    Ok::<_, Refusal>(done)
                });
                let (quota, done) = match futures_util::future::try_join(admitted, done).await {
                    Ok(both) => both,
                    Err(refusal) => return Err(refuse(refusal, &mut trace.quota)),
                };
                trace.quota = Some(quota);
                done
            }
            Effect::Writes | Effect::StartsRuns => {
                let quota = match admitted.await {
                    Ok(quota) => &*trace.quota.insert(quota),
                    Err(refusal) => return Err(refuse(refusal, &mut trace.quota)),
                };
                body::check(route.operation, &parts.headers, &incoming.body)?;
                let pending = read(&incoming)?;
                let call = Call {
                    caller,
                    store,
                    quota: Some(quota),
                    deadline,
                    vault: self.vault.as_ref(),
                };
                match spend(caller, quota) {
                    Err(refusal) if effect == Effect::StartsRuns => {
                        (pending.0)(call, Wanted::Replay).await?.ok_or(refusal)
                    }
                    _ => done(pending, call).await,
                }
            }
        }
    }

    /// One line per request, readable alone: never a header, a body, a query or a path parameter.
    fn log(&self, id: &str, method: &Method, trace: &Trace, outcome: &Result<Answer, ApiError>, took: Duration) {
        let (status, code) = match outcome {
            Ok(answer) => (answer.status.as_u16(), ""),
            Err(error) => (error.status().as_u16(), error.code()),
        };
        let caller = trace.caller.as_ref();
        let happened = |is_true: bool| is_true.then_some(1_u64);
        tracing::info!(
            request_id = %id,
            function = trace.route.map_or("none", |route| route.function.as_str()),
            method = %method,
            route = trace.route.map_or("none", |route| route.path),
            status,
            code,
            org = caller.map(|caller| tracing::field::display(caller.org())),
            key_id = caller.map(|caller| tracing::field::display(caller.key())),
            mode = caller.map(|caller| caller.tenant().mode.as_str()),
            store_calls = self.store.as_ref().map_or(0, Store::take_calls),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            Requests = 1_u64,
            RequestTime = took.as_secs_f64() * 1_000.0,
            ServerErrors = happened(status >= 500),
            RefusedKeys = happened(code == "invalid_api_key"),
            Throttled = happened(status == 429),
            "request"
        );
    }
}

/// Does what was read.
async fn done(pending: Pending, call: Call<'_>) -> Result<Answer, ApiError> {
    let answer = (pending.0)(call, Wanted::Answer).await?;
    Ok(answer.expect("whoever answers has an answer"))
}

/// A refusal by the limiter still shows the quota in its headers.
fn refuse(refusal: Refusal, quota: &mut Option<Quota>) -> ApiError {
    *quota = refusal.quota.map(|quota| *quota);
    refusal.error
}

/// The routes that anyone may ask. A keyed route can come here only through a wrong table; it is refused.
fn public(route: &Route, handler: Handler) -> Result<Answer, ApiError> {
    match (route.access, handler) {
        (Access::Public, Handler::Public(answer)) => Ok(answer()),
        _ => {
            tracing::error!(
                alarm = "wrong_route_table",
                route = route.path,
                "route and handler disagree"
            );
            Err(ApiError::Internal)
        }
    }
}

/// The credits guard. Test keys cost nothing. May be overshot by the runs in flight, never by more.
fn spend(caller: &Caller, quota: &Quota) -> Result<(), ApiError> {
    if caller.tenant().mode == Mode::Test || quota.credits_left > 0 {
        return Ok(());
    }
    let retry_after_s = u64::try_from(quota.at.ms_to_next_month() / SECOND_MS).unwrap_or(0) + 1;
    Err(ApiError::CreditsExhausted { retry_after_s })
}
