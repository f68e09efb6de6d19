//! `populi ingest`.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use populi_pipeline::ingest::{
    ColumnRef, Header, Limits, Source, TableParams, check_paths, check_quarantine, check_selection, ingest,
};
use populi_store::{Corpus, CorpusParams};

use super::status::account_table;
use crate::options::{CorpusOption, Manner};
use crate::selection::SelectOptions;

/// Take dumps into the corpus.
///
/// Every input record is taken, counted as blank or as of an ignored kind, or put aside in the table `quarantine` with a
/// reason; `populi status` prints the account, and nothing is outside it. The order of files never matters, and a file
/// that was taken before is passed over.
#[derive(Args, Debug)]
pub struct Ingest {
    #[command(subcommand)]
    from: From,
}

#[derive(Subcommand, Debug)]
enum From {
    Bluesky(Bluesky),
    Blueprint(Blueprint),
    Twitter(Twitter),
    Text(Box<Text>),
}

/// Take in Bluesky: Jetstream JSON lines, and repository exports (CAR).
///
/// Files or folders of any nesting (such as DD/HH/*), plain or packed by gzip, bzip2, zstd, tar or zip, up to five times
/// over, known by their content and never unpacked to disk; `-` is standard input. Posts, likes, reposts, follows,
/// blocks, profiles, handles and account states are taken, every other collection is counted as ignored.
///
/// An export holds what an account had at one revision. Its records meet those of the lines in the same rows, in whatever
/// order they come; what is absent from it was not deleted. Every block is checked against its content id.
///
/// What comes before the damage of a container is taken, and the damage told in `quarantine` with its offset. A container
/// may unpack to at most 200 times its size once it has given 10 MB. Links, devices and hidden files in folders and
/// archives are passed over and told.
///
/// The options of selection say what is taken at all; the rest is counted as ignored, by the first option that it does not
/// pass (filter:author, no_time, since, until, keyword, lang). All of them select posts. Likes, reposts, follows and blocks have
/// no words: --author, --since and --until select them, by the network's clock, and those of posts that were left out stay
/// as acts. Deletes, undos, profiles, handles and account states of the authors that are taken always are, whatever their
/// time, because they tell what became of the rest. Authors have to be named by DID here.
///
/// Time: linear, on all threads (bzip2: 40 MB/s of content a thread, so many files or members are read fastest; an export
/// on one thread). Memory: bounded by buffers, not by the data; of an export 80 bytes a block, and all of it where it is
/// packed, at most 1 GiB.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi ingest bluesky 2025-03/ --corpus ./march\n  populi ingest bluesky ann.car ben.car --corpus ./march\n  populi ingest bluesky dump/ --since 2026-03-01 --lang de,nl --keyword flood.txt\n  zstdcat dump.zst | populi ingest bluesky -"
)]
struct Bluesky {
    /// Files, folders, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    into: Into,
    /// Keep the untouched records too, in the table `originals`
    #[arg(long)]
    originals: bool,
}

/// Take in threads under pseudonyms: what `populi export personas` writes, and BluePrint's data sets.
///
/// Both styles are known by their content: lists of messages, and objects with a thread and a cluster_id. In
/// folders and archives only *.jsonl is read, packed or not as of `populi ingest bluesky`; what else is there
/// is passed over and told. The formats have no ids, so posts are named by author and time: the same message
/// in many threads is one post. The cluster_id is kept as the attribute `label`.
///
/// Messages of the published style have no date: `received_at` then is their place in the order of times, as
/// microseconds since 1970.
///
/// Time: linear, on all threads. Memory: bounded by buffers, not by the data.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  populi ingest blueprint ./march-personas --corpus ./again")]
struct Blueprint {
    /// Files, folders, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    into: Into,
}

/// Take in Twitter: stream archives, API payloads of version 1.1 and 2, Gnip activities, and account exports.
///
/// Files or folders of any nesting, plain or packed as `populi ingest bluesky` takes them: the tars and zips of the archived
/// one-percent stream, months of days of minutes, in gzip or bzip2; a member that was cut in mid-write gives what came before the
/// cut. Each line is known by its content: statuses of version 1.1, envelopes and pages of version 2 (an element of `data`
/// is a record), what twarc writes, Gnip Activity Streams, and the .js files of an account's export.
///
/// A post has the id twitter:NUMBER and an account twitter:user:NUMBER. Retweets are acts, not posts. Posts that are shown
/// inside others (retweeted, quoted, beside answers) become rows of their own: what many sightings tell is merged column by
/// column, the same in any order: the text that is not cut, then the longest; the counts and profiles shown last. The account
/// counts direct records only.
///
/// Notices are applied: of a deleted post its id and what it answered stay, a deleted retweet undoes its repost, scrub_geo
/// takes the places from that account's posts up to the given one, and withheld posts say where, so that exports leave them out.
///
/// Posts that were asked for later (`populi threads missing` says which are worth it) are taken in the same way, and
/// conversations grow.
///
/// The options of selection say what is taken at all, as of `populi ingest bluesky`.
///
/// Time: linear, on all threads (bzip2: 40 MB/s of content a thread; gzip: 150). Memory: bounded by buffers, not by the data.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi ingest twitter twitter-stream-20210823.tar --corpus ./august\n  populi ingest twitter hydrated.jsonl --corpus ./august\n  populi ingest twitter archive/2019/ --lang de --since 2019-05-01\n  populi ingest twitter my-export.zip --owner 12497 --max-quarantine 1"
)]
struct Twitter {
    /// Files, folders, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    into: Into,
    /// Of an account's export: the account's number (accountId in account.js), because its posts do not name it
    #[arg(long, value_name = "NUMBER")]
    owner: Option<u64>,
    /// Keep the untouched records too, in the table `originals`
    #[arg(long)]
    originals: bool,
}

