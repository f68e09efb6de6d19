//! Finding ids where they are not alone: in URIs, links, names of files, and bytes that could not be read.
//!
//! Whether an id is forgotten is known by its key only, so nobody can search for it: each stretch that may be an id is
//! cut out and asked for. Time is linear in the bytes, whatever they are.

use std::borrow::Cow;

use memchr::memmem;

/// What every DID begins with.
const DID: &[u8] = b"did:";
/// What every at-URI begins with.
const URI: &[u8] = b"at://";
/// No DID, host name or handle that is in use is longer.
const MAX_NAME_BYTES: usize = 256;

/// What may follow an id in a table's row, from the fewest to the most: an id that holds one of them is found by the
/// cuts before it.
const CUTS: [&[u8]; 3] = [b"\"\t\r\n", b"\"\t\r\n,;|", b"\"\t\r\n,;| '{}[]:"];

/// The account that an id names in itself: the authority of an at-URI.
pub(super) fn authority(id: &str) -> Option<&str> {
    id.strip_prefix("at://")?.split('/').next().filter(|name| !name.is_empty())
}

/// Whether these bytes are a DID and nothing else.
pub(super) fn is_did(bytes: &[u8]) -> bool {
    bytes.starts_with(DID) && bytes.iter().copied().all(is_of_a_did)
}

/// Whether any DID, at-URI, or word with a dot (a handle, a host) in `bytes` is one that `is_meant`.
pub(super) fn any_name(bytes: &[u8], is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
    // JSON may write a slash as `\/`.
    let bytes = match memmem::find(bytes, b"\\/") {
        Some(_) => Cow::Owned(without_escaped_slashes(bytes)),
        None => Cow::Borrowed(bytes),
    };
    any_did(&bytes, is_meant) || any_uri(&bytes, is_meant) || any_dotted_word(&bytes, is_meant)
}

/// Whether a field of a table's row, however the row is written, is one that `is_meant`.
pub(super) fn any_field(row: &[u8], is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
    CUTS.iter().any(|cut| {
        row.split(|byte| cut.contains(byte))
            .map(<[u8]>::trim_ascii)
            .any(|field| !field.is_empty() && field.len() <= MAX_NAME_BYTES && is_meant(field))
    })
}

/// Whether a part of a path, with or without its endings, is one that `is_meant`. Behind a `!` stands the path of a
/// member of a container, but a `!` may also be part of a name.
pub(super) fn any_path_part(path: &str, is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
    path.split(['/', '\\']).any(|part| {
        let starts = std::iter::once(0).chain(part.match_indices('!').map(|(mark, _)| mark + 1));
        starts.map(|start| &part[start..]).any(|rest| {
            let ends = rest.match_indices(['.', '!']).map(|(end, _)| end).chain([rest.len()]);
            let mut stems = ends.filter(|&end| end > 0).take_while(|&end| end <= MAX_NAME_BYTES);
            stems.any(|end| is_meant(&rest.as_bytes()[..end]))
        })
    })
}

/// The bytes without the DID that their end may have cut through.
pub(super) fn without_cut_did(bytes: &[u8]) -> &[u8] {
    match memmem::rfind(bytes, DID) {
        Some(start) if bytes[start..].iter().copied().all(is_of_a_did) => &bytes[..start],
        _ => bytes,
    }
}

/// A DID may be followed by a dot or a colon that is none of its own, so every stretch up to one is asked for.
fn any_did(bytes: &[u8], is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
    stretches(bytes, DID, is_of_a_did).any(|did| {
        let did = &did[..did.len().min(MAX_NAME_BYTES)];
        let ends = (DID.len() + 1..did.len()).filter(|&end| !did[end].is_ascii_alphanumeric());
        ends.chain([did.len()]).any(|end| is_meant(&did[..end]))
    })
}

fn any_uri(bytes: &[u8], is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
    let is_of_a_uri = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{}|,()[]".contains(&byte);
    stretches(bytes, URI, is_of_a_uri).any(|uri| is_meant(uri) || is_meant(uri.trim_ascii_end_of(b".;:!?")))
}

/// Handles, and hosts of links.
fn any_dotted_word(bytes: &[u8], is_meant: &dyn Fn(&[u8]) -> bool) -> bool {
    let is_of_a_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    bytes
        .split(|byte| !is_of_a_word(byte))
        .map(|word| word.trim_ascii_end_of(b".-_"))
        .any(|word| word.len() <= MAX_NAME_BYTES && word.contains(&b'.') && is_meant(word))
}

fn is_of_a_did(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._:%-".contains(&byte)
}

/// From each `start` on, the bytes that may belong to it, up to the next one.
fn stretches<'a>(
    bytes: &'a [u8],
    start: &'static [u8],
    belongs: impl Fn(u8) -> bool + 'a,
) -> impl Iterator<Item = &'a [u8]> {
    let mut starts = memmem::find_iter(bytes, start).peekable();
    std::iter::from_fn(move || {
        let first = starts.next()?;
        let bound = starts.peek().copied().unwrap_or(bytes.len());
        let n = bytes[first..bound].iter().position(|&byte| !belongs(byte)).unwrap_or(bound - first);
        Some(&bytes[first..first + n])
    })
}

