//! `populi export conversations`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use populi_pipeline::export::conversations::{
    Cleaning, ConversationFormat, ConversationParams, Format as Dialogue, Incomplete, Names, Origin, Parties,
    Shares, SplitBy as Split, Withheld, export_conversations,
};
use populi_pipeline::export::{Existing, KeySource};
use populi_pipeline::select::languages;
use populi_store::Snapshot;

use crate::options::{CorpusOption, Manner};

/// Write conversations as prompts and replies, to train language models with, under pseudonyms.
///
/// OUT holds conversations.jsonl, or with --split train.jsonl, validation.jsonl and test.jsonl, and card.json and README.md, which
/// account for every post. `populi threads` has to run before.
///
/// A conversation becomes a tree of turns. The earliest reply of an author to a post of their own joins that post, after a
/// blank line, and so on, so that a thread that somebody writes to themselves is one turn; further replies to the same own
/// post are left out. The first turn is the prompter's, a reply to it the assistant's, and so on: on every path the roles
/// alternate. Mentions in front of a text and links behind it are left out. Whatever is left out takes along what
/// answers it. A deleted post with something told below it keeps its place without text; paths through it are not told.
///
/// In the oasst formats review_result is true because loaders ask for it, and review_count is 0: nobody reviewed anything.
///
/// A tree begins with a post that answers nothing. Where the first post is missing, deleted or hidden, the conversation is
/// left out, or with --incomplete keep its topmost posts that are there begin trees. Withheld posts are left out unless
/// --withheld keep. A conversation is never in two splits.
///
/// Ids become HMAC-SHA-256 under the key of --key-file (make one with `populi export key`): user_id in full, message_id as a
/// UUID, in openassistant-raw as numbers. In texts, mentions, handles, DIDs and profile links are replaced; names, e-mail
/// addresses and telephone numbers are not. Only openassistant-raw may have --real-ids, as the original does: ids and
/// mentions then stand there as they are, and hide nobody. Pseudonymous data are personal data still, and posts that are
/// deleted later have to go from the export too: ingest the deletions and export again.
///
/// OUT appears as a whole or not at all. The same corpus, key and options give the same bytes.
///
/// Time: three passes over conversations, two over posts, and a read of each text that is told. Memory: about 150 bytes
/// for each post that answers or is answered, 32 an author; for openassistant-raw some 100 a post more. Disk: texts are put aside
/// meanwhile; in formats of paths a turn is written as often as paths lead through it.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi export key --out ./personas.key\n  populi export conversations --corpus ./may --format chat --key-file ./personas.key --split 0.8,0.1,0.1 --out ./may-chat"
)]
pub struct Conversations {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The folder to write: new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The format of the lines
    #[arg(long, value_enum)]
    format: Format,
    /// The key of the pseudonyms, as `populi export key` makes it
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Use the key that everybody can read in Populi's source: for tests, it hides nobody
    #[arg(long, conflicts_with = "key_file")]
    test_key: bool,
    /// Of openassistant-raw: ids and mentions as they are, which hides nobody
    #[arg(long, conflicts_with_all = ["key_file", "test_key"])]
    real_ids: bool,
    /// Only what Open-Assistant's scripts would have kept: posts of a stream by themselves with `truncated: false`, below roots
    /// that were declared English
    #[arg(long)]
    as_original: bool,
    /// Cut a path where a third author enters it
    #[arg(long)]
    two_party: bool,
    /// Shares of train, validation and perhaps test, such as 0.8,0.1,0.1
    #[arg(long, value_name = "SHARES")]
    split: Option<Shares>,
    /// How conversations come into splits
    #[arg(long, value_enum, default_value_t = SplitBy::Conversation, requires = "split")]
    split_by: SplitBy,
    /// What splits by conversation depend on besides it
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Characters of a turn, at least
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_length: u32,
    /// Languages of first turns, as ISO 639 codes with commas between; later turns may be in one of them or in none that is known.
    /// The language is the one seen (`populi personas` looks), else the one declared
    #[arg(long, value_name = "CODES")]
    lang: Vec<String>,
    /// Conversations whose first post is missing, deleted or hidden
    #[arg(long, value_enum, default_value_t = Treatment::LeaveOut)]
    incomplete: Treatment,
    /// Posts that are withheld in some country, or whose author is
    #[arg(long, value_enum, default_value_t = Treatment::LeaveOut)]
    withheld: Treatment,
    /// Leave out what `populi clean` does not keep
    #[arg(long)]
    clean: bool,
    /// Only conversations whose first post is an instruction with at least this probability, as `populi detector apply` sees it
    #[arg(long, value_name = "P")]
    instructions: Option<f32>,
    /// Replace an earlier export in OUT
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    manner: Manner,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// Trees, as Open-Assistant's loader reads them
    OasstTree,
    /// Paths from a root to the last reply on them, as Open-Assistant has them
    OasstThread,
    /// Turns, a line each, as Open-Assistant has them
    OasstMessage,
    /// Paths, as messages of user and assistant
    Chat,
    /// Paths, as conversations of human and gpt
    Sharegpt,
    /// Paths: the last prompt as instruction, the reply as output, what went before as history
    Alpaca,
    /// Trees of posts as they are, as Open-Assistant's Twitter scripts write them: roles need not alternate
    OpenassistantRaw,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum SplitBy {
    /// By a hash of the conversation and the seed
    Conversation,
    /// By the time of the first post, the earliest conversations into train
    Time,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq)]
