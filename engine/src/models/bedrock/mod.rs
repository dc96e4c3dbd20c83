//! Amazon Bedrock, by the Converse API, with the function's own credentials.
//!
//! The answer is asked for as the input of a tool that must be used, and where a model takes no such tool, in words. The SDK
//! tries nothing again and has no timeouts of its own but the one for connecting: both are the caller's.

mod document;
mod refusal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, SpecificToolChoice, StopReason,
    SystemContentBlock, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};

use self::refusal::{Judged, judge};
use super::question::{Question, Repair};
use super::{Meter, ModelError};

/// How long Bedrock may take to be reached at all, as for other endpoints.
const CONNECT: Duration = Duration::from_secs(5);

/// How many times more tokens than its answer needs a model gets, for those that think first. Our choice: older models take
/// no more.
const THINKING: u32 = 2;

/// A model of Bedrock.
pub(super) struct Bedrock {
    client: Client,
    model: String,
    /// Whether this model is known, in this process, to take no tool.
    takes_words_only: AtomicBool,
    /// Whether the last answer came in words because a tool was refused, and may be so by the request's fault.
    answered_in_words: AtomicBool,
}

/// How the schema is put.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rung {
    Tool,
    Prompt,
}

impl Bedrock {
    pub(super) fn new(account: &SdkConfig, model: String) -> Self {
        let config = aws_sdk_bedrockruntime::config::Builder::from(account)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
            // It would take a model that thinks for a stalled connection.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(config),
            model,
            takes_words_only: AtomicBool::new(false),
            answered_in_words: AtomicBool::new(false),
        }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// Has one conversation; gives the answer's text.
    ///
    /// *Errors*: every [`ModelError`] but those that come of reading the text.
    pub(super) async fn say(
        &self,
        question: &Question,
        repair: Option<&Repair>,
        meter: &Meter,
    ) -> Result<String, ModelError> {
        let mut is_known = self.takes_words_only.load(Ordering::Relaxed);
        if !is_known {
            match self.converse(Rung::Tool, question, repair, meter).await {
                Err(Judged::NotTaken(_)) => is_known = true,
                Err(Judged::NotThisOne(_)) => {}
                Err(Judged::Failed(error)) => return Err(error),
                Ok(text) => {
                    self.answered_in_words.store(false, Ordering::Relaxed);
                    return Ok(text);
                }
            }
        }
        match self.converse(Rung::Prompt, question, repair, meter).await {
            Err(Judged::NotTaken(cause) | Judged::NotThisOne(cause)) => Err(ModelError::Denied(cause)),
            Err(Judged::Failed(error)) => Err(error),
            Ok(text) => {
                let twice = self.answered_in_words.swap(true, Ordering::Relaxed);
                self.takes_words_only.store(is_known || twice, Ordering::Relaxed);
                Ok(text)
            }
        }
    }

    async fn converse(
        &self,
        rung: Rung,
        question: &Question,
        repair: Option<&Repair>,
        meter: &Meter,
    ) -> Result<String, Judged> {
        let request = self
            .request(rung, question, repair)
            .map_err(|error| Judged::Failed(ModelError::Denied(format!("request could not be built: {error}"))))?;
        let output = request.send().await.map_err(|error| judge(&error))?;
        read(&output, meter).map_err(Judged::Failed)
    }

    fn request(
        &self,
        rung: Rung,
        question: &Question,
        repair: Option<&Repair>,
    ) -> Result<ConverseFluentBuilder, BuildError> {
        let tokens_max = i32::try_from(THINKING * question.tokens_max).unwrap_or(i32::MAX);
        let mut system = question.system.clone();
        if rung == Rung::Prompt {
            system = format!("{system}\n{}\n", question.schema_in_words());
        }
        let mut request = self
            .client
            .converse()
            .model_id(&self.model)
            .system(SystemContentBlock::Text(system))
            .messages(message(ConversationRole::User, &question.user)?)
            .inference_config(InferenceConfiguration::builder().max_tokens(tokens_max).build());
        if let Some(repair) = repair {
            request = request
                .messages(message(ConversationRole::Assistant, &repair.said)?)
                .messages(message(ConversationRole::User, &repair.words(question))?);
        }
        match rung {
            Rung::Tool => Ok(request.tool_config(tool(question)?)),
            Rung::Prompt => Ok(request),
        }
    }
}

fn message(role: ConversationRole, text: &str) -> Result<Message, BuildError> {
    Message::builder()
        .role(role)
        .content(ContentBlock::Text(text.to_owned()))
        .build()
}

fn tool(question: &Question) -> Result<ToolConfiguration, BuildError> {
    let input = ToolInputSchema::Json(document::of(&question.schema));
    let spec = ToolSpecification::builder()
        .name(question.name)
        .description("Gives the answer.")
        .input_schema(input)
        .build()?;
    let choice = SpecificToolChoice::builder().name(question.name).build()?;
    ToolConfiguration::builder()
        .tools(Tool::ToolSpec(spec))
        .tool_choice(ToolChoice::Tool(choice))
        .build()
}

/// Reads an answer; counts what it took.
fn read(output: &ConverseOutput, meter: &Meter) -> Result<String, ModelError> {
    // Where Bedrock tells none, the SDK says 0, which no answer takes.
    let tokens = |figure: i32| u64::try_from(figure).ok().filter(|figure| *figure > 0);
    let usage = output.usage();
    meter.count(
        usage.and_then(|usage| tokens(usage.input_tokens())),
        usage.and_then(|usage| tokens(usage.output_tokens())),
    );
    match output.stop_reason() {
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => return Err(ModelError::CutOff),
        reason @ (StopReason::ContentFiltered | StopReason::GuardrailIntervened) => {
            return Err(ModelError::Refused(format!("stop reason {}", reason.as_str())));
        }
        reason @ (StopReason::MalformedModelOutput | StopReason::MalformedToolUse) => {
            return Err(ModelError::Malformed(format!("stop reason {}", reason.as_str())));
        }
        _ => {}
    }
    let message = output.output().and_then(|output| output.as_message().ok());
    let blocks = message.map(Message::content).unwrap_or_default();
    let used = blocks.iter().find_map(|block| block.as_tool_use().ok());
    let text = match used {
        Some(tool) => document::value(tool.input()).to_string(),
        None => blocks
            .iter()
            .filter_map(|block| block.as_text().ok())
            .map(String::as_str)
            .collect(),
    };
    if text.trim().is_empty() {
        return Err(ModelError::Malformed("an empty message".to_owned()));
    }
    Ok(text)
}
