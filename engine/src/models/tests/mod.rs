//! Models against endpoints that are ours and lie: every rung, every fault, and what is written on the wire.

mod answer;
mod bedrock;
mod endpoint;
mod faults;
mod injection;
mod keys;
mod ladder;
mod repair;
mod unruly;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Map, Value, json};

use super::{EvaluationRequest, Lineup, Meter, ModelAnswer, ModelError, ModelRequest, Models, Secret};
use crate::action::ActionKind;
use crate::agents::{Agent, Department, Proposable};
use crate::tier::Tier;

use self::endpoint::{Endpoint, Reply, Seen};

/// An agent whose output needs a summary and nothing else.
static AGENT: Agent = Agent {
    id: "buyer",
    name: "Buyer",
    department: Department::Procurement,
    description: "Buys what is needed.",
    tier: Tier::Fast,
    high_stakes: false,
    instructions: "Buy at the lowest price.",
    schema: "{}",
    actions: &[Proposable {
        id: "place_order",
        kind: ActionKind::Submit,
        description: "Place the order",
    }],
};

/// The models that a fast tier's setting names.
fn models(setting: &str, key: &str, account: Option<&SdkConfig>) -> Models {
    let settings = [setting, "sandbox", "sandbox"].map(str::to_owned);
    let lineup = Lineup::read(&settings, &Secret::new(key.to_owned())).expect("the settings are right");
    Models::over(lineup, account)
}

/// A model called `tiny` behind an endpoint.
fn openai(endpoint: &Endpoint) -> Models {
    models(&format!("openai:{}/v1#tiny", endpoint.url()), "none", None)
}

/// A model called `tiny` of a Bedrock that is an endpoint of ours.
fn bedrock(endpoint: &Endpoint) -> Models {
    models("bedrock:tiny", "none", Some(&account(endpoint)))
}

/// An account whose every service is an endpoint of ours.
fn account(endpoint: &Endpoint) -> SdkConfig {
    let credentials = Credentials::new("AKIDTEST", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

fn request<'a>(task: &'a str, data: Option<&'a Map<String, Value>>) -> ModelRequest<'a> {
    ModelRequest {
        agent: &AGENT,
        tier: Tier::Fast,
        task,
        data,
        attempt: 1,
    }
}

async fn ask(models: &Models, meter: &Meter) -> Result<ModelAnswer, ModelError> {
    models
        .of(Tier::Fast)
        .answer(&request("Buy a chair.", None), meter)
        .await
}

/// An answer that fits.
fn good() -> Value {
    json!({ "output": { "summary": "A chair was found." }, "confidence": 0.9, "action": null })
}

/// A chat completion with a text, of 10 tokens for 20.
fn says(text: &str) -> Reply {
    Reply::Json(
        200,
        completion(&json!({ "role": "assistant", "content": text }), "stop"),
    )
}

fn completion(message: &Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "another-name",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }],
        "usage": { "prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30 }
    })
}

/// An answer of Converse whose tool got an input, of 10 tokens for 20.
fn uses_tool(input: &Value) -> Reply {
    Reply::Json(
        200,
        converse(
            &json!({ "toolUse": { "toolUseId": "t1", "name": "answer", "input": input } }),
            "tool_use",
        ),
    )
}

fn converse(block: &Value, stop_reason: &str) -> Value {
    json!({
        "metrics": { "latencyMs": 100 },
        "output": { "message": { "role": "assistant", "content": [block] } },
        "stopReason": stop_reason,
        "usage": { "inputTokens": 20, "outputTokens": 10, "totalTokens": 30 }
    })
}

/// What the meter shows: answers, tokens read, tokens written.
fn metered(meter: &Meter) -> (u32, u64, u64) {
    let reading = meter.read();
    (
        reading.spent.answers,
        reading.spent.input_tokens,
        reading.spent.output_tokens,
    )
}
