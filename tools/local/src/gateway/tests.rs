//! The gateway over real sockets, in front of a function behind the real Lambda HTTP adapter.

use std::time::Instant;

use lambda_http::{Adapter, Body, RequestExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::*;

mod streams;

const SHORT: Patience = Patience {
    head: Duration::from_millis(150),
    body: Duration::from_millis(150),
    function: Duration::from_millis(250),
};

/// Tells what it was asked; `/slow`, `/panic`, `/crash` and `/large` do as they say.
async fn tell(request: lambda_http::Request) -> Result<Response<Body>, lambda_http::Error> {
    match request.raw_http_path() {
        "/slow" => tokio::time::sleep(Duration::from_secs(3)).await,
        "/panic" => panic!("as told"),
        "/crash" => return Err("as told".into()),
        "/large" => return Ok(Response::new(Body::Text("x".repeat(PAYLOAD_MAX_BYTES)))),
        _ => {}
    }
    let header = |name: &str| {
        request
            .headers()
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect::<Vec<_>>()
    };
    let told = json!({
        "method": request.method().as_str(),
        "path": request.raw_http_path(),
        "a": request.query_string_parameters().all("a"),
        "x": header("x-test"),
        "body": request.body().as_ref(),
    });
    Ok(Response::builder()
        .header("x-back", "1")
        .header("x-back", "2")
        .body(Body::Text(told.to_string()))?)
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

async fn running(patience: Patience) -> Running {
    let pool = Pool::new("tell", 4, Duration::from_secs(10), || async {
        Ok(Adapter::from(lambda_http::service_fn(tell)))
    });
    serving(patience, Integration::Whole(pool)).await
}

async fn serving(patience: Patience, integration: Integration) -> Running {
    let mut gateway = Gateway::bind(0, "--port").await.unwrap();
    gateway.patience = patience;
    let address = gateway.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(gateway.serve(move |_, _| integration.clone(), async {
        let _ = stopped.await;
    }));
    Running { address, stop, served }
}

/// Sends bytes as they are and reads until the gateway closes or falls silent; status and body.
async fn raw(address: SocketAddr, request: impl AsRef<[u8]>) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_ref()).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    (
        status,
        answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default(),
    )
}

async fn get(address: SocketAddr, target: &str) -> (u16, String) {
    raw(
        address,
        format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    )
    .await
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_and_so_does_the_answer() {
    let running = running(PATIENCE).await;
    let client = reqwest::Client::new();
    let url = format!("http://{}/v1/%72un/a%2Fb?a=1&a=%C3%A9+x", running.address);
    let answer = client
        .patch(url)
        .header("x-test", "one")
        .header("x-test", "two")
        .body("hé")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get_all("x-back").iter().count(), 2);
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let expected = json!({
        "method": "PATCH", "path": "/v1/%72un/a%2Fb", "a": ["1", "é x"], "x": [b"one", b"two"], "body": "hé".as_bytes(),
    });
    // The adapter appends `headers` to `multiValueHeaders`, so the last value is there twice; the shared road undoes it.
    assert_eq!(
        (&told["method"], &told["path"], &told["a"]),
        (&expected["method"], &expected["path"], &expected["a"])
    );
    assert_eq!(told["body"], expected["body"]);
    let binary = client
        .post(format!("http://{}/b", running.address))
        .body(vec![0xff, 0])
        .send()
        .await
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&binary.text().await.unwrap()).unwrap()["body"],
        json!([0xff, 0])
    );
}

