//! The `dashboard` function's events, in the payload of its own HTTP API.

use eclips_shared::auth::PlainKey;
use eclips_shared::time::MINUTE_MS;
use serde_json::{Value, json};

use super::scene::Scene;

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

    let hint = PlainKey::parse(scene.key.as_bytes()).expect("a key").hint();
    scene.stores.session(&scene.key, 20 * MINUTE_MS).await;
    let answer = scene.play().await;
    assert_eq!(status(&answer), 200, "{answer}");
    let page = answer["body"].as_str().expect("a page");
    assert!(page.contains(&hint) && page.contains("ada@example.com"), "{page}");
    let renewed = answer["cookies"][0]
        .as_str()
        .expect("a cookie, where payload 2.0 has them");
    assert!(renewed.starts_with("__Host-eclips_session=AAAA"), "{renewed}");
    let attributes = "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600";
    assert!(renewed.ends_with(attributes), "{renewed}");
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

pub async fn survives_a_query_that_is_none(mut scene: Scene) {
    for _ in 0..2 {
        let answer = scene.play().await;
        assert_eq!(status(&answer), 404, "{answer}");
        let page = answer["body"].as_str().expect("a page");
        assert!(
            page.contains("There is no such page") && !page.contains("<script>"),
            "{page}"
        );
    }
}
