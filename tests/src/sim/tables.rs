//! The tables: the engine as the SDK's requests reach it, and what a test sees and changes by itself, without a port call or a
//! fault.

use std::collections::BTreeMap;

use dynoxide::Database;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::world::Sim;

/// Who reads the main table's stream, each at its own pace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// Whoever sends hints.
    Dispatch,
    /// Whoever counts.
    Fold,
}

/// Has the engine do an operation: its requests and answers are what is on the wire.
pub(super) fn operate(database: &Database, operation: &str, body: &[u8]) -> (u16, Value) {
    match operation {
        "GetItem" => answer(body, |request| database.get_item(request)),
        "PutItem" => answer(body, |request| database.put_item(request)),
        "UpdateItem" => answer(body, |request| database.update_item(request)),
        "Query" => answer(body, |request| database.query(request)),
        "BatchGetItem" => answer(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => answer(body, |request| database.batch_write_item(request)),
        "TransactWriteItems" => answer(body, |request| database.transact_write_items(request)),
        "CreateTable" => answer(body, |request| database.create_table(request)),
        "DescribeTable" => answer(body, |request| database.describe_table(request)),
        "UpdateTimeToLive" => answer(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => answer(body, |request| database.describe_time_to_live(request)),
        _ => panic!("the tables here know no {operation}"),
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    act: impl FnOnce(Q) -> Result<A, dynoxide::DynoxideError>,
) -> (u16, Value) {
    let request = serde_json::from_slice(body).expect("the SDK sends what the engine knows");
    match act(request) {
        Ok(answer) => (200, serde_json::to_value(answer).expect("answers are JSON")),
        Err(error) => (
            error.status_code(),
            serde_json::from_str(&error.to_json()).expect("errors are JSON"),
        ),
    }
}

impl Sim {
    /// An item, as the engine shows it: `{ "S": … }`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    pub fn item(&self, pk: &str, sk: &str) -> Option<Value> {
        let request = json!({
            "TableName": self.config.table_main, "ConsistentRead": true,
            "Key": { "pk": { "S": pk }, "sk": { "S": sk } },
        });
        let answer = self.carrier.database.get_item(of(request)).expect("the engine answers");
        let mut answer = serde_json::to_value(answer).expect("answers are JSON");
        Some(answer["Item"].take()).filter(Value::is_object)
    }

    /// All items under a partition key, by sort key, as the engine shows them: `{ "S": … }`.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    pub fn items(&self, pk: &str) -> BTreeMap<String, Value> {
        let request = json!({
            "TableName": self.config.table_main, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": { ":pk": { "S": pk } },
        });
        let answer = self.carrier.database.query(of(request)).expect("the engine answers");
        let answer = serde_json::to_value(answer).expect("answers are JSON");
        let items = answer["Items"].as_array().cloned().unwrap_or_default().into_iter();
        items
            .map(|item| (item["sk"]["S"].as_str().expect("a sort key").to_owned(), item))
            .collect()
    }

    /// Sets an attribute of an item, `{ "S": … }`, as if much had happened.
    ///
    /// # Panics
    /// When the engine refuses.
    pub fn set(&self, pk: &str, sk: &str, name: &str, value: &Value) {
        let request = json!({
            "TableName": self.config.table_main, "Key": { "pk": { "S": pk }, "sk": { "S": sk } },
            "UpdateExpression": "SET #name = :value", "ExpressionAttributeNames": { "#name": name },
            "ExpressionAttributeValues": { ":value": value },
        });
        let set = self.carrier.database.update_item(of(request));
        set.expect("the engine answers");
    }

    /// Removes all items under a partition key.
    ///
    /// # Panics
    /// When the engine refuses.
    pub fn remove(&self, pk: &str) {
        for sk in self.items(pk).into_keys() {
            let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
            let request = json!({ "TableName": self.config.table_main, "Key": key });
            let removed = self.carrier.database.delete_item(of(request));
            removed.expect("the engine answers");
        }
    }

    /// The records of the main table's stream that a reader has not [read](Sim::has_read) yet, and up to where that is.
    /// *Shape*: as Lambda shows them, which is what is on the engine's wire.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    pub fn records(&self, reader: Reader) -> (Vec<Value>, String) {
        let read_to = self.read_to.lock().expect("nothing panics while it holds this").clone();
        let from = read_to[reader as usize].clone().unwrap_or_else(|| self.first_record());
        let request = json!({ "ShardIterator": from, "Limit": 1_000 });
        let answer = self.carrier.database.get_records(of(request));
        let answer = answer.expect("the engine answers");
        let next = answer.next_shard_iterator.clone().expect("the stream has no end");
        let records = serde_json::to_value(answer.records).expect("records are JSON");
        (records.as_array().cloned().unwrap_or_default(), next)
    }

    /// Says that a reader is done with all records up to where [`Sim::records`] said.
    ///
    /// # Panics
    /// Never.
    pub fn has_read(&self, reader: Reader, read_to: String) {
        self.read_to.lock().expect("nothing panics while it holds this")[reader as usize] = Some(read_to);
    }

    /// Leaves out all records so far.
    pub fn forget_records(&self) {
        for reader in [Reader::Dispatch, Reader::Fold] {
            loop {
                let (records, next) = self.records(reader);
                self.has_read(reader, next);
                if records.is_empty() {
                    break;
                }
            }
        }
    }

    fn first_record(&self) -> String {
        let database = &self.carrier.database;
        let streams = database.list_streams(of(json!({ "TableName": self.config.table_main })));
        let streams = streams.expect("the engine answers").streams;
        let arn = &streams.first().expect("the table has a stream").stream_arn;
        let stream = database.describe_stream(of(json!({ "StreamArn": arn })));
        let shards = stream.expect("the engine answers").stream_description.shards;
        let shard = &shards.first().expect("the stream has a shard").shard_id;
        let request = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
        let start = database.get_shard_iterator(of(request));
        start
            .expect("the engine answers")
            .shard_iterator
            .expect("the stream has a beginning")
    }
}

fn of<Q: DeserializeOwned>(request: Value) -> Q {
    serde_json::from_value(request).expect("the engine knows it")
}
