//! The answer on the wire: status, body and every common header. *Source*: contract §2.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::Response;

use super::{Answer, Content, Trace};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::store::Quota;
use crate::time::{DAY_MS, SECOND_MS};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-eclips-error-code");
const KEY_EXPIRES_AT: HeaderName = HeaderName::from_static("x-eclips-key-expires-at");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Writes the answer or the refusal with the headers that the contract asks for.
pub(super) fn respond(outcome: Result<Answer, ApiError>, id: &str, trace: &Trace) -> Response<Content> {
    let mut headers = HeaderMap::new();
    common_headers(&mut headers, id, outcome.as_ref().err().map(ApiError::code));
    if let Err(error) = &outcome {
        if let Some(challenge) = error.challenge() {
            set(&mut headers, WWW_AUTHENTICATE, &challenge);
        }
        if let Some(seconds) = error.retry_after_s() {
            set(&mut headers, RETRY_AFTER, &seconds.to_string());
        }
    }
    if let Some(end) = trace.caller.as_ref().and_then(Caller::expires_at) {
        set(&mut headers, KEY_EXPIRES_AT, &end.to_string());
    }
    if let Some(quota) = &trace.quota {
        rate_limit(&mut headers, quota);
    }
    let (status, content) = match outcome {
        Ok(answer) => {
            headers.extend(answer.header);
            if let Content::Events(_) = answer.content {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            }
            (answer.status, answer.content)
        }
        Err(error) => (error.status(), Content::Json(error.body())),
    };
    let mut response = Response::new(content);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Sets what every answer carries, and the machine word of those that are refusals; the local gateway's own too.
pub fn common_headers(headers: &mut HeaderMap, request_id: &str, error_code: Option<&'static str>) {
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(headers, REQUEST_ID, request_id);
    if let Some(code) = error_code {
        headers.insert(ERROR_CODE, HeaderValue::from_static(code));
    }
}

/// `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers has them. *Units*: requests and seconds.
fn rate_limit(headers: &mut HeaderMap, quota: &Quota) {
    let class = quota.limiter.as_str();
    let day_left_s = (DAY_MS - quota.at.ms().rem_euclid(DAY_MS)) / SECOND_MS;
    set(
        headers,
        RATE_LIMIT_POLICY,
        &format!(
            r#""{class}";q={};w=60, "daily";q={};w=86400"#,
            quota.per_minute, quota.per_day
        ),
    );
    set(
        headers,
        RATE_LIMIT,
        &format!(
            r#""{class}";r={};t=60, "daily";r={};t={day_left_s}"#,
            quota.minute_left, quota.day_left
        ),
    );
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Every value is ours and printable; one that is not would be left out rather than break the answer.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
