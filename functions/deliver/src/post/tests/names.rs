//! Where names and addresses lead, and where they must not.

use std::io;
use std::net::SocketAddr;

use reqwest::dns::Resolve;

use super::network::NoneIsPublic;
use super::receiver::{self, Receiver, Reply};
use super::*;

fn refused() -> (Option<u16>, Option<Fault>) {
    (None, Some(Fault::NotPublic))
}

/// A receiver at the private address.
async fn private(port: u16) -> Receiver {
    Receiver::at(SocketAddr::new(PRIVATE, port), None, Reply::status(200)).await
}

/// A receiver at the public address, and one at the private address with the same port.
async fn pair() -> (Receiver, Receiver) {
    let public = Receiver::with_tls(tls::good(), Reply::status(200)).await;
    let private = private(public.port).await;
    (public, private)
}

#[tokio::test]
async fn each_try_asks_once_and_goes_where_it_was_told() {
    let (public, private) = pair().await;
    // Public for the first try; whoever asked a second time for it would be led astray.
    let scene = Scene::new(|before| Ok(vec![if before == 0 { PUBLIC } else { PRIVATE }]));
    let (poster, to) = (scene.poster(), format!("https://receiver.example:{}/", public.port));
    let exchange = post(&poster, &to).await;
    assert!(exchange.is_delivered(), "{exchange:?}");
    assert_eq!((scene.asked(), public.connections()), (1, 1));

    assert_eq!(outcome(&post(&poster, &to).await), refused());
    assert_eq!((scene.asked(), public.connections()), (2, 1));
    assert_eq!(private.connections(), 0);
}

#[tokio::test]
async fn of_mixed_addresses_only_public_ones_are_tried() {
    let (public, private) = pair().await;
    let scripts: [Script; 3] = [
        |_| Ok(vec![PRIVATE, PUBLIC]),
        |_| Ok(vec![PUBLIC, PRIVATE]),
        |_| Ok(vec!["::1".parse().unwrap(), PRIVATE, PUBLIC]),
    ];
    for script in scripts {
        let exchange = post(
            &Scene::new(script).poster(),
            &format!("https://receiver.example:{}/", public.port),
        )
        .await;
        assert!(exchange.is_delivered(), "{exchange:?}");
    }
    assert_eq!(private.connections(), 0);

    // Where the public receiver does not listen, the private one is no substitute.
    let (_taken, port) = receiver::nobody();
    let private = self::private(port).await;
    for script in scripts {
        let exchange = post(
            &Scene::new(script).poster(),
            &format!("https://receiver.example:{port}/"),
        )
        .await;
        assert_eq!(outcome(&exchange), (None, Some(Fault::Unreachable)));
    }
    assert_eq!(private.connections(), 0);
}

#[tokio::test]
async fn private_addresses_alone_are_refused_without_a_connection() {
    let (_public, private) = pair().await;
    for receivers in [Receivers::Public, Receivers::PublicAndLoopback] {
        let poster = Scene::new(|_| Ok(vec![PRIVATE, "::1".parse().unwrap()])).poster_of(receivers, LIMIT);
        let exchange = post(&poster, &format!("https://receiver.example:{}/", private.port)).await;
        assert_eq!(outcome(&exchange), refused());
    }
    assert_eq!(private.connections(), 0);
}

