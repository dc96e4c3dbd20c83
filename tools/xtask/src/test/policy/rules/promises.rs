//! A small stack that keeps every rule, and what is said when it breaks one.

use serde_json::{Value, json};

use super::faults;

fn alarm(dimension: &Value, metric: &str) -> Value {
    json!({ "Type": "AWS::CloudWatch::Alarm", "Properties": {
        "MetricName": metric, "Dimensions": [{ "Name": "Of", "Value": dimension }],
    } })
}

fn role(statements: &Value) -> Value {
    json!({ "Type": "AWS::IAM::Role", "Properties": { "Policies": [{ "PolicyDocument": { "Statement": statements } }] } })
}

fn service(policy: &str) -> Value {
    json!({ "Type": "AWS::IAM::Role", "Properties": { "ManagedPolicyArns": [{ "Fn::Sub": policy }] } })
}

/// One function of the API with its queue.
fn stack() -> Value {
    let uri = "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/${RunsFunctionAliaslive}/invocations";
    let integration = json!({ "x-amazon-apigateway-integration": { "uri": { "Fn::Sub": uri } } });
    json!({ "Resources": {
        "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": {
            "Body": { "paths": { "/v1/run": { "post": integration } } },
        } },
        "RunsFunction": { "Type": "AWS::Lambda::Function", "Properties": {
            "LoggingConfig": { "LogGroup": { "Ref": "RunsLogGroup" } },
        } },
        "RunsFunctionVersion1": { "Type": "AWS::Lambda::Version", "Properties": { "FunctionName": { "Ref": "RunsFunction" } } },
        "RunsFunctionAliaslive": {
            "Type": "AWS::Lambda::Alias",
            "UpdatePolicy": { "CodeDeployLambdaAliasUpdate": { "DeploymentGroupName": { "Ref": "RunsFunctionDeploymentGroup" } } },
            "Properties": { "Name": "live", "FunctionName": { "Ref": "RunsFunction" } },
        },
        "RunsFunctionDeploymentGroup": { "Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": {
            "AlarmConfiguration": { "Enabled": true, "Alarms": [{ "Name": { "Ref": "RunsErrors" } }] },
            "AutoRollbackConfiguration": { "Enabled": true, "Events": ["DEPLOYMENT_STOP_ON_ALARM"] },
            "DeploymentConfigName": { "Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", { "ConfigName": "Canary10Percent5Minutes" }] },
        } },
        "Mapping": { "Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": { "Ref": "RunsFunctionAliaslive" }, "EventSourceArn": { "Fn::GetAtt": ["RunsQueue", "Arn"] },
        } },
        "RunsQueue": { "Type": "AWS::SQS::Queue", "Properties": {} },
        "RunsFunctionRole": role(&json!([
            { "Sid": "Trace", "Action": ["xray:PutTraceSegments"], "Resource": "*" },
            { "Sid": "ReadKeyByHash", "Action": ["dynamodb:GetItem"], "Resource": { "Fn::GetAtt": ["KeysTable", "Arn"] } },
        ])),
        "CodeDeployServiceRole": service("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"),
        "GatewayAccountRole":
            service("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"),
        "RunsLogGroup": { "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": 30 } },
        "RunsErrors": alarm(&json!({ "Ref": "RunsFunction" }), "Errors"),
        "RunsThrottles": alarm(&json!({ "Ref": "RunsFunction" }), "Throttles"),
        "RunsQueueAge": alarm(&json!({ "Fn::GetAtt": ["RunsQueue", "QueueName"] }), "ApproximateAgeOfOldestMessage"),
    } })
}

/// Breaks the stack at one place and gives what is said.
fn broken(resource: &str, pointer: &str, value: Value) -> Vec<String> {
    let mut stack = stack();
    let place = stack["Resources"][resource].pointer_mut(pointer);
    *place.unwrap_or_else(|| panic!("{resource} has no {pointer}")) = value;
    faults(&stack)
}

/// Takes a resource out, or puts one in.
fn with(resource: &str, value: Option<Value>) -> Vec<String> {
    let mut stack = stack();
    let resources = stack["Resources"].as_object_mut().expect("it has resources");
    match value {
        Some(value) => resources.insert(resource.into(), value),
        None => resources.remove(resource),
    };
    faults(&stack)
}

#[track_caller]
fn blamed(faults: &[String], what: &str) {
    assert!(faults.iter().any(|fault| fault.contains(what)), "{what}: {faults:?}");
}

#[test]
fn a_stack_that_keeps_the_rules_is_accepted() {
    assert_eq!(faults(&stack()), Vec::<String>::new());
}

#[test]
fn what_was_not_expanded_is_no_stack() {
    assert_eq!(faults(&json!({ "Resources": {} })).len(), 1);
}

