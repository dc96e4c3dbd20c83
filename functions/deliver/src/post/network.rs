//! The network as a poster meets it: who says where a name leads, which of those addresses may be connected to, whose
//! certificates count.

use std::error::Error;
use std::fmt;
use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use eclips_shared::receiver::{Receivers, is_public};
use futures_util::future::BoxFuture;
use reqwest::Certificate;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The most addresses of a name that are tried. A name with thousands of them would make a scan of one try; our choice.
pub(super) const ADDRESSES_MAX: usize = 16;

/// Gives a name's addresses, in the order in which they are to be tried.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// A network.
#[derive(Clone)]
pub struct Network {
    /// Asked once for each try.
    pub lookup: Lookup,
    /// Whether a receiver with a name may be at an address. Addresses that are written out are [`is_public`]'s to judge, in
    /// every network.
    pub is_public: fn(IpAddr) -> bool,
    /// Authorities whose certificates are trusted beside those that the system trusts.
    pub authorities: Vec<Certificate>,
}

impl Network {
    /// The Internet, by the system's resolver and the system's authorities.
    #[must_use]
    pub fn internet() -> Self {
        Self {
            lookup: Arc::new(|name| Box::pin(system_lookup(name))),
            is_public,
            authorities: Vec::new(),
        }
    }
}

async fn system_lookup(name: String) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).collect())
}

/// None of a name's addresses is one that may be connected to.
#[derive(Debug)]
pub(super) struct NoneIsPublic;

impl fmt::Display for NoneIsPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none of the name's addresses is public")
    }
}

impl Error for NoneIsPublic {}

/// The connector's resolver: asks once, and hands on only addresses that were judged. The connection is made to these very
/// addresses; nobody resolves the name a second time, so that it cannot lead elsewhere by then (DNS rebinding).
pub(super) struct Vetting {
    receivers: Receivers,
    lookup: Lookup,
    is_public: fn(IpAddr) -> bool,
}

impl Vetting {
    pub(super) fn new(receivers: Receivers, network: &Network) -> Self {
        Self {
            receivers,
            lookup: Arc::clone(&network.lookup),
            is_public: network.is_public,
        }
    }
}

impl Resolve for Vetting {
    fn resolve(&self, name: Name) -> Resolving {
        // This name alone stands for the own machine, and its URL is an `http://` one. Nobody is asked what it means (RFC
        // 6761 §6.3), and no other name leads there.
        if name.as_str() == "localhost" {
            return Box::pin(ready(match self.receivers {
                Receivers::PublicAndLoopback => {
                    Ok(addresses(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]))
                }
                Receivers::Public => Err(NoneIsPublic.into()),
            }));
        }
        let (asked, is_public) = ((self.lookup)(name.as_str().to_owned()), self.is_public);
        Box::pin(async move {
            let mut found = asked.await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            found.retain(|ip| is_public(*ip));
            found.truncate(ADDRESSES_MAX);
            if found.is_empty() {
                return Err(NoneIsPublic.into());
            }
            Ok(addresses(found))
        })
    }
}

/// The port is the URL's; the connector puts it in.
fn addresses(ips: Vec<IpAddr>) -> Addrs {
    Box::new(ips.into_iter().map(|ip| SocketAddr::new(ip, 0)))
}
