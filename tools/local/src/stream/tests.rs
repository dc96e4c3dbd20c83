//! The reader against the real engine.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::engine::sdk_config;
use crate::folder::{Folder, Place};
use crate::tables;
use crate::template::Template;

struct Bench {
    engine: Engine,
    config: SdkConfig,
    items: aws_sdk_dynamodb::Client,
}

impl Bench {
    async fn at(place: &Place) -> Self {
        let engine = Engine::open(place).unwrap();
        let config = sdk_config(engine.endpoint());
        tables::ensure(&config, &Template::embedded().unwrap()).await.unwrap();
        let items = aws_sdk_dynamodb::Client::from_conf((&config).into());
        Self { engine, config, items }
    }

    async fn put(&self, pk: &str) {
        let put = self
            .items
            .put_item()
            .table_name("eclips-main")
            .item("pk", AttributeValue::S(pk.into()));
        put.item("sk", AttributeValue::S("M".into())).send().await.unwrap();
    }

    async fn readers<const N: usize>(&self, mappings: [Mapping; N]) -> [Reader; N] {
        open(&self.engine, &self.config, "eclips-main", mappings).await.unwrap()
    }

    async fn reader(&self) -> Reader {
        let [reader] = self.readers([everything()]).await;
        reader
    }

    fn stored(&self) -> i64 {
        let connection = self.engine.second_connection().unwrap();
        connection
            .query_row("SELECT COUNT(*) FROM _stream_records", [], |row| row.get(0))
            .unwrap()
    }

    /// Waits until only the newest record is left. Seldom looks: a look may keep the pruner from its work.
    async fn pruned(&self) {
        let gone = async {
            while self.stored() > 1 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone)
            .await
            .expect("pruned in time");
    }
}

/// Every record, a hundred at once, none held up.
fn everything() -> Mapping {
    Mapping {
        function: "Everything".to_owned(),
        batch_max: 100,
        window: Duration::ZERO,
        filter: Filter::default(),
    }
}

fn of_kind(prefix: &str) -> Filter {
    let pattern = json!({"dynamodb": {"Keys": {"pk": {"S": [{ "prefix": prefix }]}}}});
    Filter::parse([pattern.to_string().as_str()]).unwrap()
}

/// Key and sequence number of everything delivered.
#[derive(Default)]
struct Seen(Mutex<Vec<(String, String)>>);

impl Seen {
    fn note(&self, event: &Value) {
        for record in event["Records"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let change = &record["dynamodb"];
            self.0
                .lock()
                .unwrap()
                .push((text(&change["Keys"]["pk"]["S"]), text(&change["SequenceNumber"])));
        }
    }

    fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }

    fn numbers(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|(_, number)| number.clone())
            .collect()
    }
}

/// Delivers and notes; never ends.
async fn read(reader: Reader, seen: &Seen) {
    reader
        .run(|event| {
            seen.note(&event);
            async { Ok(json!({ "batchItemFailures": [] })) }
        })
        .await;
}

