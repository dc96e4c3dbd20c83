//! Which `Host` a request on loopback may name, and whose page may have made it.
//!
//! A web page can point its own name at 127.0.0.1 and then talk to our ports as if they were its own (DNS rebinding);
//! the name it was reached by is what gives it away. What it sends without that name gives away where it comes from.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Request};

/// Whether a request names this machine: by its one `Host` and, in the absolute form of a request, by its target as well.
#[must_use]
pub fn named_by<B>(request: &Request<B>) -> bool {
    let target = request.uri().authority();
    only(request.headers(), HOST).is_some_and(is_local) && target.is_none_or(|authority| is_local(authority.as_str()))
}

/// Whether the page that made a request, if it was one, is of the very address that it goes to. A browser says where a form
/// or a script's call comes from; what is no browser may leave it out. The host has to be known as this machine's already.
/// *Source*: Fetch, `Origin`.
#[must_use]
pub fn is_own_page(headers: &HeaderMap) -> bool {
    if !headers.contains_key(ORIGIN) {
        return true;
    }
    let origin = only(headers, ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    origin.is_some() && origin == only(headers, HOST)
}

/// The value of a header that is there exactly once.
#[must_use]
pub fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Whether a `Host` header or an authority names this machine's loopback, with any port or none.
///
/// Strict on purpose: the Lambda HTTP adapter builds a URL of it and panics when that is none.
#[must_use]
pub fn is_local(host: &str) -> bool {
    let port = ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|name| {
        let named = host
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name));
        named.then(|| &host[name.len()..])
    });
    match port {
        None => false,
        Some("") => true,
        Some(port) => port
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_loopback_names_pass() {
        for host in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:65535",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            "localhost.",
            "localhost.evil.example",
            "evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:",
            "127.0.0.2",
            "localhost:65536",
            "localhost:+80",
            "localhost:80:80",
            "localhost:8x",
            "::1",
            "user@localhost",
            "localhost/a",
            "0.0.0.0",
            "lócalhost",
            "[::1",
            "[::1]x",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
