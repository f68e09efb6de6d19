//! What an export says of itself: `card.json` for machines, `README.md` for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// Everything that decides or counts an export. It names no clock, machine or path, and never the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What made it: always [`Card::MADE_BY`].
    pub made_by: String,
    /// The version of the layout: always [`Card::FORMAT`].
    pub format: u32,
    /// The style of the lines.
    pub style: String,
    /// Messages of a chain, at most.
    pub context: u64,
    /// Authors of a published cluster, at least.
    pub min_group: u64,
    /// The fingerprint of the key that pseudonyms were made with.
    pub key_fingerprint: String,
    /// Whether that key is the one that everybody can read in Populi's source.
    pub key_is_published: bool,
    /// The digests of the corpus's tables that it was made from, by name.
    pub corpus: BTreeMap<String, String>,
    /// The published clusters.
    pub clusters: Vec<ClusterCard>,
    /// Clusters that were too small, and their authors.
    pub suppressed_clusters: u64,
    /// Authors of those clusters.
    pub suppressed_authors: u64,
    /// Acts in the corpus: `acts = lines + left_out`, both summed.
    pub acts: u64,
    /// Lines by act.
    pub lines: BTreeMap<String, u64>,
    /// Acts that have no line, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Chains whose beginning was cut off by `context`.
    pub cut_chains: u64,
    /// Posts whose time was moved by microseconds because their author has another one of the same time.
    pub moved_times: u64,
    /// Every other file of the folder but this and README.md, by name.
    pub files: BTreeMap<String, FileCard>,
}

/// A published cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterCard {
    /// Its number in the corpus.
    pub cluster: u32,
    /// Its label.
    pub label: String,
    /// Its authors that have a line.
    pub authors: u64,
    /// Its lines.
    pub lines: u64,
}

/// A file of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCard {
    /// Its bytes.
    pub bytes: u64,
    /// Their BLAKE3 hash, 64 hexadecimal digits.
    pub blake3: String,
}

impl Card {
    /// What every card of ours says.
    pub const MADE_BY: &'static str = "populi export personas";
    /// The version of the layout that is written.
    pub const FORMAT: u32 = 1;

    /// Authors of all published clusters.
    #[must_use]
    pub fn n_authors(&self) -> u64 {
        self.clusters.iter().map(|cluster| cluster.authors).sum()
    }

    /// Lines of all files.
    #[must_use]
    pub fn n_lines(&self) -> u64 {
        self.lines.values().sum()
    }

    /// The card for people, as Markdown.
    #[must_use]
    pub fn readme(&self) -> String {
        let mut text = String::new();
        // Memory takes what is written.
        let _ = self.write_readme(&mut text);
        text
    }

    fn write_readme(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "# Persona clusters: what their authors did\n")?;
        writeln!(
            text,
            "{} lines of {} authors in {} clusters, in the style `{}`. Made by `{}`; `card.json` says the same for machines.\n",
            self.n_lines(),
            self.n_authors(),
            self.clusters.len(),
            self.style,
            Self::MADE_BY,
        )?;
        if self.key_is_published {
            writeln!(
                text,
                "**The key of the pseudonyms is published (it is the one for tests): everybody can undo them. Do not share \
                 this folder as if it were pseudonymous.**\n"
            )?;
        }
        text.push_str(
            "| file | holds |\n|---|---|\n\
             | `user_clusters.json` | an object: author to cluster |\n\
             | `user_clusters.csv` | author, cluster, label |\n\
             | `cluster_N.jsonl` | what the authors of cluster N did: a JSON document a line |\n\n\
             A line is a chain of texts, each answering the one before it, or a pair of what was there and what was done to \
             it. The last message is the act of an author of the cluster; those before it may be of anybody. \
             `ignore` and `profile_update` are never set.\n\n",
        );
        writeln!(text, "| cluster | label | authors | lines |\n|---|---|---|---|")?;
        for cluster in &self.clusters {
            let label = cluster.label.replace('|', "\\|").replace(['\n', '\r'], " ");
            writeln!(text, "| {} | {label} | {} | {} |", cluster.cluster, cluster.authors, cluster.lines)?;
        }
        writeln!(
            text,
            "\n## What became of every act\n\n| | acts |\n|---|---|\n| in the corpus | {} |",
            self.acts
        )?;
        for (act, n) in &self.lines {
            writeln!(text, "| told: {} | {n} |", act.replace('_', " "))?;
        }
        for (reason, n) in &self.left_out {
            writeln!(text, "| left out: {} | {n} |", reason.replace('_', " "))?;
        }
        writeln!(
            text,
            "\nChains hold their last {} messages; {} were cut. {} posts were moved by microseconds, because their author \
             has another one of the same time.\n",
            self.context, self.cut_chains, self.moved_times,
        )?;
        writeln!(
            text,
            "## Privacy\n\nEvery published cluster has at least k = {} authors; {} smaller ones with {} authors were left \
             out. Ids are HMAC-SHA-256 under the key with the fingerprint `{}`; mentions, handles, DIDs and links to profiles \
             in texts are replaced too. Names, e-mail addresses and telephone numbers in texts are not. Texts that were public \
             can be searched for: **this is personal data still**. An author who deletes a post or an account later is to be \
             left out: make the export again.",
            self.min_group, self.suppressed_clusters, self.suppressed_authors, self.key_fingerprint,
        )
    }
}
