//! Sizes and depths of the conversations, for the page.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use populi_model::Key;
use populi_model::table::{ConversationRow, PostCard};
use populi_plot::{Conversations, LargeConversation};

use super::Shown;
use crate::Result;

/// The largest conversations that are listed.
const N_LARGEST: usize = 10;

/// A conversation while its posts are counted.
#[derive(Clone, Copy, Default)]
struct Size {
    n_posts: u64,
    depth: u32,
}

pub(super) fn gather(shown: &Shown<'_>) -> Result<Conversations> {
    let snapshot = shown.snapshot;
    let mut sizes: HashMap<Key, Size> = HashMap::new();
    let mut summary = Conversations::default();
    let mut missing: HashSet<Key> = HashSet::new();
    let mut parents: Vec<Key> = Vec::new();
    for row in snapshot.rows::<ConversationRow>() {
        let row = row?;
        if !row.present {
            missing.insert(row.post_key);
            continue;
        }
        if !shown.holds(&row.post_key) {
            continue;
        }
        summary.n_posts += 1;
        if let Some(parent) = row.parent_key {
            parents.push(parent);
        }
        let size = sizes.entry(row.conversation_key).or_default();
        size.n_posts += 1;
        size.depth = size.depth.max(row.depth);
    }
    summary.n_replies = parents.len() as u64;
    summary.n_missing_parents = parents.iter().filter(|parent| missing.contains(parent)).count() as u64;
    summary.n_conversations = sizes.len() as u64;

    let sizes: BTreeMap<Key, Size> = sizes.into_iter().collect();
    let (mut by_size, mut by_depth) = (BTreeMap::new(), BTreeMap::new());
    for size in sizes.values() {
        *by_size.entry(size.n_posts).or_insert(0) += 1;
        *by_depth.entry(u64::from(size.depth)).or_insert(0) += 1;
    }
    summary.sizes = by_size.into_iter().collect();
    summary.depths = by_depth.into_iter().collect();
    summary.largest = largest(shown, &sizes)?;
    Ok(summary)
}

/// The conversations with most posts, of equals by key; those of a single post are not listed.
fn largest(shown: &Shown<'_>, sizes: &BTreeMap<Key, Size>) -> Result<Vec<LargeConversation>> {
    let snapshot = shown.snapshot;
    let mut ranked: Vec<(Key, Size)> =
        sizes.iter().filter(|(_, size)| size.n_posts > 1).map(|(key, size)| (*key, *size)).collect();
    ranked.sort_by(|a, b| b.1.n_posts.cmp(&a.1.n_posts).then(a.0.cmp(&b.0)));
    ranked.truncate(N_LARGEST);
    let wanted: BTreeSet<Key> = ranked.iter().map(|(key, _)| *key).collect();

    let mut conversation_of: HashMap<Key, Key> = HashMap::new();
    for row in snapshot.rows::<ConversationRow>() {
        let row = row?;
        if row.present && wanted.contains(&row.conversation_key) {
            conversation_of.insert(row.post_key, row.conversation_key);
        }
    }
    let mut authors: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    let mut first_posts: BTreeMap<Key, (String, String)> = BTreeMap::new();
    for post in snapshot.rows::<PostCard<'static>>() {
        let post = post?;
        let Some(conversation) = conversation_of.get(&post.post_key) else {
            continue;
        };
        if !shown.holds(&post.post_key) {
            continue;
        }
        authors.entry(*conversation).or_default().extend(post.author_key);
        if *conversation == post.post_key {
            first_posts.insert(post.post_key, (post.post_id.into_owned(), post.text.into_owned()));
        }
    }
    let describe = |(key, size): (Key, Size)| {
        // The first post of a conversation may be missing, or not among those that are shown; then its key stands for its id.
        let (id, text) = first_posts.remove(&key).unwrap_or_else(|| (key.to_string(), String::new()));
        LargeConversation {
            id,
            n_posts: size.n_posts,
            n_authors: authors.get(&key).map_or(0, |authors| authors.len() as u64),
            depth: u64::from(size.depth),
            text,
        }
    };
    Ok(ranked.into_iter().map(describe).collect())
}
