//! Every refusal a client can see: its status, its machine word, its exact body. No other file holds these strings.
//!
//! *Source*: contract §2. A cause never reaches the client; it is logged once, where it is known.

use http::StatusCode;
use serde::Serialize;

use crate::auth::{Scope, ScopeSet};
use crate::plan::Plan;
use crate::time::Timestamp;

/// Seconds after which a client may try again when the service itself is short of something.
pub const UNAVAILABLE_RETRY_S: u64 = 1;

/// What the client did, or what befell us.
#[derive(Debug)]
pub enum ApiError {
    /// 400: two `Authorization` headers.
    MultipleCredentials,
    /// 401: no credential.
    MissingApiKey,
    /// 401: malformed, unknown, revoked or expired; the same bytes for all.
    InvalidApiKey,
    /// 403: the key lacks the route's scope.
    InsufficientScope {
        /// What the route asks for.
        required: Scope,
        /// What the key has.
        provided: ScopeSet,
    },
    /// 403: the plan has no API access.
    PlanRequired(Plan),
    /// 403: the organization is suspended.
    OrganizationSuspended,
    /// 400: body or query fails validation.
    Validation {
        /// What is wrong, for people.
        message: String,
        /// The field at fault; `None` when the JSON does not parse.
        field: Option<String>,
    },
    /// 404: also for another organization's or the other mode's object.
    NotFound(Missing),
    /// 409: it was decided otherwise before.
    Conflict {
        /// What is in the way, for people.
        message: String,
        /// What was decided, if the client may know.
        decided: Option<Decided>,
    },
    /// 413: the body is larger than the route takes.
    PayloadTooLarge,
    /// 415: a body of another type than JSON.
    UnsupportedMediaType,
    /// 422: well-formed but impossible.
    Unprocessable {
        /// What is wrong, for people.
        message: String,
        /// The field or header at fault.
        field: &'static str,
    },
    /// 429: more requests in a minute than the plan allows.
    RateLimited {
        /// Whole seconds until a request can pass.
        retry_after_s: u64,
    },
    /// 429: more requests in a UTC day than the plan allows.
    DailyLimit {
        /// Whole seconds until a request can pass.
        retry_after_s: u64,
    },
    /// 429: the month's credits are used up.
    CreditsExhausted {
        /// Whole seconds until a request can pass.
        retry_after_s: u64,
    },
    /// 429: more open streams than an organization may have.
    TooManyStreams {
        /// Whole seconds until the first of them is free at the latest.
        retry_after_s: u64,
    },
    /// 500: a broken invariant of ours.
    Internal,
    /// 503: the store is down, throttled or holds a corrupt record.
    Unavailable,
}

/// What was not found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// A path or method.
    Route,
    /// A run.
    Run,
    /// A triage item.
    TriageItem,
    /// A webhook.
    Webhook,
    /// A delivery to a webhook.
    Delivery,
    /// A batch.
    Batch,
}

/// A decision that stands.
#[derive(Debug, Serialize)]
pub struct Decided {
    /// The status that was reached.
    pub status: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// The one body of all errors; absent members are left out, the order is the contract's.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provided: Option<ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    decided: Option<&'a Decided>,
}

