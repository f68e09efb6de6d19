//! The bytes of a table: one file, laid out as it is read. Little-endian throughout.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `POPULITT` |
//! | 8 | 4 | version, 1 |
//! | 12 | 4 | `n_tokens` |
//! | 16 | 4 | `n_dims`, a multiple of 16 |
//! | 20 | 4 | bytes of the vocabulary |
//! | 24 | 4 | bytes of the description |
//! | 28 | 4 | 0 |
//! | 32 | 32 | BLAKE3 of all other bytes, in their order |
//! | 64 | `n_tokens · n_dims` | rows, a signed byte a number |
//! | | `4 · n_tokens` | the scale of each row, `f32`, 0 or from 1e-12 to 1e8 |
//! | | `2 · n_tokens` | bytes of each token |
//! | | | the tokens in UTF-8, one after the other |
//! | | | the description in JSON: how texts are cut, and the card |

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::TableCard;
use crate::wordpiece::WordPieceParams;

const MAGIC: &[u8; 8] = b"POPULITT";
const VERSION: u32 = 1;

/// Where the hash stands.
const HASH: Range<usize> = 32..64;

/// Bytes before the rows. A multiple of a cache line, so that rows of an aligned file are aligned.
pub(super) const HEADER: usize = 64;

/// The least and the greatest scale of a row that is not zero: with them the squares of a text's sums can be added in `f32`.
/// Sums are whole multiples of the last digit of the least scale, 2^-63, whose square is the least number with all its
/// digits; and of 2^14 tokens (4,096 bytes, each at most four characters when its accents are taken off) they stay below 2^48, so
/// that 2^32 squares stay below 2^128.
pub(super) const MIN_SCALE: f32 = 1e-12;
pub(super) const MAX_SCALE: f32 = 1e8;

/// What is not numbers.
#[derive(Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) tokenizer: WordPieceParams,
    pub(super) card: TableCard,
}

/// What a file says, but for the rows, which stay where they are.
pub(super) struct Contents {
    pub(super) n_dims: usize,
    /// Where the rows stand, `[n_tokens, n_dims]`.
    pub(super) rows: Range<usize>,
    pub(super) scales: Vec<f32>,
    pub(super) vocabulary: Vec<String>,
    pub(super) description: Description,
    /// The hash that the file carries, which was checked.
    pub(super) hash: [u8; 32],
}

/// The file of a table, or what of it is too large.
pub(super) fn encode(
    rows: &[i8],
    n_dims: usize,
    scales: &[f32],
    vocabulary: &[String],
    description: &Description,
) -> Result<Vec<u8>, String> {
    let json = serde_json::to_vec(description).map_err(|error| error.to_string())?;
    let n_vocabulary_bytes = vocabulary.iter().map(String::len).sum();
    let mut bytes =
        Vec::with_capacity(HEADER + rows.len() + 6 * scales.len() + n_vocabulary_bytes + json.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    for size in [vocabulary.len(), n_dims, n_vocabulary_bytes, json.len(), 0] {
        let size = u32::try_from(size).map_err(|_| format!("a part of {size}, but at most 2^32 - 1 fit"))?;
        bytes.extend_from_slice(&size.to_le_bytes());
    }
    bytes.resize(HEADER, 0);
    bytes.extend(rows.iter().map(|value| value.cast_unsigned()));
    bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
    for token in vocabulary {
        let length = u16::try_from(token.len()).map_err(|_| format!("a token of {} bytes", token.len()))?;
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    vocabulary.iter().for_each(|token| bytes.extend_from_slice(token.as_bytes()));
    bytes.extend_from_slice(&json);
    let hash = hash_of(&bytes);
    bytes[HASH].copy_from_slice(&hash);
    Ok(bytes)
}

/// What the header says of the parts.
pub(super) struct Sizes {
    n_tokens: usize,
    n_dims: usize,
    n_vocabulary: usize,
}

/// Reads and checks the header, which is the start of a file of `n_bytes`; else what is wrong with it. What passes has parts
/// that fill the file.
pub(super) fn decode_header(header: &[u8], n_bytes: u64) -> Result<Sizes, String> {
    if header.len() < HEADER || &header[..8] != MAGIC {
        return Err("is not a token table".to_owned());
    }
    let field = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if field(8) != VERSION {
        return Err(format!("is a token table of version {}, expected {VERSION}", field(8)));
    }
    // Wide enough for any four sizes.
    let [n_tokens, n_dims, n_vocabulary, n_json] = [12, 16, 20, 24].map(|at| u128::from(field(at)));
    let expected = HEADER as u128 + n_tokens * (n_dims + 6) + n_vocabulary + n_json;
    if u128::from(n_bytes) != expected {
        return Err(format!("is {n_bytes} bytes long, expected {expected}"));
    }
    if n_dims == 0 || n_dims % 16 != 0 {
        return Err(format!("has {n_dims} dimensions, expected a multiple of 16"));
    }
    let [n_tokens, n_dims, n_vocabulary] = [12, 16, 20].map(|at| field(at) as usize);
    Ok(Sizes { n_tokens, n_dims, n_vocabulary })
}

/// Reads and checks the file of a table; else what is wrong with it.
pub(super) fn decode(bytes: &[u8]) -> Result<Contents, String> {
    let Sizes { n_tokens, n_dims, n_vocabulary } = decode_header(bytes, bytes.len() as u64)?;
    let hash = hash_of(bytes);
    if hash != bytes[HASH] {
        return Err("is damaged: its BLAKE3 is not the one that it states".to_owned());
    }
    let rows = HEADER..HEADER + n_tokens * n_dims;
    let (scales, rest) = bytes[rows.end..].split_at(4 * n_tokens);
    let (lengths, rest) = rest.split_at(2 * n_tokens);
    let (tokens, json) = rest.split_at(n_vocabulary);
    let scales: Vec<f32> = scales.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let is_wrong = |scale: &f32| *scale != 0.0 && !(MIN_SCALE..=MAX_SCALE).contains(scale);
    if let Some(wrong) = scales.iter().copied().find(is_wrong) {
        return Err(format!("has a row of scale {wrong:e}, expected 0 or {MIN_SCALE:e} to {MAX_SCALE:e}"));
    }
    Ok(Contents {
        n_dims,
        rows,
        scales,
        vocabulary: decode_vocabulary(lengths, tokens)?,
        description: serde_json::from_slice(json)
            .map_err(|error| format!("has a wrong description: {error}"))?,
        hash,
    })
}

fn decode_vocabulary(lengths: &[u8], tokens: &[u8]) -> Result<Vec<String>, String> {
    let tokens = std::str::from_utf8(tokens).map_err(|error| format!("has a wrong vocabulary: {error}"))?;
    let mut vocabulary = Vec::with_capacity(lengths.len() / 2);
    let mut rest = tokens;
    for &length in lengths.as_chunks().0 {
        let cut = rest.split_at_checked(usize::from(u16::from_le_bytes(length)));
        let (token, after) = cut.ok_or("has a vocabulary whose lengths do not fit its bytes")?;
        vocabulary.push(token.to_owned());
        rest = after;
    }
    if !rest.is_empty() {
        return Err(format!("has {} bytes of vocabulary that belong to no token", rest.len()));
    }
    Ok(vocabulary)
}

/// BLAKE3 of all but the hash itself.
fn hash_of(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..HASH.start]).update(&bytes[HASH.end..]);
    *hasher.finalize().as_bytes()
}
