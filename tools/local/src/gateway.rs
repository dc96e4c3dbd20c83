//! API Gateway on loopback: turns every HTTP request into the event of a REST API (payload 1.0), calls the function, and
//! turns its answer back. Knows no route, key or body; a callback picks the function.
//!
//! Bodies are held to 6 MB and answers to 29 s, as in AWS. A function that streams has the time of its own integration,
//! and each piece of its answer goes out as it comes; where it breaks off, the connection does too, so that no client
//! takes half an answer for a whole one. What the gateway has to say itself is in the words that the template's gateway
//! responses use there.

mod event;
mod reply;
mod streamed;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::environment::{InvokeError, Pool, StreamingPool};
use crate::host;
use reply::Own;
use streamed::Body;

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
    /// For a function that answers all at once, its queue included. *Source*: API Gateway's integration timeout.
    function: Duration,
}

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    body: Duration::from_secs(29),
    function: Duration::from_secs(29),
};

/// What answers a request.
#[derive(Clone, Debug)]
pub enum Integration {
    /// A function that answers all at once.
    Whole(Pool),
    /// A function whose answer is streamed, and how long that may take from the request to the last piece.
    Streamed(StreamingPool, Duration),
}

/// An answer on its way to the client.
type Reply = Response<Either<Full<Bytes>, Body>>;

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
        let listener = listen(port, option).await?;
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
        R: Fn(&Method, &str) -> Integration + Send + Sync + 'static,
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

/// Listens on 127.0.0.1; port 0 is one of the system's choice.
///
/// *Errors*: one line when the port is in use, with the option that names another.
pub async fn listen(port: u16, option: &str) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {port} is in use; stop what listens there or pass {option} 0 for a free one")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
    }
}

struct Served<R> {
    route: R,
    port: u16,
    patience: Patience,
}

async fn connection<R>(stream: TcpStream, peer: SocketAddr, served: Arc<Served<R>>, mut stopped: watch::Receiver<()>)
where
    R: Fn(&Method, &str) -> Integration + Send + Sync + 'static,
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
    R: Fn(&Method, &str) -> Integration + Send + Sync + 'static,
{
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        let request_id = uuid::Uuid::new_v4().to_string();
        match self.forward(request, peer, &request_id).await {
            Ok(reply) => reply,
            Err(own) => own.response(&request_id).map(Either::Left),
        }
    }

    async fn forward(&self, request: Request<Incoming>, peer: SocketAddr, request_id: &str) -> Result<Reply, Own> {
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
        let integration = (self.route)(&head.method, head.uri.path());
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
        match integration {
            Integration::Whole(pool) => {
                let call = Call {
                    request_id,
                    function: pool.name(),
                    until: Instant::now() + self.patience.function,
                };
                call.whole(&pool, event).await
            }
            Integration::Streamed(pool, patience) => {
                let call = Call {
                    request_id,
                    function: pool.name(),
                    until: Instant::now() + patience,
                };
                call.streamed(&pool, event).await
            }
        }
    }
}

/// A request at its function.
struct Call<'r> {
    request_id: &'r str,
    function: &'r str,
    until: Instant,
}

impl Call<'_> {
    async fn whole(&self, pool: &Pool, event: Vec<u8>) -> Result<Reply, Own> {
        let answer = self.in_time(pool.invoke(event)).await?;
        if answer.len() > PAYLOAD_MAX_BYTES {
            return Err(self.outage(&format!("the answer of {} bytes is over 6 MB", answer.len())));
        }
        let reply = reply::from(&answer).map_err(|error| self.malformed(&error))?;
        Ok(reply.map(Either::Left))
    }

    async fn streamed(&self, pool: &StreamingPool, event: Vec<u8>) -> Result<Reply, Own> {
        let answer = self.in_time(pool.invoke(event)).await?;
        let reply = reply::opened(answer.prelude).map_err(|error| self.malformed(&error))?;
        let body = streamed::body(answer.pieces, self.until, self.request_id, self.function);
        Ok(reply.map(|()| Either::Right(body)))
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, InvokeError>>) -> Result<T, Own> {
        match timeout_at(self.until, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.outage(&error.to_string())),
            Err(_) => Err(self.outage("there was no answer in the integration's time")),
        }
    }

    fn malformed(&self, error: &anyhow::Error) -> Own {
        self.outage(&format!("the answer is none of a REST API's: {error:#}"))
    }

    fn outage(&self, error: &str) -> Own {
        let Self {
            request_id, function, ..
        } = self;
        tracing::error!(request_id, function, error, "the function gave no answer");
        Own::Unavailable
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