#[tokio::test]
async fn no_odd_target_header_or_method_breaks_the_function() {
    let running = running(PATIENCE).await;
    for target in [
        "/",
        "//",
        "//evil.example/",
        "/a//b",
        "/..",
        "/../../etc",
        "/%",
        "/%zz",
        "/%00",
        "/a%0d%0ab",
        "/\\",
        "/é",
        "/a|b",
        "/{a}",
        "/[",
        "/a;b=c",
        "/?",
        "/?&",
        "/?=",
        "/?a",
        "/?%",
        "/?a=%zz",
        "/?é=é",
        "/??",
        "/a?b?c",
        "/:80",
        "/@",
        "/a:b@c/",
        "/\"",
        "/<>",
        "/^`",
    ] {
        let (status, body) = get(running.address, target).await;
        assert!(matches!(status, 200 | 400), "{target}: {status} {body}");
    }
    for header in [
        "X-Test: \u{e9}",
        "X-Test: ",
        "X-Forwarded-Proto: 1:",
        "X-Forwarded-For: \u{e9}",
        "X-Forwarded-Host: a b",
        "Cookie: a=b",
        "Content-Type: ;;;",
        "X-Test: a\tb",
        "X-Amzn-Trace-Id: x",
        "Expect: 100-continue",
        "Upgrade: websocket",
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n");
        assert_eq!(raw(running.address, request).await.0, 200, "{header}");
    }
    let latin = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Test: \xe9\xff\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(running.address, latin).await.0, 200);
    for method in ["HEAD", "OPTIONS", "DELETE", "TRACE", "PROPFIND", "get"] {
        let request = format!("{method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(raw(running.address, request).await.0, 200, "{method}");
    }
    assert_eq!(get(running.address, "*").await.0, 404);
    assert_eq!(
        raw(
            running.address,
            "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .await
        .0,
        404
    );
}

#[tokio::test]
async fn a_name_that_is_not_this_machines_is_refused() {
    let running = running(PATIENCE).await;
    let head = |lines: &str| format!("GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n");
    for lines in [
        "Host: evil.example\r\n",
        "Host: localhost.evil.example\r\n",
        "",
        "Host: localhost\r\nHost: evil.example\r\n",
    ] {
        let (status, _) = raw(running.address, head(lines)).await;
        assert!(matches!(status, 421 | 400), "{lines:?}: {status}");
    }
    let absolute = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(running.address, absolute).await.0, 421);
    for lines in ["Host: 127.0.0.1:9\r\n", "Host: [::1]\r\n"] {
        assert_eq!(raw(running.address, head(lines)).await.0, 200, "{lines:?}");
    }
}

#[tokio::test]
async fn a_function_that_gives_no_answer_is_an_outage() {
    let running = running(SHORT).await;
    for path in ["/slow", "/panic", "/crash", "/large"] {
        let (status, body) = get(running.address, path).await;
        assert_eq!(
            (status, body.as_str()),
            (503, r#"{"error":"Service temporarily unavailable"}"#),
            "{path}"
        );
    }
    assert_eq!(get(running.address, "/").await.0, 200);
}

#[tokio::test]
async fn a_body_over_six_megabytes_is_refused_and_its_sender_hears_it() {
    let running = running(PATIENCE).await;
    let post = |bytes| {
        reqwest::Client::new()
            .post(format!("http://{}/", running.address))
            .body(vec![b'x'; bytes])
            .send()
    };
    for bytes in [PAYLOAD_MAX_BYTES, 20 * 1024 * 1024] {
        let answer = post(bytes).await.unwrap();
        assert_eq!(answer.status(), 413);
        assert_eq!(answer.text().await.unwrap(), r#"{"error":"Request body too large"}"#);
    }
}

#[tokio::test]
async fn half_a_request_is_cut_off_and_holds_up_nobody() {
    let running = running(SHORT).await;
    let before = Instant::now();
    let half_head = raw(running.address, "GET / HTTP/1.1\r\nHost: local");
    let half_body = raw(
        running.address,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    );
    let whole = async {
        for _ in 0..5 {
            assert_eq!(get(running.address, "/").await.0, 200);
        }
        before.elapsed()
    };
    let (head, body, whole) = tokio::join!(half_head, half_body, whole);
    assert!(matches!(head.0, 0 | 408), "{head:?}");
    assert_eq!(body.0, 408);
    assert!(before.elapsed() < Duration::from_secs(4) && whole < Duration::from_secs(2));
}

#[tokio::test]
async fn a_stop_lets_the_request_under_way_finish_and_closes_idle_connections() {
    let running = running(PATIENCE).await;
    let client = reqwest::Client::new();
    // Leaves an idle connection in the client's pool.
    client.get(format!("http://{}/", running.address)).send().await.unwrap();
    let under_way = tokio::spawn(client.get(format!("http://{}/slow", running.address)).send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = Instant::now();
    drop(running.stop);
    running.served.await.unwrap();
    assert!(before.elapsed() < STOP_GRACE + Duration::from_secs(1));
    // Three seconds of work are over the grace.
    assert!(under_way.await.unwrap().is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let held = Gateway::bind(0, "--port").await.unwrap();
    let port = held.address().port();
    let refused = Gateway::bind(port, "--port").await.unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("port {port} is in use; stop what listens there or pass --port 0 for a free one")
    );
}
