//! The stack's template, after SAM, as the emulator can take it: what it does not know is taken out, and named.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Map, Value, json};

/// The methods that an `ANY` stands for.
const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];
/// What OpenAPI's extension calls it.
const ANY: &str = "x-amazon-apigateway-any-method";

/// Adapts the template, and gives each function the code of its name. Says what is missing now, a line each. *Errors*: those of `code`.
pub fn adapt(template: &mut Value, code: impl Fn(&str) -> Result<PathBuf>) -> Result<Vec<String>> {
    let mut left_out = Vec::new();
    // A choice by the beginning of a name, which its conditions cannot make; no stack of this part has Bedrock's rights.
    template["Conditions"]["UsesBedrock"] = json!({ "Fn::Equals": ["no", "yes"] });
    left_out.push("the condition UsesBedrock (Fn::Split in a condition); it is false".to_owned());
    let mut nothing = Map::new();
    let resources = template["Resources"].as_object_mut().unwrap_or(&mut nothing);
    resources.retain(|id, resource| {
        let why = match resource["Type"].as_str().unwrap_or_default() {
            "AWS::Cognito::ManagedLoginBranding" => "an unknown type",
            "AWS::CloudWatch::Alarm" if resource["Properties"].get("Metrics").is_some() => "an alarm over metric math",
            _ => return true,
        };
        left_out.push(format!("{id}, {why}"));
        false
    });
    for resource in resources.values_mut() {
        let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
        let properties = &mut resource["Properties"];
        match kind.as_str() {
            "AWS::Lambda::Function" => {
                let key = properties["Code"]["S3Key"].as_str().unwrap_or_default();
                let name = key.rsplit('/').nth(1).unwrap_or_default().to_owned();
                properties["Code"] = json!(code(&name)?);
            }
            "AWS::ApiGateway::RestApi" => {
                let paths = properties["Body"]["paths"].as_object_mut();
                paths.into_iter().flatten().for_each(|(_, path)| spell_out(path));
            }
            _ => {}
        }
    }
    Ok(left_out)
}

/// Puts what is said of any method at each that the path does not name: the emulator reads past `ANY` in a document.
fn spell_out(path: &mut Value) {
    let Some(path) = path.as_object_mut() else { return };
    let Some(any) = path.remove(ANY) else { return };
    for method in METHODS {
        path.entry(method).or_insert_with(|| any.clone());
    }
}

#[cfg(test)]
mod promises {
    use serde_json::json;

    use super::adapt;

    #[test]
    fn what_the_emulator_does_not_know_is_taken_out_and_named() {
        let mut template = json!({
            "Conditions": {},
            "Resources": {
                "Branding": { "Type": "AWS::Cognito::ManagedLoginBranding", "Properties": {} },
                "Plain": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "MetricName": "x" } },
                "Math": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "Metrics": [] } },
                "Runs": { "Type": "AWS::Lambda::Function", "Properties": { "Code": { "S3Key": "target/lambda/runs/bootstrap.zip" } } },
                "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": { "Body": { "paths": {
                    "/v1/runs": { "get": "ours", "x-amazon-apigateway-any-method": "any" },
                    "/plain": { "get": "ours" },
                } } } },
            },
        });
        let left_out = adapt(&mut template, |name| Ok(format!("/code/{name}").into())).unwrap();
        assert_eq!(left_out.len(), 3, "{left_out:?}");
        let resources = template["Resources"].as_object().unwrap();
        let left: Vec<&String> = resources.keys().collect();
        assert_eq!(left, ["Api", "Plain", "Runs"]);
        assert_eq!(resources["Runs"]["Properties"]["Code"], "/code/runs");
        let paths = &resources["Api"]["Properties"]["Body"]["paths"];
        assert_eq!(paths["/plain"], json!({ "get": "ours" }));
        assert_eq!(paths["/v1/runs"]["get"], "ours");
        assert_eq!(paths["/v1/runs"]["delete"], "any");
        assert_eq!(paths["/v1/runs"].as_object().unwrap().len(), 7);
    }
}
