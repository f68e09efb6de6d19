//! What every post that can be shown says: pseudonyms in place of names, and of edited posts every version.

use std::collections::{BTreeMap, HashMap};

use populi_dataset::{Kind, Mentioned, Pseudonyms, TextMask};
use populi_model::table::{AccountHandle, ActVersion, PostMessage};
use populi_model::{Key, Operation, Platform, Timestamp};
use populi_store::Snapshot;
use rayon::prelude::*;

use super::acts::operation_of;
use super::authors::Authors;
use super::index::PostIndex;
use super::texts::Texts;
use crate::progress::{Progress, stop_if_asked};
use crate::select::Chosen;
use crate::visible::{CHUNK_POSTS, visible_posts};
use crate::{Error, Result};

/// A mask for each platform.
pub(super) struct Masks(BTreeMap<Platform, TextMask>);

impl Masks {
    /// Knows every handle that the corpus knows.
    pub(super) fn of(snapshot: &Snapshot, pseudonyms: &Pseudonyms) -> Result<Self> {
        let mut masks = BTreeMap::new();
        for platform in Platform::ALL {
            let mentioned = match platform {
                Platform::Table | Platform::Blueprint => Mentioned::Ids,
                _ => Mentioned::Handles,
            };
            let mask = TextMask::new(pseudonyms.clone(), platform.name(), mentioned)
                .map_err(|error| Error::Export { reason: error.to_string() })?;
            masks.insert(platform, mask);
        }
        for account in snapshot.rows::<AccountHandle<'_>>() {
            let account = account?;
            if let (Some(handle), Some(mask)) = (account.handle, masks.get_mut(&account.platform)) {
                let id = pseudonyms.of(account.platform.name(), Kind::Account, &account.account_id);
                mask.learn(&handle, id);
            }
        }
        Ok(Self(masks))
    }

    pub(super) fn mask<'t>(&self, platform: Platform, text: &'t str) -> std::borrow::Cow<'t, str> {
        match self.0.get(&platform) {
            Some(mask) => mask.mask(text),
            // There is one for every platform; without one nothing of the text may leave.
            None => std::borrow::Cow::Borrowed(""),
        }
    }
}

/// Edits by post and revision: where the text before is, and behind it the text after.
pub(super) type Edits = HashMap<(u32, u64), u64>;

/// Everything that lines are made of, but the acts.
pub(super) struct Gathered {
    pub(super) index: PostIndex,
    pub(super) authors: Authors,
    pub(super) texts: Texts,
    pub(super) edits: Edits,
}

impl Gathered {
    /// Reads the posts, and the versions of those that were edited.
    pub(super) fn of(
        snapshot: &Snapshot,
        pseudonyms: &Pseudonyms,
        mut texts: Texts,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let masks = Masks::of(snapshot, pseudonyms)?;
        let mut index = PostIndex::of(snapshot)?;
        let mut authors = Authors::of(snapshot, pseudonyms.clone())?;
        let mut edited = BTreeMap::new();
        let mut posts = visible_posts::<PostMessage<'static>>(snapshot, &Chosen::all(snapshot)?);
        loop {
            let chunk = posts.by_ref().take(CHUNK_POSTS).collect::<Result<Vec<_>>>()?;
            if chunk.is_empty() {
                break;
            }
            let masked: Vec<_> = chunk.par_iter().map(|post| masks.mask(post.platform, &post.text)).collect();
            for (post, text) in chunk.iter().zip(&masked) {
                let row = index.find(post.post_key).ok_or_else(stale_threads)?;
                // A post without a text is shown to nobody.
                if !post.withheld_in.is_empty() {
                    index.withhold(row);
                    continue;
                }
                let (Some(key), Some(id)) = (post.author_key, &post.author_id) else { continue };
                let author = authors.add(key, post.platform, id);
                let Some(at) = post.received_at.or(post.created_at) else { continue };
                index.set(row, author, at.0, texts.push(text)?);
                if post.edited {
                    edited.insert(row, post.platform);
                }
            }
            progress.advance(chunk.len() as u64);
            stop_if_asked(progress)?;
        }
        texts.flush()?;
        let mut gathered = Self { index, authors, texts, edits: Edits::new() };
        if !edited.is_empty() {
            gathered.read_versions(snapshot, &masks, &edited)?;
        }
        gathered.texts.flush()?;
        gathered.index.settle(gathered.authors.len());
        Ok(gathered)
    }

    /// Gives edited posts the text and time of their first version, and keeps their edits.
    fn read_versions(
        &mut self,
        snapshot: &Snapshot,
        masks: &Masks,
        edited: &BTreeMap<u32, Platform>,
    ) -> Result<()> {
        let mut history = History::default();
        for act in snapshot.rows::<ActVersion<'static>>() {
            let act = act?;
            if history.record_key != Some(act.record_key) {
                self.keep_history(&history, masks)?;
                let row = self.index.find(act.record_key);
                let post = row.and_then(|row| Some((row, *edited.get(&row)?)));
                history = History { record_key: Some(act.record_key), post, versions: Vec::new() };
            }
            if history.post.is_some() {
                history.push(act);
            }
        }
        self.keep_history(&history, masks)
    }

    fn keep_history(&mut self, history: &History, masks: &Masks) -> Result<()> {
        let Some((row, platform)) = history.post else { return Ok(()) };
        let (standing, _) = self.texts.read(self.index.text(row))?;
        // Of every version the text, masked, where it is known: the next version tells it, and the post the last one's.
        let text_of = |i: usize| match history.versions.get(i + 1) {
            None => Some(standing.clone()),
            Some(next) => {
                let (revision, text) = next.prior.as_ref()?;
                (*revision == history.versions[i].revision).then(|| masks.mask(platform, text).into_owned())
            }
        };
        let texts: Vec<Option<String>> = (0..history.versions.len()).map(text_of).collect();
        if let (Some(Version { at: Some(at), .. }), Some(Some(text))) =
            (history.versions.first(), texts.first())
        {
            let place = self.texts.push(text)?;
            self.index.set_version(row, at.0, place);
        }
        for (version, pair) in history.versions.iter().skip(1).zip(texts.windows(2)) {
            if let [Some(before), Some(after)] = pair {
                let place = self.texts.push(before)?;
                self.texts.push(after)?;
                self.edits.insert((row, version.revision), place);
            }
        }
        self.texts.flush()
    }
}

pub(super) fn stale_threads() -> Error {
    Error::Stale { table: "conversations".to_owned(), verb: "threads" }
}

/// The versions of a post since it was last made.
#[derive(Default)]
struct History {
    record_key: Option<Key>,
    /// Its row and network, if it was edited and can be shown.
    post: Option<(u32, Platform)>,
    versions: Vec<Version>,
}

struct Version {
    revision: u64,
    at: Option<Timestamp>,
    /// The version before it, and its text.
    prior: Option<(u64, String)>,
}

impl History {
    fn push(&mut self, act: ActVersion<'_>) {
        // A reply that quotes is two acts of one version.
        if self.versions.last().is_some_and(|last| last.revision == act.revision) {
            return;
        }
        let operation = operation_of(act.operation, act.kind);
        // What came before anything but an update was gone.
        if operation != Operation::Update {
            self.versions.clear();
        }
        if matches!(operation, Operation::Create | Operation::Update) {
            let prior = act.prior_revision.zip(act.prior_text.map(|text| text.into_owned()));
            self.versions.push(Version { revision: act.revision, at: act.at, prior });
        }
    }
}
