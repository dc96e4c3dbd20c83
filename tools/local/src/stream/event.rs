//! Stream records as Lambda shows them to a function.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::primitives::DateTime;
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, StreamRecord};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// The event of a batch of records that are [`shown`].
pub fn of(batch: &[Value]) -> Value {
    json!({ "Records": batch })
}

/// A record as a function sees it, and as the mapping's filters do.
pub fn shown(record: &Record, stream_arn: &str) -> Value {
    let mut shown = json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(|name| name.as_str()),
        "eventVersion": record.event_version(),
        "eventSource": record.event_source(),
        "awsRegion": record.aws_region(),
        "dynamodb": record.dynamodb().map(change),
        "eventSourceARN": stream_arn,
    });
    // Absent but for what DynamoDB deletes by itself. The engine misspells it, so that the SDK reads its members as none.
    if let Some(identity) = record.user_identity() {
        shown["userIdentity"] = json!({
            "type": identity.r#type().unwrap_or("Service"),
            "principalId": identity.principal_id().unwrap_or("dynamodb.amazonaws.com"),
        });
    }
    shown
}

fn change(change: &StreamRecord) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    };
    put(
        "ApproximateCreationDateTime",
        change
            .approximate_creation_date_time()
            .map(|at: &DateTime| json!(at.as_secs_f64())),
    );
    put("Keys", change.keys().map(item));
    put("NewImage", change.new_image().map(item));
    put("OldImage", change.old_image().map(item));
    put("SequenceNumber", change.sequence_number().map(|number| json!(number)));
    put("SizeBytes", Some(json!(change.size_bytes().unwrap_or_default())));
    put(
        "StreamViewType",
        change.stream_view_type().map(|view| json!(view.as_str())),
    );
    Value::Object(shown)
}

fn item(attributes: &HashMap<String, AttributeValue>) -> Value {
    attributes
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect::<Map<_, _>>()
        .into()
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": BASE64_STANDARD.encode(bytes) }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(blobs) => {
            json!({ "BS": blobs.iter().map(|blob| BASE64_STANDARD.encode(blob)).collect::<Vec<_>>() })
        }
        AttributeValue::L(values) => json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() }),
        AttributeValue::M(members) => json!({ "M": item(members) }),
        // The SDK's door for types that DynamoDB has not yet.
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodbstreams::primitives::Blob;
    use aws_sdk_dynamodbstreams::types::{Identity, OperationType, StreamViewType};

    #[test]
    fn every_type_is_shown_as_lambda_shows_it_and_read_back_by_its_types() {
        let blob = || Blob::new([0xff, 0]);
        let values = [
            ("s", AttributeValue::S("é".into()), json!({"S": "é"})),
            ("n", AttributeValue::N("1e-100".into()), json!({"N": "1e-100"})),
            ("b", AttributeValue::B(blob()), json!({"B": "/wA="})),
            ("bool", AttributeValue::Bool(false), json!({"BOOL": false})),
            ("null", AttributeValue::Null(true), json!({"NULL": true})),
            ("ss", AttributeValue::Ss(vec!["a".into()]), json!({"SS": ["a"]})),
            ("ns", AttributeValue::Ns(vec!["1".into()]), json!({"NS": ["1"]})),
            ("bs", AttributeValue::Bs(vec![blob()]), json!({"BS": ["/wA="]})),
            (
                "l",
                AttributeValue::L(vec![AttributeValue::Bool(true)]),
                json!({"L": [{"BOOL": true}]}),
            ),
            ("m", AttributeValue::M(HashMap::new()), json!({"M": {}})),
        ];
        let mut change = StreamRecord::builder()
            .sequence_number("100000000000000000001")
            .size_bytes(9);
        change = change.approximate_creation_date_time(DateTime::from_secs(1_780_736_400));
        change = change.stream_view_type(StreamViewType::NewAndOldImages);
        for (name, value, _) in &values {
            change = change.new_image(*name, value.clone());
        }
        let record = Record::builder()
            .event_id("e")
            .event_name(OperationType::Insert)
            .aws_region("local")
            .user_identity(Identity::builder().build())
            .dynamodb(change.build())
            .build();
        let event = of(&[shown(&record, "arn:x")]);
        let shown = &event["Records"][0];
        for (name, _, expected) in values {
            assert_eq!(shown["dynamodb"]["NewImage"][name], expected, "{name}");
        }
        assert_eq!(shown["dynamodb"]["ApproximateCreationDateTime"], json!(1_780_736_400.0));
        assert!(shown["dynamodb"].get("OldImage").is_none());
        assert_eq!(
            shown["userIdentity"],
            json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"})
        );

        let read: aws_lambda_events::dynamodb::Event = serde_json::from_value(event).unwrap();
        assert_eq!(read.records[0].event_source_arn.as_deref(), Some("arn:x"));
        assert_eq!(read.records[0].change.new_image.len(), 10);
    }
}
