//! The clause on authors: a list of accounts.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use populi_model::{Key, Platform};
use populi_text::keyword::fold;

use super::wrong;
use crate::Result;

/// Accounts by id or handle.
#[derive(Clone, Debug)]
pub(super) struct Authors {
    /// The file as the user named it, for messages.
    name: String,
    /// By what is written, handles with `@` and without case.
    entries: BTreeMap<String, Entry>,
    /// All accounts of all entries.
    keys: HashSet<Key>,
}

/// A line of the list.
#[derive(Clone, Debug)]
struct Entry {
    line: usize,
    /// The accounts that it may mean.
    keys: Vec<Key>,
}

impl Authors {
    /// Reads a list: an id or an @handle a line; blank lines and those that begin with `//` are passed over.
    pub(super) fn read(content: &str, path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        for (line, text) in (1..).zip(content.lines().map(str::trim)) {
            if text.is_empty() || text.starts_with("//") {
                continue;
            }
            let handle = text.strip_prefix(['@', '＠']);
            if text.contains(char::is_whitespace) || handle == Some("") {
                let reason =
                    format!("line {line}: expected an id or an @handle, and nothing else, got {text:?}");
                return Err(wrong("--author", name, reason));
            }
            let key_of = |prefix: &str, id: &str| Key::of(&[prefix, id].concat());
            let prefixes = Platform::id_prefixes();
            let (written, keys) = match handle {
                // Platforms with a prefix know no handles: there names are ids.
                Some(handle) => {
                    let keys_of = |prefix| [key_of(prefix, handle), key_of(prefix, &format!("@{handle}"))];
                    (format!("@{}", fold(handle)), prefixes.flat_map(keys_of).collect())
                }
                None => {
                    let keys = std::iter::once("").chain(prefixes).map(|prefix| key_of(prefix, text));
                    (text.to_owned(), keys.collect())
                }
            };
            entries.entry(written).or_insert(Entry { line, keys });
        }
        if entries.is_empty() {
            return Err(wrong("--author", name, "there is no id and no @handle in it"));
        }
        let keys = entries.values().flat_map(|entry| &entry.keys).copied().collect();
        Ok(Self { name, entries, keys })
    }

    pub(super) fn admits(&self, author: Key) -> bool {
        self.keys.contains(&author)
    }

    pub(super) fn has_handles(&self) -> bool {
        self.handles().next().is_some()
    }

    /// Admits the account that goes by a handle, if that is in the list.
    pub(super) fn resolve(&mut self, handle: &str, account: Key) {
        if let Some(entry) = self.entries.get_mut(&format!("@{handle}")) {
            entry.keys.push(account);
            self.keys.insert(account);
        }
    }

    pub(super) fn check_for_bluesky(&self) -> Result<()> {
        let Some((handle, entry)) = self.handles().min_by_key(|(_, entry)| entry.line) else {
            return Ok(());
        };
        let reason = format!(
            "line {}: {handle}, as one of {} handles: on ingest of Bluesky, authors have to be named by DID, because \
             its events tell no handles. Ingest without --author and select by handle in later steps, or look the DIDs \
             up with `populi sql \"SELECT handle, account_id FROM accounts\"`",
            entry.line,
            self.handles().count(),
        );
        Err(wrong("--author", &self.name, reason))
    }

    /// The hash of what the list says, whatever its order and comments.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for written in self.entries.keys() {
            hasher.update(written.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }

    pub(super) fn note(&self) -> String {
        let n_handles = self.handles().count();
        format!("{}: {} ids, {n_handles} handles", self.name, self.entries.len() - n_handles)
    }

    /// Tells which entries name none of the authors in `seen`, if there are some.
    pub(super) fn note_on_missing(&self, seen: &HashSet<Key>) -> Option<String> {
        let is_seen = |entry: &Entry| entry.keys.iter().any(|key| seen.contains(key));
        let missing: Vec<&str> = self
            .entries
            .iter()
            .filter(|(_, entry)| !is_seen(entry))
            .map(|(written, _)| written.as_str())
            .collect();
        let (n, all) = (missing.len(), self.entries.len());
        let some = missing[..n.min(3)].join(", ");
        let such_as = if n > 3 { "such as " } else { "" };
        (n > 0).then(|| {
            format!("warning: {}: {n} of {all} authors have no post here: {such_as}{some}", self.name)
        })
    }

    fn handles(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter().filter(|(written, _)| written.starts_with('@'))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Authors> {
        Authors::read(content, Path::new("list.txt"))
    }

    #[test]
    fn ids_stand_with_and_without_their_platform() {
        let list = read("\u{feff}// us\ndid:plc:a\r\n\nann\ntable:bob\n@Cid\n@CID\n").unwrap();
        for id in [
            "did:plc:a",
            "table:ann",
            "table:bob",
            "table:Cid",
            "table:@Cid",
            "blueprint:ann",
            "blueprint:@Cid",
        ] {
            assert!(list.admits(Key::of(id)), "{id}");
        }
        for id in ["did:plc:b", "table:cid2", "@Cid"] {
            assert!(!list.admits(Key::of(id)), "{id}");
        }
        assert_eq!(list.note(), "list.txt: 3 ids, 1 handles");
        assert_eq!(list.hash(), read("ann\n@cid\ntable:bob\ndid:plc:a").unwrap().hash());
        assert_ne!(list.hash(), read("ann").unwrap().hash());
    }

    #[test]
    fn handles_are_looked_up_and_what_is_missing_is_told() {
        let mut list = read("@Ann.example\ndid:plc:b\n@cid.example").unwrap();
        list.resolve("ann.example", Key::of("did:plc:a"));
        list.resolve("zoe.example", Key::of("did:plc:z"));
        assert!(list.admits(Key::of("did:plc:a")) && !list.admits(Key::of("did:plc:z")));
        let seen = HashSet::from([Key::of("did:plc:a")]);
        let note = list.note_on_missing(&seen).unwrap();
        assert!(note.contains("2 of 3") && note.contains("@cid.example, did:plc:b"), "{note}");
    }

    #[test]
    fn what_is_no_list_of_authors_is_told() {
        for bad in ["ann bob", "@", "", "// nobody"] {
            assert!(read(bad).unwrap_err().to_string().contains("list.txt"), "{bad:?}");
        }
        let error = read("did:plc:a\n@ann.example").unwrap().check_for_bluesky().unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("DID"), "{error}");
        assert!(read("did:plc:a").unwrap().check_for_bluesky().is_ok());
    }
}
