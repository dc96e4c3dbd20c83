//! Batches as their owner handles them: a file per verb. Their runs are the worker's.

mod cancel;
mod create;
mod list;
mod show;

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
    lambda::api(Road::keyed(Store::open(config), handlers).admitting(config.receivers))
}

fn handlers(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::BatchCreate => Some(keyed::<create::Create>()),
        Operation::BatchList => Some(keyed::<list::List>()),
        Operation::BatchShow => Some(keyed::<show::Show>()),
        Operation::BatchCancel => Some(keyed::<cancel::Cancel>()),
        _ => None,
    }
}
