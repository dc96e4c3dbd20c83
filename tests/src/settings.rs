//! What the tests are told from outside: what to test, and over what.

/// Reads one setting; an empty one counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "what to test is told to the tests, not to a function: shared/src/config.rs names a function's settings"
)]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
