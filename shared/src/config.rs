//! The settings of a function, read once at its start. The only room that reads the environment.

use std::fmt;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use eclips_engine::models::Secret;

use crate::receiver::Receivers;

/// The settings by which a network says how others are reached: those that the SDK's default client reads.
const OWN_NETWORK: [&str; 6] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// What a function is told from outside.
///
/// *Source*: `infra/template.yaml` sets these in AWS, `cargo dev` passes them in process and writes them to `dev.env`.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `ECLIPS_TABLE_MAIN`: the main table's name.
    pub table_main: String,
    /// `ECLIPS_TABLE_KEYS`: the keys table's name.
    pub table_keys: String,
    /// `ECLIPS_QUEUE_RUNS_URL`: the queue of low and normal runs.
    pub queue_runs_url: String,
    /// `ECLIPS_QUEUE_PRIORITY_URL`: the queue of high, urgent and critical runs.
    pub queue_priority_url: String,
    /// `ECLIPS_QUEUE_NEWS_URL`: the queue of what is to be told.
    pub queue_news_url: String,
    /// `ECLIPS_QUEUE_DELIVERIES_URL`: the queue of deliveries to receivers that answer.
    pub queue_deliveries_url: String,
    /// `ECLIPS_QUEUE_RETRIES_URL`: the queue of deliveries to receivers that failed or are slow.
    pub queue_retries_url: String,
    /// `ECLIPS_RECEIVERS`: where outcomes may be posted, `public`; a laptop's is `public+loopback`.
    pub receivers: Receivers,
    /// `ECLIPS_VAULT`: who keeps the key of the webhooks' secrets, `kms:<key ARN>` or `file:<path>`.
    pub vault: String,
    /// `ECLIPS_MODEL_FAST`, `_SMART`, `_PREMIUM`: which model answers a tier.
    pub models: [String; 3],
    /// `ECLIPS_MODEL_KEY`: the key of the endpoints among them, or where it is; `none` where none needs one.
    pub model_key: Secret,
    /// `ECLIPS_API_URL`: where clients reach the API, for the examples that the dashboard shows.
    pub api_url: String,
    /// `ECLIPS_DASHBOARD_URL`: the dashboard's own origin, without a slash at its end.
    pub dashboard_url: String,
    /// `ECLIPS_OIDC_ISSUER`: who vouches for the people that sign in.
    pub oidc_issuer: String,
    /// `ECLIPS_OIDC_CLIENT_ID`: the dashboard's name there; a public client, which has no secret.
    pub oidc_client_id: String,
    /// `AWS_REGION`; the SDK's own chain when absent.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: the embedded engine on a laptop, absent in AWS.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`: the local queues on a laptop, absent in AWS.
    pub sqs_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_KMS`: another KMS than the region's; absent in AWS.
    pub kms_endpoint: Option<String>,
    /// Whether the machine's own network decides how AWS is reached and whom to believe there: it names authorities (`SSL_CERT_FILE`,
    /// `SSL_CERT_DIR`) or a proxy (`HTTPS_PROXY`, `ALL_PROXY`, also in small letters), or it is an operator's.
    pub own_network: bool,
    /// `AWS_USE_FIPS_ENDPOINT`: whether AWS is asked at its endpoints with validated cryptography.
    pub fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`: whether AWS is asked at its endpoints that also have an IPv6 address.
    pub dual_stack: bool,
    /// The account of whoever is no function, as the SDK finds it: a profile, single sign-on; not from the environment.
    pub account: Option<SdkConfig>,
    /// What carries the SDK's requests instead of its own client; not from the environment. For whoever has the stores in
    /// the same process.
    pub carrier: Option<SharedHttpClient>,
}

/// A setting that must be there and is not, or that says what it cannot say. A `main` that returns it prints its `Debug`, which is
/// the sentence too.
pub struct MissingSetting {
    name: &'static str,
    why: &'static str,
}

impl fmt::Display for MissingSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting {} is {}", self.name, self.why)
    }
}

impl fmt::Debug for MissingSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for MissingSetting {}

impl Config {
    /// What every client of AWS's is told.
    fn aws() -> Self {
        Self {
            region: optional("AWS_REGION"),
            fips: optional("AWS_USE_FIPS_ENDPOINT").as_deref() == Some("true"),
            dual_stack: optional("AWS_USE_DUALSTACK_ENDPOINT").as_deref() == Some("true"),
            own_network: OWN_NETWORK.iter().any(|name| optional(name).is_some()),
            ..Self::default()
        }
    }

