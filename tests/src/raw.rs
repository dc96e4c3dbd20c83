//! Requests byte by byte, for what no HTTP client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes to the gateway and reads until it closes; gives status, head and body.
pub async fn exchange(base_url: &str, request: &[u8]) -> (u16, String, String) {
    let address = base_url.strip_prefix("http://").expect("a base URL");
    let mut stream = TcpStream::connect(address).await.expect("the gateway listens");
    // The peer may answer and close before it has read all.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(Duration::from_secs(40), read)
        .await
        .expect("the gateway closes");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// A GET of a path with header lines as given (each without its line end).
pub fn get(path: &str, headers: &[&[u8]]) -> Vec<u8> {
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        request.extend_from_slice(header);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}
