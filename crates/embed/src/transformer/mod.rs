//! Sentence encoders on the CPU: BERT, RoBERTa, XLM-RoBERTa and MPNet from a local folder.
//!
//! The way of a text: `tokens.rs` makes ids of it, `encoder.rs` sorts sequences by length and cuts them into chunks, each of which
//! one thread takes through `layer.rs`, and pools the rows of tokens. Nothing is padded: the linear maps (`linear.rs`) take all
//! tokens of a chunk as one matrix, attention (`attention.rs`) takes sequence by sequence. `config.rs` and `weights.rs` read the
//! folder. Products are those of [`populi_simd::product`], whose rows do not depend on one another; so a text's row has the
//! same bits whatever it is called with, at any number of threads and at every level of the CPU.

mod activation;
mod attention;
mod config;
mod encoder;
mod layer;
mod linear;
mod norm;
mod relative;
mod tokens;
mod weights;

use std::fs::File;
use std::path::Path;

use populi_geometry::Matrix;
use populi_simd::Level;

use self::config::{Config, bad_file};
use self::encoder::Encoder;
use self::tokens::Tokens;
use self::weights::Weights;
use crate::embedder::{Embedder, Fingerprint};
use crate::error::{Error, Result};

/// Raised where the same files give other vectors than before.
const VERSION: &[u8] = b"transformer 1";

/// What may be set of a [`Transformer`]; the rest is in its folder.
#[derive(Debug, Clone, Default)]
pub struct TransformerParams {
    /// What stands before each text. `None` takes the default prompt of `config_sentence_transformers.json`; where there is none,
    /// `"query: "` for models of the E5 family (by their name), as their authors want it where texts are compared with their
    /// like, and nothing for all others.
    pub prefix: Option<String>,
    /// Tokens of a text that are looked at, special ones counted. `None` takes `max_seq_length` of
    /// `sentence_bert_config.json`, else `model_max_length` of `tokenizer_config.json`, and never more than there are positions.
    pub max_tokens: Option<usize>,
}

/// A sentence encoder of the BERT, RoBERTa, XLM-RoBERTa or MPNet family.
///
/// Rows are those of sentence-transformers within 1e-5, always of length 1, whether the folder asks for it or not; a text that
/// is empty or white space alone has a row of zeros, whatever stands before it.
pub struct Transformer {
    tokens: Tokens,
    encoder: Encoder,
    config: Config,
    fingerprint: Fingerprint,
}

