//! What a deployment may choose, its domains above all, and how a new version gets to its callers.

use std::collections::{BTreeMap, BTreeSet};

use eclips_tests::stack::Stack;
use serde_json::{Value, json};

const API: &str = "api.example.com";
const DASHBOARD: &str = "app.example.com";
const ZONE: &str = "Z0123456789ABCDEFGHIJ";

fn output(stack: &Stack, name: &str, parameters: &BTreeMap<&str, &str>) -> Value {
    stack
        .resolve(stack.output(name), parameters)
        .expect("an output has a value")
}

#[test]
fn without_domains_the_addresses_are_the_gateways_own() {
    let stack = Stack::read();
    let parameters = stack.deployment(&[]);
    assert_eq!(
        output(&stack, "ApiUrl", &parameters),
        "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod"
    );
    // An origin and no more: browsers compare it with `Origin`, and paths are put behind it.
    assert_eq!(
        output(&stack, "DashboardUrl", &parameters),
        "https://${DashboardApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    );
    for id in ["ApiDomainName", "ApiMapping", "ApiRecord", "ApiWebAcl"] {
        assert!(!stack.is_made(id, &parameters), "{id}");
    }
    for id in ["DashboardDomainName", "DashboardMapping", "DashboardRecord"] {
        assert!(!stack.is_made(id, &parameters), "{id}");
    }
}

#[test]
fn a_domain_is_the_only_address_and_has_no_stage_in_it() {
    let stack = Stack::read();
    let parameters = stack.deployment(&[("ApiDomain", API), ("DashboardDomain", DASHBOARD)]);
    assert_eq!(output(&stack, "ApiUrl", &parameters), format!("https://{API}"));
    assert_eq!(
        output(&stack, "DashboardUrl", &parameters),
        format!("https://{DASHBOARD}")
    );
    // Each domain closes its own gateway's address, and not the other's.
    let (_, rest) = stack.only("AWS::Serverless::Api");
    let (_, http) = stack.only("AWS::ApiGatewayV2::Api");
    for (gateway, domain) in [(rest, "ApiDomain"), (http, "DashboardDomain")] {
        let is_closed = |chosen: &[(&str, &str)]| {
            let parameters = stack.deployment(chosen);
            stack.resolve(&gateway["DisableExecuteApiEndpoint"], &parameters)
        };
        assert_eq!(is_closed(&[]), Some(json!(false)), "{domain}");
        assert_eq!(is_closed(&[(domain, API)]), Some(json!(true)), "{domain}");
    }
    // A REST API shows the change at its next deployment, and SAM makes none for a parameter.
    assert_eq!(rest["AlwaysDeploy"], true);
    // At the root: a base path would be a part of every path.
    let mapping = stack.properties("ApiMapping");
    assert_eq!(
        mapping,
        &json!({
            "DomainName": { "Ref": "ApiDomainName" }, "RestApiId": { "Ref": "Api" }, "Stage": { "Ref": "Api.Stage" },
        })
    );
    assert!(stack.properties("DashboardMapping").get("ApiMappingKey").is_none());
}

#[test]
fn both_domains_are_regional_and_refuse_what_is_older_than_tls_1_2() {
    let stack = Stack::read();
    let rest = stack.properties("ApiDomainName");
    assert_eq!(rest["EndpointConfiguration"], json!({ "Types": ["REGIONAL"] }));
    assert_eq!(rest["SecurityPolicy"], "TLS_1_2");
    let http = &stack.properties("DashboardDomainName")["DomainNameConfigurations"];
    assert_eq!(http.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&http[0]["EndpointType"], &http[0]["SecurityPolicy"]),
        (&json!("REGIONAL"), &json!("TLS_1_2"))
    );
}

#[test]
fn records_are_made_for_the_domains_of_a_named_zone_only() {
    let stack = Stack::read();
    for (record, domain) in [("ApiRecord", "ApiDomain"), ("DashboardRecord", "DashboardDomain")] {
        let is_made = |chosen: &[(&str, &str)]| stack.is_made(record, &stack.deployment(chosen));
        assert!(is_made(&[(domain, API), ("HostedZoneId", ZONE)]), "{record}");
        assert!(!is_made(&[(domain, API)]), "{record}");
        assert!(!is_made(&[("HostedZoneId", ZONE)]), "{record}");
        assert_eq!(stack.properties(record)["Name"], json!({ "Ref": domain }));
    }
}

#[test]
fn the_default_of_every_parameter_can_be_deployed_in_a_new_account() {
    let stack = Stack::read();
    for name in stack.parameters() {
        assert!(!stack.parameter(name)["Default"].is_null(), "{name}");
    }
    // Lambda refuses to reserve anything of a new account's ten.
    assert_eq!(stack.parameter("StreamConcurrency")["Default"], 0);
}

