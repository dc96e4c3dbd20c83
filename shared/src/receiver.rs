//! Where outcomes may be posted: over TLS to a host of the public Internet, and on a laptop to the laptop itself.
//!
//! The rule for addresses that are written out and for names that cannot be public ones. To what a name leads is judged where
//! the connection is made, by the same [`is_public`]; nothing is resolved and nothing connected to here. *Source*: contract §6.

mod address;
mod name;

use std::fmt;

use http::Uri;
use url::{Host, Url};

pub use self::address::is_public;

/// The longest URL, in characters as sent. *Source*: contract §3.
const CHARS_MAX: usize = 2_048;
/// The port of HTTPS.
const HTTPS_PORT: u16 = 443;
/// The first port that a receiver may choose. Those below are other protocols' (SSH, SMTP, DNS …), to which a POST would be an
/// attack. *Source*: contract §6, RFC 6335 §6 for the bound.
const CHOSEN_PORT_MIN: u16 = 1_024;

/// Which receivers a service posts to; a setting. The default is the stricter one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Receivers {
    /// Those on the Internet, over TLS.
    #[default]
    Public,
    /// Those too that listen on the same machine, by `http://`: a laptop's. On a server that would be a way in.
    PublicAndLoopback,
}

impl Receivers {
    /// Reads the setting's word; `None` when there is no such word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Public, Self::PublicAndLoopback]
            .into_iter()
            .find(|receivers| receivers.as_str() == word)
    }

    /// The setting's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::PublicAndLoopback => "public+loopback",
        }
    }
}

/// Why nothing may be posted to a URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// It is longer than 2 048 characters.
    TooLong,
    /// It is no URL, or none that begins with `https://`.
    NotHttps,
    /// It carries a user's name or password.
    Userinfo,
    /// It has a fragment.
    Fragment,
    /// Its port is another protocol's.
    Port,
    /// It names a host that is not on the Internet.
    NotPublic,
}

impl Unfit {
    /// The sentence for whoever sent it, about a field `url`; it begins with the field's name.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::TooLong => "url must be at most 2048 characters",
            Self::NotHttps => "url must be https",
            Self::Userinfo => "url must have no user name and no password",
            Self::Fragment => "url must have no fragment",
            Self::Port => "url must have port 443 or a port from 1024 on",
            Self::NotPublic => "url must name a public host",
        }
    }
}

/// A URL to which outcomes may be posted. Who prints it by `{:?}` sees what [`ReceiverUrl::shown`] gives: in the query there
/// may be a token.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverUrl {
    text: String,
    url: Url,
}

impl ReceiverUrl {
    /// Reads a URL by the URL standard (WHATWG), so that every spelling of an address is the address.
    ///
    /// What that standard mends in silence is refused instead: spaces, backslashes, `https:host`. There, readers of one text
    /// differ over which host it names. A fragment is refused rather than dropped: no server is ever sent one, and whoever
    /// writes a token there has to hear it now.
    ///
    /// *Errors*: [`Unfit`], the first that is true.
    pub fn parse(text: &str, receivers: Receivers) -> Result<Self, Unfit> {
        if text.chars().count() > CHARS_MAX {
            return Err(Unfit::TooLong);
        }
        if text.contains(|char: char| char.is_whitespace() || char.is_control() || char == '\\') {
            return Err(Unfit::NotHttps);
        }
        let (_, rest) = text.split_once("://").ok_or(Unfit::NotHttps)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let url = Url::parse(text).map_err(|_| Unfit::NotHttps)?;
        // The HTTP client is stricter than the URL standard; what it would not send is not taken either.
        if authority.is_empty() || url.as_str().parse::<Uri>().is_err() {
            return Err(Unfit::NotHttps);
        }
        let read = Self {
            text: text.to_owned(),
            url,
        };
        if authority.contains('@') {
            return Err(Unfit::Userinfo);
        }
        if read.url.fragment().is_some() {
            return Err(Unfit::Fragment);
        }
        read.judge(receivers)?;
        Ok(read)
    }

    /// Says again whether it may be posted to: it was stored, and the setting may be another one by now.
    ///
    /// *Errors*: [`Unfit::NotHttps`], [`Unfit::Port`], [`Unfit::NotPublic`].
    pub fn judge(&self, receivers: Receivers) -> Result<(), Unfit> {
        let port = self.url.port_or_known_default().unwrap_or_default();
        match (self.url.scheme(), receivers) {
            ("http", Receivers::PublicAndLoopback) if self.is_loopback() => match port {
                0 => Err(Unfit::Port),
                _ => Ok(()),
            },
            ("https", _) if port != HTTPS_PORT && port < CHOSEN_PORT_MIN => Err(Unfit::Port),
            ("https", _) if !self.may_be_public() => Err(Unfit::NotPublic),
            ("https", _) => Ok(()),
            _ => Err(Unfit::NotHttps),
        }
    }

    /// The text as it was sent.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The URL as it is posted to.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// What may be logged: scheme, host, port and path.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.into()
    }

    fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            // `::1` alone: no receiver on a laptop needs an IPv4 address in IPv6 clothes.
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    fn may_be_public(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(ip)) => is_public(ip.into()),
            Some(Host::Ipv6(ip)) => is_public(ip.into()),
            Some(Host::Domain(name)) => name::may_be_public(name),
            None => false,
        }
    }
}

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReceiverUrl").field(&self.shown()).finish()
    }
}

#[cfg(test)]
mod tests;
