//! `populi export personas`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use populi_pipeline::export::{Existing, ExportParams, KeySource, Style as ExportStyle, export_personas};
use populi_store::Snapshot;

use crate::options::{CorpusOption, Manner};

/// Write what the authors of each persona cluster did, a file a cluster, under pseudonyms.
///
/// OUT holds cluster_N.jsonl, user_clusters.json, user_clusters.csv (author, cluster, label), card.json and README.md,
/// which account for every act. A line is a chain of texts, each answering the one before it, up to a text of an author of
/// the cluster; or a pair of what was there and what such an author did to it: like, unlike, repost, unrepost, follow,
/// unfollow, block, unblock, edit, delete, quote. What stands before the act may be of anybody. An edited post is shown as
/// it was first written, its edits as pairs; a deleted text is never shown.
///
/// Left out and counted are acts of authors in no cluster, of accounts that are gone or hidden, on posts that are not
/// there, and of clusters with fewer than --min-group authors.
///
/// Ids become HMAC-SHA-256 under the key of --key-file (make one with `populi export key`): the same key gives the same
/// pseudonyms, another key unlinkable ones. In texts, mentions, handles, DIDs, at-URIs and bsky.app profile links are
/// replaced; names, e-mail addresses and telephone numbers are not. Pseudonymous data are personal data still.
///
/// OUT appears as a whole or not at all, and `populi ingest blueprint OUT` reads it again.
///
/// Time: three passes over posts and acts, and a read of each message that is told. Memory: about 50 bytes a post, 90 an
/// author, 32 an act of the largest cluster, and 8 a message for blueprint-released. Disk: texts are put aside meanwhile.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi export key --out ./personas.key\n  populi export personas --corpus ./march --key-file ./personas.key --out ./march-personas"
)]
pub struct Personas {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The folder to write: new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The format of the lines
    #[arg(long, value_enum, default_value_t = Style::BlueprintReleased)]
    style: Style,
    /// The key of the pseudonyms, as `populi export key` makes it
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Use the key that everybody can read in Populi's source: for tests, it hides nobody
    #[arg(long, conflicts_with = "key_file")]
    test_key: bool,
    /// Messages of a chain, at most: its last ones
    #[arg(long, value_name = "N", default_value_t = ExportParams::CONTEXT)]
    context: NonZeroUsize,
    /// Authors that a cluster must have to be written
    #[arg(long, value_name = "K", default_value_t = ExportParams::MIN_GROUP)]
    min_group: u64,
    /// Replace an earlier export in OUT
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    manner: Manner,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Style {
    /// Lists of messages, with times in microseconds
    BlueprintRaw,
    /// Threads with their cluster, with times as places in the order of all times
    BlueprintReleased,
}

impl From<Style> for ExportStyle {
    fn from(style: Style) -> Self {
        match style {
            Style::BlueprintRaw => Self::Raw,
            Style::BlueprintReleased => Self::Released,
        }
    }
}

impl Personas {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let params = ExportParams {
            style: self.style.into(),
            context: self.context,
            min_group: self.min_group,
            existing: if self.overwrite { Existing::Replace } else { Existing::Refuse },
            key: self.key_file.map(KeySource::File).or(self.test_key.then_some(KeySource::Published)),
            out: self.out.clone(),
        };
        let card = export_personas(&Snapshot::open(&self.corpus.corpus)?, &params, &bars)?;
        self.manner.print(&card, |card| {
            let left_out: Vec<String> =
                card.left_out.iter().map(|(reason, n)| format!("{n} {}", reason.replace('_', " "))).collect();
            format!(
                "{} lines of {} authors in {} clusters are in {}.\n{} acts: {} told, left out {}.\n{}",
                card.n_lines(),
                card.n_authors(),
                card.clusters.len(),
                self.out.display(),
                card.acts,
                card.n_lines(),
                if left_out.is_empty() { "none".to_owned() } else { left_out.join(", ") },
                if card.key_is_published {
                    "The key is published: these pseudonyms hide nobody.\n"
                } else {
                    ""
                },
            )
        })
    }
}