fn without_escaped_slashes(bytes: &[u8]) -> Vec<u8> {
    let is_escape = |i: usize| bytes[i] == b'\\' && bytes.get(i + 1) == Some(&b'/');
    (0..bytes.len()).filter(|&i| !is_escape(i)).map(|i| bytes[i]).collect()
}

/// Trimming of more than white space.
trait TrimEnd {
    fn trim_ascii_end_of(&self, what: &[u8]) -> &Self;
}

impl TrimEnd for [u8] {
    fn trim_ascii_end_of(&self, what: &[u8]) -> &Self {
        let n = self.iter().rposition(|byte| !what.contains(byte)).map_or(0, |last| last + 1);
        &self[..n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, name: &str) -> bool {
        any_name(text.as_bytes(), &|found| found == name.as_bytes())
    }

    #[test]
    fn an_id_is_found_wherever_it_stands() {
        let did = "did:plc:ann";
        for text in [
            "did:plc:ann",
            "at://did:plc:ann/app.bsky.feed.post/1",
            "{\"did\":\"did:plc:ann\",\"time_us\":1",
            "at:\\/\\/did:plc:ann\\/app.bsky.feed.post\\/1",
            "see did:plc:ann.",
            "dump/did:plc:ann.jsonl",
            "did:plc:bob,did:plc:ann",
            "did:did:plc:ann",
            "https://bsky.app/profile/did:plc:ann?x=1",
        ] {
            assert!(finds(text, did), "{text}");
        }
        for text in ["did:plc:anna", "did:plc:an", "xdid", "", "did:", "did:plc:annx.ann"] {
            assert!(!finds(text, did), "{text}");
        }
    }

    #[test]
    fn uris_and_handles_are_found_and_parts_of_them_are_not() {
        assert!(finds("\"uri\":\"at://did:plc:ann/c/1\"", "at://did:plc:ann/c/1"));
        assert!(finds("(at://did:plc:ann/c/1).", "at://did:plc:ann/c/1"));
        assert!(!finds("at://did:plc:ann/c/12", "at://did:plc:ann/c/1"));
        assert!(finds("https://bsky.app/profile/ann.example/post/1", "ann.example"));
        assert!(finds("@ann.example.", "ann.example"));
        assert!(!finds("https://joann.example/", "ann.example"));
    }

    #[test]
    fn fields_of_rows_and_parts_of_paths_are_found() {
        let in_row = |row: &str, name: &str| any_field(row.as_bytes(), &|found| found == name.as_bytes());
        assert!(in_row("1,ann,hello", "ann"));
        assert!(in_row("\"Ann, of Kent\",hello", "Ann, of Kent"));
        assert!(in_row("{\"user\": \"ann\"}", "ann"));
        assert!(in_row("{\"user\": 17}", "17"));
        assert!(!in_row("1,anna,hello", "ann"));
        let in_path = |path: &str, name: &str| any_path_part(path, &|found| found == name.as_bytes());
        assert!(in_path("dump/ann/posts.csv", "ann"));
        assert!(in_path("dump/ann.csv.gz", "ann"));
        assert!(in_path("dump/ann.b.csv", "ann.b"));
        assert!(!in_path("dump/joann.csv", "ann"));
        for path in ["dump.zip!ann.csv", "dump.zip!ann", "a/dump.tar.gz!b.zip!ann.csv.gz", "ann!b.csv"] {
            assert!(in_path(path, "ann"), "{path}");
        }
        assert!(in_path("dump.zip!ann!.csv", "ann!") && in_path("dump.zip!ann!b.csv", "ann!b"));
        assert!(!in_path("dump.zip!joann.csv", "ann") && !in_path("dump.zip!anna.csv", "ann"));
        let long = "x".repeat(2 * MAX_NAME_BYTES);
        assert!(in_path(&format!("{long}.zip!ann.csv"), "ann") && !in_path(&long, &long));
    }

    #[test]
    fn an_id_that_the_end_cuts_through_goes() {
        assert_eq!(without_cut_did(b"{\"uri\":\"at://did:plc:an"), b"{\"uri\":\"at://");
        assert_eq!(without_cut_did(b"\"did:plc:ann\",\"x"), b"\"did:plc:ann\",\"x");
        assert_eq!(without_cut_did(b"no id"), b"no id");
    }

    #[test]
    fn the_authority_of_an_at_uri_is_its_account() {
        assert_eq!(authority("at://did:plc:ann/c/1"), Some("did:plc:ann"));
        assert_eq!(authority("at://did:plc:ann"), Some("did:plc:ann"));
        assert_eq!(authority("at:///c"), None);
        assert_eq!(authority("table:1"), None);
    }
}
