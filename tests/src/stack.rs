//! `infra/template.yaml` as the tests look at it: plain JSON, its functions with all that belongs to each. Judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;

use crate::repository;

/// The template, with `!Ref X` as `{"Ref":"X"}`, `!Sub X` as `{"Sub":"X"}` and so on.
#[derive(Debug)]
pub struct Stack(Value);

/// A function of the template.
#[derive(Clone, Copy, Debug)]
pub struct StackFunction<'a> {
    stack: &'a Stack,
    /// The logical id.
    pub id: &'a str,
    properties: &'a Value,
}

/// A route as the template wires it: method, path, function.
pub type Wired = (String, String, String);

/// One permission: an action on a resource, the resource as the template writes it.
pub type Grant = (String, String);

impl Stack {
    /// Reads the template.
    ///
    /// # Panics
    /// When it is no YAML.
    #[must_use]
    pub fn read() -> Self {
        let yaml: Yaml =
            serde_yaml_ng::from_str(&repository::text("infra/template.yaml")).expect("the template is YAML");
        Self(plain(&yaml))
    }

    /// The properties of a resource.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn properties(&self, id: &str) -> &Value {
        self.0["Resources"][id]
            .get("Properties")
            .unwrap_or_else(|| panic!("the template has no resource {id}"))
    }

    /// Whether a resource outlives the stack, and a change that would replace it.
    #[must_use]
    pub fn is_retained(&self, id: &str) -> bool {
        let resource = &self.0["Resources"][id];
        ["DeletionPolicy", "UpdateReplacePolicy"]
            .iter()
            .all(|policy| resource[policy] == "Retain")
    }

    /// A parameter, as the template writes it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &Value {
        self.0["Parameters"]
            .get(name)
            .unwrap_or_else(|| panic!("the template has no parameter {name}"))
    }

    /// The value of an output, as the template writes it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn output(&self, name: &str) -> &Value {
        self.0["Outputs"][name]
            .get("Value")
            .unwrap_or_else(|| panic!("the template has no output {name}"))
    }

    /// The one resource of a type: its logical id and its properties.
    ///
    /// # Panics
    /// When there is none, or more than one.
    #[must_use]
    pub fn only(&self, kind: &str) -> (&str, &Value) {
        let mut found = self.of_type(kind);
        match (found.next(), found.next()) {
            (Some(one), None) => one,
            _ => panic!("the template has not exactly one {kind}"),
        }
    }

    /// Every resource of a type, by logical id.
    pub fn of_type(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.0["Resources"].as_object().expect("a template has resources");
        resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    /// Every function.
    pub fn functions(&self) -> impl Iterator<Item = StackFunction<'_>> {
        self.of_type("AWS::Serverless::Function")
            .map(|(id, properties)| StackFunction {
                stack: self,
                id,
                properties,
            })
    }

    /// The function of a name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn function(&self, name: &str) -> StackFunction<'_> {
        self.functions()
            .find(|function| function.name() == name)
            .unwrap_or_else(|| panic!("the template has no function {name}"))
    }

    /// A part of the template as CloudFormation makes it of these parameters; nothing where a condition says so. Pseudo
    /// parameters and resources stay as they are written.
    #[must_use]
    pub fn resolve(&self, part: &Value, parameters: &BTreeMap<&str, &str>) -> Option<Value> {
        Resolver {
            conditions: &self.0["Conditions"],
            parameters,
        }
        .resolve(part)
    }

    /// What every function shares.
    #[must_use]
    pub fn globals(&self) -> &Value {
        &self.0["Globals"]["Function"]
    }
}

