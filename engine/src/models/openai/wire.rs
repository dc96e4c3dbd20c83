//! Chat completions on the wire: the request's body, and what an answer says.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Reply;
use super::dialect::{Dialect, Limit, Rung};
use super::refusal::Refusal;
use crate::models::question::{Question, Repair};
use crate::models::{Meter, ModelError};

/// How many times more tokens a model gets that thinks before it answers. Our choice.
const THINKING: u32 = 4;

/// Writes a request. No temperature: some models take none but their own.
pub(super) fn request(model: &str, dialect: Dialect, question: &Question, repair: Option<&Repair>) -> Value {
    let system = match dialect.rung {
        // Only llama-cpp-python reads the schema beside `json_object`; the others' models find it in words or not at all.
        Rung::JsonObject | Rung::Prompt => format!("{}\n{}\n", question.system, question.schema_in_words()),
        Rung::JsonSchema | Rung::Tool => question.system.clone(),
    };
    let mut messages = vec![
        json!({ "role": "system", "content": system }),
        json!({ "role": "user", "content": question.user }),
    ];
    if let Some(repair) = repair {
        messages.push(json!({ "role": "assistant", "content": repair.said }));
        messages.push(json!({ "role": "user", "content": repair.words(question) }));
    }
    let mut body = json!({ "model": model, "messages": messages, "stream": false });
    match dialect.limit {
        Limit::MaxTokens => body["max_tokens"] = json!(question.tokens_max),
        Limit::MaxCompletionTokens => body["max_completion_tokens"] = json!(THINKING * question.tokens_max),
    }
    let (name, schema) = (question.name, &question.schema);
    match dialect.rung {
        // Not strict: that takes a part of JSON Schema only, without the limits that ours have.
        Rung::JsonSchema => {
            body["response_format"] =
                json!({ "type": "json_schema", "json_schema": { "name": name, "schema": schema, "strict": false } });
        }
        Rung::JsonObject => body["response_format"] = json!({ "type": "json_object", "schema": schema }),
        Rung::Tool => {
            let function = json!({ "name": name, "description": "Gives the answer.", "parameters": schema });
            body["tools"] = json!([{ "type": "function", "function": function }]);
            body["tool_choice"] = json!({ "type": "function", "function": { "name": name } });
        }
        Rung::Prompt => {}
    }
    body
}

/// Reads an answer; counts what it took.
pub(super) fn read(status: StatusCode, body: &[u8], meter: &Meter) -> Reply {
    let json = serde_json::from_slice(body).unwrap_or(Value::Null);
    match Refusal::find(status, &json) {
        Some(refusal) => {
            if is_told(&json["usage"]) {
                count(&json["usage"], meter);
            }
            refusal.judge()
        }
        None => completion(&json, meter).map_or_else(Reply::Failed, Reply::Said),
    }
}

fn completion(json: &Value, meter: &Meter) -> Result<String, ModelError> {
    let choice = &json["choices"][0];
    if !choice["message"].is_object() {
        if is_told(&json["usage"]) {
            count(&json["usage"], meter);
        }
        return Err(ModelError::Unavailable("HTTP 200 without a chat completion".to_owned()));
    }
    count(&json["usage"], meter);
    match choice["finish_reason"].as_str() {
        Some("length") => return Err(ModelError::CutOff),
        Some("content_filter") => return Err(ModelError::Refused("finish_reason content_filter".to_owned())),
        _ => {}
    }
    let message = &choice["message"];
    if message["refusal"]
        .as_str()
        .is_some_and(|refusal| !refusal.trim().is_empty())
    {
        return Err(ModelError::Refused("the message is a refusal".to_owned()));
    }
    // Where a tool had to be used and was not, the text may be the answer all the same.
    let text = match &message["tool_calls"][0]["function"]["arguments"] {
        Value::String(arguments) => arguments.clone(),
        object @ Value::Object(_) => object.to_string(),
        _ => content(&message["content"]),
    };
    if text.trim().is_empty() {
        return Err(ModelError::Malformed("an empty message".to_owned()));
    }
    Ok(text)
}

/// A message's text; some endpoints give it in parts.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn is_told(usage: &Value) -> bool {
    usage["prompt_tokens"].is_number() || usage["completion_tokens"].is_number()
}

/// A negative, broken or missing figure is none.
fn count(usage: &Value, meter: &Meter) {
    meter.count(usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64());
}
