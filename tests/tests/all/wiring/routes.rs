//! The route table against everything that repeats it; both gateways, and which functions they lead to.

use std::collections::BTreeSet;

use eclips_shared::ids::RunId;
use eclips_shared::routes::{Access, ROUTES, Route, Table};
use eclips_tests::stack::{Stack, Wired};
use eclips_tests::{event_file, repository};
use reqwest::Method;
use serde_json::json;

/// Every route that the template wires, `ANY` included.
fn wired() -> BTreeSet<Wired> {
    let stack = Stack::read();
    stack.functions().flat_map(|function| function.routes()).collect()
}

fn row(route: &Route) -> Wired {
    (
        route.method.to_string(),
        route.path.to_owned(),
        route.function.as_str().to_owned(),
    )
}

#[test]
fn the_template_wires_exactly_the_routes_of_the_table() {
    let template: BTreeSet<Wired> = wired().into_iter().filter(|(method, ..)| method != "ANY").collect();
    let table: BTreeSet<Wired> = ROUTES.iter().map(row).collect();
    assert_eq!(
        template, table,
        "left: the Api events of infra/template.yaml; right: shared/src/routes.rs"
    );
}

#[test]
fn one_route_is_streamed_as_long_as_its_function_may_run() {
    let stack = Stack::read();
    let streamed: Vec<_> = stack
        .functions()
        .flat_map(|function| {
            let events = function.streamed().into_iter();
            events.map(move |(path, timeout)| (function.name(), path, timeout))
        })
        .collect();
    // Whether the word is SAM's is judged by `cargo xtask test --only sam`, which looks at what SAM makes of it.
    let timeout = stack.function("stream").timeout();
    assert_eq!(streamed, [("stream", "/v1/runs/{id}/stream", Some(timeout))]);
}

#[test]
fn the_dashboard_has_a_host_of_its_own_and_all_of_it() {
    let stack = Stack::read();
    let dashboard = stack.function("dashboard");
    // Nothing but that host leads to it: no route of the REST API, no queue, no function URL.
    for entry in ["Events", "FunctionUrlConfig"] {
        assert!(dashboard.properties().get(entry).is_none(), "{entry}");
    }
    let (api, properties) = stack.only("AWS::ApiGatewayV2::Api");
    assert_eq!(properties["ProtocolType"], "HTTP");
    // No other site's script may read a page. A body, or a target, would make integrations of its own.
    for member in ["CorsConfiguration", "Body", "BodyS3Location", "Target", "RouteKey"] {
        assert!(properties.get(member).is_none(), "{member}");
    }
    let (id, integration) = stack.only("AWS::ApiGatewayV2::Integration");
    assert_eq!(
        integration,
        &json!({
            "ApiId": { "Ref": api },
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": { "Ref": format!("{}.Alias", dashboard.id) },
            "PayloadFormatVersion": "2.0",
        })
    );
    let (_, route) = stack.only("AWS::ApiGatewayV2::Route");
    assert_eq!(
        route,
        &json!({
            "ApiId": { "Ref": api },
            "RouteKey": "$default",
            "Target": { "Sub": format!("integrations/${{{id}}}") },
        })
    );
    let (_, stage) = stack.only("AWS::ApiGatewayV2::Stage");
    assert_eq!(stage["ApiId"], json!({ "Ref": api }));
    assert_eq!(
        (&stage["StageName"], &stage["AutoDeploy"]),
        (&json!("$default"), &json!(true))
    );
    let (_, permission) = stack.only("AWS::Lambda::Permission");
    assert_eq!(
        permission["FunctionName"],
        json!({ "Ref": format!("{}.Alias", dashboard.id) })
    );
    assert_eq!(permission["Principal"], "apigateway.amazonaws.com");
    let source = permission["SourceArn"]["Sub"].as_str().unwrap();
    assert!(source.ends_with(&format!(":${{{api}}}/*/*")), "{source}");
    // What SAM would add by itself.
    assert_eq!(stack.of_type("AWS::Serverless::HttpApi").count(), 0);
}

