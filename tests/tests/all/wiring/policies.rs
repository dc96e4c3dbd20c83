//! What each function may do in AWS is what it does, and no more.

use std::collections::BTreeSet;

use eclips_tests::stack::{Grant, Stack, StackFunction};
use serde_json::{Value, json};

use super::walk;

/// A model that a tier names, an inference profile that it names, and what that profile may call.
const MODEL: &str = "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/${Id}";
const PROFILE: &str = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/${Id}";
const MODELS_OF_PROFILES: &str = "arn:${AWS::Partition}:bedrock:*::foundation-model/*";

/// The only resources with a star: X-Ray knows none, ListStreams is asked about all streams of one table, and the models of
/// the profiles that the tiers name are theirs to choose: a condition on the profile holds them (wiring/models.rs).
const STARS: [(&str, &str); 4] = [
    ("bedrock:InvokeModel", MODELS_OF_PROFILES),
    ("xray:PutTraceSegments", "*"),
    ("xray:PutTelemetryRecords", "*"),
    ("dynamodb:ListStreams", "${MainTable.Arn}/stream/*"),
];

fn grant((action, resource): (&str, &str)) -> Grant {
    (action.to_owned(), resource.to_owned())
}

/// What no walk asks on a machine without AWS: models, and the secret that holds the key of other endpoints. Which models these
/// are is in wiring/models.rs.
const UNASKED: [(&str, &str); 4] = [
    ("bedrock:InvokeModel", MODEL),
    ("bedrock:InvokeModel", PROFILE),
    ("bedrock:InvokeModel", MODELS_OF_PROFILES),
    ("secretsmanager:GetSecretValue", "ModelKey"),
];

/// What Lambda does in a function's name: it writes the log and the trace, and serves the event source mappings.
fn of_lambda(function: StackFunction<'_>) -> BTreeSet<Grant> {
    let log = function.properties()["LoggingConfig"]["LogGroup"]["Ref"].as_str();
    let log = format!("{}.Arn", log.expect("a log group of its own"));
    let mut grants = BTreeSet::from([
        grant(("logs:CreateLogStream", &log)),
        grant(("logs:PutLogEvents", &log)),
        grant(("xray:PutTraceSegments", "*")),
        grant(("xray:PutTelemetryRecords", "*")),
    ]);
    for queue in function.polls() {
        let actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
        grants.extend(actions.map(|action| (format!("sqs:{action}"), queue.to_owned())));
    }
    for mapping in function.consumes() {
        let of = |place: &Value| place["GetAtt"].as_str().expect("a resource of the template").to_owned();
        let (stream, lost) = (
            of(&mapping["Stream"]),
            of(&mapping["DestinationConfig"]["OnFailure"]["Destination"]),
        );
        let table = stream.trim_end_matches(".StreamArn");
        grants.insert(("sqs:SendMessage".to_owned(), lost));
        grants.insert(("dynamodb:ListStreams".to_owned(), format!("${{{table}.Arn}}/stream/*")));
        let actions = ["DescribeStream", "GetRecords", "GetShardIterator"];
        grants.extend(actions.map(|action| (format!("dynamodb:{action}"), stream.clone())));
    }
    grants
}

#[tokio::test]
async fn each_role_allows_the_calls_that_its_function_makes_and_no_others() {
    let (stack, roles) = (Stack::read(), walk::all().await);
    for function in stack.functions() {
        let mut needed = roles.used(function.name());
        needed.extend(of_lambda(function));
        if function.name() == "worker" {
            needed.extend(UNASKED.map(grant));
        }
        assert_eq!(
            function.grants(),
            needed,
            "left: the role of {}; right: what it called on the walk, and what Lambda needs",
            function.name()
        );
    }
}

#[test]
fn no_role_has_a_wildcard_where_a_name_would_do() {
    let known: BTreeSet<Grant> = STARS.into_iter().map(grant).collect();
    for function in Stack::read().functions() {
        for (action, resource) in function.grants() {
            assert!(!action.contains('*'), "{}: {action}", function.id);
            let starred = (action, resource);
            assert!(
                !starred.1.contains('*') || known.contains(&starred),
                "{}: {starred:?}",
                function.id
            );
        }
    }
}

