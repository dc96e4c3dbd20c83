//! What CloudFormation makes of a template's functions and conditions. Judges nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// CloudFormation's intrinsic functions, as far as the template's policies and addresses use them.
pub(super) struct Resolver<'a> {
    /// The template's conditions.
    pub conditions: &'a Value,
    /// The values of its parameters.
    pub parameters: &'a BTreeMap<&'a str, &'a str>,
}

impl Resolver<'_> {
    /// A part of the template with its parameters' values; nothing where a condition says so.
    pub fn resolve(&self, part: &Value) -> Option<Value> {
        match part {
            Value::Array(items) => Some(items.iter().filter_map(|item| self.resolve(item)).collect()),
            Value::Object(members) => match members.iter().next() {
                Some((name, of)) if members.len() == 1 => match name.as_str() {
                    "If" => self.resolve(
                        &of[if self.holds(&self.conditions[self.text(&of[0])]) {
                            1
                        } else {
                            2
                        }],
                    ),
                    "Ref" if of == "AWS::NoValue" => None,
                    "Ref" | "Sub" | "Select" => Some(Value::from(self.text(part))),
                    _ => Some(json!({ name: self.resolve(of)? })),
                },
                _ => {
                    let resolved = members
                        .iter()
                        .filter_map(|(name, of)| Some((name.clone(), self.resolve(of)?)));
                    Some(Value::Object(resolved.collect()))
                }
            },
            other => Some(other.clone()),
        }
    }

    /// Whether a condition holds.
    pub fn holds(&self, condition: &Value) -> bool {
        let (name, of) = only(condition);
        if name == "Condition" {
            return self.holds(&self.conditions[of.as_str().expect("a name")]);
        }
        let of = of.as_array().expect("a condition has a list");
        match name {
            "And" => of.iter().all(|one| self.holds(one)),
            "Or" => of.iter().any(|one| self.holds(one)),
            "Not" => !self.holds(&of[0]),
            "Equals" => self.text(&of[0]) == self.text(&of[1]),
            _ => panic!("a condition that the tests do not know: {condition}"),
        }
    }

    fn text(&self, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        let (name, of) = only(value);
        match name {
            "Ref" => self.parameters.get(of.as_str().expect("a name")).map_or_else(
                || format!("${{{}}}", of.as_str().unwrap_or_default()),
                |text| (*text).to_owned(),
            ),
            "Sub" => {
                let (text, own) = of.as_array().map_or((of, None), |both| (&both[0], both[1].as_object()));
                let mut text = text.as_str().expect("a text").to_owned();
                for (name, value) in self.parameters {
                    text = text.replace(&format!("${{{name}}}"), value);
                }
                for (name, value) in own.into_iter().flatten() {
                    text = text.replace(&format!("${{{name}}}"), &self.text(value));
                }
                text
            }
            "Select" => {
                let index = usize::try_from(of[0].as_u64().expect("a number")).expect("a small one");
                let split = &of[1]["Split"];
                let (by, text) = (self.text(&split[0]), self.text(&split[1]));
                let parts: Vec<&str> = text.split(by.as_str()).collect();
                // CloudFormation refuses the whole stack where there is no such part.
                (*parts.get(index).expect("there is such a part")).to_owned()
            }
            _ => panic!("a function that the tests do not know: {value}"),
        }
    }
}

/// The one member of an object.
fn only(value: &Value) -> (&str, &Value) {
    let members = value.as_object().filter(|members| members.len() == 1);
    let member = members.and_then(|members| members.iter().next());
    member.map_or_else(|| panic!("no function: {value}"), |(name, of)| (name.as_str(), of))
}
