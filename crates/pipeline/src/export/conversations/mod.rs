//! The stage that writes conversations out as prompts and replies.
//!
//! In this order: the table `conversations` gives the posts that somebody answers or that answer somebody ([`nodes`]); a pass
//! over the posts says of each who wrote it, when and whether it can be told, and puts its text aside ([`read`], for
//! `openassistant-raw` [`raw`]); what hangs together becomes trees, by the time of their roots ([`trees`]); the trees become
//! turns, which decides what is told, and conversations get their splits ([`plan`]); then the trees are written
//! ([`write`]) into a folder that appears as a whole.

mod nodes;
mod params;
mod plan;
mod raw;
mod read;
mod trees;
mod write;

use std::collections::BTreeMap;

use populi_dataset::dialogue::{DialogueCard, Fate, FateCounts};
use populi_dataset::{PseudonymKey, Pseudonyms};
use populi_model::table::{PostRow, Row};
use populi_store::Snapshot;

use super::folder::Unfinished;
use super::texts::Texts;
use super::{check_steps, digests, open_key, write_card};
use crate::progress::{Progress, Unit};
use crate::{Error, Result};

use nodes::Nodes;
use plan::Plan;
use read::Found;
use trees::Trees;

pub use params::{
    Cleaning, ConversationFormat, ConversationParams, Incomplete, Names, Origin, SplitBy, Withheld,
};
pub use populi_dataset::dialogue::{Format, Parties, Shares};

/// The tables that an export of conversations may be made from.
const TABLES: [&str; 9] = [
    "accounts",
    "attributes",
    "cleaning",
    "conversations",
    "instructions",
    "languages",
    "posts",
    "sources",
    "tombstones",
];
/// Where texts are put aside.
const TEXTS: &str = "texts.aside";

/// Writes the conversations of a corpus as trees or paths of prompts and replies, and a card that accounts for every post.
///
/// Only conversations with a reply count in memory: about 150 bytes for each of their posts, 32 more an author, and the texts
/// of some 64 thousand posts while they are written; for `openassistant-raw` some 100 bytes a post more. Texts are put
/// aside on the disk, in the unfinished folder. Time: three passes over `conversations`, two over posts, sorts of the
/// answered posts, and a read of every text that is told. The same corpus, key and parameters give the same bytes at any
/// number of threads.
///
/// # Errors
/// When `threads` did not run on these posts, the key cannot be used, parameters contradict each other, a table that they
/// need is not there, something else is in the way, or the disk refuses; [`Error::Stopped`], with nothing left behind,
/// where the user asked to stop.
pub fn export_conversations(
    snapshot: &Snapshot,
    params: &ConversationParams,
    progress: &dyn Progress,
) -> Result<DialogueCard> {
    params.check()?;
    let mut steps = vec![("threads", "conversations", "threads")];
    if params.cleaning == Cleaning::Apply {
        steps.push(("clean", "cleaning", "clean"));
    }
    if params.min_instruction.is_some() {
        steps.push(("instructions", "instructions", "detector apply"));
    }
    check_steps(snapshot, &steps)?;
    let key = match (&params.key, params.names) {
        (None, Names::AsTheyAre) => PseudonymKey::published_test_key(),
        (source, _) => {
            open_key(source.as_ref().ok_or(Error::NoPseudonymKey)?, snapshot.folder(), &params.out)?
        }
    };
    let pseudonyms = Pseudonyms::new(&key);
    let folder = Unfinished::begin(&params.out, params.existing)?;

    progress.begin("posts", Some(snapshot.n_rows(PostRow::TABLE)), Unit::Rows);
    let mut texts = Texts::create(&folder.path(TEXTS))?;
    let mut nodes = Nodes::of(snapshot)?;
    let found = Found::read(snapshot, params, &pseudonyms, &mut nodes, &mut texts, progress)?;
    progress.end();

    let trees = Trees::of(&nodes, params.incomplete);
    let plan = Plan::of(&trees, &nodes, params);
    let mut fates = found.fates.clone();
    fates.merge(&trees.fates_outside(&nodes));
    fates.merge(&plan.fates);

    let mut card = DialogueCard {
        made_by: DialogueCard::MADE_BY.to_owned(),
        format: DialogueCard::FORMAT,
        style: params.format.name().to_owned(),
        parameters: params.told(snapshot),
        key_fingerprint: (params.names == Names::Pseudonyms).then(|| key.fingerprint()),
        key_is_published: params.names == Names::Pseudonyms && key.is_published(),
        corpus: digests(snapshot, &TABLES),
        posts: found.posts.clone(),
        tombstones: found.n_tombstones,
        ..DialogueCard::default()
    };
    count(&fates, &mut card);
    let writer =
        write::Writer { params, nodes: &nodes, trees: &trees, plan: &plan, found: &found, texts: &texts };
    writer.write(&folder, &mut card, progress)?;
    write_card(&folder, &card, &card.readme())?;
    folder.remove(TEXTS)?;
    folder.publish()?;
    Ok(card)
}

fn count(fates: &FateCounts, card: &mut DialogueCard) {
    card.told = fates.get(Fate::Told);
    card.merged = fates.get(Fate::Merged);
    card.told_tombstones = fates.get(Fate::Tombstone);
    card.left_out = fates.left_out();
}

/// Counts by name.
type Counts = BTreeMap<String, u64>;
