//! The models' parameters: which rights each choice of them gives the worker, as CloudFormation would work them out.

use std::collections::BTreeMap;

use eclips_engine::models::{Lineup, Secret};
use eclips_tests::stack::Stack;
use serde_json::{Value, json};

/// The worker's statements about models, by Sid, for the models of the three tiers and a key.
fn rights(models: [&str; 3], key: &str) -> BTreeMap<String, Value> {
    let stack = Stack::read();
    let [fast, smart, premium] = models;
    let parameters = BTreeMap::from([
        ("ModelFast", fast),
        ("ModelSmart", smart),
        ("ModelPremium", premium),
        ("ModelKey", key),
    ]);
    let policy = &stack.function("worker").role()["Policies"][0]["PolicyDocument"]["Statement"];
    let statements = stack.resolve(policy, &parameters).expect("a policy");
    let named = statements.as_array().expect("a list").iter().map(|statement| {
        let sid = statement["Sid"].as_str().expect("every statement has a Sid").to_owned();
        (sid, statement.clone())
    });
    named.filter(|(sid, _)| sid.contains("Model")).collect()
}

const MODEL: &str = "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/";
const PROFILE: &str = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/";

#[test]
fn the_sandbox_and_other_endpoints_need_no_rights() {
    assert!(rights(["sandbox"; 3], "none").is_empty());
    let openai = "openai:https://bedrock.example.com/v1#tiny";
    assert!(rights([openai, "sandbox", openai], "none").is_empty());
}

#[test]
fn the_worker_may_ask_the_models_that_are_named_and_no_others() {
    let given = rights(
        [
            "bedrock:eu.amazon.nova-lite-v1:0",
            "sandbox",
            "bedrock:meta.llama3-70b-instruct-v1:0",
        ],
        "none",
    );
    assert_eq!(given.keys().collect::<Vec<_>>(), ["AskModels", "AskModelsByProfile"]);
    let of = |arn: &str| {
        ["eu.amazon.nova-lite-v1:0", "none", "meta.llama3-70b-instruct-v1:0"].map(|id| format!("{arn}{id}"))
    };
    let (models, profiles) = (of(MODEL), of(PROFILE));
    assert_eq!(
        given["AskModels"]["Resource"],
        json!([models, profiles.clone()].concat())
    );
    // Any model, but by way of these profiles alone.
    assert_eq!(
        given["AskModelsByProfile"]["Condition"],
        json!({ "StringEquals": { "bedrock:InferenceProfileArn": profiles } })
    );
    for statement in given.values() {
        assert_eq!(statement["Action"], json!(["bedrock:InvokeModel"]));
    }
}

#[test]
fn the_worker_may_read_the_one_secret_that_is_named() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:model-key-AbCdEf";
    let given = rights(["openai:https://api.example.com/v1#m", "sandbox", "sandbox"], arn);
    assert_eq!(given.keys().collect::<Vec<_>>(), ["ReadModelKey"]);
    assert_eq!(given["ReadModelKey"]["Resource"], arn);
    assert_eq!(
        given["ReadModelKey"]["Action"],
        json!(["secretsmanager:GetSecretValue"])
    );
}

#[test]
fn the_default_models_are_ones_that_the_worker_takes() {
    let stack = Stack::read();
    let defaults = ["ModelFast", "ModelSmart", "ModelPremium"].map(|name| {
        let default = stack.parameter(name)["Default"].as_str();
        default.expect("it has a default").to_owned()
    });
    assert!(
        defaults.iter().all(|model| model.starts_with("bedrock:")),
        "{defaults:?}"
    );
    assert!(Lineup::read(&defaults, &Secret::default()).is_ok(), "{defaults:?}");
}
