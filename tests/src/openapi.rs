//! `docs/openapi.json` as the tests look at it: what it says of each operation, and whether an answer, a posted body or an example is
//! one that it describes.
//!
//! Clients ignore members that they do not know; the tests do not. Before anything is judged every object of the document is closed, so that
//! an answer has the members that are described and no others.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use eclips_shared::routes::{Route, Table};
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::repository;

/// The document.
pub static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

/// The document, and the validators that were made of it so far.
#[derive(Debug)]
pub struct Document {
    /// As it is written.
    pub json: Value,
    schemas: Value,
    table: Table,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An answer on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The status.
    pub status: u16,
    /// Name, in lower case, and value of each header.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a str,
}

impl Document {
    fn read() -> Self {
        let json: Value =
            serde_json::from_str(&repository::text("docs/openapi.json")).expect("docs/openapi.json is JSON");
        Self {
            schemas: closed(&json["components"]["schemas"]),
            json,
            table: Table::new(),
            validators: Mutex::default(),
        }
    }

    /// What it says of a route.
    #[must_use]
    pub fn operation(&self, route: &Route) -> &Value {
        &self.json["paths"][route.path][route.method.as_str().to_lowercase()]
    }

    /// The thing itself where a reference to it is given.
    ///
    /// # Panics
    /// When the reference leads nowhere.
    #[must_use]
    pub fn resolve<'a>(&'a self, part: &'a Value) -> &'a Value {
        match part["$ref"].as_str() {
            None => part,
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap_or(reference);
                self.json
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("{reference} leads nowhere"))
            }
        }
    }

    /// Whether a value is one that a schema of the document describes.
    ///
    /// *Errors*: what is wrong with it, a line each.
    pub fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let wrong: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n"))
        }
    }

    /// Whether the document describes this answer to a request of this method and path. A path that is no route is not its business.
    ///
    /// *Errors*: what it does not describe.
    pub fn describes(&self, method: &Method, path: &str, answered: Answered<'_>) -> Result<(), String> {
        let Some((route, _)) = self.table.find(method, path) else {
            return Ok(());
        };
        let response = &self.operation(route)["responses"][answered.status.to_string()];
        if response.is_null() {
            return Err(format!("no status {}", answered.status));
        }
        let response = self.resolve(response);
        let sent = |name: &str| {
            let name = name.to_lowercase();
            answered
                .headers
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| value.as_str())
        };
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let header = self.resolve(header);
            match sent(name) {
                Some(value) => self
                    .header_fits(header, value)
                    .map_err(|wrong| format!("{name}{wrong}"))?,
                None if header["required"] == true => return Err(format!("no header {name}")),
                None => {}
            }
        }
        let essence = sent("content-type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let media = &response["content"][essence];
        if media.is_null() {
            return Err(format!("no content of type {essence:?}"));
        }
        if essence == "text/event-stream" {
            let data = &self.resolve(&media["schema"])["properties"]["data"]["contentSchema"];
            let said = answered.body.lines().filter_map(|line| line.strip_prefix("data: "));
            return said.map(parsed).try_for_each(|event| self.fits(data, &event?));
        }
        self.fits(&media["schema"], &parsed(answered.body)?)
    }

    /// Whether the document describes what was posted to a webhook: its headers, by their names, and its body.
    ///
    /// *Errors*: what it does not describe.
    pub fn describes_posted<'h>(&self, header: impl Fn(&str) -> &'h str, body: &Value) -> Result<(), String> {
        let event = body["event"].as_str().unwrap_or_default();
        let told = &self.json["webhooks"][event]["post"];
        for parameter in told["parameters"]
            .as_array()
            .ok_or_else(|| format!("no event {event:?}"))?
        {
            let parameter = self.resolve(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            self.header_fits(parameter, header(name))
                .map_err(|wrong| format!("{name}{wrong}"))?;
        }
        self.fits(&told["requestBody"]["content"]["application/json"]["schema"], body)
    }

    fn header_fits(&self, header: &Value, value: &str) -> Result<(), String> {
        let schema = self.resolve(&header["schema"]);
        let value = match schema["type"].as_str() {
            Some("integer") => parsed(value)?,
            _ => json!(value),
        };
        self.fits(schema, &value)
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = known
            .entry(schema.to_string())
            .or_insert_with(|| Arc::new(self.compile(schema)));
        Arc::clone(validator)
    }

    /// A schema that stands alone: its references lead into `components` beside it.
    fn compile(&self, schema: &Value) -> Validator {
        let mut alone: Map<String, Value> = closed(schema).as_object().expect("a schema is an object").clone();
        alone.insert("components".to_owned(), json!({ "schemas": self.schemas }));
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        options
            .build(&Value::Object(alone))
            .unwrap_or_else(|error| panic!("{schema}: {error}"))
    }
}

fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON, {error}: {text}"))
}

/// The same with every object closed.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members: Map<String, Value> = members
                .iter()
                .map(|(name, member)| (name.clone(), closed(member)))
                .collect();
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            Value::Object(members)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: (&str, &str) = ("content-type", "application/json; charset=utf-8");

    fn judge(status: u16, headers: &[(&str, &str)], body: &Value) -> Result<(), String> {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let answered = Answered {
            status,
            headers: &headers,
            body: &body.to_string(),
        };
        DOCUMENT.describes(&Method::POST, "/v1/run", answered)
    }

    #[test]
    fn finds_what_is_wrong_with_an_answer() {
        let good = json!({
            "run_id": "019e9c29-1a80-7000-8000-0000000000a1", "status": "queued", "agent_type": "center",
            "estimated_completion": "async",
        });
        assert_eq!(judge(202, &[TYPE], &good), Ok(()));
        let changed = |name: &str, value: Value| {
            let mut changed = good.clone();
            changed[name] = value;
            changed
        };
        assert!(
            judge(202, &[TYPE], &changed("more", json!(1))).is_err(),
            "a member that is not described"
        );
        assert!(judge(202, &[TYPE], &changed("run_id", json!("1"))).is_err());
        assert!(judge(202, &[TYPE], &json!({})).is_err());
        assert!(judge(200, &[TYPE], &good).is_err(), "a status that is not described");
        assert!(judge(202, &[("content-type", "text/html")], &good).is_err());
        let refused = json!({ "error": "Internal error" });
        assert!(judge(500, &[TYPE], &refused).is_err(), "no machine word");
        assert_eq!(
            judge(500, &[TYPE, ("x-eclips-error-code", "internal")], &refused),
            Ok(())
        );
        assert!(judge(500, &[TYPE, ("x-eclips-error-code", "conflict")], &refused).is_err());
    }
}
