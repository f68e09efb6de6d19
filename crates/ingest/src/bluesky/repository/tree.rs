//! The commit of a repository and the nodes of its tree (MST).
//!
//! Source: the AT protocol's specification of repositories, "Repo Data Structure (v3)" and "MST Structure"; version 2
//! differs in that its commit has no revision.

use ipld_core::cid::Cid;
use serde::Deserialize;

/// How deep nodes may lie: a key's layer is half the number of zero bits that its 256-bit hash begins with.
pub(super) const MAX_DEPTH: u32 = 129;

/// The longest key that is read. A collection has at most 317 characters and a record key 512.
const MAX_KEY_BYTES: usize = 1024;

/// The block that the root of an export names. Its signature is not checked: the key that it needs is not in the file.
#[derive(Deserialize)]
pub(super) struct Commit {
    /// The account.
    pub did: String,
    /// The revision, a TID; absent in version 2.
    #[serde(default)]
    pub rev: Option<String>,
    /// The uppermost node of the tree.
    pub data: Cid,
}

/// One node as it is written.
#[derive(Deserialize)]
pub(super) struct Node<'a> {
    /// The node with the keys before the first entry.
    #[serde(default)]
    l: Option<Cid>,
    #[serde(borrow)]
    e: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    /// Bytes that its key shares with the entry before it.
    p: usize,
    /// The rest of the key.
    k: &'a [u8],
    /// The record.
    v: Cid,
    /// The node with the keys behind this one.
    #[serde(default)]
    t: Option<Cid>,
}

/// An entry of the tree: `<collection>/<rkey>` and the record's content id.
pub(super) struct Leaf {
    /// Its path; an error says why it has none.
    pub path: Result<Path, String>,
    pub record: Cid,
}

/// Where in a repository a record lies.
pub(super) struct Path {
    pub collection: String,
    pub rkey: String,
}

impl Node<'_> {
    /// The nodes below this one.
    pub fn children(&self) -> impl Iterator<Item = Cid> {
        self.l.into_iter().chain(self.e.iter().filter_map(|entry| entry.t))
    }

    /// The entries in their order. Where a key cannot be told, neither can those that share its beginning.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> {
        let mut key: Vec<u8> = Vec::new();
        self.e.iter().map(move |entry| {
            let path = if entry.p > key.len() {
                Err(format!("it shares {} bytes with the key before it, which has {}", entry.p, key.len()))
            } else if entry.p + entry.k.len() > MAX_KEY_BYTES {
                Err(format!("it is longer than {MAX_KEY_BYTES} bytes"))
            } else {
                key.truncate(entry.p);
                key.extend_from_slice(entry.k);
                Path::of(&key)
            };
            Leaf { path, record: entry.v }
        })
    }
}

impl Path {
    fn of(key: &[u8]) -> Result<Self, String> {
        let parts = std::str::from_utf8(key).ok().and_then(|key| key.split_once('/'));
        match parts {
            Some((collection, rkey)) if !collection.is_empty() && !rkey.is_empty() && !rkey.contains('/') => {
                Ok(Self { collection: collection.to_owned(), rkey: rkey.to_owned() })
            }
            _ => {
                let got = String::from_utf8_lossy(key);
                Err(format!("expected <collection>/<record key>, got {got:?}"))
            }
        }
    }
}
