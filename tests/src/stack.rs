//! `infra/template.yaml` as the tests look at it: plain JSON, its functions with all that belongs to each. Judges nothing.

mod resolver;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;

use self::resolver::Resolver;
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

    /// The names of all parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        let parameters = self.0["Parameters"].as_object().expect("the template has parameters");
        parameters.keys().map(String::as_str)
    }

    /// The values of a deployment: the defaults of all parameters that are texts, and what is chosen instead.
    #[must_use]
    pub fn deployment<'a>(&'a self, chosen: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
        let defaults = self
            .parameters()
            .filter_map(|name| Some((name, self.parameter(name)["Default"].as_str()?)));
        defaults.chain(chosen.iter().copied()).collect()
    }

    /// Whether a resource is made with these parameters.
    #[must_use]
    pub fn is_made(&self, id: &str, parameters: &BTreeMap<&str, &str>) -> bool {
        let condition = &self.0["Resources"][id]["Condition"];
        let resolver = self.resolver(parameters);
        condition
            .as_str()
            .is_none_or(|name| resolver.holds(&resolver.conditions[name]))
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
        self.resolver(parameters).resolve(part)
    }

    fn resolver<'a>(&'a self, parameters: &'a BTreeMap<&'a str, &'a str>) -> Resolver<'a> {
        Resolver {
            conditions: &self.0["Conditions"],
            parameters,
        }
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

    /// The queues whose messages Lambda hands to it, as `X.Arn`.
    #[must_use]
    pub fn polls(self) -> Vec<&'a str> {
        let events = self.properties["Events"].as_object().into_iter().flatten();
        let queues = events.filter(|(_, event)| event["Type"] == "SQS");
        queues
            .filter_map(|(_, event)| event["Properties"]["Queue"]["GetAtt"].as_str())
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
