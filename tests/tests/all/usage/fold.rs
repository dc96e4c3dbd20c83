//! Counting: repeated, split and reordered batches, two who count at once, outages in the middle, corrupt records.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_engine::harness::Outcome;
use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::config::Config;
use eclips_shared::ids::{KeyId, OrgId, RunId};
use eclips_shared::run::{Status, Usage};
use eclips_shared::store::{AnswerChange, Change, DayChange, Days, Owner, Per, RunChange, Store, StoreError};
use eclips_shared::time::{DAY_MS, Day, Timestamp};
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::proxy::Fault;
use eclips_tests::records;
use eclips_tests::stores::Stores;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};

/// A moment in the middle of a day and of a month.
const NOON: i64 = 1_781_524_800_000;

/// What a run did: its statuses in order, whether it was deleted at last, its answers (credits, day).
#[derive(Clone, Debug)]
struct Life {
    agent: usize,
    key: usize,
    statuses: Vec<Status>,
    is_deleted: bool,
    answers: Vec<(u64, i64)>,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let ends = prop::sample::select(vec![
        vec![Status::Queued],
        vec![Status::Queued, Status::Running],
        vec![Status::Queued, Status::Cancelled],
        vec![Status::Queued, Status::Running, Status::Running, Status::Completed],
        vec![Status::Queued, Status::Running, Status::Failed],
        vec![Status::Queued, Status::Running, Status::PendingTriage],
        vec![
            Status::Queued,
            Status::Running,
            Status::PendingTriage,
            Status::Completed,
        ],
        vec![
            Status::Queued,
            Status::Running,
            Status::PendingTriage,
            Status::Cancelled,
        ],
    ]);
    let life = (
        0usize..3,
        0usize..2,
        ends,
        any::<bool>(),
        prop::collection::vec((0u64..11, 0i64..3), 0..4),
    );
    let life = life.prop_map(|(agent, key, statuses, is_deleted, answers)| Life {
        agent,
        key,
        statuses,
        is_deleted,
        answers,
    });
    prop::collection::vec(life, 1..6)
}

/// Everything that the stream tells of some lives, in its order.
fn told(tenant: Tenant, keys: [KeyId; 2], lives: &[Life]) -> Vec<Change> {
    let mut changes = Vec::new();
    for life in lives {
        let run = RunId::generate();
        let owner = Owner {
            tenant,
            agent_type: ["center", "researcher", "deal_desk"][life.agent].to_owned(),
            key_id: keys[life.key].to_string(),
        };
        let state = |seq: usize, status, is_gone| {
            Change::Run(RunChange {
                run,
                row: None,
                owner: owner.clone(),
                created_at: Timestamp::from_ms(NOON),
                seq: seq as u64 + 1,
                status,
                is_gone,
                counts: None,
                is_probe: false,
                ended_at: None,
                ttl: NOON / 1_000,
            })
        };
        changes.extend(
            life.statuses
                .iter()
                .enumerate()
                .map(|(seq, status)| state(seq, *status, false)),
        );
        changes.extend(life.answers.iter().enumerate().map(|(number, (credits, day))| {
            Change::Answer(AnswerChange {
                run,
                name: format!("first#{}", number + 1),
                owner: owner.clone(),
                ended_at: Timestamp::from_ms(NOON + day * DAY_MS),
                credits: *credits,
                usage: Usage {
                    input_tokens: credits + 3,
                    output_tokens: 7,
                },
            })
        }));
        if life.is_deleted {
            let last = life.statuses.len() - 1;
            changes.push(state(last, life.statuses[last], true));
        }
    }
    changes
}

/// All numbers of a tenant's totals, zeros left out, by item and attribute.
async fn totals(config: &Config, tenant: Tenant) -> BTreeMap<(String, String), i64> {
    let mut numbers = BTreeMap::new();
    for (sk, item) in records::under(config, &format!("T#{tenant}")).await {
        for (name, value) in item {
            if let AttributeValue::N(digits) = value
                && name != "ttl"
                && name != "version"
                && digits != "0"
            {
                numbers.insert((sk.clone(), name), digits.parse().unwrap());
            }
        }
    }
    numbers
}