#[test]
fn every_method_of_the_api_is_throttled() {
    let stack = Stack::read();
    let (_, rest) = stack.only("AWS::Serverless::Api");
    let settings = rest["MethodSettings"].as_array().expect("there are settings");
    assert_eq!(settings.len(), 1, "one for all");
    assert_eq!(
        (&settings[0]["ResourcePath"], &settings[0]["HttpMethod"]),
        (&json!("/*"), &json!("*"))
    );
    assert_eq!(settings[0]["ThrottlingRateLimit"], json!({ "Ref": "ApiRateLimit" }));
    assert_eq!(settings[0]["ThrottlingBurstLimit"], json!({ "Ref": "ApiBurstLimit" }));
}

#[test]
fn whatever_a_function_is_set_to_is_in_the_version_that_is_called() {
    let stack = Stack::read();
    let globals = stack.globals();
    assert_eq!(globals["AutoPublishAlias"], "live");
    let mut with_parameters = BTreeSet::new();
    for function in stack.functions() {
        // Else a longer timeout would be that of `$LATEST`, which nobody calls.
        assert_eq!(
            function.properties()["AutoPublishAliasAllProperties"],
            true,
            "{}",
            function.id
        );
        let settings: String = function.settings().values().map(ToString::to_string).collect();
        let described = function.properties()["VersionDescription"].to_string();
        for name in stack.parameters() {
            let is_named =
                settings.contains(&format!("\"Ref\":\"{name}\"")) || settings.contains(&format!("${{{name}}}"));
            if is_named {
                // SAM sees names where CloudFormation sees values, so another value alone makes no version.
                assert!(described.contains(&format!("${{{name}}}")), "{}: {name}", function.id);
                with_parameters.insert(function.name());
            }
        }
    }
    assert_eq!(with_parameters, BTreeSet::from(["dashboard", "worker"]));
}

#[test]
fn the_description_of_a_version_holds_the_models_as_they_usually_are() {
    let stack = Stack::read();
    let description = &stack.function("worker").properties()["VersionDescription"];
    let of = |chosen: &[(&str, &str)]| {
        let described = stack.resolve(description, &stack.deployment(chosen)).expect("a text");
        described.as_str().expect("a text").to_owned()
    };
    let key = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:eclips-model-key-AbCdEf";
    let openai = "openai:https://generativelanguage.googleapis.com/v1beta/openai#gemini-2.5-flash";
    let defaults = of(&[]);
    let others = of(&[
        ("ModelFast", openai),
        ("ModelSmart", openai),
        ("ModelPremium", openai),
        ("ModelKey", key),
    ]);
    assert!(others.contains("openai#gemini-2.5-flash") && others.ends_with(" eclips-model-key-AbCdEf"));
    for described in [&defaults, &others] {
        // *Source*: CloudFormation, `AWS::Lambda::Version`.
        assert!(described.len() <= 256, "{} characters: {described}", described.len());
    }
    // Any one of them makes another version.
    for name in ["ModelFast", "ModelSmart", "ModelPremium"] {
        assert_ne!(of(&[(name, "sandbox")]), defaults, "{name}");
        assert_ne!(
            of(&[(name, "openai:http://10.0.0.1:8000/v1#m")]),
            of(&[(name, "openai:https://10.0.0.1:8000/v1#m")])
        );
    }
    assert_ne!(of(&[("ModelKey", key)]), defaults);
}

#[test]
fn a_version_that_its_alarms_speak_against_is_taken_back() {
    let stack = Stack::read();
    assert_eq!(
        stack.globals()["DeploymentPreference"],
        json!({ "Enabled": { "Ref": "Canary" }, "Type": "Canary10Percent5Minutes" })
    );
    let alarms: BTreeSet<&str> = stack.of_type("AWS::CloudWatch::Alarm").map(|(id, _)| id).collect();
    for function in stack.functions() {
        let preference = &function.properties()["DeploymentPreference"];
        let watched = preference["Alarms"].as_array().expect("it names alarms").iter();
        let watched: Vec<&str> = watched.map(|alarm| alarm["Ref"].as_str().expect("a name")).collect();
        let own = function.id.replace("Function", "Errors");
        assert!(watched.contains(&own.as_str()), "{}: {watched:?}", function.id);
        assert!(
            watched.iter().all(|id| alarms.contains(id)),
            "{}: {watched:?}",
            function.id
        );
        // *Source*: CodeDeploy's quotas, alarms of a deployment group.
        assert!(watched.len() <= 10);
        // What a version leaves behind that another cannot read.
        let has_store = function.settings().contains_key("ECLIPS_TABLE_MAIN") || function.name() == "dispatch";
        assert_eq!(watched.contains(&"CorruptRecords"), has_store, "{}", function.id);
        let callers = !function.routes().is_empty();
        assert_eq!(watched.contains(&"ApiServerErrors"), callers, "{}", function.id);
    }
}
