//! Each block by its first and last address, written out and not computed, and the neighbours on both sides.

use std::net::IpAddr;

use crate::receiver::is_public;

/// First and last of a block, and the public neighbours before and after it; where a neighbour is another block's, none.
type Block = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

const V4: [Block; 19] = [
    ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
    ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
    (
        "100.64.0.0",
        "100.127.255.255",
        Some("100.63.255.255"),
        Some("100.128.0.0"),
    ),
    (
        "127.0.0.0",
        "127.255.255.255",
        Some("126.255.255.255"),
        Some("128.0.0.0"),
    ),
    (
        "169.254.0.0",
        "169.254.255.255",
        Some("169.253.255.255"),
        Some("169.255.0.0"),
    ),
    (
        "172.16.0.0",
        "172.31.255.255",
        Some("172.15.255.255"),
        Some("172.32.0.0"),
    ),
    ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
    ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
    (
        "192.31.196.0",
        "192.31.196.255",
        Some("192.31.195.255"),
        Some("192.31.197.0"),
    ),
    (
        "192.52.193.0",
        "192.52.193.255",
        Some("192.52.192.255"),
        Some("192.52.194.0"),
    ),
    (
        "192.88.99.0",
        "192.88.99.255",
        Some("192.88.98.255"),
        Some("192.88.100.0"),
    ),
    (
        "192.168.0.0",
        "192.168.255.255",
        Some("192.167.255.255"),
        Some("192.169.0.0"),
    ),
    (
        "192.175.48.0",
        "192.175.48.255",
        Some("192.175.47.255"),
        Some("192.175.49.0"),
    ),
    (
        "198.18.0.0",
        "198.19.255.255",
        Some("198.17.255.255"),
        Some("198.20.0.0"),
    ),
    (
        "198.51.100.0",
        "198.51.100.255",
        Some("198.51.99.255"),
        Some("198.51.101.0"),
    ),
    (
        "203.0.113.0",
        "203.0.113.255",
        Some("203.0.112.255"),
        Some("203.0.114.0"),
    ),
    ("224.0.0.0", "239.255.255.255", Some("223.255.255.255"), None),
    ("240.0.0.0", "255.255.255.254", None, None),
    ("255.255.255.255", "255.255.255.255", None, None),
];

const V6: [Block; 25] = [
    // Unspecified, loopback, IPv4-compatible.
    ("::", "::", None, None),
    ("::1", "::1", None, None),
    ("::2", "::ffff:ffff", None, None),
    // IPv4-mapped, and RFC 2765's translated form.
    ("::ffff:0:0", "::ffff:ffff:ffff", None, None),
    ("::ffff:0:0:0", "::ffff:0:ffff:ffff", None, None),
    // NAT64, its local-use block, discard-only, dummy.
    ("64:ff9b::", "64:ff9b::ffff:ffff", None, None),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", None, None),
    ("100::", "100::ffff:ffff:ffff:ffff", None, None),
    ("100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", None, None),
    // All that is not given out on both sides of 2000::/3.
    (
        "100:0:0:2::",
        "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        None,
        Some("2000::"),
    ),
    (
        "4000::",
        "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Some("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        None,
    ),
    // Identifiers of segment routing.
    ("5f00::", "5fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
    // Within 2001::/23: Teredo, PCP and TURN and service-registration anycast, benchmarking, AMT, AS112, ORCHID.
    (
        "2001::",
        "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
        Some("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        None,
    ),
    ("2001:1::1", "2001:1::3", None, None),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", None, None),
    ("2001:3::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", None, None),
    ("2001:10::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
    (
        "2001:40::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        None,
        Some("2001:200::"),
    ),
    (
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        Some("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
        Some("2001:db9::"),
    ),
    (
        "2002::",
        "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Some("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        Some("2003::"),
    ),
    (
        "2620:4f:8000::",
        "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
        Some("2620:4f:7fff:ffff:ffff:ffff:ffff:ffff"),
        Some("2620:4f:8001::"),
    ),
    (
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        Some("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        Some("3fff:1000::"),
    ),
    // Unique local; link local and site local; multicast.
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
    ("fe80::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn no_block_is_public_and_its_neighbours_are() {
    for (first, last, before, after) in V4.into_iter().chain(V6) {
        for refused in [first, last] {
            assert!(!is_public(ip(refused)), "{refused}");
        }
        for neighbour in [before, after].into_iter().flatten() {
            assert!(is_public(ip(neighbour)), "{neighbour}");
        }
    }
}

#[test]
fn the_internet_is_public() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "52.94.236.248",
        "93.184.215.14",
        "172.217.16.78",
        "192.0.66.2",
        "198.41.0.4",
        "2001:4860:4860::8888",
        "2600:1f18::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001:80b::200e",
        "2c0f:fb50::1",
    ] {
        assert!(is_public(ip(address)), "{address}");
    }
}
