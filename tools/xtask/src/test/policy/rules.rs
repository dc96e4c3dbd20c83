//! Our own rules for what SAM makes of the template. Pure.
//!
//! Most of what the template says itself is held to the code by the tests in `tests/tests/all/wiring`. Here is what SAM adds
//! or decides: whom callers reach, which roles and queues there are in the end, what takes a version back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The alias that every caller names.
const ALIAS: &str = "live";
/// Who may name a function itself: its versions and its alias, the settings of its asynchronous calls, which name the alias
/// beside it, and what looks at its figures, which count whatever was called.
const OF_THE_FUNCTION: [&str; 5] = [
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
];
/// Roles that are no function's: API Gateway's for its logs, and CodeDeploy's, which SAM makes. Both have a policy of AWS's.
const SERVICES: [(&str, &str); 2] = [
    ("CodeDeployServiceRole", "service-role/AWSCodeDeployRoleForLambda"),
    (
        "GatewayAccountRole",
        "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    ),
];
/// The statements that may have a star in a resource: X-Ray knows no resources, ListStreams is asked about all streams of one
/// table, and which models stand behind an inference profile is the profile's affair, so a condition names the profiles.
const STARRED: [&str; 3] = ["Trace", "FindStream", "AskModelsByProfile"];

/// A template's resources by logical id.
type Resources = Map<String, Value>;

/// Judges an expanded template. *Shape*: a line for each fault, none when all is well.
pub fn faults(stack: &Value) -> Vec<String> {
    let none = Map::new();
    let resources = stack["Resources"].as_object().unwrap_or(&none);
    if functions(resources).is_empty() {
        return vec!["there is no function: the template was not expanded".into()];
    }
    let rules = [aliases, versions, roles, stars, keys, logs, alarms];
    rules.iter().flat_map(|rule| rule(resources)).collect()
}

fn of_type<'a>(resources: &'a Resources, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let of_kind = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
        .collect()
}

fn functions(resources: &Resources) -> BTreeMap<&str, &Value> {
    of_type(resources, "AWS::Lambda::Function")
}

/// Whether a part of the template names a resource, in a `Ref`, a `GetAtt` or a `Sub`.
fn names(part: &Value, id: &str) -> bool {
    match part {
        Value::Object(members) => members.iter().any(|(name, value)| match (name.as_str(), value) {
            ("Ref", Value::String(named)) => named == id,
            ("Fn::GetAtt", Value::Array(path)) => path.first().is_some_and(|named| named == id),
            ("Fn::GetAtt", Value::String(path)) => path.split('.').next() == Some(id),
            ("Fn::Sub", Value::String(text)) => named_in(text, id),
            ("Fn::Sub", Value::Array(both)) => {
                both.first()
                    .and_then(Value::as_str)
                    .is_some_and(|text| named_in(text, id))
                    || both.iter().skip(1).any(|own| names(own, id))
            }
            _ => names(value, id),
        }),
        Value::Array(items) => items.iter().any(|item| names(item, id)),
        _ => false,
    }
}

fn named_in(text: &str, id: &str) -> bool {
    text.contains(&format!("${{{id}}}")) || text.contains(&format!("${{{id}."))
}

/// Callers that named the function would reach `$LATEST`: never a canary, and never taken back.
fn aliases(resources: &Resources) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, resource) in resources {
        let kind = resource["Type"].as_str().unwrap_or_default();
        if !OF_THE_FUNCTION.contains(&kind) {
            let named = functions(resources)
                .into_keys()
                .filter(|function| names(&resource["Properties"], function));
            faults.extend(named.map(|function| format!("{id}: names {function}, and not its alias")));
        }
        if kind == "AWS::Lambda::EventInvokeConfig" && resource["Properties"]["Qualifier"] != ALIAS {
            faults.push(format!("{id}: is not for the alias {ALIAS}"));
        }
    }
    faults
}

/// Every alias is moved by CodeDeploy, step by step and back again.
fn versions(resources: &Resources) -> Vec<String> {
    let good = |function: &str| -> Option<()> {
        let alias = resources.get(&format!("{function}Alias{ALIAS}"))?;
        let by = &alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"]["Ref"];
        let group = &resources.get(by.as_str()?)?["Properties"];
        let rollback = &group["AutoRollbackConfiguration"];
        let watched = &group["AlarmConfiguration"];
        let own = watched["Alarms"].as_array()?.iter().any(|alarm| {
            let alarm = alarm["Name"]["Ref"].as_str().and_then(|id| resources.get(id));
            alarm.is_some_and(|alarm| names(&alarm["Properties"]["Dimensions"], function))
        });
        let events = rollback["Events"].as_array()?;
        let holds = alias["Properties"]["Name"] == ALIAS
            && group["DeploymentConfigName"].to_string().contains("Canary")
            && watched["Enabled"] == true
            && rollback["Enabled"] == true
            && events.iter().any(|event| event == "DEPLOYMENT_STOP_ON_ALARM");
        (holds && own).then_some(())
    };
    let bad = functions(resources)
        .into_keys()
        .filter(|function| good(function).is_none());
    bad.map(|function| {
        format!("{function}: has no alias {ALIAS} that a canary moves and an alarm of its own moves back")
    })
    .collect()
}

