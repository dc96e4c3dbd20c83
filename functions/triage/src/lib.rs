//! What runs wait for a person to decide: a file per verb, and `ruling.rs` for what the two decisions share.

mod approve;
mod list;
mod reject;
mod ruling;
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
    lambda::api(Road::keyed(Store::open(config), handlers))
}

fn handlers(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::TriageList => Some(keyed::<list::List>()),
        Operation::TriageShow => Some(keyed::<show::Show>()),
        Operation::TriageApprove => Some(keyed::<approve::Approve>()),
        Operation::TriageReject => Some(keyed::<reject::Reject>()),
        _ => None,
    }
}
