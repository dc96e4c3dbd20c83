//! API Gateway on loopback: turns every HTTP request into the event of a REST API (payload 1.0), calls the function, and
//! turns its answer back. Knows no route, key or body; a callback picks the function.
//!
//! Bodies are held to 6 MB and answers to 29 s, as in AWS. What the gateway has to say itself is in the words that the
//! template's gateway responses use there.

mod event;
mod reply;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::environment::Pool;
use crate::host;
use reply::Own;

/// The largest event and answer of a synchronous invocation. *Source*: Lambda, 6 MB plus what surrounds it.
const PAYLOAD_MAX_BYTES: usize = 6_291_556;

/// What is read and thrown away of a larger body, so that its sender is still listening when the refusal comes.
const DISCARD_MAX_BYTES: usize = 64 * 1024 * 1024;

/// After a connection could not be accepted: too many open files, most likely.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How long a stop waits for the requests under way.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// How long each part of a request may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For the head. Also the longest that an idle connection is kept.
    head: Duration,
    /// For the body.
    body: Duration,
    /// For the function, its queue included. *Source*: API Gateway's integration timeout.
    function: Duration,
}

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    body: Duration::from_secs(29),
    function: Duration::from_secs(29),
};

/// A listening gateway.
#[derive(Debug)]
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    patience: Patience,
}

impl Gateway {
    /// Listens on 127.0.0.1; port 0 is one of the system's choice.
    ///
    /// *Errors*: one line when the port is in use, with the option that names another.
    pub async fn bind(port: u16, option: &str) -> Result<Self> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                bail!("port {port} is in use; stop what listens there or pass {option} 0 for a free one")
            }
            Err(error) => return Err(error).with_context(|| format!("cannot listen on port {port}")),
        };
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            patience: PATIENCE,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done, then gives the requests under way two more seconds.
    ///
    /// `route` names the function of a method and a path; the path is as it was received, percent signs and all.
    pub async fn serve<R>(self, route: R, stop: impl Future<Output = ()>)
    where
        R: Fn(&Method, &str) -> Pool + Send + Sync + 'static,
    {
        let served = Arc::new(Served {
            route,
            port: self.address.port(),
            patience: self.patience,
        });
        let (stopping, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(connection(stream, peer, Arc::clone(&served), stopped.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(AFTER_FAILURE).await;
                    }
                },
                // Takes the finished ones out, so that the set does not grow.
                Some(_) = connections.join_next() => {}
                () = &mut stop => break,
            }
        }
        drop((self.listener, stopping));
        let all = async { while connections.join_next().await.is_some() {} };
        // What is left is cut off when the set is dropped.
        let _ = timeout(STOP_GRACE, all).await;
    }
}

struct Served<R> {
    route: R,
    port: u16,
    patience: Patience,
}

async fn connection<R>(stream: TcpStream, peer: SocketAddr, served: Arc<Served<R>>, mut stopped: watch::Receiver<()>)
where
    R: Fn(&Method, &str) -> Pool + Send + Sync + 'static,
{
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let served = Arc::clone(&served);
        async move { Ok::<_, std::convert::Infallible>(served.answer(request, peer).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(served.patience.head);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    // A client that breaks off or sends what is no HTTP is its own business: hyper has answered as far as it can.
    tokio::select! {
        _ = connection.as_mut() => return,
        // The sender is dropped, never used.
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

impl<R> Served<R>
where
    R: Fn(&Method, &str) -> Pool + Send + Sync + 'static,
{
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let request_id = uuid::Uuid::new_v4().to_string();
        match self.forward(request, peer, &request_id).await {
            Ok(response) => response,
            Err(own) => own.response(&request_id),
        }
    }

    async fn forward(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        request_id: &str,
    ) -> Result<Response<Full<Bytes>>, Own> {
        if !host::named_by(&request) {
            return Err(Own::Misdirected);
        }
        if !request.uri().path().starts_with('/') {
            return Err(Own::NotFound);
        }
        let (head, body) = request.into_parts();
        let body = timeout(self.patience.body, read(body))
            .await
            .map_err(|_| Own::TooSlow)??;
        let pool = (self.route)(&head.method, head.uri.path());
        let event = event::of(
            &head,
            &body,
            &event::Arrival {
                peer: peer.ip(),
                port: self.port,
                request_id,
            },
        );
        let event = event.to_string().into_bytes();
        if event.len() > PAYLOAD_MAX_BYTES {
            return Err(Own::TooLarge);
        }
        let answer = match timeout(self.patience.function, pool.invoke(event)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::error!(request_id, function = pool.name(), %error, "the function failed");
                return Err(Own::Unavailable);
            }
            Err(_) => {
                tracing::error!(
                    request_id,
                    function = pool.name(),
                    "no answer in {:?}",
                    self.patience.function
                );
                return Err(Own::Unavailable);
            }
        };
        if answer.len() > PAYLOAD_MAX_BYTES {
            tracing::error!(
                request_id,
                function = pool.name(),
                bytes = answer.len(),
                "the answer is over 6 MB"
            );
            return Err(Own::Unavailable);
        }
        reply::from(&answer).map_err(|error| {
            let error = format!("{error:#}");
            tracing::error!(
                request_id,
                function = pool.name(),
                error,
                "the answer is none of a REST API's"
            );
            Own::Unavailable
        })
    }
}

async fn read(mut body: Incoming) -> Result<Bytes, Own> {
    let (mut kept, mut discarded) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        // Broken off, or not chunked as it says; nobody reads the answer.
        let Ok(data) = frame.map_err(|_| Own::TooSlow)?.into_data() else {
            continue;
        };
        if discarded == 0 && kept.len() + data.len() <= PAYLOAD_MAX_BYTES {
            kept.extend_from_slice(&data);
            continue;
        }
        discarded += data.len();
        if discarded > DISCARD_MAX_BYTES {
            break;
        }
    }
    if discarded > 0 {
        Err(Own::TooLarge)
    } else {
        Ok(kept.freeze())
    }
}

#[cfg(test)]
mod tests;
