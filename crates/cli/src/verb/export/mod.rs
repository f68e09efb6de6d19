//! `populi export`.

mod conversations;
mod key;
mod personas;

use clap::{Args, Subcommand};

/// Write what was found for others to use, under pseudonyms.
#[derive(Args, Debug)]
pub struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Personas(personas::Personas),
    Conversations(Box<conversations::Conversations>),
    Key(key::Key),
}

impl Export {
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::Personas(verb) => verb.run(),
            What::Conversations(verb) => verb.run(),
            What::Key(verb) => verb.run(),
        }
    }
}
