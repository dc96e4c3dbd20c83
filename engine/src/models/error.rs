//! How a model call fails, by what somebody could do about it.
//!
//! Clients get a few fixed words. The cause is for our log: status and error code of the provider, never its prose,
//! which may repeat the task or a piece of a key.

/// Why a call gave no answer that counts. The harness tries again where that [may help](Self::may_pass), and nobody below it does.
///
/// What a failed call took, where the provider told it, is on the call's [`Meter`](super::Meter).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelError {
    /// The attempt's time was over, or the provider gave up on its model.
    TimedOut,
    /// The sandbox was told to fail.
    Failed(String),
    /// The provider takes no more calls at the moment: ours are too many for our quota, or everybody's for it.
    Throttled(String),
    /// The provider could not be reached, broke, or did not speak its own language.
    Unavailable(String),
    /// The provider will not serve us until an operator has changed something: key, permission, model's name, address.
    Denied(String),
    /// The model, or a filter before or behind it, would not do this task.
    Refused(String),
    /// The answer reached the token limit before its end.
    CutOff,
    /// The answer did not fit its schema, also not when it was asked for once more.
    Malformed(String),
    /// Task and data are more than the model reads.
    TooLong(String),
    /// The answer is larger than a result may be.
    TooLarge {
        /// Its size as JSON.
        bytes: usize,
    },
}

impl ModelError {
    /// Says whether the same question, asked once more, may fare better: everything may, but what lies in the task itself.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::TooLong(_))
    }

    /// Gives the words that a client may see, which become the run's `error` after the last attempt.
    #[must_use]
    pub const fn for_client(&self) -> &'static str {
        match self {
            Self::TimedOut => "Model call timed out",
            // What an operator has to mend is nobody else's business.
            Self::Failed(_) | Self::Denied(_) => "Model call failed",
            Self::Throttled(_) => "Model is busy",
            Self::Unavailable(_) => "Model is unavailable",
            Self::Refused(_) => "Model refused the task",
            Self::CutOff => "Model answer was cut off",
            Self::Malformed(_) => "Model answer was malformed",
            Self::TooLong(_) => "Task is too long for the model",
            Self::TooLarge { .. } => "Model answer too large",
        }
    }
}

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimedOut => f.write_str("model call timed out"),
            Self::Failed(cause) => write!(f, "model call failed: {cause}"),
            Self::Throttled(cause) => write!(f, "model is busy: {cause}"),
            Self::Unavailable(cause) => write!(f, "model is unavailable: {cause}"),
            Self::Denied(cause) => write!(f, "model is denied to us: {cause}"),
            Self::Refused(cause) => write!(f, "model refused: {cause}"),
            Self::CutOff => f.write_str("model answer reached the token limit"),
            Self::Malformed(cause) => write!(f, "model answer is malformed: {cause}"),
            Self::TooLong(cause) => write!(f, "task is too long for the model: {cause}"),
            Self::TooLarge { bytes } => write!(f, "model answer of {bytes} bytes is too large"),
        }
    }
}

impl std::error::Error for ModelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_cause_from_the_client() {
        let cause = "http 500 from 10.0.0.7".to_owned();
        for error in [
            ModelError::Failed(cause.clone()),
            ModelError::Throttled(cause.clone()),
            ModelError::Unavailable(cause.clone()),
            ModelError::Denied(cause.clone()),
            ModelError::Refused(cause.clone()),
            ModelError::Malformed(cause.clone()),
            ModelError::TooLong(cause.clone()),
        ] {
            assert!(!error.for_client().contains("10.0.0.7"), "{error:?}");
            assert!(error.to_string().contains("10.0.0.7"), "{error:?}");
        }
    }
}
