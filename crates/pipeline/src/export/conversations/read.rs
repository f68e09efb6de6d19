//! What every post says that is answered or answers: its words are put aside, and whether it can be told is decided.

use std::collections::HashSet;

use populi_dataset::dialogue::{Fate, FateCounts, LeftOut};
use populi_dataset::{Kind as Named, Pseudonyms};
use populi_model::table::{
    AccountWithheld, AttributeRow, CleaningRow, InstructionRow, LanguageRow, PostOwner, PostTurn,
    SourceSighting, TombstoneOwner,
};
use populi_model::{Key, Operation, Platform, RecordKind};
use populi_store::Snapshot;
use populi_text::edges::body;
use populi_text::language_code::of_tag;
use rayon::prelude::*;

use super::super::authors::Authors;
use super::super::gather::{Masks, stale_threads};
use super::super::texts::Texts;
use super::nodes::{Kind, Nodes};
use super::params::{Cleaning, ConversationFormat, ConversationParams, Origin, Withheld};
use super::{Counts, raw};
use crate::Result;
use crate::progress::{Progress, stop_if_asked};
use crate::select::Chosen;
use crate::visible::{CHUNK_POSTS, HiddenAccounts, visible_posts};

/// What was found beside the nodes.
pub(super) struct Found {
    pub(super) authors: Authors,
    /// Posts of the corpus, by network.
    pub(super) posts: Counts,
    pub(super) n_tombstones: u64,
    /// What becomes of posts that are no nodes.
    pub(super) fates: FateCounts,
}

/// Whether the table `languages` tells of the posts as they are.
pub(super) fn has_languages(snapshot: &Snapshot) -> bool {
    let manifest = snapshot.manifest();
    manifest.steps.contains_key("languages") && !manifest.stale_steps().any(|step| step == "languages")
}

impl Found {
    /// Completes the nodes, and puts their texts aside.
    pub(super) fn read(
        snapshot: &Snapshot,
        params: &ConversationParams,
        pseudonyms: &Pseudonyms,
        nodes: &mut Nodes,
        texts: &mut Texts,
        progress: &dyn Progress,
    ) -> Result<Self> {
        if has_languages(snapshot) {
            read_languages(snapshot, nodes)?;
        }
        let mut found = Self {
            authors: Authors::unclustered(pseudonyms.clone()),
            posts: Counts::new(),
            n_tombstones: 0,
            fates: FateCounts::default(),
        };
        let masks = Masks::of(snapshot, pseudonyms)?;
        let n_alone = found.read_posts(snapshot, params, &masks, pseudonyms, nodes, texts, progress)?;
        found.read_owners(snapshot, n_alone, nodes)?;
        found.read_tombstones(snapshot, pseudonyms, nodes)?;
        if params.cleaning == Cleaning::Apply {
            leave_out_what_is_unclean(snapshot, nodes)?;
        }
        if let Some(least) = params.min_instruction {
            refuse_other_roots(snapshot, least, nodes)?;
        }
        if params.origin == Origin::AsOriginal {
            leave_out_what_the_original_lacks(snapshot, nodes)?;
        }
        if params.format == ConversationFormat::OpenassistantRaw {
            raw::read(snapshot, params, pseudonyms, &masks, &found.authors, nodes, texts)?;
        }
        texts.flush()?;
        Ok(found)
    }

