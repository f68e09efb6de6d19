//! MinHash values of a set of shingles, all from one pass where the set is large enough.
//!
//! One-permutation hashing gives each shingle to one of `t` bins and keeps the smallest value of each bin. A post has fewer
//! shingles than there are bins, and most stay empty. They are filled as in *Fast Similarity Sketching* (Dahlgaard, Knudsen and
//! Thorup, FOCS 2017, algorithm 1): further rounds, each with hash functions of its own, fill the bins that are still
//! empty; after `t` rounds a round gives all shingles to one bin. Two sets agree in a bin with the probability of their Jaccard similarity,
//! like with optimal densification (Shrivastava, ICML 2017), which copies values between bins: here the
//! bins of a short text are filled from more hash values instead of copies, so that they vary less together.

use super::shingles::for_each_shingle;

/// Bands of a sketch: two texts are candidates if they agree in one of them.
pub const N_BANDS: usize = 14;

/// MinHash values that a band is made of. Two texts of similarity `s` are candidates with a probability of about
/// `1 - (1 - s^7)^14`: 0.963 at 0.8, 0.9999 at 0.9, 0.003 at 0.3.
pub const ROWS_PER_BAND: usize = 7;

const N_BINS: usize = N_BANDS * ROWS_PER_BAND;

/// Shingles of a long text. One that leaves bins empty all the same repeats itself, and so must not be read once a bin.
const LONG: usize = 1024;

/// The lower half of a hash.
const LOW: u64 = 0xFFFF_FFFF;

/// No value yet.
const EMPTY: u64 = u64::MAX;

/// A key a band. Texts with the same key of the same band are candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sketch {
    pub(super) keys: [u32; N_BANDS],
}

impl Sketch {
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut hashes = Vec::with_capacity(text.len());
        for_each_shingle(text, |shingle| hashes.push(hash(shingle)));
        if hashes.is_empty() {
            return None;
        }
        let bins = min_values(&mut hashes);
        let mut keys = [0; N_BANDS];
        for (key, rows) in keys.iter_mut().zip(bins.chunks_exact(ROWS_PER_BAND)) {
            *key = (rows.iter().fold(FRACTIONS[0], |key, &row| mix(key ^ row, FRACTIONS[1])) >> 32) as u32;
        }
        Some(Self { keys })
    }
}

/// The value of each bin: the round in which it was filled, above the smallest value of that round, so that a later round never
/// replaces what an earlier one put there.
fn min_values(hashes: &mut Vec<u64>) -> [u64; N_BINS] {
    let mut bins = [EMPTY; N_BINS];
    for round in (0..N_BINS as u64).step_by(2) {
        let seed = mix(round + 1, FRACTIONS[2]);
        for &hash in hashes.iter() {
            // Each half of a hash is good for a round: its product with the number of bins is the bin, and the place within it.
            let value = mix(hash ^ seed, FRACTIONS[3]);
            for (half, round) in [(value >> 32, round), (value & LOW, round + 1)] {
                let placed = half * N_BINS as u64;
                let bin = &mut bins[(placed >> 32) as usize];
                *bin = (*bin).min(round << 32 | placed & LOW);
            }
        }
        if !bins.contains(&EMPTY) {
            return bins;
        }
        if round == 0 && hashes.len() > LONG {
            hashes.sort_unstable();
            hashes.dedup();
        }
    }
    for (round, bin) in (N_BINS as u64..).zip(&mut bins).filter(|(_, bin)| **bin == EMPTY) {
        let seed = mix(round + 1, FRACTIONS[2]);
        let smallest = hashes.iter().map(|&hash| mix(hash ^ seed, FRACTIONS[3]) >> 32).min();
        *bin = round << 32 | smallest.unwrap_or(0);
    }
    bins
}

/// 64 bits of a shingle.
fn hash(shingle: u128) -> u64 {
    mix(shingle as u64 ^ FRACTIONS[0], (shingle >> 64) as u64 ^ FRACTIONS[1])
}

/// Both halves of the product, folded: each bit of the factors reaches all bits of the result.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The first bits of the fractions of the square roots of 2, 3, 5 and 7, made odd.
const FRACTIONS: [u64; 4] =
    [0x6A09_E667_F3BC_C909, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1];

#[cfg(test)]
mod tests {
    use super::{N_BINS, min_values, mix};

    /// Two sets with `n_both` of `n_either` members in common agree in that share of their bins, whatever the size of the sets.
    #[test]
    fn bins_agree_as_often_as_sets_are_alike() {
        for (n_both, n_either) in [(1, 2), (8, 10), (40, 50), (30, 100), (1600, 2000), (0, 30), (7, 7)] {
            let n_trials = 400_u64;
            let mut n_agreeing = 0;
            for trial in 0..n_trials {
                let member = |i: u64| mix(i + 1, (trial * 2 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let middle = (n_either + n_both) / 2;
                let mut a: Vec<u64> = (0..middle).map(member).collect();
                let mut b: Vec<u64> = (0..n_both).chain(middle..n_either).map(member).collect();
                let (a, b) = (min_values(&mut a), min_values(&mut b));
                n_agreeing += a.iter().zip(&b).filter(|(a, b)| a == b).count();
            }
            let share = n_agreeing as f64 / (n_trials as usize * N_BINS) as f64;
            let expected = n_both as f64 / n_either as f64;
            // Four standard errors of sets of two, whose bins vary together most.
            assert!((share - expected).abs() < 0.03, "{n_both} of {n_either}: {share}");
        }
    }
}
