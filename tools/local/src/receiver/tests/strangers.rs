//! Who is turned away, and what nobody is told.

use std::io;
use std::sync::MutexGuard;

use tracing::subscriber::NoSubscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::*;

/// Whatever of ours somebody could ask for, with one arrival there.
async fn requests(receiver: &Receiver) -> Vec<RequestBuilder> {
    Delivery::new().send(receiver).await;
    let url = receiver.url();
    let reads = [
        "/",
        "/arrivals.json",
        "/changes",
        "/style.css",
        "/refresh.js",
        "/nothing",
    ];
    let mut requests: Vec<_> = reads.iter().map(|path| client().get(format!("{url}{path}"))).collect();
    requests.push(client().delete(format!("{url}/arrivals")));
    requests.push(client().post(format!("{url}/arrivals/clear")));
    requests.push(Delivery::id("d-2").at(receiver));
    requests
}

/// Each was answered by nothing but the refusal, and changed nothing.
async fn refuses(receiver: &Receiver, name: &'static str, value: &str, expected: u16) {
    for request in requests(receiver).await {
        let answer = request.header(name, value).send().await.unwrap();
        let url = answer.url().clone();
        assert_eq!(answer.status(), expected, "{value} {url}");
        assert!(answer.text().await.unwrap().len() < 40, "{value} {url}");
    }
    let kept = arrival(receiver).await;
    assert_eq!(
        (&kept["webhook_id"], &kept["times"]),
        (&Value::from("d-1"), &Value::from(1)),
        "{value}"
    );
    forget(receiver).await;
}

#[tokio::test]
async fn refuses_421_what_names_another_host() {
    let receiver = start().await;
    for host in ["evil.example", "127.0.0.1.evil.example", "localhost.", "0.0.0.0"] {
        refuses(&receiver, "host", host, 421).await;
    }
    let request = "GET http://evil.example/arrivals.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(raw(&receiver, request).await.starts_with("HTTP/1.1 421"));
}

#[tokio::test]
async fn refuses_403_what_another_sites_page_sends() {
    let receiver = start().await;
    let url = receiver.url().to_owned();
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        &url.replace("http", "https"),
        &url.replace("127.0.0.1", "localhost"),
    ] {
        refuses(&receiver, "origin", origin, 403).await;
    }
}

#[tokio::test]
async fn answers_under_every_name_of_this_machine() {
    let receiver = start().await;
    let port = receiver.url().rsplit(':').next().unwrap();
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "localhost".to_owned(),
    ] {
        let own = format!("http://{host}");
        for request in requests(&receiver).await {
            let answer = status(request.header("host", &host).header("origin", &own)).await;
            assert!(![403, 421].contains(&answer), "{host} {answer}");
        }
    }
}

/// Keeps a log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

struct Line<'a>(MutexGuard<'a, Vec<u8>>);

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_secret_is_neither_shown_nor_logged_and_a_body_and_a_query_are_not_logged() {
    // While there is but one subscriber, a line that another test's thread reaches first is switched off for good.
    let _second = tracing::Dispatch::new(NoSubscriber::default());
    let log = Log::default();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logging = lines.set_default();
    let receiver = start().await;
    for delivery in [
        Delivery::new().to("/path?token=canary-query"),
        Delivery::new().saying("canary-body"),
        Delivery::new().without("webhook-id"),
    ] {
        delivery.send(&receiver).await;
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<_> = logged
        .lines()
        .filter(|line| line.contains("a webhook arrived"))
        .collect();
    assert_eq!(ours.len(), 3, "one line for each: {logged}");
    assert!(ours[0].contains("standard_webhooks=\"fits mine\""), "{}", ours[0]);
    for line in ours {
        assert!(!line.contains("canary") && !line.contains("/path"), "{line}");
    }
    let pages = [
        text(&receiver, "/").await,
        text(&receiver, "/arrivals.json").await,
        format!("{receiver:?}"),
        logged,
    ];
    for page in pages {
        assert!(!page.contains(SECRET.strip_prefix("whsec_").unwrap()), "{page}");
    }
}
