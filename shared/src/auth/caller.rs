//! The caller that a handler gets: organization, mode and key id, from a key record read for this very request.

use std::fmt;

use http::HeaderMap;
use serde::{Serialize, Serializer};

use super::header::{Credential, credential};
use super::{KeyHash, Scope, ScopeSet};
use crate::error::ApiError;
use crate::ids::{KeyId, OrgId};
use crate::routes::Route;
use crate::store::{KeyRecord, Refused, Store, StoreError};
use crate::time::Timestamp;

/// Live data or test data of an organization.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Mode {
    /// Real work; costs credits.
    Live,
    /// Sandbox work; costs nothing.
    Test,
}

impl Mode {
    /// The word on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "live" => Some(Self::Live),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An organization in one mode: what every object belongs to, so that test data cannot leak into live lists.
///
/// *Shape*: `<organization>#<mode>` in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Tenant {
    /// The organization.
    pub org: OrgId,
    /// Live or test.
    pub mode: Mode,
}

impl Tenant {
    /// Reads the store's form; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (org, mode) = text.split_once('#')?;
        Some(Self {
            org: OrgId::parse(org)?,
            mode: Mode::parse(mode)?,
        })
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.org, self.mode.as_str())
    }
}

/// Under which names a request is known elsewhere: what it makes keeps them, so that it can be followed through the logs.
#[derive(Clone, Default, Debug)]
pub struct Mark {
    /// The gateway's id of it, which its log line has.
    pub request_id: String,
    /// X-Ray's header, where the request is one of those that are traced.
    pub trace: Option<String>,
}

/// On whose account something is made.
#[derive(Clone, Debug)]
pub struct Author {
    /// Whose it will be.
    pub tenant: Tenant,
    /// What the ledger knows its maker by: a key's id, or [`Author::DASHBOARD`].
    pub key: String,
    /// The request that it comes of.
    pub mark: Mark,
}

impl Author {
    /// What stands for a key where a person made it.
    pub const DASHBOARD: &str = "dashboard";

    /// A person, by a request of the dashboard.
    #[must_use]
    pub fn person(tenant: Tenant, request_id: &str) -> Self {
        Self {
            tenant,
            key: Self::DASHBOARD.to_owned(),
            mark: Mark {
                request_id: request_id.to_owned(),
                trace: None,
            },
        }
    }
}

/// An authenticated caller. Only `authenticate` builds one, and only from a record that is neither revoked nor expired.
#[derive(Clone, Debug)]
pub struct Caller {
    tenant: Tenant,
    key: KeyId,
    hash: KeyHash,
    scopes: ScopeSet,
    expires_at: Option<Timestamp>,
    mark: Mark,
}

impl Caller {
    /// The same caller, of this very request.
    pub(crate) fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    /// On whose account this request makes something.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            tenant: self.tenant,
            key: self.key.to_string(),
            mark: self.mark.clone(),
        }
    }

    /// Under which names the request is known elsewhere.
    #[must_use]
    pub const fn mark(&self) -> &Mark {
        &self.mark
    }

    /// The organization and mode whose data the caller sees.
    #[must_use]
    pub const fn tenant(&self) -> Tenant {
        self.tenant
    }

    /// The organization.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.tenant.org
    }

    /// The key's id, for logs and ledgers.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// When the key stops working; `None` for never. Exclusive: at this millisecond it is already refused.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Looks at the key again, as the road did at first: whether it still opens a route of this scope. For what goes on after
    /// the first answer; nothing is noted for the key's owner.
    ///
    /// *Errors*: [`StoreError`]: then nobody knows, and nothing more may be told.
    pub async fn still_stands(&self, store: &Store, scope: Scope) -> Result<bool, StoreError> {
        let Some(record) = store.keys().find(&self.hash).await? else {
            return Ok(false);
        };
        let now = admit(record, self.hash.clone(), self.tenant.mode, Timestamp::now());
        Ok(now.is_ok_and(|now| now.tenant == self.tenant && now.require(scope).is_ok()))
    }

    /// Refuses a caller without the scope.
    ///
    /// *Errors*: [`ApiError::InsufficientScope`] with what was asked and what the key has.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(ApiError::InsufficientScope {
            required: scope,
            provided: self.scopes,
        })
    }
}

