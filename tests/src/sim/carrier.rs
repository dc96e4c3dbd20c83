//! The road between the SDK and the world: it counts port calls, and does to chosen ones what the plan says.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::queue::Queue;
use super::tables::operate;
use super::turns::Turns;
use super::world::now;

/// What befalls a port call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The process ends before the call does anything.
    CrashBefore,
    /// The process ends when the call has done what it should.
    CrashAfter,
    /// Every try of it fails, and nothing is done.
    Fails,
    /// It is done, and every try of it says that it failed.
    ReplyLost,
    /// Another transaction holds the items, once: the caller's own retries have to see to it.
    Conflict,
}

/// What a port call is, as far as faults make a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// It changes nothing: that its effect was or was not is the same.
    Reads,
    /// It writes, and another transaction may hold what it writes.
    Writes,
    /// It has an effect, and meets no transaction: a message, or several puts that are none together.
    Sends,
}

impl Call {
    fn of(target: &str) -> Self {
        match target.rsplit('.').next().unwrap_or_default() {
            "GetItem" | "BatchGetItem" | "Query" => Self::Reads,
            "PutItem" | "UpdateItem" | "TransactWriteItems" => Self::Writes,
            _ => Self::Sends,
        }
    }

    /// Every fault that it can have, and of those that come to the same one.
    #[must_use]
    pub const fn faults(self) -> &'static [Fault] {
        match self {
            Self::Reads => &[Fault::CrashBefore, Fault::Fails],
            Self::Writes => &[
                Fault::CrashBefore,
                Fault::CrashAfter,
                Fault::Fails,
                Fault::ReplyLost,
                Fault::Conflict,
            ],
            Self::Sends => self.harsh(),
        }
    }

    /// Those that change the way of things most; for pairs.
    #[must_use]
    pub const fn harsh(self) -> &'static [Fault] {
        match self {
            Self::Reads => self.faults(),
            Self::Writes | Self::Sends => &[Fault::CrashBefore, Fault::CrashAfter, Fault::Fails, Fault::ReplyLost],
        }
    }
}

/// Which port calls get which fault: their numbers, from 0.
pub type Plan = Vec<(usize, Fault)>;

/// What the carrier knows; all of one schedule.
#[derive(Default)]
pub(super) struct Schedule {
    pub(super) plan: Plan,
    /// Every port call so far.
    pub(super) calls: Vec<Call>,
    /// One fault more, planned on the way.
    pub(super) ambush: Option<(usize, Fault)>,
    /// What somebody else does in the middle of a port call, and which.
    pub(super) meanwhile: Option<(usize, BoxFuture<'static, ()>)>,
    /// The same, and what befell it.
    pub(super) log: Vec<String>,
    /// The faults of operations that may be retried, by the SDK's name for each: two may be under way at once.
    retried: HashMap<String, Fault>,
}

impl Schedule {
    pub(super) fn begin(&mut self, plan: Plan) {
        *self = Self {
            plan,
            ..Self::default()
        };
    }
}

/// The carrier; clones are the same.
#[derive(Clone)]
pub struct Carrier {
    pub(super) database: Database,
    pub(super) queue: Arc<Mutex<Queue>>,
    pub(super) schedule: Arc<Mutex<Schedule>>,
    pub(super) turns: Arc<Turns>,
    /// Whoever is told of all that is done to the tables.
    pub(super) watch: Arc<Mutex<Option<Watch>>>,
}

/// Is told of each call to the tables once it is done: which of two who act at once made it, and its request.
pub type Watch = Arc<dyn Fn(usize, Call, &str) + Send + Sync>;

/// A try of an operation.
struct Try<'a> {
    /// What is called.
    target: &'a str,
    /// The SDK's name for the operation: all its tries have it.
    operation: &'a str,
    is_first: bool,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

impl Carrier {
    pub(super) fn client(&self) -> SharedHttpClient {
        let carrier = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| carrier.clone())
    }

