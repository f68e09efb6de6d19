//! The rules and shapes by hand, against naive walks, and at size.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod oracle;
mod rules;
mod shapes;
mod sizes;

use populi_thread::{Error, Key, Placed, Records, Reply, State, place};

/// All rows of the forest made of these records.
fn placed<K: Key>(replies: &[Reply<K>]) -> Result<Vec<Placed<K>>, Error> {
    Ok(place(replies.iter().copied().collect::<Records<K>>())?.iter().collect())
}

/// A standing record that declares no root.
fn post<K>(key: K, parent: Option<K>) -> Reply<K> {
    Reply { key, parent, declared_root: None, state: State::Standing }
}

/// A tombstone that declares no root.
fn tombstone<K>(key: K, parent: Option<K>) -> Reply<K> {
    Reply { state: State::Tombstone, ..post(key, parent) }
}

/// The same record, declaring a root.
fn declaring<K>(root: K, reply: Reply<K>) -> Reply<K> {
    Reply { declared_root: Some(root), ..reply }
}
