//! What of each tree is told, and into which split it goes.

use std::collections::HashMap;

use populi_dataset::dialogue::{Fate, FateCounts, LeftOut, Post, State, Turns};
use populi_model::Key;
use rayon::prelude::*;

use super::nodes::{Kind, NONE, Node, Nodes};
use super::params::{ConversationFormat, ConversationParams, SplitBy};
use super::trees::{Tree, Trees};

/// Trees that one thread judges at a time.
const CHUNK_TREES: usize = 256;

/// What is told.
pub(super) struct Plan {
    /// What becomes of the posts of all trees.
    pub(super) fates: FateCounts,
    /// The split of each tree; none of one that is not told.
    pub(super) splits: Vec<Option<u8>>,
}

impl Plan {
    /// Makes turns of every tree, in parallel.
    pub(super) fn of(trees: &Trees, nodes: &Nodes, params: &ConversationParams) -> Self {
        let judged: Vec<(Vec<bool>, FateCounts)> = trees
            .as_slice()
            .par_chunks(CHUNK_TREES)
            .map(|chunk| {
                let mut fates = FateCounts::default();
                let judge = |tree| judge(tree, trees, nodes, params, &mut fates);
                (chunk.iter().map(judge).collect(), fates)
            })
            .collect();
        let (mut is_told, mut fates) = (Vec::with_capacity(trees.as_slice().len()), FateCounts::default());
        for (told, counts) in judged {
            is_told.extend(told);
            fates.merge(&counts);
        }
        Self { fates, splits: splits(trees, &is_told, params) }
    }
}

/// The turns of a tree, and the place of its nodes.
pub(super) fn turns(tree: &Tree, trees: &Trees, nodes: &Nodes, params: &ConversationParams) -> Turns {
    let in_tree: Vec<&Node> = trees.nodes(tree).iter().map(|at| nodes.get(*at)).collect();
    let post = |(place, node): (usize, &&Node)| {
        let is_root = place == 0;
        let left_out = if is_root { node.left_out.or(node.no_root) } else { node.left_out };
        Post {
            parent: (!is_root).then(|| trees.place(node.parent)),
            author: (node.author != NONE).then_some(node.author),
            time: node.time,
            state: match (node.kind, left_out) {
                (Kind::Standing, None) => State::Standing,
                (Kind::Deleted, _) => State::Deleted,
                (_, Some(reason)) => State::LeftOut(reason),
                // A missing post is below none, so this is a hidden one.
                (Kind::Hidden | Kind::Missing, None) => State::LeftOut(LeftOut::HiddenAuthor),
            },
        }
    };
    let posts: Vec<Post> = in_tree.iter().enumerate().map(post).collect();
    Turns::of(&posts, &params.rules(), |of_turn, is_root| admit(&in_tree, of_turn, is_root, params))
}

/// Whether a turn is what was asked for.
fn admit(
    in_tree: &[&Node],
    of_turn: &[u32],
    is_root: bool,
    params: &ConversationParams,
) -> Result<(), LeftOut> {
    let lengths = of_turn.iter().map(|place| in_tree[*place as usize].n_chars).filter(|n| *n > 0);
    let (n_parts, n_chars) =
        lengths.fold((0_u64, 0_u64), |(parts, chars), n| (parts + 1, chars + u64::from(n)));
    // Parts of a turn are joined by two characters.
    let length = n_chars + 2 * n_parts.saturating_sub(1);
    if length == 0 && params.format != ConversationFormat::OpenassistantRaw {
        return Err(LeftOut::NoText);
    }
    if length < u64::from(params.min_length) && length > 0 {
        return Err(LeftOut::TooShort);
    }
    let lang = of_turn.first().and_then(|place| in_tree[*place as usize].lang);
    let is_asked_for = match lang {
        _ if params.langs.is_empty() => true,
        Some(lang) => params.langs.contains(lang),
        None => !is_root,
    };
    if is_asked_for { Ok(()) } else { Err(LeftOut::Language) }
}

/// Whether a tree is told; what becomes of its posts is counted.
fn judge(
    tree: &Tree,
    trees: &Trees,
    nodes: &Nodes,
    params: &ConversationParams,
    counts: &mut FateCounts,
) -> bool {
    let turns = turns(tree, trees, nodes, params);
    let last_replies = turns.last_replies();
    let is_told = match params.format {
        ConversationFormat::Dialogue(_) => !last_replies.is_empty(),
        ConversationFormat::OpenassistantRaw => turns.len() > 1,
    };
    let mut fates = turns.fates().to_vec();
    let mut leave_out = |turn: u32, reason| {
        for post in turns.posts(turn) {
            let fate = if turns.is_deleted(turn) { LeftOut::Deleted } else { reason };
            fates[*post as usize] = Fate::LeftOut(fate);
        }
    };
    if !is_told {
        (0..turns.len() as u32).for_each(|turn| leave_out(turn, LeftOut::NoReply));
    } else if matches!(params.format, ConversationFormat::Dialogue(format) if format.tells_paths()) {
        let on_paths = turns.on_paths(&last_replies);
        let off = (0..turns.len() as u32).filter(|turn| !on_paths[*turn as usize]);
        off.for_each(|turn| leave_out(turn, LeftOut::Unanswered));
    }
    fates.into_iter().for_each(|fate| counts.add(fate, 1));
    is_told
}

/// The splits of the trees that are told. All trees of a conversation go into one split; by time, that of its first root.
fn splits(trees: &Trees, is_told: &[bool], params: &ConversationParams) -> Vec<Option<u8>> {
    let told = || trees.as_slice().iter().zip(is_told).filter(|(_, is_told)| **is_told).map(|(tree, _)| tree);
    let mut ranks: HashMap<Key, usize> = HashMap::new();
    if params.split_by == SplitBy::Time {
        // Trees are in the order of time.
        for tree in told() {
            let next = ranks.len();
            ranks.entry(tree.conversation).or_insert(next);
        }
    }
    let split = |tree: &Tree| match ranks.get(&tree.conversation) {
        Some(rank) => params.shares.by_rank(*rank, ranks.len()),
        None => params.shares.by_hash(params.seed, tree.conversation.to_u128()),
    };
    let splits = trees.as_slice().iter().zip(is_told);
    // There are three splits at most.
    splits.map(|(tree, is_told)| is_told.then(|| split(tree) as u8)).collect()
}
