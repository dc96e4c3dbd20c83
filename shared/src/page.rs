//! Lists: `limit`, `offset`, the opaque cursor, and the answer's envelope. *Source*: contract §2 "Lists".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::auth::Tenant;
use crate::error::ApiError;
use crate::serve::Query;

/// How many items a page has when nobody says.
pub const LIMIT_DEFAULT: usize = 20;
/// The largest page.
pub const LIMIT_MAX: usize = 100;
/// The deepest offset; beyond it there is the cursor.
pub const OFFSET_MAX: usize = 10_000;
/// The longest sort key that a cursor holds, in bytes; the longest of ours, a digit and an id, has 38.
const LAST_BYTES_MAX: usize = 64;
/// How a cursor is written. 1 held 16 bytes of an id.
const VERSION: u8 = 2;

/// Which page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Items wanted, 1–100.
    pub limit: usize,
    /// Items skipped, in the list's own order.
    pub offset: usize,
    /// Where an earlier page ended.
    pub after: Option<Position>,
}

/// A place in a list: the last item that was given out. In a list whose sort key is an id that grows, whatever is inserted
/// later lies behind the reader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The sort key of the last item that was given out. *Shape*: 1–64 visible ASCII characters.
    pub last: String,
}

/// One page of a list. *Shape*: `{ "data", "total", "limit", "offset", "next_cursor" }`.
#[derive(Debug, Serialize)]
pub struct Listing<T> {
    /// The items, in the list's own order.
    pub data: Vec<T>,
    /// How many there are in all; may lag a write by seconds.
    pub total: u64,
    /// As asked.
    pub limit: usize,
    /// As asked.
    pub offset: usize,
    /// Where the next page begins, or null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// The page that was asked for of a list; `next` is the place where the one after it begins.
    #[must_use]
    pub fn of(data: Vec<T>, next: Option<Position>, total: u64, page: &Page, bound_to: &Binding) -> Self {
        Self {
            data,
            total,
            limit: page.limit,
            offset: page.offset,
            next_cursor: next.map(|position| position.encode(bound_to)),
        }
    }
}

impl Page {
    /// Reads `limit`, `offset` and `cursor`; `bound_to` names the list that a cursor must have come from.
    ///
    /// *Errors*: [`ApiError::Validation`] naming the parameter.
    pub fn read(query: &Query, bound_to: &Binding) -> Result<Self, ApiError> {
        let limit = number(query, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX)?;
        let offset = number(query, "offset", 0, 0, OFFSET_MAX)?;
        let after = match query.one("cursor")? {
            None => None,
            Some(_) if offset > 0 => return Err(ApiError::field("offset", "offset and cursor exclude each other")),
            Some(text) => {
                let position = Position::decode(text, bound_to);
                Some(position.ok_or_else(|| ApiError::field("cursor", "cursor is not valid for this list"))?)
            }
        };
        Ok(Self { limit, offset, after })
    }
}

fn number(query: &Query, name: &'static str, default: usize, min: usize, max: usize) -> Result<usize, ApiError> {
    let Some(text) = query.one(name)? else {
        return Ok(default);
    };
    let digits = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(value) if digits && (min..=max).contains(&value) => Ok(value),
        _ if name == "offset" => Err(ApiError::field(
            name,
            format!("offset must be between {min} and {max}; use cursor to go further"),
        )),
        _ => Err(ApiError::field(name, format!("{name} must be between {min} and {max}"))),
    }
}

/// What a cursor belongs to: tenant, route and filters. A cursor holds positions only, so no secret has to sign it: a
/// made-up one shows its maker places in his own list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Binding([u8; 8]);

impl Binding {
    /// Names a list.
    #[must_use]
    pub fn new(tenant: Tenant, route: &str, filters: &[(&str, &str)]) -> Self {
        let mut hash = Sha256::new();
        hash.update(tenant.to_string());
        hash.update([0]);
        hash.update(route);
        for (name, value) in filters {
            hash.update([0]);
            hash.update(name);
            hash.update([1]);
            hash.update(value);
        }
        let digest: [u8; 32] = hash.finalize().into();
        Self(digest[..8].try_into().expect("a digest has 32 bytes"))
    }
}

impl Position {
    /// Writes the cursor: base64url of a version byte, the binding and a sort key.
    #[must_use]
    pub fn encode(&self, bound_to: &Binding) -> String {
        let bytes = [&[VERSION][..], &bound_to.0, self.last.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(text: &str, bound_to: &Binding) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let last = rest.strip_prefix(&bound_to.0)?;
        let position = Self::read(str::from_utf8(last).ok()?)?;
        (*version == VERSION).then_some(position)
    }

    /// Reads a place as it stands. The store refuses an empty key, and an odd one would be an alarm for nothing.
    #[must_use]
    pub fn read(last: &str) -> Option<Self> {
        let is_key = (1..=LAST_BYTES_MAX).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then(|| Self { last: last.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Mode;
    use crate::ids::{OrgId, RunId};

    #[test]
    fn cursors_belong_to_one_list() {
        let tenant = Tenant {
            org: OrgId::generate(),
            mode: Mode::Live,
        };
        let here = Binding::new(tenant, "/v1/runs", &[("status", "failed")]);
        let position = Position {
            last: RunId::generate().to_string(),
        };
        let cursor = position.encode(&here);
        assert_eq!(Position::decode(&cursor, &here), Some(position.clone()));
        let others = [
            Binding::new(
                Tenant {
                    mode: Mode::Test,
                    ..tenant
                },
                "/v1/runs",
                &[("status", "failed")],
            ),
            Binding::new(
                Tenant {
                    org: OrgId::generate(),
                    ..tenant
                },
                "/v1/runs",
                &[("status", "failed")],
            ),
            Binding::new(tenant, "/v1/batches", &[("status", "failed")]),
            Binding::new(tenant, "/v1/runs", &[("agent_type", "failed")]),
            Binding::new(tenant, "/v1/runs", &[]),
        ];
        for other in &others {
            assert_eq!(Position::decode(&cursor, other), None);
        }
        for bad in [
            "",
            "x",
            &cursor[1..],
            &Position { last: String::new() }.encode(&here),
            &Position { last: "x".repeat(65) }.encode(&here),
            &Position {
                last: "0#\u{e9}".into(),
            }
            .encode(&here),
            &Position { last: "0 #".into() }.encode(&here),
            &cursor.replace(|c: char| c.is_lowercase(), "="),
        ] {
            assert_eq!(Position::decode(bad, &here), None, "{bad}");
        }
    }
}
