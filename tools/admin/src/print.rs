//! What a command prints: text for people, or one JSON object for programs.

use serde::Serialize;

/// For whom to print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Output {
    /// Prints the object, or the text.
    pub fn say(self, object: &impl Serialize, text: &str) -> anyhow::Result<()> {
        match self {
            Self::Text => println!("{text}"),
            Self::Json => println!("{}", serde_json::to_string(object)?),
        }
        Ok(())
    }
}
