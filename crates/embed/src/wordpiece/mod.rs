//! Which tokens of a vocabulary has a text? BERT's WordPiece, with the ids of the `tokenizers` crate, many times as fast.
//!
//! The way of a text: it is cut at added tokens (`[SEP]`) where it holds any ([`added`]); the rest is normalised and cut into
//! words ([`words`], with what becomes of each character in [`characters`]); of each word the longest piece of the vocabulary
//! that it begins with is taken, then the longest of what remains, which is spelt with `##` in the vocabulary ([`trie`]).
//! A word of which something remains, or that is too long, is the unknown token.

mod added;
mod characters;
mod tokenizer_json;
mod trie;
mod words;

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use added::{Added, Part};
use characters::is_sign;
use trie::Trie;
use words::Words;

/// How texts are normalised and words are cut, as `tokenizer.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordPieceParams {
    /// Drop control characters, and take every whitespace for a space. Default true.
    pub clean_text: bool,
    /// Take every ideograph for a word. Default true.
    pub handle_chinese_chars: bool,
    /// Decompose characters and drop non-spacing marks. Default true.
    pub strip_accents: bool,
    /// Fold to lower case. Default true.
    pub lowercase: bool,
    /// The token of words that cannot be spelt. Default `[UNK]`.
    pub unknown: String,
    /// What tokens inside a word begin with in the vocabulary. Default `##`.
    pub continuing_prefix: String,
    /// Characters of a word beyond which it is not looked at. Default 100.
    pub max_chars_per_word: usize,
    /// Tokens that are found in a text before it is cut. Default none.
    pub added: Vec<AddedToken>,
}

/// A token that is found in a text before it is cut into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedToken {
    /// The token, which is one of the vocabulary.
    pub token: String,
    /// Whether it is looked for in the normalised text, itself normalised.
    pub is_normalised: bool,
}

impl Default for WordPieceParams {
    fn default() -> Self {
        Self {
            clean_text: true,
            handle_chinese_chars: true,
            strip_accents: true,
            lowercase: true,
            unknown: "[UNK]".to_owned(),
            continuing_prefix: "##".to_owned(),
            max_chars_per_word: 100,
            added: vec![],
        }
    }
}

/// A WordPiece tokeniser.
///
/// ```
/// use populi_embed::{WordPiece, WordPieceParams};
///
/// let vocabulary = ["[UNK]", "play", "##ing", "fox", "!"].map(str::to_owned).to_vec();
/// let tokenizer = WordPiece::new(vocabulary, WordPieceParams::default())?;
/// let mut ids = vec![];
/// tokenizer.encode("Playing  fóx!? ", &mut ids);
/// assert_eq!(ids, [1, 2, 3, 4, 0]);
/// # Ok::<(), populi_embed::Error>(())
/// ```
#[derive(Debug)]
pub struct WordPiece {
    vocabulary: Vec<String>,
    words: Words,
    /// Tokens at the start of a word.
    starts: Trie,
    /// Tokens inside a word, without the prefix.
    continuing: Trie,
    unknown: u32,
    /// Looked for in the text as it is.
    added: Added,
    /// Looked for in the normalised text.
    added_normalised: Added,
    /// Ids of the unknown and the added tokens, rising.
    special: Vec<u32>,
}

impl WordPiece {
    /// A tokeniser of these tokens; the id of each is its place. Tens of milliseconds for 30,000 tokens.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] where a token is there twice, the unknown or an added one is not there, or there are more than the
    /// trie can hold (2^23 nodes, some millions of tokens).
    pub fn new(vocabulary: Vec<String>, params: WordPieceParams) -> Result<Self> {
        let wrong = |got: String, must_be| Error::Param { name: "vocabulary", got, must_be };
        let mut seen = HashSet::with_capacity(vocabulary.len());
        if let Some(twice) = vocabulary.iter().find(|token| !seen.insert(token.as_str())) {
            return Err(wrong(format!("one with {twice:?} twice"), "distinct tokens"));
        }
        let id_of = |token: &str| {
            let at = vocabulary.iter().position(|other| other == token);
            at.map(|at| at as u32)
                .ok_or_else(|| wrong(format!("one without {token:?}"), "one with every special token"))
        };
        let unknown = id_of(&params.unknown)?;
        let mut added = [vec![], vec![]];
        let words = Words::new(params);
        for AddedToken { token, is_normalised } in &words.params().added {
            let spelt = if *is_normalised { words.normalised(token) } else { token.clone() };
            added[usize::from(*is_normalised)].push((spelt, id_of(token)?));
        }
        let mut special: Vec<u32> = added.iter().flatten().map(|(_, id)| *id).chain([unknown]).collect();
        special.sort_unstable();
        special.dedup();

        let [mut starts, mut continuing] = [vec![], vec![]];
        for (token, id) in vocabulary.iter().zip(0..) {
            if can_be_a_word(token) {
                starts.push((token.as_bytes(), id));
            }
            if let Some(rest) = token.strip_prefix(&words.params().continuing_prefix)
                && !rest.is_empty()
            {
                continuing.push((rest.as_bytes(), id));
            }
        }
        let trie = |keys: &mut Vec<_>| {
            Trie::new(keys).ok_or_else(|| wrong(format!("{} tokens", vocabulary.len()), "fewer tokens"))
        };
        let (starts, continuing) = (trie(&mut starts)?, trie(&mut continuing)?);
        let [added, added_normalised] = added.map(Added::new);
        Ok(Self { vocabulary, words, starts, continuing, unknown, added, added_normalised, special })
    }

