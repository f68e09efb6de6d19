//! From text to token ids, as the model's own tokenizer does it.

use std::path::Path;

use rayon::prelude::*;
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::utils::truncation::{TruncationParams, TruncationStrategy};
use tokenizers::{NormalizerWrapper, Tokenizer};

use super::config::{Config, bad_file, read_bytes};
use crate::error::{Error, Result};

const DOWNLOAD: &str = "download the model again";

/// Texts tokenised as one task. Moves nothing but speed.
const TEXTS_PER_TASK: usize = 32;

/// `tokenizer.json`, set to cut and not to pad.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    prefix: String,
}

impl Tokens {
    /// Reads the tokenizer. Texts get `prefix` before them and are cut to `max_tokens`, special ones counted. Gives the
    /// bytes of the file too.
    pub(super) fn open(config: &Config) -> Result<(Self, Vec<u8>)> {
        let path = config.folder.join("tokenizer.json");
        if !path.exists() {
            let remedy = "save the tokenizer with transformers: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)";
            return Err(bad_file(&path, "is missing", remedy));
        }
        let bytes = read_bytes(&path)?;
        let mut tokenizer = Tokenizer::from_bytes(&bytes)
            .map_err(|error| bad_file(&path, format!("not a tokenizer: {error}"), DOWNLOAD))?;
        check_ids(&tokenizer, config, &path)?;
        set_length(&mut tokenizer, config.max_tokens, &path)?;
        if config.lowercases && !lowercases(tokenizer.get_normalizer()) {
            let mut steps = vec![NormalizerWrapper::from(Lowercase)];
            steps.extend(tokenizer.get_normalizer().cloned());
            tokenizer
                .with_normalizer(Some(Sequence::new(steps)))
                .map_err(|error| bad_file(&path, format!("cannot lowercase: {error}"), DOWNLOAD))?;
        }
        let tokens = Self { tokenizer, prefix: config.prefix.clone() };
        tokens.check_template(config, &path)?;
        Ok((tokens, bytes))
    }

    /// The ids of each text, with special tokens, cut.
    pub(super) fn ids(&self, texts: &[&str]) -> Result<Vec<Vec<u32>>> {
        texts.par_iter().with_min_len(TEXTS_PER_TASK).map(|text| self.ids_of(text)).collect()
    }

    fn ids_of(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = if self.prefix.is_empty() {
            self.tokenizer.encode_fast(text, true)
        } else {
            self.tokenizer.encode_fast(format!("{}{text}", self.prefix), true)
        };
        encoding.map(|encoding| encoding.get_ids().to_vec()).map_err(Error::Backend)
    }

    /// The special tokens that every text gets have rows too: their ids stand in a part of the file of its own.
    fn check_template(&self, config: &Config, path: &Path) -> Result<()> {
        let template = self
            .ids_of("")
            .map_err(|error| bad_file(path, format!("cannot cut an empty text: {error}"), DOWNLOAD))?;
        check_greatest(template.into_iter().max(), config, path)
    }

    /// The string of each id below `n`; empty where the tokenizer has none.
    pub(super) fn vocabulary(&self, n: usize) -> Vec<String> {
        (0..n).map(|id| self.tokenizer.id_to_token(id as u32).unwrap_or_default()).collect()
    }
}

/// Every id of the vocabulary has a row in the table of words.
fn check_ids(tokenizer: &Tokenizer, config: &Config, path: &Path) -> Result<()> {
    check_greatest(tokenizer.get_vocab(true).into_values().max(), config, path)
}

fn check_greatest(id: Option<u32>, config: &Config, path: &Path) -> Result<()> {
    let greatest = id.unwrap_or(0) as usize;
    if greatest < config.n_words {
        return Ok(());
    }
    let reason = format!("has token id {greatest}, but vocab_size in config.json is {}", config.n_words);
    Err(bad_file(path, reason, "take tokenizer and weights of one model"))
}

/// Cuts at `max_tokens`, from the side that the file says, and pads nothing.
fn set_length(tokenizer: &mut Tokenizer, max_tokens: usize, path: &Path) -> Result<()> {
    let n_special =
        tokenizer.get_post_processor().map_or(0, |post| tokenizers::PostProcessor::added_tokens(post, false));
    if max_tokens <= n_special {
        let reason =
            format!("adds {n_special} special tokens, but the model takes {max_tokens} tokens in all");
        return Err(bad_file(
            path,
            reason,
            "take tokenizer and config.json of one model, or raise max_tokens",
        ));
    }
    let direction = tokenizer.get_truncation().map(|params| params.direction).unwrap_or_default();
    let params = TruncationParams {
        direction,
        max_length: max_tokens,
        strategy: TruncationStrategy::LongestFirst,
        stride: 0,
    };
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(Some(params))
        .map(|_| ())
        .map_err(|error| bad_file(path, format!("cannot cut texts: {error}"), DOWNLOAD))
}

/// Whether the outermost step, or one of a sequence, lowercases.
fn lowercases(normalizer: Option<&NormalizerWrapper>) -> bool {
    match normalizer {
        Some(NormalizerWrapper::Lowercase(_)) => true,
        Some(NormalizerWrapper::Sequence(steps)) => {
            steps.as_ref().iter().any(|step| matches!(step, NormalizerWrapper::Lowercase(_)))
        }
        _ => false,
    }
}