    /// Reads what the tables need: `ECLIPS_TABLE_MAIN`, `ECLIPS_TABLE_KEYS` and the SDK's own settings.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn tables() -> Result<Self, MissingSetting> {
        Ok(Self {
            table_main: required("ECLIPS_TABLE_MAIN")?,
            table_keys: required("ECLIPS_TABLE_KEYS")?,
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
            ..Self::aws()
        })
    }

    /// Reads what an operator's tools need: the tables, and the vault where it is named.
    ///
    /// *Errors*: [`MissingSetting`] names the first table that is absent or empty.
    pub fn operator() -> Result<Self, MissingSetting> {
        Ok(Self {
            vault: optional("ECLIPS_VAULT").unwrap_or_default(),
            own_network: true,
            kms_endpoint: endpoint("AWS_ENDPOINT_URL_KMS"),
            ..Self::tables()?
        })
    }

    /// Reads what a function needs whose clients say where outcomes are posted: the tables, and where that may be.
    ///
    /// *Errors*: [`MissingSetting`] names the first setting that is absent, empty or wrong.
    pub fn asking() -> Result<Self, MissingSetting> {
        Ok(Self {
            receivers: receivers()?,
            ..Self::tables()?
        })
    }

    /// Reads what a function needs that no caller reaches: the main table alone and the SDK's own settings.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn main_table() -> Result<Self, MissingSetting> {
        Ok(Self {
            table_main: required("ECLIPS_TABLE_MAIN")?,
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            ..Self::aws()
        })
    }

    /// Reads what the dashboard needs: what `webhooks` needs, both addresses, and whom to ask who somebody is.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn dashboard() -> Result<Self, MissingSetting> {
        Ok(Self {
            api_url: required("ECLIPS_API_URL")?,
            dashboard_url: required("ECLIPS_DASHBOARD_URL")?,
            oidc_issuer: required("ECLIPS_OIDC_ISSUER")?,
            oidc_client_id: required("ECLIPS_OIDC_CLIENT_ID")?,
            ..Self::webhooks()?
        })
    }

    /// Reads what the dispatcher needs: the queues of runs, those of news and deliveries, and the SDK's own settings.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn dispatch() -> Result<Self, MissingSetting> {
        Ok(Self {
            queue_news_url: required("ECLIPS_QUEUE_NEWS_URL")?,
            queue_deliveries_url: required("ECLIPS_QUEUE_DELIVERIES_URL")?,
            ..Self::runs_queues()?
        })
    }

    fn runs_queues() -> Result<Self, MissingSetting> {
        Ok(Self {
            queue_runs_url: required("ECLIPS_QUEUE_RUNS_URL")?,
            queue_priority_url: required("ECLIPS_QUEUE_PRIORITY_URL")?,
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
            ..Self::aws()
        })
    }

    /// Reads what the sweep needs: main table and queues.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn sweep() -> Result<Self, MissingSetting> {
        Ok(Self {
            queue_retries_url: required("ECLIPS_QUEUE_RETRIES_URL")?,
            ..Self::runs()?
        })
    }

    /// Main table and the queues of runs.
    fn runs() -> Result<Self, MissingSetting> {
        Ok(Self {
            table_main: required("ECLIPS_TABLE_MAIN")?,
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            ..Self::runs_queues()?
        })
    }

    /// Reads what `webhooks` needs: the tables, where outcomes may be posted, and the vault.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn webhooks() -> Result<Self, MissingSetting> {
        Ok(Self {
            vault: required("ECLIPS_VAULT")?,
            kms_endpoint: endpoint("AWS_ENDPOINT_URL_KMS"),
            ..Self::asking()?
        })
    }

    /// Reads what the deliverer needs: main table, its queues, where it may post, and the vault.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn deliver() -> Result<Self, MissingSetting> {
        Ok(Self {
            queue_news_url: required("ECLIPS_QUEUE_NEWS_URL")?,
            queue_deliveries_url: required("ECLIPS_QUEUE_DELIVERIES_URL")?,
            queue_retries_url: required("ECLIPS_QUEUE_RETRIES_URL")?,
            vault: required("ECLIPS_VAULT")?,
            kms_endpoint: endpoint("AWS_ENDPOINT_URL_KMS"),
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
            receivers: receivers()?,
            ..Self::main_table()?
        })
    }

    /// Reads what the worker needs: main table, queues, one model per tier and the endpoints' key.
    ///
    /// *Errors*: [`MissingSetting`] names the first that is absent or empty.
    pub fn worker() -> Result<Self, MissingSetting> {
        Ok(Self {
            models: [
                required("ECLIPS_MODEL_FAST")?,
                required("ECLIPS_MODEL_SMART")?,
                required("ECLIPS_MODEL_PREMIUM")?,
            ],
            model_key: Secret::new(required("ECLIPS_MODEL_KEY")?),
            ..Self::runs()?
        })
    }
}

/// The models and the key that somebody asks for on a laptop, by the worker's own settings: the sandbox and none where they
/// are absent.
#[must_use]
pub fn laptop_models() -> ([String; 3], Secret) {
    let names = ["ECLIPS_MODEL_FAST", "ECLIPS_MODEL_SMART", "ECLIPS_MODEL_PREMIUM"];
    let models = names.map(|name| optional(name).unwrap_or_else(|| "sandbox".to_owned()));
    (
        models,
        optional("ECLIPS_MODEL_KEY").map(Secret::new).unwrap_or_default(),
    )
}

/// The log level that the operator asked for, in Lambda's words (`INFO` when absent).
#[must_use]
pub fn log_level() -> String {
    optional("AWS_LAMBDA_LOG_LEVEL").unwrap_or_else(|| "INFO".to_owned())
}

/// `ECLIPS_METRICS`: the namespace of the metrics that are said in the log; absent where nobody reads them. Not required, so that no function
/// stands still for want of its metrics.
#[must_use]
pub fn metrics_namespace() -> Option<String> {
    optional("ECLIPS_METRICS")
}

#[expect(clippy::disallowed_methods, reason = "this is the room that reads the environment")]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The endpoint of a service: its own, or the one that stands for all.
fn endpoint(name: &str) -> Option<String> {
    optional(name).or_else(|| optional("AWS_ENDPOINT_URL"))
}

fn required(name: &'static str) -> Result<String, MissingSetting> {
    optional(name).ok_or(MissingSetting {
        name,
        why: "missing; infra/template.yaml and <data>/dev.env name them all",
    })
}

fn receivers() -> Result<Receivers, MissingSetting> {
    let word = required("ECLIPS_RECEIVERS")?;
    Receivers::parse(&word).ok_or(MissingSetting {
        name: "ECLIPS_RECEIVERS",
        why: "wrong: it can be `public` or `public+loopback`",
    })
}
