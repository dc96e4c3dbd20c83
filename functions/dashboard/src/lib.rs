//! The dashboard: pages for people, on a host of its own. People sign in through an OpenID provider and have sessions; API
//! keys open nothing here, and sessions open nothing on `/v1`.
//!
//! `pages.rs` is the table of pages, `guard.rs` the road that each request takes. A file per page, its HTML under `templates/`.

mod agents;
mod answer;
mod assets;
mod audit_log;
mod chart;
mod form;
mod frame;
mod guard;
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

use std::convert::Infallible;
use std::sync::Arc;

use eclips_shared::config::Config;
use eclips_shared::lambda;
use eclips_shared::store::Store;
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
    table: pages::Table,
}

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
    let app = Arc::new(App {
        store: Store::open(config).await,
        provider: oidc::Provider::new(config),
        origin: config.dashboard_url.clone(),
        api_url: config.api_url.clone(),
        table: pages::Table::new(),
    });
    lambda::web(service_fn(move |request: Request| {
        let app = Arc::clone(&app);
        async move { Ok::<_, Infallible>(guard::serve(&app, request).await) }
    }))
}
