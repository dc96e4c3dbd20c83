//! Models: what is asked of one, what it answers, and how it fails.
//!
//! A model call has no time limit of its own: the caller holds the attempt's timeout (contract §10) and drops
//! the call when it is over. The sandbox is the only model so far, so there is no trait over it.

pub mod sandbox;

use serde_json::{Map, Value};

use crate::action::ProposedAction;
use crate::agents::Agent;
use crate::harness::{Evaluation, RESULT_BYTES_MAX, Verdict};
use crate::tier::Tier;

/// One call of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelRequest<'a> {
    /// Who is to do the task.
    pub agent: &'static Agent,
    /// The tier that answers, after the plan's downshift.
    pub tier: Tier,
    /// What the caller of the API asked for.
    pub task: &'a str,
    /// The object that came with it.
    pub data: Option<&'a Map<String, Value>>,
    /// Which call of the run this is, from 1.
    pub attempt: u32,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelAnswer {
    /// The result as the API will show it.
    pub output: Map<String, Value>,
    /// How sure the model says it is. Unchecked: missing or nonsense is the harness's to judge.
    pub confidence: Option<f64>,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Who answered, for the run's `model`: `sandbox-fast`.
    pub model: String,
    /// Whether the answer had to be repaired to fit its schema.
    pub repaired: bool,
    /// What the answer proposes to do.
    pub action: Option<ProposedAction>,
}

impl ModelAnswer {
    /// Gives what the harness needs to judge this answer.
    #[must_use]
    pub const fn verdict(&self) -> Verdict<'_> {
        Verdict {
            confidence: self.confidence,
            repaired: self.repaired,
            action: self.action.as_ref(),
        }
    }

    /// Writes the result as JSON, once, for the store.
    ///
    /// *Units*: at most [`RESULT_BYTES_MAX`] bytes. *Errors*: [`ModelError::TooLarge`] above it.
    pub fn result_json(&self) -> Result<String, ModelError> {
        let json = serde_json::to_string(&self.output).expect("a JSON map has string keys and can always be written");
        if json.len() > RESULT_BYTES_MAX {
            return Err(ModelError::TooLarge { bytes: json.len() });
        }
        Ok(json)
    }
}

/// One call of the evaluator, about one answer.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationRequest<'a> {
    /// Who gave the answer.
    pub agent: &'static Agent,
    /// The tier that judges, after the plan's downshift.
    pub tier: Tier,
    /// What the caller of the API asked for.
    pub task: &'a str,
    /// The object that came with it.
    pub data: Option<&'a Map<String, Value>>,
    /// Which call of the run this is, from 1; the agent's calls count too.
    pub attempt: u32,
    /// The answer to judge.
    pub output: &'a Map<String, Value>,
    /// How sure that answer says it is, unchecked.
    pub confidence: Option<f64>,
}

/// What the evaluator answered.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatorAnswer {
    /// What it says of the answer.
    pub evaluation: Evaluation,
    /// Why, in a sentence for the person who looks.
    pub reasoning: String,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Who judged: `sandbox-smart`.
    pub model: String,
}

/// Why a call gave no answer that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelError {
    /// The attempt's time was over; only the caller, who holds the timeout, knows this.
    TimedOut,
    /// The model refused or broke. The text is for our log and never for a client.
    Failed(String),
    /// The answer is larger than a result may be.
    TooLarge {
        /// Its size as JSON.
        bytes: usize,
    },
}

impl ModelError {
    /// Gives the words that a client may see, which become the run's `error` after the last attempt.
    #[must_use]
    pub const fn for_client(&self) -> &'static str {
        match self {
            Self::TimedOut => "Model call timed out",
            Self::Failed(_) => "Model call failed",
            Self::TooLarge { .. } => "Model answer too large",
        }
    }
}

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimedOut => f.write_str("model call timed out"),
            Self::Failed(cause) => write!(f, "model call failed: {cause}"),
            Self::TooLarge { bytes } => write!(f, "model answer of {bytes} bytes is too large"),
        }
    }
}

impl std::error::Error for ModelError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_of(text: &str) -> ModelAnswer {
        ModelAnswer {
            output: Map::from_iter([("t".to_owned(), Value::from(text))]),
            confidence: Some(0.9),
            input_tokens: 1,
            output_tokens: 1,
            model: "sandbox-fast".to_owned(),
            repaired: false,
            action: None,
        }
    }

    #[test]
    fn accepts_a_result_of_exactly_64_kib() {
        let frame = r#"{"t":""}"#.len();
        let json = answer_of(&"x".repeat(65_536 - frame)).result_json().expect("fits");
        assert_eq!(json.len(), 65_536);
    }

    #[test]
    fn refuses_a_result_one_byte_larger() {
        let frame = r#"{"t":""}"#.len();
        let refused = answer_of(&"x".repeat(65_537 - frame)).result_json();
        assert_eq!(refused, Err(ModelError::TooLarge { bytes: 65_537 }));
    }

    #[test]
    fn keeps_the_cause_from_the_client() {
        let error = ModelError::Failed("http 500 from 10.0.0.7".to_owned());
        assert_eq!(error.for_client(), "Model call failed");
        assert!(error.to_string().contains("10.0.0.7"));
    }

    #[test]
    fn hands_the_harness_the_models_own_figure() {
        let answer = answer_of("x");
        let verdict = answer.verdict();
        assert_eq!(
            (verdict.confidence, verdict.repaired, verdict.action),
            (Some(0.9), false, None)
        );
    }
}
