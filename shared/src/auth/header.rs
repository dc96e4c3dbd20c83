//! Reads the `Authorization` header, and nothing else: a key anywhere else is no credential.
//!
//! *Source*: RFC 9110 §11.4 and §5.5, RFC 6750 §2.1, contract §1 "Header parsing".

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::PlainKey;

/// What the header held.
#[derive(Debug)]
pub enum Credential {
    /// No header, an empty one, or another scheme.
    Absent,
    /// Two or more headers.
    Multiple,
    /// The Bearer scheme, or a bare key, with something that is not a key.
    Malformed,
    /// A key whose form and checksum are right.
    Key(PlainKey),
}

/// Reads the credential of a request.
#[must_use]
pub fn credential(headers: &HeaderMap) -> Credential {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Credential::Absent,
        (Some(_), Some(_)) => Credential::Multiple,
        (Some(value), None) => read(strip(value.as_bytes())),
    }
}

/// `value` is the header's value without surrounding SP and HTAB.
fn read(value: &[u8]) -> Credential {
    let scheme_end = value
        .iter()
        .position(|byte| !is_token_char(*byte))
        .unwrap_or(value.len());
    let (scheme, rest) = value.split_at(scheme_end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        // A bare key is a key sent wrongly, not another scheme: its owner should hear that it is invalid.
        return if scheme.starts_with(b"eck_") {
            Credential::Malformed
        } else {
            Credential::Absent
        };
    }
    // One or more spaces, then the token to the end. A tab, a comma or a second word stays in and fails to parse.
    let token_start = rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
    if token_start == 0 {
        return Credential::Malformed;
    }
    PlainKey::parse(&rest[token_start..]).map_or(Credential::Malformed, Credential::Key)
}

/// ASCII only: a no-break space or a full-width one belongs to the value.
fn strip(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |last| last + 1);
    &value[start..end]
}

/// RFC 9110 §5.6.2.
fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::auth::Mode;

    fn of(values: &[&[u8]]) -> &'static str {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        match credential(&headers) {
            Credential::Absent => "absent",
            Credential::Multiple => "multiple",
            Credential::Malformed => "malformed",
            Credential::Key(_) => "key",
        }
    }

    #[test]
    fn reads_the_header_as_the_grammar_says() {
        let key = PlainKey::mint(Mode::Live).unwrap();
        let k = key.reveal();
        let cases: Vec<(String, &str)> = vec![
            (String::new(), "absent"),
            ("  \t ".into(), "absent"),
            ("Bearer".into(), "malformed"),
            ("Bearer ".into(), "malformed"),
            (format!("Bearer {k}"), "key"),
            (format!("bearer {k}"), "key"),
            (format!("BEARER {k}"), "key"),
            (format!("BeArEr    {k}"), "key"),
            (format!(" \tBearer {k}\t "), "key"),
            (format!("Bearer\t{k}"), "malformed"),
            (format!("Bearer \t{k}"), "malformed"),
            (k.into(), "malformed"),
            (format!("Basic {k}"), "absent"),
            (format!("Token {k}"), "absent"),
            (format!("Bearers {k}"), "absent"),
            (format!("Bearer{k}"), "absent"),
            (format!("Bearer {k} {k}"), "malformed"),
            (format!("Bearer {k},{k}"), "malformed"),
            (format!("Bearer {k};x=1"), "malformed"),
            (format!("Bearer \"{k}\""), "malformed"),
            (format!("Bearer={k}"), "malformed"),
            (format!("Bearer%20{k}"), "absent"),
            (format!("Bearer {}", k.replace('_', "%5F")), "malformed"),
            (format!("Bearer {}", k.replace("eck", "еck")), "malformed"),
            (format!("Bearer {k}\u{a0}"), "malformed"),
            (format!("Bearer \u{feff}{k}"), "malformed"),
            (format!("Bearer {}", "A".repeat(1 << 20)), "malformed"),
        ];
        for (value, expected) in cases {
            assert_eq!(of(&[value.as_bytes()]), expected, "{:.60}", value.replace(k, "<key>"));
        }
        assert_eq!(of(&[]), "absent");
        assert_eq!(
            of(&[format!("Bearer {k}").as_bytes(), format!("Bearer {k}").as_bytes()]),
            "multiple"
        );
        assert_eq!(of(&[b"", format!("Bearer {k}").as_bytes()]), "multiple");
        assert_eq!(of(&[b"Bearer \xff\xfe"]), "malformed");
    }
}
