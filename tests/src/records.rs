//! A run as it lies in the main table, item by item; for what no route shows.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::config::Config;
use eclips_shared::ids::RunId;
use serde_json::Value;

use crate::function::tables;

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// All items of a run, by sort key, in its order.
///
/// # Panics
/// When the engine is gone.
pub async fn of_run(config: &Config, run: RunId) -> Vec<(String, Item)> {
    under(config, &format!("R#{run}")).await
}

/// All items under a partition key, by sort key, in its order.
///
/// # Panics
/// When the engine is gone.
pub async fn under(config: &Config, pk: &str) -> Vec<(String, Item)> {
    let query = tables(config)
        .await
        .query()
        .table_name(&config.table_main)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
    let items = query.consistent_read(true).into_paginator().items().send();
    let items: Vec<Item> = items.collect::<Result<_, _>>().await.expect("the engine is up");
    let sk = |item: &Item| item["sk"].as_s().expect("a sort key is text").clone();
    items.into_iter().map(|item| (sk(&item), item)).collect()
}

/// One item of a run.
///
/// # Panics
/// When it is not there.
pub async fn item(config: &Config, run: RunId, sk: &str) -> Item {
    let items = of_run(config, run).await;
    let found = items.into_iter().find(|(found, _)| found == sk);
    found.unwrap_or_else(|| panic!("the run has no {sk}")).1
}

/// A triage item, as it is stored.
///
/// # Panics
/// When it is not there.
pub async fn question(config: &Config, triage: &str) -> Item {
    let items = under(config, &format!("Q#{triage}")).await;
    items.into_iter().next().expect("the item is there").1
}

/// The events of a run, in order, as they are stored.
///
/// # Panics
/// When an item of events is none.
pub async fn events(config: &Config, run: RunId) -> Vec<Value> {
    let items = of_run(config, run).await;
    let texts = items
        .iter()
        .filter(|(sk, _)| sk.starts_with("E#"))
        .flat_map(|(_, item)| item["events"].as_l().expect("a list").clone());
    texts
        .map(|text| serde_json::from_str(text.as_s().expect("a text")).expect("events are JSON"))
        .collect()
}

/// The types of events.
///
/// # Panics
/// When one has none.
#[must_use]
pub fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect()
}

/// A text attribute, or the digits of a number; empty when it is not there.
#[must_use]
pub fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        _ => "",
    }
}

/// Sets attributes of an item of the main table, which our store would not set so.
///
/// # Panics
/// When the engine is gone.
pub async fn set(config: &Config, pk: &str, sk: &str, attributes: &[(&str, AttributeValue)]) {
    let mut update = tables(config)
        .await
        .update_item()
        .table_name(&config.table_main)
        .key("pk", AttributeValue::S(pk.to_owned()))
        .key("sk", AttributeValue::S(sk.to_owned()));
    let mut sets = Vec::new();
    for (at, (name, value)) in attributes.iter().enumerate() {
        sets.push(format!("#n{at} = :v{at}"));
        update = update
            .expression_attribute_names(format!("#n{at}"), *name)
            .expression_attribute_values(format!(":v{at}"), value.clone());
    }
    let update = update.update_expression(format!("SET {}", sets.join(", ")));
    update.send().await.expect("the engine is up");
}

/// Takes an item out of the main table.
///
/// # Panics
/// When the engine is gone.
pub async fn remove(config: &Config, pk: &str, sk: &str) {
    let delete = tables(config)
        .await
        .delete_item()
        .table_name(&config.table_main)
        .key("pk", AttributeValue::S(pk.to_owned()))
        .key("sk", AttributeValue::S(sk.to_owned()));
    delete.send().await.expect("the engine is up");
}
