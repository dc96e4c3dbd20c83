//! What an error of Bedrock means. Its codes are for our log; its prose, which may repeat the request, is only searched.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::ConverseError;

use crate::models::ModelError;

/// What follows from an error.
pub(super) enum Judged {
    /// The model takes no request of this form.
    NotTaken(String),
    /// The model would not take this request in this form.
    NotThisOne(String),
    /// The call failed.
    Failed(ModelError),
}

/// Prose of models that were given more than they read.
const TOO_LONG: [&str; 6] = [
    "too long",
    "context length",
    "context window",
    "context limit",
    "too many input tokens",
    "maximum number of tokens",
];

/// Judges an error.
pub(super) fn judge(error: &SdkError<ConverseError, HttpResponse>) -> Judged {
    let unavailable = |cause: &str| ModelError::Unavailable(cause.to_owned());
    Judged::Failed(match error {
        SdkError::ServiceError(refusal) => return refused(refusal.err(), refusal.raw().status().as_u16()),
        SdkError::TimeoutError(_) => unavailable("Bedrock could not be reached"),
        // The SDK looks for credentials, and signs, when the request is on its way already.
        SdkError::DispatchFailure(_) if lacks_credentials(error) => ModelError::Denied("no credentials".to_owned()),
        SdkError::DispatchFailure(_) => unavailable("connection to Bedrock failed"),
        SdkError::ResponseError(_) => unavailable("unreadable answer of Bedrock"),
        // The region is missing, or the endpoint.
        _ => ModelError::Denied("request could not be built".to_owned()),
    })
}

fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn refused(error: &ConverseError, status: u16) -> Judged {
    let code = error.code().unwrap_or("unknown").to_owned();
    let prose = error.message().unwrap_or_default().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| prose.contains(word));
    Judged::Failed(match error {
        ConverseError::ThrottlingException(_) => ModelError::Throttled(code),
        ConverseError::ModelTimeoutException(_) => ModelError::TimedOut,
        ConverseError::ModelErrorException(_)
        | ConverseError::ModelNotReadyException(_)
        | ConverseError::InternalServerException(_)
        | ConverseError::ServiceUnavailableException(_) => ModelError::Unavailable(code),
        ConverseError::ValidationException(_) if says(&TOO_LONG) => ModelError::TooLong(code),
        ConverseError::ValidationException(_) if says(&["tool"]) && says(&["support"]) => {
            return Judged::NotTaken(code);
        }
        ConverseError::ValidationException(_) if says(&["tool"]) => return Judged::NotThisOne(code),
        // What this SDK does not know by name.
        _ if status == 429 => ModelError::Throttled(code),
        _ if status >= 500 => ModelError::Unavailable(code),
        // No refusal at all, and nothing that this SDK could read.
        _ if status < 400 => ModelError::Unavailable("unreadable answer of Bedrock".to_owned()),
        // Access, a model that is not there or not in this region, signatures.
        _ => ModelError::Denied(code),
    })
}
