//! What each function may do in AWS is what its code does, and no more.

use std::collections::BTreeSet;

use eclips_tests::stack::{Grant, Stack};
use serde_json::json;

/// What the code of each function calls, action by action, and what Lambda calls in its name. Written by hand: a new
/// call is a new line here and in the template, and somebody has thought about it.
const CALLS: &[(&str, &[(&str, &str)])] = &[
    // It opens no store and no queue.
    ("health", &[]),
    (
        "runs",
        &[
            // store/keys.rs, find: authentication.
            ("dynamodb:GetItem", "KeysTable.Arn"),
            // store/limits.rs, count and roll; store/keys.rs, touch; store/keys/refused.rs, note_refused;
            // store/runs/cancel.rs and ending.rs: the end of a run and of its triage item.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // store/runs/cancel.rs: the run; store/once.rs, find: what a named request has made; store/totals.rs, runs_now:
            // the number of a list.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/runs/create.rs and ending.rs, store/once.rs, take: the puts of their transactions, which IAM asks for
            // one by one.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/runs/show.rs, by way of parts.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/runs/list.rs: page and skip, by way of query.
            ("dynamodb:Query", "${MainTable.Arn}/index/by_tenant"),
            ("dynamodb:Query", "${MainTable.Arn}/index/by_status"),
            ("dynamodb:Query", "${MainTable.Arn}/index/by_agent"),
        ],
    ),
    (
        "stream",
        &[
            // store/keys.rs, find: authentication, and again while a stream is open.
            ("dynamodb:GetItem", "KeysTable.Arn"),
            // store/runs/watch.rs, watch: the run.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/runs/watch.rs, look: its events; store/slots.rs, take: the leases of open streams.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/slots.rs: a lease is taken, renewed, given back. store/limits.rs, store/keys.rs and
            // store/keys/refused.rs as for runs.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
        ],
    ),
    (
        "triage",
        &[
            // store/keys.rs, find: authentication.
            ("dynamodb:GetItem", "KeysTable.Arn"),
            // store/triage/find.rs: the item; store/triage/decide.rs: the run that waits for it.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/triage/list.rs: the items of a page, by way of only in store/several.rs.
            ("dynamodb:BatchGetItem", "MainTable.Arn"),
            // store/triage/end.rs: the run's last events, and its result where that is large.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/triage/end.rs: item and run. store/limits.rs, store/keys.rs and store/keys/refused.rs as for runs.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // store/triage/list.rs, by way of page and count in store/index.rs.
            ("dynamodb:Query", "${MainTable.Arn}/index/by_triage"),
        ],
    ),
    (
        "webhooks",
        &[
            // store/keys.rs, find: authentication.
            ("dynamodb:GetItem", "KeysTable.Arn"),
            // store/webhooks.rs, find and rotate; store/deliveries/tries.rs, resend.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/webhooks.rs, all; store/deliveries/list.rs, by way of page and count in store/index.rs.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/webhooks.rs, create: the webhook; store/audit.rs, entry.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/webhooks.rs, rotate, and the number of an organization's webhooks; store/deliveries/tries.rs, resend;
            // store/limits.rs, store/keys.rs and store/keys/refused.rs as for runs.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // store/webhooks.rs, delete.
            ("dynamodb:DeleteItem", "MainTable.Arn"),
            // vault/kms.rs, new_key: a new secret is sealed.
            ("kms:GenerateDataKey", "SecretsKey.Arn"),
        ],
    ),
    (
        "batches",
        &[
            // store/keys.rs, find: authentication.
            ("dynamodb:GetItem", "KeysTable.Arn"),
            // store/batches.rs, load; store/once.rs, find; store/runs/cancel.rs: a row's run.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/batches.rs, rows; store/batches/show.rs, results; store/batches/list.rs, by way of with_progress.
            ("dynamodb:BatchGetItem", "MainTable.Arn"),
            // store/batches/create.rs: what was sent, the batch, its progress and name; store/batches/finish.rs and
            // store/runs/ending.rs: events.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/batches/show.rs: what was sent.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/batches/cancel.rs and finish.rs, store/runs/ending.rs; store/limits.rs, store/keys.rs and
            // store/keys/refused.rs as for runs.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // store/batches/cancel.rs: a row that has not ended.
            ("dynamodb:ConditionCheckItem", "MainTable.Arn"),
            // store/batches/list.rs, by way of page and count in store/index.rs.
            ("dynamodb:Query", "${MainTable.Arn}/index/by_batch"),
        ],
    ),
    (
        "usage",
        &[
            // store/keys.rs, find: authentication.
            ("dynamodb:GetItem", "KeysTable.Arn"),
            // store/limits.rs, allowed.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/totals.rs, rows and requests, by way of between.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/limits.rs, store/keys.rs and store/keys/refused.rs as for runs; no total.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
        ],
    ),
    (
        "fold",
        &[
            // store/fold.rs, counted: what of some runs has been counted, by way of whole in store/several.rs.
            ("dynamodb:BatchGetItem", "MainTable.Arn"),
            // store/batches/finish.rs: the event of a batch whose rows have ended.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/fold.rs, publish_credits: the month's total; store/batches.rs, load.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/fold.rs, note, publish_credits and note_requests; store/fold/deltas.rs: what is added to the totals.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // The event source mapping: its destination on failure, and the stream.
            ("sqs:SendMessage", "FoldDeadLetterQueue.Arn"),
            ("dynamodb:DescribeStream", "MainTable.StreamArn"),
            ("dynamodb:GetRecords", "MainTable.StreamArn"),
            ("dynamodb:GetShardIterator", "MainTable.StreamArn"),
            ("dynamodb:ListStreams", "${MainTable.Arn}/stream/*"),
        ],
    ),
    (
        "worker",
        &[
            // store/work.rs, is_held: the look, during a model call, whether the run was cancelled.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/work.rs, load, by way of parts in store/runs.rs; store/batches/expand.rs, input.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/batches.rs, rows; store/batches/expand.rs, put_all.
            ("dynamodb:BatchGetItem", "MainTable.Arn"),
            ("dynamodb:BatchWriteItem", "MainTable.Arn"),
            // store/work.rs, advance: events, attempt, output and triage item.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/work.rs, transition, the end of an attempt, and renew.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // queue.rs, send_later.
            ("sqs:SendMessage", "RunsQueue.Arn"),
            ("sqs:SendMessage", "PriorityQueue.Arn"),
            // engine/src/models/bedrock: the models that the tiers name. Which these are is in wiring/models.rs.
            ("bedrock:InvokeModel", MODEL),
            ("bedrock:InvokeModel", PROFILE),
            ("bedrock:InvokeModel", MODELS_OF_PROFILES),
            // engine/src/models/key.rs: the key of other endpoints.
            ("secretsmanager:GetSecretValue", "ModelKey"),
            // The event source mappings.
            ("sqs:ReceiveMessage", "RunsQueue.Arn"),
            ("sqs:ReceiveMessage", "PriorityQueue.Arn"),
            ("sqs:DeleteMessage", "RunsQueue.Arn"),
            ("sqs:DeleteMessage", "PriorityQueue.Arn"),
            ("sqs:GetQueueAttributes", "RunsQueue.Arn"),
            ("sqs:GetQueueAttributes", "PriorityQueue.Arn"),
        ],
    ),
    (
        "dispatch",
        &[
            // queue.rs, send: SendMessageBatch is authorised as SendMessage.
            ("sqs:SendMessage", "RunsQueue.Arn"),
            ("sqs:SendMessage", "PriorityQueue.Arn"),
            ("sqs:SendMessage", "NewsQueue.Arn"),
            ("sqs:SendMessage", "DeliveriesQueue.Arn"),
            // The event source mapping: its destination on failure, and the stream.
            ("sqs:SendMessage", "DispatchDeadLetterQueue.Arn"),
            ("dynamodb:DescribeStream", "MainTable.StreamArn"),
            ("dynamodb:GetRecords", "MainTable.StreamArn"),
            ("dynamodb:GetShardIterator", "MainTable.StreamArn"),
            ("dynamodb:ListStreams", "${MainTable.Arn}/stream/*"),
        ],
    ),
    (
        "sweep",
        &[
            // store/sweep.rs, due and due_errands: keys alone.
            ("dynamodb:Query", "${MainTable.Arn}/index/by_due"),
            // store/sweep.rs, look and bury; store/triage/expire.rs: the item, and the run that waits for it.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/sweep.rs, put_off, put_off_errand and set_aside; store/runs/ending.rs and store/triage/end.rs: a run, its attempt and
            // its triage item end.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // store/runs/ending.rs and store/triage/end.rs: the last events.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // queue.rs, send: SendMessageBatch is authorised as SendMessage.
            ("sqs:SendMessage", "RunsQueue.Arn"),
            ("sqs:SendMessage", "PriorityQueue.Arn"),
            ("sqs:SendMessage", "RetriesQueue.Arn"),
            // The event source mappings.
            ("sqs:ReceiveMessage", "RunsDeadLetterQueue.Arn"),
            ("sqs:ReceiveMessage", "PriorityDeadLetterQueue.Arn"),
            ("sqs:ReceiveMessage", "NewsDeadLetterQueue.Arn"),
            ("sqs:ReceiveMessage", "DeliveriesDeadLetterQueue.Arn"),
            ("sqs:DeleteMessage", "RunsDeadLetterQueue.Arn"),
            ("sqs:DeleteMessage", "PriorityDeadLetterQueue.Arn"),
            ("sqs:DeleteMessage", "NewsDeadLetterQueue.Arn"),
            ("sqs:DeleteMessage", "DeliveriesDeadLetterQueue.Arn"),
            ("sqs:GetQueueAttributes", "RunsDeadLetterQueue.Arn"),
            ("sqs:GetQueueAttributes", "PriorityDeadLetterQueue.Arn"),
            ("sqs:GetQueueAttributes", "NewsDeadLetterQueue.Arn"),
            ("sqs:GetQueueAttributes", "DeliveriesDeadLetterQueue.Arn"),
        ],
    ),
    (
        "deliver",
        &[
            // store/news.rs: a run, a result that is stored apart, a batch, a question; store/webhooks.rs, find and
            // default_secret; store/deliveries/make.rs, body; store/slow.rs, is_own.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/runs/watch.rs, look: what has happened to a run; store/webhooks.rs, all.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/deliveries/make.rs, made, by way of only in store/several.rs.
            ("dynamodb:BatchGetItem", "MainTable.Arn"),
            // store/deliveries/make.rs, put: bodies and deliveries.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/deliveries/tries.rs, claim, release and note; store/webhooks.rs, failed, recovered and
            // set_default_secret; store/slow.rs, note.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // vault/kms.rs, old_key: what signs is opened; new_key: an organization's default secret is made.
            ("kms:Decrypt", "SecretsKey.Arn"),
            ("kms:GenerateDataKey", "SecretsKey.Arn"),
            // queue.rs, send, send_later and send_again.
            ("sqs:SendMessage", "NewsQueue.Arn"),
            ("sqs:SendMessage", "DeliveriesQueue.Arn"),
            ("sqs:SendMessage", "RetriesQueue.Arn"),
            // The event source mappings.
            ("sqs:ReceiveMessage", "NewsQueue.Arn"),
            ("sqs:ReceiveMessage", "DeliveriesQueue.Arn"),
            ("sqs:ReceiveMessage", "RetriesQueue.Arn"),
            ("sqs:DeleteMessage", "NewsQueue.Arn"),
            ("sqs:DeleteMessage", "DeliveriesQueue.Arn"),
            ("sqs:DeleteMessage", "RetriesQueue.Arn"),
            ("sqs:GetQueueAttributes", "NewsQueue.Arn"),
            ("sqs:GetQueueAttributes", "DeliveriesQueue.Arn"),
            ("sqs:GetQueueAttributes", "RetriesQueue.Arn"),
        ],
    ),
    (
        "dashboard",
        &[
            // store/sessions.rs, find; store/keys.rs, show; store/keys/life.rs, made_by_form: by way of get in store/mod.rs.
            ("dynamodb:GetItem", "MainTable.Arn"),
            // store/members.rs, standing, by way of whole in store/several.rs.
            ("dynamodb:BatchGetItem", "MainTable.Arn"),
            // store/members.rs, organizations and list; store/keys.rs, page; store/keys/refused.rs, refused; store/audit.rs,
            // list: by way of partition and newest in store/mod.rs.
            ("dynamodb:Query", "MainTable.Arn"),
            // store/sessions.rs, open; store/audit.rs, entry; store/keys/life.rs, writes and used.
            ("dynamodb:PutItem", "MainTable.Arn"),
            // store/sessions.rs, renew; store/keys/life.rs, roll and revoke.
            ("dynamodb:UpdateItem", "MainTable.Arn"),
            // store/sessions.rs, close, and open for the session that it replaces.
            ("dynamodb:DeleteItem", "MainTable.Arn"),
            // store/keys/life.rs, org_exists.
            ("dynamodb:ConditionCheckItem", "MainTable.Arn"),
            // store/keys/life.rs, writes: a key is made.
            ("dynamodb:PutItem", "KeysTable.Arn"),
            // store/keys/life.rs, roll and revoke: a key gets an end.
            ("dynamodb:UpdateItem", "KeysTable.Arn"),
        ],
    ),
];

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

#[test]
fn each_role_allows_the_calls_that_its_function_makes_and_no_others() {
    let stack = Stack::read();
    let listed: BTreeSet<&str> = CALLS.iter().map(|(function, _)| *function).collect();
    let functions: BTreeSet<&str> = stack.functions().map(|function| function.name()).collect();
    assert_eq!(
        functions, listed,
        "left: the template's functions; right: those with a list of calls here"
    );
    for (name, calls) in CALLS {
        let function = stack.function(name);
        let log = function.properties()["LoggingConfig"]["LogGroup"]["Ref"]
            .as_str()
            .expect("a log group of its own");
        let mut expected: BTreeSet<Grant> = calls.iter().copied().map(grant).collect();
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            expected.insert((action.to_owned(), format!("{log}.Arn")));
        }
        expected.extend(["xray:PutTraceSegments", "xray:PutTelemetryRecords"].map(|action| grant((action, "*"))));
        assert_eq!(
            function.grants(),
            expected,
            "left: the role of {name}; right: what its code calls"
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
fn secrets_are_sealed_by_two_functions_and_opened_by_the_one_that_signs() {
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
            "webhooks" => &["kms:GenerateDataKey"],
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
