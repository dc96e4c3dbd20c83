//! What is taken as a receiver's URL and what is not; which addresses are public.

mod addresses;

use proptest::prelude::*;

use super::*;

fn public(text: &str) -> Result<ReceiverUrl, Unfit> {
    ReceiverUrl::parse(text, Receivers::Public)
}

fn laptop(text: &str) -> Result<ReceiverUrl, Unfit> {
    ReceiverUrl::parse(text, Receivers::PublicAndLoopback)
}

#[test]
fn takes_public_hosts_over_https() {
    for text in [
        "https://example.com",
        "https://example.com/",
        "HTTPS://Example.COM/Hook",
        "https://example.com./hook",
        "https://hooks.example.com:443/a/b?token=x&y=%20",
        "https://example.com:1024/",
        "https://example.com:65535/",
        "https://a_b.example.com/",
        "https://xn--bcher-kva.example/",
        "https://bücher.example/",
        "https://localhost.example.com/",
        "https://mylocalhost.com/",
        "https://internal.example.com/",
        "https://8.8.8.8/hook",
        "https://134744072/hook",
        "https://[2606:4700:4700::1111]:8443/hook",
        "https://example.com/?next=https://user@10.0.0.1/",
        "https://example.com?next=a@b",
        "https://shop.catalan/",
        "https://example.com/{run}|^`\"<>",
    ] {
        let url = public(text).unwrap_or_else(|unfit| panic!("{text}: {unfit:?}"));
        assert_eq!(url.text(), text);
        assert_eq!(laptop(text), Ok(url));
    }
}

#[test]
fn refuses_what_is_no_https_url() {
    for text in [
        "",
        "https",
        "https:",
        "https://",
        "https:///",
        "https://?x",
        "https://:443/",
        "example.com",
        "//example.com/",
        "/hook",
        "http://example.com/",
        "ftp://example.com/",
        "wss://example.com/",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https:example.com",
        "https:/example.com",
        "https:///example.com",
        "https:\\\\example.com",
        "https://example.com\\@10.0.0.1/",
        " https://example.com/",
        "https://example.com/ ",
        "https://example.com/a b",
        "https://exa\tmple.com/",
        "https://example.com/\r\nHost: other",
        "https://example.com/\u{0}",
        "https://example.com:65536/",
        "https://example.com:x/",
        "https://1.2.3.4.5/",
        "https://256.0.0.1/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://exa mple.com/",
        "https://{host}/",
    ] {
        assert_eq!(public(text), Err(Unfit::NotHttps), "{text:?}");
        assert_eq!(laptop(text), Err(Unfit::NotHttps), "{text:?}");
    }
}

#[test]
fn counts_characters_as_sent() {
    let of = |chars: usize, letter: &str| format!("https://example.com/{}", letter.repeat(chars - 20));
    for letter in ["x", "é", "漢"] {
        assert!(public(&of(2_048, letter)).is_ok());
        assert_eq!(public(&of(2_049, letter)), Err(Unfit::TooLong));
    }
    assert_eq!(public(&"x".repeat(2_049)), Err(Unfit::TooLong));
    assert!(Unfit::TooLong.message().contains(&CHARS_MAX.to_string()));
}

#[test]
fn refuses_users_and_passwords_and_fragments() {
    for text in [
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://:password@example.com/",
        "https://@example.com/",
        "https://example.com@10.0.0.1/",
    ] {
        assert_eq!(public(text), Err(Unfit::Userinfo), "{text}");
    }
    for text in [
        "https://example.com/#token",
        "https://example.com#",
        "https://example.com/?a#b",
    ] {
        assert_eq!(public(text), Err(Unfit::Fragment), "{text}");
    }
    assert_eq!(laptop("http://user@localhost:9/"), Err(Unfit::Userinfo));
    assert_eq!(laptop("http://localhost:9/#x"), Err(Unfit::Fragment));
}

#[test]
fn refuses_the_ports_of_other_protocols() {
    for port in [0, 1, 22, 25, 80, 442, 444, 465, 1_023] {
        assert_eq!(
            public(&format!("https://example.com:{port}/")),
            Err(Unfit::Port),
            "{port}"
        );
        assert_eq!(
            laptop(&format!("https://example.com:{port}/")),
            Err(Unfit::Port),
            "{port}"
        );
    }
}

