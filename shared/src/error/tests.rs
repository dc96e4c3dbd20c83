//! The contract's strings, to the byte.

use super::*;

#[test]
fn bodies_are_the_contracts_to_the_byte() {
    let read = ScopeSet::from_words(["batch:read", "agents:read"]);
    let cases = [
        (
            ApiError::MultipleCredentials,
            400,
            r#"{"error":"Multiple credentials"}"#,
        ),
        (ApiError::MissingApiKey, 401, r#"{"error":"Missing API key"}"#),
        (
            ApiError::InvalidApiKey,
            401,
            r#"{"error":"Invalid, expired or revoked API key"}"#,
        ),
        (
            ApiError::InsufficientScope {
                required: Scope::AgentsRun,
                provided: read,
            },
            403,
            r#"{"error":"Insufficient scope","required":"agents:run","provided":["agents:read","batch:read"]}"#,
        ),
        (
            ApiError::InsufficientScope {
                required: Scope::AgentsRun,
                provided: ScopeSet::default(),
            },
            403,
            r#"{"error":"Insufficient scope","required":"agents:run","provided":[]}"#,
        ),
        (
            ApiError::PlanRequired(Plan::Starter),
            403,
            r#"{"error":"API access is not included in your plan","plan":"starter"}"#,
        ),
        (
            ApiError::OrganizationSuspended,
            403,
            r#"{"error":"Organization is suspended"}"#,
        ),
        (
            ApiError::field("task", "task is required"),
            400,
            r#"{"error":"task is required","field":"task"}"#,
        ),
        (
            ApiError::Validation {
                message: "Body is not JSON".into(),
                field: None,
            },
            400,
            r#"{"error":"Body is not JSON"}"#,
        ),
        (ApiError::NotFound(Missing::Run), 404, r#"{"error":"Run not found"}"#),
        (
            ApiError::NotFound(Missing::TriageItem),
            404,
            r#"{"error":"Triage item not found"}"#,
        ),
        (
            ApiError::NotFound(Missing::Webhook),
            404,
            r#"{"error":"Webhook not found"}"#,
        ),
        (
            ApiError::NotFound(Missing::Batch),
            404,
            r#"{"error":"Batch not found"}"#,
        ),
        (ApiError::NotFound(Missing::Route), 404, r#"{"error":"Not found"}"#),
        (
            ApiError::Conflict {
                message: "Triage item already approved".into(),
                decided: Some(Decided {
                    status: "approved".into(),
                    decided_at: Some(Timestamp::from_ms(0)),
                    decided_by: Some("k".into()),
                }),
            },
            409,
            r#"{"error":"Triage item already approved","status":"approved","decided_at":"1970-01-01T00:00:00.000Z","decided_by":"k"}"#,
        ),
        (ApiError::PayloadTooLarge, 413, r#"{"error":"Request body too large"}"#),
        (
            ApiError::UnsupportedMediaType,
            415,
            r#"{"error":"Content-Type must be application/json"}"#,
        ),
        (
            ApiError::Unprocessable {
                message: "no".into(),
                field: "url",
            },
            422,
            r#"{"error":"no","field":"url"}"#,
        ),
        (
            ApiError::RateLimited { retry_after_s: 3 },
            429,
            r#"{"error":"Rate limit exceeded"}"#,
        ),
        (
            ApiError::DailyLimit { retry_after_s: 3 },
            429,
            r#"{"error":"Daily limit exceeded"}"#,
        ),
        (
            ApiError::CreditsExhausted { retry_after_s: 3 },
            429,
            r#"{"error":"Credit limit exceeded"}"#,
        ),
        (
            ApiError::TooManyStreams { retry_after_s: 3 },
            429,
            r#"{"error":"Too many open streams"}"#,
        ),
        (ApiError::Internal, 500, r#"{"error":"Internal error"}"#),
        (
            ApiError::Unavailable,
            503,
            r#"{"error":"Service temporarily unavailable"}"#,
        ),
    ];
    for (error, status, body) in cases {
        assert_eq!(error.status().as_u16(), status);
        assert_eq!(error.body(), body);
        let retry = matches!(status, 429 | 503);
        assert_eq!(error.retry_after_s().is_some(), retry, "{body}");
    }
}

#[test]
fn challenges_say_what_rfc_6750_asks_for() {
    assert_eq!(ApiError::MissingApiKey.challenge().unwrap(), r#"Bearer realm="eclips""#);
    assert_eq!(
        ApiError::InvalidApiKey.challenge().unwrap(),
        r#"Bearer realm="eclips", error="invalid_token""#
    );
    let scope = ApiError::InsufficientScope {
        required: Scope::AgentsRun,
        provided: ScopeSet::default(),
    };
    assert_eq!(
        scope.challenge().unwrap(),
        r#"Bearer realm="eclips", error="insufficient_scope", scope="agents:run""#
    );
    assert_eq!(ApiError::Unavailable.challenge(), None);
}
