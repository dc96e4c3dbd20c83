//! Models: what is asked of one, what it answers, and how it fails.
//!
//! Three providers answer: the sandbox, any endpoint that speaks OpenAI's chat completions, and Amazon Bedrock. Which one
//! a tier has is the operator's choice (`lineup`). A model call has no time limit of its own: the caller holds the
//! attempt's timeout (contract §10) and drops the call when it is over. Nothing here tries a failed call again; what an
//! endpoint would not take is asked in another form, before any model has been called, and an answer that does not fit
//! its schema is asked for once more, within the same attempt.

mod bedrock;
mod error;
mod key;
mod lineup;
mod meter;
mod openai;
mod question;
mod reading;
mod remote;
pub mod sandbox;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use self::error::ModelError;
pub use self::key::Secret;
pub use self::lineup::{Lineup, WrongSetting};
pub use self::meter::{Meter, Reading, Spent};

use self::key::KeyRing;
use self::lineup::{Choice, KeySource};
use self::remote::{Provider, Remote};
use crate::action::ProposedAction;
use crate::agents::Agent;
use crate::harness::{Evaluation, RESULT_BYTES_MAX, Verdict};
use crate::tier::Tier;

/// The model of each tier.
pub struct Models([Model; 3]);

/// A model that can be asked.
pub enum Model {
    /// The sandbox, which asks nobody.
    Sandbox,
    /// A model behind a provider.
    Remote(Box<Remote>),
}

impl Models {
    /// The sandbox for every tier.
    #[must_use]
    pub const fn sandbox() -> Self {
        Self([Model::Sandbox, Model::Sandbox, Model::Sandbox])
    }

    /// Makes ready what the lineup names, and nothing else: without Bedrock or a stored key the account's credentials are not
    /// even looked for. No call is made yet.
    pub async fn open(lineup: Lineup) -> Self {
        let needs_bedrock = |choice: &Choice| matches!(choice, Choice::Bedrock { .. });
        let needs_account = matches!(lineup.keys, KeySource::Stored(_)) || lineup.choices.iter().any(needs_bedrock);
        let account = if needs_account && !lineup.is_sandbox() {
            Some(aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
        } else {
            None
        };
        Self::over(lineup, account.as_ref())
    }

    fn over(lineup: Lineup, account: Option<&aws_config::SdkConfig>) -> Self {
        let bases = lineup.choices.iter().filter_map(Choice::base).cloned().collect();
        let ring = Arc::new(KeyRing::new(lineup.keys, bases, account));
        let open = |choice| match (choice, account) {
            (Choice::OpenAi { base, model }, _) => {
                let openai = openai::OpenAi::new(base, model, Arc::clone(&ring));
                Model::Remote(Box::new(Remote::over(Provider::OpenAi(openai))))
            }
            (Choice::Bedrock { model }, Some(account)) => {
                let bedrock = bedrock::Bedrock::new(account, model);
                Model::Remote(Box::new(Remote::over(Provider::Bedrock(bedrock))))
            }
            (Choice::Bedrock { .. }, None) => unreachable!("a lineup with Bedrock in it is opened with an account"),
            (Choice::Sandbox, _) => Model::Sandbox,
        };
        Self(lineup.choices.map(open))
    }

    /// Gives the model of a tier.
    #[must_use]
    pub const fn of(&self, tier: Tier) -> &Model {
        &self.0[tier as usize]
    }
}

impl Model {
    /// Has the model do an agent's task; what that takes is counted on the meter.
    ///
    /// *Errors*: [`ModelError`], but [`ModelError::TooLarge`] and the caller's own timeout.
    pub async fn answer(&self, request: &ModelRequest<'_>, meter: &Meter) -> Result<ModelAnswer, ModelError> {
        match self {
            Self::Sandbox => {
                let answer = sandbox::answer(request).await?;
                meter.count(Some(answer.input_tokens), Some(answer.output_tokens));
                Ok(answer)
            }
            // Boxed: the SDK's futures are large, and would be a part of everything that waits for this one.
            Self::Remote(remote) => Box::pin(remote.answer(request, meter)).await,
        }
    }

    /// Has the model judge an answer; what that takes is counted on the meter.
    ///
    /// *Errors*: as for an answer.
    pub async fn evaluate(
        &self,
        request: &EvaluationRequest<'_>,
        meter: &Meter,
    ) -> Result<EvaluatorAnswer, ModelError> {
        match self {
            Self::Sandbox => {
                let answer = sandbox::evaluate(request).await?;
                meter.count(Some(answer.input_tokens), Some(answer.output_tokens));
                Ok(answer)
            }
            Self::Remote(remote) => Box::pin(remote.evaluate(request, meter)).await,
        }
    }

    /// Who answers, for the run's `model`: `sandbox-fast`, or the model's name as the setting has it.
    #[must_use]
    pub fn name(&self, tier: Tier) -> String {
        match self {
            Self::Sandbox => format!("sandbox-{}", tier.as_str()),
            Self::Remote(remote) => remote.name().to_owned(),
        }
    }
}

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
    /// What it proposes to do.
    pub action: Option<&'a ProposedAction>,
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