#[test]
fn nobody_calls_a_function_past_its_alias() {
    let past = "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/${RunsFunction.Arn}/invocations";
    let uri = "/Properties/Body/paths/~1v1~1run/post/x-amazon-apigateway-integration/uri";
    blamed(
        &broken("Api", uri, json!({ "Fn::Sub": past })),
        "Api: names RunsFunction",
    );
    for past in [
        json!({ "Ref": "RunsFunction" }),
        json!({ "Fn::GetAtt": ["RunsFunction", "Arn"] }),
    ] {
        let faults = broken("Mapping", "/Properties/FunctionName", past);
        assert_eq!(faults, ["Mapping: names RunsFunction, and not its alias"]);
    }
    let config = json!({ "Type": "AWS::Lambda::EventInvokeConfig", "Properties": { "Qualifier": "$LATEST" } });
    blamed(&with("Config", Some(config)), "Config: is not for the alias");
}

#[test]
fn a_version_comes_step_by_step_and_goes_back_by_itself() {
    let group = "RunsFunctionDeploymentGroup";
    for faults in [
        with(group, None),
        broken(group, "/Properties/AlarmConfiguration/Alarms", json!([])),
        broken(group, "/Properties/AlarmConfiguration/Enabled", json!(false)),
        // Another function's.
        broken(
            group,
            "/Properties/AlarmConfiguration/Alarms/0/Name/Ref",
            json!("RunsQueueAge"),
        ),
        broken(
            group,
            "/Properties/AutoRollbackConfiguration/Events",
            json!(["DEPLOYMENT_FAILURE"]),
        ),
        broken(
            group,
            "/Properties/DeploymentConfigName",
            json!("CodeDeployDefault.LambdaAllAtOnce"),
        ),
        broken("RunsFunctionAliaslive", "/Properties/Name", json!("other")),
        broken("RunsFunctionAliaslive", "/UpdatePolicy", json!({})),
    ] {
        assert_eq!(faults.len(), 1, "{faults:?}");
        blamed(&faults, "RunsFunction: has no alias live");
    }
}

#[test]
fn there_is_no_role_and_no_right_beside_those_that_are_spelled_out() {
    blamed(
        &with("MadeRole", Some(role(&json!([])))),
        "MadeRole: is a role too many",
    );
    blamed(
        &with("RunsFunctionRole", None),
        "RunsFunctionRole: there is no such role",
    );
    let all = "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess";
    blamed(
        &with("GatewayAccountRole", Some(service(all))),
        "GatewayAccountRole: has the policy",
    );
    let statement = "/Properties/Policies/0/PolicyDocument/Statement/1";
    let starred = json!({ "Sid": "ReadKeyByHash", "Action": ["dynamodb:*"], "Resource": "*" });
    let faults = broken("RunsFunctionRole", statement, starred.clone());
    blamed(&faults, "ReadKeyByHash has a star in an action");
    blamed(&faults, "ReadKeyByHash has a star in a resource");
    // Also under a condition of the stack.
    let choice = json!({ "Fn::If": ["Sometimes", starred, { "Ref": "AWS::NoValue" }] });
    blamed(
        &broken("RunsFunctionRole", statement, choice),
        "has a star in an action",
    );
}

#[test]
fn keys_are_read_where_they_are_checked_and_nowhere_else() {
    let actions = "/Properties/Policies/0/PolicyDocument/Statement/1/Action";
    let faults = broken(
        "RunsFunctionRole",
        actions,
        json!(["dynamodb:GetItem", "dynamodb:Scan"]),
    );
    blamed(&faults, "RunsFunction: may");
    // A function that no route leads to.
    blamed(
        &broken("Api", "/Properties/Body/paths", json!({})),
        "RunsFunction: may {\"dynamodb:GetItem\"}",
    );
}

#[test]
fn every_line_of_a_log_has_an_end() {
    blamed(
        &broken("RunsLogGroup", "/Properties", json!({})),
        "RunsLogGroup: keeps its lines for ever",
    );
    blamed(
        &broken("RunsFunction", "/Properties/LoggingConfig", json!({})),
        "RunsFunction: writes to no log group",
    );
}

#[test]
fn no_function_and_no_queue_is_without_an_alarm() {
    blamed(&with("RunsThrottles", None), "RunsFunction: has no alarm for Throttles");
    blamed(&with("RunsQueueAge", None), "RunsQueue: has no alarm");
    let queue = json!({ "Type": "AWS::SQS::Queue", "Properties": {} });
    assert_eq!(with("OtherQueue", Some(queue)), ["OtherQueue: has no alarm"]);
}