impl<'a> StackFunction<'a> {
    /// The name of the folder and of the binary: the one whose zip the template deploys.
    ///
    /// # Panics
    /// When the function's code lies elsewhere.
    #[must_use]
    pub fn name(self) -> &'a str {
        let code = self.properties["CodeUri"].as_str().unwrap_or_default();
        code.strip_prefix("../target/lambda/")
            .and_then(|code| code.strip_suffix("/bootstrap.zip"))
            .unwrap_or_else(|| panic!("{}: CodeUri is {code}", self.id))
    }

    /// What the template says of it.
    #[must_use]
    pub fn properties(self) -> &'a Value {
        self.properties
    }

    /// Its environment, that of `Globals` included; values as the template writes them.
    #[must_use]
    pub fn settings(self) -> BTreeMap<&'a str, &'a Value> {
        let of = |properties: &'a Value| properties["Environment"]["Variables"].as_object();
        let both = [of(self.stack.globals()), of(self.properties)]
            .into_iter()
            .flatten()
            .flatten();
        both.map(|(name, value)| (name.as_str(), value)).collect()
    }

    /// How long an invocation may take.
    ///
    /// # Panics
    /// When neither the function nor `Globals` says so.
    #[must_use]
    pub fn timeout(self) -> Duration {
        let seconds = self.properties["Timeout"]
            .as_u64()
            .or_else(|| self.stack.globals()["Timeout"].as_u64());
        Duration::from_secs(seconds.expect("Globals have a timeout"))
    }

    /// The routes of the REST API that lead to it.
    #[must_use]
    pub fn routes(self) -> BTreeSet<Wired> {
        let events = self.properties["Events"].as_object().into_iter().flatten();
        let api = events.map(|(_, event)| event).filter(|event| event["Type"] == "Api");
        let word = |event: &Value, name: &str| event["Properties"][name].as_str().unwrap_or_default().to_owned();
        api.map(|event| (word(event, "Method"), word(event, "Path"), self.name().to_owned()))
            .collect()
    }

    /// The routes of the REST API whose answers it streams: path, and how long the gateway lets them go on.
    ///
    /// *Errors*: `None` where the template leaves that to the gateway.
    #[must_use]
    pub fn streamed(self) -> Vec<(&'a str, Option<Duration>)> {
        let events = self.properties["Events"].as_object().into_iter().flatten();
        let api = events.map(|(_, event)| &event["Properties"]);
        // Whatever it says: a misspelt word is one too.
        api.filter(|event| event.get("ResponseTransferMode").is_some())
            .map(|event| {
                let timeout = event["TimeoutInMillis"].as_u64().map(Duration::from_millis);
                (event["Path"].as_str().unwrap_or_default(), timeout)
            })
            .collect()
    }

    /// What it consumes of tables' streams: the properties of its event source mappings.
    #[must_use]
    pub fn consumes(self) -> Vec<&'a Value> {
        let events = self.properties["Events"].as_object().into_iter().flatten();
        events
            .filter(|(_, event)| event["Type"] == "DynamoDB")
            .map(|(_, event)| &event["Properties"])
            .collect()
    }

    /// The properties of its role.
    ///
    /// # Panics
    /// When it has no role of its own.
    #[must_use]
    pub fn role(self) -> &'a Value {
        let role = self.properties["Role"]["GetAtt"]
            .as_str()
            .and_then(|role| role.strip_suffix(".Arn"));
        assert_eq!(
            role,
            Some(format!("{}Role", self.id).as_str()),
            "{} has no role of its own",
            self.id
        );
        self.stack.properties(role.expect("it was just compared"))
    }

    /// The statements of its role's policies, those under a condition of the stack included.
    #[must_use]
    pub fn statements(self) -> Vec<&'a Value> {
        let policies = self.role()["Policies"].as_array().into_iter().flatten();
        policies
            .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten())
            .map(|statement| statement.get("If").map_or(statement, |choice| &choice[1]))
            .collect()
    }

    /// What its role allows, one entry for each action on each resource.
    #[must_use]
    pub fn grants(self) -> BTreeSet<Grant> {
        let mut grants = BTreeSet::new();
        for statement in self.statements() {
            for resource in list(&statement["Resource"]) {
                for action in list(&statement["Action"]) {
                    grants.insert((text(action), text(resource)));
                }
            }
        }
        grants
    }
}

/// CloudFormation's intrinsic functions, as far as the template's policies use them.
struct Resolver<'a> {
    conditions: &'a Value,
    parameters: &'a BTreeMap<&'a str, &'a str>,
}

impl Resolver<'_> {
    fn resolve(&self, part: &Value) -> Option<Value> {
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

    fn holds(&self, condition: &Value) -> bool {
        let (name, of) = only(condition);
        let of = of.as_array().expect("a condition has a list");
        match name {
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

/// One or many, as CloudFormation lets one write it.
fn list(value: &Value) -> Vec<&Value> {
    value
        .as_array()
        .map_or_else(|| vec![value], |many| many.iter().collect())
}

/// `X.Arn` for `{"GetAtt":"X.Arn"}`, the text itself for a text, also for a `!Sub` with names of its own.
fn text(value: &Value) -> String {
    if let Some(text) = value["Sub"][0].as_str() {
        return text.to_owned();
    }
    let inner = value
        .as_object()
        .and_then(|function| function.values().next())
        .unwrap_or(value);
    inner.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn plain(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            json!({ name.trim_start_matches('!'): plain(&tagged.value) })
        }
        Yaml::Sequence(items) => items.iter().map(plain).collect(),
        Yaml::Mapping(entries) => {
            let named = entries.iter().map(|(name, value)| {
                (
                    name.as_str().expect("a template's names are texts").to_owned(),
                    plain(value),
                )
            });
            Value::Object(named.collect())
        }
        other => serde_json::to_value(other).expect("the rest of YAML is JSON"),
    }
}
