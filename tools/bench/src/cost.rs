//! What requests and runs cost in the store: calls in sequence, read and write units, dollars. Counted on the wire between the release binaries and the embedded
//! engine; the engine reckons the units.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use eclips_shared::config::Config;
use eclips_shared::ids::RunId;
use eclips_shared::routes::{Function, Operation, ROUTES, Route};
use eclips_shared::store::Store;
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::Source;
use eclips_shared::window::CELL_MS;
use eclips_tests::costs::Costs;
use eclips_tests::figures;
use eclips_tests::function_process::{FunctionProcess, Setup};
use eclips_tests::proxy::{Call, Units};
use eclips_tests::receiver::Receiver;
use serde_json::{Value, json};

use crate::report::{Goal, Section, Verdict};
use crate::requests::Requests;
use crate::scene::{Scene, TASK};
use crate::{Pace, say};

/// How much later the store answers here, so that calls side by side overlap.
const PAUSE: Duration = Duration::from_millis(8);

/// Calls that a warm process waits for one after the other. *Source*: the goals of the bench.
const READ_CALLS_MAX: usize = 2;
const CREATE_CALLS_MAX: usize = 3;
/// *Source*: the goal for a run of one stage, small items, without name and webhook.
const PLAIN_RUN_WRITE_MAX: f64 = 40.0;

/// What was spent in the store.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    calls: usize,
    in_sequence: usize,
    units: Units,
}

/// A request in a process that has just answered another one, and in a new process in a new cell of the limiter.
struct Priced {
    route: &'static Route,
    steady: Spent,
    cold: Spent,
}

/// Measures every route and a run.
pub async fn measure(scene: &Scene, pace: Pace) -> Result<Section> {
    let receiver = Receiver::start().await;
    let mut section = Section::default();
    let costs = Costs::read();
    let prices = costs.prices();
    let dollars = |units: Units| (units.read * prices["read"] + units.write * prices["write"]) * 1e6;
    // Before anybody has a webhook.
    let run = run(scene, &receiver).await?;
    let routes = routes(scene, &receiver, pace).await?;
    section.words(
        "*steady* is a request of a process that has just answered another one; *cold* the first one of a process, in a new three-second cell of the limiter. *in sequence* is how many \
         calls wait for each other, the others go beside them; *units* are read and written, as the engine reckons them. Dollars are for a million requests, by the prices of [docs/costs.md](../../docs/costs.md): \
         of the store alone, and with the gateway and the invocation; computing, log and transfer come on top and are reckoned there for three of the routes.",
    );
    let rest = (prices["gateway"] + prices["invoke"]) * 1e6;
    let rows = routes.iter().map(|priced| {
        let (steady, cold) = (priced.steady, priced.cold);
        vec![
            format!("`{} {}`", priced.route.method, priced.route.path),
            format!("{} ({})", steady.in_sequence, steady.calls),
            shown(steady.units),
            format!("{:.2}", dollars(steady.units)),
            format!("{:.2}", dollars(steady.units) + rest),
            format!("{} ({})", cold.in_sequence, cold.calls),
            shown(cold.units),
        ]
    });
    let head = [
        "Route",
        "steady: in sequence (all)",
        "units",
        "store, USD",
        "and gateway, invocation",
        "cold: in sequence (all)",
        "units",
    ];
    section.table(&head, rows.collect());
    section.words("A run of one stage, step by step; each step by a process of its own. Dollars are for a thousand runs, of the store alone.");
    let steps = run.iter().map(|(what, spent)| {
        let usd = dollars(spent.units) / 1e3;
        vec![
            (*what).to_owned(),
            spent.calls.to_string(),
            shown(spent.units),
            format!("{usd:.4}"),
        ]
    });
    section.table(&["Step", "calls", "units", "store, USD"], steps.collect());
    section.goals(goals(&routes, &run));
    Ok(section)
}

fn shown(units: Units) -> String {
    format!("{} / {}", units.read, units.write)
}

