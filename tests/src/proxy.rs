//! A store between a function and the store: counts the calls by name and the units that they cost, and answers in its
//! stead what it never says itself.

mod calls;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use self::calls::Call;
use self::calls::Calls;
use crate::unrest::{Lag, Unrest};

/// How much later a slow call is passed on.
pub const MOMENT: Duration = Duration::from_millis(600);

/// How the proxy treats a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Passes it on.
    None,
    /// Says 500.
    Broken,
    /// Says that it is throttled.
    Throttled,
    /// Never answers.
    Silent,
    /// Passes it on a moment later: what the test does meanwhile comes first.
    Slow,
    /// Refuses the signature's owner.
    Denied,
    /// Says that there is no such table.
    NoTable,
    /// Says that a transaction holds the item.
    Conflict,
    /// Passes it on, and then says 500: it happened, and nobody was told.
    ReplyLost,
    /// Passes half of the keys or items of a `BatchGetItem` or `BatchWriteItem` on, and leaves the others for the next call.
    Halved,
    /// Passes the last of them on, and leaves all others.
    Thinned,
}

#[derive(Clone)]
struct Shared {
    target: String,
    rule: Arc<Mutex<Rule>>,
    calls: Arc<Mutex<Calls>>,
    pause: Arc<Mutex<Duration>>,
    units: Arc<Mutex<Units>>,
    unrest: Option<Arc<Unrest>>,
    http: reqwest::Client,
}

/// What calls cost. *Units*: read and write capacity units, those of indexes and of transactions (twice) included.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Units {
    /// Read.
    pub read: f64,
    /// Written.
    pub write: f64,
}

/// Which calls get a fault.
#[derive(Clone, Copy)]
struct Rule {
    fault: Fault,
    /// One operation only.
    operation: Option<&'static str>,
    /// So many of them pass first.
    skip: usize,
    /// So many of them get it.
    times: usize,
    /// What the one after these gets.
    then: Option<Fault>,
}

/// The proxy; lives as long as the test.
pub struct Proxy {
    shared: Shared,
    url: String,
}

impl Proxy {
    /// Starts in front of an endpoint.
    pub async fn before(target: &str) -> Self {
        Self::with(target, None).await
    }

    /// Starts in front of an endpoint whose store is from now on as [`Unrest`] has it, whatever else is set.
    pub async fn restless(target: &str) -> Self {
        Self::with(target, Some(Arc::default())).await
    }