/// Runs the reader until so many records were delivered, and a little longer so that they are pruned.
async fn run_until(reader: Reader, seen: &Seen, count: usize) {
    let reading = read(reader, seen);
    let enough = async {
        while seen.keys().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    tokio::select! {
        () = reading => unreachable!("it reads for ever"),
        done = tokio::time::timeout(Duration::from_secs(20), enough) => done.expect("delivered in time"),
    }
}

async fn delivers_once_prunes_and_numbers_on(place: impl Fn() -> Place, survives: bool) {
    let bench = Bench::at(&place()).await;
    for number in 0..250 {
        bench.put(&format!("R#{number}")).await;
    }
    let seen = Seen::default();
    run_until(bench.reader().await, &seen, 250).await;
    let expected: Vec<_> = (0..250).map(|number| format!("R#{number}")).collect();
    assert_eq!(seen.keys(), expected);
    assert_eq!(bench.stored(), 1);

    bench.put("R#new").await;
    let bench = if survives {
        drop(bench);
        Bench::at(&place()).await
    } else {
        bench
    };
    run_until(bench.reader().await, &seen, 252).await;
    // The newest of before comes again; see the module.
    assert_eq!(seen.keys()[250..], ["R#249", "R#new"]);
    let numbers = seen.numbers();
    assert!(numbers[251] > numbers[250], "{numbers:?}");
    assert!(numbers[..250].is_sorted());
    assert_eq!(bench.stored(), 1);
}

#[tokio::test]
async fn in_memory_records_are_delivered_in_order_and_pruned() {
    delivers_once_prunes_and_numbers_on(|| Place::Memory, false).await;
}

#[tokio::test]
async fn in_a_folder_records_are_delivered_in_order_pruned_and_numbered_on_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    delivers_once_prunes_and_numbers_on(|| Place::Folder(Folder::take(place.path()).unwrap()), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_never_fail_while_the_reader_prunes() {
    let bench = Arc::new(Bench::at(&Place::Memory).await);
    let seen = Arc::new(Seen::default());
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                for number in 0..300 {
                    bench.put(&format!("R#{writer}-{number}")).await;
                }
            })
        })
        .collect();
    run_until(bench.reader().await, &seen, 1200).await;
    for writer in writers {
        writer.await.unwrap();
    }
    let distinct: HashSet<_> = seen.keys().into_iter().collect();
    assert_eq!((seen.keys().len(), distinct.len()), (1200, 1200));
    assert!(bench.stored() <= 2, "{}", bench.stored());
}

#[tokio::test]
async fn what_failed_comes_again_and_nothing_of_it_is_pruned_before() {
    let bench = Bench::at(&Place::Memory).await;
    for number in 0..3 {
        bench.put(&format!("R#{number}")).await;
    }
    let (seen, calls) = (Seen::default(), Mutex::new(0));
    let reading = bench.reader().await.run(|event| {
        let mut calls = calls.lock().unwrap();
        *calls += 1;
        let first = *calls == 1;
        if first {
            assert_eq!(bench.stored(), 3);
        }
        seen.note(&event);
        let second = event["Records"][1]["dynamodb"]["SequenceNumber"].clone();
        async move {
            let failures = if first {
                json!([{ "itemIdentifier": second }])
            } else {
                json!([])
            };
            Ok(json!({ "batchItemFailures": failures }))
        }
    });
    let _ = tokio::time::timeout(Duration::from_millis(400), reading).await;
    assert_eq!(seen.keys(), ["R#0", "R#1", "R#2", "R#1", "R#2"]);
}

#[tokio::test]
async fn a_filter_lets_its_records_through_and_what_it_holds_back_is_pruned_as_well() {
    let bench = Bench::at(&Place::Memory).await;
    for key in ["R#0", "L#0", "R#1", "L#1", "L#2"] {
        bench.put(key).await;
    }
    let [runs, none] = bench
        .readers([
            Mapping {
                filter: of_kind("R#"),
                ..everything()
            },
            Mapping {
                filter: of_kind("X#"),
                ..everything()
            },
        ])
        .await;
    let (seen, nothing) = (Seen::default(), Seen::default());
    tokio::select! {
        () = read(runs, &seen) => unreachable!("it reads for ever"),
        () = read(none, &nothing) => unreachable!("it reads for ever"),
        () = bench.pruned() => {}
    }
    assert_eq!(seen.keys(), ["R#0", "R#1"]);
    assert!(nothing.keys().is_empty());
}

