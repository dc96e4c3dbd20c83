//! What raises an alarm, against what there is: a function, a queue or an alarm word that nobody would hear of fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use eclips_tests::repository;
use eclips_tests::stack::Stack;
use serde_json::{Value, json};

/// What an alarm looks at: namespace, metric, and the value of its first dimension as the template writes it.
type Watched = (String, String, Value);

/// Every alarm by its logical id, with what it looks at; an alarm over several metrics looks at each.
fn alarms(stack: &Stack) -> BTreeMap<&str, Vec<Watched>> {
    let watched = |metric: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("own").to_owned();
        let of = metric["Dimensions"][0]["Value"].clone();
        (text(&metric["Namespace"]), text(&metric["MetricName"]), of)
    };
    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
    alarms
        .map(|(id, alarm)| {
            let several = alarm["Metrics"].as_array().into_iter().flatten();
            let mut metrics: Vec<Watched> = several
                .filter(|query| query.get("MetricStat").is_some())
                .map(|query| watched(&query["MetricStat"]["Metric"]))
                .collect();
            if alarm.get("MetricName").is_some() {
                metrics.push(watched(alarm));
            }
            (id, metrics)
        })
        .collect()
}

/// The values of the first dimension of all alarms over a metric.
fn watched(stack: &Stack, namespace: &str, metric: &str) -> BTreeSet<String> {
    let all = alarms(stack).into_values().flatten();
    let of_metric = all.filter(|(space, name, _)| space == namespace && name == metric);
    of_metric
        .map(|(_, _, of)| {
            let name = of.as_str().or(of["Ref"].as_str()).or(of["GetAtt"].as_str());
            name.expect("a name").trim_end_matches(".QueueName").to_owned()
        })
        .collect()
}

#[test]
fn every_function_has_alarms_for_its_errors_and_for_want_of_room() {
    let stack = Stack::read();
    let functions: BTreeSet<String> = stack.functions().map(|function| function.id.to_owned()).collect();
    for metric in ["Errors", "Throttles"] {
        assert_eq!(watched(&stack, "AWS/Lambda", metric), functions, "{metric}");
    }
}

#[test]
fn every_reader_of_the_stream_has_an_alarm_for_being_late() {
    let stack = Stack::read();
    let readers = stack.functions().filter(|function| !function.consumes().is_empty());
    let readers: BTreeSet<String> = readers.map(|function| function.id.to_owned()).collect();
    assert_eq!(watched(&stack, "AWS/Lambda", "IteratorAge"), readers);
}

#[test]
fn every_function_that_answers_callers_has_an_alarm_for_being_slow() {
    let stack = Stack::read();
    // A stream lasts as long as its run, and health has nothing to wait for.
    let callers = stack.functions().filter(|function| !function.routes().is_empty());
    let slow: BTreeSet<String> = callers
        .map(|function| function.name().to_owned())
        .filter(|name| !["stream", "health"].contains(&name.as_str()))
        .collect();
    assert_eq!(watched(&stack, "own", "RequestTime"), slow);
}

