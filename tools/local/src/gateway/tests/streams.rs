//! Streamed answers over real sockets: what a client has before the end, and what tells it that there was none.

use futures_util::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::Frame;
use lambda_http::StreamAdapter;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// Says `one`, then does what the path says, then says `two`.
async fn say(request: lambda_http::Request) -> Result<Response<Body>, lambda_http::Error> {
    let path = request.raw_http_path().to_owned();
    if path == "/refuse" {
        return Err("as told".into());
    }
    let pieces = stream::iter(["one", "then", "two"]).then(move |piece| {
        let path = path.clone();
        async move {
            match (piece, path.as_str()) {
                ("then", "/slow") => tokio::time::sleep(Duration::from_millis(400)).await,
                ("then", "/endless") => std::future::pending().await,
                ("then", "/panic") => panic!("as told"),
                _ => {}
            }
            Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(piece)))
        }
    });
    Ok(Response::builder()
        .status(206)
        .header("x-one", "1")
        .header("content-length", "7")
        .header("connection", "close")
        .header("set-cookie", "a=b")
        .body(StreamBody::new(pieces.boxed()))?)
}

type Body = StreamBody<stream::BoxStream<'static, Result<Frame<Bytes>, std::convert::Infallible>>>;

async fn streaming(environments_max: usize, function: Duration, gateway: Duration) -> Running {
    let pool = StreamingPool::new("say", environments_max, function, || async {
        Ok(StreamAdapter::from(lambda_http::service_fn(say)))
    });
    // A whole answer's 250 ms do not bound a streamed one.
    serving(SHORT, Integration::Streamed(pool, gateway)).await
}

async fn open(running: &Running, path: &str) -> reqwest::Response {
    reqwest::get(format!("http://{}{path}", running.address)).await.unwrap()
}

async fn piece(answer: &mut reqwest::Response) -> Option<Bytes> {
    let piece = timeout(LONG, answer.chunk()).await.expect("it comes in time");
    piece.unwrap()
}

/// Reads on until the answer breaks off.
async fn broken_off(mut answer: reqwest::Response) -> bool {
    loop {
        match timeout(LONG, answer.chunk()).await.expect("it comes in time") {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}

#[tokio::test]
async fn a_piece_arrives_before_the_next_is_made_and_the_headers_are_the_functions() {
    let running = streaming(1, LONG, LONG).await;
    let begun = Instant::now();
    let mut answer = open(&running, "/slow").await;
    assert_eq!(answer.status(), 206);
    let headers = answer.headers();
    assert_eq!(
        (&headers["x-one"], &headers["set-cookie"]),
        (&"1".parse().unwrap(), &"a=b".parse().unwrap())
    );
    assert!(!headers.contains_key("content-length") && !headers.contains_key("connection"));
    assert_eq!(headers["transfer-encoding"], "chunked");
    assert_eq!(piece(&mut answer).await.unwrap(), "one");
    assert!(begun.elapsed() < Duration::from_millis(350), "{:?}", begun.elapsed());
    let rest = answer.text().await.unwrap();
    assert_eq!(rest, "thentwo");
    assert!(begun.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn what_fails_before_the_answer_begins_is_an_outage() {
    let running = streaming(1, LONG, LONG).await;
    let (status, body) = get(running.address, "/refuse").await;
    assert_eq!(
        (status, body.as_str()),
        (503, r#"{"error":"Service temporarily unavailable"}"#)
    );
}

#[tokio::test]
async fn an_answer_without_an_end_never_looks_whole() {
    let short = Duration::from_millis(300);
    // The function panics, the function's time is over, the gateway's time is over.
    for (path, function, gateway) in [
        ("/panic", LONG, LONG),
        ("/endless", short, LONG),
        ("/endless", LONG, short),
    ] {
        let running = streaming(1, function, gateway).await;
        let mut answer = open(&running, path).await;
        assert_eq!(answer.status(), 206, "{path}");
        assert_eq!(piece(&mut answer).await.unwrap(), "one", "{path}");
        assert!(broken_off(answer).await, "{path} {function:?} {gateway:?}");
    }
}

#[tokio::test]
async fn an_open_stream_takes_its_environment_and_the_next_one_waits() {
    let running = streaming(2, LONG, LONG).await;
    let begun = Instant::now();
    let (one, two, three) = tokio::join!(
        open(&running, "/slow"),
        open(&running, "/slow"),
        open(&running, "/slow"),
    );
    assert!(begun.elapsed() >= Duration::from_millis(400));
    for answer in [one, two, three] {
        assert_eq!(answer.text().await.unwrap(), "onethentwo");
    }
}

#[tokio::test]
async fn a_client_that_leaves_frees_the_environment_when_the_function_is_done() {
    let running = streaming(1, LONG, LONG).await;
    let mut answer = open(&running, "/slow").await;
    assert_eq!(piece(&mut answer).await.unwrap(), "one");
    drop(answer);
    let next = timeout(LONG, open(&running, "/"))
        .await
        .expect("the environment is free again");
    assert_eq!(next.text().await.unwrap(), "onethentwo");
}

#[tokio::test]
async fn a_stop_cuts_open_streams_off() {
    let running = streaming(1, LONG, LONG).await;
    let mut answer = open(&running, "/endless").await;
    assert_eq!(piece(&mut answer).await.unwrap(), "one");
    let before = Instant::now();
    drop(running.stop);
    running.served.await.unwrap();
    assert!(before.elapsed() < STOP_GRACE + Duration::from_secs(1));
    assert!(broken_off(answer).await);
}
