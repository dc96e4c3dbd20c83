//! What an organization uses: a file per verb. It reads totals and counts nothing.

mod agents;
mod daily;
mod days;
mod figures;
mod keys;
mod summary;

use std::convert::Infallible;

use eclips_shared::config::Config;
use eclips_shared::lambda;
use eclips_shared::routes::Operation;
use eclips_shared::serve::{Handler, Road, keyed};
use eclips_shared::store::Store;
use lambda_http::Service;
use lambda_http::request::LambdaRequest;
use lambda_runtime::LambdaEvent;

/// The function as Lambda and `cargo dev` call it.
pub async fn service(
    config: &Config,
) -> impl Service<
    LambdaEvent<LambdaRequest>,
    Response = impl serde::Serialize + Send + 'static + use<>,
    Error = Infallible,
    Future: Send,
> + Send
+ use<> {
    lambda::api(Road::keyed(Store::open(config), handlers))
}

fn handlers(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::UsageSummary => Some(keyed::<summary::Summary>()),
        Operation::UsageDaily => Some(keyed::<daily::Daily>()),
        Operation::UsageAgents => Some(keyed::<agents::Agents>()),
        Operation::UsageKeys => Some(keyed::<keys::Keys>()),
        _ => None,
    }
}
