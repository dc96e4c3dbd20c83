//! Tables and queues in memory with nobody behind them: no stream is read, no message taken but by the test. With
//! `ECLIPS_ENGINE=<URL>` the tables are those of another DynamoDB, in a region of each test's own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use eclips_local::engine::{Engine, REGION, sdk_config};
use eclips_local::folder::Place;
use eclips_local::queue::{Message, Queues};
use eclips_local::sqs::Endpoint;
use eclips_local::tables;
use eclips_local::template::{STACK, Template, queue_name};
use eclips_shared::auth::{Mode, PlainKey, Scope};
use eclips_shared::config::Config;
use eclips_shared::email::Email;
use eclips_shared::ids::{KeyId, OrgId, RunId};
use eclips_shared::plan::Plan;
use eclips_shared::receiver::Receivers;
use eclips_shared::role::Role;
use eclips_shared::store::{NewKey, Session, SessionHash, Store};
use eclips_shared::time::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::function_process::Setup;
use crate::kms::Kms;
use crate::process::program;
use crate::settings::setting;
use crate::stack::Stack;
use crate::world::OPERATOR;

/// The stores of one test.
pub struct Stores {
    tables: Tables,
    queues: Queues,
    sqs: Endpoint,
    /// Who keeps the key above the webhooks' secrets.
    pub kms: Kms,
    stack: Stack,
    template: Template,
    /// The store, for what administrators do.
    pub store: Store,
}

/// Where the tables are.
struct Tables {
    endpoint: String,
    region: String,
    /// Gone when dropped; absent where they are somebody else's.
    engine: Option<Engine>,
}

impl Tables {
    fn open() -> Self {
        if let Some(endpoint) = setting("ECLIPS_ENGINE") {
            return Self {
                endpoint,
                region: format!("test-{}", Uuid::new_v4().simple()),
                engine: None,
            };
        }
        let engine = Engine::open(&Place::Memory).expect("memory can be opened");
        Self {
            endpoint: engine.endpoint().to_owned(),
            region: REGION.to_owned(),
            engine: Some(engine),
        }
    }

    fn sdk(&self) -> SdkConfig {
        sdk(&self.endpoint, &self.region)
    }
}

/// What the SDK needs to reach tables without our store in between.
pub(crate) fn sdk(endpoint: &str, region: &str) -> SdkConfig {
    let region = Region::new(region.to_owned());
    sdk_config(endpoint).into_builder().region(region).build()
}

impl Stores {
    /// Opens empty tables and queues, as the template has them.
    ///
    /// # Panics
    /// When they cannot be opened.
    pub async fn open() -> Self {
        let template = Template::embedded().expect("the template can be read");
        let tables = Tables::open();
        tables::ensure(&tables.sdk(), &template)
            .await
            .expect("the tables can be made");
        let rules = template.queues().expect("the template has queues");
        let queues = Queues::open(&Place::Memory, rules).expect("memory can be opened");
        let sqs = Endpoint::start(queues.clone()).await.expect("loopback has ports");
        let config = Config {
            table_main: table(&template, "MainTable"),
            table_keys: table(&template, "KeysTable"),
            dynamodb_endpoint: Some(tables.endpoint.clone()),
            region: Some(tables.region.clone()),
            ..Config::default()
        };
        let store = Store::open(&config);
        Self {
            tables,
            queues,
            sqs,
            kms: Kms::start().await,
            stack: Stack::read(),
            template,
            store,
        }
    }

    /// How a function is run against these stores: timeout and settings are the template's, and nothing is added but the
    /// two endpoints. So a setting that the template forgets is missing here too.
    ///
    /// # Panics
    /// When there is no such function.
    #[must_use]
    pub fn setup(&self, name: &str) -> Setup {
        self.setup_of(name, program(name))
    }

