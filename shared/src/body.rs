//! The request body: size, type, JSON, and its fields taken one by one with errors that name them.

use std::collections::BTreeMap;
use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::routes::Operation;

/// The largest body of a route in bytes. *Source*: contract §2.
#[must_use]
pub const fn bytes_max(operation: Operation) -> usize {
    match operation {
        Operation::BatchCreate => 1024 * 1024,
        _ => 256 * 1024,
    }
}

/// Checks size and type, in that order, before anything is parsed.
///
/// *Errors*: [`ApiError::PayloadTooLarge`], [`ApiError::UnsupportedMediaType`].
pub fn check(operation: Operation, headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    if body.len() > bytes_max(operation) {
        return Err(ApiError::PayloadTooLarge);
    }
    if !body.is_empty() && !is_json(headers) {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(())
}

/// `application/json`, any case, with or without parameters; exactly one header.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(text) = only.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default();
    essence
        .trim_matches([' ', '\t'])
        .eq_ignore_ascii_case("application/json")
}

/// The members of a JSON object, each still as the bytes that were sent.
#[derive(Debug)]
pub struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// Parses the body.
    ///
    /// *Errors*: [`ApiError::Validation`] without a field when it is not one JSON object in UTF-8, or names a member twice.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        serde_json::from_slice(body).map_err(|cause| {
            let message = if cause.is_data() && cause.to_string().starts_with("duplicate") {
                "Request body has a duplicate field"
            } else {
                "Request body must be a JSON object"
            };
            ApiError::Validation {
                message: message.to_owned(),
                field: None,
            }
        })
    }

    /// Takes a member as it was sent; `None` when absent or null.
    pub fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.0.remove(name).filter(|raw| raw.get() != "null")
    }

    /// Takes a string; `None` when absent or null.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the field when it is not a string.
    pub fn take_string(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|_| ApiError::field(name, format!("{name} must be a string")))
    }

    /// Takes an object, validated to its depth, as the bytes that were sent; `None` when absent or null.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the field when it is not an object or larger than `bytes_max`.
    pub fn take_object(&mut self, name: &'static str, bytes_max: usize) -> Result<Option<Box<RawValue>>, ApiError> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        if raw.get().len() > bytes_max {
            return Err(ApiError::field(
                name,
                format!("{name} must be at most {} KiB", bytes_max / 1024),
            ));
        }
        // A raw value is checked for its brackets only; this finds lone surrogates and numbers out of range.
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(raw.get())
            .map(|_| Some(raw))
            .map_err(|_| ApiError::field(name, format!("{name} must be an object")))
    }

    /// Refuses what is left: a field nobody asked for is a mistake of the caller's.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the first unknown field.
    pub fn finish(self) -> Result<(), ApiError> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(ApiError::unknown_field(name.chars().take(100).collect())),
        }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = members.next_entry::<String, Box<RawValue>>()? {
                    // Two readers may differ on which of two members counts; we let neither through.
                    if fields.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("duplicate field"));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
        super::check(Operation::RunCreate, headers, body)
    }

    #[test]
    fn a_batch_may_be_a_mebibyte() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (bytes, fits) in [(256 * 1024 + 1, true), (1024 * 1024, true), (1024 * 1024 + 1, false)] {
            let checked = super::check(Operation::BatchCreate, &headers, &vec![b' '; bytes]);
            assert_eq!(checked.is_ok(), fits, "{bytes}");
        }
    }

    #[test]
    fn size_comes_before_type_and_type_before_json() {
        let mut headers = HeaderMap::new();
        assert!(matches!(
            check(&headers, &vec![b'x'; 256 * 1024 + 1]),
            Err(ApiError::PayloadTooLarge)
        ));
        assert!(matches!(check(&headers, b"{}"), Err(ApiError::UnsupportedMediaType)));
        assert!(check(&headers, b"").is_ok());
        for (value, fits) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json;charset=latin1", true),
            ("text/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("application/json, text/plain", false),
            ("", false),
        ] {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
            assert_eq!(check(&headers, &vec![b' '; 256 * 1024]).is_ok(), fits, "{value}");
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        assert!(check(&headers, b"{}").is_err());
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        for body in [
            &b""[..],
            b" ",
            b"[]",
            b"null",
            b"\"x\"",
            b"{",
            b"{}{}",
            b"{\"a\":1,}",
            b"\xff\xfe{}",
            b"{\"a\":\xff}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":1,\"a\":2}",
            b"{\"a\":1,\"\\u0061\":2}",
            b"{'a':1}",
            b"{\"a\":NaN}",
        ] {
            assert!(Fields::parse(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
        let deep = format!("{{\"data\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(
            Fields::parse(deep.as_bytes())
                .unwrap()
                .take_object("data", 100_000)
                .is_err()
        );
    }

    #[test]
    fn fields_name_themselves_in_errors() {
        let mut fields = Fields::parse(br#"{"task":7,"data":[],"note":null,"x":"\ud800"}"#).unwrap();
        assert!(matches!(fields.take_string("task"), Err(ApiError::Validation { field: Some(f), .. }) if f == "task"));
        assert!(
            matches!(fields.take_object("data", 10), Err(ApiError::Validation { field: Some(f), .. }) if f == "data")
        );
        assert!(fields.take_string("note").unwrap().is_none());
        assert!(matches!(fields.finish(), Err(ApiError::Validation { field: Some(f), .. }) if f == "x"));
        let mut lone = Fields::parse(br#"{"data":{"a":"\ud800"}}"#).unwrap();
        assert!(lone.take_object("data", 100).is_err());
    }
}
