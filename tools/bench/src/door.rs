//! The door of the store: what stands between a function and the tables, plain or behind TLS, and tells how long the store took.
//! It looks at no byte and changes none.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;

/// How much is read at once; more than any request of a function.
const PIECE_BYTES: usize = 64 * 1024;

/// A door, open until it is dropped.
#[derive(Debug)]
pub struct Door {
    url: String,
    waits: Arc<Mutex<Vec<Wait>>>,
    task: JoinHandle<()>,
}

/// A time in which a function waited for the store: from the end of its question to a piece of the answer, or from one piece to
/// the next.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    began: Instant,
    ended: Instant,
    /// Whether the piece was the first of an answer.
    is_call: bool,
}

/// What the store had to do with one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stored {
    /// How long at least one call was under way.
    pub time: Duration,
    /// How many calls there were.
    pub calls: usize,
}

impl Door {
    /// Opens a door without TLS in front of an endpoint, `http://127.…:port`.
    pub async fn plain(endpoint: &str) -> Result<Self> {
        Self::open(endpoint, None).await
    }

    /// Opens one with TLS, whose certificate an authority vouches for.
    pub async fn tls(endpoint: &str, authority: &Authority) -> Result<Self> {
        Self::open(endpoint, Some(authority.acceptor())).await
    }

    async fn open(endpoint: &str, tls: Option<TlsAcceptor>) -> Result<Self> {
        let target = endpoint.strip_prefix("http://").and_then(|rest| rest.parse().ok());
        let target: SocketAddr =
            target.with_context(|| format!("not an address and a port of this machine: {endpoint}"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr()?);
        let waits: Arc<Mutex<Vec<Wait>>> = Arc::default();
        let kept = waits.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (tls, waits) = (tls.clone(), kept.clone());
                // A function that was killed leaves in the middle of something.
                tokio::spawn(async move { admit(client, target, tls, &waits).await.ok() });
            }
        });
        Ok(Self { url, waits, task })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What went through since this was last asked.
    pub fn take(&self) -> Stored {
        let waits = std::mem::take(&mut *self.waits.lock().expect("nothing panics while it holds this"));
        Stored {
            time: under_way(&waits),
            calls: waits.iter().filter(|wait| wait.is_call).count(),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn admit(
    client: TcpStream,
    target: SocketAddr,
    tls: Option<TlsAcceptor>,
    waits: &Mutex<Vec<Wait>>,
) -> Result<()> {
    client.set_nodelay(true)?;
    match tls {
        None => pass(client, target, waits).await,
        Some(tls) => pass(tls.accept(client).await?, target, waits).await,
    }
}

/// Passes both directions on. HTTP/1.1 without pipelining: whoever asks says nothing more until the answer is whole.
async fn pass(client: impl AsyncRead + AsyncWrite + Unpin, target: SocketAddr, waits: &Mutex<Vec<Wait>>) -> Result<()> {
    let store = TcpStream::connect(target).await?;
    store.set_nodelay(true)?;
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_store, mut to_store) = store.into_split();
    let (mut question, mut answer) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
    let (mut since, mut is_call) = (Instant::now(), true);
    loop {
        tokio::select! {
            read = from_client.read(&mut question) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                to_store.write_all(&question[..count]).await?;
                (since, is_call) = (Instant::now(), true);
            }
            read = from_store.read(&mut answer) => {
                let (count, ended) = (read?, Instant::now());
                if count == 0 {
                    return Ok(());
                }
                let wait = Wait { began: since, ended, is_call };
                waits.lock().expect("nothing panics while it holds this").push(wait);
                (since, is_call) = (ended, false);
                to_client.write_all(&answer[..count]).await?;
                to_client.flush().await?;
            }
        }
    }
}

/// How long at least one of these was under way.
fn under_way(waits: &[Wait]) -> Duration {
    let mut waits = waits.to_vec();
    waits.sort_by_key(|wait| wait.began);
    let (mut sum, mut until) = (Duration::ZERO, None);
    for wait in waits {
        let from = until.map_or(wait.began, |until: Instant| until.max(wait.began));
        sum += wait.ended.saturating_duration_since(from);
        until = Some(until.map_or(wait.ended, |until: Instant| until.max(wait.ended)));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_side_by_side_take_as_long_as_both_together() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let wait = |from, to| Wait {
            began: at(from),
            ended: at(to),
            is_call: true,
        };
        assert_eq!(
            under_way(&[wait(10, 14), wait(0, 3), wait(2, 5)]),
            Duration::from_millis(9)
        );
        assert_eq!(
            under_way(&[wait(0, 9), wait(1, 2), wait(3, 4)]),
            Duration::from_millis(9)
        );
        assert_eq!(under_way(&[]), Duration::ZERO);
    }
}
