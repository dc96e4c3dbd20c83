//! `docs/openapi.json` against the code: the routes and who may call them, every refusal, every word, every example.
//!
//! That real answers are the described ones is looked at where they are got: by every contract test, by every event of an API function, and
//! by `cargo xtask test --only fuzz`.

use std::collections::BTreeSet;

use eclips_engine::agents;
use eclips_shared::auth::{Mode, PlainKey, Scope};
use eclips_shared::batch::{BatchStatus, ROWS_MAX, RowStatus};
use eclips_shared::body::bytes_max;
use eclips_shared::error::{ApiError, Decided, Missing};
use eclips_shared::page::{LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX};
use eclips_shared::plan::Plan;
use eclips_shared::routes::{Access, Effect, Operation, ROUTES, Route};
use eclips_shared::run::{EventKind, Priority, Status};
use eclips_shared::time::Timestamp;
use eclips_shared::triage::TriageStatus;
use eclips_shared::webhook::{DeliveryStatus, OVERLAPPING_MAX, Topic, WEBHOOKS_MAX, WebhookStatus};
use eclips_tests::openapi::DOCUMENT;
use eclips_tests::repository;
use serde_json::{Value, json};

/// What a document says of an operation: method, path, its name, scope and limit.
type Described = (String, String, String, Option<String>, String);

#[test]
fn describes_exactly_the_routes_of_the_table() {
    let mut described = BTreeSet::new();
    for (path, methods) in members(&DOCUMENT.json["paths"]) {
        for (method, operation) in members(methods) {
            let scopes: Vec<&str> = list(&operation["security"])
                .flat_map(|needs| list(&needs["apiKey"]))
                .map(text)
                .collect();
            assert!(scopes.len() <= 1, "{method} {path} needs one scope: {scopes:?}");
            described.insert((
                method.to_uppercase(),
                path.clone(),
                text(&operation["operationId"]).to_owned(),
                scopes.first().map(|scope| (*scope).to_owned()),
                text(&operation["x-eclips-limit"]).to_owned(),
            ));
        }
    }
    let table: BTreeSet<Described> = ROUTES
        .iter()
        .map(|route| {
            let (scope, limit) = match route.access {
                Access::Public => (None, "none"),
                Access::Key { scope, limiter, .. } => (Some(scope.as_str().to_owned()), limiter.as_str()),
            };
            (
                route.method.to_string(),
                route.path.to_owned(),
                name(route.operation),
                scope,
                limit.to_owned(),
            )
        })
        .collect();
    assert_eq!(described, table, "left: docs/openapi.json; right: shared/src/routes.rs");
}

/// `runCreate` of [`Operation::RunCreate`].
fn name(operation: Operation) -> String {
    let name = format!("{operation:?}");
    name[..1].to_lowercase() + &name[1..]
}

#[test]
fn every_path_names_its_ids_and_nothing_else() {
    for route in &ROUTES {
        let operation = DOCUMENT.operation(route);
        let parameters: Vec<&Value> = list(&operation["parameters"])
            .map(|one| DOCUMENT.resolve(one))
            .collect();
        let named: BTreeSet<&str> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| text(&parameter["name"]))
            .collect();
        let asked: BTreeSet<&str> = route
            .path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(named, asked, "{}", route.path);
    }
}

