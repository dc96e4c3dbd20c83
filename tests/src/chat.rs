//! A model's endpoint that speaks chat completions, as a script says, and notes what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// What the endpoint does.
#[derive(Clone, Debug)]
pub enum Say {
    /// An answer in the form that was asked for, with a confidence.
    Fitting(f64),
    /// A text.
    Text(&'static str),
    /// A refusal of the model.
    Refusal,
    /// A status without an answer.
    Status(u16),
    /// Nothing, for ever.
    Silence,
}

/// The tokens that each answer takes: read, written.
pub const TOKENS: (u64, u64) = (20, 10);

#[derive(Clone)]
struct Shared {
    script: Arc<dyn Fn(usize) -> Say + Send + Sync>,
    asked: Arc<Mutex<Vec<Value>>>,
}

/// The endpoint; it ends with the test.
pub struct Chat {
    url: String,
    shared: Shared,
}

impl Chat {
    /// Listens; the script gets the number of the calls before.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(script: impl Fn(usize) -> Say + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Shared {
            script: Arc::new(script),
            asked: Arc::default(),
        };
        let app = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// The setting that names it: `openai:http://127.0.0.1:<port>/v1#tiny`.
    #[must_use]
    pub fn setting(&self) -> String {
        format!("openai:{}/v1#tiny", self.url)
    }

    /// What it was asked so far.
    ///
    /// # Panics
    /// When a handler did.
    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.lock().expect("no handler panics").clone()
    }
}

async fn answer(State(shared): State<Shared>, body: String) -> Response {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let before = {
        let mut asked = shared.asked.lock().expect("no handler panics");
        asked.push(body.clone());
        asked.len() - 1
    };
    let message = match (shared.script)(before) {
        Say::Fitting(confidence) => {
            let mut answer = least(&body["response_format"]["json_schema"]["schema"]);
            answer["confidence"] = json!(confidence);
            json!({ "role": "assistant", "content": answer.to_string() })
        }
        Say::Text(text) => json!({ "role": "assistant", "content": text }),
        Say::Refusal => json!({ "role": "assistant", "content": null, "refusal": "I can't help with that." }),
        Say::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, json!({ "error": { "message": "x" } }).to_string()).into_response();
        }
        Say::Silence => std::future::pending().await,
    };
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    let usage = json!({ "prompt_tokens": TOKENS.0, "completion_tokens": TOKENS.1 });
    json!({ "choices": [choice], "usage": usage })
        .to_string()
        .into_response()
}

/// The least that fits a schema.
fn least(schema: &Value) -> Value {
    if let Some(first) = schema["anyOf"].get(0) {
        return least(first);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let members = required.map(|name| (name.to_owned(), least(&schema["properties"][name])));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Some("array") => {
            let entries = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).expect("a small number");
            vec![least(&schema["items"]); entries].into()
        }
        Some("string") if schema["format"] == "date" => json!("2026-06-06"),
        Some("string") => json!("x"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}
