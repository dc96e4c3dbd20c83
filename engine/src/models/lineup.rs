//! The lineup: which model answers each tier, as the settings say.
//!
//! Read once, at the start, so that a wrong setting stops the worker there. Nothing is called and nothing is built.

use std::fmt;

use reqwest::Url;

use super::key::{Keys, Secret};
use crate::tier::Tier;

/// The settings' names, in the order of the tiers.
const SETTINGS: [&str; 3] = ["ECLIPS_MODEL_FAST", "ECLIPS_MODEL_SMART", "ECLIPS_MODEL_PREMIUM"];
/// The setting with the key.
const KEY_SETTING: &str = "ECLIPS_MODEL_KEY";
/// The longest name of a model; Bedrock's own limit is below it. Our choice.
const NAME_CHARS_MAX: usize = 256;

/// Which model answers each tier, and with which key.
#[derive(Debug)]
pub struct Lineup {
    pub(super) choices: [Choice; 3],
    pub(super) keys: KeySource,
}

/// The model of one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    /// The sandbox.
    Sandbox,
    /// A model behind an endpoint that speaks OpenAI's chat completions.
    OpenAi {
        /// Its base, `https://api.openai.com/v1`.
        base: Url,
        /// The model's name there.
        model: String,
    },
    /// A model of Amazon Bedrock: its id, or that of an inference profile.
    Bedrock {
        /// The id.
        model: String,
    },
}

/// Where the endpoints' keys are.
#[derive(Debug)]
pub(super) enum KeySource {
    /// In the setting itself; there may be none.
    Given(Keys),
    /// In a secret of AWS Secrets Manager, by its ARN.
    Stored(String),
}

/// A setting that names no model, or a key that cannot be used. A `main` that returns it prints its `Debug`, which is the
/// sentence too. It never repeats the setting's value, which may be a secret by mistake.
pub struct WrongSetting {
    name: &'static str,
    why: &'static str,
}

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {} is wrong: {}", self.name, self.why)
    }
}

impl fmt::Debug for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for WrongSetting {}

impl Lineup {
    /// Reads the three models, cheapest tier first, and the key.
    ///
    /// *Shape*: a model is `sandbox`, `openai:<base url>#<model name>` or `bedrock:<model id>`. The key is `none`; a key;
    /// a JSON object of keys by origin (`{"https://api.openai.com": "sk-…"}`), for several endpoints; or the ARN of a
    /// secret of Secrets Manager that holds one of these.
    ///
    /// *Errors*: [`WrongSetting`] names the first that is wrong.
    pub fn read(models: &[String; 3], key: &Secret) -> Result<Self, WrongSetting> {
        let mut choices = [Choice::Sandbox, Choice::Sandbox, Choice::Sandbox];
        for ((choice, name), text) in choices.iter_mut().zip(SETTINGS).zip(models) {
            *choice = read_choice(text).map_err(|why| WrongSetting { name, why })?;
        }
        let keys = match key.as_secret_arn() {
            Some(arn) => KeySource::Stored(arn.to_owned()),
            None => {
                let bases: Vec<&Url> = choices.iter().filter_map(Choice::base).collect();
                let keys = Keys::read(key, &bases).map_err(|why| WrongSetting { name: KEY_SETTING, why })?;
                KeySource::Given(keys)
            }
        };
        Ok(Self { choices, keys })
    }

    /// Whether the sandbox alone answers.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.choices.iter().all(|choice| *choice == Choice::Sandbox)
    }
}

/// For people: `fast sandbox, smart bedrock:amazon.nova-pro-v1:0, …`.
impl fmt::Display for Lineup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (tier, choice) in Tier::ALL.into_iter().zip(&self.choices) {
            let comma = if tier == Tier::Fast { "" } else { ", " };
            write!(f, "{comma}{} {choice}", tier.as_str())?;
        }
        Ok(())
    }
}

impl Choice {
    pub(super) const fn base(&self) -> Option<&Url> {
        match self {
            Self::OpenAi { base, .. } => Some(base),
            Self::Sandbox | Self::Bedrock { .. } => None,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox => f.write_str("sandbox"),
            Self::OpenAi { base, model } => write!(f, "openai:{base}#{model}"),
            Self::Bedrock { model } => write!(f, "bedrock:{model}"),
        }
    }
}