/// A refusal as a client sees it: status, machine word, exact body.
type Refusal = (u16, &'static str, String);

#[test]
fn describes_every_refusal_of_every_route_and_no_other() {
    let mut all = BTreeSet::new();
    for route in &ROUTES {
        let expected: BTreeSet<Refusal> = refusals(route)
            .iter()
            .map(|error| (error.status().as_u16(), error.code(), error.body()))
            .collect();
        all.extend(refusals(route).iter().map(place));
        let mut described = BTreeSet::new();
        for (status, response) in members(&DOCUMENT.operation(route)["responses"]) {
            let status: u16 = status.parse().expect("a status");
            if status < 400 {
                continue;
            }
            let response = DOCUMENT.resolve(response);
            let codes = words(&response["headers"]["X-eClips-Error-Code"]["schema"]);
            let media = &response["content"]["application/json"];
            for (example, told) in members(&media["examples"]) {
                let code = codes.iter().find(|code| example.starts_with(code.as_str()));
                let code = code.unwrap_or_else(|| panic!("{status} {example}: none of {codes:?}"));
                // Members in the order of the code's own body, since it is compared letter by letter.
                let bodies = expected
                    .iter()
                    .filter(|(own, word, _)| (*own, *word) == (status, code.as_str()));
                let body = bodies.map(|(.., body)| body).find(|body| parsed(body) == told["value"]);
                let body = body.unwrap_or_else(|| panic!("{} {status} {code}: {}", route.path, told["value"]));
                let (_, word, _) = expected
                    .iter()
                    .find(|(.., own)| own == body)
                    .expect("it was found in there");
                described.insert((status, *word, body.clone()));
            }
            let used: BTreeSet<&str> = described
                .iter()
                .filter(|told| told.0 == status)
                .map(|told| told.1)
                .collect();
            assert_eq!(
                used,
                codes.iter().map(String::as_str).collect(),
                "{} {status}: its words",
                route.path
            );
        }
        assert_eq!(
            described, expected,
            "{} {}: left: docs/openapi.json",
            route.method, route.path
        );
    }
    assert_eq!(all.len(), PLACES, "a refusal that no route can answer");
}

#[test]
fn describes_the_headers_of_every_refusal() {
    for route in &ROUTES {
        for error in refusals(route) {
            let response = &DOCUMENT.operation(route)["responses"][error.status().as_str()];
            let headers = &DOCUMENT.resolve(response)["headers"];
            let waits = DOCUMENT.resolve(&headers["Retry-After"])["required"] == true;
            assert_eq!(waits, error.retry_after_s().is_some(), "{}: {error:?}", route.path);
            if let Some(challenge) = error.challenge() {
                let schema = &headers["WWW-Authenticate"]["schema"];
                assert_eq!(
                    DOCUMENT.fits(schema, &json!(challenge)),
                    Ok(()),
                    "{}: {error:?}",
                    route.path
                );
            }
        }
    }
}

/// How many kinds of refusals there are.
const PLACES: usize = 18;

/// A place for each kind of refusal. A new one does not compile before it has one, and then some route has to describe it.
const fn place(error: &ApiError) -> usize {
    match error {
        ApiError::MultipleCredentials => 0,
        ApiError::MissingApiKey => 1,
        ApiError::InvalidApiKey => 2,
        ApiError::InsufficientScope { .. } => 3,
        ApiError::PlanRequired(_) => 4,
        ApiError::OrganizationSuspended => 5,
        ApiError::Validation { .. } => 6,
        ApiError::NotFound(_) => 7,
        ApiError::Conflict { .. } => 8,
        ApiError::PayloadTooLarge => 9,
        ApiError::UnsupportedMediaType => 10,
        ApiError::Unprocessable { .. } => 11,
        ApiError::RateLimited { .. } => 12,
        ApiError::DailyLimit { .. } => 13,
        ApiError::CreditsExhausted { .. } => 14,
        ApiError::TooManyStreams { .. } => 15,
        ApiError::Internal => 16,
        ApiError::Unavailable => 17,
    }
}

/// Every refusal that a route can answer, with the document's examples where the words are free.
fn refusals(route: &Route) -> Vec<ApiError> {
    let retry_after_s = 1;
    let Access::Key { effect, .. } = route.access else {
        // What the gateway says for it: `GatewayResponses` in infra/template.yaml.
        return vec![ApiError::RateLimited { retry_after_s }, ApiError::Unavailable];
    };
    let mut all = vec![
        ApiError::MultipleCredentials,
        ApiError::field("limit", "limit must be between 1 and 100"),
        ApiError::Validation {
            message: "Request body must be a JSON object".to_owned(),
            field: None,
        },
        ApiError::MissingApiKey,
        ApiError::InvalidApiKey,
        ApiError::InsufficientScope {
            required: Scope::AgentsRun,
            provided: [Scope::AgentsRead].into_iter().collect(),
        },
        ApiError::PlanRequired(Plan::Starter),
        ApiError::OrganizationSuspended,
        ApiError::RateLimited { retry_after_s },
        ApiError::DailyLimit { retry_after_s },
        ApiError::Internal,
        ApiError::Unavailable,
    ];
    if effect != Effect::Reads {
        all.extend([ApiError::PayloadTooLarge, ApiError::UnsupportedMediaType]);
    }
    if effect == Effect::StartsRuns {
        all.push(ApiError::CreditsExhausted { retry_after_s });
    }
    if route.path.contains('{') {
        all.push(ApiError::NotFound(Missing::Route));
    }
    all.extend(own(route.operation));
    all
}

/// The refusals of one operation alone.
fn own(operation: Operation) -> Vec<ApiError> {
    let not_public = |field: &'static str| ApiError::Unprocessable {
        message: format!("{field} must name a public host"),
        field,
    };
    match operation {
        Operation::HealthShow
        | Operation::RunList
        | Operation::TriageList
        | Operation::WebhookList
        | Operation::BatchList
        | Operation::UsageSummary
        | Operation::UsageDaily
        | Operation::UsageAgents
        | Operation::UsageKeys => vec![],
        Operation::RunCreate | Operation::BatchCreate => vec![ApiError::name_taken(), not_public("webhook_url")],
        Operation::RunShow => vec![ApiError::NotFound(Missing::Run)],
        Operation::RunCancel => vec![
            ApiError::NotFound(Missing::Run),
            ApiError::run_has_ended(decided(Status::Completed.as_str(), None)),
        ],
        Operation::StreamShow => vec![
            ApiError::NotFound(Missing::Run),
            ApiError::TooManyStreams { retry_after_s: 1 },
        ],
        Operation::TriageShow => vec![ApiError::NotFound(Missing::TriageItem)],
        Operation::TriageApprove => vec![
            ApiError::NotFound(Missing::TriageItem),
            already_approved(),
            ApiError::Unprocessable {
                message: "output.vendors[2].unit_price_usd must be a number".to_owned(),
                field: "output",
            },
        ],
        Operation::TriageReject => vec![ApiError::NotFound(Missing::TriageItem), already_approved()],
        Operation::WebhookCreate => vec![
            not_public("url"),
            ApiError::Unprocessable {
                message: format!("At most {WEBHOOKS_MAX} webhooks per organization"),
                field: "url",
            },
        ],
        Operation::WebhookDelete | Operation::WebhookDeliveries => vec![ApiError::NotFound(Missing::Webhook)],
        Operation::WebhookRotate => vec![
            ApiError::NotFound(Missing::Webhook),
            ApiError::Conflict {
                message: format!("At most {OVERLAPPING_MAX} rotations in 24 hours"),
                decided: None,
            },
        ],
        Operation::WebhookResend => vec![
            ApiError::NotFound(Missing::Webhook),
            ApiError::NotFound(Missing::Delivery),
        ],
        Operation::BatchShow => vec![ApiError::NotFound(Missing::Batch)],
        Operation::BatchCancel => vec![
            ApiError::NotFound(Missing::Batch),
            ApiError::batch_has_ended(decided(BatchStatus::Cancelled.as_str(), None)),
        ],
    }
}

