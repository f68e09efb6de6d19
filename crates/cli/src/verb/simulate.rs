//! `populi simulate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use populi_simulate::{Params, TwitterParams};

use crate::options::Manner;

/// Write a seeded world with planted truth, in a platform's own dump format.
#[derive(Args, Debug)]
pub struct Simulate {
    #[command(subcommand)]
    platform: Platform,
}

#[derive(Subcommand, Debug)]
enum Platform {
    Bluesky(Bluesky),
    Twitter(Twitter),
}

/// Simulate Bluesky, as Jetstream files.
///
/// Communities with a taste and a follow graph of their own write, answer, like, undo, edit and delete; some lines are
/// bad on purpose. OUT/jetstream holds the files, plain and packed; OUT/truth what a correct reader finds in them:
/// communities, edges, accounts, threads, and what becomes of every line (its README.md explains the columns).
///
/// Time: about 100,000 lines a second. Memory: about 300 bytes an event.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  populi simulate bluesky --users 5000 --days 30 --seed 7 --out ./world")]
struct Bluesky {
    /// Accounts that live in the world, 10 to 10,000,000
    #[arg(long, value_name = "N", default_value_t = Params::default().users)]
    users: usize,
    /// Days that pass, 1 to 366
    #[arg(long, value_name = "D", default_value_t = Params::default().days)]
    days: usize,
    /// Decides everything: the same options and seed give the same bytes
    #[arg(long, value_name = "S", default_value_t = Params::default().seed)]
    seed: u64,
    /// Communities at most, 1 to 12
    #[arg(long, value_name = "N", default_value_t = Params::default().communities)]
    communities: usize,
    /// The share of bad lines, 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = Params::default().bad_share)]
    bad_share: f64,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

/// Simulate Twitter, as archives of its public stream.
///
/// People write, answer, quote and retweet; talks go on, one chain of answers is 500 deep, posts are edited, machines repeat
/// themselves, and notices take back what was shown. OUT/stream holds the archives, called as the public grabs of the stream
/// were, with minute files as members; OUT/hydrated.jsonl and OUT/hydrated-v1.jsonl what was asked for later of the posts that
/// were answered and never shown; OUT/truth what a correct reader finds, of the stream alone and (in OUT/truth/hydrated) of
/// all: accounting, posts, accounts, tombstones, acts, edges. Its README.md explains the columns and the rules.
///
/// Planted: answered posts that are in the stream, only inside others, absent or unavailable; retweets of quotes; long posts,
/// whole and cut; entities; deletes before and after the post, of retweets and of what was never shown; scrub_geo, withheld
/// posts and accounts; limits and other messages, blank and damaged lines; the same line twice, days that overlap; counts and
/// profiles that change; ids that a float cannot hold.
///
/// Time: about 25,000 tweets a second and core as gz, 2,200 as bz2. Memory: 20 MB, and about 400 bytes a tweet.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  populi simulate twitter --tweets 20000 --seed 7 --out ./world\n  \
                        populi simulate twitter --api v2 --container nested --compression bz2 --cut-files 2 --out ./world2")]
struct Twitter {
    /// Tweets that the stream shows, retweets too, 200 to 100,000,000; notices, copies and noise come on top
    #[arg(long, value_name = "N", default_value_t = TwitterParams::default().tweets)]
    tweets: usize,
    /// Decides everything: the same options and seed give the same bytes
    #[arg(long, value_name = "S", default_value_t = TwitterParams::default().seed)]
    seed: u64,
    /// The shape of a line: a status of API v1.1, or an envelope of v2
    #[arg(long, value_enum, default_value_t = Api::V1)]
    api: Api,
    /// What the minute files lie in
    #[arg(long, value_enum, default_value_t = Container::Tar)]
    container: Container,
    /// How a minute file is packed
    #[arg(long, value_enum, default_value_t = Compression::Gz)]
    compression: Compression,
    /// The share of lines that say nothing: blank, messages, damaged; 0 to 0.5
    #[arg(long, value_name = "SHARE", default_value_t = TwitterParams::default().noise)]
    noise: f64,
    /// Minute files that end in the middle; the truth still counts all that was to be in them
    #[arg(long, value_name = "N", default_value_t = TwitterParams::default().cut_files)]
    cut_files: usize,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Api {
    V1,
    V2,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Container {
    /// A tar a day
    Tar,
    /// A tar a month, of tars a day
    Nested,
    /// A zip a day
    Zip,
    /// One gzipped tar, of tars a day
    #[value(name = "tar.gz")]
    TarGz,
    /// Plain folders
    Dir,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Compression {
    Gz,
    Bz2,
}

impl Simulate {
    pub fn run(self) -> anyhow::Result<()> {
        match self.platform {
            Platform::Bluesky(world) => world.run(),
            Platform::Twitter(world) => world.run(),
        }
    }
}

impl Bluesky {
    fn run(self) -> anyhow::Result<()> {
        let world = self;
        world.manner.start()?;
        let params = Params {
            users: world.users,
            days: world.days,
            seed: world.seed,
            bad_share: world.bad_share,
            communities: world.communities,
        };
        let summary = populi_simulate::bluesky(&params, &world.out)?;
        world.manner.print(&summary, |summary| {
            format!(
                "{} accounts in {} communities wrote {} lines ({} bad, {} blank, {} repeated) into {} files.\n\
                 At the end {} posts stand and {} follow relations.\nLook at {}/truth/README.md.\n",
                summary.users,
                summary.communities,
                summary.lines,
                summary.bad,
                summary.blank,
                summary.duplicates,
                summary.files,
                summary.posts,
                summary.edges,
                world.out.display(),
            )
        })
    }
}

impl Twitter {
    fn run(self) -> anyhow::Result<()> {
        let world = self;
        world.manner.start()?;
        let params = TwitterParams {
            tweets: world.tweets,
            seed: world.seed,
            api: match world.api {
                Api::V1 => populi_simulate::Api::V1,
                Api::V2 => populi_simulate::Api::V2,
            },
            container: match world.container {
                Container::Tar => populi_simulate::Container::Tar,
                Container::Nested => populi_simulate::Container::Nested,
                Container::Zip => populi_simulate::Container::Zip,
                Container::TarGz => populi_simulate::Container::TarGz,
                Container::Dir => populi_simulate::Container::Dir,
            },
            compression: match world.compression {
                Compression::Gz => populi_simulate::Compression::Gz,
                Compression::Bz2 => populi_simulate::Compression::Bz2,
            },
            noise: world.noise,
            cut_files: world.cut_files,
        };
        let summary = populi_simulate::twitter(&params, &world.out)?;
        world.manner.print(&summary, |summary| {
            format!(
                "{} tweets in {} lines ({} bad), {} members of {} files, {} MB packed and {} MB unpacked.\n\
                 Of the stream {} posts stand, those inside others too, and {} are known to be deleted.\n\
                 Look at {}/truth/README.md.\n",
                summary.tweets,
                summary.lines,
                summary.bad,
                summary.members,
                summary.files,
                summary.bytes.div_ceil(1_000_000),
                summary.unpacked_bytes.div_ceil(1_000_000),
                summary.posts,
                summary.tombstones,
                world.out.display(),
            )
        })
    }
}
