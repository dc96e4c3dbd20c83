//! Requests that name themselves by `Idempotency-Key`: the name, and the fingerprint of what is asked. Pure.
//!
//! Two bodies ask for the same when they are the same JSON: members in any order, any spaces, `1.0` for `1`, `\u0041` for
//! `A`. A member that is absent is not one that is null, nor one with its default. *Source*: contract §2 "Idempotency".

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::routes::Operation;
use crate::serve::{IDEMPOTENCY_KEY, Incoming};

/// The header as the contract spells it, and so as errors name it.
const HEADER: &str = "Idempotency-Key";
/// The longest name, in characters. *Source*: contract §2.
const NAME_CHARS_MAX: usize = 255;
/// Below so many brackets a body is compared as it is written: no body that a route takes is that deep.
const DEPTH_MAX: usize = 128;

/// A request that named itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// The name, 1–255 visible ASCII characters.
    pub name: String,
    /// The SHA-256 of what is asked, whichever way it was written.
    pub fingerprint: [u8; 32],
}

impl Named {
    /// Reads the header; `None` when the request names itself not.
    ///
    /// *Errors*: [`ApiError::Validation`] naming `Idempotency-Key` when it is there twice or is no name.
    pub fn read(incoming: &Incoming, operation: Operation) -> Result<Option<Self>, ApiError> {
        let mut values = incoming.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(ApiError::field(HEADER, format!("{HEADER} must be given once")));
        }
        let name = value.as_bytes();
        if !(1..=NAME_CHARS_MAX).contains(&name.len()) || !name.iter().all(u8::is_ascii_graphic) {
            let message = format!("{HEADER} must be 1 to {NAME_CHARS_MAX} visible ASCII characters");
            return Err(ApiError::field(HEADER, message));
        }
        // What is no JSON is refused elsewhere, and made nothing.
        let body = std::str::from_utf8(&incoming.body).unwrap_or_default();
        Ok(Some(Self {
            name: String::from_utf8_lossy(name).into_owned(),
            fingerprint: fingerprint(&format!("{operation:?}"), body),
        }))
    }
}

/// The SHA-256 of what a JSON text means, whichever way it is written, for a purpose: the same for two texts of one meaning,
/// another for another purpose.
#[must_use]
pub fn fingerprint(purpose: &str, json: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{purpose}\0"));
    add(&mut hash, json, 0);
    hash.finalize().into()
}

/// Whether two JSON texts mean the same.
#[must_use]
pub fn is_same_json(one: &str, other: &str) -> bool {
    fingerprint("", one) == fingerprint("", other)
}

/// Adds a JSON value to a hash, by what it means. Every text is preceded by its length, so that no two values run together.
fn add(hash: &mut Sha256, json: &str, depth: usize) {
    let json = json.trim_ascii();
    let as_written = |hash: &mut Sha256| text(hash, 'w', json);
    match json.as_bytes().first() {
        _ if depth > DEPTH_MAX => as_written(hash),
        Some(b'{') => match serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
            Ok(members) => {
                text(hash, 'o', &members.len().to_string());
                for (name, value) in members {
                    text(hash, 's', &name);
                    add(hash, value.get(), depth + 1);
                }
            }
            Err(_) => as_written(hash),
        },
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(values) => {
                text(hash, 'a', &values.len().to_string());
                values.iter().for_each(|value| add(hash, value.get(), depth + 1));
            }
            Err(_) => as_written(hash),
        },
        Some(b'"') => match serde_json::from_str::<String>(json) {
            Ok(string) => text(hash, 's', &string),
            Err(_) => as_written(hash),
        },
        Some(b'-' | b'0'..=b'9') => text(hash, 'n', &number(json).unwrap_or_else(|| json.to_owned())),
        _ => as_written(hash),
    }
}

fn text(hash: &mut Sha256, kind: char, text: &str) {
    hash.update(format!("{kind}{}:", text.len()));
    hash.update(text);
}

/// The one spelling of a number, whole however long it is: its digits without zeros around them, and a power of ten.
/// `None` for an exponent beyond all measure.
fn number(json: &str) -> Option<String> {
    let (sign, json) = json.strip_prefix('-').map_or(("", json), |rest| ("-", rest));
    let (mantissa, exponent) = json.split_once(['e', 'E']).unwrap_or((json, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let written: i64 = exponent.parse().ok()?;
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let power = written
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(zeros)?;
    Some(format!("{sign}{significant}e{power}"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn named(body: &str) -> Named {
        let mut incoming = Incoming {
            body: body.as_bytes().to_vec(),
            ..Incoming::default()
        };
        incoming
            .headers
            .insert(IDEMPOTENCY_KEY, HeaderValue::from_static("order-7"));
        Named::read(&incoming, Operation::RunCreate).unwrap().unwrap()
    }

    #[test]
    fn the_same_json_is_the_same_request() {
        let first = named(r#"{"task":"A","data":{"n":100,"list":[1,2]}}"#);
        for same in [
            r#"{ "data" : {"list":[1, 2],"n":1e2}, "task":"\u0041" }"#,
            r#"{"data":{"list":[1.0,20e-1],"n":100.000},"task":"A"}"#,
        ] {
            assert_eq!(named(same), first, "{same}");
        }
        for other in [
            r#"{"task":"A","data":{"n":100,"list":[2,1]}}"#,
            r#"{"task":"A","data":{"n":-100,"list":[1,2]}}"#,
            r#"{"task":"A","data":{"n":"100","list":[1,2]}}"#,
            r#"{"task":"A","data":{"n":100,"list":[1,2]},"priority":null}"#,
            r#"{"task":"A","data":{"n":100,"list":[[1],2]}}"#,
            r#"{"task":"A ","data":{"n":100,"list":[1,2]}}"#,
            "{}",
        ] {
            assert_ne!(named(other), first, "{other}");
        }
        // Beyond what a double tells apart.
        let long = |last: u8| named(&format!(r#"{{"task":"A","data":{{"n":1234567890123456789{last}}}}}"#));
        assert_ne!(long(1), long(2));
    }

    #[test]
    fn a_name_is_visible_ascii_and_given_once() {
        let read = |values: &[&[u8]]| {
            let mut incoming = Incoming::default();
            for value in values {
                incoming
                    .headers
                    .append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
            }
            Named::read(&incoming, Operation::RunCreate)
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert!(read(&[&[b'x'; 255]]).unwrap().is_some());
        for wrong in [
            &[&b""[..]][..],
            &[b"a b"],
            &["é".as_bytes()],
            &[&[b'x'; 256]],
            &[b"a", b"a"],
        ] {
            assert!(
                matches!(read(wrong), Err(ApiError::Validation { field: Some(f), .. }) if f == HEADER),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(named(&deep), named(&deep));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(|n| json!(n)),
            any::<bool>().prop_map(|b| json!(b)),
            ".{0,8}".prop_map(|s| json!(s)),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map(".{0,4}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn spaces_change_nothing_and_values_do(one in values(), other in values()) {
            let pretty = serde_json::to_string_pretty(&one).unwrap();
            prop_assert_eq!(named(&pretty), named(&one.to_string()));
            prop_assert_eq!(named(&one.to_string()) == named(&other.to_string()), one == other);
        }
    }
}
