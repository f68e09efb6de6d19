//! The bytes of a cache file: a header, then one record a text, all of one length.
//!
//! | bytes | header | | bytes | record |
//! |---|---|---|---|---|
//! | 16 | `populi vectors 1` | | 32 | BLAKE3 of the text |
//! | 32 | the model's fingerprint | | 4 a dimension | the vector, `f32` |
//! | 4 | dimensions | | 8 | checksum of what stands before |
//! | 4 | zeros | | | |
//! | 8 | checksum of what stands before | | | |
//!
//! Numbers are little-endian; a checksum is the first 8 bytes of the BLAKE3 of the header's or record's other bytes.

use crate::embedder::Fingerprint;

/// How every cache file begins.
pub(super) const MAGIC: [u8; 16] = *b"populi vectors 1";

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 64;

/// Bytes of the hash of a text.
pub(super) const HASH_BYTES: usize = 32;

/// Bytes of a checksum.
const CHECKSUM_BYTES: usize = 8;

/// Bytes of a record.
pub(super) fn record_bytes(n_dims: usize) -> usize {
    HASH_BYTES + n_dims * size_of::<f32>() + CHECKSUM_BYTES
}

/// The header of the vectors of a model.
pub(super) fn header(model: Fingerprint, n_dims: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..16].copy_from_slice(&MAGIC);
    header[16..48].copy_from_slice(model.as_bytes());
    header[48..52].copy_from_slice(&n_dims.to_le_bytes());
    let (body, checksum) = header.split_at_mut(HEADER_BYTES - CHECKSUM_BYTES);
    checksum.copy_from_slice(&checksum_of(body));
    header
}

/// Model and dimensions of a header; `None` where it is damaged.
pub(super) fn parse_header(header: &[u8; HEADER_BYTES]) -> Option<(Fingerprint, u32)> {
    is_whole(header).then_some(())?;
    let model: [u8; 32] = header[16..48].try_into().ok()?;
    Some((model.into(), u32::from_le_bytes(header[48..52].try_into().ok()?)))
}

/// Appends a record.
pub(super) fn push_record(bytes: &mut Vec<u8>, text: &[u8; HASH_BYTES], vector: &[f32]) {
    let start = bytes.len();
    bytes.extend_from_slice(text);
    bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
    let checksum = checksum_of(&bytes[start..]);
    bytes.extend_from_slice(&checksum);
}

/// The hash of a record's text; `None` where the record is damaged.
pub(super) fn text_of(record: &[u8]) -> Option<[u8; HASH_BYTES]> {
    if is_whole(record) { record.first_chunk().copied() } else { None }
}

/// The vector of a record that is whole.
pub(super) fn vector_of(record: &[u8]) -> Vec<f32> {
    let vector = &record[HASH_BYTES..record.len() - CHECKSUM_BYTES];
    vector.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn is_whole(bytes: &[u8]) -> bool {
    let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    checksum_of(body) == checksum
}

fn checksum_of(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECKSUM_BYTES]);
    checksum
}