    /// Reads the posts that are to be seen; returns how many of them neither answer nor are answered.
    #[expect(clippy::too_many_arguments, reason = "the parts of one pass")]
    fn read_posts(
        &mut self,
        snapshot: &Snapshot,
        params: &ConversationParams,
        masks: &Masks,
        pseudonyms: &Pseudonyms,
        nodes: &mut Nodes,
        texts: &mut Texts,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let withheld_accounts = withheld_accounts(snapshot, params)?;
        let is_raw = params.format == ConversationFormat::OpenassistantRaw;
        let mut n_alone = 0;
        let mut posts = visible_posts::<PostTurn<'static>>(snapshot, &Chosen::all(snapshot)?);
        loop {
            let chunk = posts.by_ref().take(CHUNK_POSTS).collect::<Result<Vec<_>>>()?;
            if chunk.is_empty() {
                return Ok(n_alone);
            }
            let read: Vec<_> = chunk
                .par_iter()
                .map(|post| {
                    let at = nodes.find(post.post_key)?;
                    let body =
                        if is_raw { &post.text } else { body(&post.text, post.body_start, post.body_end) };
                    let id = pseudonyms.of(post.platform.name(), Named::Post, &post.post_id);
                    Some((at, body.chars().count(), masks.mask(post.platform, body), id))
                })
                .collect();
            for (post, read) in chunk.iter().zip(read) {
                let Some((at, n_chars, text, id)) = read else {
                    // What answers another one has a place in its conversation.
                    n_alone += 1;
                    continue;
                };
                // Somebody else's notice says that it is deleted.
                if !nodes.get(at).is_present {
                    continue;
                }
                let author = match (post.author_key, &post.author_id) {
                    (Some(key), Some(author)) => Some(self.authors.add(key, post.platform, author)),
                    _ => None,
                };
                let node = nodes.get_mut(at);
                node.kind = Kind::Standing;
                node.id = Some(id);
                node.author = author.unwrap_or(node.author);
                node.time = post.created_at.or(post.received_at).map(|at| at.0);
                node.lang = node.lang.or_else(|| post.declared_lang.iter().find_map(|tag| of_tag(tag)));
                node.n_chars = u32::try_from(n_chars).unwrap_or(u32::MAX);
                let is_withheld = !post.withheld_in.is_empty()
                    || post.author_key.is_some_and(|author| withheld_accounts.contains(&author));
                if is_withheld && params.withheld == Withheld::LeaveOut {
                    node.left_out = Some(LeftOut::Withheld);
                }
                if params.origin == Origin::AsOriginal && !post.declared_lang.iter().any(|tag| tag == "en") {
                    node.no_root = Some(LeftOut::NotEnglishRoot);
                }
                if !is_raw {
                    node.text = texts.push(&text)?;
                }
            }
            progress.advance(chunk.len() as u64);
            stop_if_asked(progress)?;
        }
    }

    /// Counts all posts, and says why those are not seen that the pass before did not show.
    fn read_owners(&mut self, snapshot: &Snapshot, n_alone: u64, nodes: &mut Nodes) -> Result<()> {
        let hidden = HiddenAccounts::of(snapshot)?;
        let (mut n_elsewhere, mut n_hidden) = (0_u64, 0_u64);
        for post in snapshot.rows::<PostOwner>() {
            let post = post?;
            *self.posts.entry(post.platform.name().to_owned()).or_default() += 1;
            let is_hidden = hidden.hides(post.author_key);
            match nodes.find(post.post_key).map(|at| nodes.get_mut(at)) {
                None => {
                    n_elsewhere += 1;
                    n_hidden += u64::from(is_hidden);
                }
                Some(node) if node.kind == Kind::Missing => {
                    node.kind = Kind::Hidden;
                    node.left_out = Some(if is_hidden { LeftOut::HiddenAuthor } else { LeftOut::Edited });
                }
                Some(_) => {}
            }
        }
        // Of the accounts that are there only the newest step of an edited post is shown.
        let n_edited = n_elsewhere.checked_sub(n_hidden + n_alone).ok_or_else(stale_threads)?;
        self.fates.add(Fate::LeftOut(LeftOut::Alone), n_alone);
        self.fates.add(Fate::LeftOut(LeftOut::HiddenAuthor), n_hidden);
        self.fates.add(Fate::LeftOut(LeftOut::Edited), n_edited);
        Ok(())
    }

    fn read_tombstones(
        &mut self,
        snapshot: &Snapshot,
        pseudonyms: &Pseudonyms,
        nodes: &mut Nodes,
    ) -> Result<()> {
        for tombstone in snapshot.rows::<TombstoneOwner<'static>>() {
            let tombstone = tombstone?;
            self.n_tombstones += 1;
            let Some(at) = nodes.find(tombstone.record_key).filter(|at| nodes.get(*at).kind == Kind::Missing)
            else {
                self.fates.add(Fate::LeftOut(LeftOut::Deleted), 1);
                continue;
            };
            let platform = platform_of(&tombstone.record_id);
            let node = nodes.get_mut(at);
            node.kind = Kind::Deleted;
            node.id = Some(pseudonyms.of(platform.name(), Named::Post, &tombstone.record_id));
            if let (Some(key), Some(author)) = (tombstone.author_key, &tombstone.author_id) {
                node.author = self.authors.add(key, platform, author);
            }
        }
        Ok(())
    }
}

