//! Who reads the main table's stream: how many, how they go on after a failure, and which records Lambda lets through to them.

use std::collections::BTreeSet;

use eclips_local::template::Template;
use eclips_shared::ids::RunId;
use eclips_tests::event_file;
use eclips_tests::stack::{Stack, StackFunction};
use serde_json::{Value, json};

/// The functions that read the stream, each with its mapping.
fn consumers(stack: &Stack) -> Vec<(StackFunction<'_>, &Value)> {
    let functions = stack.functions();
    functions
        .flat_map(|function| function.consumes().into_iter().map(move |mapping| (function, mapping)))
        .collect()
}

#[test]
fn two_functions_read_the_stream_and_none_skips_a_record() {
    let stack = Stack::read();
    let consumers = consumers(&stack);
    // *Source*: DynamoDB Streams, LimitExceededException: no more than two readers of a shard.
    let names: Vec<&str> = consumers.iter().map(|(function, _)| function.name()).collect();
    assert_eq!(names, ["dispatch", "fold"]);
    let mut dead_letters = BTreeSet::new();
    for (function, mapping) in &consumers {
        let name = function.name();
        assert_eq!(mapping["Stream"], json!({ "GetAtt": "MainTable.StreamArn" }), "{name}");
        assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON", "{name}");
        // More than one batch of a shard at once would be out of order.
        assert!(mapping.get("ParallelizationFactor").is_none(), "{name}");
        assert_eq!(
            mapping["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
            "{name}"
        );
        let patience = (&mapping["MaximumRecordAgeInSeconds"], &mapping["MaximumRetryAttempts"]);
        assert_eq!(patience, (&json!(82_800), &json!(-1)), "{name}");
        let target = &mapping["DestinationConfig"]["OnFailure"]["Destination"]["GetAtt"];
        dead_letters.insert(target.as_str().expect("a queue").to_owned());
    }
    assert_eq!(dead_letters.len(), consumers.len(), "each has dead letters of its own");
}

#[test]
fn lambda_lets_through_what_counts_and_keeps_most_of_the_rest() {
    // Every record of these files, in their order.
    let dispatch: &[(&str, &[bool])] = &[
        ("dispatch-queued-run", &[true]),
        ("dispatch-urgent-run", &[true]),
        // That a batch's rows are made passes: a pattern cannot tell it from the wish to cancel, so the function does.
        ("dispatch-batch", &[true, true, true]),
        ("dispatch-run-ended", &[true]),
        ("dispatch-delivery-asked", &[true, false]),
        ("dispatch-other-records", &[false, false, false]),
        // A run that is made, and one that ends; no answer of a model.
        ("fold-run-ended", &[true, false, true]),
        ("fold-day-began", &[false]),
    ];
    let fold: &[(&str, &[bool])] = &[
        ("fold-run-ended", &[true, true, true]),
        ("fold-day-began", &[true]),
        // A lease and a plan pass: a pattern cannot compare two images, so the function does.
        ("fold-other-records", &[false, false, true, true]),
        ("dispatch-run-ended", &[true]),
        ("dispatch-delivery-asked", &[false, false]),
        // A claim and a deletion count.
        ("dispatch-other-records", &[false, true, true]),
    ];
    let template = Template::embedded().expect("the template can be read");
    for (id, shown) in [("DispatchFunction", dispatch), ("FoldFunction", fold)] {
        let mapping = template.mapping(id).expect("it reads the stream");
        for (file, expected) in shown {
            let event = event_file::read(file, "no-key", RunId::generate());
            let records = event["Records"].as_array().expect("records").iter();
            let passed: Vec<bool> = records.map(|record| mapping.filter.lets_through(record)).collect();
            assert_eq!(&passed, expected, "{id}: events/{file}.json");
        }
    }
}
