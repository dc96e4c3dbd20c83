//! A receiver of webhooks on loopback, for trying them out: it keeps what arrives, says whose secret its signatures fit, and
//! answers as its address asks. The product does not know it: it is registered like anybody's. Never deployed.
//!
//! A `POST` to any path is an arrival. `?answer=503` is answered with that status, `?delay_ms=12000` that much later and
//! `?retry_after=60` with that header, so that deliveries can be watched being tried again. People see the arrivals at `/`,
//! scripts at `/arrivals.json`; `DELETE /arrivals` forgets them. They are kept in memory, for this machine's eyes only: a
//! request that names another host, or that another site's page made, is turned away. A secret is neither shown nor logged.

mod arrivals;
mod indent;
mod page;
mod receive;
mod signatures;
mod wish;

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::{gateway, host};
use arrivals::Arrivals;

/// Gives the secrets that a signature may fit: the name that is shown for each, a webhook's id say, and the secret itself,
/// `whsec_…`. Asked at every arrival, because a secret can be made or rotated between two.
pub type Secrets = Arc<dyn Fn() -> BoxFuture<'static, Vec<(String, String)>> + Send + Sync>;

/// What every answer says to a browser: only our own style and script, never framed, never kept, never another site's.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with that, browsers say `Origin: null` of our own form.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The running receiver; it stops when dropped, and answers what it still lets wait at once.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    stop: watch::Sender<()>,
}

impl Receiver {
    /// Listens on 127.0.0.1; port 0 is one of the system's choice.
    ///
    /// *Errors*: one line when the port is in use, with the option that names another.
    pub async fn start(port: u16, secrets: Secrets) -> Result<Self> {
        let listener = gateway::listen(port, "--receiver-port").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = watch::channel(());
        let served = Arc::new(Served {
            url: url.clone(),
            arrivals: Arrivals::default(),
            secrets,
            stopped: stopped.clone(),
        });
        let app = Router::new()
            .fallback(answer)
            .layer(middleware::from_fn(guard))
            .with_state(served);
        tokio::spawn(async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(changed(stopped));
            if let Err(error) = serving.await {
                tracing::error!(%error, "the receiver of webhooks stopped serving");
            }
        });
        Ok(Self { url, stop })
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Nobody listens any more when the server has ended by itself.
        let _ = self.stop.send(());
    }
}

/// What every request is answered from.
struct Served {
    url: String,
    arrivals: Arrivals,
    secrets: Secrets,
    stopped: watch::Receiver<()>,
}

impl fmt::Debug for Served {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Served")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Ends with the receiver.
async fn changed(mut stopped: watch::Receiver<()>) {
    // A dropped sender means the same as a sent word.
    let _ = stopped.changed().await;
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response {
    match (request.method(), request.uri().path()) {
        // The one path that no webhook can have: a page without script clears by a form, and a form can only post.
        (&Method::POST, "/arrivals/clear") => page::clear_and_return(&served),
        (&Method::POST, _) => receive::receive(&served, request).await,
        (&Method::DELETE, "/arrivals") => page::clear(&served),
        (&Method::GET, "/") => page::show(&served),
        (&Method::GET, "/arrivals.json") => page::json(&served),
        (&Method::GET, "/changes") => page::changes(&served),
        (&Method::GET, "/style.css") => page::style(),
        (&Method::GET, "/refresh.js") => page::script(),
        _ => (
            StatusCode::NOT_FOUND,
            "webhooks come by POST; what arrived is shown at /",
        )
            .into_response(),
    }
}

/// Turns away what names another host and what another site's page sent, and holds browsers to what is above.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if !host::named_by(&request) {
        (StatusCode::MISDIRECTED_REQUEST, "only localhost is served here").into_response()
    } else if !host::is_own_page(request.headers()) {
        (StatusCode::FORBIDDEN, "the request is another site's").into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
