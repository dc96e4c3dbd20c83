//! What people see, and what a page may do.

use super::*;

const SCRIPT: &str = "\"'><script>alert(1)</script>&";
const SCRIPT_AS_TEXT: &str = "&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;";

#[tokio::test]
async fn markup_in_a_request_is_shown_as_text() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    for name in ["state", "nonce", "login_hint", "scope"] {
        let value = format!("openid {SCRIPT}");
        let response = get(&visit.url(name, Some(&value))).await;
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert!(text(&response).contains(SCRIPT_AS_TEXT), "{name}");
        assert!(!text(&response).contains("<script"), "{name}");
    }
    let answered = send(visit.answer(SCRIPT, PASSWORD)).await.unwrap();
    assert!(text(&answered).contains(&format!("value=\"{SCRIPT_AS_TEXT}\"")));
    assert!(!text(&answered).contains("<script"));
}

#[tokio::test]
async fn the_page_suggests_an_address_and_prefers_the_clients() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let page = get(&visit.url).await;
    assert!(text(&page).contains("type=\"email\" value=\"owner@example.com\""));
    let page = get(&visit.url("login_hint", Some("bob@example.com"))).await;
    assert!(text(&page).contains("type=\"email\" value=\"bob@example.com\""));
}

#[tokio::test]
async fn every_field_has_a_label_and_the_page_a_language_and_a_title() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let response = get(&visit.url).await;
    for part in [
        "<html lang=\"en\">",
        "<title>Sign in – eClips on this machine</title>",
        "name=\"viewport\"",
        "<label for=\"email\">",
        "<input id=\"email\"",
        "autocomplete=\"username\"",
        "<label for=\"password\">",
        "<input id=\"password\"",
        "autocomplete=\"current-password\"",
        "<button type=\"submit\">Sign in</button>",
    ] {
        assert!(text(&response).contains(part), "{part}");
    }
}

#[tokio::test]
async fn pages_run_no_script_hold_no_style_and_are_never_framed() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let wrong = send(visit.answer("ada@example.com", "wrong")).await.unwrap();
    let refused = get(&visit.url("client_id", None)).await;
    for response in [get(&visit.url).await, wrong, refused] {
        let policy = "default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:8787; \
                      base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], policy);
        assert_eq!(response.headers()[header::REFERRER_POLICY], "same-origin");
        for part in ["<script", "<style", " style=", " onload=", " onclick=", "javascript:"] {
            assert!(!text(&response).contains(part), "{part}");
        }
    }
}

#[tokio::test]
async fn nothing_is_cached_or_sniffed() {
    let sign_in = start().await;
    for path in PATHS {
        let response = get(&Url::parse(&format!("{}{path}", sign_in.issuer())).unwrap()).await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn the_public_key_has_no_private_part() {
    let sign_in = start().await;
    let response = get(&Url::parse(&format!("{}/jwks", sign_in.issuer())).unwrap()).await;
    let keys: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    let key = keys["keys"][0].as_object().unwrap();
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(names, ["crv", "kid", "kty", "use", "x"]);
}
