//! The e-mail address by which a person is known: one spelling for one mailbox, as far as that can be told.

use std::fmt;

use serde::{Serialize, Serializer};

/// The longest address. *Source*: RFC 5321 §4.5.3.1.3, less the angle brackets.
const LENGTH_MAX: usize = 254;

/// An e-mail address in lower case, without surrounding space.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Reads an address: a name, one `@`, a host with a dot; no space, no control character, nothing that is not ASCII,
    /// so that no two that look the same are two people.
    ///
    /// *Errors*: `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.trim().to_ascii_lowercase();
        let (name, host) = address.split_once('@')?;
        let plain = address.len() <= LENGTH_MAX && address.bytes().all(|byte| byte.is_ascii_graphic());
        let host_fits = host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        // `#` separates the parts of our keys.
        let name_fits = !name.is_empty() && !name.contains('#');
        (plain && host_fits && name_fits).then_some(Self(address))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_spelling() {
        let one = Email::parse(" Ada.Lovelace@Example.COM ").unwrap();
        assert_eq!(one.as_str(), "ada.lovelace@example.com");
        assert_eq!(Email::parse(one.as_str()), Some(one));
        assert!(Email::parse("o'neil+ci@mail.example.org").is_some());
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a@b..c",
            "a@.b",
            "a b@c.d",
            "a#b@c.d",
            "a@b@c.d",
            "а@b.c",
            "a@bücher.example",
            "a@b.c/<script>",
            &format!("{}@b.c", "a".repeat(260)),
        ] {
            assert!(Email::parse(text).is_none(), "{text:?}");
        }
    }
}
