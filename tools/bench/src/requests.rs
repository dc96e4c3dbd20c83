//! A request of each route that is taken, with all that must be there before it.

use eclips_shared::routes::Operation;
use eclips_shared::webhook::Source;
use eclips_tests::event_file;
use eclips_tests::function::event;
use eclips_tests::receiver::Receiver;
use serde_json::{Value, json};

use crate::scene::{Scene, TASK};

/// The rows of a batch that is asked for.
const ROWS: usize = 50;

/// Makes requests.
pub struct Requests<'a> {
    /// The stores, and the key that asks.
    pub scene: &'a Scene,
    /// Whom webhooks lead to.
    pub receiver: &'a Receiver,
}

impl Requests<'_> {
    /// A request that has not been made before.
    pub async fn of(&self, operation: Operation) -> Value {
        let backstage = &self.scene.backstage;
        let get = |path: &str| event("GET", path, Some(&backstage.key), None);
        let post = |path: &str, body: Option<&Value>| event("POST", path, Some(&backstage.key), body);
        match operation {
            Operation::HealthShow => event("GET", "/v1/health", None, None),
            Operation::RunCreate => post("/v1/run", Some(&json!({ "task": TASK }))),
            Operation::RunList => get("/v1/runs"),
            Operation::RunShow => get(&format!("/v1/runs/{}", self.scene.ended)),
            Operation::RunCancel => {
                let run = backstage.create(json!({ "task": TASK })).await;
                post(&format!("/v1/runs/{run}/cancel"), None)
            }
            Operation::StreamShow => event_file::read("stream-show", &backstage.key, self.scene.ended),
            Operation::TriageList => get("/v1/triage"),
            Operation::TriageShow => get(&self.question("").await),
            Operation::TriageApprove => post(&self.question("/approve").await, None),
            Operation::TriageReject => post(&self.question("/reject").await, None),
            Operation::WebhookCreate => post("/v1/webhooks", Some(&self.wish())),
            Operation::WebhookList => get("/v1/webhooks"),
            Operation::WebhookDelete => event("DELETE", &self.webhook("").await, Some(&backstage.key), None),
            Operation::WebhookRotate => post(&self.webhook("/rotate").await, None),
            Operation::WebhookDeliveries => get(&self.webhook("/deliveries").await),
            Operation::WebhookResend => post(&self.delivery().await, None),
            Operation::BatchCreate => {
                let rows = vec![json!({ "task": "x", "data": {} }); ROWS];
                post(
                    "/v1/batches",
                    Some(&json!({ "agent_type": "summariser", "rows": rows })),
                )
            }
            Operation::BatchList => get("/v1/batches"),
            Operation::BatchShow => get(&self.batch(ROWS, "").await),
            Operation::BatchCancel => post(&self.batch(5, "/cancel").await, None),
            Operation::UsageSummary => get("/v1/usage"),
            Operation::UsageDaily => get("/v1/usage/daily"),
            Operation::UsageAgents => get("/v1/usage/agents"),
            Operation::UsageKeys => get("/v1/usage/keys"),
        }
    }

    /// A question that waits.
    async fn question(&self, verb: &str) -> String {
        format!("/v1/triage/{}{verb}", self.scene.backstage.waiting().await.1)
    }

    /// A batch whose rows have their runs.
    async fn batch(&self, rows: usize, verb: &str) -> String {
        let batch = self.scene.backstage.batch(&vec![json!({}); rows]).await;
        self.scene.backstage.tend(batch).await;
        format!("/v1/batches/{batch}{verb}")
    }

    fn wish(&self) -> Value {
        json!({ "url": self.receiver.url("/"), "events": ["run.completed"] })
    }

    async fn webhook(&self, verb: &str) -> String {
        let made = self
            .scene
            .backstage
            .webhook(&self.receiver.url("/"), &["run.completed"])
            .await;
        format!("/v1/webhooks/{}{verb}", text(&made["id"]))
    }

    /// A webhook that was told of a run.
    async fn delivery(&self) -> String {
        let backstage = &self.scene.backstage;
        let made = backstage.webhook(&self.receiver.url("/"), &["run.completed"]).await;
        let run = backstage.create(json!({ "task": TASK })).await;
        backstage.work_on(run).await;
        backstage.tell(Source::Run(run)).await;
        let delivery = backstage.deliveries(&made).await.remove(0);
        format!(
            "/v1/webhooks/{}/deliveries/{}/resend",
            text(&made["id"]),
            text(&delivery["id"])
        )
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("an id is text")
}
