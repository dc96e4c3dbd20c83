//! The receiver over the wire, as a sender, a person and a script meet it. Signatures are made here by hand, with nothing of
//! what judges them. What is judged is in `signatures.rs`, what is answered in `answers.rs`, what is shown in `pages.rs`, who
//! is turned away in `strangers.rs`.

mod answers;
mod pages;
mod signatures;
mod strangers;

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eclips_shared::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY: &str = r#"{"event":"run.completed","run_id":"r-1"}"#;

/// Whatever takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A receiver that knows one secret, `mine`.
async fn start() -> Receiver {
    knowing(&[("mine", SECRET)]).await
}

async fn knowing(secrets: &[(&str, &str)]) -> Receiver {
    let known: Vec<_> = secrets
        .iter()
        .map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned()))
        .collect();
    let secrets = Arc::new(move || -> BoxFuture<'static, _> {
        let known = known.clone();
        Box::pin(async move { known })
    });
    Receiver::start(0, secrets).await.unwrap()
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

/// A client that keeps no connection: it is every test's, because to make one takes long, and a test's end is the end of
/// its connections.
fn client() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| builder().pool_max_idle_per_host(0).build().unwrap());
    CLIENT.clone()
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

async fn text(receiver: &Receiver, path: &str) -> String {
    let answer = client().get(format!("{}{path}", receiver.url())).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.unwrap()
}

/// What `/arrivals.json` lists.
async fn arrivals(receiver: &Receiver) -> Vec<Value> {
    let mut list: Value = serde_json::from_str(&text(receiver, "/arrivals.json").await).unwrap();
    assert_eq!(list.as_object().unwrap().len(), 1);
    serde_json::from_value(list["data"].take()).unwrap()
}

/// The only one.
async fn arrival(receiver: &Receiver) -> Value {
    let mut all = arrivals(receiver).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Waits until the page has a text.
async fn shown(receiver: &Receiver, part: &str) {
    let wait = async {
        while !text(receiver, "/").await.contains(part) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect(part);
}

async fn forget(receiver: &Receiver) {
    let request = client().delete(format!("{}/arrivals", receiver.url()));
    assert_eq!(status(request).await, 204);
}

/// Sends bytes as they are and reads the answer to its end.
async fn raw(receiver: &Receiver, request: &str) -> String {
    let address = receiver.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn hmac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A webhook on its way.
#[derive(Clone, Debug)]
struct Delivery {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Delivery {
    /// One that is as it has to be.
    fn new() -> Self {
        Self::signed(SECRET, "d-1", Timestamp::now().seconds(), BODY)
    }

    fn signed(secret: &str, id: &str, at: i64, body: &str) -> Self {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let standard = hmac(&key, format!("{id}.{at}.{body}").as_bytes());
        let manual = hmac(secret.as_bytes(), body.as_bytes());
        Self {
            path: "/",
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", at.to_string()),
                ("webhook-signature", format!("v1,{}", STANDARD.encode(standard))),
                ("X-eClips-Event", "run.completed".to_owned()),
                ("X-eClips-Signature", format!("sha256={}", hex(&manual))),
            ],
            body: body.into(),
        }
    }

    fn id(id: &str) -> Self {
        Self::signed(SECRET, id, Timestamp::now().seconds(), BODY)
    }

    fn to(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    fn saying(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        let mut one = self.without(name);
        one.headers.push((name, value.into()));
        one
    }

    fn at(&self, receiver: &Receiver) -> RequestBuilder {
        let url = format!("{}{}", receiver.url(), self.path);
        let request = client().post(url).body(self.body.clone());
        self.headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, value))
    }

    async fn send(&self, receiver: &Receiver) -> u16 {
        status(self.at(receiver)).await
    }
}

#[tokio::test]
async fn what_arrives_is_kept_as_it_came() {
    let receiver = start().await;
    let answer = Delivery::new()
        .to("/a/b?token=x&y")
        .with("x-other", "é")
        .at(&receiver)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status(), answer.text().await.unwrap().as_str()),
        (StatusCode::OK, "ok")
    );

    let mut kept = arrival(&receiver).await;
    let at = Timestamp::parse(kept["at"].as_str().unwrap()).unwrap();
    assert!((0..60_000).contains(&(Timestamp::now().ms() - at.ms())));
    kept["at"].take();
    let headers = kept["headers"].take();
    assert_eq!(
        kept,
        serde_json::json!({
            "at": null,
            "path": "/a/b?token=x&y",
            "event": "run.completed",
            "run_id": "r-1",
            "webhook_id": "d-1",
            "times": 1,
            "answered": 200,
            "standard_webhooks": "mine",
            "manual": "mine",
            "headers": null,
            "body": BODY,
        })
    );
    for (name, value) in Delivery::new()
        .with("x-other", "é")
        .without("webhook-signature")
        .headers
    {
        // The time may be the next second's by now.
        if name != "webhook-timestamp" {
            assert_eq!(headers[name.to_lowercase()], *value, "{name}");
        }
    }
}

