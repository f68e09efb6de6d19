//! `populi export key`.

use std::path::PathBuf;

use clap::Args;
use populi_pipeline::export::create_key;
use serde::Serialize;

use crate::options::Manner;

/// Make a key for pseudonyms: 256 random bits of the operating system, in a new file that only you may read.
///
/// Keep it apart from the corpus and from every export. Whoever has it can tell who is behind a pseudonym; without it
/// nobody can, nor make later exports that go with earlier ones. A new key makes new pseudonyms that cannot be linked
/// with the old ones.
///
/// Time and memory: none to speak of.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  populi export key --out ./personas.key")]
pub struct Key {
    /// The file to make
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    manner: Manner,
}

/// A key that was made.
#[derive(Serialize)]
struct NewKey {
    key_fingerprint: String,
}

impl Key {
    pub fn run(self) -> anyhow::Result<()> {
        let key_fingerprint = create_key(&self.out)?;
        self.manner.print(&NewKey { key_fingerprint }, |key| {
            format!(
                "{} holds a new key with the fingerprint {}. Keep it apart from the corpus and every export.\n",
                self.out.display(),
                key.key_fingerprint
            )
        })
    }
}
