//! The clause on words: a list of keywords, and the accounts that its handles name.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use populi_model::Platform;
use populi_text::keyword::{Keywords, fold};

use super::{Candidate, wrong};
use crate::Result;

/// A list of keywords.
#[derive(Clone, Debug)]
pub(super) struct KeywordList {
    /// The file as the user named it, for messages.
    name: String,
    keywords: Arc<Keywords>,
    /// Its handles without case.
    handles: Arc<HashSet<String>>,
    /// Ids of the accounts that its handles name: those of mentions and authors.
    ids: HashSet<String>,
}

impl KeywordList {
    /// Reads a list; `populi_text::keyword` says how.
    pub(super) fn read(content: &str, path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let keywords =
            Keywords::read(content).map_err(|error| wrong("--keyword", &name, error.to_string()))?;
        // What stands behind the @ may be an id itself; where ids have a prefix, names are ids.
        let ids_of = |handle: &str| {
            let prefixed = |prefix: &str| [format!("{prefix}{handle}"), format!("{prefix}@{handle}")];
            std::iter::once(handle.to_owned())
                .chain(Platform::id_prefixes().flat_map(prefixed))
                .collect::<Vec<_>>()
        };
        let ids = keywords.handles().flat_map(ids_of).collect();
        let handles = keywords.handles().map(|handle| fold(handle).into_owned()).collect();
        Ok(Self { name, keywords: Arc::new(keywords), handles: Arc::new(handles), ids })
    }

    pub(super) fn has_handles(&self) -> bool {
        !self.handles.is_empty()
    }

    /// Takes the account that goes by a handle for that handle, if it is in the list.
    pub(super) fn resolve(&mut self, handle: &str, account_id: &str) {
        if self.handles.contains(handle) {
            self.ids.insert(account_id.to_owned());
        }
    }

    /// Whether an entry is in the post, or a handle names its author or somebody whom it mentions.
    pub(super) fn admits<S: AsRef<str>>(&self, post: &Candidate<'_, S>, buffer: &mut String) -> bool {
        let is_named = |id: &str| self.ids.contains(id);
        (!self.ids.is_empty()
            && (post.author_id.is_some_and(is_named) || post.mentions.iter().any(|id| is_named(id.as_ref()))))
            || self.keywords.matches(post.text, post.hashtags, buffer)
    }

    /// The hash of what the list says, whatever its order and comments.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.keywords.canonical().as_bytes());
        // Ids are compared as they are written.
        let mut handles: Vec<&str> = self.keywords.handles().collect();
        handles.sort_unstable();
        handles.iter().for_each(|handle| {
            hasher.update(handle.as_bytes());
            hasher.update(b"\n");
        });
        hasher.finalize().to_hex().to_string()
    }

    pub(super) fn note(&self) -> String {
        let counts = self.keywords.counts();
        format!(
            "{}: {} words, {} phrases, {} hashtags, {} handles; {} of them open (*)",
            self.name, counts.words, counts.phrases, counts.hashtags, counts.handles, counts.open
        )
    }
}