#[tokio::test]
async fn newest_come_first_and_the_last_two_hundred_stay() {
    let receiver = start().await;
    for number in 0..205 {
        let id = if number % 2 == 0 { "even" } else { "odd" };
        assert_eq!(Delivery::id(id).send(&receiver).await, 200);
    }
    let kept = arrivals(&receiver).await;
    assert_eq!(kept.len(), 200);
    let of = |index: usize| (kept[index]["webhook_id"].as_str().unwrap(), &kept[index]["times"]);
    // The count goes on over those that are forgotten.
    assert_eq!(of(0), ("even", &Value::from(103)));
    assert_eq!(of(1), ("odd", &Value::from(102)));
    assert_eq!(of(199), ("odd", &Value::from(3)));
}

#[tokio::test]
async fn a_repeated_delivery_says_how_often_it_came() {
    let receiver = start().await;
    for (delivery, times) in [
        (Delivery::id("a"), 1),
        (Delivery::id("b"), 1),
        (Delivery::id("a"), 2),
        (Delivery::id("a").to("/?answer=503"), 3),
        // Another webhook, which may have been told by the same id.
        (Delivery::id("a").to("/other"), 1),
        (Delivery::id("a").without("webhook-id"), 1),
        (Delivery::id("a").without("webhook-id"), 1),
        (Delivery::id("a"), 4),
    ] {
        delivery.send(&receiver).await;
        assert_eq!(arrivals(&receiver).await[0]["times"], times);
    }
    shown(&receiver, "4th time").await;
}

#[tokio::test]
async fn a_body_may_have_256_kib_and_no_more() {
    let receiver = start().await;
    let body = |bytes: usize| Delivery::new().saying("x".repeat(bytes));
    assert_eq!(body(256 * 1024 + 1).send(&receiver).await, 413);
    // Its sender hears so even if it sends on and on.
    assert_eq!(body(4 * 1024 * 1024).send(&receiver).await, 413);
    assert!(arrivals(&receiver).await.is_empty());
    assert_eq!(body(256 * 1024).send(&receiver).await, 200);
    assert_eq!(arrival(&receiver).await["body"].as_str().unwrap().len(), 256 * 1024);
}

#[tokio::test]
async fn it_stops_when_dropped_and_lets_nobody_wait() {
    let receiver = start().await;
    let url = receiver.url().to_owned();
    let held = tokio::spawn(Delivery::new().to("/?delay_ms=30000").at(&receiver).send());
    shown(&receiver, "answer held back").await;
    drop(receiver);
    let answer = tokio::time::timeout(PATIENCE, held).await.unwrap();
    assert_eq!(answer.unwrap().unwrap().status(), StatusCode::OK);
    let address = url.strip_prefix("http://").unwrap();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused_in_one_line_that_says_what_to_do() {
    let receiver = start().await;
    let port = receiver.url().rsplit(':').next().unwrap().parse().unwrap();
    let secrets = Arc::new(|| -> BoxFuture<'static, _> { Box::pin(async { Vec::new() }) });
    let refused = Receiver::start(port, secrets).await.unwrap_err().to_string();
    assert!(
        refused.lines().count() == 1 && refused.contains("--receiver-port 0"),
        "{refused}"
    );
}
