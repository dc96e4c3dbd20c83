//! What a person typed, read by the rules that the API has for a body: a page refuses what the API refuses, in its words.

use std::collections::BTreeMap;

use eclips_shared::body::Fields;
use eclips_shared::error::ApiError;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// What is wrong with a field of a form.
#[derive(Debug)]
pub struct Fault {
    /// The field, as the API's body calls it.
    pub field: String,
    pub text: String,
}

impl Fault {
    /// A fault in our words.
    pub fn new(field: &str, text: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            text: text.into(),
        }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Validation { message, field } => Self::new(&field.unwrap_or_default(), message),
            ApiError::Unprocessable { message, field } => Self::new(field, message),
            // Reading a body ends in no other.
            _ => Self::new("", "This cannot be read."),
        }
    }
}

/// What is wrong with a form, for its page.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        let fault = self.0.iter().find(|fault| fault.field == field);
        fault.map(|fault| fault.text.as_str())
    }

    /// Whether there is nothing to mend.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

/// A body of the API's, made of what was typed.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Body(BTreeMap<&'static str, Box<RawValue>>);

impl Body {
    /// Adds a text. Browsers send the ends of lines as forms have them; here they are what was typed.
    #[must_use]
    pub fn text(mut self, name: &'static str, typed: &str) -> Self {
        let value = to_raw_value(&typed.replace("\r\n", "\n")).expect("a text can be written");
        self.0.insert(name, value);
        self
    }

    /// Adds JSON, byte for byte; nothing where nothing was typed.
    ///
    /// *Errors*: a [`Fault`] of that field where it is no JSON.
    pub fn json(mut self, name: &'static str, typed: &str) -> Result<Self, Fault> {
        if !typed.trim().is_empty() {
            let value = serde_json::from_str(typed).map_err(|_| Fault::new(name, "This is no JSON object."))?;
            self.0.insert(name, value);
        }
        Ok(self)
    }

    /// The body as it would be sent.
    pub fn bytes(&self) -> String {
        serde_json::to_string(self).expect("raw JSON can be written")
    }

    /// Its fields, to be taken as the API takes them.
    ///
    /// *Errors*: never one that what was typed leads to.
    pub fn fields(&self) -> Result<Fields, Fault> {
        Ok(Fields::parse(self.bytes().as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use eclips_shared::asked;

    use super::*;

    #[test]
    fn what_was_typed_is_what_the_api_reads() {
        let body = Body::default().text("task", "Say\r\n\"hello\"");
        let mut fields = body.json("data", r#" {"n": 1.10} "#).unwrap().fields().unwrap();
        assert_eq!(asked::task(&mut fields).ok().unwrap(), "Say\n\"hello\"");
        assert_eq!(asked::data(&mut fields).ok().unwrap().unwrap().get(), r#"{"n": 1.10}"#);
        assert!(fields.finish().is_ok());
        for typed in ["", " \n"] {
            let mut fields = Body::default().json("data", typed).unwrap().fields().unwrap();
            assert!(asked::data(&mut fields).ok().unwrap().is_none());
        }
    }

    #[test]
    fn faults_are_the_apis_and_belong_to_their_field() {
        // Whoever closes the object himself adds no field of his own.
        for typed in ["{", r#"{},"priority":"critical""#, r#"{},"task":"y""#] {
            assert_eq!(
                Body::default().json("data", typed).unwrap_err().field,
                "data",
                "{typed}"
            );
        }
        let mut fields = Body::default().json("data", "[1]").unwrap().fields().unwrap();
        let faults = Faults::from(Fault::from(asked::data(&mut fields).unwrap_err()));
        assert_eq!(faults.of("data"), Some("data must be an object"));
        assert_eq!((faults.of("task"), faults.is_empty()), (None, false));
    }
}
