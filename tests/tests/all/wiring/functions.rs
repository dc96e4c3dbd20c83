//! Folders, template and binaries name the same functions, and each gets the settings that it asks for; the dashboard's name
//! its own host and its own client at the user pool.

use std::collections::BTreeSet;

use eclips_tests::function_process::{FunctionError, FunctionProcess};
use eclips_tests::process::program;
use eclips_tests::repository;
use eclips_tests::stack::Stack;
use eclips_tests::stores::Stores;
use serde_json::json;

/// Metrics are the one thing that a function does without.
const OPTIONAL: &str = "ECLIPS_METRICS";

#[test]
fn every_folder_is_a_function_of_the_template_and_a_binary() {
    let stack = Stack::read();
    let mut functions: Vec<&str> = stack.functions().map(|function| function.name()).collect();
    functions.sort_unstable();
    assert_eq!(
        repository::names("functions"),
        functions,
        "left: functions/; right: the CodeUris of the template"
    );
    for function in functions {
        // It says what to run when the binary is missing.
        let _ = program(function);
    }
}

#[test]
fn all_functions_share_two_settings_and_none_is_secret() {
    let stack = Stack::read();
    // Without the first the adapter's URI begins with the stage. The second is where the alarms look for metrics.
    assert_eq!(
        stack.globals()["Environment"]["Variables"],
        json!({
            "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true",
            "ECLIPS_METRICS": { "Ref": "AWS::StackName" },
        })
    );
    for function in stack.functions() {
        for (name, value) in function.settings() {
            let names = value["Ref"].is_string()
                || value["GetAtt"].is_string()
                || value["If"].is_array()
                || value["Sub"].as_str().is_some_and(|text| text.contains("${"));
            assert!(
                names
                    || name == "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH"
                    // The one word that it may have there: no stack posts to itself.
                    || (name == "ECLIPS_RECEIVERS" && value == "public"),
                "{}: {name} is no reference to a resource or a parameter: {value}",
                function.id
            );
            // A reference can lead to a secret too: `!GetAtt Client.ClientSecret`, `{{resolve:secretsmanager:…}}`. The ARN of
            // the key above them is none: whose rights allow no more than that can do nothing with it.
            let text = value.to_string().to_lowercase();
            let is_keys_name = name == "ECLIPS_VAULT" && *value == json!({ "Sub": "kms:${SecretsKey.Arn}" });
            assert!(
                is_keys_name || (!text.contains("secret") && !text.contains("{{resolve")),
                "{}: {name} is a secret: {value}",
                function.id
            );
        }
    }
}

#[test]
fn the_dashboard_is_told_the_addresses_that_the_stack_prints() {
    let stack = Stack::read();
    let settings = stack.function("dashboard").settings();
    assert_eq!(settings["ECLIPS_API_URL"], stack.output("ApiUrl"));
    assert_eq!(settings["ECLIPS_DASHBOARD_URL"], stack.output("DashboardUrl"));
    let (_, stage) = stack.only("AWS::ApiGatewayV2::Stage");
    // Any other stage would be in the address, and in every path.
    assert_eq!(stage["StageName"], "$default");
}

#[test]
fn the_client_at_the_user_pool_has_no_secret_and_comes_back_to_the_dashboard_only() {
    let stack = Stack::read();
    let settings = stack.function("dashboard").settings();
    let (pool, _) = stack.only("AWS::Cognito::UserPool");
    let (id, client) = stack.only("AWS::Cognito::UserPoolClient");
    assert_eq!(settings["ECLIPS_OIDC_CLIENT_ID"], &json!({ "Ref": id }));
    let issuer = format!("https://cognito-idp.${{AWS::Region}}.${{AWS::URLSuffix}}/${{{pool}}}");
    assert_eq!(settings["ECLIPS_OIDC_ISSUER"], &json!({ "Sub": issuer }));

    assert_eq!(client["UserPoolId"], json!({ "Ref": pool }));
    assert_eq!(client["GenerateSecret"], false);
    assert_eq!(client["AllowedOAuthFlowsUserPoolClient"], true);
    assert_eq!(client["AllowedOAuthFlows"], json!(["code"]));
    assert_eq!(client["AllowedOAuthScopes"], json!(["openid", "email"]));
    assert_eq!(client["ExplicitAuthFlows"], json!(["ALLOW_REFRESH_TOKEN_AUTH"]));
    assert_eq!(client["SupportedIdentityProviders"], json!(["COGNITO"]));
    for domain in ["", "app.example.com"] {
        let parameters = stack.deployment(&[("DashboardDomain", domain)]);
        let origin = stack.resolve(settings["ECLIPS_DASHBOARD_URL"], &parameters);
        let origin = origin.as_ref().and_then(serde_json::Value::as_str).expect("an address");
        let callback = stack.resolve(&client["CallbackURLs"], &parameters);
        assert_eq!(callback, Some(json!([format!("{origin}/sign-in/callback")])));
    }
    // Signing out ends the dashboard's own session, and leads nobody to the pool.
    assert!(client.get("LogoutURLs").is_none());
}

