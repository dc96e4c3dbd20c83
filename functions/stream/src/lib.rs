//! A run's events as they happen: server-sent events, read from the store and never from the worker. A function of its own,
//! because its answers are streamed and its invocations last.

mod follow;
mod show;

use std::convert::Infallible;

use bytes::Bytes;
use eclips_shared::config::Config;
use eclips_shared::lambda;
use eclips_shared::routes::Operation;
use eclips_shared::serve::{Handler, Road, keyed};
use eclips_shared::store::Store;
use futures_util::Stream;
use lambda_http::Service;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{LambdaEvent, StreamResponse};

/// The function as Lambda and `cargo dev` call it.
pub async fn service(
    config: &Config,
) -> impl Service<
    LambdaEvent<LambdaRequest>,
    Response = StreamResponse<impl Stream<Item = Result<Bytes, Infallible>> + Unpin + Send + 'static + use<>>,
    Error = Infallible,
    Future: Send,
> + Send
+ use<> {
    lambda::streaming(Road::keyed(Store::open(config), handlers))
}

fn handlers(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::StreamShow => Some(keyed::<show::Show>()),
        _ => None,
    }
}
