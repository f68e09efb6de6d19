//! Which points a page shows when there are too many.
//!
//! Selection sampling (Knuth, The Art of Computer Programming, volume 2, section 3.4.2, algorithm S): one pass, every subset equally
//! likely up to rounding of 2^-64, order kept, and the same choice for the same seed on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Indices of `k` of `n` rows, ascending; all of them where `k >= n`. Time linear in `n`, memory linear in `k`.
#[must_use]
pub fn sample(n: usize, k: usize, seed: u64) -> Vec<usize> {
    if k >= n {
        return (0..n).collect();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = Vec::with_capacity(k);
    for index in 0..n {
        let n_left = (n - index) as u128;
        let wanted = (k - chosen.len()) as u128;
        // A number from 0 to n_left - 1, by multiplication instead of division.
        let draw = (u128::from(rng.next_u64()) * n_left) >> 64;
        if draw < wanted {
            chosen.push(index);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_all_taken() {
        assert_eq!(sample(0, 5, 1), Vec::<usize>::new());
        assert_eq!(sample(3, 3, 1), [0, 1, 2]);
        assert_eq!(sample(3, 0, 1), Vec::<usize>::new());
    }

    #[test]
    fn a_sample_has_its_size_and_is_ascending_and_follows_the_seed() {
        let first = sample(10_000, 700, 42);
        assert_eq!(first.len(), 700);
        assert!(first.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(first, sample(10_000, 700, 42));
        assert_ne!(first, sample(10_000, 700, 43));
    }

    #[test]
    fn every_row_is_about_equally_likely() {
        let mut hits = [0_u32; 10];
        for seed in 0..2_000 {
            for index in sample(10, 3, seed) {
                hits[index] += 1;
            }
        }
        // Each count is binomial(2000, 0.3): mean 600, standard deviation 20.5; five deviations allowed.
        assert!(hits.iter().all(|n| (498..=702).contains(n)), "{hits:?}");
    }
}