    /// As [`Stores::setup`], with another build of the function.
    ///
    /// # Panics
    /// When there is no such function.
    #[must_use]
    pub fn setup_of(&self, name: &str, program: PathBuf) -> Setup {
        let function = self.stack.function(name);
        let settings = function.settings().into_iter();
        let mut settings: BTreeMap<String, String> = settings
            .map(|(name, value)| (name.to_owned(), self.value(value)))
            .collect();
        settings.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), self.tables.endpoint.clone());
        settings.insert("AWS_REGION".into(), self.tables.region.clone());
        settings.insert("AWS_ENDPOINT_URL_SQS".into(), self.sqs.url().into());
        settings.insert("AWS_ENDPOINT_URL_KMS".into(), self.kms.url().into());
        Setup {
            name: name.to_owned(),
            program,
            arguments: Vec::new(),
            group: None,
            timeout: function.timeout(),
            settings,
        }
    }

    /// Forgets what the tables' streams have to tell: nobody follows them here, and each write looks through all of it.
    ///
    /// # Panics
    /// When the engine is busy with something else.
    pub fn forget_streams(&self) {
        if let Some(engine) = &self.tables.engine {
            engine.forget_streams().expect("nobody writes meanwhile");
        }
    }

    /// Where the queues answer.
    #[must_use]
    pub fn queues_url(&self) -> &str {
        self.sqs.url()
    }

    /// A live key that never ends, of a new organization.
    ///
    /// # Panics
    /// When the engine is gone.
    pub async fn key(&self, plan: Plan, scopes: &[Scope]) -> String {
        let org = self
            .store
            .orgs()
            .create("Test organization", plan)
            .await
            .expect("the engine is up");
        let scopes = scopes.iter().copied().collect();
        let new = NewKey {
            name: "test".into(),
            mode: Mode::Live,
            scopes,
            expires_at: None,
        };
        let (key, _) = self
            .store
            .keys()
            .mint(org, new, &OPERATOR, None)
            .await
            .expect("the engine is up");
        key.reveal().to_owned()
    }

    /// The organization of a key, and the key's id.
    ///
    /// # Panics
    /// When there is no such key, or the engine is gone.
    pub async fn owner(&self, key: &str) -> (OrgId, KeyId) {
        let plain = PlainKey::parse(key.as_bytes()).expect("a key");
        let record = self.store.keys().find(&plain.hash()).await.expect("the engine is up");
        let record = record.expect("the key is there");
        (record.org, record.key)
    }

    /// Opens a session of an owner of a key's organization, which has so much time left; gives its cookie. Its token is 32
    /// zero bytes, which no sign-in gives.
    ///
    /// # Panics
    /// When the engine is gone.
    pub async fn session(&self, key: &str, left_ms: i64) -> String {
        let (org, _) = self.owner(key).await;
        let email = Email::parse("ada@example.com").expect("an address");
        let added = self.store.members().add(org, &email, Role::Owner, &OPERATOR).await;
        added.expect("the engine is up");
        let session = Session {
            expires_at: Timestamp::now().plus_ms(left_ms),
            ..Session::begin(org, email, Timestamp::now())
        };
        let hash = SessionHash(Sha256::digest([0u8; 32]).into());
        let sessions = self.store.sessions();
        let opened = sessions.open(&hash, &session, None, &OPERATOR).await;
        opened.expect("the engine is up");
        format!("__Host-eclips_session={}", "A".repeat(43))
    }

    /// The settings with which a function in this process reaches these stores.
    #[must_use]
    pub fn config(&self) -> Config {
        Config {
            table_main: table(&self.template, "MainTable"),
            table_keys: table(&self.template, "KeysTable"),
            queue_runs_url: self.sqs.queue_url(&queue_name("RunsQueue")),
            queue_priority_url: self.sqs.queue_url(&queue_name("PriorityQueue")),
            queue_news_url: self.sqs.queue_url(&queue_name("NewsQueue")),
            queue_deliveries_url: self.sqs.queue_url(&queue_name("DeliveriesQueue")),
            queue_retries_url: self.sqs.queue_url(&queue_name("RetriesQueue")),
            vault: "kms:arn:aws:kms:local:000000000000:key/test".to_owned(),
            kms_endpoint: Some(self.kms.url().to_owned()),
            receivers: Receivers::PublicAndLoopback,
            models: ["sandbox", "sandbox", "sandbox"].map(str::to_owned),
            region: Some(self.tables.region.clone()),
            dynamodb_endpoint: Some(self.tables.endpoint.clone()),
            sqs_endpoint: Some(self.sqs.url().to_owned()),
            ..Config::default()
        }
    }

    /// Takes every visible message out of a queue.
    ///
    /// # Panics
    /// When there is no such queue.
    #[must_use]
    pub fn take_messages(&self, queue: &str) -> Vec<Message> {
        self.queues
            .receive(&queue_name(queue), 1_000, Some(Duration::from_secs(3_600)))
            .expect("the queue is there")
    }

    /// Takes every visible message out of a queue as somebody who dies with it: it is visible again at once.
    ///
    /// # Panics
    /// When there is no such queue.
    pub fn drop_messages(&self, queue: &str) {
        self.queues
            .receive(&queue_name(queue), 1_000, Some(Duration::ZERO))
            .expect("the queue is there");
    }

    /// How many messages a queue holds, delayed ones included.
    ///
    /// # Panics
    /// When there is no such queue.
    #[must_use]
    pub fn count_messages(&self, queue: &str) -> u64 {
        let depth = self.queues.depth(&queue_name(queue)).expect("the queue is there");
        depth.visible + depth.delayed + depth.in_flight
    }

    /// An item of a run as it lies in the main table: the types of its attributes by name (`S`, `N`, `L` …).
    ///
    /// # Panics
    /// When it is not there.
    pub async fn item_types(&self, run: RunId, sk: &str) -> BTreeMap<String, &'static str> {
        self.types_at(&format!("R#{run}"), sk).await
    }

    /// As [`Stores::item_types`], of any item of the main table.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn types_at(&self, pk: &str, sk: &str) -> BTreeMap<String, &'static str> {
        let config = (&self.tables.sdk()).into();
        let read = aws_sdk_dynamodb::Client::from_conf(config)
            .get_item()
            .table_name(table(&self.template, "MainTable"));
        let read = read
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()));
        let item = read
            .consistent_read(true)
            .send()
            .await
            .expect("the engine is up")
            .item
            .expect("the item is there");
        item.into_iter().map(|(name, value)| (name, type_of(&value))).collect()
    }

    /// The value that a setting of the template has here.
    fn value(&self, setting: &serde_json::Value) -> String {
        if let Some(text) = setting.as_str() {
            return text.to_owned();
        }
        if let Some(text) = setting["Sub"].as_str() {
            return address(text);
        }
        // Of a choice, what a stack without domains takes.
        if setting["If"].is_array() {
            return self.value(&setting["If"][2]);
        }
        match setting["Ref"].as_str() {
            Some("UserPoolClient") => "dashboard".to_owned(),
            Some("AWS::StackName") => STACK.to_owned(),
            Some(id) if id.ends_with("Table") => table(&self.template, id),
            Some(id) if id.ends_with("Queue") => self.sqs.queue_url(&queue_name(id)),
            Some("ModelKey") => "none".to_owned(),
            // Nobody outside is asked.
            Some(id) if id.starts_with("Model") => "sandbox".to_owned(),
            _ => panic!("a setting that the tests do not know: {setting}"),
        }
    }
}

/// An address of the template with what it names left as words: a URL that leads nowhere. A function asks nobody who vouches
/// for people before somebody signs in, so there the port is one that refuses at once.
fn address(text: &str) -> String {
    if text.contains("${UserPool}") {
        return "http://127.0.0.1:9/nowhere".to_owned();
    }
    text.replace("${", "")
        .replace('}', "")
        .replace("::", "-")
        .to_ascii_lowercase()
}

fn table(template: &Template, id: &str) -> String {
    template.table(id).expect("the template has this table").name
}

fn type_of(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::S(_) => "S",
        AttributeValue::N(_) => "N",
        AttributeValue::Bool(_) => "BOOL",
        AttributeValue::L(_) => "L",
        AttributeValue::M(_) => "M",
        AttributeValue::B(_) => "B",
        AttributeValue::Ss(_) => "SS",
        _ => "another",
    }
}
