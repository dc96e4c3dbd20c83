//! A receiver of the tests' own: a bare socket, with or without TLS, which answers what it is told to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::PUBLIC;

/// What a receiver does with each connection.
#[derive(Clone)]
pub enum Reply {
    /// Reads the request, writes these bytes and closes.
    Bytes(Vec<u8>),
    /// The same without closing: it says no more.
    Hold(Vec<u8>),
    /// Reads the request, writes the first of these, and then the second over and over, until nobody takes it.
    Endless(Vec<u8>, Vec<u8>),
    /// Writes these bytes at once and closes when the other side has.
    Greet(Vec<u8>),
    /// Reads what comes first, whatever it is, writes these bytes and closes.
    Snub(Vec<u8>),
    /// Closes without a word and without reading.
    Close,
}

impl Reply {
    /// An answer's head and body, as text.
    pub fn text(answer: &str) -> Self {
        Self::Bytes(answer.as_bytes().to_vec())
    }

    /// An answer with a status and no body.
    pub fn status(status: u16) -> Self {
        Self::text(&format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n\r\n"))
    }
}

/// A port of the public address that is taken, though nobody listens there; for as long as the socket is kept.
pub fn nobody() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(PUBLIC, 0)).expect("a free port");
    let port = socket.local_addr().expect("an address").port();
    (socket, port)
}

/// What a receiver saw.
#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    /// Connections that are over on the receiver's side.
    ended: AtomicUsize,
    /// Bytes that it could write.
    written: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

pub struct Receiver {
    pub port: u16,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Listens at the public address.
    pub async fn start(reply: Reply) -> Self {
        Self::at(SocketAddr::new(PUBLIC, 0), None, reply).await
    }

    /// The same with TLS.
    pub async fn with_tls(tls: ServerConfig, reply: Reply) -> Self {
        Self::at(SocketAddr::new(PUBLIC, 0), Some(tls), reply).await
    }

    /// Listens at an address of which all is known.
    pub async fn at(address: SocketAddr, tls: Option<ServerConfig>, reply: Reply) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let seen: Arc<Seen> = Arc::default();
        let notes = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                notes.connections.fetch_add(1, Ordering::SeqCst);
                let (notes, tls, reply) = (Arc::clone(&notes), tls.clone(), reply.clone());
                tokio::spawn(async move {
                    // A poster that has heard enough hangs up: no error of the test's.
                    let _ = match tls {
                        None => serve(socket, &notes, &reply).await,
                        Some(tls) => match tls.accept(socket).await {
                            Ok(stream) => serve(stream, &notes, &reply).await,
                            Err(error) => Err(error),
                        },
                    };
                    notes.ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, seen, task }
    }

    /// How many connections it got.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The requests so far, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("nobody panics with it").clone()
    }

    /// Waits until all its connections are over; gives the number of bytes that it got rid of.
    pub async fn written(&self) -> usize {
        while self.seen.ended.load(Ordering::SeqCst) < self.connections() {
            tokio::task::yield_now().await;
        }
        self.seen.written.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut socket: impl AsyncRead + AsyncWrite + Unpin, seen: &Seen, reply: &Reply) -> std::io::Result<()> {
    match reply {
        Reply::Close => return Ok(()),
        Reply::Greet(bytes) => socket.write_all(bytes).await?,
        Reply::Snub(bytes) => {
            let mut first = [0; 4_096];
            let _ = socket.read(&mut first).await?;
            socket.write_all(bytes).await?;
            return socket.shutdown().await;
        }
        Reply::Bytes(bytes) => {
            request(&mut socket, seen).await?;
            socket.write_all(bytes).await?;
            return socket.shutdown().await;
        }
        Reply::Hold(bytes) => {
            request(&mut socket, seen).await?;
            socket.write_all(bytes).await?;
        }
        Reply::Endless(first, again) => {
            request(&mut socket, seen).await?;
            socket.write_all(first).await?;
            loop {
                socket.write_all(again).await?;
                socket.flush().await?;
                seen.written.fetch_add(again.len(), Ordering::SeqCst);
            }
        }
    }
    socket.flush().await?;
    // Until the other side has had enough.
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).await.map(|_| ())
}

/// Reads a whole request, by its content's length.
async fn request(socket: &mut (impl AsyncRead + Unpin), seen: &Seen) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        let count = socket.read(&mut piece).await?;
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            body.len() >= length.map_or(0, |length| length.parse().expect("a number"))
        });
        if whole || count == 0 {
            seen.requests
                .lock()
                .expect("nobody panics with it")
                .push(text.into_owned());
            return Ok(());
        }
    }
}
