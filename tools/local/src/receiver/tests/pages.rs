//! What people see, and what the page may do.

use super::*;

const SCRIPT: &str = "\"'><script>alert(1)</script>&";
const SCRIPT_AS_TEXT: &str = "&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;";

/// Every path that is served, and one that is not.
const PATHS: [&str; 6] = [
    "/",
    "/arrivals.json",
    "/changes",
    "/style.css",
    "/refresh.js",
    "/nothing",
];

#[tokio::test]
async fn markup_in_an_arrival_is_shown_as_text() {
    let receiver = knowing(&[(SCRIPT, SECRET)]).await;
    let named = format!("{{\"run_id\":{}}}", Value::from(SCRIPT));
    for (delivery, times) in [
        // The name of the secret, once for each signature that it fits.
        (Delivery::new(), 2),
        // By itself, among the headers, and the secret twice.
        (Delivery::new().with("X-eClips-Event", SCRIPT), 4),
        // It is signed by one of the two, so the secret fits once.
        (Delivery::new().with("webhook-id", SCRIPT), 3),
        (Delivery::new().with("x-other", SCRIPT), 3),
        (Delivery::new().saying(SCRIPT), 1),
        (Delivery::new().saying(format!("</pre>{SCRIPT}")), 1),
        // As the run's id, and behind a backslash in the body.
        (Delivery::new().saying(named), 2),
    ] {
        delivery.send(&receiver).await;
        let page = text(&receiver, "/").await;
        assert_eq!(page.matches(SCRIPT_AS_TEXT).count(), times, "{delivery:?}");
        assert_eq!(
            (page.matches("<script").count(), page.matches("</pre>").count()),
            (1, 1)
        );
        forget(&receiver).await;
    }
}

#[tokio::test]
async fn markup_in_a_path_is_shown_as_text() {
    let receiver = start().await;
    // The only two such letters that HTTP lets through.
    let request = "POST /x='y'&?q=' HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert!(raw(&receiver, request).await.starts_with("HTTP/1.1 200"));
    assert_eq!(arrival(&receiver).await["path"], "/x='y'&?q='");
    let page = text(&receiver, "/").await;
    assert!(page.contains("<code>/x=&#39;y&#39;&#38;?q=&#39;</code>"));
}

#[tokio::test]
async fn an_empty_page_says_how_to_register_it() {
    let receiver = start().await;
    let page = text(&receiver, "/").await;
    assert!(page.contains("curl \"$ECLIPS_BASE_URL/v1/webhooks\" -H \"Authorization: Bearer $ECLIPS_API_KEY\""));
    assert!(page.contains(&format!("{{\"url\":\"{}/\",\"events\":[", receiver.url())));
    assert!(!page.contains("/arrivals/clear"));
    Delivery::new().send(&receiver).await;
    let page = text(&receiver, "/").await;
    assert!(page.contains("action=\"/arrivals/clear\"") && !page.contains("/v1/webhooks"));
}

#[tokio::test]
async fn an_arrival_is_shown_in_words() {
    let receiver = start().await;
    Delivery::new().to("/hook").send(&receiver).await;
    Delivery::id("d-2")
        .without("X-eClips-Event")
        .saying("")
        .send(&receiver)
        .await;
    let page = text(&receiver, "/").await;
    for part in [
        "<html lang=\"en\">",
        "<title>Webhooks received – eClips on this machine</title>",
        "name=\"viewport\"",
        "<h2>run.completed</h2>",
        "<code>r-1</code>",
        "<code>/hook</code>",
        ">1st time</span>",
        ">answered 200</span>",
        "<h2>no X-eClips-Event</h2>",
        "none named",
        "Body, 40 bytes",
        "Body, 0 bytes",
        "<dt>x-eclips-event</dt><dd><code>run.completed</code></dd>",
        // Broken into lines, in the order in which it came.
        "<pre>{\n  &#34;event&#34;: &#34;run.completed&#34;,\n  &#34;run_id&#34;: &#34;r-1&#34;\n}</pre>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        page.find("no X-eClips-Event") < page.find("<h2>run.completed</h2>"),
        "newest first"
    );
}

#[tokio::test]
async fn a_long_body_is_cut_on_the_page_and_whole_for_scripts() {
    let receiver = start().await;
    let long = "y".repeat(100_000);
    Delivery::new().saying(long.clone()).send(&receiver).await;
    let page = text(&receiver, "/").await;
    assert!(page.len() < 40_000 && page.contains("Cut here"));
    assert_eq!(arrival(&receiver).await["body"], *long);
}

#[tokio::test]
async fn the_word_for_changes_changes_with_every_change_and_only_then() {
    let receiver = start().await;
    let mut words = vec![text(&receiver, "/changes").await];
    let next = async |words: &mut Vec<String>| {
        let word = text(&receiver, "/changes").await;
        assert!(!words.contains(&word), "{word}");
        assert!(text(&receiver, "/").await.contains(&format!("data-changes=\"{word}\"")));
        assert_eq!(text(&receiver, "/changes").await, word, "nothing has changed");
        words.push(word);
    };
    Delivery::new().send(&receiver).await;
    next(&mut words).await;
    let held = tokio::spawn(Delivery::new().to("/?delay_ms=30000").at(&receiver).send());
    shown(&receiver, "answer held back").await;
    next(&mut words).await;
    held.abort();
    shown(&receiver, "sender gave up").await;
    next(&mut words).await;
    forget(&receiver).await;
    next(&mut words).await;
}

#[tokio::test]
async fn arrivals_are_forgotten_by_script_and_by_form() {
    let receiver = start().await;
    let url = receiver.url();
    Delivery::new().send(&receiver).await;
    assert_eq!(status(client().delete(format!("{url}/arrivals"))).await, 204);
    assert!(arrivals(&receiver).await.is_empty());

    Delivery::new().send(&receiver).await;
    assert_eq!(arrival(&receiver).await["times"], 1, "forgotten is forgotten");
    let form = client().post(format!("{url}/arrivals/clear")).header("origin", url);
    let answer = form.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (303, &HeaderValue::from_static("/"))
    );
    assert!(arrivals(&receiver).await.is_empty());
}

#[tokio::test]
async fn no_answer_is_kept_sniffed_framed_or_open_to_others() {
    let receiver = start().await;
    Delivery::new().send(&receiver).await;
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
                  base-uri 'none'; frame-ancestors 'none'";
    let get = |path: &str| client().get(format!("{}{path}", receiver.url()));
    let requests = PATHS.map(get).into_iter().chain([
        Delivery::new().at(&receiver),
        get("/").header("host", "evil.example"),
        get("/").header("origin", "http://evil.example"),
        client().request(Method::OPTIONS, format!("{}/arrivals", receiver.url())),
    ]);
    for request in requests {
        let answer = request.send().await.unwrap();
        let url = answer.url().clone();
        let headers = answer.headers();
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], policy, "{url}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{url}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{url}");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin", "{url}");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin", "{url}");
        assert!(
            !headers.keys().any(|name| name.as_str().starts_with("access-control-")),
            "{url}"
        );
    }
}

#[tokio::test]
async fn the_page_has_no_script_or_style_within() {
    let receiver = start().await;
    let empty = text(&receiver, "/").await;
    Delivery::new().send(&receiver).await;
    for page in [empty, text(&receiver, "/").await] {
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("<script src=\"/refresh.js\" defer></script>"));
        for part in [
            "<style",
            " style=",
            " onload=",
            " onclick=",
            "javascript:",
            "http-equiv",
        ] {
            assert!(!page.contains(part), "{part}");
        }
    }
}
