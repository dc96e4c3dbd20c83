//! A request as verbs read it, and what it says of itself: where it came from, and under which names it is known.

use http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};

use crate::auth::Mark;
use crate::body::Fields;
use crate::error::{ApiError, Missing};
use crate::ids::{BatchId, DeliveryId, RunId, TriageId, WebhookId, request_id};
use crate::receiver::Receivers;

/// The longest header of X-Ray that is kept; it has some 75 bytes, and lineage may follow.
const TRACE_BYTES_MAX: usize = 256;

/// A request as verbs read it. It holds no credential: `Authorization` stays on the road.
#[derive(Debug, Default)]
pub struct Incoming {
    /// The value of `{id}` in the path, if the route has one.
    pub id: Option<String>,
    /// The value of `{delivery_id}`.
    pub delivery_id: Option<String>,
    /// The query.
    pub query: Query,
    /// Where outcomes may be posted.
    pub receivers: Receivers,
    /// The headers that are a verb's business, and no others: [`IDEMPOTENCY_KEY`] and [`LAST_EVENT_ID`].
    pub headers: HeaderMap,
    /// The body; its size and type were checked.
    pub body: Vec<u8>,
}

/// Names a request, so that sending it twice does one thing. *Source*: contract §2 "Idempotency".
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The last event that a reader of a stream has seen. *Source*: WHATWG HTML, server-sent events.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The headers that verbs may read, taken out of a request's.
pub(super) fn readable(headers: &HeaderMap) -> HeaderMap {
    let pairs = [IDEMPOTENCY_KEY, LAST_EVENT_ID].into_iter().flat_map(|name| {
        let values = headers.get_all(&name).iter().cloned().collect::<Vec<_>>();
        values.into_iter().map(move |value| (name.clone(), value))
    });
    let mut kept = HeaderMap::new();
    for (name, value) in pairs {
        kept.append(name, value);
    }
    kept
}

/// The query's parameters, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(pub(super) QueryMap);

impl Query {
    /// The one value of a parameter; `None` when absent.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the parameter when it is there twice.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        match self.0.all(name).as_deref() {
            None | Some([]) => Ok(None),
            Some([value]) => Ok(Some(value)),
            Some(_) => Err(ApiError::field(name, format!("{name} must be given once"))),
        }
    }

    /// Refuses parameters that nobody asked for: a misspelt filter must not give the unfiltered list.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the first unknown one.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.0.iter().map(|(name, _)| name).find(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(100).collect();
                Err(ApiError::Validation {
                    message: format!("Unknown parameter {name}"),
                    field: Some(name),
                })
            }
        }
    }
}

/// The body's bytes, without a copy.
pub(super) fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    }
}

/// The names of a request: the gateway's, and X-Ray's where it is traced.
pub(super) fn mark(request: &Request, request_id: &str) -> Mark {
    let trace = request
        .lambda_context_ref()
        .and_then(|context| context.xray_trace_id.as_deref())
        .filter(|trace| trace.contains("Sampled=1") && trace.len() <= TRACE_BYTES_MAX);
    Mark {
        request_id: request_id.to_owned(),
        trace: trace.map(str::to_owned),
    }
}

/// Where a request came from, by the gateway's word; the client's own headers are not believed. Empty when it does not say.
#[must_use]
pub fn source_ip(request: &Request) -> &str {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref(),
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        _ => None,
    }
    .unwrap_or_default()
}

/// The id under which gateway, access log and our line know the request. A client's own header is not believed.
#[must_use]
pub fn gateway_request_id(request: &Request) -> String {
    let context = request.request_context_ref();
    let id = match context {
        Some(RequestContext::ApiGatewayV1(context)) => context.request_id.as_deref(),
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref(),
        _ => None,
    };
    id.filter(|id| !id.is_empty() && HeaderValue::from_str(id).is_ok())
        .map_or_else(request_id, str::to_owned)
}

/// The id in a path: anything that is not a run's id is a run that does not exist.
///
/// *Errors*: [`ApiError::NotFound`].
pub fn run_id(incoming: &Incoming) -> Result<RunId, ApiError> {
    known(incoming.id.as_deref(), RunId::parse, Missing::Run)
}

/// The same where the path names a batch.
///
/// *Errors*: [`ApiError::NotFound`].
pub fn batch_id(incoming: &Incoming) -> Result<BatchId, ApiError> {
    known(incoming.id.as_deref(), BatchId::parse, Missing::Batch)
}

/// The same where the path names a triage item.
///
/// *Errors*: [`ApiError::NotFound`].
pub fn triage_id(incoming: &Incoming) -> Result<TriageId, ApiError> {
    known(incoming.id.as_deref(), TriageId::parse, Missing::TriageItem)
}

/// The same where the path names a webhook.
///
/// *Errors*: [`ApiError::NotFound`].
pub fn webhook_id(incoming: &Incoming) -> Result<WebhookId, ApiError> {
    known(incoming.id.as_deref(), WebhookId::parse, Missing::Webhook)
}

/// The same where the path names a delivery.
///
/// *Errors*: [`ApiError::NotFound`].
pub fn delivery_id(incoming: &Incoming) -> Result<DeliveryId, ApiError> {
    known(incoming.delivery_id.as_deref(), DeliveryId::parse, Missing::Delivery)
}

fn known<I>(id: Option<&str>, parse: impl Fn(&str) -> Option<I>, missing: Missing) -> Result<I, ApiError> {
    id.and_then(parse).ok_or(ApiError::NotFound(missing))
}

/// Reads the body of a route that needs none: it may be left out, or be an object without members.
///
/// *Errors*: [`ApiError::Validation`].
pub fn no_body(incoming: &Incoming) -> Result<(), ApiError> {
    if incoming.body.is_empty() {
        return Ok(());
    }
    Fields::parse(&incoming.body)?.finish()
}
