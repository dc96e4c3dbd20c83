//! Sessions of the dashboard: opened by a sign-in, looked up at every page, renewed while in use, closed by signing out.
//! A session opens the dashboard only; nothing on the road of an API request reads one.
//!
//! *Item* `V#<SHA-256 of the cookie's token, hex>` / `M`: `org_id`, `email`, `authenticated_at`, `expires_at`, `ends_at`, `ttl`.
//! Never the token: whoever reads the table can sign nobody in.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::audit::{self, Action, Actor};
use super::item::{Row, at, fill, keyed, n, s};
use super::transact::{create, delete_existing, send};
use super::{Store, StoreError, written};
use crate::email::Email;
use crate::ids::OrgId;
use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// How long a session lives without being used. *Source*: our choice; OWASP ASVS 7.3 wants a limit that is written down.
const IDLE_MS: i64 = HOUR_MS;
/// How long a session lives at the most, however much it is used. *Source*: our choice, a working day.
const LIFE_MS: i64 = 12 * HOUR_MS;
/// A session in use is renewed when less than this is left of it: at most one write in half an hour.
const RENEW_BELOW_MS: i64 = 30 * MINUTE_MS;

/// What the store knows a session by: the SHA-256 of the cookie's token.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionHash(pub [u8; 32]);

impl SessionHash {
    fn pk(&self) -> String {
        let hex = self.0.iter().fold(String::with_capacity(66), |mut hex, byte| {
            use std::fmt::Write as _;
            write!(hex, "{byte:02x}").expect("a string takes any text");
            hex
        });
        format!("V#{hex}")
    }
}

impl std::fmt::Debug for SessionHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionHash(…)")
    }
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The organization that is looked at.
    pub org: OrgId,
    /// Who signed in.
    pub email: Email,
    /// When the person last proved who it is.
    pub authenticated_at: Timestamp,
    /// Exclusive end unless it is renewed.
    pub expires_at: Timestamp,
    /// Exclusive end, whatever happens.
    pub ends_at: Timestamp,
}

impl Session {
    /// A session that begins now.
    #[must_use]
    pub fn begin(org: OrgId, email: Email, authenticated_at: Timestamp) -> Self {
        let now = Timestamp::now();
        Self {
            org,
            email,
            authenticated_at: authenticated_at.min(now),
            expires_at: now.plus_ms(IDLE_MS),
            ends_at: now.plus_ms(LIFE_MS),
        }
    }

    /// The same session in another organization: whoever goes there lives no longer for it.
    #[must_use]
    pub fn moved_to(&self, org: OrgId) -> Self {
        Self {
            org,
            expires_at: Timestamp::now().plus_ms(IDLE_MS).min(self.ends_at),
            ..self.clone()
        }
    }

    /// How long a cookie of it may live, in whole seconds.
    #[must_use]
    pub fn seconds_left(&self, now: Timestamp) -> i64 {
        (self.expires_at.ms() - now.ms()).max(0) / SECOND_MS
    }

    /// The end that a renewal now would give it, where it is time for one.
    #[must_use]
    pub fn due_renewal(&self, now: Timestamp) -> Option<Timestamp> {
        let end = now.plus_ms(IDLE_MS).min(self.ends_at);
        (self.expires_at.ms() - now.ms() < RENEW_BELOW_MS && end > self.expires_at).then_some(end)
    }
}

/// The sessions.
#[derive(Debug)]
pub struct Sessions<'a>(pub(super) &'a Store);

