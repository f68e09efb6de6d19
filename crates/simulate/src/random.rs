//! Counter-based random numbers: one seed, a stream for each purpose, and nothing that depends on the machine.
//!
//! Only exact operations are used (integers, and `+ - * /` and `sqrt` of floats), so that the same seed gives the same
//! world on every platform.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Purposes of streams. A text's stream is `Purpose::Text` plus the number of the text.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Purpose {
    Society = 1,
    History = 2,
    Copies = 3,
    Damage = 4,
    Twitter = 5,
    TwitterUsers = 6,
    Profile = 1 << 32,
    Text = 1 << 33,
}

/// One independent sequence of random numbers.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose as u64 + number);
        Self(generator)
    }

    /// A whole number below `n`; 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high - low + 1) as usize) as u64
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A heavy-tailed factor of mean 2 and at least 1 (a Pareto law with exponent 2).
    pub(crate) fn heavy_tail(&mut self) -> f64 {
        1.0 / (1.0 - self.unit()).sqrt()
    }

    /// `expected` rounded up or down at random, so that the mean is kept.
    pub(crate) fn round(&mut self, expected: f64) -> usize {
        (expected + self.unit()) as usize
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// An index drawn with the weights whose running sums are `cumulative`.
    pub(crate) fn weighted(&mut self, cumulative: &[f64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(0.0);
        let target = self.unit() * total;
        cumulative.partition_point(|&sum| sum <= target).min(cumulative.len().saturating_sub(1))
    }
}

/// Running sums of weights, as [`Stream::weighted`] takes them.
pub(crate) fn cumulative(weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let add = |sum: &mut f64, weight: f64| {
        *sum += weight;
        Some(*sum)
    };
    weights.into_iter().scan(0.0, add).collect()
}

/// A fixed scrambling of two numbers into one (the finaliser of SplitMix64), for ids that need no stream.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_add(0x632b_e59b_d9b4_e019);
    for multiplier in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        x = (x ^ (x >> 30)).wrapping_mul(multiplier);
    }
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, number| Stream::new(seed, Purpose::Text, number).below(1 << 40);
        assert_eq!(draw(1, 7), draw(1, 7));
        assert_ne!(draw(1, 7), draw(1, 8));
        assert_ne!(draw(1, 7), draw(2, 7));
    }

    #[test]
    fn weights_are_kept() {
        let mut stream = Stream::new(3, Purpose::Society, 0);
        let sums = cumulative([1.0, 0.0, 3.0]);
        let mut seen = [0_u32; 3];
        for _ in 0..4000 {
            seen[stream.weighted(&sums)] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((900..1100).contains(&seen[0]), "{seen:?}");
    }
}
