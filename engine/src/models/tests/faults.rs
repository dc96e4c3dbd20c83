//! Every fault of a provider, walked row by row through the table of `ARCHITECTURE.md`.

use super::endpoint::whole;
use super::*;

const ARCHITECTURE: &str = include_str!("../../../../ARCHITECTURE.md");

/// The cells of the table's rows.
fn rows() -> Vec<Vec<&'static str>> {
    let table = ARCHITECTURE
        .split("<!-- model faults -->")
        .nth(1)
        .expect("the table is marked");
    let table = table.split("<!-- /model faults -->").next().expect("it ends");
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The words of a cell that stand in backticks.
fn words(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What an endpoint answers that does what a word says.
fn chat(word: &str) -> Reply {
    let text = |text: &str| completion(&json!({ "role": "assistant", "content": text }), "stop");
    let parts: Vec<&str> = word.split(' ').collect();
    match parts[..] {
        ["finish_reason", reason] => Reply::Json(200, completion(&json!({ "content": "{\"output\"" }), reason)),
        ["refusal"] => {
            let message = json!({ "content": null, "refusal": "I can't help with that." });
            Reply::Json(200, completion(&message, "stop"))
        }
        ["prose"] => Reply::Json(200, text("I would rather talk.")),
        ["empty"] => Reply::Json(200, text(" \n")),
        ["200", "html"] => Reply::Bytes(whole(200, "", "<html>")),
        ["200", code] => Reply::Json(
            200,
            json!({ "error": { "message": "x", "code": code.parse::<u64>().expect("a code") } }),
        ),
        [status] => Reply::Json(
            status.parse().expect("a status"),
            json!({ "error": { "message": "x" } }),
        ),
        [status, code] => {
            let error = json!({ "message": "x", "type": "invalid_request_error", "code": code });
            Reply::Json(status.parse().expect("a status"), json!({ "error": error }))
        }
        _ => panic!("the test does not know {word}"),
    }
}

/// What Bedrock answers that does what a word says.
fn aws(word: &'static str) -> Reply {
    match word.split_once(' ') {
        Some(("stopReason", reason)) => Reply::Json(200, converse(&json!({ "text": "{\"output\"" }), reason)),
        Some((code, message)) => Reply::AwsError(400, code, message),
        None if word == "prose" => Reply::Json(200, converse(&json!({ "text": "I would rather talk." }), "end_turn")),
        None if word == "empty" => Reply::Json(200, converse(&json!({ "text": "" }), "end_turn")),
        None => {
            let status = match word {
                "ThrottlingException" | "ModelNotReadyException" => 429,
                "ModelTimeoutException" => 408,
                "ModelErrorException" => 424,
                "InternalServerException" => 500,
                "ServiceUnavailableException" => 503,
                "AccessDeniedException" | "ExpiredTokenException" => 403,
                "ResourceNotFoundException" => 404,
                "ValidationException" => 400,
                _ => panic!("the test does not know {word}"),
            };
            Reply::AwsError(status, word, "x")
        }
    }
}

#[tokio::test]
async fn every_fault_ends_as_the_table_says() {
    let rows = rows();
    assert!(rows.len() >= 10, "the table was found");
    for row in rows {
        let [what, at_endpoint, at_bedrock, again, paid, client] = row[..] else {
            panic!("six cells a row: {row:?}");
        };
        let answers = match paid {
            "no" => 0,
            "yes" => 1,
            "both answers" => 2,
            _ => panic!("{what}: paid for `{paid}`?"),
        };
        for word in words(at_endpoint) {
            let endpoint = Endpoint::always(chat(word)).await;
            check(&openai(&endpoint), &format!("{what}: {word}"), again, answers, client).await;
        }
        for word in words(at_bedrock) {
            let endpoint = Endpoint::always(aws(word)).await;
            check(&bedrock(&endpoint), &format!("{what}: {word}"), again, answers, client).await;
        }
    }
}

async fn check(models: &Models, what: &str, again: &str, answers: u32, client: &str) {
    let meter = Meter::default();
    let error = ask(models, &meter).await.expect_err(what);
    assert_eq!(format!("`{}`", error.for_client()), client, "{what}: {error}");
    assert_eq!(if error.may_pass() { "yes" } else { "no" }, again, "{what}: {error}");
    let expected = (answers, 20 * u64::from(answers), 10 * u64::from(answers));
    assert_eq!(metered(&meter), expected, "{what}");
}

#[tokio::test]
async fn no_cause_repeats_what_a_client_or_a_provider_wrote() {
    let prose = "Buy a chair. Incorrect API key provided: sk-live";
    let told = json!({ "error": { "message": prose, "type": prose, "code": prose, "param": prose } });
    for status in [200, 400, 401, 403, 404, 413, 422, 429, 500, 503] {
        let endpoint = Endpoint::always(Reply::Json(status, told.clone())).await;
        let error = ask(&openai(&endpoint), &Meter::default()).await.expect_err("it failed");
        let printed = format!("{error} {error:?}");
        assert!(
            !printed.contains("chair") && !printed.contains("sk-"),
            "{status}: {printed}"
        );
    }
    for said in [
        "\"Buy a chair. sk-live\"",
        "[\"Buy a chair. sk-live\"]",
        "{\"output\": \"Buy a chair. sk-live\"}",
    ] {
        let endpoint = Endpoint::always(says(said)).await;
        let error = ask(&openai(&endpoint), &Meter::default())
            .await
            .expect_err("it does not fit");
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("chair"), "{printed}");
        let mend = endpoint.seen()[1].body["messages"][3]["content"].to_string();
        assert!(
            !mend.contains("chair"),
            "nothing that a model said is said in our voice: {mend}"
        );
    }
    for code in ["ValidationException", "AccessDeniedException", "ThrottlingException"] {
        let endpoint = Endpoint::always(Reply::AwsError(400, code, prose)).await;
        let error = ask(&bedrock(&endpoint), &Meter::default())
            .await
            .expect_err("it failed");
        let printed = format!("{error} {error:?}");
        assert!(printed.contains(code) && !printed.contains("chair"), "{printed}");
    }
}

#[tokio::test]
async fn tokens_that_come_with_an_error_are_paid_for() {
    let body = json!({ "error": { "message": "x" }, "usage": { "prompt_tokens": 7, "completion_tokens": 3 } });
    for status in [200, 500] {
        let endpoint = Endpoint::always(Reply::Json(status, body.clone())).await;
        let meter = Meter::default();
        ask(&openai(&endpoint), &meter).await.expect_err("it failed");
        assert_eq!(metered(&meter), (1, 7, 3));
    }
}
