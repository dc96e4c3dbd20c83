//! A remote model: asks it, reads what it says, and has it mended once where it does not fit.

use super::bedrock::Bedrock;
use super::meter::Spent;
use super::openai::OpenAi;
use super::question::{Question, Repair};
use super::{EvaluationRequest, EvaluatorAnswer, Meter, ModelAnswer, ModelError, ModelRequest, reading};

/// A model behind a provider.
pub struct Remote(Provider);

/// Who has the model.
pub(super) enum Provider {
    OpenAi(OpenAi),
    Bedrock(Bedrock),
}

/// Whether an answer was right at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    AtOnce,
    Repaired,
}

impl Remote {
    pub(super) const fn over(provider: Provider) -> Self {
        Self(provider)
    }

    pub(super) fn name(&self) -> &str {
        match &self.0 {
            Provider::OpenAi(openai) => openai.model(),
            Provider::Bedrock(bedrock) => bedrock.model(),
        }
    }

    pub(super) async fn answer(&self, request: &ModelRequest<'_>, meter: &Meter) -> Result<ModelAnswer, ModelError> {
        let question = Question::of_agent(request);
        let read = |text: &str| reading::answer(request.agent, text);
        let (said, fit) = self.ask(&question, meter, read).await?;
        let Spent {
            input_tokens,
            output_tokens,
            ..
        } = meter.read().spent;
        Ok(ModelAnswer {
            output: said.output,
            confidence: said.confidence,
            input_tokens,
            output_tokens,
            model: self.name().to_owned(),
            repaired: fit == Fit::Repaired,
            action: said.action,
        })
    }

    pub(super) async fn evaluate(
        &self,
        request: &EvaluationRequest<'_>,
        meter: &Meter,
    ) -> Result<EvaluatorAnswer, ModelError> {
        let question = Question::of_evaluator(request);
        let ((evaluation, reasoning), _) = self.ask(&question, meter, reading::evaluation).await?;
        let Spent {
            input_tokens,
            output_tokens,
            ..
        } = meter.read().spent;
        Ok(EvaluatorAnswer {
            evaluation,
            reasoning,
            input_tokens,
            output_tokens,
            model: self.name().to_owned(),
        })
    }

    /// Asks, and once more where the answer does not fit: one attempt, one or two answers, all their tokens on the meter.
    async fn ask<T>(
        &self,
        question: &Question,
        meter: &Meter,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<(T, Fit), ModelError> {
        let said = self.say(question, None, meter).await?;
        let misfit = match read(&said) {
            Ok(answer) => return Ok((answer, Fit::AtOnce)),
            Err(misfit) => misfit,
        };
        let said = self.say(question, Some(&Repair::of(&said, misfit)), meter).await?;
        match read(&said) {
            Ok(answer) => Ok((answer, Fit::Repaired)),
            Err(misfit) => Err(ModelError::Malformed(misfit)),
        }
    }

    async fn say(&self, question: &Question, repair: Option<&Repair>, meter: &Meter) -> Result<String, ModelError> {
        match &self.0 {
            Provider::OpenAi(openai) => openai.say(question, repair, meter).await,
            Provider::Bedrock(bedrock) => bedrock.say(question, repair, meter).await,
        }
    }
}