/// What the totals of some lives must be, computed without counting anything twice or in parts.
fn expected(keys: [KeyId; 2], lives: &[Life]) -> BTreeMap<(String, String), i64> {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut add = |sk: &str, name: &str, by: i64| *sums.entry((sk.to_owned(), name.to_owned())).or_default() += by;
    for life in lives {
        let agent = ["center", "researcher", "deal_desk"][life.agent];
        let last = *life.statuses.last().unwrap();
        if !life.is_deleted {
            add("M", last.as_str(), 1);
            add("M", &format!("agent_{agent}"), 1);
        }
        let of_day = |day: i64| {
            let day = Day::of(Timestamp::from_ms(NOON + day * DAY_MS));
            [format!("A#{day}#{agent}"), format!("K#{day}#{}", keys[life.key])]
        };
        for sk in of_day(0) {
            add(&sk, "runs", 1);
            if !matches!(last, Status::Queued | Status::Running) {
                add(&sk, last.as_str(), 1);
            }
        }
        for (credits, day) in &life.answers {
            let spent = i64::try_from(*credits).unwrap();
            add("M", "credits_2026-06", spent);
            for sk in of_day(*day) {
                add(&sk, "credits", spent);
                add(&sk, "input_tokens", spent + 3);
                add(&sk, "output_tokens", 7);
            }
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

#[test]
fn repeated_split_and_reordered_batches_change_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stores = runtime.block_on(Stores::open());
    let config = stores.config();
    let fold = stores.store.fold();
    // A batch size, and an order for all records and some of them once more.
    let shuffles = (1usize..9, prop::collection::vec((any::<u32>(), any::<bool>()), 60));
    let mut runner = TestRunner::new(Cases::with_cases(60));
    let outcome = runner.run(&(lives(), shuffles), |(lives, (batch, shuffle))| {
        let tenant = Tenant {
            org: OrgId::generate(),
            mode: Mode::Live,
        };
        let keys = [KeyId::generate(), KeyId::generate()];
        let changes = told(tenant, keys, &lives);
        let mut order: Vec<(u32, Change)> = Vec::new();
        for (at, change) in changes.into_iter().enumerate() {
            let (place, again) = shuffle[at % shuffle.len()];
            if again {
                order.push((place.rotate_left(16), change.clone()));
            }
            order.push((place, change));
        }
        order.sort_by_key(|(place, _)| *place);
        let changes: Vec<Change> = order.into_iter().map(|(_, change)| change).collect();
        let counted = runtime.block_on(async {
            for some in changes.chunks(batch) {
                fold.count(some).await.unwrap();
            }
            totals(&config, tenant).await
        });
        prop_assert_eq!(counted, expected(keys, &lives));
        Ok(())
    });
    outcome.unwrap();
}

fn one_run(tenant: Tenant) -> ([KeyId; 2], Vec<Life>, Vec<Change>) {
    let keys = [KeyId::generate(), KeyId::generate()];
    let lives = vec![Life {
        agent: 0,
        key: 0,
        statuses: vec![Status::Queued, Status::Running, Status::Completed],
        is_deleted: false,
        answers: vec![(3, 0), (10, 0)],
    }];
    let changes = told(tenant, keys, &lives);
    (keys, lives, changes)
}

#[tokio::test]
async fn eight_who_count_the_same_batch_count_it_once() {
    let stores = Stores::open().await;
    let tenant = Tenant {
        org: OrgId::generate(),
        mode: Mode::Live,
    };
    let keys = [KeyId::generate(), KeyId::generate()];
    let lives: Vec<Life> = (0..30)
        .map(|at| Life {
            agent: at % 3,
            key: at % 2,
            statuses: vec![Status::Queued, Status::Running, Status::Completed],
            is_deleted: false,
            answers: vec![(1, 0), (3, 1)],
        })
        .collect();
    let changes = told(tenant, keys, &lives);
    let fold = stores.store.fold();
    let counted = join_all((0..8).map(|_| fold.count(&changes))).await;
    assert!(counted.iter().any(Result::is_ok), "{counted:?}");
    fold.count(&changes).await.unwrap();
    assert_eq!(totals(&stores.config(), tenant).await, expected(keys, &lives));
}

#[tokio::test]
async fn eight_who_count_the_rest_of_a_run_count_it_once() {
    let stores = Stores::open().await;
    let tenant = Tenant {
        org: OrgId::generate(),
        mode: Mode::Live,
    };
    let (keys, lives, changes) = one_run(tenant);
    let fold = stores.store.fold();
    // What came first is noted already; the rest is new to all of them at once.
    fold.count(&changes[..1]).await.unwrap();
    let counted = join_all((0..8).map(|_| fold.count(&changes))).await;
    assert!(counted.iter().any(Result::is_ok), "{counted:?}");
    fold.count(&changes).await.unwrap();
    assert_eq!(totals(&stores.config(), tenant).await, expected(keys, &lives));
    let limits = records::under(&stores.config(), &format!("L#{}", tenant.org)).await;
    assert!(limits.is_empty(), "counting makes no organization: {limits:?}");
}

#[tokio::test]
async fn runs_that_are_counted_at_once_all_count_for_their_agent() {
    let stores = Stores::open().await;
    let tenant = Tenant {
        org: OrgId::generate(),
        mode: Mode::Live,
    };
    let fold = stores.store.fold();
    let ends: Vec<Vec<Change>> = (0..6)
        .map(|_| {
            let (_, _, changes) = one_run(tenant);
            let correct = |change: Change| match change {
                Change::Run(run) => Change::Run(RunChange {
                    counts: Some(Outcome::Correct),
                    ended_at: Some(Timestamp::from_ms(NOON)),
                    ..run
                }),
                other => other,
            };
            changes.into_iter().map(correct).collect()
        })
        .collect();
    for counted in join_all(ends.iter().map(|end| fold.count(end))).await {
        assert!(matches!(counted, Ok(()) | Err(StoreError::Lost)), "{counted:?}");
    }
    for end in &ends {
        fold.count(end).await.unwrap();
    }
    let conduct = stores.store.conducts().of(tenant, "center").await.unwrap();
    assert_eq!((conduct.trust.level, conduct.trust.streak), (1, 6));
}

#[tokio::test]
async fn many_tenants_in_one_batch_fit_into_transactions() {
    let stores = Stores::open().await;
    let mut all = Vec::new();
    let mut tenants = Vec::new();
    for _ in 0..60 {
        let tenant = Tenant {
            org: OrgId::generate(),
            mode: Mode::Live,
        };
        let (keys, lives, changes) = one_run(tenant);
        all.extend(changes);
        tenants.push((tenant, keys, lives));
    }
    stores.store.fold().count(&all).await.unwrap();
    for (tenant, keys, lives) in tenants {
        assert_eq!(totals(&stores.config(), tenant).await, expected(keys, &lives));
    }
}

#[tokio::test]
async fn an_outage_in_the_middle_loses_and_doubles_nothing() {
    for operation in ["BatchGetItem", "TransactWriteItems", "GetItem", "UpdateItem"] {
        for fault in [Fault::Broken, Fault::ReplyLost, Fault::Throttled] {
            let scene = Backstage::open().await;
            let tenant = scene.tenant();
            let (keys, lives, changes) = one_run(tenant);
            let faulty = Config {
                dynamodb_endpoint: Some(scene.proxy.url().to_owned()),
                ..scene.config()
            };
            let store = Store::open(&faulty);
            scene.proxy.set_after(operation, 0, ONE_CALL, fault);
            // It may get through or not; the batch comes again until it does.
            let first = store.fold().count(&changes).await;
            assert!(first.is_err() || fault == Fault::ReplyLost, "{operation} {fault:?}");
            store.fold().count(&changes).await.unwrap();
            let config = scene.config();
            assert_eq!(
                totals(&config, tenant).await,
                expected(keys, &lives),
                "{operation} {fault:?}"
            );
            let limits = &records::under(&config, &format!("L#{}", scene.org)).await[0].1;
            assert_eq!(
                (
                    records::text(limits, "credits_month"),
                    records::text(limits, "credits_used")
                ),
                ("2026-06", "13"),
                "{operation} {fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_guard_sees_the_newest_month_and_never_less_than_before() {
    let scene = Backstage::open().await;
    let tenant = scene.tenant();
    let fold = scene.stores.store.fold();
    let at = |ended_at: &str, credits| {
        let (_, _, changes) = one_run(tenant);
        let Some(Change::Answer(answer)) = changes.into_iter().next_back() else {
            panic!("the last change is an answer")
        };
        [Change::Answer(AnswerChange {
            ended_at: Timestamp::parse(ended_at).unwrap(),
            credits,
            ..answer
        })]
    };
    for (ended_at, credits, shown) in [
        ("2026-05-31T23:59:59.999Z", 5, ("2026-05", "5")),
        ("2026-06-01T00:00:00.000Z", 2, ("2026-06", "2")),
        // A record of the month before that comes late is counted there, and the guard stays.
        ("2026-05-31T12:00:00.000Z", 7, ("2026-06", "2")),
        ("2026-06-02T00:00:00.000Z", 1, ("2026-06", "3")),
        ("2026-07-01T00:00:00.000Z", 4, ("2026-07", "4")),
        ("2026-08-01T00:00:00.000Z", 6, ("2026-08", "6")),
    ] {
        fold.count(&at(ended_at, credits)).await.unwrap();
        let limits = &records::under(&scene.config(), &format!("L#{}", scene.org)).await[0].1;
        let seen = (
            records::text(limits, "credits_month"),
            records::text(limits, "credits_used"),
        );
        assert_eq!(seen, shown, "{ended_at}");
    }
    // Somebody has published more than this reader knows of, a moment before it.
    let more = [("credits_used", AttributeValue::N("60".to_owned()))];
    records::set(&scene.config(), &format!("L#{}", scene.org), "M", &more).await;
    fold.count(&at("2026-08-02T00:00:00.000Z", 1)).await.unwrap();
    let limits = &records::under(&scene.config(), &format!("L#{}", scene.org)).await[0].1;
    assert_eq!(records::text(limits, "credits_used"), "60");
    let now = &records::under(&scene.config(), &format!("T#{tenant}")).await;
    let (_, now) = now.iter().find(|(sk, _)| sk == "M").unwrap();
    let mut months: Vec<&str> = now.keys().filter_map(|name| name.strip_prefix("credits_")).collect();
    months.sort_unstable();
    assert_eq!(months, ["2026-07", "2026-08"], "older months are not kept here");
    let may = Days {
        from: Day::parse("2026-05-01").unwrap(),
        to: Day::parse("2026-05-31").unwrap(),
    };
    let rows = scene.stores.store.totals().rows(tenant, Per::Agent, may).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.figures.credits).sum::<u64>(), 12);
}

#[tokio::test]
async fn a_days_requests_only_grow() {
    let stores = Stores::open().await;
    let org = OrgId::generate();
    let day = Day::parse("2026-06-06").unwrap();
    for (requests, kept) in [(5, 5), (9, 9), (7, 9)] {
        let change = Change::Day(DayChange { org, day, requests });
        stores.store.fold().count(&[change]).await.unwrap();
        let days = Days { from: day, to: day };
        let shown = stores.store.totals().requests(org, days).await.unwrap();
        assert_eq!(shown[&day], kept);
    }
}

#[tokio::test]
async fn what_the_stream_never_told_is_counted_from_the_items() {
    let scene = Backstage::open().await;
    let tenant = scene.tenant();
    let today = Day::of(Timestamp::now());
    for _ in 0..3 {
        let run = scene.create(serde_json::json!({ "task": "x" })).await;
        scene.work_on(run).await;
    }
    let (fold, totals) = (scene.stores.store.fold(), scene.stores.store.totals());
    let before = totals.recount(tenant, today).await.unwrap();
    assert!(!before.drift.is_empty(), "nobody reads the stream here");
    // Twice, and the second time nothing is new.
    for _ in 0..2 {
        assert_eq!(fold.count_again(tenant, today).await.unwrap(), 3);
        let after = totals.recount(tenant, today).await.unwrap();
        assert!(after.drift.is_empty(), "{after:?}");
        assert_eq!((after.runs, after.answers, after.rows), (3, 3, 2));
    }
}

#[tokio::test]
async fn a_total_that_is_none_holds_up_its_own_tenant_only() {
    let stores = Stores::open().await;
    let tenants = [0, 1].map(|_| Tenant {
        org: OrgId::generate(),
        mode: Mode::Live,
    });
    let told_of = tenants.map(one_run);
    let fold = stores.store.fold();
    // The first tenant's item is not what we wrote: a number that is a text.
    let day = Day::of(Timestamp::from_ms(NOON));
    let wrong = [("credits", AttributeValue::S("many".to_owned()))];
    let pk = format!("T#{}", tenants[0]);
    records::set(&stores.config(), &pk, &format!("A#{day}#center"), &wrong).await;
    let all: Vec<Change> = told_of.iter().flat_map(|(_, _, changes)| changes.clone()).collect();
    let both = fold.count(&all).await;
    assert!(matches!(both, Err(StoreError::Corrupt { .. })), "{both:?}");
    // So the function counts one by one, and leaves out what cannot be counted.
    for change in &all {
        let counted = fold.count(std::slice::from_ref(change)).await;
        assert!(
            matches!(counted, Ok(()) | Err(StoreError::Corrupt { .. })),
            "{counted:?}"
        );
    }
    let (keys, lives, _) = &told_of[1];
    assert_eq!(totals(&stores.config(), tenants[1]).await, expected(*keys, lives));
}