    /// The tokeniser of a `tokenizer.json` with a `BertNormalizer`, a `BertPreTokenizer` and a `WordPiece` model.
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`] where it is of another kind; what [`WordPiece::new`] says.
    pub fn from_tokenizer_json(bytes: &[u8]) -> Result<Self> {
        Self::of_file(bytes, Path::new("tokenizer.json"))
    }

    /// The same from a file.
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`] where it cannot be read or is of another kind; what [`WordPiece::new`] says.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::ModelFile {
            path: path.to_owned(),
            reason: error.to_string(),
            remedy: "name a tokenizer.json".to_owned(),
        })?;
        Self::of_file(&bytes, path)
    }

    fn of_file(bytes: &[u8], path: &Path) -> Result<Self> {
        let (vocabulary, params) = tokenizer_json::read(bytes).map_err(|reason| Error::ModelFile {
            path: path.to_owned(),
            reason,
            remedy: "use a model with a BERT tokeniser (WordPiece), or repair the file".to_owned(),
        })?;
        Self::new(vocabulary, params)
    }

    /// Appends the ids of `text`, without tokens of a template around them. The same as of the `tokenizers` crate, without
    /// truncation. O(length of the text).
    pub fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        self.read(text, |piece| match piece {
            Piece::Word(word) => self.spell(word, ids),
            Piece::Added(id) => ids.push(id),
        });
    }

    /// How many words of `text` are single entries of the vocabulary, and how many words it has. A word is what lies between
    /// whitespace and signs of the normalised text and has a letter in it; an ideograph is a word. O(length of the text).
    #[must_use]
    pub fn known_words(&self, text: &str) -> (u64, u64) {
        let (mut n_known, mut n_words) = (0, 0);
        self.read(text, |piece| {
            if let Piece::Word(word) = piece
                && has_letter(word)
            {
                n_words += 1;
                n_known +=
                    u64::from(self.starts.longest(word).is_some_and(|(length, _)| length == word.len()));
            }
        });
        (n_known, n_words)
    }

    /// The tokens by id, `[n_tokens]`.
    #[must_use]
    pub fn vocabulary(&self) -> &[String] {
        &self.vocabulary
    }

    /// How texts are normalised and cut.
    #[must_use]
    pub fn params(&self) -> &WordPieceParams {
        self.words.params()
    }

    /// The ids that stand for no piece of text, rising: the unknown token and those added.
    #[must_use]
    pub fn special_ids(&self) -> &[u32] {
        &self.special
    }

    /// Gives the words and added tokens of `text` to `take`, in their order.
    #[inline]
    fn read(&self, text: &str, mut take: impl FnMut(Piece<'_>)) {
        let mut buffer = Vec::new();
        self.added.split(text, |part| match part {
            Part::Token(id) => take(Piece::Added(id)),
            Part::Between(text) if self.added_normalised.is_surely_absent(text) => {
                self.words.each(text, &mut buffer, |word| take(Piece::Word(word)));
            }
            Part::Between(text) => {
                self.added_normalised.split(&self.words.normalised(text), |part| match part {
                    Part::Token(id) => take(Piece::Added(id)),
                    Part::Between(normal) => {
                        self.words.each_of_normalised(normal, |word| take(Piece::Word(word)))
                    }
                })
            }
        });
    }

    /// Appends the pieces of a word.
    #[inline]
    fn spell(&self, word: &[u8], ids: &mut Vec<u32>) {
        if self.words.is_too_long(word) {
            ids.push(self.unknown);
            return;
        }
        let n_before = ids.len();
        let (mut tokens, mut rest) = (&self.starts, word);
        while !rest.is_empty() {
            let Some((length, id)) = tokens.longest(rest) else {
                ids.truncate(n_before);
                ids.push(self.unknown);
                return;
            };
            ids.push(id);
            rest = &rest[length..];
            tokens = &self.continuing;
        }
    }
}

/// What a text is read as.
enum Piece<'w> {
    /// A word, normalised.
    Word(&'w [u8]),
    /// The id of an added token.
    Added(u32),
}

/// Whether text can be cut so that `token` is a word: it is one sign, or has neither signs nor whitespace.
fn can_be_a_word(token: &str) -> bool {
    let mut characters = token.chars();
    match (characters.next(), characters.next()) {
        (None, _) => false,
        (Some(_), None) => true,
        _ => !token.chars().any(|character| character.is_whitespace() || is_sign(character)),
    }
}

fn has_letter(word: &[u8]) -> bool {
    word.utf8_chunks().flat_map(|chunk| chunk.valid().chars()).any(char::is_alphabetic)
}