    pub(super) fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().expect("nothing panics while it holds this")
    }

    /// What befalls this try.
    async fn befalls(&self, this: &Try<'_>) -> Option<Fault> {
        if !this.is_first {
            return self.schedule().retried.get(this.operation).copied();
        }
        let call = Call::of(this.target);
        let (number, meanwhile, fault) = {
            let mut schedule = self.schedule();
            let number = schedule.calls.len();
            schedule.calls.push(call);
            let mut planned = schedule.plan.iter().chain(&schedule.ambush);
            let planned = planned.find(|(at, _)| *at == number);
            let fault = planned.map(|(_, fault)| *fault);
            let fault = fault.filter(|fault| *fault != Fault::Conflict || call == Call::Writes);
            if let Some(fault) = fault.filter(|fault| *fault != Fault::Conflict) {
                schedule.retried.insert(this.operation.to_owned(), fault);
            }
            let befell = fault.map_or(String::new(), |fault| format!(" {fault:?}"));
            let who = self.turns.who();
            let target = this.target.rsplit('.').next().unwrap_or_default();
            let line = format!("{number}: {who} {target}{befell} at {}", now().ms());
            schedule.log.push(line);
            let is_now = schedule.meanwhile.as_ref().is_some_and(|(at, _)| *at == number);
            (number, schedule.meanwhile.take_if(|_| is_now), fault)
        };
        self.turns.at(number).await;
        if let Some((_, other)) = meanwhile {
            other.await;
        }
        fault
    }

    async fn carry(&self, this: Try<'_>, body: &[u8]) -> HttpResponse {
        let fault = self.befalls(&this).await;
        let target = this.target;
        let effect = match fault {
            Some(Fault::CrashBefore | Fault::Fails | Fault::Conflict) => None,
            // The effect is that of the first try.
            Some(Fault::ReplyLost) if !this.is_first => None,
            _ => Some(self.act(target, body)),
        };
        match fault {
            None => response(effect.expect("nothing befell it")),
            Some(Fault::CrashBefore | Fault::CrashAfter) => {
                self.turns.crash();
                std::future::pending().await
            }
            Some(Fault::Fails | Fault::ReplyLost) => response((500, json!({ "__type": "InternalServerError" }))),
            Some(Fault::Conflict) => response((400, conflict(target, body))),
        }
    }

    fn act(&self, target: &str, body: &[u8]) -> (u16, Value) {
        let (service, operation) = target.split_once('.').unwrap_or_default();
        if service == "AmazonSQS" {
            let body = serde_json::from_slice(body).expect("the SDK sends JSON");
            let mut queue = self.queue.lock().expect("nothing panics while it holds this");
            return (200, queue.answer(operation, &body, now()));
        }
        let answer = operate(&self.database, operation, body);
        let watch = self.watch.lock().expect("nothing panics while it holds this").clone();
        if let Some(watch) = watch {
            watch(self.turns.who(), Call::of(target), &String::from_utf8_lossy(body));
        }
        answer
    }
}

fn conflict(target: &str, body: &[u8]) -> Value {
    if !target.ends_with("TransactWriteItems") {
        return json!({ "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException" });
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut reasons = vec![json!({ "Code": "None" }); asked["TransactItems"].as_array().map_or(1, Vec::len)];
    reasons[0] = json!({ "Code": "TransactionConflict", "Message": "injected" });
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "injected", "CancellationReasons": reasons,
    })
}

pub(super) fn response((status, body): (u16, Value)) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body.to_string()));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}

impl HttpConnector for Carrier {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let carrier = self.clone();
        HttpConnectorFuture::new(async move {
            let header = |name| request.headers().get(name).unwrap_or_default().to_owned();
            let (target, attempt) = (header("x-amz-target"), header("amz-sdk-request"));
            let this = Try {
                target: &target,
                operation: &header("amz-sdk-invocation-id"),
                is_first: attempt.is_empty() || attempt.starts_with("attempt=1"),
            };
            assert!(!this.operation.is_empty(), "the SDK names its operations");
            let body = request.body().bytes().unwrap_or_default().to_vec();
            Ok(carrier.carry(this, &body).await)
        })
    }
}