#[tokio::test]
async fn a_slow_consumer_holds_up_no_other_and_nothing_is_pruned_before_both_had_it() {
    let bench = Bench::at(&Place::Memory).await;
    for number in 0..3 {
        bench.put(&format!("R#{number}")).await;
    }
    let [fast, slow] = bench.readers([everything(), everything()]).await;
    let (first, second, gate) = (Seen::default(), Seen::default(), Notify::new());
    let stuck = slow.run(|event| {
        second.note(&event);
        let gate = &gate;
        async move {
            gate.notified().await;
            Ok(Value::Null)
        }
    });
    let checks = async {
        while first.keys().len() < 3 || second.keys().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bench.put("R#3").await;
        while first.keys().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(bench.stored(), 4);
        gate.notify_one();
        while second.keys().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        gate.notify_one();
        bench.pruned().await;
    };
    tokio::select! {
        () = read(fast, &first) => unreachable!("it reads for ever"),
        () = stuck => unreachable!("it reads for ever"),
        done = tokio::time::timeout(Duration::from_secs(20), checks) => done.expect("both had it in time"),
    }
    assert_eq!(first.keys(), ["R#0", "R#1", "R#2", "R#3"]);
    assert_eq!(second.keys(), first.keys());
}

#[tokio::test]
async fn a_window_gathers_what_comes_meanwhile_into_one_batch() {
    let bench = Bench::at(&Place::Memory).await;
    let window = Duration::from_millis(600);
    let [reader] = bench
        .readers([Mapping {
            window,
            batch_max: 4,
            ..everything()
        }])
        .await;
    let batches = Mutex::new(Vec::new());
    let reading = reader.run(|event| {
        let size = event["Records"].as_array().unwrap().len();
        batches.lock().unwrap().push((size, Instant::now()));
        async { Ok(Value::Null) }
    });
    let sizes = || {
        batches
            .lock()
            .unwrap()
            .iter()
            .map(|(size, _)| *size)
            .collect::<Vec<_>>()
    };
    let writing = async {
        let begun = Instant::now();
        for number in 0..3 {
            bench.put(&format!("R#{number}")).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        while sizes().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(begun.elapsed() >= window);
        // A full batch waits for nobody.
        let begun = Instant::now();
        for number in 3..7 {
            bench.put(&format!("R#{number}")).await;
        }
        while sizes().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        begun.elapsed()
    };
    let full = tokio::select! {
        () = reading => unreachable!("it reads for ever"),
        full = tokio::time::timeout(Duration::from_secs(20), writing) => full.expect("delivered in time"),
    };
    assert_eq!(sizes(), [3, 4]);
    assert!(full < window, "{full:?}");
}

#[tokio::test]
async fn what_one_consumer_lacks_at_the_end_comes_to_both_at_the_next_start() {
    let bench = Bench::at(&Place::Memory).await;
    bench.put("R#0").await;
    bench.put("R#1").await;
    let [fast, _slow] = bench.readers([everything(), everything()]).await;
    let first = Seen::default();
    run_until(fast, &first, 2).await;
    let [fast, slow] = bench.readers([everything(), everything()]).await;
    let second = Seen::default();
    tokio::select! {
        () = read(fast, &first) => unreachable!("it reads for ever"),
        () = run_until(slow, &second, 2) => {}
    }
    assert_eq!(second.keys(), ["R#0", "R#1"]);
    assert_eq!(first.keys(), ["R#0", "R#1", "R#0", "R#1"]);
}

#[tokio::test]
async fn a_wake_up_delivers_at_once() {
    let bench = Bench::at(&Place::Memory).await;
    let reader = bench.reader().await;
    let (wake, arrived) = (reader.wake(), Arc::new(Notify::new()));
    let told = Arc::clone(&arrived);
    let reading = tokio::spawn(reader.run(move |_| {
        told.notify_one();
        async { Ok(Value::Null) }
    }));
    // Long enough for the slowest pace.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let mut fastest = Duration::MAX;
    for number in 0..3 {
        bench.put(&format!("R#{number}")).await;
        let before = Instant::now();
        wake.send_replace(());
        arrived.notified().await;
        fastest = fastest.min(before.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(fastest < Duration::from_millis(60), "{fastest:?}");
    reading.abort();
}
