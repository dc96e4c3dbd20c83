//! Webhooks as their owner handles them: a file per verb. Nothing is posted from here.

mod create;
mod delete;
mod deliveries;
mod list;
mod resend;
mod rotate;

use std::convert::Infallible;

use eclips_shared::config::Config;
use eclips_shared::lambda;
use eclips_shared::routes::Operation;
use eclips_shared::serve::{Handler, Road, keyed};
use eclips_shared::store::Store;
use eclips_shared::vault::{Vault, VaultError};
use lambda_http::Service;
use lambda_http::request::LambdaRequest;
use lambda_runtime::LambdaEvent;

/// The function as Lambda and `cargo dev` call it.
///
/// *Errors*: [`VaultError`], so that a wrong setting stops the function at its start.
pub async fn service(
    config: &Config,
) -> Result<
    impl Service<
        LambdaEvent<LambdaRequest>,
        Response = impl serde::Serialize + Send + 'static + use<>,
        Error = Infallible,
        Future: Send,
    > + Send
    + use<>,
    VaultError,
> {
    let (store, vault) = (Store::open(config), Vault::open(config).await?);
    let road = Road::keyed(store, handlers).admitting(config.receivers).sealing(vault);
    Ok(lambda::api(road))
}

fn handlers(operation: Operation) -> Option<Handler> {
    match operation {
        Operation::WebhookCreate => Some(keyed::<create::Create>()),
        Operation::WebhookList => Some(keyed::<list::List>()),
        Operation::WebhookDelete => Some(keyed::<delete::Delete>()),
        Operation::WebhookRotate => Some(keyed::<rotate::Rotate>()),
        Operation::WebhookDeliveries => Some(keyed::<deliveries::Deliveries>()),
        Operation::WebhookResend => Some(keyed::<resend::Resend>()),
        _ => None,
    }
}