#[tokio::test]
async fn on_the_internet_no_name_leads_to_an_own_address() {
    let receiver = Receiver::start(Reply::status(200)).await;
    let addresses = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ];
    for address in addresses {
        for receivers in [Receivers::Public, Receivers::PublicAndLoopback] {
            let address: IpAddr = address.parse().unwrap();
            let network = Network {
                lookup: Arc::new(move |_| Box::pin(async move { Ok(vec![address]) })),
                ..Network::internet()
            };
            let poster = Poster::within(receivers, network, LIMIT);
            let exchange = post(&poster, &format!("https://receiver.example:{}/", receiver.port)).await;
            assert_eq!(outcome(&exchange), refused(), "{address}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn the_own_machine_is_for_laptops_in_every_spelling() {
    let receiver = Receiver::start(Reply::status(200)).await;
    let spellings = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "%31%32%37.0.0.1",
        "localhost",
        "LOCALHOST",
    ];
    for (before, host) in spellings.into_iter().enumerate() {
        let to = format!("http://{host}:{}/hook", receiver.port);
        assert_eq!(
            outcome(&post(&Poster::new(Receivers::Public), &to).await),
            refused(),
            "{host}"
        );
        assert_eq!(receiver.connections(), before, "{host}");

        let exchange = post(&Poster::new(Receivers::PublicAndLoopback), &to).await;
        assert!(exchange.is_delivered(), "{host}: {exchange:?}");
        assert_eq!(receiver.connections(), before + 1, "{host}");
    }
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_a_resolver_says() {
    let (_public, private) = pair().await;
    let local = Receiver::start(Reply::status(200)).await;
    let scene = Scene::new(|_| Ok(vec![PRIVATE]));
    let poster = scene.poster_of(Receivers::PublicAndLoopback, LIMIT);
    let exchange = post(&poster, &format!("http://localhost:{}/", local.port)).await;
    assert!(exchange.is_delivered(), "{exchange:?}");
    let exchange = post(&poster, &format!("http://localhost:{}/", private.port)).await;
    assert!(!exchange.is_delivered(), "the port speaks TLS there: {exchange:?}");
    assert_eq!((scene.asked(), private.connections()), (0, 0));
}

#[tokio::test]
async fn on_a_server_even_the_resolver_knows_no_localhost() {
    let vetting = |receivers| Vetting::new(receivers, &Network::internet());
    let found = vetting(Receivers::PublicAndLoopback)
        .resolve("localhost".parse().unwrap())
        .await;
    assert!(found.unwrap().all(|address| address.ip().is_loopback()));
    let Err(error) = vetting(Receivers::Public).resolve("localhost".parse().unwrap()).await else {
        panic!("it must lead nowhere");
    };
    assert!(error.is::<NoneIsPublic>(), "{error:?}");
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_said_to() {
    let scripts: [Script; 4] = [
        |_| Ok(Vec::new()),
        |_| Err(io::Error::other("failed to lookup address information")),
        |_| Err(io::ErrorKind::NotFound.into()),
        |_| Err(io::ErrorKind::TimedOut.into()),
    ];
    for script in scripts {
        let exchange = post(&Scene::new(script).poster(), "https://receiver.example/").await;
        assert_eq!(outcome(&exchange), (None, Some(Fault::Unresolved)));
    }
}

#[tokio::test]
async fn the_limit_covers_the_resolver() {
    let network = Network {
        lookup: Arc::new(|_| Box::pin(std::future::pending())),
        ..Network::internet()
    };
    let poster = Poster::within(Receivers::Public, network, SOON);
    let exchange = post(&poster, "https://receiver.example/").await;
    assert_eq!(outcome(&exchange), (None, Some(Fault::TimedOut)));
}

#[tokio::test]
async fn a_name_with_thousands_of_addresses_is_no_scan() {
    let receiver = Receiver::with_tls(tls::good(), Reply::status(200)).await;
    let to = format!("https://receiver.example:{}/", receiver.port);
    let dead = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    for (ahead, is_found) in [(ADDRESSES_MAX - 1, true), (ADDRESSES_MAX, false)] {
        let network = Network {
            lookup: Arc::new(move |_| {
                let mut found = vec![dead; ahead];
                found.push(PUBLIC);
                Box::pin(async move { Ok(found) })
            }),
            is_public: |_| true,
            ..Scene::public().network
        };
        let exchange = post(&Poster::within(Receivers::Public, network, LIMIT), &to).await;
        assert_eq!(exchange.is_delivered(), is_found, "{exchange:?}");
    }
}

#[tokio::test]
async fn the_systems_resolver_knows_the_own_machine() {
    let network = Network::internet();
    let found = (network.lookup)("localhost".to_owned()).await.unwrap();
    assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty(), "{found:?}");
}
