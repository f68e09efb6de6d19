//! From the plan to the files.

use std::collections::BTreeMap;

use populi_dataset::dialogue::openassistant_raw::{self, RawPost};
use populi_dataset::dialogue::{Dialogue, DialogueCard, Message, SplitCard, Turns};
use populi_model::Timestamp;
use rayon::prelude::*;

use super::super::folder::Unfinished;
use super::super::texts::Texts;
use super::super::write::NewFile;
use super::Counts;
use super::nodes::{NONE, Node, Nodes};
use super::params::{ConversationFormat, ConversationParams};
use super::plan::{Plan, turns};
use super::read::Found;
use super::trees::{Tree, Trees};
use crate::error::io;
use crate::progress::{Progress, Unit, stop_if_asked};
use crate::{Error, Result};

/// Nodes of the trees that are held as text at a time, or those of one tree that has more.
const ROUND_NODES: usize = 64 * 1024;
/// Between the posts of a turn.
const JOINT: &str = "\n\n";
/// The tag of a language that nobody knows, as BCP 47 has it.
const UNKNOWN_LANGUAGE: &str = "und";

/// Writes the trees that are told.
pub(super) struct Writer<'a> {
    pub(super) params: &'a ConversationParams,
    pub(super) nodes: &'a Nodes,
    pub(super) trees: &'a Trees,
    pub(super) plan: &'a Plan,
    pub(super) found: &'a Found,
    pub(super) texts: &'a Texts,
}

/// A tree as text, and what the card says of it.
struct Told {
    split: u8,
    text: Vec<u8>,
    n_lines: u64,
    n_turns: u64,
    longest_path: u64,
    languages: BTreeMap<&'static str, u64>,
    time: Option<i64>,
}

impl Writer<'_> {
    /// Writes a file for each split, and completes the card.
    pub(super) fn write(
        &self,
        folder: &Unfinished,
        card: &mut DialogueCard,
        progress: &dyn Progress,
    ) -> Result<()> {
        let names = self.params.shares.names();
        let mut files = Vec::new();
        for name in names {
            files.push(NewFile::create(&folder.path(&format!("{name}.jsonl")))?);
            card.splits.push(SplitCard { name: (*name).to_owned(), ..SplitCard::default() });
        }
        let told: Vec<(&Tree, u8)> = self
            .trees
            .as_slice()
            .iter()
            .zip(&self.plan.splits)
            .filter_map(|(tree, split)| Some((tree, (*split)?)))
            .collect();
        progress.begin("trees", Some(told.len() as u64), Unit::Rows);
        let mut rest = &told[..];
        while !rest.is_empty() {
            let (round, next) = rest.split_at(self.round(rest));
            rest = next;
            let texts: Vec<Told> =
                round.par_iter().map(|(tree, split)| self.tell(tree, *split)).collect::<Result<_>>()?;
            for told in texts {
                files[usize::from(told.split)].add(&told.text)?;
                told.count(card);
            }
            progress.advance(round.len() as u64);
            stop_if_asked(progress)?;
        }
        for (file, name) in files.into_iter().zip(names) {
            file.finish(&format!("{name}.jsonl"), &mut card.files)?;
        }
        progress.end();
        Ok(())
    }

    /// How many of the next trees are written at a time.
    fn round(&self, rest: &[(&Tree, u8)]) -> usize {
        let mut n_nodes = 0;
        let fits = rest.iter().take_while(|(tree, _)| {
            n_nodes += self.trees.nodes(tree).len();
            n_nodes <= ROUND_NODES
        });
        fits.count().max(1)
    }

    fn tell(&self, tree: &Tree, split: u8) -> Result<Told> {
        let turns = turns(tree, self.trees, self.nodes, self.params);
        let in_tree = self.trees.nodes(tree);
        let first = |turn: u32| self.nodes.get(in_tree[turns.posts(turn)[0] as usize]);
        let is_told = self.told_turns(&turns);
        let mut told = Told {
            split,
            text: Vec::new(),
            n_lines: 0,
            n_turns: 0,
            longest_path: 0,
            languages: BTreeMap::new(),
            time: first(0).time,
        };
        let mut depths = vec![1_u64; turns.len()];
        for turn in 0..turns.len() as u32 {
            if let Some(parent) = turns.parent(turn) {
                depths[turn as usize] = depths[parent as usize] + 1;
            }
            if is_told[turn as usize] {
                told.n_turns += 1;
                told.longest_path = told.longest_path.max(depths[turn as usize]);
                *told.languages.entry(first(turn).lang.unwrap_or(UNKNOWN_LANGUAGE)).or_default() += 1;
            }
        }
        let written = match self.params.format {
            ConversationFormat::Dialogue(format) => {
                let messages: Vec<Message> = (0..turns.len() as u32)
                    .map(|turn| self.message(first(turn), in_tree, turns.posts(turn)))
                    .collect::<Result<_>>()?;
                format.write(&Dialogue { turns: &turns, messages: &messages }, &mut told.text)
            }
            ConversationFormat::OpenassistantRaw => {
                let posts: Vec<RawPost> =
                    (0..turns.len() as u32).map(|turn| self.raw(first(turn))).collect::<Result<_>>()?;
                openassistant_raw::write(&turns, &posts, &mut told.text)
            }
        };
        told.n_lines = written.map_err(io("write", &self.params.out))?;
        Ok(told)
    }

    /// Which turns the lines tell.
    fn told_turns(&self, turns: &Turns) -> Vec<bool> {
        match self.params.format {
            ConversationFormat::Dialogue(format) if format.tells_paths() => {
                turns.on_paths(&turns.last_replies())
            }
            _ => vec![true; turns.len()],
        }
    }

    fn message(&self, first: &Node, in_tree: &[u32], posts: &[u32]) -> Result<Message> {
        let mut text = String::new();
        for post in posts {
            let node = self.nodes.get(in_tree[*post as usize]);
            if node.n_chars == 0 {
                continue;
            }
            if !text.is_empty() {
                text.push_str(JOINT);
            }
            text.push_str(&self.texts.read(node.text)?.0);
        }
        Ok(Message {
            id: first.id.ok_or_else(|| missing("no pseudonym"))?,
            user: (first.author != NONE).then(|| self.found.authors.name(first.author)),
            text,
            time: first.time.map(Timestamp),
            lang: first.lang.map(str::to_owned),
        })
    }

    fn raw(&self, node: &Node) -> Result<RawPost> {
        let (told, _) = self.texts.read(node.text)?;
        serde_json::from_str(&told).map_err(|error| Error::Export { reason: error.to_string() })
    }
}

fn missing(what: &str) -> Error {
    Error::Export { reason: format!("a post that is told has {what}: please report this") }
}

impl Told {
    fn count(&self, card: &mut DialogueCard) {
        card.longest_path = card.longest_path.max(self.longest_path);
        let languages: &mut Counts = &mut card.languages;
        for (language, n) in &self.languages {
            *languages.entry((*language).to_owned()).or_default() += n;
        }
        let split = &mut card.splits[usize::from(self.split)];
        split.trees += 1;
        split.turns += self.n_turns;
        split.lines += self.n_lines;
        if let Some(time) = self.time.map(|time| Timestamp(time).to_string()) {
            // Trees come in the order of time.
            split.first.get_or_insert_with(|| time.clone());
            split.last = Some(time);
        }
    }
}