    async fn with(target: &str, unrest: Option<Arc<Unrest>>) -> Self {
        let http = crate::world::client();
        let shared = Shared {
            target: target.to_owned(),
            rule: Arc::new(Mutex::new(Rule {
                fault: Fault::None,
                operation: None,
                skip: 0,
                times: 0,
                then: None,
            })),
            calls: Arc::default(),
            pause: Arc::default(),
            units: Arc::default(),
            unrest,
            http,
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has ports");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = Router::new().fallback(pass).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, url }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on treats every call so.
    pub fn set(&self, fault: Fault) {
        self.rule(Rule {
            fault,
            operation: None,
            skip: 0,
            times: usize::MAX,
            then: None,
        });
    }

    /// From now on treats calls of one operation so.
    pub fn set_for(&self, operation: &'static str, fault: Fault) {
        self.rule(Rule {
            fault,
            operation: Some(operation),
            skip: 0,
            times: usize::MAX,
            then: None,
        });
    }

    /// Lets `skip` calls of an operation pass, treats the next `times` so, and passes on all later ones.
    pub fn set_after(&self, operation: &'static str, skip: usize, times: usize, fault: Fault) {
        self.rule(Rule {
            fault,
            operation: Some(operation),
            skip,
            times,
            then: None,
        });
    }

    /// Treats the next call of an operation so and the one after it so, and passes on all later ones.
    pub fn set_both(&self, operation: &'static str, fault: Fault, then: Fault) {
        self.rule(Rule {
            fault,
            operation: Some(operation),
            skip: 0,
            times: 1,
            then: Some(then),
        });
    }

    /// What the calls since this was last asked have cost, as the engine says.
    pub fn take_units(&self) -> Units {
        std::mem::take(&mut *self.shared.units.lock().expect("no panic holds it"))
    }

    fn rule(&self, rule: Rule) {
        *self.shared.rule.lock().expect("no panic holds it") = rule;
    }

    /// The operations since this was last asked, in order of arrival.
    pub fn take_calls(&self) -> Vec<String> {
        self.take_timed_calls().into_iter().map(|call| call.operation).collect()
    }

    /// The calls since this was last asked, in order of arrival, with their times.
    pub fn take_timed_calls(&self) -> Vec<Call> {
        self.shared.calls.lock().expect("no panic holds it").take()
    }

    /// From now on passes every call on so much later. What is asked for side by side then overlaps, however fast the store is.
    pub fn set_pause(&self, pause: Duration) {
        *self.shared.pause.lock().expect("no panic holds it") = pause;
    }
}

/// What this call gets; counts it.
fn fault_of(shared: &Shared, operation: &str) -> Fault {
    let mut rule = shared.rule.lock().expect("no panic holds it");
    if rule.operation.is_some_and(|only| only != operation) {
        return Fault::None;
    }
    if rule.times == 0 {
        return rule.then.take().unwrap_or(Fault::None);
    }
    if rule.skip > 0 {
        rule.skip -= 1;
        return Fault::None;
    }
    rule.times = rule.times.saturating_sub(1);
    rule.fault
}

async fn pass(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let number = shared.calls.lock().expect("no panic holds it").begin(&operation, &body);
    let pause = *shared.pause.lock().expect("no panic holds it");
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let answer = treat(&shared, &operation, &headers, body).await;
    shared.calls.lock().expect("no panic holds it").end(number);
    answer
}

async fn treat(shared: &Shared, operation: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let fault = match &shared.unrest {
        Some(unrest) => unrest.fault(operation, headers, &body),
        None => fault_of(shared, operation),
    };
    let refuse = |status: u16, code: &str| {
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"injected"}}"#);
        let status = StatusCode::from_u16(status).expect("a status");
        (status, [("content-type", "application/x-amz-json-1.0")], body).into_response()
    };
    match fault {
        Fault::None | Fault::ReplyLost | Fault::Halved | Fault::Thinned => {}
        Fault::Conflict if operation == "TransactWriteItems" => return cancelled(&body),
        Fault::Conflict => return refuse(400, "TransactionConflictException"),
        Fault::Broken => return refuse(500, "InternalServerError"),
        Fault::Throttled => return refuse(400, "ProvisionedThroughputExceededException"),
        Fault::Denied => return refuse(400, "AccessDeniedException"),
        Fault::NoTable => return refuse(400, "ResourceNotFoundException"),
        Fault::Slow => tokio::time::sleep(MOMENT).await,
        Fault::Silent => tokio::time::sleep(Duration::from_secs(600)).await,
    }
    let lag = shared.unrest.as_ref().and_then(|_| Lag::of(operation, &body));
    let body = lag.as_ref().map_or(body, Lag::asked);
    let (body, left) = match fault {
        Fault::Halved if operation.starts_with("Batch") => parted(&body, |items| items / 2),
        Fault::Thinned if operation.starts_with("Batch") => parted(&body, |items| items - 1),
        _ => (body, None),
    };
    let mut request = shared.http.post(&shared.target).body(asking_for_units(&body));
    for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            let bytes = answer.bytes().await.unwrap_or_default();
            add_units(shared, operation, &bytes);
            if fault == Fault::ReplyLost {
                return refuse(500, "InternalServerError");
            }
            let bytes = match lag {
                Some(lag) => lag.answer(&bytes),
                None => bytes,
            };
            let bytes = match left {
                Some(left) => leaving(operation, &bytes, left),
                None => bytes,
            };
            (status, [("content-type", "application/x-amz-json-1.0")], bytes).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// A transaction that met another one: every write has a reason, and one of them is the conflict.
fn cancelled(body: &Bytes) -> Response {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let writes = asked["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); writes];
    reasons[0] = json!({ "Code": "TransactionConflict", "Message": "injected" });
    let answer = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "injected", "CancellationReasons": reasons,
    });
    (
        StatusCode::BAD_REQUEST,
        [("content-type", "application/x-amz-json-1.0")],
        answer.to_string(),
    )
        .into_response()
}

/// The last of the keys that a `BatchGetItem` asks of its one table, as a request; and the first, of which there are so many, as
/// what is left for the next one. So the items do not come in the order of the keys, which DynamoDB does not promise.
fn parted(body: &Bytes, left_of: fn(usize) -> usize) -> (Bytes, Option<Value>) {
    let mut asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut left = asked["RequestItems"].clone();
    let tables = asked["RequestItems"].as_object_mut().into_iter().flatten();
    for ((_, now), (_, later)) in tables.zip(left.as_object_mut().into_iter().flatten()) {
        // To be read they are under their table's `Keys`, to be written under the table itself.
        let (now, later) = if now.is_array() {
            (now, later)
        } else {
            (&mut now["Keys"], &mut later["Keys"])
        };
        let items = now.as_array_mut().expect("keys are asked for, or items given");
        let last = items.split_off(left_of(items.len()));
        *later = std::mem::replace(items, last).into();
        if *later == json!([]) {
            return (body.clone(), None);
        }
    }
    (asked.to_string().into(), Some(left))
}

fn leaving(operation: &str, answer: &Bytes, left: Value) -> Bytes {
    let mut answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let name = if operation == "BatchGetItem" {
        "UnprocessedKeys"
    } else {
        "UnprocessedItems"
    };
    answer[name] = left;
    answer.to_string().into()
}

/// The same request, which also asks what it costs. The product does not ask: the answer would be longer.
fn asking_for_units(body: &Bytes) -> Vec<u8> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut asked)) => {
            asked.insert("ReturnConsumedCapacity".to_owned(), json!("INDEXES"));
            serde_json::to_vec(&asked).expect("it was JSON")
        }
        _ => body.to_vec(),
    }
}

fn add_units(shared: &Shared, operation: &str, answer: &Bytes) {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let each = consumed
        .as_array()
        .map_or_else(|| vec![consumed], |many| many.iter().collect());
    let units: f64 = each.iter().filter_map(|one| one["CapacityUnits"].as_f64()).sum();
    let mut sum = shared.units.lock().expect("no panic holds it");
    if matches!(
        operation,
        "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems"
    ) {
        sum.read += units;
    } else {
        sum.write += units;
    }
}
