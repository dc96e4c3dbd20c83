//! Every file in `events/`, handed to the real binary of its function, with the answer that `events/README.md` promises.

mod batches;
mod dashboard;
mod deliver;
mod dispatch;
mod fold;
mod health;
mod runs;
mod scene;
mod stream;
mod sweep;
mod triage;
mod usage;
mod webhooks;
mod worker;

use std::collections::BTreeMap;

use eclips_tests::{event_file, repository};
use scene::Scene;
use serde_json::Value;

/// Makes a test of each file, and the list of the files that have one.
macro_rules! events {
    ($($file:literal, $function:ident::$promise:ident, $answer:literal;)+) => {
        /// Each file with the beginning of what `events/README.md` says of its answer.
        const ANSWERS: &[(&str, &str)] = &[$(($file, $answer)),+];
        $(
            #[tokio::test]
            async fn $promise() {
                $function::$promise(Scene::set($file).await).await;
            }
        )+
    };
}

events! {
    "health-show", health::says_that_it_is_well_to_anyone, "200 ";
    "health-unknown-path", health::answers_404_for_an_unknown_path_even_with_a_key, "404 ";
    "health-wrong-method", health::answers_404_for_a_wrong_method, "404 ";
    "runs-create", runs::accepts_a_run_with_every_field, "202 ";
    "runs-create-minimal", runs::accepts_a_run_with_a_task_alone, "202, ";
    "runs-create-v2", runs::accepts_a_run_in_payload_2, "202, ";
    "runs-base64-body", runs::accepts_a_body_in_base64_letter_for_letter, "202, ";
    "runs-list", runs::lists_runs_newest_first, "200 ";
    "runs-list-filtered", runs::lists_five_of_the_queued_runs, "200, ";
    "runs-create-idempotent", runs::accepts_one_run_however_often_it_is_sent, "202; ";
    "runs-show", runs::shows_a_run_to_its_own_organization_only, "200 ";
    "runs-cancel", runs::cancels_a_run_once, "200 ";
    "runs-no-key", runs::refuses_401_without_a_key, "401 ";
    "runs-two-authorizations", runs::refuses_400_with_two_authorizations, "400 ";
    "stream-show", stream::tells_a_run_from_its_beginning_to_its_end, "200, ";
    "stream-resume", stream::goes_on_after_the_last_event_that_was_seen, "200, ";
    "triage-list", triage::lists_what_waits_for_a_person, "200 ";
    "triage-show", triage::shows_an_item_to_its_own_organization_only, "200 ";
    "triage-approve", triage::completes_the_run_with_an_edited_output_once, "200 ";
    "triage-reject", triage::ends_the_run_without_a_result, "200 ";
    "webhooks-create", webhooks::makes_a_webhook_whose_secret_is_in_no_other_answer_and_no_log, "201 ";
    "webhooks-list", webhooks::lists_webhooks_without_their_secrets, "200 ";
    "webhooks-delete", webhooks::deletes_a_webhook_of_its_own_organization_once, "200 ";
    "webhooks-rotate", webhooks::gives_another_secret_four_times_a_day, "200 ";
    "webhooks-deliveries", webhooks::lists_what_was_sent_to_a_webhook, "200 ";
    "webhooks-resend", webhooks::has_a_delivery_sent_again, "202 ";
    "batches-create", batches::accepts_a_batch, "201 ";
    "batches-list", batches::lists_batches, "200 ";
    "batches-show", batches::shows_a_batch_to_its_own_organization_only, "200 ";
    "batches-cancel", batches::cancels_a_batch_once, "200 ";
    "usage-summary", usage::sums_up_the_month, "200 ";
    "usage-daily", usage::shows_two_days, "200 ";
    "usage-agents", usage::shows_what_each_agent_used, "200 ";
    "usage-keys", usage::shows_what_each_key_used, "200 ";
    "worker-one-run", worker::drives_a_run_to_its_end, "`{";
    "worker-two-messages-one-poison", worker::gives_back_the_poisonous_message_alone, "`{";
    "worker-batch", worker::makes_the_runs_of_a_batch, "`{";
    "dispatch-batch", dispatch::sends_a_hint_of_a_batch_that_is_made_or_cancelled, "`{";
    "dispatch-queued-run", dispatch::sends_a_normal_run_to_the_runs_queue, "`{";
    "dispatch-urgent-run", dispatch::sends_an_urgent_run_to_the_priority_queue, "`{";
    "dispatch-other-records", dispatch::sends_nothing_for_other_records, "`{";
    "dispatch-run-ended", dispatch::has_told_what_happened_to_a_run, "`{";
    "dispatch-delivery-asked", dispatch::has_a_delivery_tried_that_somebody_wants_again, "`{";
    "deliver-news", deliver::makes_a_delivery_for_who_asked_once, "`{";
    "deliver-one-try", deliver::notes_a_try_that_went_nowhere_and_when_the_next_one_is, "`{";
    "deliver-two-messages-one-poison", deliver::gives_back_the_message_that_is_no_hint_and_tells_the_other, "`{";
    "fold-run-ended", fold::counts_a_run_and_its_answer_once, "`{";
    "fold-day-began", fold::counts_the_requests_of_the_day_before, "`{";
    "fold-other-records", fold::counts_nothing_of_other_records, "`{";
    "sweep-schedule", sweep::sends_the_hint_of_a_run_that_nobody_took, "`{";
    "sweep-dead-letter", sweep::ends_the_run_and_gives_back_the_poisonous_message, "`{";
    "dashboard-sign-in", dashboard::shows_the_first_page_to_anyone, "200 ";
    "dashboard-api-keys", dashboard::lists_the_keys_to_a_session_and_renews_it, "303 ";
    "dashboard-odd-query", dashboard::survives_a_query_that_is_none, "404 ";
    "dashboard-key-instead-of-session", dashboard::lets_no_api_key_in, "303 ";
}