#[test]
fn the_user_pool_vouches_for_addresses_that_were_proved_and_for_no_others() {
    let stack = Stack::read();
    let (pool, properties) = stack.only("AWS::Cognito::UserPool");
    assert_eq!(properties["UsernameAttributes"], json!(["email"]));
    assert_eq!(properties["UsernameConfiguration"]["CaseSensitive"], false);
    assert_eq!(properties["AutoVerifiedAttributes"], json!(["email"]));
    // A link would let in whoever signed up with another's address, by that person's click.
    assert_eq!(
        properties["VerificationMessageTemplate"],
        json!({ "DefaultEmailOption": "CONFIRM_WITH_CODE" })
    );
    assert_eq!(
        properties["UserAttributeUpdateSettings"]["AttributesRequireVerificationBeforeUpdate"],
        json!(["email"])
    );
    // Managed login offers nobody to set up a factor that is optional.
    assert_eq!(properties["MfaConfiguration"], "ON");
    assert_eq!(properties["EnabledMfas"], json!(["SOFTWARE_TOKEN_MFA"]));
    assert_eq!(properties["DeletionProtection"], "ACTIVE");
    // The issuer that the setting spells out.
    assert_eq!(properties["IssuerConfiguration"]["Type"], "ORIGINAL");
    // The classic pages do not know `prompt=login`.
    let (_, domain) = stack.only("AWS::Cognito::UserPoolDomain");
    assert_eq!(domain["UserPoolId"], json!({ "Ref": pool }));
    assert_eq!(domain["ManagedLoginVersion"], 2);
}

#[test]
fn the_template_sets_what_config_requires_and_nothing_else() {
    let source = repository::text("shared/src/config.rs");
    let required: BTreeSet<&str> = source
        .split("required(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default())
        .collect();
    let stack = Stack::read();
    let set: BTreeSet<&str> = stack
        .functions()
        .flat_map(|function| function.settings().into_keys())
        .filter(|name| name.starts_with("ECLIPS_") && *name != OPTIONAL)
        .collect();
    assert_eq!(
        set, required,
        "left: the template's environments; right: `required(…)` in shared/src/config.rs"
    );
}

#[tokio::test]
async fn every_function_starts_with_its_settings_and_names_each_that_is_missing() {
    let stores = Stores::open().await;
    for name in repository::names("functions") {
        let whole = stores.setup(&name);
        let started = FunctionProcess::start(&whole)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        drop(started);
        let is_needed = |setting: &&String| setting.starts_with("ECLIPS_") && *setting != OPTIONAL;
        for setting in whole.settings.keys().filter(is_needed) {
            let mut lacking = whole.clone();
            lacking.settings.remove(setting);
            match FunctionProcess::start(&lacking).await {
                Err(FunctionError::Exited { status, log }) => {
                    assert!(!status.success(), "{name} without {setting}");
                    assert!(log.join("\n").contains(setting.as_str()), "{name}: {log:?}");
                }
                Ok(_) => {
                    panic!("{name} starts without {setting}: the template gives it a setting that it does not read")
                }
                Err(error) => panic!("{name} without {setting}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn every_function_reports_an_event_that_it_cannot_read_and_lives_on() {
    let stores = Stores::open().await;
    for name in repository::names("functions") {
        let mut function = FunctionProcess::start(&stores.setup(&name))
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for _ in 0..2 {
            match function.invoke(&json!({ "Records": 7 })).await {
                Err(FunctionError::Reported(error)) => assert!(error["errorMessage"].is_string(), "{name}: {error}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_lines_of_every_function_reach_the_log() {
    // Of a crate that is not named there, nothing but warnings is written, and nobody would miss the rest.
    for place in ["shared/src/log.rs", "tools/local/src/main.rs"] {
        let source = repository::text(place);
        for name in repository::names("functions") {
            assert!(source.contains(&format!("\"eclips_{name}\"")), "{place}: eclips_{name}");
        }
    }
}

#[tokio::test]
async fn no_key_reaches_the_log_even_at_trace() {
    let stores = Stores::open().await;
    let key = eclips_tests::world::unknown_key(eclips_shared::auth::Mode::Live);
    let mut setup = stores.setup("runs");
    setup.settings.insert("AWS_LAMBDA_LOG_LEVEL".into(), "TRACE".into());
    let mut runs = FunctionProcess::start(&setup).await.unwrap();
    let text = repository::text("events/runs-list.json").replace("${ECLIPS_API_KEY}", &key);
    let answer = runs.invoke(&serde_json::from_str(&text).unwrap()).await.unwrap();
    assert_eq!(answer["statusCode"], 401, "{answer}");
    let log = runs.log().join("\n");
    assert!(log.contains("invalid_api_key"), "the request is logged: {log}");
    assert!(
        !log.contains(&key[9..17]) && !log.contains("authorization"),
        "the key or its header is in the log"
    );
}