async fn routes(scene: &Scene, receiver: &Receiver, pace: Pace) -> Result<Vec<Priced>> {
    let (began, proxy) = (Instant::now(), &scene.backstage.proxy);
    let requests = Requests { scene, receiver };
    let mut processes: BTreeMap<&str, FunctionProcess> = BTreeMap::new();
    let mut all = Vec::new();
    for route in &ROUTES {
        say(began, &format!("cost: {} {}", route.method, route.path));
        let name = route.function.as_str();
        let setup = setup(scene, name);
        if !processes.contains_key(name) {
            processes.insert(name, FunctionProcess::start(&setup).await?);
        }
        let steady_request = requests.of(route.operation).await;
        let cold_request = requests.of(route.operation).await;
        let process = processes.get_mut(name).expect("it was started");
        if let Some(first) = first_of(route.function) {
            process.invoke(&requests.of(first).await).await?;
        }
        let steady = spent(scene, process, &steady_request).await?;
        let mut other = FunctionProcess::start(&setup).await?;
        if pace == Pace::Full {
            next_cell().await;
        }
        let cold = spent(scene, &mut other, &cold_request).await?;
        all.push(Priced { route, steady, cold });
    }
    proxy.set_pause(Duration::ZERO);
    Ok(all)
}

/// What a process is asked first, so that it knows the limits.
fn first_of(function: Function) -> Option<Operation> {
    match function {
        Function::Health => None,
        Function::Runs => Some(Operation::RunList),
        Function::Stream => Some(Operation::StreamShow),
        Function::Triage => Some(Operation::TriageList),
        Function::Webhooks => Some(Operation::WebhookList),
        Function::Batches => Some(Operation::BatchList),
        Function::Usage => Some(Operation::UsageSummary),
    }
}

fn setup(scene: &Scene, name: &'static str) -> Setup {
    let mut setup = scene.setup_of(name);
    let mut set = |name: &str, value: &str| setup.settings.insert(name.to_owned(), value.to_owned());
    set("AWS_ENDPOINT_URL_DYNAMODB", scene.backstage.proxy.url());
    // The receiver of what is told is on this machine.
    set("ECLIPS_RECEIVERS", "public+loopback");
    setup
}

async fn next_cell() {
    let into = Timestamp::now().ms().rem_euclid(CELL_MS);
    let left = u64::try_from(CELL_MS - into).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(left + 20)).await;
}

async fn spent(scene: &Scene, process: &mut FunctionProcess, event: &Value) -> Result<Spent> {
    let proxy = &scene.backstage.proxy;
    proxy.set_pause(PAUSE);
    proxy.take_timed_calls();
    proxy.take_units();
    let answer = process.invoke(event).await?;
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    ensure!(
        (200..300).contains(&status),
        "{} {} answered {answer}",
        event["httpMethod"],
        event["path"]
    );
    let spent = taken(scene);
    proxy.set_pause(Duration::ZERO);
    Ok(spent)
}

fn taken(scene: &Scene) -> Spent {
    let calls = scene.backstage.proxy.take_timed_calls();
    Spent {
        calls: calls.len(),
        in_sequence: in_sequence(&calls),
        units: scene.backstage.proxy.take_units(),
    }
}

/// The longest chain of calls each of which began when the one before had ended.
fn in_sequence(calls: &[Call]) -> usize {
    let mut ended: Vec<(Instant, Instant)> = calls
        .iter()
        .filter_map(|call| Some((call.began, call.ended?)))
        .collect();
    ended.sort_by_key(|(_, ended)| *ended);
    let (mut count, mut last) = (0, None);
    for (began, end) in ended {
        if last.is_none_or(|last| began >= last) {
            count += 1;
            last = Some(end);
        }
    }
    count
}

