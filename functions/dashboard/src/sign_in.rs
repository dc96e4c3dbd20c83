//! Signing in: the page with the one button, the way to the provider, and the way back.

pub mod callback;
pub mod show;
pub mod start;

use crate::App;

/// How long a sign-in may take, in seconds.
const ATTEMPT_SECONDS: i64 = 600;

/// Where a sign-in begins: an absolute address, so that it begins on the very host that it comes back to.
pub fn start_path(app: &App, to: &str) -> String {
    let to: String = form_urlencoded::byte_serialize(own_path(to).as_bytes()).collect();
    format!("{}/sign-in/start?to={to}", app.origin)
}

/// A page of ours to go to; anything that could lead elsewhere becomes the first page.
pub fn own_path(to: &str) -> &str {
    let plain = to.starts_with('/')
        && !to.starts_with("//")
        && to.len() <= 200
        && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    // Back to a sign-in would be a circle.
    if plain && !to.starts_with("/sign-in") { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn leads_nowhere_but_to_our_own_pages() {
        assert_eq!(own_path("/settings/api-keys?after=1"), "/settings/api-keys?after=1");
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\r\nLocation: x",
            "javascript:alert(1)",
            "/sign-in",
            "/sign-in/start?to=/",
            "/é",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
    }
}
