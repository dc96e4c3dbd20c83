//! What went wrong in an exchange, as the receiver's owner reads it. A fixed sentence for each: nothing of an error's own text,
//! which names addresses, and nothing of the answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter::successors;

use rustls::{AlertDescription, CertificateError};

use super::network::NoneIsPublic;

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It took longer than the limit.
    TimedOut,
    /// DNS gave no address.
    Unresolved,
    /// The URL's address or all of its name's are of a kind that is never posted to.
    NotPublic,
    /// No address took the connection.
    Unreachable,
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not begun.
    NotYetValid,
    /// The certificate does not name the URL's host.
    OtherName,
    /// No authority that is trusted vouches for the certificate, or it is broken.
    Untrusted,
    /// The receiver speaks no TLS that we do: 1.2 and 1.3.
    TlsTooOld,
    /// There was no TLS connection, for another reason.
    Tls,
    /// The connection ended before the answer did.
    Closed,
    /// What came is no answer of HTTP/1, or has more headers than anybody reads.
    Malformed,
    /// The answer was a redirect.
    Redirect,
    /// It is our fault: nothing was sent.
    Unsent,
}

impl Fault {
    /// The sentence; stable, for it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimedOut => "Timed out",
            Self::Unresolved => "Name could not be resolved",
            Self::NotPublic => "Address is not public",
            Self::Unreachable => "Could not connect",
            Self::Expired => "Certificate is expired",
            Self::NotYetValid => "Certificate is not valid yet",
            Self::OtherName => "Certificate is for another name",
            Self::Untrusted => "Certificate is not trusted",
            Self::TlsTooOld => "TLS 1.2 or 1.3 is needed",
            Self::Tls => "TLS failed",
            Self::Closed => "Connection was closed",
            Self::Malformed => "Answer was malformed",
            Self::Redirect => "Redirect is not followed",
            Self::Unsent => "Could not be sent",
        }
    }

    /// Reads it out of the types of an error's causes; the innermost that says anything says most.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let told = causes(error).filter_map(told).last();
        match told {
            Some(Self::NotPublic) => Self::NotPublic,
            // Whatever a resolver's own cause is.
            _ if error.is_dns() => Self::Unresolved,
            Some(fault) => fault,
            None if error.is_timeout() => Self::TimedOut,
            None if error.is_connect() => Self::Unreachable,
            None if error.is_builder() => Self::Unsent,
            None => Self::Closed,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error and what caused it, outermost first. An I/O error that carries another names that one's cause as its own, and
/// leaves out the error itself: it is put back in, for rustls's come that way.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| {
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        within
            .map(|within| within as &(dyn Error + 'static))
            .or_else(|| error.source())
    })
}

/// What a single cause tells.
fn told(cause: &(dyn Error + 'static)) -> Option<Fault> {
    if cause.is::<NoneIsPublic>() {
        Some(Fault::NotPublic)
    } else if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        Some(of_tls(error))
    } else if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        of_http(error)
    } else {
        cause.downcast_ref::<io::Error>().and_then(of_connection)
    }
}

fn of_tls(error: &rustls::Error) -> Fault {
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Fault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Fault::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Fault::OtherName,
            _ => Fault::Untrusted,
        },
        rustls::Error::PeerIncompatible(rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => Fault::TlsTooOld,
        _ => Fault::Tls,
    }
}

fn of_http(error: &hyper::Error) -> Option<Fault> {
    // A chunk's length that is no number comes as an I/O error.
    let within = error.source().and_then(|error| error.downcast_ref::<io::Error>());
    let is_invalid =
        within.is_some_and(|error| matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData));
    if error.is_parse() || is_invalid {
        Some(Fault::Malformed)
    } else if error.is_incomplete_message() {
        Some(Fault::Closed)
    } else {
        None
    }
}

fn of_connection(error: &io::Error) -> Option<Fault> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Some(Fault::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_ends_has_many_names() {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof};
        for kind in [UnexpectedEof, ConnectionReset, ConnectionAborted, BrokenPipe] {
            assert_eq!(told(&io::Error::from(kind)), Some(Fault::Closed), "{kind}");
        }
        assert_eq!(told(&io::Error::from(ConnectionRefused)), None);
    }
}
