//! Exchanges with real receivers on loopback. Their names are public ones in a network of the tests' own, which has its own
//! resolver, its own idea of which addresses are public, and its own authority for certificates.

mod answers;
mod names;
mod proxies;
mod receiver;
mod tls;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use super::network::ADDRESSES_MAX;
use super::*;

/// The one address that is public in the tests' network.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// An address of a machine that nobody may reach.
const PRIVATE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// A limit that is soon reached.
const SOON: Duration = Duration::from_secs(1);

/// What a resolver answers, by the number of the questions before.
type Script = fn(usize) -> std::io::Result<Vec<IpAddr>>;

/// The tests' network, and how often its resolver was asked.
struct Scene {
    network: Network,
    asked: Arc<AtomicUsize>,
}

impl Scene {
    /// Every name leads where the script says.
    fn new(script: Script) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |_| {
            let answer = script(count.fetch_add(1, Ordering::SeqCst));
            Box::pin(async move { answer })
        });
        let network = Network {
            lookup,
            is_public: |ip| ip == PUBLIC,
            authorities: vec![tls::authority()],
        };
        Self { network, asked }
    }

    /// Every name leads to the public address.
    fn public() -> Self {
        Self::new(|_| Ok(vec![PUBLIC]))
    }

    fn poster(&self) -> Poster {
        self.poster_of(Receivers::Public, LIMIT)
    }

    fn poster_of(&self, receivers: Receivers, limit: Duration) -> Poster {
        let poster = Poster::within(receivers, self.network.clone(), limit);
        // Unoptimized, it takes a good part of the shorter limit.
        poster.http().expect("this machine has authorities, or the tests' own");
        poster
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn url(text: &str) -> ReceiverUrl {
    ReceiverUrl::parse(text, Receivers::PublicAndLoopback).unwrap()
}

async fn post(poster: &Poster, to: &str) -> Exchange {
    poster.post(&url(to), HeaderMap::new(), Bytes::from_static(b"{}")).await
}

/// Posters on a laptop, with the whole limit and with the one that is soon reached. The tests share them, for a client takes a while
/// to be made; there is nothing else that they could share.
static LAPTOPS: LazyLock<[Poster; 2]> =
    LazyLock::new(|| [LIMIT, SOON].map(|limit| Scene::public().poster_of(Receivers::PublicAndLoopback, limit)));

/// What a poster on a laptop gets from a receiver there, without TLS.
async fn post_to(receiver: &receiver::Receiver) -> Exchange {
    post(&LAPTOPS[0], &format!("http://127.0.0.1:{}/hook", receiver.port)).await
}

/// The same when it has little time.
async fn soon_post_to(receiver: &receiver::Receiver) -> Exchange {
    post(&LAPTOPS[1], &format!("http://127.0.0.1:{}/hook", receiver.port)).await
}

/// Status and fault of an exchange; the rest is tested apart.
fn outcome(exchange: &Exchange) -> (Option<u16>, Option<Fault>) {
    (exchange.status, exchange.error)
}
