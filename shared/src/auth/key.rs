//! The two forms of a key: the plain one that its owner holds, and the hash that the store holds.
//!
//! Never prints a key: `Debug` shows the hint, and there is no `Display` and no `Serialize`.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Mode;

/// Digits, then upper case, then lower case: the order in which the checksum's digits count.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX_LEN: usize = 9;
const RANDOM_LEN: usize = 24;
const CHECKSUM_LEN: usize = 6;
/// A key's length in ASCII characters. *Source*: contract §1.
pub const KEY_LEN: usize = PREFIX_LEN + RANDOM_LEN + CHECKSUM_LEN;

/// A key as its owner holds it.
///
/// *Shape*: `eck_live_` or `eck_test_`, 24 base62 characters of randomness, 6 base62 characters of CRC-32 (IEEE) over
/// everything before them, most significant digit first. *Source*: contract §1.
pub struct PlainKey([u8; KEY_LEN]);

impl PlainKey {
    /// Makes a new key of the mode from the operating system's randomness.
    ///
    /// *Errors*: the operating system's, when it has no randomness to give; no weaker source stands in.
    pub fn mint(mode: Mode) -> Result<Self, getrandom::Error> {
        let mut key = [0u8; KEY_LEN];
        key[..PREFIX_LEN].copy_from_slice(prefix(mode));
        let mut filled = PREFIX_LEN;
        while filled < PREFIX_LEN + RANDOM_LEN {
            let mut bytes = [0u8; 32];
            getrandom::fill(&mut bytes)?;
            for byte in bytes {
                // 248 = 4 × 62: the bytes above would make the first eight characters likelier than the rest.
                if byte < 248 && filled < PREFIX_LEN + RANDOM_LEN {
                    key[filled] = BASE62[usize::from(byte % 62)];
                    filled += 1;
                }
            }
        }
        let checksum = checksum(&key[..PREFIX_LEN + RANDOM_LEN]);
        key[PREFIX_LEN + RANDOM_LEN..].copy_from_slice(&checksum);
        Ok(Self(key))
    }

    /// Reads a key: exact length, prefix, alphabet and checksum, without any store call.
    ///
    /// *Errors*: `None` for everything else; the client sees `invalid_api_key`.
    #[must_use]
    pub fn parse(token: &[u8]) -> Option<Self> {
        let key: [u8; KEY_LEN] = token.try_into().ok()?;
        let (signed, sum) = key.split_at(PREFIX_LEN + RANDOM_LEN);
        let (start, random) = signed.split_at(PREFIX_LEN);
        let known = start == prefix(Mode::Live) || start == prefix(Mode::Test);
        // The checksum is no secret (CRC-32 of public characters), so a plain comparison gives nothing away.
        (known && random.iter().all(u8::is_ascii_alphanumeric) && sum == checksum(signed)).then_some(Self(key))
    }

    /// The mode that the prefix says.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.0.starts_with(prefix(Mode::Live)) {
            Mode::Live
        } else {
            Mode::Test
        }
    }

    /// The key's identity in the store: SHA-256 over all 39 characters.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0).into())
    }

    /// What people may see: the prefix, then the first and the last four of the 30 characters behind it.
    #[must_use]
    pub fn hint(&self) -> String {
        let text = self.text();
        format!(
            "{}{}…{}",
            &text[..PREFIX_LEN],
            &text[PREFIX_LEN..PREFIX_LEN + 4],
            &text[KEY_LEN - 4..]
        )
    }

    /// Gives the key itself away, for the one answer that shows it to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.text()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a key is ASCII by construction")
    }
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainKey({})", self.hint())
    }
}

/// The SHA-256 of a key: the partition key of the keys table.
///
/// A plain, unsalted hash is enough: the key carries 142 random bits, so there is no dictionary to try.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The 32 bytes, for the store only.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes a hash back from the store; `None` when it is not 32 bytes long.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

fn prefix(mode: Mode) -> &'static [u8] {
    match mode {
        Mode::Live => b"eck_live_",
        Mode::Test => b"eck_test_",
    }
}

fn checksum(signed: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32fast::hash(signed) as usize;
    let mut digits = [0u8; CHECKSUM_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn minted_keys_read_back_and_differ() {
        let mut seen = HashSet::new();
        for mode in [Mode::Live, Mode::Test] {
            for _ in 0..2_000 {
                let key = PlainKey::mint(mode).unwrap();
                assert_eq!(key.reveal().len(), 39);
                assert_eq!(PlainKey::parse(key.reveal().as_bytes()).unwrap().mode(), mode);
                assert!(seen.insert(key.reveal().to_owned()));
            }
        }
    }

    #[test]
    fn every_character_of_the_alphabet_is_as_likely() {
        let mut counts = [0u32; 128];
        let draws: u32 = 24 * 5_000;
        for _ in 0..5_000 {
            let key = PlainKey::mint(Mode::Live).unwrap();
            for byte in &key.reveal().as_bytes()[PREFIX_LEN..PREFIX_LEN + RANDOM_LEN] {
                counts[usize::from(*byte)] += 1;
            }
        }
        let expected = f64::from(draws) / 62.0;
        let chi: f64 = BASE62
            .iter()
            .map(|c| (f64::from(counts[usize::from(*c)]) - expected).powi(2) / expected)
            .sum();
        // 61 degrees of freedom: one fair source in a hundred million lies above 150; the biased modulo lies near 1,400.
        assert!(chi < 150.0, "chi-square {chi}");
    }

    #[test]
    fn refuses_every_single_changed_character() {
        let key = PlainKey::mint(Mode::Live).unwrap();
        for at in 0..KEY_LEN {
            for other in [b'A', b'z', b'0', b'_', b'-', b' ', 0x80] {
                let mut bytes = key.0;
                if bytes[at] == other {
                    continue;
                }
                bytes[at] = other;
                assert!(PlainKey::parse(&bytes).is_none(), "position {at}, byte {other}");
            }
        }
    }

    #[test]
    fn refuses_wrong_lengths_and_the_other_prefix() {
        let key = PlainKey::mint(Mode::Live).unwrap();
        assert!(PlainKey::parse(&key.0[..38]).is_none());
        assert!(PlainKey::parse(format!("{}0", key.reveal()).as_bytes()).is_none());
        assert!(PlainKey::parse(b"").is_none());
        assert!(PlainKey::parse(key.reveal().replace("live", "test").as_bytes()).is_none());
    }

    #[test]
    fn keeps_the_format_of_every_release() {
        // The checksum of 24 zeros, computed by another program (zlib), so that a change of alphabet or
        // polynomial is seen. No store knows this key.
        let zeros = b"eck_test_000000000000000000000000";
        assert_eq!(std::str::from_utf8(&checksum(zeros)).unwrap(), "2MhsgL");
        assert_eq!(
            PlainKey::parse(&[zeros.as_slice(), checksum(zeros).as_slice()].concat())
                .unwrap()
                .mode(),
            Mode::Test
        );
    }

    #[test]
    fn debug_shows_the_hint_only() {
        let key = PlainKey::mint(Mode::Test).unwrap();
        let shown = format!("{key:?} {:?}", key.hash());
        assert!(!shown.contains(&key.reveal()[PREFIX_LEN..PREFIX_LEN + 8]));
        assert!(shown.contains("eck_test_"));
    }
}
