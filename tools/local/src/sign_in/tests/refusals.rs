//! What the provider does not do, and in which words.

use super::*;

#[tokio::test]
async fn a_strange_client_or_address_is_refused_on_a_page_and_sent_nowhere() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let strange = [
        ("client_id", None),
        ("client_id", Some("eclips-local2")),
        ("redirect_uri", None),
        ("redirect_uri", Some("https://evil.example/sign-in/callback")),
        ("redirect_uri", Some("http://127.0.0.1:8787/sign-in/callback/")),
        ("redirect_uri", Some("http://127.0.0.1:8787/sign-in/callback?a=b")),
        ("redirect_uri", Some("http://127.0.0.1:8787/sign-in/Callback")),
        (
            "redirect_uri",
            Some("http://127.0.0.1:8787/sign-in/../sign-in/callback"),
        ),
        ("redirect_uri", Some("http://localhost:8787/sign-in/callback")),
        (
            "redirect_uri",
            Some("http://127.0.0.1:8787@evil.example/sign-in/callback"),
        ),
    ];
    for (name, value) in strange {
        let asked = get(&visit.url(name, value)).await;
        let answered = form(&visit.endpoint(), &visit.parameters(name, value));
        for response in [asked, send(answered).await.unwrap()] {
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name} {value:?}");
            assert!(!response.headers().contains_key(header::LOCATION));
            assert!(text(&response).contains("<h1>Cannot sign in</h1>"));
        }
    }
}

#[tokio::test]
async fn another_fault_of_a_request_goes_back_to_the_client_with_its_state() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let faults = [
        ("response_type", None),
        ("response_type", Some("token")),
        ("response_type", Some("code id_token")),
        ("scope", None),
        ("scope", Some("email openid2")),
        ("nonce", None),
        ("nonce", Some("")),
        ("code_challenge", None),
        ("code_challenge", Some("too-short")),
        ("code_challenge_method", None),
        ("code_challenge_method", Some("plain")),
    ];
    for (name, value) in faults {
        let asked = get(&visit.url(name, value)).await;
        let answered = form(&visit.endpoint(), &visit.parameters(name, value));
        for response in [asked, send(answered).await.unwrap()] {
            let description = format!("{name} is absent or not supported");
            let expected = [
                ("error", "invalid_request"),
                ("error_description", &description),
                ("state", visit.state.secret()),
            ];
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(sent_back(&response), expected, "{name} {value:?}");
        }
    }
}

#[tokio::test]
async fn a_request_without_state_is_refused_without_one() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let pairs = sent_back(&get(&visit.url("state", None)).await);
    assert_eq!(pairs.len(), 2);
    assert_eq!(pairs[1].1, "state is absent or not supported");
}

#[tokio::test]
async fn prompt_none_needs_a_login_and_prompt_login_gets_one() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let pairs = sent_back(&get(&visit.url("prompt", Some("none"))).await);
    assert_eq!(pairs[0], ("error".to_owned(), "login_required".to_owned()));
    assert_eq!(pairs[2], ("state".to_owned(), visit.state.secret().clone()));
    assert_eq!(get(&visit.url("prompt", Some("login"))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_repeated_parameter_is_no_request() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    for name in ["redirect_uri", "state", "client_id"] {
        let mut url = visit.url.clone();
        let value = visit.url.query_pairs().find(|(known, _)| known == name).unwrap().1;
        url.query_pairs_mut().append_pair(name, &value);
        assert_eq!(get(&url).await.status(), StatusCode::BAD_REQUEST, "{name}");
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let answered = send(form(&visit.endpoint(), &pairs)).await.unwrap();
        assert!(answered.status().is_client_error() && !answered.headers().contains_key(header::LOCATION));
    }
}

#[tokio::test]
async fn a_wrong_password_asks_again_with_401() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    for password in [
        "",
        "Correct horse battery staple",
        "correct horse battery stapl",
        " ",
        "' OR 1=1",
    ] {
        let response = send(visit.answer("ada@example.com", password)).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{password}");
        let page = text(&response);
        assert!(page.contains("role=\"alert\">That is not the password.</p>"));
        assert!(page.contains("value=\"ada@example.com\""));
        assert!(page.contains(&format!("name=\"state\" value=\"{}\"", visit.state.secret())));
        assert!(password.trim().is_empty() || !page.contains(password));
    }
}