impl Transformer {
    /// Opens a folder of sentence-transformers, or a plain one of transformers, which is pooled by the mean.
    ///
    /// It holds `config.json`, `tokenizer.json` and `model.safetensors` (F32, F16 or BF16, in one file or with an index); and
    /// perhaps `modules.json` with pooling by the mean or the first token, `sentence_bert_config.json`,
    /// `config_sentence_transformers.json`. Linear maps are packed in memory, four bytes a weight; the table of words stays in
    /// its file, which nobody may change meanwhile ([`populi_simd::MappedFile`]). O(bytes of the files).
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`] with file and remedy where a file is missing, cut, not what it should be, or asks for what is not
    /// supported; [`Error::Param`] where `max_tokens` is not in the range of the model.
    pub fn open(folder: &Path, params: &TransformerParams) -> Result<Self> {
        let mut config = Config::read(folder)?;
        if let Some(prefix) = &params.prefix {
            config.prefix.clone_from(prefix);
        }
        if let Some(max_tokens) = params.max_tokens {
            if max_tokens == 0 || max_tokens > config.most_tokens() {
                let got = format!("{max_tokens} for a model of {} positions", config.most_tokens());
                return Err(Error::Param {
                    name: "max_tokens",
                    got,
                    must_be: "1 to the positions of the model",
                });
            }
            config.max_tokens = max_tokens;
        }
        let (tokens, tokenizer) = Tokens::open(&config)?;
        let weights = Weights::open(&config.folder)?;
        let encoder = Encoder::new(&config, &weights)?;
        let fingerprint = fingerprint(&config, &tokenizer, &weights)?;
        Ok(Self { tokens, encoder, config, fingerprint })
    }

    /// The token of each id, `[rows of the table of words]`; empty where the tokenizer has none.
    #[must_use]
    pub fn vocabulary(&self) -> Vec<String> {
        self.tokens.vocabulary(self.config.n_words)
    }

    /// What stands before each text.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.config.prefix
    }

    /// Tokens of a text that are looked at, special ones counted.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.config.max_tokens
    }

    /// Weights of the linear maps, each of which is multiplied once a token.
    #[must_use]
    pub fn n_linear_weights(&self) -> usize {
        let Config { n_layers, n_dims, n_hidden, .. } = self.config;
        n_layers * n_dims * (4 * n_dims + 2 * n_hidden)
    }

    /// The ids of each text, special tokens among them, cut to [`max_tokens`](Self::max_tokens).
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] where the tokenizer fails.
    pub fn ids(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>> {
        self.tokens.ids(texts)
    }

    /// One row a sequence of token ids, `[sequences.len(), n_dims] f32`, pooled as the folder says and **not** normalised.
    /// Special tokens have to be in the sequences. An empty sequence gives zeros.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] where an id has no row, or a sequence has more tokens than there are positions.
    pub fn embed_ids(&self, sequences: &[Vec<u32>]) -> Result<Matrix> {
        if let Some(id) = sequences.iter().flatten().find(|&&id| id as usize >= self.config.n_words) {
            let got = format!("{id} for a model of {} tokens", self.config.n_words);
            return Err(Error::Param {
                name: "token id",
                got,
                must_be: "below the number of tokens of the model",
            });
        }
        let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
        if longest > self.config.most_tokens() {
            let got = format!("{longest} for a model of {} positions", self.config.most_tokens());
            return Err(Error::Param {
                name: "tokens of a sequence",
                got,
                must_be: "at most the positions of the model",
            });
        }
        self.encoder.encode(sequences)
    }

    /// The same model at another level of the CPU, for tests: no bit differs.
    #[doc(hidden)]
    #[must_use]
    pub fn at_level(mut self, level: Level) -> Self {
        self.encoder.set_level(level);
        self
    }
}

/// Some texts a thread and a second or two; vectors of a text are the same whatever is called with it.
impl Embedder for Transformer {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn n_dims(&self) -> usize {
        self.config.n_dims
    }

    fn texts_per_call(&self) -> usize {
        512
    }

    fn embed(&self, texts: &[&str]) -> Result<Matrix> {
        let mut ids = self.tokens.ids(texts)?;
        // In a blank text there is nothing to see but special tokens. An empty sequence gives zeros.
        let blank = ids.iter_mut().zip(texts).filter(|(_, text)| text.trim().is_empty());
        blank.for_each(|(ids, _)| ids.clear());
        let mut rows = self.encoder.encode(&ids)?;
        rows.check_finite().map_err(|_| {
            let reason = "holds weights with which a text gives numbers that are not finite";
            bad_file(&self.config.folder, reason, "download the model again")
        })?;
        rows.l2_normalise_rows();
        Ok(rows)
    }
}

/// Over everything that a vector depends on.
fn fingerprint(config: &Config, tokenizer: &[u8], weights: &Weights) -> Result<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    for path in weights.paths() {
        // Read, not mapped: what is mapped would count as memory of this process.
        File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ())).map_err(|error| {
            bad_file(path, format!("cannot be read: {error}"), "download the model again")
        })?;
    }
    let weights = hasher.finalize();
    Ok(Fingerprint::of(&[
        VERSION,
        config.identity().as_bytes(),
        config.prefix.as_bytes(),
        &(config.max_tokens as u64).to_le_bytes(),
        tokenizer,
        weights.as_bytes(),
    ]))
}
