//! Certificates and handshakes, good and bad.

use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use reqwest::Certificate;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::receiver::{Receiver, Reply};
use super::*;

/// The receiver's name in all of these tests.
const NAME: &str = "receiver.example";

/// An authority that every certificate of these tests is from, unless it is from none.
fn issuer() -> &'static CertifiedIssuer<'static, KeyPair> {
    static ISSUER: OnceLock<CertifiedIssuer<'static, KeyPair>> = OnceLock::new();
    ISSUER.get_or_init(|| issuer_of("Authority of the tests"))
}

fn issuer_of(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// It, as posters trust it.
pub fn authority() -> Certificate {
    Certificate::from_der(issuer().der()).unwrap()
}

/// A certificate for a name, in time; the test makes it worse.
fn certificate(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params
}

/// A server with a certificate of an authority.
fn signed(params: &CertificateParams, by: &CertifiedIssuer<'static, KeyPair>) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    server(certificate.der().clone(), &key)
}

fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// A server that has nothing wrong with it.
pub fn good() -> ServerConfig {
    signed(&certificate(NAME), issuer())
}

async fn of(tls: ServerConfig) -> Exchange {
    let receiver = Receiver::with_tls(tls, Reply::status(200)).await;
    let exchange = post(&Scene::public().poster(), &format!("https://{NAME}:{}/", receiver.port)).await;
    if !exchange.is_delivered() {
        assert!(
            receiver.requests().is_empty(),
            "nothing is said to whom nobody vouches for"
        );
    }
    exchange
}

/// What comes of a receiver that has these bytes for a hello, and closes then or stays.
async fn of_bytes(bytes: &[u8]) -> [(Option<u16>, Option<Fault>); 2] {
    let of = async |reply| {
        let receiver = Receiver::start(reply).await;
        let to = format!("https://{NAME}:{}/", receiver.port);
        outcome(&post(&Scene::public().poster(), &to).await)
    };
    [
        of(Reply::Snub(bytes.to_vec())).await,
        of(Reply::Greet(bytes.to_vec())).await,
    ]
}

#[tokio::test]
async fn posts_to_whom_an_authority_vouches_for() {
    let exchange = of(good()).await;
    assert!(exchange.is_delivered(), "{exchange:?}");
}

#[tokio::test]
async fn a_names_last_dot_changes_nothing() {
    let receiver = Receiver::with_tls(good(), Reply::status(200)).await;
    let exchange = post(
        &Scene::public().poster(),
        &format!("https://{NAME}.:{}/", receiver.port),
    )
    .await;
    assert!(exchange.is_delivered(), "{exchange:?}");
}

#[tokio::test]
async fn says_what_is_wrong_with_a_certificate() {
    let mut expired = certificate(NAME);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut early = certificate(NAME);
    early.not_before = date_time_ymd(2119, 1, 1);
    for (tls, fault) in [
        (signed(&expired, issuer()), Fault::Expired),
        (signed(&early, issuer()), Fault::NotYetValid),
        (signed(&certificate("other.example"), issuer()), Fault::OtherName),
        (signed(&certificate("sub.receiver.example"), issuer()), Fault::OtherName),
        (
            signed(&certificate(NAME), &issuer_of("Nobody's authority")),
            Fault::Untrusted,
        ),
        // The same name and another key.
        (
            signed(&certificate(NAME), &issuer_of("Authority of the tests")),
            Fault::Untrusted,
        ),
    ] {
        assert_eq!(outcome(&of(tls).await), (None, Some(fault)));
    }
}

#[tokio::test]
async fn refuses_who_vouches_for_itself() {
    let key = KeyPair::generate().unwrap();
    let mut params = certificate(NAME);
    let plain = params.self_signed(&key).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    for certificate in [plain, authority] {
        let exchange = of(server(certificate.der().clone(), &key)).await;
        assert_eq!(outcome(&exchange), (None, Some(Fault::Untrusted)));
    }
}

#[tokio::test]
async fn the_tests_authority_is_none_on_the_internet() {
    let receiver = Receiver::with_tls(good(), Reply::status(200)).await;
    let scene = Scene::public();
    let network = Network {
        authorities: Network::internet().authorities,
        ..scene.network
    };
    let poster = Poster::within(Receivers::Public, network, LIMIT);
    let exchange = post(&poster, &format!("https://{NAME}:{}/", receiver.port)).await;
    // A machine without any authority cannot post at all.
    assert!(
        matches!(exchange.error, Some(Fault::Untrusted | Fault::Unsent)),
        "{exchange:?}"
    );
}

#[tokio::test]
async fn speaks_no_tls_before_1_2() {
    // A server of 1.0 or 1.1 chooses its own version; a polite one says so in an alert.
    for minor in [1, 2] {
        let mut hello = vec![2, 0, 0, 38, 3, minor];
        hello.extend([7; 32]);
        // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        hello.extend([0, 0, 0x2f, 0]);
        let record = [&[22, 3, minor, 0, 42][..], &hello].concat();
        let alert = [21, 3, minor, 0, 2, 2, 70];
        for bytes in [record.as_slice(), &alert] {
            for outcome in of_bytes(bytes).await {
                assert_eq!(outcome, (None, Some(Fault::TlsTooOld)), "{bytes:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_handshake_that_fails_is_told_from_one_that_never_ends() {
    for (reply, limit, fault) in [
        (Reply::Greet(Vec::new()), SOON, Fault::TimedOut),
        (Reply::Snub(Vec::new()), LIMIT, Fault::Closed),
        (Reply::Close, LIMIT, Fault::Closed),
    ] {
        let receiver = Receiver::start(reply).await;
        let poster = Scene::public().poster_of(Receivers::Public, limit);
        let exchange = post(&poster, &format!("https://{NAME}:{}/", receiver.port)).await;
        assert_eq!(outcome(&exchange), (None, Some(fault)));
    }
    for bytes in [
        // The TLS port speaks HTTP.
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".as_slice(),
        b"220 mail.example ESMTP\r\n",
        // An alert: handshake_failure, unrecognized_name.
        &[21, 3, 3, 0, 2, 2, 40],
        &[21, 3, 3, 0, 2, 2, 112],
    ] {
        for outcome in of_bytes(bytes).await {
            assert_eq!(outcome, (None, Some(Fault::Tls)), "{bytes:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_over_tls_may_break_off_too() {
    for (answer, status, fault) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbroke",
            Some(200),
            Fault::Closed,
        ),
        ("garbage\r\n\r\n", None, Fault::Malformed),
    ] {
        let receiver = Receiver::with_tls(good(), Reply::text(answer)).await;
        let exchange = post(&Scene::public().poster(), &format!("https://{NAME}:{}/", receiver.port)).await;
        assert_eq!(outcome(&exchange), (status, Some(fault)), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_tls_within_a_connection_is_told_from_a_bad_answer() {
    let listener = TcpListener::bind((PUBLIC, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let receiver = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut stream = TlsAcceptor::from(Arc::new(good())).accept(socket).await.unwrap();
        // Past the encryption.
        stream.get_mut().0.write_all(b"HTTP, in the clear").await.unwrap();
        stream
    });
    let exchange = post(&Scene::public().poster(), &format!("https://{NAME}:{port}/")).await;
    assert_eq!(outcome(&exchange), (None, Some(Fault::Tls)));
    drop(receiver.await.unwrap());
}
