//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not. *Source*: IANA's IPv4 Special-Purpose Address Registry, and its registry of multicast addresses.
const V4: [(Ipv4Addr, u32); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // "This network".
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // Private use.
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // Shared address space, behind carriers' and clouds' NAT.
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // Loopback.
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // Link local; 169.254.169.254 gives away a machine's credentials.
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // Private use.
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // IETF protocol assignments.
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // Documentation.
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112.
    (Ipv4Addr::new(192, 52, 193, 0), 24), // AMT.
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays, deprecated.
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // Private use.
    (Ipv4Addr::new(192, 175, 48, 0), 24), // AS112.
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // Benchmarking.
    (Ipv4Addr::new(198, 51, 100, 0), 24), // Documentation.
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // Documentation.
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // Multicast.
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // Reserved; its last one is broadcast.
];

/// The one block of IPv6 that is given out at all. *Source*: IANA's Internet Protocol Version 6 Address Space.
const V6_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks within it that are not public. *Source*: IANA's IPv6 Special-Purpose Address Registry, as of October 2025.
const V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // IETF protocol assignments: Teredo, benchmarking, ORCHID and more.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // Documentation.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4.
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112.
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // Documentation.
];

/// Whether an address is one of the Internet's, where a receiver may live.
///
/// Every block of a special-purpose registry is refused, those too that are called globally reachable: they are services of the
/// network (AS112, AMT, PCP and TURN anycast), answered by the nearest node, which may be one of ours.
///
/// IPv6 fails closed: outside 2000::/3 nothing is public. That refuses every IPv4 address in IPv6 clothes: mapped, compatible,
/// and NAT64's 64:ff9b::/96 and 64:ff9b:1::/48; 6to4 and Teredo are in the list. None of them is judged by the address within,
/// as some do: it is a gateway's to say where such a packet comes out, and no receiver has to be reached that way. A network
/// with DNS64 still has the IPv4 address in its answer beside the made-up one.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !V4.into_iter().any(|block| is_in_v4(ip, block)),
        IpAddr::V6(ip) => is_in_v6(ip, V6_UNICAST) && !V6.into_iter().any(|block| is_in_v6(ip, block)),
    }
}

fn is_in_v4(ip: Ipv4Addr, (block, length): (Ipv4Addr, u32)) -> bool {
    (ip.to_bits() ^ block.to_bits()) >> (Ipv4Addr::BITS - length) == 0
}

fn is_in_v6(ip: Ipv6Addr, (block, length): (Ipv6Addr, u32)) -> bool {
    (ip.to_bits() ^ block.to_bits()) >> (Ipv6Addr::BITS - length) == 0
}
