//! Who and what is forgotten, as the manifest remembers it: well enough to keep them out, and no better.

use std::collections::BTreeSet;
use std::fmt;

use populi_model::{Key, Platform};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::{any_field, any_name, any_path_part, authority, is_did};

/// What stands in place of the name of an input that names somebody who is forgotten.
pub(crate) const NAMELESS: &str = "forgotten";

/// The accounts and records that a corpus has forgotten and never takes in again.
///
/// Of each only a digest is kept: BLAKE3 of its key, keyed with a salt of the corpus, so that the list can be compared
/// neither with the keys of a table nor with the list of another corpus. Whoever holds the list and has an id in mind can
/// still find out whether it is on it: nothing that recognises a person again can hide that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    salt: Salt,
    marks: BTreeSet<Mark>,
    /// Whether marks were added that the tables have not heard of yet.
    #[serde(default, skip_serializing_if = "is_false")]
    owed: bool,
}

impl Forgotten {
    /// Whether nothing was ever forgotten.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Whether the tables may hold something that is to be forgotten: an ingest learned of it and was interrupted.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.owed
    }

    /// Whether the account or record of this key is forgotten.
    #[must_use]
    pub fn holds(&self, key: Key) -> bool {
        !self.marks.is_empty() && self.marks.contains(&self.mark(key))
    }

    /// Whether an id is forgotten, or names an account that is.
    #[must_use]
    pub fn names(&self, id: &str) -> bool {
        self.names_keyed(id, Key::of(id))
    }

    /// The same where the id's key is known.
    pub(super) fn names_keyed(&self, id: &str, key: Key) -> bool {
        self.holds(key)
            || match authority(id) {
                Some(account) => self.holds_name(account.as_bytes()),
                None => !is_did(id.as_bytes()) && self.is_named_in(id.as_bytes()),
            }
    }

    /// Whether this is the number or handle of one who is forgotten, as their network writes it.
    pub(super) fn is_called(&self, name: &str) -> bool {
        !self.marks.is_empty() && (self.holds_native(name.as_bytes()) || self.holds_name(name.as_bytes()))
    }

    /// Whether bytes that were meant for reading hold an id that is forgotten.
    pub(crate) fn is_named_in(&self, bytes: &[u8]) -> bool {
        !self.marks.is_empty() && any_name(bytes, &|name| self.holds_name(name))
    }

    /// The same of an input record that could not be read: what a table or thread calls its
    /// author has no prefix yet.
    pub(crate) fn is_named_in_record(&self, bytes: &[u8]) -> bool {
        self.is_named_in(bytes)
            || (!self.marks.is_empty() && any_field(bytes, &|field| self.holds_native(field)))
    }

    /// An input's name, or another where that one names somebody who is forgotten.
    #[must_use]
    pub fn shown<'a>(&self, name: &'a str) -> &'a str {
        let is_meant = |part: &[u8]| self.holds_name(part) || self.holds_native(part);
        if !self.marks.is_empty() && (self.is_named_in(name.as_bytes()) || any_path_part(name, &is_meant)) {
            NAMELESS
        } else {
            name
        }
    }

    /// An empty list with a salt of its own.
    pub(super) fn salted(salt: [u8; 32]) -> Self {
        Self { salt: Salt(salt), ..Self::default() }
    }

    /// Remembers more; whether any was new.
    pub(super) fn add(&mut self, keys: impl IntoIterator<Item = Key>) -> bool {
        let n_before = self.marks.len();
        for key in keys {
            let mark = self.mark(key);
            self.marks.insert(mark);
        }
        self.marks.len() > n_before
    }

    pub(super) fn set_owed(&mut self, owed: bool) {
        self.owed = owed;
    }

    /// Handles are the same in capitals.
    fn holds_name(&self, name: &[u8]) -> bool {
        self.holds(Key::of_bytes(name))
            || (name.iter().any(u8::is_ascii_uppercase)
                && self.holds(Key::of_bytes(&name.to_ascii_lowercase())))
    }

    fn holds_native(&self, field: &[u8]) -> bool {
        self.holds(Key::of_bytes(field))
            || Platform::id_prefixes()
                .any(|prefix| self.holds(Key::of_bytes(&[prefix.as_bytes(), field].concat())))
    }

    fn mark(&self, key: Key) -> Mark {
        Mark(Key::from_hash(&blake3::keyed_hash(&self.salt.0, &key.0)))
    }
}

/// The key by which a handle is remembered.
pub(super) fn handle_key(handle: &str) -> Key {
    Key::of(&handle.to_ascii_lowercase())
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What stands for a key in the list: 128 bits, 32 hexadecimal digits in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark(Key);

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("a forgotten id: expected 32 hexadecimal digits");
        Key::from_hex(&text).map(Self).ok_or_else(wrong)
    }
}

/// What makes the marks of one corpus its own: 64 hexadecimal digits in the manifest.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Salt([u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", blake3::Hash::from_bytes(self.0))
    }
}

impl Serialize for Salt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&blake3::Hash::from_bytes(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| serde::de::Error::custom("a salt: expected 64 hexadecimal digits");
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(wrong)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn list(ids: &[&str], salt: u8) -> Forgotten {
        let mut list = Forgotten::salted([salt; 32]);
        list.add(ids.iter().map(|id| Key::of(id)));
        list
    }

    #[test]
    fn an_id_is_known_again_and_others_are_not() {
        let list = list(&["did:plc:ann", "table:7"], 1);
        assert!(list.holds(Key::of("did:plc:ann")) && list.names("did:plc:ann"));
        assert!(list.names("at://did:plc:ann/app.bsky.feed.post/1"));
        assert!(list.names("https://bsky.app/profile/did:plc:ann"));
        assert!(!list.names("did:plc:anna") && !list.names("table:77"));
        assert!(list.is_named_in_record(b"7,hello") && !list.is_named_in_record(b"77,hello"));
        assert_eq!(list.shown("dump/7.csv"), NAMELESS);
        assert_eq!(list.shown("dump/77.csv"), "dump/77.csv");
        assert!(!Forgotten::default().names("did:plc:ann"));
    }

    #[test]
    fn handles_are_known_in_any_case() {
        let mut list = Forgotten::default();
        list.add([handle_key("Ann.Example")]);
        assert!(list.names("https://bsky.app/profile/ANN.example/post/1"));
        assert!(list.names("at://ann.example/app.bsky.feed.post/1"));
    }

    #[test]
    fn the_list_says_neither_ids_nor_keys_and_differs_from_corpus_to_corpus() {
        let (one, two) = (list(&["did:plc:ann"], 1), list(&["did:plc:ann"], 2));
        let texts = [&one, &two].map(|list| serde_json::to_string(list).unwrap());
        for text in &texts {
            assert!(!text.contains("ann") && !text.contains(&Key::of("did:plc:ann").to_string()), "{text}");
        }
        assert_ne!(one.marks, two.marks);
        assert_eq!(serde_json::from_str::<Forgotten>(&texts[0]).unwrap(), one);
    }

    #[test]
    fn what_is_known_is_not_new() {
        let mut list = list(&["a"], 1);
        assert!(!list.add([Key::of("a")]));
        assert!(list.add([Key::of("b")]));
        assert!(list.holds(Key::of("a")) && list.holds(Key::of("b")));
    }
}