impl ApiError {
    /// A validation error that names its field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Validation {
            message: message.into(),
            field: Some(field.into()),
        }
    }

    /// The refusal of a field that nobody asked for.
    #[must_use]
    pub fn unknown_field(name: String) -> Self {
        Self::Validation {
            message: unknown_field(&name),
            field: Some(name),
        }
    }

    /// The same error of something that stands within something else: its field names the place, as in `rows[17].task`, and so
    /// does its message, which begins with the field or is that of an unknown one. Nowhere else, since a field may be called
    /// as a letter of the message is.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Validation {
                message,
                field: Some(field),
            } => {
                let placed = format!("{place}.{field}");
                let message = if message == unknown_field(&field) {
                    unknown_field(&placed)
                } else if let Some(rest) = message.strip_prefix(&field) {
                    format!("{placed}{rest}")
                } else {
                    message
                };
                Self::Validation {
                    message,
                    field: Some(placed),
                }
            }
            other => other,
        }
    }

    /// The refusal to cancel a batch that has ended.
    #[must_use]
    pub fn batch_has_ended(decided: Decided) -> Self {
        Self::Conflict {
            message: "Batch cannot be cancelled".to_owned(),
            decided: Some(decided),
        }
    }

    /// The refusal of an idempotency key that stands for another request.
    #[must_use]
    pub fn name_taken() -> Self {
        Self::Unprocessable {
            message: "Idempotency-Key was used for another request".to_owned(),
            field: "Idempotency-Key",
        }
    }

    /// The refusal to cancel a run that has ended.
    #[must_use]
    pub fn run_has_ended(decided: Decided) -> Self {
        Self::Conflict {
            message: "Run cannot be cancelled".to_owned(),
            decided: Some(decided),
        }
    }

    /// The refusal to decide what has been decided, or is no longer to be decided.
    #[must_use]
    pub fn triage_has_ended(decided: Decided) -> Self {
        Self::Conflict {
            message: format!("Triage item already {}", decided.status),
            decided: Some(decided),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MultipleCredentials | Self::Validation { .. } => StatusCode::BAD_REQUEST,
            Self::MissingApiKey | Self::InvalidApiKey => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope { .. } | Self::PlanRequired(_) | Self::OrganizationSuspended => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. }
            | Self::DailyLimit { .. }
            | Self::CreditsExhausted { .. }
            | Self::TooManyStreams { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The machine word of the header `X-eClips-Error-Code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MultipleCredentials => "multiple_credentials",
            Self::MissingApiKey => "missing_api_key",
            Self::InvalidApiKey => "invalid_api_key",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::PlanRequired(_) => "plan_required",
            Self::OrganizationSuspended => "organization_suspended",
            Self::Validation { .. } => "validation_error",
            Self::NotFound(_) => "not_found",
            Self::Conflict { .. } => "conflict",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unprocessable { .. } => "unprocessable",
            Self::RateLimited { .. } | Self::TooManyStreams { .. } => "rate_limited",
            Self::DailyLimit { .. } => "daily_limit",
            Self::CreditsExhausted { .. } => "credits_exhausted",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// The text under `error`.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::MultipleCredentials => "Multiple credentials",
            Self::MissingApiKey => "Missing API key",
            Self::InvalidApiKey => "Invalid, expired or revoked API key",
            Self::InsufficientScope { .. } => "Insufficient scope",
            Self::PlanRequired(_) => "API access is not included in your plan",
            Self::OrganizationSuspended => "Organization is suspended",
            Self::Validation { message, .. } | Self::Conflict { message, .. } | Self::Unprocessable { message, .. } => {
                message
            }
            Self::NotFound(Missing::Route) => "Not found",
            Self::NotFound(Missing::Run) => "Run not found",
            Self::NotFound(Missing::TriageItem) => "Triage item not found",
            Self::NotFound(Missing::Webhook) => "Webhook not found",
            Self::NotFound(Missing::Delivery) => "Delivery not found",
            Self::NotFound(Missing::Batch) => "Batch not found",
            Self::PayloadTooLarge => "Request body too large",
            Self::UnsupportedMediaType => "Content-Type must be application/json",
            Self::RateLimited { .. } => "Rate limit exceeded",
            Self::DailyLimit { .. } => "Daily limit exceeded",
            Self::CreditsExhausted { .. } => "Credit limit exceeded",
            Self::TooManyStreams { .. } => "Too many open streams",
            Self::Internal => "Internal error",
            Self::Unavailable => "Service temporarily unavailable",
        }
    }

    /// The exact body.
    #[must_use]
    pub fn body(&self) -> String {
        let mut body = Body {
            error: self.message(),
            field: None,
            required: None,
            provided: None,
            plan: None,
            decided: None,
        };
        match self {
            Self::InsufficientScope { required, provided } => {
                (body.required, body.provided) = (Some(*required), Some(*provided));
            }
            Self::PlanRequired(plan) => body.plan = Some(*plan),
            Self::Validation { field, .. } => body.field = field.as_deref(),
            Self::Unprocessable { field, .. } => body.field = Some(field),
            Self::Conflict { decided, .. } => body.decided = decided.as_ref(),
            _ => {}
        }
        serde_json::to_string(&body).expect("an error body is plain strings")
    }

    /// The challenge of a 401 and of a scope's 403. *Source*: RFC 6750 §3.
    #[must_use]
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::MissingApiKey => Some(r#"Bearer realm="eclips""#.to_owned()),
            Self::InvalidApiKey => Some(r#"Bearer realm="eclips", error="invalid_token""#.to_owned()),
            Self::InsufficientScope { required, .. } => Some(format!(
                r#"Bearer realm="eclips", error="insufficient_scope", scope="{required}""#
            )),
            _ => None,
        }
    }

    /// Whole seconds for `Retry-After`; every 429 and 503 has one.
    #[must_use]
    pub const fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_s }
            | Self::DailyLimit { retry_after_s }
            | Self::CreditsExhausted { retry_after_s }
            | Self::TooManyStreams { retry_after_s } => Some(*retry_after_s),
            Self::Unavailable => Some(UNAVAILABLE_RETRY_S),
            _ => None,
        }
    }
}

fn unknown_field(name: &str) -> String {
    format!("Unknown field {name}")
}

#[cfg(test)]
mod tests;
