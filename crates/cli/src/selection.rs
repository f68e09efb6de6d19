//! The options that select posts: the same in every verb that has them.

use std::path::PathBuf;

use clap::Args;
use populi_pipeline::Progress;
use populi_pipeline::select::{SelectParams, Selection};

/// Where help lists them.
const HEADING: &str = "Selection (a post has to pass all that are given)";

/// Which posts.
#[derive(Args, Debug)]
pub struct SelectOptions {
    /// Posts from this time on, by the author's clock (the network's, where the author gave none): RFC 3339, or a date (UTC)
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    since: Option<String>,
    /// Posts before this time
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    until: Option<String>,
    /// Posts in one of these languages: ISO 639 codes, such as de,nl. The language is the one that the model sees in the
    /// text; where it is not sure, those that the author declared
    #[arg(long, value_name = "CODES", value_delimiter = ',', help_heading = HEADING)]
    lang: Vec<String>,
    /// Posts with an entry of this list, one a line: a word, a phrase, a #hashtag or an @handle; with a * behind it, also what
    /// begins so; lines that begin with // are comments. Upper and lower case are one, accents count, and entries match
    /// whole words, but in scripts without spaces anywhere
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    keyword: Option<PathBuf>,
    /// Posts by an account of this list, one a line: an id (did:plc:…, table:ann, or ann for a table), or an @handle;
    /// lines that begin with // are comments
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    author: Option<PathBuf>,
}

impl SelectOptions {
    /// Reads times and lists, and tells what is in these.
    ///
    /// # Errors
    /// When one of them is wrong or cannot be read.
    pub fn load(&self, progress: &dyn Progress) -> anyhow::Result<Selection> {
        let params = SelectParams {
            since: self.since.clone(),
            until: self.until.clone(),
            lang: self.lang.clone(),
            keyword: self.keyword.clone(),
            author: self.author.clone(),
        };
        let selection = params.load()?;
        selection.notes().iter().for_each(|note| progress.note(note));
        Ok(selection)
    }
}

/// What a selection left out, as a sentence; nothing where it left out nothing.
pub fn describe_left_out(left_out: &std::collections::BTreeMap<String, u64>) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = left_out.iter().map(|(clause, n)| format!("{n} by {clause}")).collect();
    format!("Posts that the selection left out: {}.\n", parts.join(", "))
}