#[tokio::test]
async fn records_look_as_the_store_writes_them() {
    dispatch::records_look_as_the_store_writes_them(Scene::set("dispatch-other-records").await).await;
    fold::records_look_as_the_store_writes_them(Scene::set("fold-other-records").await).await;
}

#[test]
fn every_file_has_a_test_and_a_row_and_every_row_a_file() {
    let mut tested: Vec<&str> = ANSWERS.iter().map(|(file, _)| *file).collect();
    tested.sort_unstable();
    assert_eq!(
        event_file::names(),
        tested,
        "left: the files in events/; right: those with a test in events.rs"
    );

    let described = event_file::described();
    let mut rows: Vec<&str> = described.iter().map(|row| row.file.as_str()).collect();
    rows.sort_unstable();
    assert_eq!(rows, tested, "left: the rows of events/README.md; right: the files");

    let answers: BTreeMap<&str, &str> = ANSWERS.iter().copied().collect();
    for row in &described {
        assert_eq!(
            row.function,
            event_file::function(&row.file),
            "events/README.md: {}",
            row.file
        );
        assert!(
            row.answer.starts_with(answers[row.file.as_str()]),
            "events/README.md: {}: {}",
            row.file,
            row.answer
        );
    }
}

#[test]
fn every_body_is_as_long_as_its_headers_say() {
    for name in event_file::names() {
        let event: Value = serde_json::from_str(&event_file::text(&name)).expect("JSON");
        let Some(body) = event["body"].as_str() else { continue };
        let bytes = if event["isBase64Encoded"] == true {
            body.len() / 4 * 3 - body.matches('=').count()
        } else {
            body.len()
        };
        for headers in [&event["headers"], &event["multiValueHeaders"]] {
            let lengths = headers.as_object().into_iter().flatten();
            for (_, length) in lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
                let length = length.as_str().or_else(|| length[0].as_str());
                assert_eq!(length, Some(bytes.to_string().as_str()), "events/{name}.json");
            }
        }
    }
}

#[test]
fn no_file_holds_a_key_or_another_placeholder() {
    for name in event_file::names() {
        let text = event_file::text(&name);
        assert!(!text.contains("eck_"), "events/{name}.json holds a key");
        let rest = event_file::PLACEHOLDERS
            .iter()
            .fold(text, |rest, placeholder| rest.replace(placeholder, ""));
        assert!(
            !rest.contains('$'),
            "events/{name}.json: envsubst would change more than the placeholders"
        );
    }
    let others: Vec<String> = repository::names("events")
        .into_iter()
        .filter(|name| !name.ends_with(".json") && name != "README.md")
        .collect();
    assert!(others.is_empty(), "no test reads {others:?}");
}
