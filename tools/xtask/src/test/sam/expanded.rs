//! What SAM makes of the template's routes, against the table of routes. Pure.
//!
//! SAM takes any text for a `ResponseTransferMode` and deploys a buffered route for all but one, and no linter minds: the
//! events of such a stream would come all at once, when it is over. So what counts is the body that the gateway gets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The route whose answer is streamed, as the table of routes names it.
const STREAMED: &str = "GET /v1/runs/{id}/stream";
/// How long the gateway lets a stream go on: as long as its function may take. *Units*: milliseconds.
const STREAM_MS: u64 = 120_000;
/// SAM's word for a method that stands for all that have no row.
const ANY: &str = "x-amazon-apigateway-any-method";

/// Reads the route table of `README.md`, which a test keeps equal to `shared/src/routes.rs`: `GET /v1/health` and so on.
pub fn routes(readme: &str) -> BTreeSet<String> {
    let marked = readme
        .split_once("<!-- routes -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /routes -->"));
    let (rows, _) = marked.unwrap_or_default();
    rows.lines()
        .filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect()
}

/// Compares the expanded body with the routes. *Shape*: a line for each fault, none when all is well.
pub fn faults(body: &Value, routes: &BTreeSet<String>) -> Vec<String> {
    let integrations = integrations(body);
    let named = |name: &&String| !name.starts_with("ANY ");
    let mut faults = Vec::new();
    for route in routes {
        if !integrations.contains_key(route) {
            faults.push(format!("{route}: the table of routes has it, the gateway would not"));
        }
    }
    for route in integrations.keys().filter(named).filter(|name| !routes.contains(*name)) {
        faults.push(format!(
            "{route}: the gateway would have it, the table of routes has not"
        ));
    }
    if !integrations.contains_key(STREAMED) {
        faults.push(format!("{STREAMED}: there is no such route to be streamed"));
    }
    for (name, integration) in &integrations {
        faults.extend(fault(name, integration));
    }
    faults
}

/// Every method of the body by its name in the table of routes, `ANY …` included, with what it leads to.
fn integrations(body: &Value) -> BTreeMap<String, &Value> {
    let paths = body["paths"].as_object().into_iter().flatten();
    let methods = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| {
            let method = if method == ANY { "ANY" } else { method };
            let name = format!("{} {path}", method.to_ascii_uppercase());
            (name, &operation["x-amazon-apigateway-integration"])
        })
    });
    methods.collect()
}

/// Says what is wrong with one method, if anything is: the streamed one has all marks of a stream, another has none.
fn fault(name: &str, integration: &Value) -> Option<String> {
    let streamed = name == STREAMED;
    let (mode, timeout_ms, version, invocations) = if streamed {
        (
            Value::from("STREAM"),
            Value::from(STREAM_MS),
            "2021-11-15",
            "response-streaming-invocations",
        )
    } else {
        (Value::Null, Value::Null, "2015-03-31", "invocations")
    };
    let uri = integration["uri"]["Fn::Sub"].as_str().unwrap_or_default();
    let leads =
        uri.contains(&format!(":lambda:path/{version}/functions/")) && uri.ends_with(&format!("/{invocations}"));
    let good = integration["responseTransferMode"] == mode && integration["timeoutInMillis"] == timeout_ms && leads;
    let kind = if streamed { "streamed" } else { "buffered" };
    (!good).then(|| {
        format!(
            "{name}: should be {kind}, and has responseTransferMode {}, timeoutInMillis {}, uri {uri:?}",
            integration["responseTransferMode"], integration["timeoutInMillis"]
        )
    })
}

#[cfg(test)]
mod promises {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{faults, routes};

    const README: &str = "| `not me` |\n<!-- routes -->\n| Method and path | Scope |\n|---|---|\n| `POST /v1/run` | `agents:run` |\n\
                          | `GET /v1/runs/{id}/stream` | `agents:read` |\n<!-- /routes -->\n| `nor me` |";

    fn integration(version: &str, invocations: &str) -> Value {
        let uri = format!("arn:aws:apigateway:r:lambda:path/{version}/functions/${{F.Arn}}/{invocations}");
        json!({ "x-amazon-apigateway-integration": { "type": "aws_proxy", "uri": { "Fn::Sub": uri } } })
    }

    fn body() -> Value {
        let buffered = integration("2015-03-31", "invocations");
        let mut streamed = integration("2021-11-15", "response-streaming-invocations");
        streamed["x-amazon-apigateway-integration"]["responseTransferMode"] = json!("STREAM");
        streamed["x-amazon-apigateway-integration"]["timeoutInMillis"] = json!(120_000);
        json!({ "paths": {
            "/v1/run": { "post": buffered, "x-amazon-apigateway-any-method": buffered },
            "/v1/runs/{id}/stream": { "get": streamed, "x-amazon-apigateway-any-method": buffered },
        } })
    }

    /// The routes that the faults of a body name.
    fn blamed(body: &Value) -> Vec<String> {
        let faults = faults(body, &routes(README)).into_iter();
        faults
            .map(|fault| fault.split(':').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn reads_the_rows_between_the_markers_only() {
        let expected = ["GET /v1/runs/{id}/stream", "POST /v1/run"].map(str::to_owned);
        assert_eq!(routes(README), BTreeSet::from(expected));
    }

    #[test]
    fn accepts_one_streamed_route_among_buffered_ones() {
        assert_eq!(blamed(&body()), Vec::<String>::new());
    }

    #[test]
    fn blames_a_stream_that_would_be_buffered_or_cut() {
        // What SAM makes of a misspelt mode.
        let mut misspelt = body();
        misspelt["paths"]["/v1/runs/{id}/stream"]["get"] = integration("2015-03-31", "invocations");
        let mut cut = body();
        cut["paths"]["/v1/runs/{id}/stream"]["get"]["x-amazon-apigateway-integration"]["timeoutInMillis"] =
            json!(29_000);
        for wrong in [misspelt, cut] {
            assert_eq!(blamed(&wrong), ["GET /v1/runs/{id}/stream"], "{wrong}");
        }
    }

    #[test]
    fn blames_another_route_that_would_be_streamed() {
        let mut wrong = body();
        wrong["paths"]["/v1/run"]["post"] = wrong["paths"]["/v1/runs/{id}/stream"]["get"].clone();
        assert_eq!(blamed(&wrong), ["POST /v1/run"]);
    }

    #[test]
    fn blames_a_route_too_many_and_one_too_few() {
        let mut wrong = body();
        wrong["paths"]["/v1/runs"] = json!({ "get": integration("2015-03-31", "invocations") });
        let paths = wrong["paths"].as_object_mut().expect("a body has paths");
        paths.remove("/v1/run");
        assert_eq!(blamed(&wrong), ["POST /v1/run", "GET /v1/runs"]);
    }
}
