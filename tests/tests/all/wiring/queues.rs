//! Who takes messages from which queue, and for how long a message is hidden meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use eclips_tests::stack::{Stack, StackFunction};
use serde_json::{Value, json};

/// The queues that functions take messages from, each with its function and its mapping.
fn consumed(stack: &Stack) -> BTreeMap<&str, (StackFunction<'_>, &Value)> {
    let mut consumed = BTreeMap::new();
    for function in stack.functions() {
        let events = function.properties()["Events"].as_object().into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| event["Type"] == "SQS") {
            let mapping = &event["Properties"];
            let queue = mapping["Queue"]["GetAtt"]
                .as_str()
                .and_then(|arn| arn.strip_suffix(".Arn"));
            let before = consumed.insert(queue.expect("a queue of the stack"), (function, mapping));
            assert!(before.is_none(), "{queue:?} has two consumers");
        }
    }
    consumed
}

#[test]
fn each_queue_of_runs_has_a_consumer_and_so_have_its_dead_letters() {
    let stack = Stack::read();
    let consumers: BTreeMap<&str, &str> = consumed(&stack)
        .into_iter()
        .map(|(queue, (function, _))| (queue, function.name()))
        .collect();
    for (id, queue) in stack.of_type("AWS::SQS::Queue") {
        let Some(arn) = queue["RedrivePolicy"]["deadLetterTargetArn"]["GetAtt"].as_str() else {
            continue;
        };
        assert!(consumers.contains_key(id), "{id}");
        let dead_letters = arn.strip_suffix(".Arn").expect("an ARN");
        assert_eq!(consumers.get(dead_letters), Some(&"sweep"), "{id}");
    }
}

#[test]
fn no_message_is_seen_again_while_its_function_may_still_work_on_it() {
    let stack = Stack::read();
    for (queue, (function, mapping)) in consumed(&stack) {
        let hidden = stack.properties(queue)["VisibilityTimeout"].as_u64();
        let hidden = Duration::from_secs(hidden.unwrap_or_else(|| panic!("{queue} says nothing")));
        assert!(hidden > function.timeout(), "{queue}: {hidden:?}");
        // Without it, one message that fails brings back its whole batch.
        assert_eq!(
            mapping["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
            "{queue}"
        );
    }
}
