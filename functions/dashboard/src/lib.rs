//! The dashboard: pages for people, on a host of its own. People sign in through an OpenID provider and have sessions; API
//! keys open nothing here, and sessions open nothing on `/v1`.
//!
//! `pages.rs` is the table of pages, `guard.rs` the road that each request takes. A file per page, its HTML under `templates/`.

mod agents;
mod answer;
mod assets;
mod audit_log;
mod batches;
mod chart;
mod draft;
mod form;
mod frame;
mod guard;
mod inbox;
mod keys;
mod moment;
mod oidc;
mod organizations;
mod pages;
mod place;
mod plan;
mod reference;
mod refusal;
mod runs;
mod session;
mod sign_in;
mod sign_out;
mod team;
mod trust;
mod usage;
mod visit;
mod webhooks;

use std::convert::Infallible;
use std::sync::Arc;

use eclips_shared::config::Config;
use eclips_shared::lambda;
use eclips_shared::receiver::Receivers;
use eclips_shared::store::Store;
use eclips_shared::vault::{Vault, VaultError};
use lambda_http::request::LambdaRequest;
use lambda_http::{Request, Service, service_fn};
use lambda_runtime::LambdaEvent;

pub use pages::{Needs, PAGES, Page};

/// What every page can reach. Opened once per process; nothing is asked of anyone before the first request.
#[derive(Debug)]
struct App {
    store: Store,
    provider: oidc::Provider,
    /// The dashboard's own origin: what `Origin` must say, and where a sign-in comes back to.
    origin: String,
    /// Where clients reach the API, for the examples.
    api_url: String,
    /// Where outcomes may be posted.
    receivers: Receivers,
    /// Who seals the secrets of webhooks; it opens none here.
    vault: Vault,
    table: pages::Table,
}

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
    let app = Arc::new(App {
        store: Store::open(config),
        provider: oidc::Provider::new(config),
        origin: config.dashboard_url.clone(),
        api_url: config.api_url.clone(),
        receivers: config.receivers,
        vault: Vault::open(config).await?,
        table: pages::Table::new(),
    });
    Ok(lambda::web(service_fn(move |request: Request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(guard::serve(&app, request).await) }
    })))
}
