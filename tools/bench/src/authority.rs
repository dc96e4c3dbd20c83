//! An authority of this run's own, so that the store can be behind TLS as in AWS. A function trusts it by `SSL_CERT_FILE`, which the SDK's client
//! reads in the place of the system's certificates.
//!
//! What a floor gets is the system's own list with one more, because to read some 140 certificates is part of every cold start in AWS that
//! leaves it to the SDK. A function gets Amazon's list with one more: in AWS it has that list within it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Where the system keeps its certificates: Debian and Ubuntu; Fedora and Amazon Linux.
const SYSTEM: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// The list that our functions have within them.
const AMAZON: &str = include_str!("../../../shared/src/amazon-roots.pem");

/// An authority and the one certificate that it signed.
pub struct Authority {
    acceptor: TlsAcceptor,
    /// What the SDK reads by its defaults.
    pub system: Roots,
    /// What a function of ours reads.
    pub amazon: Roots,
}

/// A list of authorities, ours among them; the file is gone with it.
#[derive(Debug)]
pub struct Roots {
    file: NamedTempFile,
    /// How many there are.
    pub count: usize,
}

impl Roots {
    fn write(others: &str, ours: &str) -> Result<Self> {
        let list = format!("{others}\n{ours}");
        let mut file = NamedTempFile::new().context("no room for a list of certificates in the temporary folder")?;
        file.write_all(list.as_bytes())?;
        Ok(Self {
            file,
            count: list.matches("BEGIN CERTIFICATE").count(),
        })
    }

    /// Where the list is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Authority {
    /// Makes one. Its server has a key of 2 048 bits of RSA, as DynamoDB's endpoints do.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority of the bench");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
        let secret = PrivateKeyDer::try_from(key.serialize_der())
            .ok()
            .context("a key in PKCS 8")?;
        let mut server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)?;
        // DynamoDB speaks nothing newer.
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        let system = SYSTEM.iter().find_map(|path| std::fs::read_to_string(path).ok());
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            system: Roots::write(&system.unwrap_or_default(), &issuer.pem())?,
            amazon: Roots::write(AMAZON, &issuer.pem())?,
        })
    }

    /// What a server does with a connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}
