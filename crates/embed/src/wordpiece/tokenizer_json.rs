//! The `tokenizer.json` of a BERT tokeniser.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{AddedToken, WordPieceParams};

/// What of the file decides the ids of a text.
#[derive(Deserialize)]
struct TokenizerJson {
    #[serde(default)]
    added_tokens: Vec<AddedTokenJson>,
    normalizer: Option<Value>,
    pre_tokenizer: Option<Value>,
    model: Value,
}

#[derive(Deserialize)]
struct AddedTokenJson {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    normalized: bool,
}

#[derive(Deserialize)]
struct BertNormalizer {
    clean_text: bool,
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    lowercase: bool,
}

#[derive(Deserialize)]
struct Model {
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: BTreeMap<String, u32>,
}

/// The vocabulary by id, and the parameters; else what is wrong with the file.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<String>, WordPieceParams), String> {
    let json: TokenizerJson = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    expect_type("normalizer", json.normalizer.as_ref(), "BertNormalizer")?;
    expect_type("pre_tokenizer", json.pre_tokenizer.as_ref(), "BertPreTokenizer")?;
    if json.model.get("type").is_some() {
        expect_type("model", Some(&json.model), "WordPiece")?;
    }
    let normalizer: BertNormalizer = parse("normalizer", json.normalizer.unwrap_or_default())?;
    let model: Model = parse("model", json.model)?;

    let mut vocabulary = in_order_of_ids(model.vocab)?;
    let mut added = Vec::with_capacity(json.added_tokens.len());
    for token in json.added_tokens {
        if token.single_word {
            return Err(format!(
                "added token {:?} is for whole words only, which is not supported",
                token.content
            ));
        }
        let id = token.id as usize;
        if id == vocabulary.len() {
            vocabulary.push(token.content.clone());
        }
        if vocabulary.get(id) != Some(&token.content) {
            return Err(format!(
                "added token {:?} has the id {id}, which belongs to another token",
                token.content
            ));
        }
        added.push(AddedToken { token: token.content, is_normalised: token.normalized });
    }
    let params = WordPieceParams {
        clean_text: normalizer.clean_text,
        handle_chinese_chars: normalizer.handle_chinese_chars,
        strip_accents: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
        lowercase: normalizer.lowercase,
        unknown: model.unk_token,
        continuing_prefix: model.continuing_subword_prefix,
        max_chars_per_word: model.max_input_chars_per_word,
        added,
    };
    Ok((vocabulary, params))
}

fn expect_type(what: &str, value: Option<&Value>, expected: &str) -> Result<(), String> {
    let got = value.and_then(|value| value.get("type")).and_then(Value::as_str).unwrap_or("none");
    if got == expected { Ok(()) } else { Err(format!("{what}: expected {expected}, got {got}")) }
}

fn parse<T: for<'de> Deserialize<'de>>(what: &str, value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("{what}: {error}"))
}

/// The tokens by id. Every id from 0 on must be there.
fn in_order_of_ids(vocab: BTreeMap<String, u32>) -> Result<Vec<String>, String> {
    let mut tokens: Vec<(u32, String)> = vocab.into_iter().map(|(token, id)| (id, token)).collect();
    tokens.sort_unstable();
    match tokens.iter().enumerate().find(|(at, (id, _))| *at != *id as usize) {
        Some((at, (id, token))) => Err(format!("vocabulary: expected id {at}, got {id} ({token:?})")),
        None => Ok(tokens.into_iter().map(|(_, token)| token).collect()),
    }
}
