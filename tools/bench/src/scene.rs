//! What is measured and over what: stores in memory with an organization in them, and the programs, each with a request that it answers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::PlainKey;
use eclips_shared::ids::RunId;
use eclips_shared::store::Override;
use eclips_shared::time::HOUR_MS;
use eclips_tests::backstage::Backstage;
use eclips_tests::event_file;
use eclips_tests::function::{event, key_item, tables};
use eclips_tests::function_process::{FunctionProcess, Setup};
use serde_json::{Value, json};

use crate::authority::Roots;
use crate::door::Door;

/// More requests than any section makes.
pub const PLENTY: u64 = 10_000_000;

/// The name under which the second floor finds its item: 32 bytes, as a key's hash has.
const FLOOR_KEY: &str = "the-item-that-the-floor-reads---";

/// A task of the size that people send.
pub const TASK: &str = "Get 3 vendor quotes for 500 laptops";

/// The stores and who asks.
pub struct Scene {
    /// The stores, with functions in this process to fill them.
    pub backstage: Backstage,
    /// A run that has ended.
    pub ended: RunId,
    cookie: String,
    folder: PathBuf,
}

/// A program and what it is asked.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The folder of the function, or the floor's binary.
    pub name: &'static str,
    /// What is asked of it, in words.
    pub asked: &'static str,
    /// What is asked of it.
    pub event: Value,
    /// What a floor is told beside that: settings and their values.
    pub told: Vec<(&'static str, String)>,
}

impl Subject {
    /// Both, as a table's first column has them.
    pub fn title(&self) -> String {
        if self.is_floor() {
            return format!("*floor: {}*", self.asked);
        }
        format!("{}, `{}`", self.name, self.asked)
    }

    /// Whether it is what the others are compared with.
    pub fn is_floor(&self) -> bool {
        self.name.starts_with("floor-")
    }
}

/// How a program reaches the store and how much of a processor it has.
#[derive(Clone, Copy, Debug)]
pub struct Road<'a> {
    /// The door to the tables.
    pub door: &'a Door,
    /// Doors to the queues and to KMS, and whom to trust, where they are behind TLS.
    pub tls: Option<&'a TlsRoad>,
    /// The group whose share it gets.
    pub group: Option<&'a Path>,
}

impl<'a> Road<'a> {
    /// Straight to the tables, without TLS and with all of a processor.
    pub fn plain(door: &'a Door) -> Self {
        Self {
            door,
            tls: None,
            group: None,
        }
    }
}

/// What else is behind TLS in AWS.
#[derive(Debug)]
pub struct TlsRoad {
    /// The queues.
    pub queues: Door,
    /// The keys above the secrets.
    pub kms: Door,
    /// Whom the SDK trusts by its defaults.
    pub system: Roots,
    /// Whom our functions trust.
    pub amazon: Roots,
}

impl Scene {
    /// Fills stores in memory; `folder` holds the programs.
    pub async fn open(folder: &Path) -> Result<Self> {
        let backstage = Backstage::open().await;
        for number in [
            Override::StrictPerMinute,
            Override::StandardPerMinute,
            Override::RequestsPerDay,
            Override::CreditsPerMonth,
        ] {
            backstage
                .stores
                .store
                .orgs()
                .set_override(backstage.org, number, PLENTY)
                .await?;
        }
        let ended = backstage.create(json!({ "task": TASK })).await;
        backstage.work_on(ended).await;
        backstage.waiting().await;
        let cookie = backstage.stores.session(&backstage.key, HOUR_MS).await;
        let scene = Self {
            backstage,
            ended,
            cookie,
            folder: folder.to_owned(),
        };
        scene.put_floor_item().await?;
        Ok(scene)
    }

    /// Puts a copy of a key's record under the floor's name: what the floor reads is as large as what authentication reads.
    async fn put_floor_item(&self) -> Result<()> {
        let config = self.backstage.config();
        let plain = PlainKey::parse(self.backstage.key.as_bytes());
        ensure!(plain.is_some(), "the backstage has a key");
        let (_, id) = self.backstage.stores.owner(&self.backstage.key).await;
        let client = tables(&config).await;
        let mut item = key_item(&client, &config, id).await;
        item.insert(
            "key_hash".to_owned(),
            AttributeValue::B(Blob::new(FLOOR_KEY.as_bytes())),
        );
        client
            .put_item()
            .table_name(&config.table_keys)
            .set_item(Some(item))
            .send()
            .await?;
        Ok(())
    }

