//! Where Lambda ends and our road begins: events in, answers out. Nothing else in the code knows about Lambda.

use std::convert::Infallible;
use std::sync::Arc;

use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, Request, Response, Service, service_fn};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use tower::util::MapRequest;

use crate::serve::{Boxed, Road};

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

/// Puts any HTTP service behind the adapter, as [`api`] does with a road.
#[must_use]
pub fn web<S>(
    service: S,
) -> impl Service<LambdaEvent<LambdaRequest>, Response = impl Serialize + Send + 'static, Error = Infallible, Future: Send>
+ Send
where
    S: Service<Request, Response = Response<Body>, Error = Infallible, Future: Send + 'static> + Send,
{
    let tidied = |event: LambdaEvent<LambdaRequest>| LambdaEvent::new(tidy(event.payload), event.context);
    MapRequest::new(Adapter::from(service), tidied)
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
