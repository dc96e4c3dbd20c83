//! Looks at the tables beside a schedule: none of its port calls, no fault, no turn. A client's look may take as long as it
//! likes, so one can be held in its middle while the world goes on.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dynoxide::Database;
use futures_util::future::BoxFuture;

use super::carrier::response;
use super::tables::operate;

/// The road of those looks; clones are the same.
#[derive(Clone)]
pub(super) struct Beside {
    database: Database,
    /// Whether a look stops before it reads several items by their keys.
    is_held: Arc<AtomicBool>,
}

/// A look that has begun: it has read where to look, and not yet what is there.
pub struct Look<T>(BoxFuture<'static, T>, Arc<AtomicBool>);

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside")
    }
}

impl<T> fmt::Debug for Look<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

impl Beside {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            is_held: Arc::default(),
        }
    }

    pub(super) fn client(&self) -> SharedHttpClient {
        let beside = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| beside.clone())
    }

    /// Begins a look and holds it. What it reads by one key, or by a query, it has read now.
    pub(super) fn begin<T: 'static>(&self, look: BoxFuture<'static, T>) -> Look<T> {
        // Nothing of the world's goes on meanwhile, so there is nobody to whom it should give way.
        let mut look: BoxFuture<'static, T> = Box::pin(tokio::task::unconstrained(look));
        self.is_held.store(true, Ordering::Relaxed);
        let polled = poll(look.as_mut());
        self.is_held.store(false, Ordering::Relaxed);
        assert!(polled.is_none(), "a look stops in its middle");
        Look(look, self.is_held.clone())
    }
}

impl<T> Look<T> {
    /// Reads the rest.
    ///
    /// # Panics
    /// When the look waits for anything but the tables.
    #[must_use]
    pub fn end(mut self) -> T {
        assert!(!self.1.load(Ordering::Relaxed), "no other look is beginning");
        poll(self.0.as_mut()).expect("the tables answer at once")
    }
}

/// Polls as long as somebody in there wakes somebody else.
fn poll<T>(mut look: Pin<&mut (dyn Future<Output = T> + Send)>) -> Option<T> {
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(alarm.clone());
    loop {
        match look.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(seen) => return Some(seen),
            Poll::Pending if !alarm.0.swap(false, Ordering::Relaxed) => return None,
            Poll::Pending => {}
        }
    }
}

#[derive(Default)]
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl HttpConnector for Beside {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let beside = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default();
            if operation == "BatchGetItem" {
                let is_held = &beside.is_held;
                poll_fn(|_| match is_held.load(Ordering::Relaxed) {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                })
                .await;
            }
            let body = request.body().bytes().unwrap_or_default();
            Ok(response(operate(&beside.database, operation, body)))
        })
    }
}
