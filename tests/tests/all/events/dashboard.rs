//! The `dashboard` function's events, in the payload of its own HTTP API.

use eclips_shared::auth::PlainKey;
use eclips_shared::email::Email;
use eclips_shared::role::Role;
use eclips_shared::store::{Session, SessionHash};
use eclips_shared::time::{MINUTE_MS, Timestamp};
use eclips_tests::world::OPERATOR;
use serde_json::{Value, json};

use super::scene::Scene;

/// SHA-256 of 32 zero bytes.
const ZERO_HASH: &str = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
const TO_SIGN_IN: &str = "/sign-in?to=%2Fsettings%2Fapi-keys";

fn status(answer: &Value) -> u64 {
    answer["statusCode"].as_u64().expect("a status")
}

pub async fn shows_the_first_page_to_anyone(mut scene: Scene) {
    let answer = scene.play().await;
    assert_eq!(
        (status(&answer), &answer["isBase64Encoded"]),
        (200, &json!(false)),
        "{answer}"
    );
    let headers = &answer["headers"];
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(
        headers["strict-transport-security"],
        "max-age=31536000; includeSubDomains"
    );
    let page = answer["body"].as_str().expect("a page");
    assert!(page.contains("/sign-in/start?to=%2F"), "{page}");
    assert!(!scene.log("dashboard").contains("Mozilla"), "the log holds a header");
}

pub async fn lists_the_keys_to_a_session_and_renews_it(mut scene: Scene) {
    let nobody = scene.play().await;
    assert_eq!(
        (status(&nobody), &nobody["headers"]["location"]),
        (303, &json!(TO_SIGN_IN)),
        "{nobody}"
    );

    let plain = PlainKey::parse(scene.key.as_bytes()).expect("a key");
    let store = &scene.stores.store;
    let record = store.keys().find(&plain.hash()).await.expect("the engine is up");
    let org = record.expect("the key is there").org;
    let email = Email::parse("ada@example.com").expect("an address");
    store
        .members()
        .add(org, &email, Role::Owner, &OPERATOR)
        .await
        .expect("the engine is up");
    let bytes = (0..32).map(|i| u8::from_str_radix(&ZERO_HASH[2 * i..2 * i + 2], 16).expect("hex"));
    let hash = SessionHash(bytes.collect::<Vec<u8>>().try_into().expect("32 bytes"));
    let session = Session {
        expires_at: Timestamp::now().plus_ms(20 * MINUTE_MS),
        ..Session::begin(org, email, Timestamp::now())
    };
    let opened = store
        .sessions()
        .open(&hash, &session, None, &OPERATOR, String::new())
        .await;
    opened.expect("the engine is up");

    let answer = scene.play().await;
    assert_eq!(status(&answer), 200, "{answer}");
    let page = answer["body"].as_str().expect("a page");
    assert!(
        page.contains(&plain.hint()) && page.contains("ada@example.com"),
        "{page}"
    );
    let renewed = answer["cookies"][0]
        .as_str()
        .expect("a cookie, where payload 2.0 has them");
    assert!(renewed.starts_with("__Host-eclips_session=AAAA"), "{renewed}");
    assert!(
        renewed.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3599") || renewed.ends_with("3600"),
        "{renewed}"
    );
    let log = scene.log("dashboard");
    assert!(log.contains("/settings/api-keys") && !log.contains("AAAAAAAA"), "{log}");
}

pub async fn lets_no_api_key_in(mut scene: Scene) {
    let answer = scene.play().await;
    assert_eq!(
        (status(&answer), &answer["headers"]["location"]),
        (303, &json!(TO_SIGN_IN)),
        "{answer}"
    );
    assert!(
        !scene.log("dashboard").contains(&scene.key[9..17]),
        "the log holds the key"
    );
}