/// The network of an id, by what stands before it.
fn platform_of(id: &str) -> Platform {
    let is_own = |platform: &Platform| platform.own_id_prefixes().iter().any(|prefix| id.starts_with(prefix));
    Platform::ALL.into_iter().find(is_own).unwrap_or(Platform::Bluesky)
}

fn read_languages(snapshot: &Snapshot, nodes: &mut Nodes) -> Result<()> {
    for row in snapshot.rows::<LanguageRow<'_>>() {
        let row = row?;
        if let Some(at) = nodes.find(row.post_key) {
            nodes.get_mut(at).lang = row.lang.as_deref().and_then(of_tag);
        }
    }
    Ok(())
}

fn withheld_accounts(snapshot: &Snapshot, params: &ConversationParams) -> Result<HashSet<Key>> {
    let mut withheld = HashSet::new();
    if params.withheld == Withheld::LeaveOut {
        for account in snapshot.rows::<AccountWithheld<'_>>() {
            let account = account?;
            if !account.withheld_in.is_empty() {
                withheld.insert(account.account_key);
            }
        }
    }
    Ok(withheld)
}

/// Leaves out what cleaning does not keep, and what it did not look at.
fn leave_out_what_is_unclean(snapshot: &Snapshot, nodes: &mut Nodes) -> Result<()> {
    let mut why = vec![Some(LeftOut::NotCleaned); nodes.as_slice().len()];
    for row in snapshot.rows::<CleaningRow<'_>>() {
        let row = row?;
        if let Some(at) = nodes.find(row.post_key) {
            why[at as usize] = (!row.keep).then_some(LeftOut::Unclean);
        }
    }
    for (at, why) in why.into_iter().enumerate() {
        let node = nodes.get_mut(at as u32);
        if node.kind == Kind::Standing {
            node.left_out = node.left_out.or(why);
        }
    }
    Ok(())
}

/// Lets only posts be roots that are an instruction with at least this probability.
fn refuse_other_roots(snapshot: &Snapshot, least: f32, nodes: &mut Nodes) -> Result<()> {
    let mut is_one = vec![false; nodes.as_slice().len()];
    for row in snapshot.rows::<InstructionRow<'_>>() {
        let row = row?;
        if let Some(at) = nodes.find(row.post_key) {
            is_one[at as usize] = row.probability >= least;
        }
    }
    for (at, _) in is_one.into_iter().enumerate().filter(|(_, is_one)| !is_one) {
        let node = nodes.get_mut(at as u32);
        node.no_root = node.no_root.or(Some(LeftOut::NotInstruction));
    }
    Ok(())
}

/// Leaves out what was never a record of a stream by itself, and what such a record called truncated.
fn leave_out_what_the_original_lacks(snapshot: &Snapshot, nodes: &mut Nodes) -> Result<()> {
    let n = nodes.as_slice().len();
    let (mut is_direct, mut is_whole) = (vec![false; n], vec![true; n]);
    for source in snapshot.rows::<SourceSighting>() {
        let source = source?;
        if (source.kind, source.operation) == (RecordKind::Post, Operation::Create)
            && let Some(at) = nodes.find(source.record_key)
        {
            is_direct[at as usize] = true;
        }
    }
    for attribute in snapshot.rows::<AttributeRow<'_>>() {
        let attribute = attribute?;
        if attribute.name == "truncated"
            && attribute.value == "true"
            && let Some(at) = nodes.find(attribute.post_key)
        {
            is_whole[at as usize] = false;
        }
    }
    for (at, (is_direct, is_whole)) in is_direct.into_iter().zip(is_whole).enumerate() {
        let node = nodes.get_mut(at as u32);
        if node.kind == Kind::Standing && node.left_out.is_none() {
            node.left_out = match (is_direct, is_whole) {
                (false, _) => Some(LeftOut::Embedded),
                (true, false) => Some(LeftOut::Truncated),
                (true, true) => None,
            };
        }
    }
    Ok(())
}
