//! An endpoint of the tests' own: a bare socket, which answers what it is told to and notes what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What an endpoint does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Answers with a status and JSON.
    Json(u16, Value),
    /// The same, with an error code of AWS.
    AwsError(u16, &'static str, &'static str),
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes, and then the others over and over.
    Endless(&'static str, &'static str),
    /// Writes one byte of these each 20 ms, and hangs at their end.
    Drip(&'static str),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its first line and its headers, in lower case.
    pub head: String,
    pub body: Value,
}

/// Whether the socket is still wanted.
type Written = std::io::Result<()>;

pub struct Endpoint {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Endpoint {
    /// Listens; gives each request what the script says, by the number of those before it.
    pub async fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (notes, script) = (Arc::clone(&seen), Arc::new(script));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (notes, script) = (Arc::clone(&notes), Arc::clone(&script));
                // A client that has heard enough hangs up.
                tokio::spawn(async move { serve(socket, &notes, &*script).await.ok() });
            }
        });
        Self { url, seen, task }
    }

    /// Gives every request the same.
    pub async fn always(reply: Reply) -> Self {
        Self::start(move |_, _| reply.clone()).await
    }

    /// Gives the replies one after the other, and then the last one for ever.
    pub async fn replies(replies: Vec<Reply>) -> Self {
        Self::start(move |before, _| replies[before.min(replies.len() - 1)].clone()).await
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut socket: TcpStream,
    notes: &Mutex<Vec<Seen>>,
    script: &(impl Fn(usize, &Seen) -> Reply + Send + Sync),
) -> Written {
    let seen = read(&mut socket).await?;
    let before = {
        let mut notes = notes.lock().expect("nobody panics with it");
        notes.push(seen.clone());
        notes.len() - 1
    };
    match script(before, &seen) {
        Reply::Json(status, json) => write(&mut socket, &whole(status, "", &json.to_string())).await,
        Reply::AwsError(status, code, message) => {
            let body = serde_json::json!({ "message": message }).to_string();
            write(
                &mut socket,
                &whole(status, &format!("x-amzn-errortype: {code}\r\n"), &body),
            )
            .await
        }
        Reply::Bytes(bytes) => write(&mut socket, &bytes).await,
        Reply::Endless(head, piece) => {
            write(&mut socket, head.as_bytes()).await?;
            loop {
                write(&mut socket, piece.as_bytes()).await?;
            }
        }
        Reply::Drip(bytes) => {
            for byte in bytes.as_bytes() {
                write(&mut socket, &[*byte]).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            std::future::pending().await
        }
    }
}

async fn write(socket: &mut TcpStream, bytes: &[u8]) -> Written {
    socket.write_all(bytes).await?;
    socket.flush().await
}

/// A whole answer, after which the connection is closed.
pub fn whole(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn read(socket: &mut TcpStream) -> std::io::Result<Seen> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8_192];
    loop {
        let head_ends = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = head_ends {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = serde_json::from_slice(&bytes[end + 4..end + 4 + length]).unwrap_or(Value::Null);
                return Ok(Seen { head, body });
            }
        }
        match socket.read(&mut piece).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
}