/// Every spelling of the laptop's own address and of the one that gives away a machine's credentials, among others.
const NOT_PUBLIC: [&str; 52] = [
    "127.0.0.1",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0X7F.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "0",
    "0.0.0.0",
    "0x0",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "10.0.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::10.0.0.1]",
    "[2002:7f00:1::]",
    "[2002:808:808::]",
    "[2001:0:a9fe:a9fe::]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[4000::1]",
];

/// Names that no public host has.
const NOT_PUBLIC_NAMES: [&str; 28] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "%6c%6f%63alhost",
    "ｌocalhost",
    "loc\u{ad}alhost",
    "a.localhost",
    "a.b.localhost.",
    "localhost.localdomain",
    "printer.local",
    "metadata.google.internal",
    "instance-data.ec2.internal",
    "router.home.arpa",
    "home.arpa",
    "wiki.corp",
    "nas.lan",
    "nas.home",
    "wiki.intranet",
    "wiki.private",
    "metadata",
    "intranet",
    "com",
    "com.",
    "a..example",
    ".example.com",
    "localhost..",
    "*.example.com",
    "a!b.example.com",
];

#[test]
fn refuses_hosts_that_are_not_public_in_every_spelling() {
    for host in NOT_PUBLIC.into_iter().chain(NOT_PUBLIC_NAMES) {
        for text in [format!("https://{host}/hook"), format!("https://{host}:8443")] {
            assert_eq!(public(&text), Err(Unfit::NotPublic), "{text}");
            assert_eq!(laptop(&text), Err(Unfit::NotPublic), "{text}");
        }
        assert_eq!(public(&format!("http://{host}/hook")), Err(Unfit::NotHttps), "{host}");
    }
}

#[test]
fn refuses_names_that_dns_cannot_have() {
    let label = "x".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "x".repeat(61));
    assert_eq!(longest.len(), 253);
    assert!(public(&format!("https://{longest}/")).is_ok());
    assert!(public(&format!("https://{longest}./")).is_ok());
    assert!(public(&format!("https://{longest}x/")).is_err());
    assert!(public(&format!("https://{label}.example/")).is_ok());
    assert!(public(&format!("https://{label}x.example/")).is_err());
}

#[test]
fn admits_loopback_on_a_laptop_alone_and_without_tls_alone() {
    for text in [
        "http://127.0.0.1:9000/hook",
        "http://127.255.255.254:1/",
        "http://2130706433:8080/",
        "http://[::1]:9000/hook?x=y",
        "http://localhost:9000/",
        "http://LOCALHOST/",
        "http://127.0.0.1/",
        "HTTP://localhost:65535",
    ] {
        let url = laptop(text).unwrap_or_else(|unfit| panic!("{text}: {unfit:?}"));
        assert_eq!(url.text(), text);
        assert_eq!(public(text), Err(Unfit::NotHttps), "{text}");
        assert_eq!(url.judge(Receivers::Public), Err(Unfit::NotHttps), "{text}");
        assert_eq!(url.judge(Receivers::PublicAndLoopback), Ok(()), "{text}");
    }
    for text in [
        "http://example.com/",
        "http://10.0.0.1:9000/",
        "http://128.0.0.1:9000/",
        "http://0.0.0.0:9000/",
        "http://[::]:9000/",
        "http://[::2]:9000/",
        "http://[::ffff:127.0.0.1]:9000/",
        "http://a.localhost:9000/",
        "http://localhost.:9000/",
        "http://localhost.example.com:9000/",
        "ftp://localhost:9000/",
    ] {
        assert_eq!(laptop(text), Err(Unfit::NotHttps), "{text}");
    }
    assert_eq!(laptop("http://localhost:0/"), Err(Unfit::Port));
    assert_eq!(laptop("https://localhost:9000/"), Err(Unfit::NotPublic));
    assert_eq!(laptop("https://127.0.0.1:9000/"), Err(Unfit::NotPublic));
}

