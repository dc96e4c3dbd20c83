//! The roles of the template between the functions and what they call: a call that a function's role does not allow is refused, as
//! IAM refuses it, and what is called is noted, so that a right that nobody uses is found. Knows which rights an operation needs.
//! What DynamoDB itself refuses and the embedded engine takes is refused here too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use eclips_local::template::queue_name;
use eclips_local::{Front, OPERATOR};
use eclips_shared::config::Config;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::stack::{Grant, Stack};

/// What the template grants, by function.
static GRANTED: LazyLock<BTreeMap<String, BTreeSet<Grant>>> = LazyLock::new(|| {
    let stack = Stack::read();
    let functions = stack.functions();
    functions
        .map(|function| (function.name().to_owned(), function.grants()))
        .collect()
});

/// The queues of the template: the logical id by the name that a URL ends with.
static QUEUES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let stack = Stack::read();
    let queues = stack.of_type("AWS::SQS::Queue");
    queues.map(|(id, _)| (queue_name(id), id.to_owned())).collect()
});

/// The roles of one system, and what they were used for; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Roles(Arc<Mutex<BTreeMap<String, BTreeSet<Grant>>>>);

impl Roles {
    /// Stands between the functions of a system and what they call.
    #[must_use]
    pub fn front(&self) -> Front {
        let roles = self.clone();
        Arc::new(move |function, config| std::future::ready(roles.of(function, config)).boxed())
    }

    /// The same settings for a function that has its role. Whoever is no function may do everything, and so may one whose calls
    /// are carried by somebody else already.
    ///
    /// # Panics
    /// When the template has no such function.
    #[must_use]
    pub fn of(&self, function: &str, config: Config) -> Config {
        if function == OPERATOR || config.carrier.is_some() {
            return config;
        }
        let role = Role {
            roles: self.clone(),
            function: Arc::from(function),
            granted: GRANTED.get(function).expect("a function of the template"),
            tables: [
                (config.table_main.clone(), "MainTable"),
                (config.table_keys.clone(), "KeysTable"),
            ],
        };
        let inner = aws_smithy_http_client::Builder::new().build_http();
        let client = http_client_fn(move |settings, components| {
            SharedHttpConnector::new(Guarded {
                role: role.clone(),
                inner: inner.http_connector(settings, components),
            })
        });
        Config {
            carrier: Some(client),
            ..config
        }
    }

    /// The rights that a function has used so far.
    ///
    /// # Panics
    /// Never: nobody panics while noting one.
    #[must_use]
    pub fn used(&self, function: &str) -> BTreeSet<Grant> {
        let used = self.0.lock().expect("nothing panics while it holds this");
        used.get(function).cloned().unwrap_or_default()
    }

    fn note(&self, function: &str, needed: BTreeSet<Grant>) {
        let mut used = self.0.lock().expect("nothing panics while it holds this");
        used.entry(function.to_owned()).or_default().extend(needed);
    }
}

/// One function's role.
#[derive(Clone)]
struct Role {
    roles: Roles,
    function: Arc<str>,
    granted: &'static BTreeSet<Grant>,
    /// What the template calls the tables of these names.
    tables: [(String, &'static str); 2],
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role")
            .field("function", &self.function)
            .finish_non_exhaustive()
    }
}

impl Role {
    /// Judges a call. *Errors*: the first right that it needs and the role does not give.
    fn judge(&self, target: &str, body: &Value) -> Result<(), Grant> {
        let needed = needed(target, body, |table| {
            let known = self.tables.iter().find(|(name, _)| name == table);
            known.map_or(table, |(_, id)| id).to_owned()
        });
        if let Some(missing) = needed.difference(self.granted).next() {
            return Err(missing.clone());
        }
        self.roles.note(&self.function, needed);
        Ok(())
    }
}

/// The rights that a call needs, resources as the template writes them. *Source*: IAM's page of each service; a transaction and a
/// batch of messages need the rights of what is in them.
fn needed(target: &str, body: &Value, table: impl Fn(&str) -> String) -> BTreeSet<Grant> {
    let (service, operation) = target.split_once('.').unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let arn = |name: &Value| format!("{}.Arn", table(&text(name)));
    let action = |name: &str| format!("dynamodb:{name}");
    let each = |name: &str| {
        let tables = body["RequestItems"].as_object().into_iter().flatten();
        tables.map(|(table, _)| (action(name), arn(&json!(table)))).collect()
    };
    match (service.split('_').next().unwrap_or_default(), operation) {
        ("DynamoDB", "BatchGetItem" | "BatchWriteItem") => each(operation),
        ("DynamoDB", "TransactWriteItems") => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            let writes = items.flat_map(|item| item.as_object().into_iter().flatten());
            writes
                .map(|(kind, write)| {
                    // `ConditionCheck`, `Put`, `Update`, `Delete`.
                    (action(&format!("{kind}Item")), arn(&write["TableName"]))
                })
                .collect()
        }
        ("DynamoDB", _) => {
            let resource = match body["IndexName"].as_str() {
                Some(index) => format!("${{{}}}/index/{index}", arn(&body["TableName"])),
                None => arn(&body["TableName"]),
            };
            BTreeSet::from([(action(operation), resource)])
        }
        ("AmazonSQS", "SendMessage" | "SendMessageBatch") => {
            let url = text(&body["QueueUrl"]);
            let name = url.rsplit('/').next().unwrap_or_default();
            let queue = QUEUES.get(name).map_or(name, String::as_str);
            BTreeSet::from([("sqs:SendMessage".to_owned(), format!("{queue}.Arn"))])
        }
        ("TrentService", _) => BTreeSet::from([(format!("kms:{operation}"), "SecretsKey.Arn".to_owned())]),
        _ => BTreeSet::from([(target.to_owned(), "*".to_owned())]),
    }
}

