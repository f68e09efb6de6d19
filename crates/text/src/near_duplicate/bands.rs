//! Locality-sensitive hashing: texts with the same key in one band are candidates.
//!
//! A band at a time: its keys are sorted with the numbers of their texts, equal keys are a bucket, and the pairs of a bucket are
//! compared that are not of one group yet.

use rayon::slice::ParallelSliceMut;

use super::groups::{Groups, Linked};
use super::shingles::ShingleSet;
use super::sketch::N_BANDS;

/// Texts that a text is compared with, at most, in one bucket: 64. A bucket of so many texts that are near one another and yet
/// below the threshold is a template that many posts are made from.
pub const MAX_CHECKS: usize = 64;

type Keys = [u32; N_BANDS];

pub(super) fn sharing(keys: &[Keys]) -> Vec<bool> {
    let mut is_sharing = vec![false; keys.len()];
    for_each_bucket(keys, |_, bucket| {
        for &text in bucket.iter() {
            is_sharing[text as usize] = true;
        }
    });
    is_sharing
}

pub(super) fn link<'t>(keys: &[Keys], threshold: f64, text_of: impl Fn(usize) -> &'t str) -> Groups {
    let mut linked = Linked::new(keys.len());
    let (mut left, mut right) = (ShingleSet::default(), ShingleSet::default());
    for_each_bucket(keys, |band, bucket| {
        if bucket.len() > MAX_CHECKS + 1 {
            // Those that share the next band too stand together.
            bucket.sort_unstable_by_key(|&text| (keys[text as usize][(band + 1) % N_BANDS], text));
        }
        for (i, &text) in bucket.iter().enumerate() {
            let mut is_filled = false;
            for &other in bucket[i.saturating_sub(MAX_CHECKS)..i].iter().rev() {
                if linked.are_one(text, other) {
                    continue;
                }
                if !std::mem::replace(&mut is_filled, true) {
                    left.fill(text_of(text as usize));
                }
                right.fill(text_of(other as usize));
                if left.jaccard(&right) >= threshold {
                    linked.join(text, other);
                }
            }
        }
    });
    linked.into_groups()
}

pub(super) fn candidate_pairs(keys: &[Keys]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for_each_bucket(keys, |_, bucket| {
        for (i, &b) in bucket.iter().enumerate() {
            pairs.extend(bucket[..i].iter().map(|&a| (a as usize, b as usize)));
        }
    });
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Calls `visit` with each band's number and each of its buckets of two texts or more: their numbers, ascending.
fn for_each_bucket(keys: &[Keys], mut visit: impl FnMut(usize, &mut [u32])) {
    let mut of_band: Vec<u64> = Vec::with_capacity(keys.len());
    let mut bucket = Vec::new();
    for band in 0..N_BANDS {
        of_band.clear();
        // Key above number; a text's number fits: there are at most 2^32 - 1.
        of_band.extend(keys.iter().zip(0_u64..).map(|(keys, text)| u64::from(keys[band]) << 32 | text));
        of_band.par_sort_unstable();
        for entries in of_band.chunk_by(|a, b| a >> 32 == b >> 32).filter(|entries| entries.len() > 1) {
            bucket.clear();
            bucket.extend(entries.iter().map(|&entry| entry as u32));
            visit(band, &mut bucket);
        }
    }
}