enum Treatment {
    /// Leave them out
    LeaveOut,
    /// Tell them
    Keep,
}

impl From<Format> for ConversationFormat {
    fn from(format: Format) -> Self {
        Self::Dialogue(match format {
            Format::OasstTree => Dialogue::OasstTree,
            Format::OasstThread => Dialogue::OasstThread,
            Format::OasstMessage => Dialogue::OasstMessage,
            Format::Chat => Dialogue::Chat,
            Format::Sharegpt => Dialogue::Sharegpt,
            Format::Alpaca => Dialogue::Alpaca,
            Format::OpenassistantRaw => return Self::OpenassistantRaw,
        })
    }
}

impl Conversations {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let params = self.params()?;
        let card = export_conversations(&Snapshot::open(&self.corpus.corpus)?, &params, &bars)?;
        self.manner.print(&card, |card| {
            let left_out: Vec<String> =
                card.left_out.iter().map(|(reason, n)| format!("{n} {}", reason.replace('_', " "))).collect();
            let splits: Vec<String> =
                card.splits.iter().map(|split| format!("{} of {}", split.lines, split.name)).collect();
            format!(
                "{} trees with {} turns are in {}, {} lines: {}.\n{} posts: {} begin a turn, {} join one, {} deleted ones keep \
                 their place, left out {}.\n{}",
                card.n_trees(),
                card.n_turns(),
                self.out.display(),
                card.n_lines(),
                splits.join(", "),
                card.n_posts(),
                card.told,
                card.merged,
                card.told_tombstones,
                if left_out.is_empty() { "none".to_owned() } else { left_out.join(", ") },
                match (&card.key_fingerprint, card.key_is_published) {
                    (None, _) => "Ids stand there as they are: they hide nobody.\n",
                    (_, true) => "The key is published: these pseudonyms hide nobody.\n",
                    (_, false) => "",
                },
            )
        })
    }

    fn params(&self) -> anyhow::Result<ConversationParams> {
        let key =
            self.key_file.clone().map(KeySource::File).or(self.test_key.then_some(KeySource::Published));
        let mut params = ConversationParams::new(self.out.clone(), self.format.into(), key);
        params.existing = if self.overwrite { Existing::Replace } else { Existing::Refuse };
        params.names = if self.real_ids { Names::AsTheyAre } else { Names::Pseudonyms };
        params.shares = self.split.clone().unwrap_or_else(Shares::whole);
        params.split_by = match self.split_by {
            SplitBy::Conversation => Split::Conversation,
            SplitBy::Time => Split::Time,
        };
        params.seed = self.seed;
        params.parties = if self.two_party { Parties::Two } else { Parties::Any };
        params.origin = if self.as_original { Origin::AsOriginal } else { Origin::Any };
        params.min_length = self.min_length;
        params.langs = languages(&self.lang)?;
        params.cleaning = if self.clean { Cleaning::Apply } else { Cleaning::Ignore };
        params.min_instruction = self.instructions;
        params.incomplete =
            if self.incomplete == Treatment::Keep { Incomplete::Keep } else { Incomplete::LeaveOut };
        params.withheld = if self.withheld == Treatment::Keep { Withheld::Keep } else { Withheld::LeaveOut };
        Ok(params)
    }
}
