//! Into which split a conversation goes.
//!
//! A conversation is never in two splits. By hash, its split depends on its key, the seed and the shares alone, so that a
//! corpus that grows never moves a conversation from one to another. By time, the conversations that began first are in
//! the first split, and so on, so that a model is tested on what came after what it learnt from.

use sha2::{Digest, Sha256};

/// The shares of one, two or three splits; they add up to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares(Vec<f64>);

/// Why a text names no shares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} are no shares of splits: expected two or three numbers above 0 that add up to 1, such as 0.8,0.1,0.1"
)]
pub struct SharesError {
    got: String,
}

impl std::str::FromStr for Shares {
    type Err = SharesError;

    fn from_str(text: &str) -> Result<Self, SharesError> {
        let refused = || SharesError { got: text.chars().take(64).collect() };
        let shares: Vec<f64> = text
            .split(',')
            .map(|share| share.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| refused())?;
        let is_whole = (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9;
        let is_good = (2..=3).contains(&shares.len()) && shares.iter().all(|share| *share > 0.0) && is_whole;
        if is_good { Ok(Self(shares)) } else { Err(refused()) }
    }
}

impl std::fmt::Display for Shares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shares: Vec<String> = self.0.iter().map(f64::to_string).collect();
        f.write_str(&shares.join(","))
    }
}

impl Shares {
    /// One split that holds everything.
    #[must_use]
    pub fn whole() -> Self {
        Self(vec![1.0])
    }

    /// The names of the splits, as loaders know them: `train`, `validation` and `test`; of one split, `conversations`.
    #[must_use]
    pub fn names(&self) -> &'static [&'static str] {
        if self.0.len() == 1 { &["conversations"] } else { &["train", "validation", "test"][..self.0.len()] }
    }

    /// The split of a conversation, by the SHA-256 hash of the seed and its key.
    #[must_use]
    pub fn by_hash(&self, seed: u64, conversation: u128) -> usize {
        let hash = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(conversation.to_le_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        // 53 bits, which a float holds exactly.
        let place = (u64::from_le_bytes([a, b, c, d, e, f, g, h]) >> 11) as f64 / (1_u64 << 53) as f64;
        self.at(place)
    }

    /// The split of the conversation that is the `rank`-th of `n` in the order of time, counted from 0.
    #[must_use]
    pub fn by_rank(&self, rank: usize, n: usize) -> usize {
        self.at((rank as f64 + 0.5) / n as f64)
    }

    fn at(&self, place: f64) -> usize {
        let mut end = 0.0;
        for (split, share) in self.0.iter().enumerate() {
            end += share;
            if place < end {
                return split;
            }
        }
        // Sums of shares may be a little below one.
        self.0.len() - 1
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_read_or_refused() {
        let shares: Shares = "0.8, 0.1,0.1".parse().unwrap();
        assert_eq!(
            (shares.names(), shares.to_string().as_str()),
            (&["train", "validation", "test"][..], "0.8,0.1,0.1")
        );
        assert_eq!("0.5,0.5".parse::<Shares>().unwrap().names(), ["train", "validation"]);
        assert_eq!(Shares::whole().names(), ["conversations"]);
        for text in [
            "",
            "1",
            "0.5",
            "0.5,0.4",
            "1.1,-0.1",
            "0.5,0.5,0",
            "a,b",
            "0.25,0.25,0.25,0.25",
            "NaN,1",
            "inf,1",
        ] {
            assert!(text.parse::<Shares>().is_err(), "{text}");
        }
    }

    #[test]
    fn splits_by_time_are_quantiles() {
        let shares: Shares = "0.8,0.1,0.1".parse().unwrap();
        let splits: Vec<usize> = (0..10).map(|rank| shares.by_rank(rank, 10)).collect();
        assert_eq!(splits, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(shares.by_rank(0, 1), 0);
    }

    #[test]
    fn splits_by_hash_have_their_shares_and_follow_the_seed() {
        let shares: Shares = "0.8,0.1,0.1".parse().unwrap();
        let splits = |seed| (0..20_000_u128).map(|key| shares.by_hash(seed, key << 64)).collect::<Vec<_>>();
        let (one, two) = (splits(1), splits(2));
        for (split, share) in [0.8, 0.1, 0.1].into_iter().enumerate() {
            let n = one.iter().filter(|found| **found == split).count() as f64;
            // Five standard deviations.
            let deviation = (20_000.0 * share * (1.0_f64 - share)).sqrt();
            assert!((n - 20_000.0 * share).abs() < 5.0 * deviation, "{split}: {n}");
        }
        assert_ne!(one, two);
        assert_eq!(one, splits(1));
    }

    proptest! {
        #[test]
        fn every_conversation_has_a_split_and_ranks_rise(n in 1_usize..200, first in 1_u32..99) {
            let share = f64::from(first) / 100.0;
            let shares = Shares(vec![share, 1.0 - share]);
            let splits: Vec<usize> = (0..n).map(|rank| shares.by_rank(rank, n)).collect();
            prop_assert!(splits.is_sorted());
            let n_first = splits.iter().filter(|split| **split == 0).count();
            prop_assert!((n_first as f64 - share * n as f64).abs() <= 0.5 + 1e-9);
        }
    }
}
