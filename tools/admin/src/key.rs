//! `cargo admin key …`: the one place beside the dashboard where a key is shown, once.

use anyhow::anyhow;
use clap::Subcommand;
use eclips_shared::auth::{Mode, PlainKey, Scope, ScopeSet};
use eclips_shared::ids::{KeyId, OrgId};
use eclips_shared::store::{GRACES_MS, KeySummary, LIFE_MS_MAX, NewKey, Store};
use eclips_shared::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use serde_json::json;

use crate::org::org;
use crate::print::Output;
use crate::{OPERATOR, explain};

const NO_SUCH_KEY: &str = "no such key; `cargo admin key list --org ORG` shows them";

/// What can be done to keys.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a key and prints it, this once.
    Create {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
        /// Scopes, separated by commas; an empty list allows nothing.
        #[arg(long, value_parser = scopes)]
        scopes: ScopeSet,
        /// When it ends: a number with s, m, h or d, such as 90d; never when left out.
        #[arg(long, value_parser = duration_ms)]
        expires_in: Option<i64>,
        /// Makes a test key: sandbox model, own data, no credits.
        #[arg(long)]
        test: bool,
        /// What its owner calls it.
        #[arg(long, value_parser = name, default_value = "unnamed")]
        name: String,
    },
    /// Lists an organization's keys, oldest first.
    List {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
    },
    /// Revokes a key: refused from the first request that starts after this returned.
    Revoke {
        /// The key's id.
        #[arg(value_parser = key)]
        key_id: KeyId,
    },
    /// Makes a key like another one, which then ends after the grace.
    Roll {
        /// The key's id.
        #[arg(value_parser = key)]
        key_id: KeyId,
        /// How long the old one goes on working: 0, 1h, 24h or 7d.
        #[arg(long, value_parser = grace_ms, default_value = "24h")]
        grace: i64,
    },
}

/// Does it.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create {
            org,
            scopes,
            expires_in,
            test,
            name,
        } => {
            let mode = if test { Mode::Test } else { Mode::Live };
            let expires_at = expires_in.map(|ms| Timestamp::now().plus_ms(ms));
            let minted = store
                .keys()
                .mint(
                    org,
                    NewKey {
                        name,
                        mode,
                        scopes,
                        expires_at,
                    },
                    &OPERATOR,
                    None,
                )
                .await;
            let (plain, key) = minted.map_err(|error| explain(error, "no such organization"))?;
            show(&plain, &key, output)
        }
        Command::List { org } => {
            let keys = store
                .keys()
                .list(org)
                .await
                .map_err(|error| explain(error, NO_SUCH_KEY))?;
            let lines: Vec<String> = keys.iter().map(line).collect();
            output.say(&json!({ "data": keys }), &lines.join("\n"))
        }
        Command::Revoke { key_id } => {
            let owner = owner(store, key_id).await?;
            let revoked = store.keys().revoke(owner, key_id, &OPERATOR).await;
            let revoked_at = revoked.map_err(|error| explain(error, NO_SUCH_KEY))?;
            output.say(
                &json!({ "key_id": key_id, "revoked_at": revoked_at }),
                &format!("key {key_id} is revoked since {revoked_at}"),
            )
        }
        Command::Roll { key_id, grace } => {
            let owner = owner(store, key_id).await?;
            let rolled = store.keys().roll(owner, key_id, grace, &OPERATOR, None).await;
            let rolled = rolled.map_err(|error| {
                explain(
                    error,
                    "the key is revoked, expired, rolled already or gone; `cargo admin key create` makes a new one",
                )
            })?;
            show(&rolled.plain, &rolled.key, output)
        }
    }
}

async fn owner(store: &Store, key: KeyId) -> anyhow::Result<OrgId> {
    let owner = store
        .keys()
        .owner(key)
        .await
        .map_err(|error| explain(error, NO_SUCH_KEY))?;
    owner.ok_or_else(|| anyhow!(NO_SUCH_KEY))
}

/// Prints a new key. Its value is in no other place: whoever loses it makes another.
fn show(plain: &PlainKey, key: &KeySummary, output: Output) -> anyhow::Result<()> {
    let object = json!({
        "key": plain.reveal(),
        "key_id": key.key_id,
        "org_id": key.org_id,
        "mode": key.mode,
        "scopes": key.scopes,
        "expires_at": key.expires_at,
    });
    let end = key
        .expires_at
        .map_or("never expires".to_owned(), |end| format!("expires {end}"));
    let text = format!(
        "{}\nkey {} ({end}). Keep it: it is not shown again.",
        plain.reveal(),
        key.key_id
    );
    output.say(&object, &text)
}

fn line(key: &KeySummary) -> String {
    let now = Timestamp::now();
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(end)) if now >= end => format!("expired {end}"),
        (None, Some(end)) => format!("expires {end}"),
        (None, None) => "never expires".to_owned(),
    };
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::as_str).collect();
    let used = key
        .last_used_at
        .map_or("never used".to_owned(), |at| format!("used {at}"));
    format!(
        "{}  {}  {}  {state}  {used}  {}",
        key.key_id,
        key.hint,
        key.name,
        scopes.join(",")
    )
}

fn key(text: &str) -> Result<KeyId, String> {
    KeyId::parse(text).ok_or_else(|| "not a key id; it is in the answer of `key create`, and is not the key".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    NewKey::name(text).ok_or_else(|| "1 to 100 characters, without control characters".to_owned())
}

/// Refuses a word that no route asks for: it would be kept and grant nothing.
fn scopes(list: &str) -> Result<ScopeSet, String> {
    let words = list.split(',').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let known = || {
                format!(
                    "`{word}` is no scope; they are {}",
                    Scope::ALL.map(Scope::as_str).join(", ")
                )
            };
            Scope::parse(word).ok_or_else(known)
        })
        .collect()
}

fn duration_ms(text: &str) -> Result<i64, String> {
    let wrong = || "a number with s, m, h or d, such as 90d".to_owned();
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit_ms = match unit {
        "s" => SECOND_MS,
        "m" => MINUTE_MS,
        "h" => HOUR_MS,
        "d" => DAY_MS,
        _ => return Err(wrong()),
    };
    let count: u32 = digits.parse().map_err(|_| wrong())?;
    match i64::from(count) * unit_ms {
        // `never` is said by leaving the option out.
        ms @ 1.. if ms <= LIFE_MS_MAX => Ok(ms),
        _ => Err(format!("between 1s and {}d", LIFE_MS_MAX / DAY_MS)),
    }
}

/// *Source*: contract §1, "grace (0, 1 h, 24 h, 7 d)".
fn grace_ms(text: &str) -> Result<i64, String> {
    let words = ["0", "1h", "24h", "7d"];
    let place = words.iter().position(|word| *word == text);
    place
        .map(|place| GRACES_MS[place])
        .ok_or_else(|| format!("one of {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_and_refuses_the_rest() {
        assert_eq!(duration_ms("2s"), Ok(2_000));
        assert_eq!(duration_ms("90d"), Ok(90 * DAY_MS));
        for wrong in ["", "s", "0s", "-1s", "5", "5w", "1.5h", "99999999d", "é"] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn refuses_a_word_that_is_no_scope() {
        assert_eq!(scopes("agents:run,batch:read").unwrap().iter().count(), 2);
        assert_eq!(scopes("").unwrap(), ScopeSet::default());
        for wrong in ["agents:Run", "agents:run, batch:read", "all"] {
            assert!(scopes(wrong).is_err(), "{wrong}");
        }
    }
}
