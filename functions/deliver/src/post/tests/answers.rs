//! Answers of every kind, and the lack of one.

use futures_util::future::join_all;

use super::receiver::{self, Receiver, Reply};
use super::*;

const OK_EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

async fn of(reply: Reply) -> Exchange {
    post_to(&Receiver::start(reply).await).await
}

/// The same with a limit that is soon reached.
async fn soon_of(reply: Reply) -> Exchange {
    soon_post_to(&Receiver::start(reply).await).await
}

#[tokio::test]
async fn sends_what_it_is_given_and_says_who_it_is() {
    let receiver = Receiver::start(Reply::text(OK_EMPTY)).await;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("x-eclips-event", HeaderValue::from_static("run.completed"));
    let body = Bytes::from_static("{\"n\": 1.10, \"é\":\"漢\"}".as_bytes());
    let to = url(&format!("http://127.0.0.1:{}/a/b?token=x&y=%20", receiver.port));
    let exchange = LAPTOPS[0].post(&to, headers, body).await;
    assert!(exchange.is_delivered(), "{exchange:?}");

    let requests = receiver.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /a/b?token=x&y=%20 HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept: */*",
            "connection: close",
            "content-length: 23",
            "content-type: application/json",
            &format!("host: 127.0.0.1:{}", receiver.port),
            "user-agent: eClips-Webhooks/1.0",
            "x-eclips-event: run.completed",
        ]
    );
    assert_eq!(body, "{\"n\": 1.10, \"é\":\"漢\"}");
}

#[tokio::test]
async fn every_try_has_a_connection_of_its_own() {
    let answer = "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok";
    let receiver = Receiver::start(Reply::Hold(answer.into())).await;
    for tries in 1..=3 {
        let exchange = post_to(&receiver).await;
        assert!(exchange.is_delivered(), "{exchange:?}");
        assert_eq!(receiver.connections(), tries);
    }
    receiver.written().await;
}

#[tokio::test]
async fn a_2xx_is_a_success_and_nothing_else_is() {
    for status in [200, 201, 202, 204, 299] {
        let exchange = of(Reply::status(status)).await;
        assert_eq!(outcome(&exchange), (Some(status), None));
        assert!(exchange.is_delivered());
    }
    for status in [400, 401, 404, 410, 429, 499, 500, 502, 503, 599, 600, 999] {
        let exchange = of(Reply::status(status)).await;
        assert_eq!(outcome(&exchange), (Some(status), None));
        assert!(!exchange.is_delivered());
    }
}

#[tokio::test]
async fn old_and_plain_answers_are_answers() {
    for answer in [
        "HTTP/1.0 200 OK\r\n\r\nok",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil it closes",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ] {
        assert_eq!(outcome(&of(Reply::text(answer)).await), (Some(200), None), "{answer}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed_wherever_it_leads() {
    let elsewhere = Receiver::start(Reply::text(OK_EMPTY)).await;
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        for location in [
            format!("http://127.0.0.1:{}/", elsewhere.port),
            format!("http://localhost:{}/", elsewhere.port),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "https://example.com/".to_owned(),
            "//[".to_owned(),
        ] {
            // Its body never comes, and nobody waits for it.
            let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 9\r\n\r\n");
            let receiver = Receiver::start(Reply::Hold(answer.into())).await;
            let exchange = post_to(&receiver).await;
            assert_eq!(outcome(&exchange), (Some(status), Some(Fault::Redirect)), "{location}");
            assert!(!exchange.is_delivered());
            assert_eq!(receiver.connections(), 1);
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn of_a_failure_no_body_is_waited_for() {
    let exchange = of(Reply::Hold("HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\n".into())).await;
    assert_eq!(outcome(&exchange), (Some(500), None));
}

#[tokio::test]
async fn one_limit_covers_all_of_it() {
    let cases = [
        ("", None),
        ("HTTP/1.1 200 OK\r\ncontent-le", None),
        ("HTTP/1.1 100 Continue\r\n\r\n", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nnot yet", Some(200)),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n",
            Some(200),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nuntil it closes", Some(200)),
    ];
    join_all(cases.map(async |(said, status)| {
        let exchange = soon_of(Reply::Hold(said.into())).await;
        assert_eq!(outcome(&exchange), (status, Some(Fault::TimedOut)), "{said}");
        assert!(!exchange.is_delivered());
        let took = Duration::from_millis(exchange.took_ms);
        assert!((SOON..LIMIT).contains(&took), "{took:?}");
    }))
    .await;
}

#[tokio::test]
async fn the_limit_also_ends_what_never_pauses() {
    for again in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n",
    ] {
        let exchange = soon_of(Reply::Endless(Vec::new(), again.into())).await;
        assert_eq!(outcome(&exchange), (None, Some(Fault::TimedOut)), "{again}");
    }
}

#[tokio::test]
async fn informational_answers_come_before_the_real_one() {
    let answer = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n{OK_EMPTY}");
    assert_eq!(outcome(&of(Reply::text(&answer)).await), (Some(200), None));
    let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let exchange = of(Reply::Hold(switch.into())).await;
    assert_eq!(outcome(&exchange), (Some(101), Some(Fault::Malformed)));
}

#[tokio::test]
async fn of_a_body_that_is_too_long_a_part_is_read_and_no_more() {
    let zeros = vec![b'0'; 64 * 1024];
    let chunk = [b"10000\r\n", zeros.as_slice(), b"\r\n"].concat();
    for (head, again) in [
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk),
        ("HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n", zeros.clone()),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 104857600\r\n\r\n",
            zeros.clone(),
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", zeros),
    ] {
        let receiver = Receiver::start(Reply::Endless(head.into(), again)).await;
        let exchange = post_to(&receiver).await;
        assert_eq!(outcome(&exchange), (Some(200), None), "{head}");
        // What both sockets' buffers hold is on its way before anybody hangs up.
        let written = receiver.written().await;
        assert!(written < 32 * 1024 * 1024, "{written}");
    }
}

#[tokio::test]
async fn the_bound_on_a_body_is_where_it_is_said_to_be() {
    // What is within it is waited for, what is beyond it is not.
    for (sent, fault) in [(BODY_BYTES_MAX, Some(Fault::TimedOut)), (BODY_BYTES_MAX + 1, None)] {
        let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", BODY_BYTES_MAX + 2).into_bytes();
        answer.resize(answer.len() + sent, b'0');
        assert_eq!(
            outcome(&soon_of(Reply::Hold(answer)).await),
            (Some(200), fault),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn nothing_is_unpacked() {
    // No gzip at all: whoever unpacked it would fail.
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope";
    assert_eq!(outcome(&of(Reply::text(answer)).await), (Some(200), None));
}

#[tokio::test]
async fn headers_are_bounded() {
    let with = |count: usize, length: usize| {
        let headers: String = (0..count)
            .map(|number| format!("x-{number}: {}\r\n", "y".repeat(length)))
            .collect();
        Reply::text(&format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n"))
    };
    assert_eq!(outcome(&of(with(HEADERS_MAX - 1, 9)).await), (Some(200), None));
    assert_eq!(outcome(&of(with(HEADERS_MAX, 9)).await), (None, Some(Fault::Malformed)));
    assert_eq!(outcome(&of(with(1_000, 9)).await), (None, Some(Fault::Malformed)));
    assert_eq!(outcome(&of(with(1, 1024 * 1024)).await), (None, Some(Fault::Malformed)));
    let endless = Reply::Endless("HTTP/1.1 200 OK\r\nx: ".into(), vec![b'y'; 64 * 1024]);
    assert_eq!(outcome(&of(endless).await), (None, Some(Fault::Malformed)));
}

#[tokio::test]
async fn what_is_no_answer_is_told_from_a_connection_that_ends() {
    for (answer, status, fault) in [
        ("garbage garbage garbage\r\n\r\n", None, Fault::Malformed),
        ("\0\u{1}\u{2}\u{3}", None, Fault::Malformed),
        // HTTP/0.9 is a body and nothing else.
        ("<html>hello</html>", None, Fault::Malformed),
        ("HTTP/2.0 200 OK\r\n\r\n", None, Fault::Malformed),
        ("HTTP/1.1 20 OK\r\n\r\n", None, Fault::Malformed),
        ("HTTP/1.1 000 OK\r\n\r\n", None, Fault::Malformed),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", None, Fault::Malformed),
        ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", None, Fault::Malformed),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
            None,
            Fault::Malformed,
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", None, Fault::Malformed),
        ("", None, Fault::Closed),
        ("HTTP/1.1 2", None, Fault::Closed),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n", None, Fault::Closed),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbroke",
            Some(200),
            Fault::Closed,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nbroke",
            Some(200),
            Fault::Closed,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
            Some(200),
            Fault::Malformed,
        ),
    ] {
        let receiver = Receiver::start(Reply::text(answer)).await;
        let exchange = post_to(&receiver).await;
        assert_eq!(outcome(&exchange), (status, Some(fault)), "{answer:?}");
        assert!(!exchange.is_delivered());
        assert_eq!(receiver.connections(), 1, "a try is one request");
    }
    let receiver = Receiver::start(Reply::Close).await;
    let exchange = post_to(&receiver).await;
    assert_eq!(outcome(&exchange), (None, Some(Fault::Closed)));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn nobody_listening_is_said_to_be_that() {
    let (_taken, port) = receiver::nobody();
    let to = format!("http://127.0.0.1:{port}/");
    assert_eq!(outcome(&post(&LAPTOPS[0], &to).await), (None, Some(Fault::Unreachable)));
}

#[tokio::test]
async fn retry_after_comes_with_any_status() {
    for (status, header, wait) in [
        (429, "retry-after: 30\r\n", Some(Duration::from_secs(30))),
        (503, "retry-after: 86400\r\n", Some(Duration::from_secs(86_400))),
        (503, "retry-after: -1\r\n", None),
        (503, "", None),
    ] {
        let answer = format!("HTTP/1.1 {status} No\r\n{header}content-length: 0\r\n\r\n");
        let exchange = of(Reply::text(&answer)).await;
        assert_eq!(
            (exchange.status, exchange.retry_after),
            (Some(status), wait),
            "{header}"
        );
    }
    let answer = "HTTP/1.1 503 No\r\nretry-after: Fri, 01 Jan 2100 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(
        of(Reply::text(answer)).await.retry_after,
        Some(Duration::from_secs(86_400))
    );
}