impl Sessions<'_> {
    /// Opens a session after a sign-in, with its entry in the audit log; the one that the browser had ends in the same moment.
    ///
    /// *Errors*: [`StoreError::Lost`] when the person is no member in that role any more, [`StoreError::Unavailable`].
    pub async fn open(
        &self,
        hash: &SessionHash,
        session: &Session,
        replaced: Option<(&SessionHash, &Session)>,
        by: &Actor,
    ) -> Result<(), StoreError> {
        let store = self.0;
        let entry =
            |org, action, detail: &str| audit::entry(store, org, by, action, session.email.as_str(), detail.to_owned());
        let mut writes = vec![self.create(hash, session), entry(session.org, Action::SignedIn, "")];
        writes.extend(audit::still_may(store, session.org, by));
        let alone = writes.clone();
        if let Some((old, ended)) = replaced {
            writes.push(delete_existing(store, &old.pk(), "M"));
            let detail = "by a new sign-in in the same browser".to_owned();
            let subject = ended.email.as_str();
            writes.push(audit::entry(store, ended.org, by, Action::SignedOut, subject, detail));
        }
        match send(store, "open session", writes).await {
            // It was closed meanwhile: its end is told already. If the person is no member, it is lost a second time.
            Err(StoreError::Lost) if replaced.is_some() => send(store, "open session", alone).await,
            sent => sent,
        }
    }

    /// Takes a session to another of the person's organizations: a new one in the place of the old, which must still be
    /// there. Both logs tell it.
    ///
    /// *Errors*: [`StoreError::Lost`] when the old one was closed, or the person is no member there in that role;
    /// [`StoreError::Unavailable`].
    pub async fn switch(
        &self,
        (old, before): (&SessionHash, &Session),
        (new, after): (&SessionHash, &Session),
        by: &Actor,
    ) -> Result<(), StoreError> {
        let entry = |org, detail: &str| {
            let subject = after.email.as_str();
            audit::entry(self.0, org, by, Action::SessionMoved, subject, detail.to_owned())
        };
        let mut writes = vec![
            self.create(new, after),
            delete_existing(self.0, &old.pk(), "M"),
            entry(before.org, "to another organization"),
            entry(after.org, "from another organization, without a new sign-in"),
        ];
        writes.extend(audit::still_may(self.0, after.org, by));
        send(self.0, "switch session", writes).await
    }

    fn create(&self, hash: &SessionHash, session: &Session) -> TransactWriteItem {
        let mut item = keyed(hash.pk(), "M");
        fill(
            &mut item,
            [
                ("org_id", Some(s(session.org.to_string()))),
                ("email", Some(s(session.email.as_str()))),
                ("authenticated_at", Some(at(session.authenticated_at))),
                ("expires_at", Some(at(session.expires_at))),
                ("ends_at", Some(at(session.ends_at))),
                ("ttl", Some(n(session.ends_at.seconds() + 1))),
            ],
        );
        create(&self.0.main, item, "pk")
    }

    /// Finds a session that has not ended: one strongly consistent `GetItem`.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn find(&self, hash: &SessionHash) -> Result<Option<Session>, StoreError> {
        let read = self.0.get("find session", hash.pk(), "M").await?;
        let Some(item) = read else { return Ok(None) };
        let row = Row::new("session", &item);
        let session = Session {
            org: row.parsed("org_id", OrgId::parse)?,
            email: row.parsed("email", Email::parse)?,
            authenticated_at: row.time("authenticated_at")?,
            expires_at: row.time("expires_at")?,
            ends_at: row.time("ends_at")?,
        };
        // DynamoDB deletes late; the clock decides.
        let now = Timestamp::now();
        Ok((now < session.expires_at && now < session.ends_at).then_some(session))
    }

    /// Moves the end of a session.
    ///
    /// *Errors*: [`StoreError::Lost`] when it was closed meanwhile, and stays closed; [`StoreError::Unavailable`].
    pub async fn renew(&self, hash: &SessionHash, expires_at: Timestamp) -> Result<(), StoreError> {
        let update = self
            .0
            .update(hash.pk(), "M")
            .update_expression("SET expires_at = :end")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":end", at(expires_at));
        written("renew session", update.send().await)
    }

    /// Closes a session, with its entry in the audit log. A second time changes nothing and writes nothing.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn close(&self, hash: &SessionHash, session: &Session, by: &Actor) -> Result<(), StoreError> {
        let delete = delete_existing(self.0, &hash.pk(), "M");
        let entry = audit::entry(
            self.0,
            session.org,
            by,
            Action::SignedOut,
            session.email.as_str(),
            String::new(),
        );
        match send(self.0, "close session", vec![delete, entry]).await {
            Err(StoreError::Lost) => Ok(()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(now: Timestamp) -> Session {
        Session {
            org: OrgId::generate(),
            email: Email::parse("a@b.c").unwrap(),
            authenticated_at: now,
            expires_at: now.plus_ms(IDLE_MS),
            ends_at: now.plus_ms(LIFE_MS),
        }
    }

    #[test]
    fn is_renewed_late_and_never_beyond_its_life() {
        let began = Timestamp::from_ms(1_780_736_400_000);
        let session = session(began);
        assert_eq!(session.due_renewal(began), None);
        assert_eq!(session.due_renewal(began.plus_ms(30 * MINUTE_MS)), None);
        let late = began.plus_ms(30 * MINUTE_MS + 1);
        assert_eq!(session.due_renewal(late), Some(late.plus_ms(IDLE_MS)));
        let old = Session {
            expires_at: began.plus_ms(LIFE_MS - 1),
            ..session
        };
        assert_eq!(old.due_renewal(began.plus_ms(LIFE_MS - 2)), Some(old.ends_at));
        let full = Session {
            expires_at: old.ends_at,
            ..old
        };
        assert_eq!(full.due_renewal(began.plus_ms(LIFE_MS - 2)), None);
    }

    #[test]
    fn going_to_another_organization_lengthens_no_life() {
        let now = Timestamp::now();
        let old = Session {
            ends_at: now.plus_ms(MINUTE_MS),
            ..session(now)
        };
        let org = OrgId::generate();
        let moved = old.moved_to(org);
        assert_eq!(
            (moved.org, moved.ends_at, moved.expires_at),
            (org, old.ends_at, old.ends_at)
        );
        assert_eq!(moved.authenticated_at, old.authenticated_at);
    }

    #[test]
    fn a_sign_in_from_the_future_counts_from_now() {
        let ahead = Session::begin(
            OrgId::generate(),
            Email::parse("a@b.c").unwrap(),
            Timestamp::now().plus_ms(HOUR_MS),
        );
        assert!(ahead.authenticated_at <= Timestamp::now());
    }
}