fn already_approved() -> ApiError {
    let by = "019e9c29-1a80-7000-8000-000000000007";
    ApiError::triage_has_ended(decided(TriageStatus::Approved.as_str(), Some(by)))
}

/// What the document's examples say was decided, and when.
fn decided(status: &str, by: Option<&str>) -> Decided {
    Decided {
        status: status.to_owned(),
        decided_at: Timestamp::parse("2026-06-06T09:00:00.000Z"),
        decided_by: by.map(str::to_owned),
    }
}

#[test]
fn lists_the_words_of_the_code() {
    let known: [(&str, Vec<&str>); 13] = [
        ("Scope", Scope::ALL.map(Scope::as_str).to_vec()),
        ("Plan", Plan::ALL.map(Plan::as_str).to_vec()),
        ("Mode", [Mode::Live, Mode::Test].map(Mode::as_str).to_vec()),
        ("RunStatus", Status::ALL.iter().map(|word| word.as_str()).collect()),
        ("Priority", Priority::ALL.iter().map(|word| word.as_str()).collect()),
        (
            "RunEventType",
            EventKind::ALL.iter().map(|word| word.as_str()).collect(),
        ),
        (
            "TriageStatus",
            TriageStatus::ALL.iter().map(|word| word.as_str()).collect(),
        ),
        ("WebhookEvent", Topic::ALL.iter().map(|word| word.as_str()).collect()),
        (
            "WebhookStatus",
            WebhookStatus::ALL.iter().map(|word| word.as_str()).collect(),
        ),
        (
            "DeliveryStatus",
            DeliveryStatus::ALL.iter().map(|word| word.as_str()).collect(),
        ),
        (
            "BatchStatus",
            BatchStatus::ALL.iter().map(|word| word.as_str()).collect(),
        ),
        ("RowStatus", RowStatus::ALL.iter().map(|word| word.as_str()).collect()),
        ("AgentType", agents::all().map(|agent| agent.id).collect()),
    ];
    let schemas = &DOCUMENT.json["components"]["schemas"];
    for (schema, words) in &known {
        assert_eq!(schemas[schema]["enum"], json!(words), "{schema}");
    }
    let listed: BTreeSet<&str> = members(schemas)
        .filter(|(_, schema)| schema.get("enum").is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        listed,
        known.iter().map(|(name, _)| *name).collect(),
        "a list of words that nobody compares"
    );
    let posted: BTreeSet<&str> = members(&DOCUMENT.json["webhooks"])
        .map(|(event, _)| event.as_str())
        .collect();
    assert_eq!(posted, Topic::ALL.iter().map(|topic| topic.as_str()).collect());
}

