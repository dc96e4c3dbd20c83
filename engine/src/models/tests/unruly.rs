//! Endpoints that lie, stall or never end.

use std::time::Duration;

use super::endpoint::whole;
use super::*;

/// Asks for half a second at the most, as a caller with a timeout does; nothing is what comes of a call that hangs.
async fn ask_for_a_moment(endpoint: &Endpoint, meter: &Meter) -> Option<Result<ModelAnswer, ModelError>> {
    let models = openai(endpoint);
    tokio::time::timeout(Duration::from_millis(500), ask(&models, meter))
        .await
        .ok()
}

async fn unavailable(reply: Reply) {
    let endpoint = Endpoint::always(reply).await;
    let meter = Meter::default();
    let error = ask(&openai(&endpoint), &meter).await.expect_err("there is no answer");
    assert!(matches!(error, ModelError::Unavailable(_)), "{error:?}");
    assert_eq!(
        (metered(&meter), endpoint.seen().len()),
        ((0, 0, 0), 1),
        "nobody answered, and nobody was asked twice"
    );
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"choices\": [";
    unavailable(Reply::Endless(
        head,
        "                                                                ",
    ))
    .await;
}

#[tokio::test]
async fn endless_headers_end() {
    unavailable(Reply::Endless(
        "HTTP/1.1 200 OK\r\n",
        "x-more: and more and more and more and more and more\r\n",
    ))
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_answer() {
    let bytes = whole(
        200,
        "",
        &completion(&json!({ "content": good().to_string() }), "stop").to_string(),
    );
    unavailable(Reply::Bytes(bytes[..bytes.len() - 20].to_vec())).await;
    unavailable(Reply::Bytes(Vec::new())).await;
    unavailable(Reply::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())).await;
}

#[tokio::test]
async fn a_page_is_no_answer_whatever_its_status_is() {
    let page = "<html><body>Please log in</body></html>";
    let head = |status| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{page}",
            page.len()
        )
    };
    unavailable(Reply::Bytes(head("200 OK").into_bytes())).await;
    unavailable(Reply::Bytes(head("502 Bad Gateway").into_bytes())).await;
    for odd in [
        json!(null),
        json!([]),
        json!("{}"),
        json!({}),
        json!({ "choices": [] }),
        json!({ "choices": [{}] }),
    ] {
        unavailable(Reply::Json(200, odd)).await;
    }
}

#[tokio::test]
async fn json_of_another_content_type_is_json() {
    let body = completion(&json!({ "content": good().to_string() }), "stop").to_string();
    let bytes = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let endpoint = Endpoint::always(Reply::Bytes(bytes.into_bytes())).await;
    assert!(ask(&openai(&endpoint), &Meter::default()).await.is_ok());
}

#[tokio::test]
async fn who_stalls_is_left_to_the_callers_timeout() {
    for drip in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
    ] {
        let endpoint = Endpoint::always(Reply::Drip(drip)).await;
        let meter = Meter::default();
        assert!(ask_for_a_moment(&endpoint, &meter).await.is_none(), "it hangs");
        assert_eq!(metered(&meter), (0, 0, 0));
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let other = Endpoint::always(says(&good().to_string())).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/v1/chat/completions\r\n", other.url());
        let endpoint = Endpoint::always(Reply::Bytes(whole(status, &location, "{}"))).await;
        let error = ask(&openai(&endpoint), &Meter::default())
            .await
            .expect_err("it leads elsewhere");
        assert_eq!(error, ModelError::Denied(format!("HTTP {status}")));
    }
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn tokens_that_nobody_can_believe_count_as_none() {
    for usage in [
        json!(null),
        json!({}),
        json!({ "prompt_tokens": -5, "completion_tokens": -1 }),
        json!({ "prompt_tokens": "20", "completion_tokens": 1.5 }),
        json!({ "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX }),
    ] {
        let mut body = completion(&json!({ "content": good().to_string() }), "stop");
        body["usage"] = usage.clone();
        let endpoint = Endpoint::always(Reply::Json(200, body)).await;
        let meter = Meter::default();
        let answer = ask(&openai(&endpoint), &meter).await.expect("it answers");
        assert_eq!((answer.input_tokens, answer.output_tokens), (0, 0), "{usage}");
        assert_eq!((meter.read().spent.answers, meter.read().untold), (1, 1), "{usage}");
    }
}

#[tokio::test]
async fn nobody_who_listens_is_unavailable() {
    let endpoint = Endpoint::always(Reply::Bytes(Vec::new())).await;
    let models = openai(&endpoint);
    drop(endpoint);
    tokio::task::yield_now().await;
    let error = ask(&models, &Meter::default()).await.expect_err("nobody is there");
    assert!(matches!(error, ModelError::Unavailable(_)), "{error:?}");
}
