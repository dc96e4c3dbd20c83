//! The route table against everything that repeats it.

use std::collections::BTreeSet;

use eclips_shared::ids::RunId;
use eclips_shared::routes::{Access, ROUTES, Route, Table};
use eclips_tests::stack::{Stack, Wired};
use eclips_tests::{event_file, repository};
use reqwest::Method;

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
