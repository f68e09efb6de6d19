//! What a stream is, by its first bytes.

use super::tar;

/// What the first bytes of a stream say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Zstd,
    Bzip2,
    Tar,
    Zip,
    /// Content that is not text, or packed in a way that is not read: what it is, and what to do.
    Refused(&'static str),
    Plain,
}

/// Formats by the bytes that they begin with. No text in UTF-8 begins with any of them but `PK`, `Rar!` and `PAR1`, of
/// which more is compared than those letters.
const SIGNATURES: &[(&[u8], Format)] = &[
    (b"\x1f\x8b", Format::Gzip),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"\xfe\xff", UTF_16),
    (b"\xff\xfe", UTF_16),
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"\xfd7zXZ\x00", Format::Refused("xz, which is not read: unpack it with `xz -dc` and pipe it in")),
    (b"7z\xbc\xaf\x27\x1c", Format::Refused("a 7z archive, which is not read: unpack it first")),
    (b"Rar!\x1a\x07", Format::Refused("a RAR archive, which is not read: unpack it first")),
    (b"\x04\x22\x4d\x18", Format::Refused("lz4, which is not read: unpack it with `lz4 -dc` and pipe it in")),
    (
        b"PAR1\x15",
        Format::Refused("Parquet, which is read as a table and as a file of its own: unpack it first"),
    ),
];

const UTF_16: Format =
    Format::Refused("UTF-16, but JSON is UTF-8: convert it with `iconv -f UTF-16 -t UTF-8` and pipe it in");

impl Format {
    /// How many bytes it takes to know a format.
    pub const HEAD_BYTES: usize = 512;

    /// The format of a stream that begins with `head`.
    pub fn of(head: &[u8]) -> Self {
        if let Some((_, format)) = SIGNATURES.iter().find(|(bytes, _)| head.starts_with(bytes)) {
            return *format;
        }
        match head {
            // A skippable frame of zstd.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            // A first block, or the end of an empty stream.
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            _ if tar::begins(head) => Self::Tar,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_plain_and_packing_is_known() {
        for text in ["", "{", "PK and more", "BZh9 is text", "\u{feff}{}", "PAR1", "[1]"] {
            assert_eq!(Format::of(text.as_bytes()), Format::Plain, "{text:?}");
        }
        assert_eq!(Format::of(b"\x1f\x8b\x08\x00"), Format::Gzip);
        assert_eq!(Format::of(b"\x5e\x2a\x4d\x18\x00"), Format::Zstd);
        assert_eq!(Format::of(b"BZh91AY&SY\x00"), Format::Bzip2);
        assert_eq!(Format::of(b"PK\x05\x06"), Format::Zip);
        let mut tar = [0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(Format::of(&tar), Format::Tar);
        assert_eq!(Format::of(b"\xff\xfe{\x00"), UTF_16);
    }
}