#[tokio::test]
async fn what_is_no_address_asks_again_with_400() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    for email in ["", "ada", "ada@", "a@b@example.com"] {
        let response = send(visit.answer(email, PASSWORD)).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{email}");
        assert!(text(&response).contains("role=\"alert\">That is no e-mail address."));
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_403() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    for (origin, status) in [
        ("http://evil.example", StatusCode::FORBIDDEN),
        ("http://127.0.0.1:8787", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
        (sign_in.issuer(), StatusCode::SEE_OTHER),
    ] {
        let mut request = visit.answer("ada@example.com", PASSWORD);
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        assert_eq!(send(request).await.unwrap().status(), status, "{origin}");
    }
}

#[tokio::test]
async fn a_code_is_good_for_one_exchange() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let code = visit.code().await;
    visit.exchange(code.clone(), visit.verifier.secret()).await.unwrap();
    let again = visit.exchange(code, visit.verifier.secret()).await;
    assert_eq!(again.unwrap_err(), "invalid_grant");
}

#[tokio::test]
async fn a_wrong_verifier_gets_nothing_and_uses_the_code_up() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let code = visit.code().await;
    let (_, other) = PkceCodeChallenge::new_random_sha256();
    for verifier in [other.secret().as_str(), visit.verifier.secret()] {
        let refused = visit.exchange(code.clone(), verifier).await.unwrap_err();
        assert_eq!(refused, "invalid_grant", "{verifier}");
    }
}

#[tokio::test]
async fn an_exchange_that_is_not_as_agreed_is_refused() {
    let sign_in = start().await;
    let visit = Visit::begin(&sign_in).await;
    let other = [
        (
            "grant_type",
            "password",
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
        ),
        ("code", "made-up", StatusCode::BAD_REQUEST, "invalid_grant"),
        (
            "redirect_uri",
            "http://127.0.0.1:8787/",
            StatusCode::BAD_REQUEST,
            "invalid_grant",
        ),
        ("code_verifier", "", StatusCode::BAD_REQUEST, "invalid_grant"),
        ("client_id", "somebody", StatusCode::UNAUTHORIZED, "invalid_client"),
        ("client_secret", "a", StatusCode::UNAUTHORIZED, "invalid_client"),
    ];
    for (name, value, status, error) in other {
        let code = visit.code().await;
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code.secret()),
            ("redirect_uri", REDIRECT),
            ("client_id", sign_in.client_id()),
            ("code_verifier", visit.verifier.secret()),
        ];
        pairs.retain(|(known, _)| *known != name);
        pairs.push((name, value));
        let pairs: Vec<_> = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let response = send(form(&format!("{}/token", sign_in.issuer()), &pairs))
            .await
            .unwrap();
        assert!(is_error(&response, status, error), "{name}: {}", text(&response));
    }
}

#[tokio::test]
async fn another_host_is_refused_421_whatever_it_asks() {
    let sign_in = start().await;
    for path in PATHS {
        let url = format!("{}{path}", sign_in.issuer());
        for hosts in [
            &["evil.example"][..],
            &["127.0.0.1.evil.example"],
            &["localhost", "evil.example"],
        ] {
            let get = http::Request::get(&url).body(Vec::new()).unwrap();
            for mut request in [get, form(&url, &[])] {
                for host in hosts {
                    request
                        .headers_mut()
                        .append(header::HOST, HeaderValue::from_static(host));
                }
                let refused = send(request).await.unwrap();
                assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST, "{path} {hosts:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_over_16_kib_is_refused_413() {
    let sign_in = start().await;
    for path in ["/authorize", "/token"] {
        let pairs = [("code".to_owned(), "a".repeat(16 * 1024))];
        let request = form(&format!("{}{path}", sign_in.issuer()), &pairs);
        assert_eq!(
            send(request).await.unwrap().status(),
            StatusCode::PAYLOAD_TOO_LARGE,
            "{path}"
        );
    }
}