/// The SDK's own road, with a guard before it.
#[derive(Debug)]
struct Guarded {
    role: Role,
    inner: SharedHttpConnector,
}

impl HttpConnector for Guarded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        // A test that fails shows these lines; the product hides them behind a 500.
        if has_empty_key(&body) {
            eprintln!("{} asks for an empty key: {body}", self.role.function);
            return HttpConnectorFuture::ready(Ok(refusal("com.amazonaws.dynamodb.v20120810#ValidationException")));
        }
        match self.role.judge(target, &body) {
            Ok(()) => self.inner.call(request),
            Err((action, resource)) => {
                eprintln!(
                    "the role of {} does not allow {action} on {resource}",
                    self.role.function
                );
                HttpConnectorFuture::ready(Ok(refusal("AccessDeniedException")))
            }
        }
    }
}

/// Whether a key, or what a key is compared with, is the empty string.
fn has_empty_key(body: &Value) -> bool {
    let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
    let names: Vec<&str> = condition
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '_'))
        .collect();
    let values = body["ExpressionAttributeValues"].as_object().into_iter().flatten();
    let keys = body["Key"].as_object().into_iter().flatten();
    values
        .filter(|(name, _)| names.contains(&name.as_str()))
        .chain(keys)
        .any(|(_, value)| value["S"] == "")
}

fn refusal(kind: &str) -> HttpResponse {
    let body = json!({ "__type": kind, "message": "refused as AWS would" });
    let status = 400.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}

#[cfg(test)]
mod promises {
    use serde_json::{Value, json};

    use super::{has_empty_key, needed};

    fn of(target: &str, body: &Value) -> Vec<String> {
        let table = |name: &str| if name == "eclips-main" { "MainTable" } else { name }.to_owned();
        let needed = needed(target, body, table);
        needed
            .into_iter()
            .map(|(action, resource)| format!("{action} {resource}"))
            .collect()
    }

    #[test]
    fn a_call_needs_the_rights_that_iam_asks_for() {
        let dynamodb = |operation: &str, body| of(&format!("DynamoDB_20120810.{operation}"), &body);
        assert_eq!(
            dynamodb("GetItem", json!({ "TableName": "eclips-main" })),
            ["dynamodb:GetItem MainTable.Arn"]
        );
        assert_eq!(
            dynamodb("Query", json!({ "TableName": "eclips-main", "IndexName": "by_due" })),
            ["dynamodb:Query ${MainTable.Arn}/index/by_due"]
        );
        assert_eq!(
            dynamodb(
                "BatchGetItem",
                json!({ "RequestItems": { "eclips-main": {}, "other": {} } })
            ),
            ["dynamodb:BatchGetItem MainTable.Arn", "dynamodb:BatchGetItem other.Arn"]
        );
        let writes = json!({ "TransactItems": [
            { "Put": { "TableName": "eclips-main" } }, { "ConditionCheck": { "TableName": "eclips-main" } },
            { "Update": { "TableName": "other" } },
        ] });
        assert_eq!(
            dynamodb("TransactWriteItems", writes),
            [
                "dynamodb:ConditionCheckItem MainTable.Arn",
                "dynamodb:PutItem MainTable.Arn",
                "dynamodb:UpdateItem other.Arn",
            ]
        );
        assert_eq!(
            of(
                "AmazonSQS.SendMessageBatch",
                &json!({ "QueueUrl": "http://h/000000000000/eclips-runs" })
            ),
            ["sqs:SendMessage RunsQueue.Arn"]
        );
        assert_eq!(of("TrentService.Decrypt", &json!({})), ["kms:Decrypt SecretsKey.Arn"]);
        assert_eq!(of("Unknown.Thing", &json!({})), ["Unknown.Thing *"]);
    }

    #[test]
    fn an_empty_key_is_refused_and_another_empty_value_is_not() {
        let query = |prefix| {
            has_empty_key(&json!({
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
                "ExpressionAttributeValues": { ":pk": { "S": "a" }, ":prefix": { "S": prefix }, ":pref": { "S": "" } },
            }))
        };
        assert!(query("") && !query("b"));
        assert!(has_empty_key(
            &json!({ "Key": { "pk": { "S": "a" }, "sk": { "S": "" } } })
        ));
    }
}
