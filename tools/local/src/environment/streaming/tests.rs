//! What becomes of a streamed answer: in time, too late, broken off, unread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::stream;
use lambda_runtime::service_fn;
use serde_json::{Value, json};

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// Says its event's `pieces` one by one, `pause_ms` before each; `"panic"` and `"fail"` do as they say. `refuse` ends
/// it before it begins. `made` counts the pieces of all environments.
fn saying(environments_max: usize, timeout: Duration, made: &'static AtomicUsize) -> StreamingPool {
    StreamingPool::new("say", environments_max, timeout, move || async move {
        Ok(service_fn(move |event: LambdaEvent<Value>| async move {
            let event = event.payload;
            anyhow::ensure!(event["refuse"].is_null(), "as told");
            let pieces = event["pieces"].as_array().cloned().unwrap_or_default();
            let pause = Duration::from_millis(event["pause_ms"].as_u64().unwrap_or_default());
            let stream = stream::iter(pieces).then(move |piece| async move {
                tokio::time::sleep(pause).await;
                made.fetch_add(1, Ordering::SeqCst);
                match piece.as_str() {
                    Some("panic") => panic!("as told"),
                    Some("fail") => Err(anyhow::anyhow!("as told")),
                    _ => Ok(piece.to_string()),
                }
            });
            Ok(StreamResponse::from(stream.boxed()))
        }))
    })
}

async fn begin(pool: &StreamingPool, event: Value) -> Pieces {
    let payload = event.to_string().into_bytes();
    pool.invoke(payload).await.unwrap().pieces
}

/// Everything to the end, and the error that the end was.
async fn rest(mut pieces: Pieces) -> (String, Option<InvokeError>) {
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => text.push_str(std::str::from_utf8(&piece).unwrap()),
            Err(error) => return (text, Some(error)),
        }
    }
    (text, None)
}

#[tokio::test]
async fn pieces_arrive_before_the_end_and_the_end_is_clean() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let pool = saying(1, LONG, &MADE);
    let mut pieces = begin(&pool, json!({"pieces": [1, 2, 3], "pause_ms": 30})).await;
    assert_eq!(pieces.next().await, Some(Ok(Bytes::from("1"))));
    assert!(MADE.load(Ordering::SeqCst) < 3);
    assert_eq!(rest(pieces).await, ("23".to_owned(), None));
    assert_eq!(rest(begin(&pool, json!({})).await).await, (String::new(), None));
}

#[tokio::test]
async fn an_environment_is_taken_until_the_last_piece() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let pool = saying(2, LONG, &MADE);
    let begun = Instant::now();
    let slow = || begin(&pool, json!({"pieces": [1, 2, 3, 4], "pause_ms": 50}));
    let (one, two) = tokio::join!(slow(), slow());
    assert!(begun.elapsed() < Duration::from_millis(150));
    let third = slow().await;
    assert!(begun.elapsed() >= Duration::from_millis(200));
    for pieces in [one, two, third] {
        assert_eq!(rest(pieces).await, ("1234".to_owned(), None));
    }
}

#[tokio::test]
async fn a_timeout_cuts_the_answer_off_and_loses_the_environment() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let timeout = Duration::from_millis(150);
    let pool = saying(1, timeout, &MADE);
    let pieces = begin(&pool, json!({"pieces": [1, 2, 3, 4, 5, 6], "pause_ms": 60})).await;
    let (text, error) = rest(pieces).await;
    assert!(text.starts_with('1') && text.len() < 6, "{text}");
    assert_eq!(error, Some(InvokeError::TimedOut(timeout)));
    assert!(pool.shared.idle().is_empty());
    assert_eq!(rest(begin(&pool, json!({"pieces": [7]})).await).await.0, "7");
}

#[tokio::test]
async fn a_panic_breaks_the_answer_off_and_loses_the_environment_and_an_error_does_not() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let pool = saying(1, LONG, &MADE);
    let (text, error) = rest(begin(&pool, json!({"pieces": [1, "panic", 3]})).await).await;
    assert_eq!(
        (text.as_str(), error),
        ("1", Some(InvokeError::Panicked("as told".into())))
    );
    assert!(pool.shared.idle().is_empty());
    let (text, error) = rest(begin(&pool, json!({"pieces": [1, "fail", 3]})).await).await;
    assert_eq!(text, "1");
    assert!(matches!(error, Some(InvokeError::Failed(why)) if why.contains("as told")));
    assert_eq!(pool.shared.idle().len(), 1);
}

#[tokio::test]
async fn what_fails_before_the_answer_begins_is_no_answer() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let pool = saying(1, LONG, &MADE);
    let refused = pool.invoke(br#"{"refuse":true}"#.to_vec()).await;
    assert!(matches!(refused, Err(InvokeError::Failed(why)) if why.contains("as told")));
    assert!(matches!(
        pool.invoke(b"not json".to_vec()).await,
        Err(InvokeError::Failed(_))
    ));
}

#[tokio::test]
async fn a_slow_reader_holds_up_the_function() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let pool = saying(1, LONG, &MADE);
    let many: Vec<_> = (0..10 * PIECES_MAX).map(|_| 1).collect();
    let pieces = begin(&pool, json!({ "pieces": many })).await;
    while MADE.load(Ordering::SeqCst) <= PIECES_MAX {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    // One more is in the function's hands.
    assert_eq!(MADE.load(Ordering::SeqCst), PIECES_MAX + 1);
    assert_eq!(rest(pieces).await.0.len(), 10 * PIECES_MAX);
}

#[tokio::test]
async fn a_reader_who_leaves_stops_nothing_and_blocks_nothing() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let pool = saying(1, LONG, &MADE);
    let many: Vec<_> = (0..10 * PIECES_MAX).map(|_| 1).collect();
    let mut pieces = begin(&pool, json!({ "pieces": many })).await;
    assert_eq!(pieces.next().await, Some(Ok(Bytes::from("1"))));
    drop(pieces);
    // The one environment is free again when the first answer has ended.
    assert_eq!(rest(begin(&pool, json!({"pieces": [2]})).await).await.0, "2");
    assert_eq!(MADE.load(Ordering::SeqCst), 10 * PIECES_MAX + 1);
}
