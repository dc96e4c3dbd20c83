//! Where Lambda ends and our road begins: events in, answers out. Nothing else in the code knows about Lambda.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Request, RequestExt, Response, Service, service_fn};
use lambda_runtime::{LambdaEvent, MetadataPrelude, StreamResponse};
use serde::Serialize;
use tower::util::MapRequest;

use crate::serve::{Boxed, Road};
use crate::time::{DAY_MS, MINUTE_MS, Timestamp};

/// The longest path or query that is looked at. *Source*: API Gateway takes 10 240 bytes of request line and headers.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// Where a path goes that the adapter cannot take: no route of ours has it.
const NOWHERE: &str = "/-";

/// Puts a road behind lambda_http's adapter: an API function as Lambda calls it.
///
/// *Shape*: REST (payload 1.0), HTTP API and function URL (payload 2.0) events in, the matching proxy response out.
#[must_use]
pub fn api(
    road: Road,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize + Send + 'static, Error = Infallible, Future: Send>
+ Send {
    let road = Arc::new(road);
    web(service_fn(
        move |request: Request| -> Boxed<'static, Result<Response<Body>, Infallible>> {
            let road = road.clone();
            Box::pin(async move { Ok(road.serve(request).await) })
        },
    ))
}

/// Makes of a road an API function whose answers come in pieces. lambda_http's own adapter for these wants a body of
/// frames; a stream of bytes is all that there is to hand over.
///
/// *Shape*: the same events in; out a prelude of status and headers, and the body's pieces as they become known.
#[must_use]
pub fn streaming(
    road: Road,
) -> impl Service<
    LambdaEvent<LambdaRequest>,
    Response = StreamResponse<impl Stream<Item = Result<Bytes, Infallible>> + Unpin + Send + 'static + use<>>,
    Error = Infallible,
    Future: Send,
> + Send
+ use<> {
    let road = Arc::new(road);
    service_fn(
        move |event: LambdaEvent<LambdaRequest>| -> Boxed<'static, Result<StreamResponse<_>, Infallible>> {
            let road = road.clone();
            let LambdaEvent { payload, context } = tidied(event);
            let request = Request::from(payload).with_lambda_context(context);
            Box::pin(async move {
                let (head, pieces) = road.stream(request).await.into_parts();
                let mut metadata_prelude = MetadataPrelude::default();
                (metadata_prelude.status_code, metadata_prelude.headers) = (head.status, head.headers);
                Ok(StreamResponse {
                    metadata_prelude,
                    stream: pieces.map(Ok::<_, Infallible>),
                })
            })
        },
    )
}

/// Puts any HTTP service behind the adapter, as [`api`] does with a road.
#[must_use]
pub fn web<S>(
    service: S,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize + Send + 'static, Error = Infallible, Future: Send>
+ Send
where
    S: Service<Request, Response = Response<Body>, Error = Infallible, Future: Send + 'static> + Send,
{
    MapRequest::new(Adapter::from(service), tidied)
}

fn tidied(event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    LambdaEvent::new(tidy(event.payload), event.context)
}

/// When an invocation ends. `cargo lambda watch` names a moment in 1970 for every invocation; a deadline that was over a
/// day ago is no deadline, and a minute is what that tool gives.
#[must_use]
pub fn deadline(given_ms: u64, now: Timestamp) -> Timestamp {
    let given = Timestamp::from_ms(i64::try_from(given_ms).unwrap_or(i64::MAX));
    if given < now.plus_ms(-DAY_MS) {
        now.plus_ms(MINUTE_MS)
    } else {
        given
    }
}

/// Makes an event safe for the adapter.
///
/// The adapter lays `headers` (one value each) over `multiValueHeaders` (all values), so that a second `Authorization`
/// would go unseen; and it builds a URI from host, path and query that it expects to be valid, else it panics.
fn tidy(mut request: LambdaRequest) -> LambdaRequest {
    match &mut request {
        LambdaRequest::ApiGatewayV1(event) => {
            if !event.multi_value_headers.is_empty() {
                event.headers.clear();
            }
            // The host is not ours to believe; the adapter would only put it into a URI that nobody reads.
            event.headers.remove(http::header::HOST);
            event.request_context.domain_name = None;
            let query = event
                .multi_value_query_string_parameters
                .iter()
                .chain(event.query_string_parameters.iter());
            let query_bytes: usize = query.map(|(name, value)| name.len() + value.len() + 2).sum();
            event.path = Some(safe_path(event.path.take(), query_bytes));
        }
        LambdaRequest::ApiGatewayV2(event) => {
            event.headers.remove(http::header::HOST);
            event.request_context.domain_name = None;
            let query = event.raw_query_string.take().unwrap_or_default();
            // What a URI's query may hold; http refuses the rest. *Source*: RFC 3986 §3.4.
            let safe = query
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>'));
            event.raw_path = Some(safe_path(
                event.raw_path.take(),
                if safe { query.len() } else { usize::MAX },
            ));
            event.raw_query_string = safe.then_some(query);
        }
        _ => {}
    }
    request
}

/// A path that the adapter can take; one that no route could match becomes [`NOWHERE`].
fn safe_path(path: Option<String>, query_bytes: usize) -> String {
    let plain = |path: &String| {
        path.starts_with('/')
            && path.len() <= LINE_BYTES_MAX
            && query_bytes <= LINE_BYTES_MAX
            && path.bytes().all(|byte| {
                byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\' | b'"' | b'<' | b'>' | b'{' | b'}')
            })
    };
    path.filter(plain).unwrap_or_else(|| NOWHERE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_every_deadline_but_one_of_1970() {
        let now = Timestamp::now();
        let given = |at: Timestamp| deadline(u64::try_from(at.ms()).expect("after 1970"), now);
        assert_eq!(given(now.plus_ms(900_000)), now.plus_ms(900_000));
        assert_eq!(given(now.plus_ms(-5)), now.plus_ms(-5));
        assert_eq!(deadline(600_000, now), now.plus_ms(MINUTE_MS));
        assert_eq!(deadline(u64::MAX, now), Timestamp::from_ms(i64::MAX));
    }
}
