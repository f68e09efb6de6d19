//! Samples of rows: one out of every equal stretch, so that a sample covers the whole in its order.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Numbers of at most `n_sampled` of `n_rows` rows, rising: all of them where there are no more, else one drawn from each
/// of `n_sampled` equal stretches. The same numbers and seed give the same rows.
///
/// ```
/// use populi_geometry::sample_rows;
///
/// assert_eq!(sample_rows(3, 5, 1), [0, 1, 2]);
/// assert_eq!(sample_rows(1_000_000, 5, 1).len(), 5);
/// ```
#[must_use]
pub fn sample_rows(n_rows: usize, n_sampled: usize, seed: u64) -> Vec<usize> {
    if n_rows <= n_sampled {
        return (0..n_rows).collect();
    }
    one_of_each_stretch(n_rows, n_sampled, &mut ChaCha8Rng::seed_from_u64(seed))
}

/// As [`sample_rows`] for fewer rows than there are.
pub(crate) fn one_of_each_stretch(n_rows: usize, n_sampled: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let stretch = n_rows as f64 / n_sampled as f64;
    let mut pick = |i: usize| ((i as f64 + random.random::<f64>()) * stretch) as usize;
    (0..n_sampled).map(|i| pick(i).min(n_rows - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_rises_has_no_row_twice_and_one_of_each_tenth() {
        let rows = sample_rows(10_000, 1_000, 7);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        for tenth in 0..10 {
            let n = rows.iter().filter(|&&row| row / 1_000 == tenth).count();
            assert_eq!(n, 100);
        }
        assert_eq!(rows, sample_rows(10_000, 1_000, 7));
        assert_ne!(rows, sample_rows(10_000, 1_000, 8));
        assert!(sample_rows(0, 10, 1).is_empty());
    }
}
