//! Reads how large a file in a zip is when unpacked, which is what a Lambda loads. Nothing is unpacked for that.

/// The signature of an entry in the table at a zip's end, with the entry's fixed length and where its fields are.
/// *Source*: the zip file format specification (APPNOTE.TXT) 6.3, section 4.3.12.
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;
const UNPACKED_AT: usize = 24;
const NAME_BYTES_AT: usize = 28;

/// Reads the unpacked size in bytes of the file `name`, or nothing if the zip has no such file. Zips beyond 4 GiB have a
/// longer form that is not read here; a Lambda's may not pass 250 MB.
pub fn unpacked_bytes(zip: &[u8], name: &str) -> Option<u32> {
    zip.windows(ENTRY.len())
        .enumerate()
        .filter(|(_, window)| *window == ENTRY)
        .find_map(|(at, _)| {
            let entry = &zip[at..];
            let name_bytes = u16::from_le_bytes(field(entry, NAME_BYTES_AT)?);
            let found = entry.get(ENTRY_BYTES..ENTRY_BYTES + usize::from(name_bytes))?;
            if found != name.as_bytes() {
                return None;
            }
            Some(u32::from_le_bytes(field(entry, UNPACKED_AT)?))
        })
}

fn field<const BYTES: usize>(entry: &[u8], at: usize) -> Option<[u8; BYTES]> {
    entry.get(at..at + BYTES)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{ENTRY_BYTES, unpacked_bytes};

    /// The table entry of a file of 7,000,000 bytes named `bootstrap`, after packed bytes that look like nothing.
    fn zip() -> Vec<u8> {
        let mut entry = vec![0; ENTRY_BYTES];
        entry[..4].copy_from_slice(b"PK\x01\x02");
        entry[24..28].copy_from_slice(&7_000_000_u32.to_le_bytes());
        entry[28..30].copy_from_slice(&9_u16.to_le_bytes());
        [b"packed".as_slice(), &entry, b"bootstrap"].concat()
    }

    #[test]
    fn reads_the_unpacked_size_of_the_named_file() {
        assert_eq!(unpacked_bytes(&zip(), "bootstrap"), Some(7_000_000));
    }

    #[test]
    fn finds_nothing_in_another_or_a_broken_zip() {
        assert_eq!(unpacked_bytes(&zip(), "other"), None);
        assert_eq!(unpacked_bytes(&zip()[..40], "bootstrap"), None);
        assert_eq!(unpacked_bytes(b"", "bootstrap"), None);
    }
}