#[test]
fn every_queue_has_an_alarm_for_what_waits_or_for_what_was_given_up() {
    let stack = Stack::read();
    let queue = |value: &Value| {
        let arn = value["GetAtt"].as_str().expect("a queue's ARN");
        arn.trim_end_matches(".Arn").to_owned()
    };
    let mut given_up: BTreeSet<String> = BTreeSet::new();
    for (_, properties) in stack.of_type("AWS::SQS::Queue") {
        let target = properties
            .get("RedrivePolicy")
            .map(|policy| &policy["deadLetterTargetArn"]);
        given_up.extend(target.map(queue));
    }
    for mapping in stack.functions().flat_map(|function| function.consumes()) {
        given_up.insert(queue(&mapping["DestinationConfig"]["OnFailure"]["Destination"]));
    }
    let queues: BTreeSet<String> = stack.of_type("AWS::SQS::Queue").map(|(id, _)| id.to_owned()).collect();
    let waits: BTreeSet<String> = queues.difference(&given_up).cloned().collect();
    assert_eq!(watched(&stack, "AWS/SQS", "ApproximateAgeOfOldestMessage"), waits);
    assert_eq!(
        watched(&stack, "AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        given_up
    );
}

#[test]
fn both_tables_have_alarms_for_refusals_and_for_faults() {
    let stack = Stack::read();
    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
    let queries: Vec<&str> = alarms
        .filter_map(|(_, alarm)| alarm["Metrics"][0]["Expression"]["Sub"].as_str())
        .collect();
    for (table, _) in stack.of_type("AWS::DynamoDB::Table") {
        for metric in ["ThrottledRequests", "SystemErrors"] {
            let query = format!(
                "SELECT SUM({metric}) FROM SCHEMA(\"AWS/DynamoDB\", Operation, TableName) WHERE TableName = '${{{table}}}'"
            );
            assert!(queries.contains(&query.as_str()), "{query}");
        }
    }
    assert!(queries.contains(&"SELECT SUM(RefusedKeys) FROM \"${AWS::StackName}\""));
}

#[test]
fn every_alarm_word_of_the_code_has_an_alarm() {
    let mut words = BTreeSet::new();
    for folder in ["shared/src", "engine/src", "functions"] {
        collect(&repository::path(folder), &mut words);
    }
    assert!(words.contains("corrupt_record"), "{words:?}");
    let stack = Stack::read();
    assert_eq!(
        watched(&stack, "own", "Alarms"),
        words,
        "left: the template; right: `alarm = \"…\"` in the sources"
    );
}

/// The alarm words of every source in a folder, and in those below it.
fn collect(folder: &Path, words: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            collect(&path, words);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source is text");
            let found = source.split("alarm = \"").skip(1);
            words.extend(found.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
}

#[test]
fn every_alarm_reaches_the_topic_and_holds_its_tongue_where_nothing_happens() {
    let stack = Stack::read();
    let (topic, properties) = stack.only("AWS::SNS::Topic");
    let there = json!([{ "Ref": topic }]);
    for (id, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
        assert_eq!(alarm["AlarmActions"], there, "{id}");
        assert_eq!(alarm["OKActions"], there, "{id}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id}");
        assert!(
            alarm["AlarmDescription"].as_str().is_some_and(|text| text.len() > 10),
            "{id}"
        );
        // Of several queries one is watched.
        let queries = alarm["Metrics"].as_array().into_iter().flatten();
        let shown = queries.filter(|query| query["ReturnData"] != json!(false)).count();
        assert_eq!(shown, usize::from(alarm.get("Metrics").is_some()), "{id}");
        let name = alarm["AlarmName"]["Sub"].as_str().unwrap_or_default();
        assert!(
            name.starts_with("${AWS::StackName}-"),
            "{id}: key and topic let alarms of this name alone publish"
        );
    }
    // Encrypted with a key that CloudWatch may use, by alarms of this stack: with SNS's own nothing would arrive.
    assert_eq!(properties["KmsMasterKeyId"], json!({ "Ref": "AlarmsKey" }));
    let key = &stack.properties("AlarmsKey")["KeyPolicy"]["Statement"][1];
    let policy = &stack.properties("AlarmsTopicPolicy")["PolicyDocument"]["Statement"][0];
    for statement in [key, policy] {
        assert_eq!(statement["Principal"], json!({ "Service": "cloudwatch.amazonaws.com" }));
        let condition = &statement["Condition"];
        assert_eq!(
            condition["StringEquals"]["aws:SourceAccount"],
            json!({ "Ref": "AWS::AccountId" })
        );
        let source = condition["ArnLike"]["aws:SourceArn"]["Sub"]
            .as_str()
            .unwrap_or_default();
        assert!(source.ends_with(":alarm:${AWS::StackName}-*"), "{source}");
    }
    assert_eq!(key["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey*"]));
    assert_eq!(policy["Action"], json!(["sns:Publish"]));
}

#[test]
fn the_readme_says_what_to_do_about_each_alarm() {
    let readme = repository::text("infra/README.md");
    let (_, section) = readme.split_once("## Alarms").expect("it has a section");
    let mut named: Vec<String> = Vec::new();
    for row in repository::table(section) {
        assert_eq!(row.len(), 3, "alarm, when, what to do: {row:?}");
        named.extend(row[0].split('`').skip(1).step_by(2).map(str::to_owned));
    }
    named.sort_unstable();
    let stack = Stack::read();
    let mut there: Vec<String> = Vec::new();
    for (_, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
        let name = alarm["AlarmName"]["Sub"].as_str().expect("a name");
        there.push(name.trim_start_matches("${AWS::StackName}-").to_owned());
    }
    // One row for what is the same of every function.
    for metric in ["errors", "throttles"] {
        let functions = stack
            .functions()
            .map(|function| format!("{}-{metric}", function.name()));
        for name in functions {
            let place = there.iter().position(|there| *there == name);
            there.swap_remove(place.unwrap_or_else(|| panic!("no alarm {name}")));
        }
        there.push(format!("<function>-{metric}"));
    }
    there.sort_unstable();
    assert_eq!(named, there, "left: infra/README.md; right: the template");
}

#[test]
fn the_overview_is_one_page_of_what_there_is() {
    let stack = Stack::read();
    let (_, overview) = stack.only("AWS::CloudWatch::Dashboard");
    let body = overview["DashboardBody"]["Sub"].as_str().expect("it names resources");
    let body: Value = serde_json::from_str(body).expect("a dashboard is JSON");
    let widgets = body["widgets"].as_array().expect("it has widgets");
    assert!(widgets.len() <= 15, "few, and readable");
    for widget in widgets {
        let properties = &widget["properties"];
        assert_eq!(properties["region"], "${AWS::Region}", "{properties}");
        assert!(
            properties["title"].as_str().is_some_and(|title| title.len() < 50),
            "{properties}"
        );
    }
    let text = body.to_string();
    for queue in stack.of_type("AWS::SQS::Queue").map(|(id, _)| id) {
        assert!(text.contains(&format!("${{{queue}.QueueName}}")), "{queue}");
    }
    for function in stack.functions() {
        assert_eq!(
            text.matches(&format!("\"${{{}}}\",{{\"label\"", function.id)).count(),
            shown(function.name())
        );
    }
    let own = [
        "RequestTime",
        "RefusedKeys",
        "Throttled",
        "RunsCompleted",
        "RunsFailed",
        "RunsCancelled",
        "RunsToTriage",
        "RunTime",
        "ModelCalls",
        "ModelFaults",
        "ModelTime",
        "InputTokens",
        "OutputTokens",
        "DeliveryTries",
        "DeliveryFaults",
        "DeliveryTime",
    ];
    for metric in own {
        assert!(
            text.contains(&format!("\"{metric}")) || text.contains(&format!("\\\"{metric}\\\"")),
            "{metric}"
        );
    }
}

/// How often a function is in the overview: with its errors and its throttles, and the stream's readers with their age.
fn shown(function: &str) -> usize {
    2 + usize::from(["dispatch", "fold"].contains(&function))
}
