//! The third floor: a lambda_http function that makes the calls of another one for each request, with nothing around them, and gives its answer. The bench has
//! written down what that one sends and says; here it is sent by the SDK's own builders, one call after the other, so that what both take differs by
//! the other's own code.
//!
//! A condition that held once need not hold again: each has an alternative here that always does.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, Select, TransactWriteItem};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::{Body, Error, Request, Response, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    let client = &Client::from_conf((&sdk).into());
    let text = std::fs::read_to_string(setting("FLOOR_CALLS")?)?;
    let calls: &Vec<Value> = &serde_json::from_str(&text)?;
    let answer = &std::fs::read_to_string(setting("FLOOR_ANSWER")?)?;
    lambda_http::run(service_fn(move |_: Request| async move {
        for call in calls {
            send(client, call).await?;
        }
        Ok::<_, Error>(Response::new(Body::from(answer.as_str())))
    }))
    .await
}

/// Sends `{"operation","body"}`, the body as DynamoDB takes it.
async fn send(client: &Client, call: &Value) -> Result<(), Error> {
    let body = &call["body"];
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    match call["operation"].as_str().unwrap_or_default() {
        "GetItem" => {
            let read = client
                .get_item()
                .set_table_name(text("TableName"))
                .set_key(map(&body["Key"]));
            read.set_consistent_read(body["ConsistentRead"].as_bool())
                .send()
                .await?;
        }
        "Query" => {
            let query = client
                .query()
                .set_table_name(text("TableName"))
                .set_index_name(text("IndexName"))
                .set_key_condition_expression(text("KeyConditionExpression"))
                .set_expression_attribute_names(names(&body["ExpressionAttributeNames"]))
                .set_expression_attribute_values(map(&body["ExpressionAttributeValues"]))
                .set_scan_index_forward(body["ScanIndexForward"].as_bool())
                .set_consistent_read(body["ConsistentRead"].as_bool())
                .set_select(text("Select").as_deref().map(Select::from))
                .set_limit(body["Limit"].as_i64().and_then(|limit| limit.try_into().ok()));
            query.send().await?;
        }
        "UpdateItem" => {
            let update = client
                .update_item()
                .set_table_name(text("TableName"))
                .set_key(map(&body["Key"]))
                .set_update_expression(text("UpdateExpression"))
                .set_condition_expression(always(body))
                .set_expression_attribute_names(names(&body["ExpressionAttributeNames"]))
                .set_expression_attribute_values(map(&body["ExpressionAttributeValues"]))
                .set_return_values(text("ReturnValues").as_deref().map(ReturnValue::from));
            update.send().await?;
        }
        "TransactWriteItems" => {
            let writes = body["TransactItems"].as_array().into_iter().flatten();
            let writes = writes.map(write).collect::<Result<Vec<_>, Error>>()?;
            client
                .transact_write_items()
                .set_transact_items(Some(writes))
                .send()
                .await?;
        }
        other => return Err(format!("{other} cannot be replayed; floors/src/bin/replay.rs says what can").into()),
    }
    Ok(())
}

fn write(write: &Value) -> Result<TransactWriteItem, Error> {
    let put = &write["Put"];
    let built = Put::builder()
        .set_table_name(put["TableName"].as_str().map(str::to_owned))
        .set_item(map(&put["Item"]))
        .set_condition_expression(always(put));
    Ok(TransactWriteItem::builder().put(built.build()?).build())
}

/// A condition that holds for every item that is there, whatever else it asks.
fn always(body: &Value) -> Option<String> {
    let condition = body["ConditionExpression"].as_str()?;
    Some(format!("({condition}) OR attribute_exists(pk)"))
}

fn names(json: &Value) -> Option<HashMap<String, String>> {
    let pairs = json.as_object()?.iter();
    Some(
        pairs
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    )
}

fn map(json: &Value) -> Option<HashMap<String, AttributeValue>> {
    let pairs = json.as_object()?.iter();
    Some(pairs.map(|(name, json)| (name.clone(), value(json))).collect())
}

/// An attribute as DynamoDB writes it in JSON.
fn value(json: &Value) -> AttributeValue {
    let Some((kind, held)) = json.as_object().and_then(|kinds| kinds.iter().next()) else {
        return AttributeValue::Null(true);
    };
    let text = || held.as_str().unwrap_or_default().to_owned();
    let list = || held.as_array().into_iter().flatten();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(text()).unwrap_or_default())),
        "BOOL" => AttributeValue::Bool(held == true),
        "L" => AttributeValue::L(list().map(value).collect()),
        "M" => AttributeValue::M(map(held).unwrap_or_default()),
        "SS" => AttributeValue::Ss(list().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => AttributeValue::Null(true),
    }
}

/// What the bench says: the files of calls and answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a floor shares no settings with the functions: shared/src/config.rs would be part of what is measured"
)]
fn setting(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| format!("{name} is missing; `cargo xtask bench` sets it").into())
}