/// SAM makes a role for a function that names none, with rights to all queues and streams of the account.
fn roles(resources: &Resources) -> Vec<String> {
    let mut expected: BTreeSet<String> = functions(resources).into_keys().map(|id| format!("{id}Role")).collect();
    expected.extend(SERVICES.map(|(id, _)| id.to_owned()));
    let mut faults = Vec::new();
    for (id, role) in of_type(resources, "AWS::IAM::Role") {
        if !expected.remove(id) {
            faults.push(format!("{id}: is a role too many"));
        }
        let managed = role["ManagedPolicyArns"].as_array().into_iter().flatten();
        let service = SERVICES.iter().find(|(service, _)| *service == id);
        for policy in managed {
            let known =
                service.is_some_and(|(_, name)| policy.to_string().trim_end_matches(['"', '}']).ends_with(name));
            if !known {
                faults.push(format!("{id}: has the policy {policy}"));
            }
        }
    }
    faults.extend(expected.into_iter().map(|id| format!("{id}: there is no such role")));
    faults
}

/// The statements of a role, those under a condition included.
fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    let policies = role["Policies"].as_array().into_iter().flatten();
    let statements = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten());
    statements.map(|statement| statement.get("Fn::If").map_or(statement, |choice| &choice[1]))
}

fn stars(resources: &Resources) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, role) in of_type(resources, "AWS::IAM::Role") {
        for statement in statements(role) {
            let sid = statement["Sid"].as_str().unwrap_or("a statement without a Sid");
            if statement["Action"].to_string().contains('*') {
                faults.push(format!("{id}: {sid} has a star in an action"));
            }
            if statement["Resource"].to_string().contains('*') && !STARRED.contains(&sid) {
                faults.push(format!("{id}: {sid} has a star in a resource"));
            }
        }
    }
    faults
}

/// Keys are read by the functions that authenticate with them, which are those of the API's routes, and by no others.
fn keys(resources: &Resources) -> Vec<String> {
    let body = &resources.get("Api").unwrap_or(&Value::Null)["Properties"]["Body"]["paths"];
    let authenticates = |function: &str| {
        // The public route's, and everything's that is no route.
        function != "HealthFunction" && names(body, &format!("{function}Alias{ALIAS}"))
    };
    let mut faults = Vec::new();
    for function in functions(resources).into_keys() {
        let role = resources.get(&format!("{function}Role")).unwrap_or(&Value::Null);
        let on_keys = statements(&role["Properties"]).filter(|statement| names(&statement["Resource"], "KeysTable"));
        let actions: BTreeSet<String> = on_keys
            .flat_map(|statement| statement["Action"].as_array().into_iter().flatten())
            .map(|action| action.as_str().unwrap_or_default().to_owned())
            .collect();
        let may: &[&str] = match function {
            "DashboardFunction" => &["dynamodb:PutItem", "dynamodb:UpdateItem"],
            _ if authenticates(function) => &["dynamodb:GetItem"],
            _ => &[],
        };
        let may: BTreeSet<String> = may.iter().map(|action| (*action).to_owned()).collect();
        if actions != may {
            faults.push(format!("{function}: may {actions:?} on KeysTable, and should {may:?}"));
        }
    }
    faults
}

/// A group that Lambda makes by itself keeps its lines for ever.
fn logs(resources: &Resources) -> Vec<String> {
    let groups = of_type(resources, "AWS::Logs::LogGroup");
    let ends = |id: &str| groups.get(id).is_some_and(|group| !group["RetentionInDays"].is_null());
    let endless = groups.keys().filter(|id| !ends(id));
    let mut faults: Vec<String> = endless.map(|id| format!("{id}: keeps its lines for ever")).collect();
    for (id, function) in functions(resources) {
        if !function["LoggingConfig"]["LogGroup"]["Ref"].as_str().is_some_and(&ends) {
            faults.push(format!("{id}: writes to no log group of the stack"));
        }
    }
    faults
}

/// Every function has an alarm for its errors and one for want of room; every queue, also one that SAM made, one at all.
fn alarms(resources: &Resources) -> Vec<String> {
    let alarms = of_type(resources, "AWS::CloudWatch::Alarm");
    let watched = |id: &str, metric: Option<&str>| {
        alarms
            .values()
            .any(|alarm| names(&alarm["Dimensions"], id) && metric.is_none_or(|metric| alarm["MetricName"] == metric))
    };
    let mut faults = Vec::new();
    for function in functions(resources).into_keys() {
        let missing = ["Errors", "Throttles"]
            .into_iter()
            .filter(|metric| !watched(function, Some(*metric)));
        faults.extend(missing.map(|metric| format!("{function}: has no alarm for {metric}")));
    }
    let queues = of_type(resources, "AWS::SQS::Queue").into_keys();
    faults.extend(
        queues
            .filter(|queue| !watched(queue, None))
            .map(|queue| format!("{queue}: has no alarm")),
    );
    faults
}

#[cfg(test)]
mod promises;