#[test]
fn keys_are_read_by_authentication_written_by_the_dashboard_and_listed_by_nobody() {
    for function in Stack::read().functions() {
        let on_keys = function
            .grants()
            .into_iter()
            .filter(|(_, resource)| resource.contains("KeysTable"));
        let on_keys: BTreeSet<Grant> = on_keys.collect();
        let allowed: &[&str] = match function.name() {
            "runs" | "stream" | "triage" | "webhooks" | "batches" | "usage" => &["dynamodb:GetItem"],
            "dashboard" => &["dynamodb:PutItem", "dynamodb:UpdateItem"],
            _ => &[],
        };
        let allowed = allowed.iter().map(|action| grant((action, "KeysTable.Arn"))).collect();
        assert_eq!(on_keys, allowed, "{}", function.id);
    }
}

#[test]
fn secrets_are_sealed_by_three_functions_and_opened_by_the_one_that_signs() {
    let stack = Stack::read();
    let key = "SecretsKey";
    let properties = stack.properties(key);
    for function in stack.functions() {
        let on_key = function.grants().into_iter();
        let on_key: BTreeSet<Grant> = on_key
            .filter(|(action, resource)| action.starts_with("kms:") || resource.contains(key))
            .collect();
        let allowed: &[&str] = match function.name() {
            // Whoever answers customers can open nothing, not even what it sealed itself.
            "webhooks" | "dashboard" => &["kms:GenerateDataKey"],
            "deliver" => &["kms:Decrypt", "kms:GenerateDataKey"],
            _ => &[],
        };
        let arn = format!("{key}.Arn");
        let allowed = allowed.iter().map(|action| grant((action, arn.as_str()))).collect();
        assert_eq!(on_key, allowed, "{}", function.id);
        // Who may use the key knows which it is, and nobody else.
        let named = function.settings().get("ECLIPS_VAULT").copied().cloned();
        let expected = (!on_key.is_empty()).then(|| json!({ "Sub": format!("kms:${{{arn}}}") }));
        assert_eq!(named, expected, "{}", function.id);
    }
    // The account lets its roles say who may, and the key itself names nobody.
    let statements = &properties["KeyPolicy"]["Statement"];
    assert_eq!(statements.as_array().map(Vec::len), Some(1), "{statements}");
    assert_eq!(
        statements[0]["Principal"],
        json!({ "AWS": { "Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" } })
    );
    // Without the key no secret is ever opened again: it is never lost by mistake, and turned by KMS itself.
    assert_eq!(
        (&properties["EnableKeyRotation"], &properties["PendingWindowInDays"]),
        (&json!(true), &json!(30))
    );
    assert!(stack.is_retained(key), "{key}");
}

#[test]
fn nobody_gets_rights_but_by_those_statements() {
    let stack = Stack::read();
    for function in stack.functions() {
        assert!(
            function.properties().get("Policies").is_none(),
            "{} has policies beside its role",
            function.id
        );
        let role = function.role();
        let members: Vec<&str> = role
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(members, ["AssumeRolePolicyDocument", "Policies"], "{}", function.id);
        let trusted = json!([
            { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }
        ]);
        assert_eq!(
            role["AssumeRolePolicyDocument"]["Statement"], trusted,
            "{}",
            function.id
        );
        for statement in function.statements() {
            assert_eq!(statement["Effect"], "Allow", "{}: {statement}", function.id);
            let known: &[&str] = match statement["Sid"].as_str() {
                Some("AskModelsByProfile") => &["Sid", "Effect", "Action", "Resource", "Condition"],
                _ => &["Sid", "Effect", "Action", "Resource"],
            };
            let unknown = statement
                .as_object()
                .into_iter()
                .flatten()
                .find(|(name, _)| !known.contains(&name.as_str()));
            assert!(unknown.is_none(), "{}: {statement}", function.id);
        }
    }
    let roles: BTreeSet<String> = stack.of_type("AWS::IAM::Role").map(|(id, _)| id.to_owned()).collect();
    let mut expected: BTreeSet<String> = stack
        .functions()
        .map(|function| format!("{}Role", function.id))
        .collect();
    // API Gateway's own, for its log.
    expected.insert("GatewayAccountRole".to_owned());
    assert_eq!(
        roles, expected,
        "left: the template's roles; right: one for each function and the gateway's"
    );
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"] {
        assert_eq!(stack.of_type(kind).count(), 0, "{kind}");
    }
}
