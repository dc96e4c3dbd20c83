//! The demo organization: made at the first start, its keys kept in `dev.env` for whoever works on this machine.
//!
//! A key's value is nowhere in the store, so a start reads the values back from its own file; a key that no longer works
//! (revoked, deleted, another data folder's) is replaced by a new one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use eclips_engine::models::Secret;
use eclips_shared::auth::{Mode, PlainKey, Scope};
use eclips_shared::config::Config;
use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::store::{Actor, NewKey, Store};
use eclips_shared::time::Timestamp;

/// The demo organization's name, by which it is found again.
const NAME: &str = "Demo";

/// Who makes what is made here.
const MAKER: Actor = Actor::Tool("cargo dev");

/// The demo organization's owner, for the dashboard's sign-in.
///
/// # Panics
/// Never: the address is one.
#[must_use]
pub fn owner() -> Email {
    Email::parse("owner@demo.example").expect("it is an address")
}

/// The password that an earlier start chose, or a new one: 60 random bits, to be typed.
///
/// *Errors*: the operating system's, when it has no randomness to give.
pub fn password(env: &Path) -> Result<String> {
    if let Some(known) = read(env)
        .remove("ECLIPS_DASHBOARD_PASSWORD")
        .filter(|known| !known.is_empty())
    {
        return Ok(known);
    }
    // Without those that look alike.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 12];
    getrandom::fill(&mut bytes)?;
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

/// What a developer needs to call the system.
#[derive(Debug)]
pub struct Demo {
    /// A live key with every scope.
    pub live: PlainKey,
    /// A test key with every scope.
    pub test: PlainKey,
}

impl Demo {
    /// Finds or makes the organization, its owner and its two keys.
    ///
    /// *Errors*: the store's.
    pub async fn prepare(store: &Store, env: &Path) -> Result<Self> {
        let known = read(env);
        let orgs = store.orgs().list().await?;
        let org = match orgs.into_iter().find(|org| org.name == NAME) {
            Some(org) => org.org_id,
            None => store.orgs().create(NAME, Plan::Growth).await?,
        };
        store.members().add(org, &owner(), Role::Owner, &MAKER).await?;
        let live = key(store, org, Mode::Live, known.get("ECLIPS_API_KEY")).await?;
        let test = key(store, org, Mode::Test, known.get("ECLIPS_TEST_KEY")).await?;
        Ok(Self { live, test })
    }

    /// Writes `dev.env`: all that `admin`, `cargo lambda watch` and a shell need. Whole or not at all, and for its owner's
    /// eyes only. A key of a model's endpoint is not among it: whoever has one has it in the shell already.
    ///
    /// *Shape*: `NAME=value` lines. *Errors*: the folder cannot be written.
    pub fn write(&self, env: &Path, password: &str, config: &Config, receiver: &str) -> Result<()> {
        let endpoint = |url: &Option<String>| url.clone().unwrap_or_default();
        let settings = [
            ("ECLIPS_BASE_URL", config.api_url.clone()),
            ("ECLIPS_API_KEY", self.live.reveal().to_owned()),
            ("ECLIPS_TEST_KEY", self.test.reveal().to_owned()),
            ("ECLIPS_DASHBOARD_EMAIL", owner().to_string()),
            ("ECLIPS_DASHBOARD_PASSWORD", password.to_owned()),
            ("ECLIPS_API_URL", config.api_url.clone()),
            ("ECLIPS_DASHBOARD_URL", config.dashboard_url.clone()),
            ("ECLIPS_RECEIVER_URL", receiver.to_owned()),
            ("ECLIPS_OIDC_ISSUER", config.oidc_issuer.clone()),
            ("ECLIPS_OIDC_CLIENT_ID", config.oidc_client_id.clone()),
            ("ECLIPS_TABLE_MAIN", config.table_main.clone()),
            ("ECLIPS_TABLE_KEYS", config.table_keys.clone()),
            ("ECLIPS_QUEUE_RUNS_URL", config.queue_runs_url.clone()),
            ("ECLIPS_QUEUE_PRIORITY_URL", config.queue_priority_url.clone()),
            ("ECLIPS_QUEUE_NEWS_URL", config.queue_news_url.clone()),
            ("ECLIPS_QUEUE_DELIVERIES_URL", config.queue_deliveries_url.clone()),
            ("ECLIPS_QUEUE_RETRIES_URL", config.queue_retries_url.clone()),
            ("ECLIPS_RECEIVERS", config.receivers.as_str().to_owned()),
            ("ECLIPS_VAULT", config.vault.clone()),
            ("ECLIPS_MODEL_FAST", config.models[0].clone()),
            ("ECLIPS_MODEL_SMART", config.models[1].clone()),
            ("ECLIPS_MODEL_PREMIUM", config.models[2].clone()),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint(&config.dynamodb_endpoint)),
            ("AWS_ENDPOINT_URL_SQS", endpoint(&config.sqs_endpoint)),
            ("AWS_REGION", config.region.clone().unwrap_or_default()),
            // Nothing on this machine checks them; the SDK wants them to be there.
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true".to_owned()),
        ];
        let mut text = String::new();
        for (name, value) in settings {
            writeln!(text, "{name}={value}").expect("a string takes any text");
        }
        if config.model_key == Secret::default() {
            text.push_str("ECLIPS_MODEL_KEY=none\n");
        }
        let draft = env.with_extension("env.draft");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options
            .open(&draft)
            .with_context(|| format!("cannot write {}", draft.display()))?;
        file.write_all(text.as_bytes())?;
        fs::rename(&draft, env).with_context(|| format!("cannot write {}", env.display()))
    }
}

fn read(env: &Path) -> HashMap<String, String> {
    let text = fs::read_to_string(env).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The key that is known, if it still works; else a new one.
async fn key(store: &Store, org: OrgId, mode: Mode, known: Option<&String>) -> Result<PlainKey> {
    if let Some(plain) = known.and_then(|text| PlainKey::parse(text.as_bytes()))
        && let Some(record) = store.keys().find(&plain.hash()).await?
        && record.org == org
        && record.mode == mode
        && !record.revoked
        && record.expires_at.is_none_or(|end| Timestamp::now() < end)
    {
        return Ok(plain);
    }
    let new = NewKey {
        name: "cargo dev".to_owned(),
        mode,
        scopes: Scope::ALL.into_iter().collect(),
        expires_at: None,
    };
    Ok(store.keys().mint(org, new, &MAKER, None).await?.0)
}
