//! `GET /v1/health`, and the 404 of every path and method that is no route. Touches no store.

mod show;

use std::convert::Infallible;

use eclips_shared::lambda;
use eclips_shared::routes::Operation;
use eclips_shared::serve::{Handler, Road};
use lambda_http::Service;
use lambda_http::request::LambdaRequest;
use lambda_runtime::LambdaEvent;

/// The function as Lambda and `cargo dev` call it.
pub fn service() -> impl Service<
    LambdaEvent<LambdaRequest>,
    Response = impl serde::Serialize + Send + 'static,
    Error = Infallible,
    Future: Send,
> + Send {
    lambda::api(Road::public(handlers))
}

fn handlers(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::HealthShow => Some(Handler::Public(show::answer)),
        _ => None,
    }
}