/// Finds out who calls: one header, one strongly consistent read, no memory of earlier verdicts. A known key that has
/// ended is noted for its owner, now and then.
///
/// *Errors*: [`ApiError::MultipleCredentials`], [`ApiError::MissingApiKey`]; [`ApiError::InvalidApiKey`] for malformed,
/// unknown, revoked and expired alike; [`ApiError::Unavailable`] when the store does not answer or the record is corrupt.
pub(crate) async fn authenticate(
    store: &Store,
    headers: &HeaderMap,
    route: &'static Route,
    ip: &str,
) -> Result<Caller, ApiError> {
    let key = match credential(headers) {
        Credential::Absent => return Err(ApiError::MissingApiKey),
        Credential::Multiple => return Err(ApiError::MultipleCredentials),
        Credential::Malformed => return Err(ApiError::InvalidApiKey),
        Credential::Key(key) => key,
    };
    let hash = key.hash();
    let record = store.keys().find(&hash).await?.ok_or(ApiError::InvalidApiKey)?;
    // The clock is read after the store answered: a key that expired meanwhile is refused.
    match admit(record, hash, key.mode(), Timestamp::now()) {
        Ok(caller) => Ok(caller),
        Err(Denied::Ended(cause)) => {
            store
                .keys()
                .note_refused(record.org, record.key, cause, route, ip)
                .await;
            Err(ApiError::InvalidApiKey)
        }
        Err(Denied::Corrupt) => Err(ApiError::Unavailable),
    }
}

/// Why a record that was found opens nothing.
#[derive(Debug, PartialEq)]
enum Denied {
    /// The key has ended.
    Ended(Refused),
    /// The record contradicts its key.
    Corrupt,
}

/// The verdict over a record that was found; pure, so that the very millisecond can be tested.
fn admit(record: KeyRecord, hash: KeyHash, mode: Mode, now: Timestamp) -> Result<Caller, Denied> {
    if record.revoked {
        return Err(Denied::Ended(Refused::Revoked));
    }
    if record.expires_at.is_some_and(|end| now >= end) {
        return Err(Denied::Ended(Refused::Expired));
    }
    if record.mode != mode {
        // The prefix is part of what is hashed, so a record of another mode is a corrupt one.
        tracing::error!(alarm = "corrupt_record", table = "keys", key = %record.key, "key record has another mode than its key");
        return Err(Denied::Corrupt);
    }
    Ok(Caller {
        tenant: Tenant {
            org: record.org,
            mode: record.mode,
        },
        key: record.key,
        hash,
        scopes: record.scopes,
        expires_at: record.expires_at,
        mark: Mark::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash() -> KeyHash {
        KeyHash::from_bytes(&[7; 32]).unwrap()
    }

    fn record(expires_at: Option<Timestamp>, revoked: bool) -> KeyRecord {
        KeyRecord {
            org: OrgId::generate(),
            key: KeyId::generate(),
            mode: Mode::Live,
            scopes: ScopeSet::default(),
            expires_at,
            revoked,
        }
    }

    #[test]
    fn expiry_is_exclusive_to_the_millisecond() {
        let end = Timestamp::from_ms(1_780_736_400_000);
        assert!(admit(record(Some(end), false), hash(), Mode::Live, end.plus_ms(-1)).is_ok());
        for late in [0, 1, 1_000] {
            let verdict = admit(record(Some(end), false), hash(), Mode::Live, end.plus_ms(late));
            assert_eq!(verdict.unwrap_err(), Denied::Ended(Refused::Expired), "{late} ms after");
        }
    }

    #[test]
    fn revoked_keys_and_other_modes_never_pass() {
        let now = Timestamp::now();
        let verdict = |record, mode| admit(record, hash(), mode, now).unwrap_err();
        assert_eq!(verdict(record(None, true), Mode::Live), Denied::Ended(Refused::Revoked));
        assert_eq!(verdict(record(None, false), Mode::Test), Denied::Corrupt);
    }

    #[test]
    fn names_what_was_asked_and_what_was_held() {
        let caller = admit(record(None, false), hash(), Mode::Live, Timestamp::now()).unwrap();
        for scope in Scope::ALL {
            assert!(
                matches!(caller.require(scope), Err(ApiError::InsufficientScope { required, .. }) if required == scope)
            );
        }
    }
}