fn read_choice(text: &str) -> Result<Choice, &'static str> {
    if text == "sandbox" {
        Ok(Choice::Sandbox)
    } else if let Some(model) = text.strip_prefix("bedrock:") {
        let model = read_name(model, |byte| b".:-_".contains(&byte))?;
        Ok(Choice::Bedrock { model })
    } else if let Some(text) = text.strip_prefix("openai:") {
        let (base, model) = text
            .split_once('#')
            .ok_or("the base URL needs `#` and a model's name behind it")?;
        Ok(Choice::OpenAi {
            base: read_base(base)?,
            model: read_name(model, |byte| byte.is_ascii_graphic())?,
        })
    } else {
        Err("it can be `sandbox`, `openai:<base url>#<model name>` or `bedrock:<model id>`")
    }
}

fn read_name(name: &str, allowed: impl Fn(u8) -> bool) -> Result<String, &'static str> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || allowed(byte);
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(known) {
        Ok(name.to_owned())
    } else {
        Err("the model's name is empty, too long or has characters that no name has")
    }
}

fn read_base(text: &str) -> Result<Url, &'static str> {
    let base = Url::parse(text).map_err(|_| "the base URL is none")?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err("the base URL must begin with http:// or https://");
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err("the base URL must not carry credentials; ECLIPS_MODEL_KEY holds the key");
    }
    if base.query().is_some() {
        return Err("the base URL must have no query");
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(model: &str, key: &str) -> Result<Lineup, String> {
        let models = [model, "sandbox", "sandbox"].map(str::to_owned);
        Lineup::read(&models, &Secret::new(key.to_owned())).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn reads_each_provider() {
        for model in [
            "sandbox",
            "openai:http://127.0.0.1:8080/v1#gemma",
            "openai:https://api.openai.com/v1#gpt-5-mini",
            "openai:https://gateway.example.com/base/v1#meta-llama/Llama-3.1-8B-Instruct",
            "bedrock:amazon.nova-lite-v1:0",
            "bedrock:eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ] {
            let lineup = read(model, "none").expect(model);
            assert_eq!(
                lineup.to_string(),
                format!("fast {model}, smart sandbox, premium sandbox")
            );
            assert_eq!(lineup.is_sandbox(), model == "sandbox");
        }
    }

    #[test]
    fn names_the_setting_that_is_wrong_and_never_its_value() {
        for model in [
            "",
            "Sandbox",
            "gpt-secret",
            "openai:https://api.example.com/v1",
            "openai:https://api.example.com/v1#",
            "openai:https://api.example.com/v1#two words",
            "openai:ftp://secret/v1#m",
            "openai:secret#m",
            "openai:https://user:secret@api.example.com/v1#m",
            "openai:https://api.example.com/v1?key=secret#m",
            "bedrock:",
            "bedrock:arn:aws:bedrock:secret/profile",
        ] {
            let wrong = read(model, "none").expect_err(model);
            assert!(wrong.starts_with("setting ECLIPS_MODEL_FAST is wrong: "), "{wrong}");
            assert!(!wrong.contains("secret"), "{wrong}");
        }
    }

    #[test]
    fn a_key_goes_to_one_endpoint_and_only_where_nobody_can_overhear_it() {
        let https = "openai:https://api.example.com/v1#m";
        let two = ["openai:https://other.example.com/v1#m", https, "sandbox"].map(str::to_owned);
        for key in ["sk-1", r#"{"https://api.example.com":"sk-1"}"#] {
            assert!(read(https, key).is_ok(), "{key}");
            assert!(read("openai:http://127.0.0.1:9/v1#m", key).is_ok(), "{key}");
        }
        let wrong = [
            read("openai:http://api.example.com/v1#m", "sk-1"),
            read(
                "openai:http://api.example.com/v1#m",
                r#"{"http://api.example.com":"sk-1"}"#,
            ),
            read(https, "sk 1"),
            read(https, "{"),
            read(https, r#"{"https://api.example.com":1}"#),
            read(https, r#"{"https://api.example.com/v1":"sk-1"}"#),
            read(https, r#"{"api.example.com":"sk-1"}"#),
            Lineup::read(&two, &Secret::new("sk-1".to_owned())).map_err(|wrong| wrong.to_string()),
        ];
        for wrong in wrong {
            let wrong = wrong.expect_err("it cannot be used");
            assert!(
                wrong.starts_with("setting ECLIPS_MODEL_KEY is wrong: ") && !wrong.contains("sk"),
                "{wrong}"
            );
        }
        let both = r#"{"https://api.example.com":"sk-1","https://other.example.com":"sk-2"}"#;
        assert!(Lineup::read(&two, &Secret::new(both.to_owned())).is_ok());
    }
}
