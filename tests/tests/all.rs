//! The one integration-test binary: a module per thing that is promised.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod all {
    mod batches;
    mod cancel;
    mod conduct;
    mod contract;
    mod dashboard;
    mod events;
    mod faults;
    mod followed;
    mod grid;
    mod headers;
    mod idempotency;
    mod limits;
    mod lists;
    mod models;
    mod outage;
    mod process;
    mod revocation;
    mod runs;
    mod simulator;
    mod stream;
    mod sweep;
    mod triage;
    mod units;
    mod usage;
    mod webhooks;
    mod wiring;
}
