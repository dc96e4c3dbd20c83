//! Folders, template and binaries name the same functions, and each gets the settings that it asks for.

use std::collections::BTreeSet;

use eclips_tests::function_process::{FunctionError, FunctionProcess};
use eclips_tests::process::program;
use eclips_tests::repository;
use eclips_tests::stack::Stack;
use eclips_tests::stores::Stores;
use serde_json::json;

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
fn all_functions_share_one_setting_and_none_is_secret() {
    let stack = Stack::read();
    // Without it the adapter's URI begins with the stage.
    assert_eq!(
        stack.globals()["Environment"]["Variables"],
        json!({ "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true" })
    );
    for function in stack.functions() {
        for (name, value) in function.settings() {
            let named = value["Ref"].is_string() || name == "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH";
            assert!(
                named,
                "{}: {name} is no reference to a resource or a parameter: {value}",
                function.id
            );
        }
    }
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
        .filter(|name| name.starts_with("ECLIPS_"))
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
        for setting in whole.settings.keys().filter(|setting| setting.starts_with("ECLIPS_")) {
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