#[test]
fn shows_no_query() {
    let url = public("https://example.com:8443/hook?token=s3cret").unwrap();
    assert_eq!(url.shown(), "https://example.com:8443/hook");
    assert_eq!(format!("{url:?}"), r#"ReceiverUrl("https://example.com:8443/hook")"#);
    assert_eq!(url.url().as_str(), "https://example.com:8443/hook?token=s3cret");
}

#[test]
fn every_refusal_begins_with_the_field() {
    let all = [
        Unfit::TooLong,
        Unfit::NotHttps,
        Unfit::Userinfo,
        Unfit::Fragment,
        Unfit::Port,
        Unfit::NotPublic,
    ];
    for unfit in all {
        assert!(unfit.message().starts_with("url must "), "{unfit:?}");
    }
}

#[test]
fn reads_the_words_that_it_writes() {
    for receivers in [Receivers::Public, Receivers::PublicAndLoopback] {
        assert_eq!(Receivers::parse(receivers.as_str()), Some(receivers));
    }
    for word in ["", "Public", "loopback", "all", "public "] {
        assert_eq!(Receivers::parse(word), None, "{word:?}");
    }
    assert_eq!(Receivers::default(), Receivers::Public);
}

proptest! {
    /// The judge and the HTTP client read the same host and port out of a URL that is taken.
    #[test]
    fn what_is_taken_leads_where_it_was_judged_to_lead(
        host in "localhost|127(\\.[01]){0,3}|[0-9]{1,3}(\\.0?[0-9]{1,3}){1,3}|\\[[0-9a-f]{0,4}::[0-9a-f:]{0,6}\\]|[a-zé%._-]{1,9}\\.com|[a-z0-9.:@%xX-]{1,20}",
        rest in "(:[0-9]{1,5})?([/?][ -~é]{0,12})?",
        scheme in "https?",
    ) {
        let text = format!("{scheme}://{host}{rest}");
        if let Ok(taken) = laptop(&text) {
            let uri: Uri = taken.url().as_str().parse().unwrap();
            prop_assert_eq!(uri.host(), taken.url().host_str());
            prop_assert_eq!(uri.port_u16(), taken.url().port());
            let scheme = taken.url().scheme();
            match uri.host().unwrap().trim_matches(['[', ']']).parse() {
                Ok(ip) if scheme == "https" => prop_assert!(is_public(ip)),
                Ok(ip) => prop_assert!(ip.is_loopback()),
                Err(_) => prop_assert!(scheme == "https" || uri.host() == Some("localhost")),
            }
        }
    }

    /// An address means the same in each way to write it.
    #[test]
    fn an_ipv4_address_is_judged_alike_in_every_spelling(bits in any::<u32>()) {
        let [a, b, c, d] = bits.to_be_bytes();
        let is_public = is_public(std::net::Ipv4Addr::from(bits).into());
        for host in [
            format!("{a}.{b}.{c}.{d}"),
            format!("{bits}"),
            format!("{bits:#x}"),
            format!("0{bits:o}"),
            format!("{a:#x}.0{b:o}.{}", u32::from(c) * 256 + u32::from(d)),
            format!("{a}.{b}.{c}.{d}."),
        ] {
            let judged = public(&format!("https://{host}/"));
            prop_assert_eq!(judged.err(), (!is_public).then_some(Unfit::NotPublic), "{}", host);
        }
        // In IPv6 clothes it is refused, public or not.
        for host in [
            format!("[::{a}.{b}.{c}.{d}]"),
            format!("[::ffff:{a}.{b}.{c}.{d}]"),
            format!("[64:ff9b::{a}.{b}.{c}.{d}]"),
            format!("[64:ff9b:1::{a}.{b}.{c}.{d}]"),
            format!("[2002:{:x}:{:x}::1]", bits >> 16, bits & 0xffff),
            format!("[2001:0:{:x}:{:x}::1]", bits >> 16, bits & 0xffff),
        ] {
            prop_assert_eq!(public(&format!("https://{host}/")), Err(Unfit::NotPublic), "{}", host);
        }
    }
}
