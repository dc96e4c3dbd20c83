//! Why the store gave no answer: the SDK's errors in our words, keeping a code and nothing of the request or the response.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::error::ApiError;

/// Why a call gave no answer.
#[derive(Debug)]
pub enum StoreError {
    /// The store did not answer, throttled or refused us.
    Unavailable {
        /// The call.
        call: &'static str,
        /// The SDK's word for it; never holds data.
        cause: String,
    },
    /// A record is not what we wrote.
    Corrupt {
        /// Which kind of record.
        record: &'static str,
        /// Which attribute.
        attribute: String,
    },
    /// The condition of a write did not hold: somebody else was first.
    Lost,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { call, cause } => write!(f, "{call}: {cause}"),
            Self::Corrupt { record, attribute } => write!(f, "corrupt {record} record: {attribute}"),
            Self::Lost => f.write_str("somebody else was first"),
        }
    }
}

impl std::error::Error for StoreError {}

impl StoreError {
    /// Whether others held the same items all the time: trying again is all that is needed.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Unavailable { cause, .. } if cause == "TransactionCanceledException")
    }

    /// Writes the cause into the log; once, where a request ends because of it.
    pub fn log(&self) {
        match self {
            Self::Corrupt { .. } => tracing::error!(alarm = "corrupt_record", error = %self),
            Self::Unavailable { .. } | Self::Lost => tracing::warn!(error = %self, "store unavailable"),
        }
    }
}

impl From<StoreError> for ApiError {
    /// Logs the cause, once, and gives the client none of it. Every fault of the store is a 503, never a 401 or a 200.
    fn from(error: StoreError) -> Self {
        error.log();
        Self::Unavailable
    }
}

/// Turns an SDK error into ours, keeping its code and nothing of the request or the response.
pub(crate) fn unavailable<E: ProvideErrorMetadata, R>(call: &'static str, error: &SdkError<E, R>) -> StoreError {
    match cause(error) {
        // Repeating it would not help: what we sent is not what the store takes.
        cause if cause == "ValidationException" => StoreError::Corrupt {
            record: call,
            attribute: cause,
        },
        cause => StoreError::Unavailable { call, cause },
    }
}

/// What became of one conditional write: a condition that did not hold is [`StoreError::Lost`].
pub(super) fn written<T, E: ProvideErrorMetadata, R>(
    call: &'static str,
    sent: Result<T, SdkError<E, R>>,
) -> Result<(), StoreError> {
    match sent {
        Ok(_) => Ok(()),
        Err(error) if cause(&error) == "ConditionalCheckFailedException" => Err(StoreError::Lost),
        Err(error) => Err(unavailable(call, &error)),
    }
}

/// The SDK's word for what happened.
pub(crate) fn cause<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "could not connect".to_owned(),
        SdkError::ConstructionFailure(_) => "request could not be built".to_owned(),
        SdkError::ResponseError(_) => "unreadable response".to_owned(),
        SdkError::ServiceError(refused) => refused.err().code().unwrap_or("refused").to_owned(),
        _ => "failed".to_owned(),
    }
}