/// Take in any table of posts: CSV, TSV, JSON lines, a JSON array, Parquet, or lines of text.
///
/// Files and folders as `populi ingest bluesky` reads them, packed or not (Parquet: not packed); each member of an archive
/// is a table of its own.
///
/// Columns are given by name, or by number from 1; what is not given is guessed from the columns' names and printed.
/// Every other column is kept in the table `attributes`. Times are read as RFC 3339, YYYY-MM-DD HH:MM[:SS], or seconds,
/// milli- or microseconds since 1970; anything else needs --time-format, because day and month are never guessed.
///
/// Without --id a post is named by its file and row. With it, a repeated id with the same content is a duplicate, and
/// otherwise the row with the later --time stands. Without an author column every later step treats each post by itself.
///
/// The options of selection say which posts are taken at all; the rest is counted as ignored, by the first option that it does
/// not pass (filter:author, no_time, since, until, keyword, lang).
///
/// Time: linear, a file a thread. Memory: bounded by buffers.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  populi ingest text reviews.csv --text body --author-column user --time created --label stars\n  populi ingest text reviews.csv --since 2026-03-01 --keyword flood.txt\n  populi ingest text labelled.tsv --no-header --label 1 --text 2"
)]
struct Text {
    /// Files, folders, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    into: Into,
    /// The column of the text
    #[arg(long, value_name = "COLUMN")]
    text: Option<ColumnRef>,
    /// The column of the post's id
    #[arg(long, value_name = "COLUMN")]
    id: Option<ColumnRef>,
    /// The column of the author (--author is a list of those to take)
    #[arg(long, value_name = "COLUMN")]
    author_column: Option<ColumnRef>,
    /// The column of the time
    #[arg(long, value_name = "COLUMN")]
    time: Option<ColumnRef>,
    /// The column of the id of the answered post
    #[arg(long, value_name = "COLUMN")]
    reply_to: Option<ColumnRef>,
    /// The column of the language (--lang are those to take)
    #[arg(long, value_name = "COLUMN")]
    lang_column: Option<ColumnRef>,
    /// The column of a known label, to compare clusters with
    #[arg(long, value_name = "COLUMN")]
    label: Option<ColumnRef>,
    /// The first row is a row like the others
    #[arg(long, conflicts_with = "header")]
    no_header: bool,
    /// The first row names the columns
    #[arg(long)]
    header: bool,
    /// The format of times, as of strftime (such as '%m/%d/%y %H:%M')
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// The time zone of times that name none
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    tz: String,
}

#[derive(Args, Debug)]
struct Into {
    #[command(flatten)]
    corpus: CorpusOption,
    /// The share of all records of the corpus (without blank ones) that may be quarantined, 0 to 1; above it the exit code
    /// is 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share)]
    max_quarantine: f64,
    /// Stop with an error once more than N bytes of content, without packing, were read by this run [default: no limit]
    #[arg(long, value_name = "N")]
    max_bytes: Option<u64>,
    /// Buckets that accounts fall into, fixed when the corpus is made [default: 16]
    #[arg(long, value_name = "N")]
    buckets: Option<NonZeroU16>,
    #[command(flatten)]
    select: SelectOptions,
    #[command(flatten)]
    manner: Manner,
}

impl Ingest {
    pub fn run(self) -> anyhow::Result<()> {
        match self.from {
            From::Bluesky(from) => take(&from.into, &Source::Bluesky, &from.paths, from.originals),
            From::Twitter(from) => {
                let source = Source::Twitter { owner: from.owner };
                take(&from.into, &source, &from.paths, from.originals)
            }
            From::Blueprint(from) => take(&from.into, &Source::Blueprint, &from.paths, false),
            From::Text(from) => {
                let params = from.table_params();
                take(&from.into, &Source::Table(Box::new(params)), &from.paths, false)
            }
        }
    }
}

impl Text {
    fn table_params(&self) -> TableParams {
        TableParams {
            text: self.text.clone(),
            id: self.id.clone(),
            author: self.author_column.clone(),
            time: self.time.clone(),
            reply_to: self.reply_to.clone(),
            lang: self.lang_column.clone(),
            label: self.label.clone(),
            header: match (self.header, self.no_header) {
                (true, _) => Header::Present,
                (_, true) => Header::Absent,
                (false, false) => Header::Guess,
            },
            time_format: self.time_format.clone(),
            time_zone: self.tz.clone(),
            delimiter: None,
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share from 0 to 1, such as 0.05".to_owned())
}

fn take(into: &Into, source: &Source, paths: &[PathBuf], originals: bool) -> anyhow::Result<()> {
    use populi_pipeline::Progress;
    let bars = into.manner.start()?;
    let selection = into.select.load(&bars)?;
    check_selection(source, &selection)?;
    // Not asked for means: as the corpus is.
    let params = CorpusParams { n_buckets: into.buckets, keeps_originals: originals.then_some(true) };
    // Before a corpus is made for nothing.
    check_paths(paths)?;
    let mut corpus = Corpus::open_or_create(&into.corpus.corpus, params)?;
    let limits = Limits { max_bytes: into.max_bytes };
    let summary = ingest(&mut corpus, source, &selection, paths, limits, &bars)?;
    summary.notes().iter().for_each(|note| bars.note(note));
    into.manner.print(&summary.total, |total| {
        format!("{} inputs read. The corpus now:\n{}", summary.n_read, account_table(total))
    })?;
    Ok(check_quarantine(&summary.total, into.max_quarantine)?)
}
