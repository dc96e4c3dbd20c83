//! Proxies that the environment names are not used.

use std::env;
use std::process::Stdio;

use tokio::process::Command;

use super::receiver::{Receiver, Reply};
use super::*;

/// Also what the test below runs in a process of its own.
#[tokio::test]
async fn posts_straight_to_the_receiver() {
    let plain = Receiver::start(Reply::status(200)).await;
    assert!(post_to(&plain).await.is_delivered());
    let secure = Receiver::with_tls(tls::good(), Reply::status(200)).await;
    let to = format!("https://receiver.example:{}/", secure.port);
    assert!(post(&Scene::public().poster(), &to).await.is_delivered());
}

#[tokio::test]
async fn the_environments_proxies_are_not_asked() {
    let proxy = Receiver::start(Reply::status(502)).await;
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([
        "--exact",
        "post::tests::proxies::posts_straight_to_the_receiver",
        "--nocapture",
    ]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        let address = format!("http://127.0.0.1:{}", proxy.port);
        child.env(name, &address).env(name.to_lowercase(), &address);
    }
    child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD");
    let output = child.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.connections(), 0);
}