/// The steps of a run's life that everybody pays for, and then those of one webhook.
async fn run(scene: &Scene, receiver: &Receiver) -> Result<Vec<(&'static str, Spent)>> {
    let backstage = &scene.backstage;
    let counted = Config {
        dynamodb_endpoint: Some(backstage.proxy.url().to_owned()),
        ..backstage.config()
    };
    let store = Store::open(&counted);
    let mut steps = Vec::new();
    backstage.runs.call("GET", "/v1/runs", Some(&backstage.key), None).await;
    taken(scene);
    let run: RunId = backstage.create(json!({ "task": TASK })).await;
    steps.push(("accepted", taken(scene)));
    let count = async || -> Result<Spent> {
        let told = backstage.stores.store.fold().told_by(run).await?;
        taken(scene);
        store.fold().count(&told).await?;
        Ok(taken(scene))
    };
    steps.push(("its beginning counted", count().await?));
    backstage.work_on(run).await;
    steps.push(("worked on", taken(scene)));
    steps.push(("its end counted", count().await?));
    backstage.tell(Source::Run(run)).await;
    steps.push(("nobody to tell", taken(scene)));
    backstage.webhook(&receiver.url("/"), &["run.completed"]).await;
    let other = backstage.create(json!({ "task": TASK })).await;
    backstage.work_on(other).await;
    taken(scene);
    backstage.tell(Source::Run(other)).await;
    steps.push(("or one to tell", taken(scene)));
    for message in backstage.stores.take_messages("DeliveriesQueue") {
        ensure!(
            backstage.deliver("DeliveriesQueue", &message.body).await,
            "the receiver takes everything"
        );
    }
    steps.push(("and told", taken(scene)));
    Ok(steps)
}

fn goals(routes: &[Priced], run: &[(&str, Spent)]) -> Vec<Goal> {
    let of = |operation| {
        routes
            .iter()
            .find(|priced| priced.route.operation == operation)
            .map(|priced| priced.steady.units)
    };
    let as_reckoned = [
        (of(Operation::RunCreate), figures::CREATE_RUN),
        (of(Operation::RunList), figures::LIST_RUNS),
        (of(Operation::RunShow), figures::SHOW_RUN),
    ];
    let is_as_reckoned = as_reckoned
        .iter()
        .all(|(measured, reckoned)| *measured == Some(*reckoned));
    // Counted once, as where it ends within the second for which the counter gathers.
    let plain = ["accepted", "worked on", "its end counted"];
    let written: f64 = run
        .iter()
        .filter(|(what, _)| plain.contains(what))
        .map(|(_, spent)| spent.units.write)
        .sum();
    let deeper: Vec<String> = routes
        .iter()
        .filter(|priced| priced.route.method == "GET" && priced.steady.in_sequence > READ_CALLS_MAX)
        .map(|priced| {
            format!(
                "{} in `{} {}`",
                priced.steady.in_sequence, priced.route.method, priced.route.path
            )
        })
        .collect();
    let create = routes
        .iter()
        .find(|priced| priced.route.operation == Operation::RunCreate)
        .map_or(0, |priced| priced.steady.in_sequence);
    vec![
        Goal {
            what: "create, list and read cost the units that docs/costs.md reckons with".into(),
            measured: as_reckoned
                .map(|(measured, _)| measured.map_or_else(String::new, shown))
                .join(", "),
            verdict: Verdict::of(is_as_reckoned),
        },
        Goal {
            what: format!("a plain run writes at most {PLAIN_RUN_WRITE_MAX} units"),
            measured: format!("{written}"),
            verdict: Verdict::of(written <= PLAIN_RUN_WRITE_MAX),
        },
        Goal {
            what: format!("`POST /v1/run` waits for {CREATE_CALLS_MAX} calls in sequence"),
            measured: create.to_string(),
            verdict: Verdict::of(create == CREATE_CALLS_MAX),
        },
        Goal {
            what: format!("a read waits for {READ_CALLS_MAX} calls in sequence at the most"),
            measured: if deeper.is_empty() {
                "all do".into()
            } else {
                deeper.join(", ")
            },
            verdict: Verdict::of(deeper.is_empty()),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_side_by_side_are_one_in_sequence() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let call = |from, to| Call {
            operation: "GetItem".into(),
            body: Default::default(),
            began: at(from),
            ended: Some(at(to)),
        };
        assert_eq!(in_sequence(&[call(0, 10), call(11, 20), call(11, 25), call(26, 30)]), 3);
        assert_eq!(in_sequence(&[call(0, 30), call(1, 9), call(10, 19)]), 2);
        assert_eq!(in_sequence(&[]), 0);
    }
}
