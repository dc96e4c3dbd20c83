//! `cargo dev` and `cargo admin` as processes: killed, started twice, started over foreign data; the whole life of a key.

use std::time::{Duration, Instant};

use eclips_tests::process::{Dev, refused};
use eclips_tests::world::{PATIENCE, client, reply};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn start_run(dev: &Dev, body: &Value) -> String {
    let url = format!("{}/v1/run", dev.settings["ECLIPS_BASE_URL"]);
    let accepted = reply(
        client()
            .post(url)
            .bearer_auth(&dev.settings["ECLIPS_API_KEY"])
            .json(body),
    )
    .await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    accepted.json()["run_id"].as_str().unwrap().to_owned()
}

async fn show_run(dev: &Dev, run: &str) -> Value {
    let url = format!("{}/v1/runs/{run}", dev.settings["ECLIPS_BASE_URL"]);
    let shown = reply(client().get(url).bearer_auth(&dev.settings["ECLIPS_API_KEY"])).await;
    assert_eq!(shown.status, 200, "an acknowledged run is gone: {}", shown.text);
    shown.json()
}

#[tokio::test]
async fn a_killed_process_loses_nothing_and_goes_on_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut dev = Dev::start(folder.path());
    let key = dev.settings["ECLIPS_API_KEY"].clone();
    let slow = json!({ "task": "slow", "data": { "sandbox": { "delay_ms": 3_000 } } });
    let quick = json!({ "task": "quick" });
    let mut runs = Vec::new();
    for round in 0..3 {
        let mut bodies = vec![&quick; 20];
        bodies.extend([&slow; 4]);
        runs.extend(join_all(bodies.into_iter().map(|body| start_run(&dev, body))).await);
        // Some are done by now, some half done, some not begun.
        dev.kill();
        dev = Dev::start(folder.path());
        assert_eq!(
            dev.settings["ECLIPS_API_KEY"], key,
            "round {round}: the demo key changed"
        );
    }
    // A run whose worker died waits for its lease (30 s) to end.
    let deadline = Instant::now() + PATIENCE + Duration::from_secs(60);
    for run in &runs {
        loop {
            let shown = show_run(&dev, run).await;
            match shown["status"].as_str().unwrap() {
                "completed" => break,
                "queued" | "running" => {}
                other => panic!("{other}: {shown}"),
            }
            assert!(Instant::now() < deadline, "still open: {shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let url = format!("{}/v1/runs", dev.settings["ECLIPS_BASE_URL"]);
    // The totals are folded from the stream, which also outlives every kill.
    loop {
        let total = reply(client().get(&url).bearer_auth(&key)).await.json()["total"].clone();
        if total == json!(runs.len()) {
            break;
        }
        assert!(Instant::now() < deadline, "{total} of {}", runs.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn refuses_in_one_line_what_cannot_work() {
    let folder = tempfile::tempdir().unwrap();
    let mut dev = Dev::start(folder.path());
    let second = refused(folder.path(), &["--port", "0"]);
    assert!(
        second.lines().count() == 1 && second.contains("is in use by another eclips-local"),
        "{second}"
    );

    let port = dev.settings["ECLIPS_BASE_URL"].rsplit(':').next().unwrap().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let taken = refused(elsewhere.path(), &["--port", &port]);
    assert!(
        taken.lines().count() == 1 && taken.contains(&port) && taken.contains("--port 0"),
        "{taken}"
    );

    dev.kill();
    std::fs::write(folder.path().join("version"), "999\n").unwrap();
    let foreign = refused(folder.path(), &["--port", "0"]);
    assert!(
        foreign.lines().count() == 1 && foreign.contains("format 999"),
        "{foreign}"
    );
}

#[tokio::test]
async fn admin_makes_uses_rolls_and_ends_keys() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Dev::start(folder.path());
    let base = dev.settings["ECLIPS_BASE_URL"].clone();
    let status = async |key: &str| {
        reply(client().get(format!("{base}/v1/runs")).bearer_auth(key))
            .await
            .status
            .as_u16()
    };

    let org = dev.admin(&["org", "create", "--name", "Acme", "--plan", "team"]);
    assert_eq!(org.as_object().unwrap().keys().collect::<Vec<_>>(), ["org_id"]);
    let org = org["org_id"].as_str().unwrap().to_owned();

    let key = dev.admin(&[
        "key",
        "create",
        "--org",
        &org,
        "--scopes",
        "agents:run,agents:read",
        "--name",
        "ci",
    ]);
    let mut members: Vec<&String> = key.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["expires_at", "key", "key_id", "mode", "org_id", "scopes"]);
    assert_eq!(key["scopes"], json!(["agents:read", "agents:run"]));
    assert_eq!(
        (&key["org_id"], &key["mode"], &key["expires_at"]),
        (&json!(org), &json!("live"), &Value::Null)
    );
    let (value, id) = (key["key"].as_str().unwrap(), key["key_id"].as_str().unwrap());
    assert_eq!(status(value).await, 200);

    let listed = dev.admin(&["key", "list", "--org", &org]);
    assert_eq!(listed["data"][0]["key_id"], json!(id));
    assert!(!listed.to_string().contains(&value[9..20]), "a list shows the key");

    let short = dev.admin(&[
        "key",
        "create",
        "--org",
        &org,
        "--scopes",
        "agents:read",
        "--expires-in",
        "1s",
        "--test",
    ]);
    assert_eq!(
        (&short["mode"], short["key"].as_str().unwrap().starts_with("eck_test_")),
        (&json!("test"), true)
    );
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(status(short["key"].as_str().unwrap()).await, 401);

    let rolled = dev.admin(&["key", "roll", id, "--grace", "1h"]);
    assert_eq!(
        (status(value).await, status(rolled["key"].as_str().unwrap()).await),
        (200, 200)
    );
    let revoked = dev.admin(&["key", "revoke", id]);
    assert_eq!(revoked["key_id"], json!(id));
    assert_eq!(status(value).await, 401);
    assert_eq!(
        dev.admin(&["key", "revoke", id]),
        revoked,
        "a second time changes nothing"
    );

    let rolled_key = rolled["key"].as_str().unwrap();
    dev.admin(&["org", "set-plan", &org, "pro"]);
    assert_eq!(status(rolled_key).await, 403);
    dev.admin(&["org", "set-plan", &org, "growth"]);
    dev.admin(&["org", "suspend", &org]);
    assert_eq!(status(rolled_key).await, 403);
    dev.admin(&["org", "resume", &org]);
    assert_eq!(status(rolled_key).await, 200);
    dev.admin(&[
        "member",
        "add",
        "--org",
        &org,
        "--email",
        "Ada@Example.com",
        "--role",
        "owner",
    ]);
    let list = || dev.admin(&["member", "list", "--org", &org])["data"].clone();
    let listed = list();
    assert_eq!(listed[0]["email"], "ada@example.com", "{listed}");
    assert_eq!(listed[0]["role"], "owner", "{listed}");
    let remove = ["member", "remove", "--org", &org, "--email", "ada@example.com"];
    dev.admin(&remove);
    assert_eq!(list(), json!([]));
    let again = dev.admin_output(&remove);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("no such member"), "{said}");
    for wrong in [["--email", "ada"], ["--role", "king"]] {
        let mut add = vec![
            "member",
            "add",
            "--org",
            &org,
            "--email",
            "ada@example.com",
            "--role",
            "owner",
        ];
        let place = add.iter().position(|word| *word == wrong[0]).unwrap();
        add[place + 1] = wrong[1];
        assert!(!dev.admin_output(&add).status.success(), "{wrong:?}");
    }
    assert!(
        !dev.admin_output(&["org", "delete", &org]).status.success(),
        "deletes without --yes"
    );
    dev.admin(&["org", "delete", &org, "--yes"]);
    assert_eq!(status(rolled_key).await, 401);
    let orgs = dev.admin(&["org", "list"]);
    assert!(
        orgs["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|other| other["org_id"] != json!(org))
    );

    let unknown = eclips_shared::ids::KeyId::generate().to_string();
    for wrong in [
        vec!["key", "revoke", "nonsense"],
        vec!["key", "revoke", &unknown],
        vec!["key", "create", "--org", &org, "--scopes", "agents:read"],
        vec!["key", "create", "--org", &org, "--scopes", "agents:write"],
        vec!["org", "create", "--name", " ", "--plan", "team"],
        vec!["org", "create", "--name", "x", "--plan", "gold"],
    ] {
        let output = dev.admin_output(&wrong);
        assert!(
            !output.status.success() && !output.stderr.is_empty() && output.stdout.is_empty(),
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn the_settings_file_is_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Dev::start(folder.path());
    for name in [
        "ECLIPS_BASE_URL",
        "ECLIPS_RECEIVER_URL",
        "ECLIPS_API_KEY",
        "ECLIPS_TEST_KEY",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "ECLIPS_TABLE_MAIN",
        "ECLIPS_TABLE_KEYS",
        "ECLIPS_QUEUE_RUNS_URL",
        "ECLIPS_QUEUE_PRIORITY_URL",
        "ECLIPS_MODEL_FAST",
        "ECLIPS_MODEL_SMART",
        "ECLIPS_MODEL_PREMIUM",
        "ECLIPS_MODEL_KEY",
    ] {
        assert!(dev.settings.get(name).is_some_and(|value| !value.is_empty()), "{name}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("dev.env"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "others can read the keys");
    }
}

#[tokio::test]
async fn the_receiver_of_webhooks_is_where_the_settings_say() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Dev::start(folder.path());
    let url = &dev.settings["ECLIPS_RECEIVER_URL"];
    let sent = reply(client().post(format!("{url}/hook?answer=503")).body("{}")).await;
    assert_eq!(sent.status.as_u16(), 503);
    let kept = reply(client().get(format!("{url}/arrivals.json"))).await.json();
    assert_eq!(kept["data"][0]["path"], "/hook?answer=503");
}

#[tokio::test]
async fn no_key_ever_reaches_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Dev::start(folder.path());
    let base = dev.settings["ECLIPS_BASE_URL"].clone();
    let org = dev.admin(&["org", "create", "--name", "Canary", "--plan", "team"])["org_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let scopeless = dev.admin(&["key", "create", "--org", &org, "--scopes", ""]);
    let revoked = dev.admin(&["key", "create", "--org", &org, "--scopes", "agents:read"]);
    dev.admin(&["key", "revoke", revoked["key_id"].as_str().unwrap()]);
    let wrong = eclips_tests::world::wrong_checksum();
    let keys = [
        dev.settings["ECLIPS_API_KEY"].as_str(),
        dev.settings["ECLIPS_TEST_KEY"].as_str(),
        scopeless["key"].as_str().unwrap(),
        revoked["key"].as_str().unwrap(),
        &wrong,
    ];
    for key in keys {
        for path in [
            "/v1/runs".to_owned(),
            format!("/v1/runs?api_key={key}"),
            format!("/v1/runs/{key}"),
            format!("/{key}"),
        ] {
            reply(client().get(format!("{base}{path}")).bearer_auth(key)).await;
        }
        let body = json!({ "task": format!("my key is {key}"), "data": { "sandbox": { "fail": "model" } } });
        reply(client().post(format!("{base}/v1/run")).bearer_auth(key).json(&body)).await;
        reply(
            client()
                .post(format!("{base}/v1/run"))
                .bearer_auth(key)
                .body("x".repeat(300_000)),
        )
        .await;
    }
    let log = dev.log();
    assert!(
        log.lines().filter(|line| line.contains("request_id=")).count() >= 6 * keys.len(),
        "one line a request"
    );
    for key in keys {
        let random = &key[9..];
        for start in 0..=random.len() - 8 {
            assert!(!log.contains(&random[start..start + 8]), "part of a key is in the log");
        }
    }
}
