//! What an environment keeps, loses and never does.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use eclips_shared::time::Timestamp;
use lambda_runtime::service_fn;
use serde_json::{Value, json};

use super::*;

const LONG: Duration = Duration::from_secs(20);

async fn call(pool: &Pool, event: Value) -> Result<Value, InvokeError> {
    let answer = pool.invoke(event.to_string().into_bytes()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// Counts its own calls, in state that is not `Send`; each environment has its own.
fn counting(environments_max: usize, timeout: Duration) -> Pool {
    Pool::new("count", environments_max, timeout, || async {
        let calls = Rc::new(Cell::new(0));
        Ok(service_fn(move |event: LambdaEvent<Value>| {
            let calls = Rc::clone(&calls);
            async move {
                calls.set(calls.get() + 1);
                if let Some(ms) = event.payload["sleep_ms"].as_u64() {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                }
                if let Some(ms) = event.payload["block_ms"].as_u64() {
                    std::thread::sleep(Duration::from_millis(ms));
                }
                match event.payload["do"].as_str() {
                    Some("fail") => Err(anyhow::anyhow!("as told")),
                    Some("panic") => panic!("as told"),
                    _ => Ok(calls.get()),
                }
            }
        }))
    })
}

#[tokio::test]
async fn calls_one_after_the_other_share_an_environment_and_calls_at_once_do_not() {
    let pool = counting(2, LONG);
    assert_eq!(call(&pool, json!({})).await, Ok(json!(1)));
    assert_eq!(call(&pool, json!({})).await, Ok(json!(2)));
    let (one, other) = tokio::join!(
        call(&pool, json!({"sleep_ms": 50})),
        call(&pool, json!({"sleep_ms": 50}))
    );
    let mut counts = [one.unwrap().as_u64(), other.unwrap().as_u64()];
    counts.sort_unstable();
    assert_eq!(counts, [Some(1), Some(3)]);
}

#[tokio::test]
async fn a_call_above_the_limit_waits_its_turn() {
    let pool = counting(1, LONG);
    let before = Instant::now();
    let slow = || call(&pool, json!({"sleep_ms": 40}));
    let (one, two, three) = tokio::join!(slow(), slow(), slow());
    assert_eq!((one, two, three), (Ok(json!(1)), Ok(json!(2)), Ok(json!(3))));
    assert!(before.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn an_error_keeps_the_environment_and_a_panic_or_a_timeout_does_not() {
    let pool = counting(1, Duration::from_millis(80));
    assert_eq!(call(&pool, json!({})).await, Ok(json!(1)));
    assert!(
        matches!(call(&pool, json!({"do": "fail"})).await, Err(InvokeError::Failed(why)) if why.contains("as told"))
    );
    assert_eq!(call(&pool, json!({})).await, Ok(json!(3)));
    assert_eq!(
        call(&pool, json!({"do": "panic"})).await,
        Err(InvokeError::Panicked("as told".into()))
    );
    assert_eq!(call(&pool, json!({})).await, Ok(json!(1)));
    let late = call(&pool, json!({"sleep_ms": 5_000})).await;
    assert_eq!(late, Err(InvokeError::TimedOut(Duration::from_millis(80))));
    assert_eq!(call(&pool, json!({})).await, Ok(json!(1)));
    assert!(matches!(
        pool.invoke(b"not json".to_vec()).await,
        Err(InvokeError::Failed(_))
    ));
    assert_eq!(call(&pool, json!({})).await, Ok(json!(2)));
}

#[tokio::test]
async fn a_function_that_never_awaits_loses_its_environment_too() {
    let pool = counting(1, Duration::from_millis(50));
    assert_eq!(call(&pool, json!({})).await, Ok(json!(1)));
    let before = Instant::now();
    let stuck = call(&pool, json!({"block_ms": 5_000})).await;
    assert_eq!(stuck, Err(InvokeError::TimedOut(Duration::from_millis(50))));
    assert!(before.elapsed() < Duration::from_secs(3));
    assert_eq!(call(&pool, json!({})).await, Ok(json!(1)));
}

#[tokio::test]
async fn what_is_left_running_stands_still_until_the_next_call() {
    static TICKS: AtomicUsize = AtomicUsize::new(0);
    let pool = Pool::new("ticks", 1, LONG, || async {
        Ok(service_fn(|event: LambdaEvent<u64>| async move {
            tokio::spawn(async {
                loop {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    TICKS.fetch_add(1, Ordering::SeqCst);
                }
            });
            tokio::time::sleep(Duration::from_millis(event.payload)).await;
            Ok::<_, anyhow::Error>(())
        }))
    });
    pool.invoke(b"0".to_vec()).await.unwrap();
    let frozen = TICKS.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(TICKS.load(Ordering::SeqCst), frozen);
    pool.invoke(b"60".to_vec()).await.unwrap();
    assert!(TICKS.load(Ordering::SeqCst) > frozen);
}

#[tokio::test]
async fn a_caller_who_goes_away_stops_nothing() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let pool = Pool::new("slow", 1, LONG, || async {
        Ok(service_fn(|_: LambdaEvent<Value>| async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            DONE.fetch_add(1, Ordering::SeqCst);
            Ok::<_, anyhow::Error>(())
        }))
    });
    let left = tokio::time::timeout(Duration::from_millis(10), pool.invoke(b"{}".to_vec())).await;
    assert!(left.is_err());
    pool.invoke(b"{}".to_vec()).await.unwrap();
    assert_eq!(DONE.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_environment_that_does_not_start_is_tried_again() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    let pool = Pool::new("late", 1, LONG, || async {
        anyhow::ensure!(STARTS.fetch_add(1, Ordering::SeqCst) > 0, "no table yet");
        Ok(service_fn(|_: LambdaEvent<Value>| async { Ok::<_, anyhow::Error>(7) }))
    });
    assert_eq!(
        call(&pool, json!({})).await,
        Err(InvokeError::Start("no table yet".into()))
    );
    assert_eq!(call(&pool, json!({})).await, Ok(json!(7)));
}

#[tokio::test]
async fn the_context_says_what_lambda_says() {
    let pool = Pool::new("runs", 1, LONG, || async {
        Ok(service_fn(|event: LambdaEvent<Value>| async move {
            Ok::<_, anyhow::Error>(event.context)
        }))
    });
    let before = Timestamp::now().ms();
    let context = call(&pool, json!({})).await.unwrap();
    let left_ms = context["deadline"].as_i64().unwrap() - before;
    assert!((20_000..25_000).contains(&left_ms), "{left_ms}");
    assert_eq!(context["request_id"].as_str().unwrap().len(), 36);
    assert_eq!(
        context["invoked_function_arn"],
        "arn:aws:lambda:local:000000000000:function:eclips-runs"
    );
    assert_eq!(context["env_config"]["function_name"], "eclips-runs");
}

#[tokio::test]
async fn whoever_asked_is_told_after_each_invocation() {
    let told = watch::Sender::new(());
    let mut hears = told.subscribe();
    let pool = counting(1, LONG).telling(told);
    for event in [json!({}), json!({"do": "fail"})] {
        let _ = call(&pool, event).await;
        tokio::time::timeout(LONG, hears.changed()).await.unwrap().unwrap();
    }
}