    /// The floors of every function: a bare one and one that makes a call.
    pub fn floors(&self) -> [Subject; 2] {
        [("floor-http", "bare lambda_http"), ("floor-getitem", "one GetItem")].map(|(name, asked)| Subject {
            name,
            asked,
            event: event("GET", "/v1/runs", Some(&self.backstage.key), None),
            told: Vec::new(),
        })
    }

    /// The floor of the function whose answers come in pieces: it makes the same call, and its answer comes in pieces too.
    pub fn streamed_floor(&self) -> Subject {
        let [_, floor] = self.floors();
        Subject {
            asked: "one GetItem, streamed",
            told: vec![("FLOOR_STREAMS", "yes".into())],
            ..floor
        }
    }

    /// Each API function with a request.
    pub fn functions(&self) -> Vec<Subject> {
        let key = &self.backstage.key;
        let get = |path: &str| event("GET", path, Some(key), None);
        let mut page = get("/settings/api-keys");
        page["multiValueHeaders"] = json!({ "Cookie": [self.cookie] });
        [
            ("health", "GET /v1/health", get("/v1/health")),
            ("runs", "GET /v1/runs/{id}", get(&format!("/v1/runs/{}", self.ended))),
            ("runs", "GET /v1/runs", get("/v1/runs")),
            (
                "runs",
                "POST /v1/run",
                event("POST", "/v1/run", Some(key), Some(&json!({ "task": TASK }))),
            ),
            (
                "stream",
                "GET /v1/runs/{id}/stream",
                event_file::read("stream-show", key, self.ended),
            ),
            ("triage", "GET /v1/triage", get("/v1/triage")),
            ("batches", "GET /v1/batches", get("/v1/batches")),
            ("webhooks", "GET /v1/webhooks", get("/v1/webhooks")),
            ("usage", "GET /v1/usage", get("/v1/usage")),
            ("dashboard", "GET /sign-in", get("/sign-in")),
            ("dashboard", "GET /settings/api-keys", page),
        ]
        .map(|(name, asked, event)| Subject {
            name,
            asked,
            event,
            told: Vec::new(),
        })
        .into()
    }

    /// How a function is run, straight at the tables.
    pub fn setup_of(&self, function: &str) -> Setup {
        self.backstage.stores.setup_of(function, self.folder.join(function))
    }

    /// How a program is run.
    pub fn setup(&self, subject: &Subject, road: Road<'_>) -> Setup {
        let stores = &self.backstage.stores;
        let program = self.folder.join(subject.name);
        let as_function = if subject.is_floor() { "health" } else { subject.name };
        let mut setup = stores.setup_of(as_function, program);
        if subject.is_floor() {
            setup.name = subject.name.to_owned();
            // A floor has no settings of ours.
            setup.settings.retain(|name, _| name.starts_with("AWS_"));
            setup
                .settings
                .insert("FLOOR_TABLE".into(), self.backstage.config().table_keys);
            setup.settings.insert("FLOOR_KEY".into(), FLOOR_KEY.into());
            let told = subject.told.iter().cloned();
            setup
                .settings
                .extend(told.map(|(name, value)| (name.to_owned(), value)));
        }
        let mut set = |name: &str, value: &str| setup.settings.insert(name.to_owned(), value.to_owned());
        set("AWS_ENDPOINT_URL_DYNAMODB", road.door.url());
        if let Some(tls) = road.tls {
            set("AWS_ENDPOINT_URL_SQS", tls.queues.url());
            set("AWS_ENDPOINT_URL_KMS", tls.kms.url());
            let roots = if subject.is_floor() { &tls.system } else { &tls.amazon };
            set("SSL_CERT_FILE", &roots.path().display().to_string());
        }
        setup.group = road.group.map(Path::to_owned);
        setup
    }
}

/// Asks a running program and makes sure that it did what it was asked.
pub async fn ask(process: &mut FunctionProcess, subject: &Subject) -> Result<Duration> {
    let began = std::time::Instant::now();
    let answer = process.invoke(&subject.event).await?;
    let took = began.elapsed();
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    ensure!((200..300).contains(&status), "{} answered {answer}", subject.title());
    Ok(took)
}
