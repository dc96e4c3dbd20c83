//! Names that no receiver on the Internet has. A courtesy at registration, and no more: to what a name leads is judged where
//! the connection is made, whatever it is called.

/// Zones that are the own machine's, the own network's or a cloud's own.
///
/// *Source*: `localhost` RFC 6761, `local` RFC 6762, `home.arpa` RFC 8375, `internal` ICANN's resolution of 2024-07-29 (and
/// the names of the cloud's metadata: `metadata.google.internal`, `….compute.internal`); the others RFC 6762 appendix G, and
/// `localdomain`, which many machines have in their hosts file. None is in the root zone.
const INTERNAL: [&str; 10] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "home.arpa",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
];

/// The longest name and the longest of its labels. *Source*: RFC 1035 §2.3.4, without the root's dot.
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// Whether a name, in lower case and ASCII, may be one of the public DNS.
///
/// A name of one label is not: top-level domains have no hosts (SAC 053, RFC 7085), so what answers is the hosts file or the
/// own network's search list. Careful senders differ in how much they refuse by name; all judge the address, as we do.
pub(super) fn may_be_public(name: &str) -> bool {
    // The dot of the root makes it the same name.
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= NAME_BYTES_MAX
        && name.contains('.')
        && name.split('.').all(is_label)
        && !INTERNAL.into_iter().any(|zone| is_within(name, zone))
}

/// Letters, digits, hyphens; an underscore too, which is in use though no host name has it.
fn is_label(label: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LABEL_BYTES_MAX).contains(&label.len()) && label.bytes().all(known)
}

fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
