//! One exchange with a receiver: a POST over a connection of its own, to an address that was judged, and what came of it.
//!
//! It follows no redirect, uses no proxy, unpacks no answer, and keeps neither cookie nor connection. When to try, what to send
//! and what a failure leads to is others' business. *Source*: contract §6.

mod fault;
mod network;
mod retry_after;

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use eclips_shared::receiver::{ReceiverUrl, Receivers};
use eclips_shared::time::Timestamp;
use http::header::CONNECTION;
use http::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout};

pub use self::fault::Fault;
use self::network::Vetting;
pub use self::network::{Lookup, Network};

/// What an exchange may take, from the name to the answer's last byte. *Source*: contract §6.
pub const LIMIT: Duration = Duration::from_secs(10);
/// By what receivers know us.
const USER_AGENT: &str = "eClips-Webhooks/1.0";
/// The most that is read of an answer's body, in bytes. Nothing in it is of use; our choice.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// The most headers that an answer may have. The HTTP library's own bound, said aloud; together they have 408 KiB at most.
const HEADERS_MAX: usize = 100;

/// Posts to receivers.
pub struct Poster {
    receivers: Receivers,
    network: Network,
    limit: Duration,
    /// Made at the first exchange: reading the trusted authorities takes a while.
    http: OnceLock<Client>,
}

/// What came of an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The answer's status, where there was an answer; also where its body never ended.
    pub status: Option<u16>,
    /// How long the receiver asks to be left alone, at most a day; of a date, from now on. Whatever the status was.
    pub retry_after: Option<Duration>,
    /// What went wrong, unless the status says it all.
    pub error: Option<Fault>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl Exchange {
    /// Whether the receiver has it: a 2xx, and the answer was whole or longer than anybody reads.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.error.is_none() && self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// What is known of an answer, while it is still coming.
#[derive(Default)]
struct Answer {
    status: Option<u16>,
    retry_after: Option<Duration>,
}

impl Poster {
    /// A poster on the Internet.
    #[must_use]
    pub fn new(receivers: Receivers) -> Self {
        Self::within(receivers, Network::internet(), LIMIT)
    }

    /// Where it posts.
    #[must_use]
    pub const fn receivers(&self) -> Receivers {
        self.receivers
    }

    /// A poster in a network of its own, with another limit on an exchange.
    #[must_use]
    pub const fn within(receivers: Receivers, network: Network, limit: Duration) -> Self {
        Self {
            receivers,
            network,
            limit,
            http: OnceLock::new(),
        }
    }

    /// Posts once. It ends within the limit, whatever the receiver does.
    ///
    /// A 2xx is a success when the rest of the answer has come in time or is more than 16 KiB, of which no more is read: a
    /// receiver that talks without end has still said yes. One that falls silent or breaks off within its answer has not
    /// finished it, the contract's limit is on the whole exchange, and a second delivery does less harm than a lost one. Of any
    /// other status no body is read: it could not make up for it.
    pub async fn post(&self, url: &ReceiverUrl, headers: HeaderMap, body: Bytes) -> Exchange {
        let began = Instant::now();
        let mut answer = Answer::default();
        let ended = timeout(self.limit, self.exchange(url, headers, body, &mut answer)).await;
        Exchange {
            status: answer.status,
            retry_after: answer.retry_after,
            error: ended.unwrap_or(Err(Fault::TimedOut)).err(),
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    async fn exchange(
        &self,
        url: &ReceiverUrl,
        headers: HeaderMap,
        body: Bytes,
        answer: &mut Answer,
    ) -> Result<(), Fault> {
        // Once more, and here for every address that is written out: the client connects to those without asking the resolver.
        url.judge(self.receivers).map_err(|_| Fault::NotPublic)?;
        let request = self.http()?.post(url.url().clone()).headers(headers);
        // There will be no second request. *Source*: RFC 9112 §9.6.
        let request = request.header(CONNECTION, HeaderValue::from_static("close")).body(body);
        let response = request.send().await.map_err(|error| Fault::of(&error))?;
        let status = response.status();
        answer.status = Some(status.as_u16());
        answer.retry_after = retry_after::read(response.headers(), Timestamp::now());
        match status.as_u16() {
            // To another protocol, that is; whoever else says 1xx goes on with a real answer.
            100..=199 => Err(Fault::Malformed),
            200..=299 => finish(response).await,
            300..=399 => Err(Fault::Redirect),
            _ => Ok(()),
        }
    }

    fn http(&self) -> Result<&Client, Fault> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let vetting = Vetting::new(self.receivers, &self.network);
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            // Also when some other crate of the same binary asks for them.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .http1_only()
            .http1_max_headers(HEADERS_MAX)
            // Each try connects anew, so that each connection's address was judged a moment ago.
            .pool_max_idle_per_host(0)
            // Shared out among a name's addresses, so that one dead address does not take all the time.
            .connect_timeout(self.limit)
            .tls_certs_merge(self.network.authorities.iter().cloned())
            .dns_resolver(vetting);
        let http = builder.build().map_err(|error| {
            tracing::error!(alarm = "no_tls", %error, "nothing can be posted from this machine");
            Fault::Unsent
        })?;
        Ok(self.http.get_or_init(|| http))
    }
}

/// Reads an answer to its end, or as far as anybody does; then its connection is dropped.
async fn finish(mut response: Response) -> Result<(), Fault> {
    let mut read = 0;
    while let Some(piece) = response.chunk().await.map_err(|error| Fault::of(&error))? {
        read += piece.len();
        if read > BODY_BYTES_MAX {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
