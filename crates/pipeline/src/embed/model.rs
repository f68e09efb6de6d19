//! Which model makes the vectors, as a user names it.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A model, as it is named on the command line and in a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Model {
    /// `static` where it knows enough of the words, else `lexical`: one decision a corpus.
    #[default]
    Auto,
    /// The table of word pieces that comes with the program.
    Static,
    /// Words and parts of words, fitted on the texts themselves: any script.
    Lexical,
    /// A server with an OpenAI-compatible `/v1/embeddings`, by its URL.
    Server(String),
    /// A folder of sentence-transformers, a table that `populi distill` made, or a model of the Hugging Face hub.
    Named(String),
}

impl FromStr for Model {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(name.to_owned().into())
    }
}

impl From<String> for Model {
    fn from(name: String) -> Self {
        match name.as_str() {
            "auto" => Self::Auto,
            "static" => Self::Static,
            "lexical" => Self::Lexical,
            _ if is_url(&name) => Self::Server(name),
            _ => Self::Named(name),
        }
    }
}

impl From<Model> for String {
    fn from(model: Model) -> Self {
        model.to_string()
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Static => "static",
            Self::Lexical => "lexical",
            Self::Server(name) | Self::Named(name) => name,
        })
    }
}

/// Whether this is the URL of a server, in whatever case.
fn is_url(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| {
        ["http", "https"].into_iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// The part of a path or an id that people know a model by: the last one, without the ending of a table. One that has the name
/// of a model of the program is told from it.
pub(crate) fn short_name(name: &str) -> String {
    let last = Path::new(name).file_name().map_or_else(|| name.into(), |last| last.to_string_lossy());
    let last = last.strip_suffix(".table").unwrap_or(&last);
    if matches!(last, "auto" | "static" | "lexical") { format!("own-{last}") } else { last.to_owned() }
}

/// The table of the vectors of a model by its short name: letters and digits, so that SQL needs no quotes.
pub(crate) fn table_of(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let slug: String = name.chars().map(letter).collect();
    format!("vectors/{slug}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_the_same() {
        for (name, model) in [
            ("auto", Model::Auto),
            ("static", Model::Static),
            ("lexical", Model::Lexical),
            ("https://api.example/v1", Model::Server("https://api.example/v1".into())),
            ("intfloat/e5-small-v2", Model::Named("intfloat/e5-small-v2".into())),
            ("HTTP://localhost:1", Model::Server("HTTP://localhost:1".into())),
            ("./static", Model::Named("./static".into())),
        ] {
            assert_eq!(name.parse(), Ok(model.clone()));
            assert_eq!(model.to_string(), name);
        }
    }

    #[test]
    fn tables_are_named_after_the_model() {
        for (name, table) in [
            ("models/all-MiniLM-L6-v2/", "vectors/all_minilm_l6_v2"),
            ("intfloat/e5-small-v2", "vectors/e5_small_v2"),
            ("fine/english.table", "vectors/english"),
            ("fine/static.table", "vectors/own_static"),
            ("日本語", "vectors/___"),
        ] {
            assert_eq!(table_of(&short_name(name)), table);
        }
    }
}
