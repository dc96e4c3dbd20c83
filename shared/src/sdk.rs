//! The AWS SDK's settings, the same for every client of ours: how long a call may take, how often it is tried, and whose
//! certificates are believed.

use std::sync::LazyLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::config::Config;

/// One try of one call. A call that is slower is lost for the request that waits.
const ATTEMPT: Duration = Duration::from_millis(900);
/// One call with its retries. *Source*: a stopped store must be a 503 within 3 s.
const OPERATION: Duration = Duration::from_millis(2_000);

/// The five authorities that sign for AWS's own endpoints. *Source*: <https://www.amazontrust.com/repository/>, which wants all five in
/// a list of one's own.
const AMAZON: &str = include_str!("amazon-roots.pem");

/// Speaks TLS with whoever one of Amazon's authorities vouches for; one for all clients, made when the first is.
///
/// A system's list has some 145 authorities. To read them is the longest step of a cold start on a small Lambda, and each of them
/// could vouch for a false DynamoDB.
static TO_AWS: LazyLock<SharedHttpClient> = LazyLock::new(|| {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON);
    let context = TlsContext::builder().with_trust_store(roots).build();
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context.expect("a list of roots is all that it has"))
        .build_https()
});

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    /// Somebody on this machine, who speaks plain HTTP.
    Loopback,
    /// AWS's own endpoint of the region.
    Amazon,
    /// Anyone else, or AWS by way of a network that has its own proxies and authorities.
    Other,
}

impl Peer {
    fn of(endpoint: Option<&str>, own_network: bool) -> Self {
        match endpoint {
            Some(url) if url.starts_with("http://") => Self::Loopback,
            None if !own_network => Self::Amazon,
            _ => Self::Other,
        }
    }
}

/// Gives the settings for a service's clients; `endpoint` where it is not the region's.
///
/// A function gets its credentials by the environment, and nothing else is asked for them: the SDK's own chain of providers and
/// profiles is over a megabyte of every binary, and each process would walk it before its first event.
pub(crate) fn settings(config: &Config, endpoint: Option<&str>) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(500))
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(40))
        .with_max_backoff(Duration::from_millis(400));
    let mut settings = match &config.account {
        Some(account) => account.to_builder(),
        None => SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ))
            .use_fips(config.fips)
            .use_dual_stack(config.dual_stack),
    };
    settings
        .set_timeout_config(Some(timeouts))
        .set_retry_config(Some(retries));
    if let Some(region) = &config.region {
        settings.set_region(Region::new(region.clone()));
    }
    if let Some(endpoint) = endpoint {
        settings.set_endpoint_url(Some(endpoint.to_owned()));
    }
    match Peer::of(endpoint, config.own_network) {
        Peer::Loopback => {
            // Nothing there checks a signature.
            let nobody = Credentials::new("local", "local", None, None, "local endpoint");
            let region = config.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
            settings
                .set_http_client(Some(Builder::new().build_http()))
                .set_credentials_provider(Some(SharedCredentialsProvider::new(nobody)))
                .set_region(Region::new(region));
        }
        Peer::Amazon => {
            settings.set_http_client(Some(TO_AWS.clone()));
        }
        Peer::Other => {}
    }
    if let Some(carrier) = &config.carrier {
        settings.set_http_client(Some(carrier.clone()));
    }
    settings.build()
}

#[cfg(test)]
mod promises {
    use aws_config::retry::RetryConfig;
    use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_lc_rs::digest::{SHA256, digest};
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::error::SdkError;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::{AMAZON, Peer, TO_AWS, settings};
    use crate::config::Config;

    /// The fingerprints, SHA-256. *Source*: Mozilla's list of roots, as Debian's `ca-certificates` has it.
    const FINGERPRINTS: [(&str, &str); 5] = [
        (
            "Amazon Root CA 1",
            "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        ),
        (
            "Amazon Root CA 2",
            "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        ),
        (
            "Amazon Root CA 3",
            "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        ),
        (
            "Amazon Root CA 4",
            "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        ),
        (
            "Starfield Services Root Certificate Authority - G2",
            "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
        ),
    ];

    #[test]
    fn those_are_amazons_five_authorities_and_no_other() {
        let found = AMAZON.split("-----BEGIN CERTIFICATE-----").skip(1).map(|block| {
            let (lines, _) = block.split_once("-----END CERTIFICATE-----").expect("a block ends");
            let der = STANDARD
                .decode(lines.split_whitespace().collect::<String>())
                .expect("base64");
            digest(&SHA256, &der)
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        });
        assert!(found.eq(FINGERPRINTS.map(|(_, fingerprint)| fingerprint.to_owned())));
    }

    #[tokio::test]
    async fn a_client_can_be_made_of_them() {
        // Nobody is there; the list is read before anybody is called, and one that cannot be read panics.
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version_latest()
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("nobody", "nothing", None, None, "test"))
            .endpoint_url("https://127.0.0.1:1")
            .retry_config(RetryConfig::disabled())
            .http_client(TO_AWS.clone())
            .build();
        let error = Client::from_conf(config)
            .list_tables()
            .send()
            .await
            .expect_err("nobody answers");
        assert!(
            matches!(&error, SdkError::DispatchFailure(failure) if failure.is_io()),
            "{error:?}"
        );
    }

    #[test]
    fn a_function_asks_its_regions_endpoint_by_the_keys_of_its_environment() {
        let config = Config {
            region: Some("eu-west-1".into()),
            fips: true,
            ..Config::default()
        };
        let made = settings(&config, None);
        assert_eq!(made.region(), Some(&Region::new("eu-west-1")));
        assert_eq!(
            (made.endpoint_url(), made.use_fips(), made.use_dual_stack()),
            (None, Some(true), Some(false))
        );
        assert!(made.credentials_provider().is_some() && made.http_client().is_some());
        // A network of its own is the SDK's business.
        let config = Config {
            own_network: true,
            ..config
        };
        assert!(settings(&config, None).http_client().is_none());
    }

    #[test]
    fn an_operators_account_is_the_one_that_the_sdk_found() {
        let found = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-3"))
            .app_name(AppName::new("found").expect("a name"))
            .build();
        let config = Config {
            account: Some(found),
            own_network: true,
            ..Config::default()
        };
        let made = settings(&config, None);
        assert_eq!(made.region(), Some(&Region::new("eu-west-3")));
        assert_eq!(made.app_name().map(AsRef::as_ref), Some("found"));
        assert!(made.credentials_provider().is_none() && made.http_client().is_none());
    }

    #[test]
    fn only_the_regions_own_endpoint_is_asked_with_amazons_authorities_alone() {
        assert_eq!(Peer::of(None, false), Peer::Amazon);
        assert_eq!(Peer::of(Some("https://dynamodb.example"), false), Peer::Other);
        assert_eq!(Peer::of(None, true), Peer::Other);
        for own_network in [false, true] {
            assert_eq!(Peer::of(Some("http://127.0.0.1:8000"), own_network), Peer::Loopback);
        }
    }
}
