//! What an export of conversations says of itself: `card.json` for machines, `README.md` for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::FileCard;

/// Everything that decides or counts an export of conversations. It names no clock, machine or path, and never the key.
///
/// `posts + tombstones = told + merged + told_tombstones + ` all that is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DialogueCard {
    /// What made it: always [`DialogueCard::MADE_BY`].
    pub made_by: String,
    /// The version of the layout: always [`DialogueCard::FORMAT`].
    pub format: u32,
    /// The format of the lines.
    pub style: String,
    /// Every parameter that the lines depend on.
    pub parameters: BTreeMap<String, Value>,
    /// The fingerprint of the key that pseudonyms were made with; none where ids are told as they are.
    pub key_fingerprint: Option<String>,
    /// Whether that key is the one that everybody can read in Populi's source.
    pub key_is_published: bool,
    /// The digests of the corpus's tables that it was made from, by name.
    pub corpus: BTreeMap<String, String>,
    /// Posts of the corpus, by network.
    pub posts: BTreeMap<String, u64>,
    /// Deleted posts of which the corpus knows.
    pub tombstones: u64,
    /// Posts that begin a turn.
    pub told: u64,
    /// Posts that are a part of the turn of another one of their author.
    pub merged: u64,
    /// Deleted posts that keep their place, without text.
    pub told_tombstones: u64,
    /// Posts and deleted posts that are not told, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Turns by language; `und` where it is not known.
    pub languages: BTreeMap<String, u64>,
    /// Turns on the longest path.
    pub longest_path: u64,
    /// The splits.
    pub splits: Vec<SplitCard>,
    /// Every other file of the folder but this and README.md, by name.
    pub files: BTreeMap<String, FileCard>,
}

/// A split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitCard {
    /// Its name; the file is `NAME.jsonl`.
    pub name: String,
    /// Trees in it.
    pub trees: u64,
    /// Turns of these trees, tombstones too.
    pub turns: u64,
    /// Lines of its file.
    pub lines: u64,
    /// When its first tree begins.
    pub first: Option<String>,
    /// When its last tree begins.
    pub last: Option<String>,
}

impl DialogueCard {
    /// What every card of ours says.
    pub const MADE_BY: &'static str = "populi export conversations";
    /// The version of the layout that is written.
    pub const FORMAT: u32 = 1;

    /// Trees of all splits.
    #[must_use]
    pub fn n_trees(&self) -> u64 {
        self.splits.iter().map(|split| split.trees).sum()
    }

    /// Turns of all splits.
    #[must_use]
    pub fn n_turns(&self) -> u64 {
        self.splits.iter().map(|split| split.turns).sum()
    }

    /// Lines of all splits.
    #[must_use]
    pub fn n_lines(&self) -> u64 {
        self.splits.iter().map(|split| split.lines).sum()
    }

    /// Posts of the corpus, and deleted ones of which it knows.
    #[must_use]
    pub fn n_posts(&self) -> u64 {
        self.posts.values().sum::<u64>() + self.tombstones
    }

    /// The card for people, as Markdown.
    #[must_use]
    pub fn readme(&self) -> String {
        let mut text = String::new();
        // Memory takes what is written.
        let _ = self
            .write_head(&mut text)
            .and_then(|()| self.write_account(&mut text))
            .and_then(|()| self.write_limits(&mut text));
        text
    }

    fn write_head(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# Conversations as prompts and replies\n")?;
        writeln!(
            text,
            "{} trees with {} turns in the format `{}`, {} lines. Made by `{}`; `card.json` says the same for machines.\n",
            self.n_trees(),
            self.n_turns(),
            self.style,
            self.n_lines(),
            Self::MADE_BY,
        )?;
        match &self.key_fingerprint {
            None => writeln!(
                text,
                "**Ids and names of accounts stand here as the network has them: this folder hides nobody.**\n"
            )?,
            Some(_) if self.key_is_published => writeln!(
                text,
                "**The key of the pseudonyms is published (it is the one for tests): everybody can undo them. Do not share \
                 this folder as if it were pseudonymous.**\n"
            )?,
            Some(_) => {}
        }
        writeln!(
            text,
            "| split | trees | turns | lines | first root | last root |\n|---|---|---|---|---|---|"
        )?;
        for SplitCard { name, trees, turns, lines, first, last } in &self.splits {
            let (first, last) = (first.as_deref().unwrap_or("-"), last.as_deref().unwrap_or("-"));
            writeln!(text, "| `{name}.jsonl` | {trees} | {turns} | {lines} | {first} | {last} |")?;
        }
        writeln!(text, "\nThe longest path has {} turns. Made with:\n", self.longest_path)?;
        for (name, value) in &self.parameters {
            writeln!(text, "- `{name}`: `{value}`")?;
        }
        writeln!(text, "\n| language | turns |\n|---|---|")?;
        for (language, n) in &self.languages {
            writeln!(text, "| {language} | {n} |")?;
        }
        Ok(())
    }

    fn write_account(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\n## What became of every post\n\n| | posts |\n|---|---|")?;
        for (platform, n) in &self.posts {
            writeln!(text, "| in the corpus, of {platform} | {n} |")?;
        }
        writeln!(text, "| known to be deleted | {} |", self.tombstones)?;
        writeln!(text, "| told: begins a turn | {} |", self.told)?;
        writeln!(text, "| told: joins the turn of the same author | {} |", self.merged)?;
        writeln!(text, "| told: a place without text, because it was deleted | {} |", self.told_tombstones)?;
        for (reason, n) in &self.left_out {
            writeln!(text, "| left out: {} | {n} |", reason.replace('_', " "))?;
        }
        Ok(())
    }

    fn write_limits(&self, text: &mut String) -> std::fmt::Result {
        if self.style.starts_with("oasst") {
            writeln!(
                text,
                "\n## Nobody reviewed this\n\n`review_result` is true because loaders ask for it; `review_count` is 0: no human \
                 looked at any message, none was ranked (`rank` is null), and labels are empty. `prompter` and `assistant` say \
                 who began and who answered, not that a question was asked or answered well."
            )?;
        } else {
            writeln!(
                text,
                "\n## Nobody reviewed this\n\nNo human looked at any message. Roles say who began and who answered, not that a \
                 question was asked or answered well."
            )?;
        }
        writeln!(
            text,
            "\n## Privacy and law\n\nPosts that were deleted before this export are not told; **posts that are deleted later have \
             to be removed from here too**: read the later deletions into the corpus and make the export again. Networks' terms \
             may ask for that within a day, and may forbid that texts are shared at all (then share ids). Withheld posts are \
             left out unless `withheld` is `keep`."
        )?;
        if let Some(fingerprint) = &self.key_fingerprint {
            writeln!(
                text,
                "\nIds are HMAC-SHA-256 under the key with the fingerprint `{fingerprint}`; mentions, handles, DIDs and links to \
                 profiles in texts are replaced too. Names, e-mail addresses and telephone numbers in texts are not. Texts \
                 that were public can be searched for: **this is personal data still**."
            )?;
        }
        writeln!(
            text,
            "\nThe texts are their authors' works. No licence is given with them, and Populi cannot give one: whoever shares or \
             trains on this folder has to find a right to do so. A sample of a network is no sample of its people."
        )
    }
}
