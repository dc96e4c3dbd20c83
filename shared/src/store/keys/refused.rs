//! The requests that a key was refused for, as its owner sees them: the caller hears the same 401 for every cause, the owner
//! reads here which it was. One row for each key, cause and route, so that a storm of refusals is one row with a number.
//!
//! *Item* `O#<org>` / `X#<key_id>#<cause>#<method> <path>`: `first_at`, `last_at`, `seen` (at least so often), `ip` (of the last),
//! `ttl`.

use super::{Keys, within};
use crate::ids::{KeyId, OrgId};
use crate::routes::{Operation, Route};
use crate::store::StoreError;
use crate::store::item::{Attributes, Row, at, n, s};
use crate::time::{DAY_MS, MINUTE_MS, Timestamp};

/// How often a process writes refusals of one kind. *Source*: our choice: a revoked key in a tight loop costs its owner's
/// table one write a minute and process, and an answer that waits for a write is too rare to tell a known key by its time.
pub(super) const EVERY_MS: i64 = MINUTE_MS;
/// How long after the last one a row is kept. *Source*: our choice.
const RETENTION_MS: i64 = 30 * DAY_MS;

/// Why a known key was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Refused {
    /// It had expired.
    Expired,
    /// It had been revoked.
    Revoked,
    /// It lacked the route's scope.
    Scope,
}

impl Refused {
    const ALL: [Self; 3] = [Self::Expired, Self::Revoked, Self::Scope];

    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Scope => "scope",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// What one kind of refused request is told apart by.
pub type Kind = (KeyId, Refused, Operation);

/// Refused requests of one kind.
#[derive(Clone, Debug)]
pub struct RefusedRequests {
    /// Why.
    pub cause: Refused,
    /// Method and path, as the route table has them.
    pub route: String,
    /// The first that was noted.
    pub first_at: Timestamp,
    /// The last that was noted; within a minute.
    pub last_at: Timestamp,
    /// At least so many.
    pub seen: u64,
    /// Where the last one came from, by the platform's word.
    pub ip: String,
}

impl Keys<'_> {
    /// Notes that a key was refused, at most once a minute for each cause, route and process.
    ///
    /// Whatever becomes of it, the answer stays the same.
    pub async fn note_refused(&self, org: OrgId, key: KeyId, cause: Refused, route: &'static Route, ip: &str) {
        let now = Timestamp::now();
        let kind: Kind = (key, cause, route.operation);
        let Some(seen) = self.0.refused.due(kind, now, EVERY_MS) else {
            return;
        };
        let sk = format!("X#{key}#{}#{} {}", cause.as_str(), route.method, route.path);
        let update = self
            .0
            .update(format!("O#{org}"), &sk)
            .update_expression(
                "SET last_at = :now, first_at = if_not_exists(first_at, :now), ip = :ip, #ttl = :ttl ADD seen :seen",
            )
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":ip", s(ip))
            .expression_attribute_values(":ttl", n(now.plus_ms(RETENTION_MS).seconds()))
            .expression_attribute_values(":seen", n(seen));
        if let Err(error) = within("note refused request", update.send()).await {
            self.0.refused.delay(&kind, now, EVERY_MS);
            tracing::warn!(%error, "a refused request was not noted");
        }
    }

    /// The requests that a key was refused for, the latest first.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn refused(&self, org: OrgId, key: KeyId) -> Result<Vec<RefusedRequests>, StoreError> {
        let prefix = format!("X#{key}#");
        let items = self
            .0
            .partition("list refused requests", format!("O#{org}"), &prefix)
            .await?;
        let mut rows = items
            .iter()
            .map(|item| read(item, &prefix))
            .collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.last_at));
        Ok(rows)
    }
}

fn read(item: &Attributes, prefix: &str) -> Result<RefusedRequests, StoreError> {
    let row = Row::new("refused requests", item);
    let (cause, route) = row.parsed("sk", |sk| {
        let (cause, route) = sk.strip_prefix(prefix)?.split_once('#')?;
        Some((Refused::parse(cause)?, route.to_owned()))
    })?;
    Ok(RefusedRequests {
        cause,
        route,
        first_at: row.time("first_at")?,
        last_at: row.time("last_at")?,
        seen: row.number("seen")?,
        ip: row.text("ip")?.to_owned(),
    })
}
