//! What a sender hears, and what is kept of it.

use std::time::Instant;

use super::*;

async fn posted(receiver: &Receiver, query: &str) -> reqwest::Response {
    let url = format!("{}/?{query}", receiver.url());
    client().post(url).body(BODY).send().await.unwrap()
}

#[tokio::test]
async fn the_address_says_which_status_is_answered() {
    let receiver = start().await;
    for wanted in [200u16, 201, 204, 205, 302, 304, 400, 410, 429, 500, 503, 599] {
        let answer = posted(&receiver, &format!("answer={wanted}")).await;
        assert_eq!(answer.status(), wanted);
        assert_eq!(answer.headers().get("retry-after"), None);
        assert_eq!(arrivals(&receiver).await[0]["answered"], wanted);
    }
    shown(&receiver, ">answered 599</span>").await;
}

#[tokio::test]
async fn an_answer_without_a_body_leaves_the_connection_usable() {
    let receiver = start().await;
    let client = builder().build().unwrap();
    for answer in ["204", "205", "304", "200"] {
        let url = format!("{}/?answer={answer}", receiver.url());
        let got = client.post(url).body(BODY).send().await.unwrap();
        let body = if answer == "200" { "ok" } else { "" };
        assert_eq!(got.text().await.unwrap(), body, "{answer}");
    }
}

#[tokio::test]
async fn the_address_says_when_to_try_again() {
    let receiver = start().await;
    for (asked, after) in [("60", "60"), ("Fri%2C+31+Dec", "Fri, 31 Dec")] {
        let answer = posted(&receiver, &format!("answer=503&retry_after={asked}")).await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], after);
    }
}

#[tokio::test]
async fn the_address_says_how_long_an_answer_takes() {
    let (receiver, began) = (start().await, Instant::now());
    let delivery = Delivery::new().to("/?answer=503&delay_ms=400");
    assert_eq!(delivery.send(&receiver).await, 503);
    assert!(began.elapsed() >= Duration::from_millis(400));
    assert_eq!(arrival(&receiver).await["answered"], 503);
}

#[tokio::test]
async fn an_arrival_is_seen_while_it_waits_and_when_its_sender_gives_up() {
    let receiver = start().await;
    let held = tokio::spawn(Delivery::new().to("/?delay_ms=30000").at(&receiver).send());
    shown(&receiver, ">answer held back</span>").await;
    assert_eq!(arrival(&receiver).await["answered"], Value::Null);
    held.abort();
    shown(&receiver, ">sender gave up</span>").await;
    assert_eq!(arrival(&receiver).await["answered"], Value::Null);
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_answered_400_and_kept() {
    let receiver = start().await;
    for query in [
        "answer=199",
        "answer=600",
        "answer=",
        "answer=ok",
        "answer=-200",
        "answer=200&answer=503",
        "delay_ms=30001",
        "delay_ms=1.5",
        "retry_after=%0D%0Ax-evil:%201",
    ] {
        let answer = posted(&receiver, query).await;
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.headers().get("x-evil").is_none() && answer.headers().get("retry-after").is_none());
        assert!(
            answer.text().await.unwrap().starts_with("the query may say answer"),
            "{query}"
        );
        let kept = &arrivals(&receiver).await[0];
        assert_eq!(
            (&kept["answered"], &kept["path"]),
            (&Value::from(400), &Value::from(format!("/?{query}")))
        );
    }
}

#[tokio::test]
async fn every_path_takes_a_webhook_and_nothing_but_post_is_one() {
    let receiver = start().await;
    for path in ["/", "/arrivals", "/arrivals.json", "/style.css", "/a//b%2F"] {
        assert_eq!(Delivery::new().to(path).send(&receiver).await, 200, "{path}");
        assert_eq!(arrivals(&receiver).await[0]["path"], path);
    }
    let kept = arrivals(&receiver).await.len();
    for method in ["PUT", "PATCH", "OPTIONS", "DELETE", "GET"] {
        let request = client().request(method.parse().unwrap(), format!("{}/hook", receiver.url()));
        assert_eq!(status(request.body(BODY)).await, 404, "{method}");
    }
    assert_eq!(arrivals(&receiver).await.len(), kept);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_kept() {
    let receiver = start().await;
    let request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nfive!";
    let address = receiver.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // It ends when the server is through with it, with an answer or without one.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(arrivals(&receiver).await.is_empty());
}