#[test]
fn has_the_numbers_of_the_code() {
    let parts = &DOCUMENT.json["components"];
    let limit = &parts["parameters"]["Limit"]["schema"];
    assert_eq!(
        (&limit["default"], &limit["maximum"]),
        (&json!(LIMIT_DEFAULT), &json!(LIMIT_MAX))
    );
    assert_eq!(parts["parameters"]["Offset"]["schema"]["maximum"], json!(OFFSET_MAX));
    assert_eq!(
        parts["schemas"]["BatchRequest"]["properties"]["rows"]["maxItems"],
        json!(ROWS_MAX)
    );
    for route in &ROUTES {
        let response = &DOCUMENT.operation(route)["responses"]["413"];
        if !response.is_null() {
            let said = text(&DOCUMENT.resolve(response)["description"]).to_owned();
            let bytes = bytes_max(route.operation);
            let size = if bytes < 1024 * 1024 {
                format!("{} KiB", bytes / 1024)
            } else {
                format!("{} MiB", bytes >> 20)
            };
            assert_eq!(said, format!("The body is over {size}."), "{}", route.path);
        }
    }
}

#[test]
fn is_of_the_version_that_is_built() {
    assert_eq!(DOCUMENT.json["info"]["version"], env!("CARGO_PKG_VERSION"));
    let health = &DOCUMENT.json["paths"]["/v1/health"]["get"]["responses"]["200"]["content"]["application/json"];
    assert_eq!(health["example"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_example_is_one_of_its_schema() {
    let mut seen = 0;
    each(&DOCUMENT.json, "#", &mut |place, part| {
        let Some(schema) = part.get("schema") else { return };
        let examples = members(&part["examples"]).map(|(_, example)| &example["value"]);
        for example in part.get("example").into_iter().chain(examples) {
            seen += 1;
            if let Err(wrong) = DOCUMENT.fits(schema, example) {
                panic!("{place}: {wrong}");
            }
        }
    });
    assert!(seen > 80, "only {seen} examples");
}

#[test]
fn every_body_and_every_answer_has_an_example() {
    each(&DOCUMENT.json["paths"], "#/paths", &mut |place, part| {
        for (kind, media) in members(&part["content"]) {
            let says_something = media.get("example").or(media.get("examples")).is_some();
            let needs_none = media["schema"]["$ref"] == "#/components/schemas/NoBody";
            assert!(says_something || needs_none, "{place}: {kind}");
        }
    });
}

#[test]
fn a_request_with_an_unknown_member_is_none_of_its_schema() {
    let mut seen = 0;
    for route in &ROUTES {
        let body = &DOCUMENT.operation(route)["requestBody"];
        if body.is_null() {
            continue;
        }
        seen += 1;
        let schema = DOCUMENT.resolve(&body["content"]["application/json"]["schema"]);
        assert_eq!(schema["additionalProperties"], false, "{}", route.path);
    }
    let row = &DOCUMENT.json["components"]["schemas"]["BatchRowRequest"];
    assert_eq!(row["additionalProperties"], false);
    assert!(seen > 5, "only {seen} routes with a body");
}

#[test]
fn no_example_is_a_key_or_a_secret_that_could_be_one() {
    let document = repository::text("docs/openapi.json");
    let words = document.split(|char: char| !(char.is_ascii_alphanumeric() || "_+/=".contains(char)));
    let mut secrets = 0;
    for word in words {
        assert!(PlainKey::parse(word.as_bytes()).is_none(), "{word}");
        if let Some(secret) = word.strip_prefix("whsec_").filter(|secret| secret.len() > 40) {
            secrets += 1;
            assert!(secret.trim_end_matches('=').chars().all(|char| char == 'A'), "{word}");
        }
    }
    assert!(secrets > 0);
}

/// Walks over every object in a part of the document, itself first.
fn each<'a>(part: &'a Value, place: &str, look: &mut impl FnMut(&str, &'a Value)) {
    match part {
        Value::Object(members) => {
            look(place, part);
            // What stands in an example is no part of the document.
            for (name, member) in members
                .iter()
                .filter(|(name, _)| *name != "example" && *name != "value")
            {
                each(member, &format!("{place}/{name}"), look);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, place, look)),
        _ => {}
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn list(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What a schema of words allows.
fn words(schema: &Value) -> Vec<String> {
    let only = schema.get("const").into_iter();
    only.chain(list(&schema["enum"]))
        .map(|word| text(word).to_owned())
        .collect()
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).expect("a refusal is JSON")
}
