//! The only room of this tool that reads environment variables.

use std::ffi::OsString;

/// Reads whether a build machine is asking: there a part that cannot run is a failure. `CI` unset, empty or `false` means no.
pub fn on_build_machine() -> bool {
    read("CI").is_some_and(|value| value != "false")
}

/// Reads cargo's own setting for the target folder, as the caller gave it.
pub fn cargo_target_dir() -> Option<OsString> {
    read("CARGO_TARGET_DIR")
}

/// Reads where programs are searched.
pub fn search_path() -> OsString {
    read("PATH").unwrap_or_default()
}

/// Reads where Chromium is, when it is not where Debian puts it.
pub fn chromium() -> Option<OsString> {
    read("CHROMIUM")
}

/// Reads a key of the system that is tried.
pub fn key(name: &str) -> Option<String> {
    read(name)?.into_string().ok()
}

/// Reads one variable; an empty one counts as unset, as it does for cargo.
#[expect(
    clippy::disallowed_methods,
    reason = "this tool is no function and shares no settings with them"
)]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