#[test]
fn both_gateways_write_down_nothing_that_a_caller_wrote() {
    // Headers and query strings are where keys, cookies and the codes of sign-ins travel; the caller's method is one of a
    // few, and resourcePath is the template's. Whatever is not here is a decision: `identity.userAgent` is a header.
    let known = [
        "requestId",
        "identity.sourceIp",
        "httpMethod",
        "resourcePath",
        "status",
        "responseLatency",
    ];
    let stack = Stack::read();
    let (_, rest) = stack.only("AWS::Serverless::Api");
    let (_, http) = stack.only("AWS::ApiGatewayV2::Stage");
    for log in [&rest["AccessLogSetting"], &http["AccessLogSettings"]] {
        let destination = log["DestinationArn"]["Sub"].as_str().expect("there is an access log");
        let group = destination
            .rsplit("${")
            .next()
            .and_then(|id| id.strip_suffix('}'))
            .unwrap();
        assert!(
            stack.of_type("AWS::Logs::LogGroup").any(|(id, _)| id == group),
            "{group}"
        );
        let format = log["Format"].as_str().unwrap();
        let written: serde_json::Value = serde_json::from_str(format).expect("a line is JSON");
        for value in written.as_object().unwrap().values() {
            let variable = value.as_str().and_then(|value| value.strip_prefix("$context."));
            assert!(variable.is_some_and(|name| known.contains(&name)), "{group}: {value}");
        }
    }
    // The execution log would print headers and bodies.
    let settings = rest["MethodSettings"].as_array().unwrap();
    assert!(
        settings
            .iter()
            .all(|setting| setting["LoggingLevel"] == "OFF" && setting["DataTraceEnabled"] == false)
    );
}

#[test]
fn every_resource_answers_any_other_method_through_health() {
    // A resource that exists is matched before the greedy path: without an ANY of its own, the gateway says 403.
    let mut resources: BTreeSet<String> = ["/", "/{proxy+}"].map(str::to_owned).into();
    for (_, path, _) in wired() {
        let segments: Vec<&str> = path.split('/').skip(1).filter(|segment| !segment.is_empty()).collect();
        resources.extend((1..=segments.len()).map(|length| format!("/{}", segments[..length].join("/"))));
    }
    let expected: BTreeSet<Wired> = resources
        .into_iter()
        .map(|path| ("ANY".to_owned(), path, "health".to_owned()))
        .collect();
    let any: BTreeSet<Wired> = wired().into_iter().filter(|(method, ..)| method == "ANY").collect();
    assert_eq!(
        any, expected,
        "left: the ANY events of infra/template.yaml; right: every resource, to /v1 and /"
    );
}

#[test]
fn the_readme_shows_the_routes_as_the_table_has_them() {
    let readme = repository::text("README.md");
    let marked = readme
        .split_once("<!-- routes -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /routes -->"));
    let (section, _) = marked.expect("README.md has its route table between <!-- routes --> and <!-- /routes -->");
    let shown: Vec<Vec<String>> = repository::table(section)
        .into_iter()
        .map(|row| row.iter().map(|cell| cell.replace('`', "")).collect())
        .collect();
    let table: Vec<Vec<String>> = ROUTES
        .iter()
        .map(|route| {
            let (scope, limit) = match route.access {
                Access::Public => ("public", "none"),
                Access::Key { scope, limiter, .. } => (scope.as_str(), limiter.as_str()),
            };
            let name = format!("{} {}", route.method, route.path);
            vec![
                name,
                scope.to_owned(),
                limit.to_owned(),
                route.function.as_str().to_owned(),
            ]
        })
        .collect();
    assert_eq!(
        shown, table,
        "left: README.md; right: shared/src/routes.rs (method and path, scope, limit, function)"
    );
}

#[test]
fn every_route_has_an_event_for_its_function() {
    let table = Table::new();
    let mut shown = BTreeSet::new();
    for name in event_file::names() {
        let event = event_file::read(&name, "no-key", RunId::generate());
        let Some((method, path)) = event_file::request(&event) else {
            continue;
        };
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        if let Some((route, _)) = table.find(&method, path) {
            assert_eq!(
                event_file::function(&name),
                route.function.as_str(),
                "events/{name}.json"
            );
            shown.insert(row(route));
        }
    }
    let routes: BTreeSet<Wired> = ROUTES.iter().map(row).collect();
    assert_eq!(
        shown, routes,
        "left: the routes that a file in events/ shows; right: shared/src/routes.rs"
    );
}

#[test]
fn every_event_comes_by_a_resource_that_the_template_wires_to_its_function() {
    let wired = wired();
    for name in event_file::names() {
        let event = event_file::read(&name, "no-key", RunId::generate());
        // Payload 2.0 knows no resource.
        let Some(resource) = event["resource"].as_str() else {
            continue;
        };
        let method = event["httpMethod"].as_str().expect("payload 1.0 has a method");
        let function = event_file::function(&name);
        let by = |method: &str| wired.contains(&(method.to_owned(), resource.to_owned(), function.to_owned()));
        let exactly = wired.iter().any(|(exact, path, _)| exact == method && path == resource);
        assert!(
            by(method) || (!exactly && by("ANY")),
            "events/{name}.json: {method} {resource} does not reach {function}"
        );
    }
}
