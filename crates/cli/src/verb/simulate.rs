//! `populi simulate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use populi_simulate::Params;

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

impl Simulate {
    pub fn run(self) -> anyhow::Result<()> {
        let Platform::Bluesky(world) = self.platform;
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
