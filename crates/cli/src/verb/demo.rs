//! `populi demo`.

use std::path::PathBuf;

use clap::Args;

use super::run::describe;
use crate::options::Manner;

/// Try everything on a simulated world.
///
/// Simulates 500 Bluesky users over three days as real Jetstream files, takes them in, finds conversations, languages,
/// vectors and persona clusters, writes a page with a map, and exports the clusters under the published test key, which
/// hides nobody. Needs no network and no other files.
///
/// Time: some seconds. Memory: about 200 MB. Disk: about 40 MB.
///
/// An interrupted demo continues; a folder that holds anything else is refused.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  populi demo --out ./populi-demo\n  then open ./populi-demo/report.html")]
pub struct Demo {
    /// The folder to work in: new, empty, or of an earlier demo
    #[arg(long, value_name = "DIR", default_value = "./populi-demo")]
    out: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

impl Demo {
    pub fn run(self) -> anyhow::Result<()> {
        let bars = self.manner.start()?;
        let summary = populi_pipeline::demo::demo(&self.out, &bars)?;
        let out = self.out.display();
        self.manner.print(&summary, |summary| {
            format!(
                "{}\nWhere to look:\n  {}  the page: open it in a browser\n  {out}/world/truth/  what is really so in \
                 the simulated world\n  {out}/personas/  what each cluster's authors did, under the published test \
                 key\n  populi status --corpus {out}/corpus\n  populi sql --corpus {out}/corpus \
                 \"SELECT handle, n_posts FROM authors ORDER BY n_posts DESC LIMIT 5\"\n",
                describe(&summary.run),
                summary.run.report.page.display(),
            )
        })
    }
}
