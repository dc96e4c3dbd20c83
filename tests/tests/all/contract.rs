//! The contract as a client meets it: HTTP and nothing else, against any system that there is.
//!
//! Without settings the tests start a system in memory; with `ECLIPS_UNREST=1` alone, one whose store refuses some calls and
//! whose indexes lag. Against a running `cargo dev`:
//!
//! ```sh
//! set -a; . .eclips/dev.env; set +a
//! cargo test --workspace --test all -- contract::
//! ```
//!
//! Against a deployed stack, with the keys of an organization on plan `growth` or above:
//!
//! ```sh
//! export ECLIPS_BASE_URL=https://… ECLIPS_API_KEY=eck_live_… ECLIPS_TEST_KEY=eck_test_…
//! cargo test --workspace --test all -- contract::
//! ```
//!
//! The first is the stack's output `ApiUrl`. `ECLIPS_SCOPELESS_KEY` (a key without scopes) and `ECLIPS_STRANGER_KEY` (a test
//! key of another organization) are optional, and `ECLIPS_WITHOUT_STREAM=1` leaves out the streams; what is left out is said
//! on standard error, each time.
//!
//! What they leave behind is test data, two runs in triage among it, and one live run where the organization has none: the
//! only thing that costs credits. Webhooks are deleted by who made them; ten of the organization's twenty have to be free. A
//! round is some 90 requests to start a run and some 400 others. Nothing has to be empty before. What the contract promises of
//! limits, plans, revocation and outages, and of what arrives at receivers, is tested where the store can be reached.

mod batches;
mod cancel;
mod create;
mod door;
mod idempotency;
mod keys;
mod list;
mod outcome;
mod shape;
mod stream;
mod tenant;
mod triage;
mod usage;
mod webhooks;

use eclips_tests::world::Reply;

/// What a run is not, whoever asks.
const NO_RUN: &str = r#"{"error":"Run not found"}"#;
/// What a triage item is not, whoever asks.
const NO_ITEM: &str = r#"{"error":"Triage item not found"}"#;
/// What a path is not.
const NO_ROUTE: &str = r#"{"error":"Not found"}"#;

/// A refusal: its status, its machine word, its exact body.
fn assert_refused(got: &Reply, (status, code, body): (u16, &str, &str)) {
    assert_eq!(got.pair(), (status, body));
    assert_eq!(got.header("x-eclips-error-code"), code, "{body}");
}

/// A 400 that names the field or the parameter at fault.
fn assert_names(got: &Reply, field: &str) {
    assert_names_one_of(got, &[field]);
}

/// A 400 that names one of those that are at fault together; which one is not the contract's business.
fn assert_names_one_of(got: &Reply, fields: &[&str]) {
    assert_eq!(
        (got.status.as_u16(), got.header("x-eclips-error-code")),
        (400, "validation_error"),
        "{fields:?}: {}",
        got.text
    );
    let error = got.json();
    assert!(
        fields.iter().any(|field| error["field"] == *field),
        "{fields:?}: {error}"
    );
    assert!(error["error"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    assert_eq!(error.as_object().unwrap().len(), 2, "{error}");
}

/// A text that no other request has.
fn unique() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// An id of the right form that no run has.
fn unknown_run() -> String {
    uuid::Uuid::now_v7().to_string()
}
