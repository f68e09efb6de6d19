//! How well two partitions of the same items agree.
//!
//! Each score is 1 for equal partitions, whatever the labels are called. The two that are *adjusted* are about 0 for independent
//! partitions; the others rise with the number of clusters even then. All are read off one [`Contingency`] table.
//!
//! - Adjusted Rand index: Hubert and Arabie, *Comparing partitions* (1985).
//! - Adjusted and normalised mutual information: Vinh, Epps and Bailey, *Information theoretic measures for clusterings
//!   comparison*, JMLR 11 (2010), with the arithmetic mean of the two entropies as normaliser, as scikit-learn's default.
//! - Homogeneity, completeness, V-measure: Rosenberg and Hirschberg, *V-measure: a conditional entropy-based external cluster
//!   evaluation measure* (2007).

use super::contingency::Contingency;
use super::partition::Label;
use crate::error::Result;

/// The adjusted Rand index of two partitions: [`Contingency::adjusted_rand_index`] of their labels.
///
/// `a[i]` and `b[i]` are the labels of item `i`; noise counts as a cluster. O(n log n).
///
/// ```
/// let score = populi_geometry::adjusted_rand_index(&[0, 0, 1, 1], &[5, 5, 3, 3])?;
/// assert_eq!(score, 1.0);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Shape`] where the two have not the same length.
pub fn adjusted_rand_index<A: Label, B: Label>(a: &[A], b: &[B]) -> Result<f64> {
    Ok(Contingency::new(a, b)?.adjusted_rand_index())
}

/// The adjusted mutual information of two partitions: [`Contingency::adjusted_mutual_information`] of their labels.
///
/// `a[i]` and `b[i]` are the labels of item `i`; noise counts as a cluster. O(n log n) and at most n times the number of
/// classes for the expectation; 8 bytes an item.
///
/// ```
/// let score = populi_geometry::adjusted_mutual_information(&[0, 0, 1, 1], &[5, 5, 3, 3])?;
/// assert_eq!(score, 1.0);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Shape`] where the two have not the same length.
pub fn adjusted_mutual_information<A: Label, B: Label>(a: &[A], b: &[B]) -> Result<f64> {
    Ok(Contingency::new(a, b)?.adjusted_mutual_information())
}

impl<A: Label, B: Label> Contingency<A, B> {
    /// The adjusted Rand index, from -0.5 to 1: how many pairs of items both treat alike, beyond chance.
    ///
    /// Two partitions that agree on every pair score 1, also with fewer than two items. O(cells).
    #[must_use]
    pub fn adjusted_rand_index(&self) -> f64 {
        let pairs = |count: u64| u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
        let together: u128 = self.cells.iter().map(|&(_, count)| pairs(count)).sum();
        let in_a: u128 = self.row_sums.iter().map(|&(_, count)| pairs(count)).sum();
        let in_b: u128 = self.column_sums.iter().map(|&(_, count)| pairs(count)).sum();
        if together == in_a && together == in_b {
            return 1.0;
        }
        let expected = in_a as f64 * in_b as f64 / pairs(self.n_items) as f64;
        (together as f64 - expected) / (0.5 * (in_a + in_b) as f64 - expected)
    }

    /// The adjusted mutual information, at most 1: what one partition tells about the other, beyond chance.
    ///
    /// Of two partitions that both have one class (or no item) the score is 1, of two of which one has, 0. At most n times the
    /// number of classes terms for the expectation; 8 bytes an item; the same digits from any number of threads.
    #[must_use]
    pub fn adjusted_mutual_information(&self) -> f64 {
        if self.is_one_partition() {
            return 1.0;
        }
        if self.row_sums.len() < 2 || self.column_sums.len() < 2 {
            return 0.0;
        }
        let expected = self.expected_mutual_information();
        let (of_a, of_b) = self.entropies();
        // Where both partitions are (nearly) all single items there is no room above chance: keep the signs, not zeros.
        let not_zero = |x: f64| if x < 0.0 { x.min(-f64::EPSILON) } else { x.max(f64::EPSILON) };
        not_zero(self.mutual_information() - expected) / not_zero(0.5 * (of_a + of_b) - expected)
    }

    /// The normalised mutual information, from 0 to 1: the information shared over the mean of the two entropies.
    ///
    /// 1 where both have one class, or there is no item; 0 where only one of them has. O(cells log classes).
    #[must_use]
    pub fn normalised_mutual_information(&self) -> f64 {
        let (of_a, of_b) = self.entropies();
        if self.row_sums.len() < 2 && self.column_sums.len() < 2 {
            return 1.0;
        }
        self.mutual_information() / (0.5 * (of_a + of_b))
    }

    /// Homogeneity, from 0 to 1, the first partition being the truth: 1 where no cluster of the second mixes its classes.
    #[must_use]
    pub fn homogeneity(&self) -> f64 {
        share(self.mutual_information(), self.entropies().0)
    }

    /// Completeness, from 0 to 1, the first partition being the truth: 1 where no class is spread over clusters of the second.
    #[must_use]
    pub fn completeness(&self) -> f64 {
        share(self.mutual_information(), self.entropies().1)
    }

    /// The V-measure, from 0 to 1: the harmonic mean of homogeneity and completeness, which is the normalised mutual
    /// information but where only one of the two has a single class.
    #[must_use]
    pub fn v_measure(&self) -> f64 {
        let (homogeneity, completeness) = (self.homogeneity(), self.completeness());
        let sum = homogeneity + completeness;
        if sum == 0.0 { 0.0 } else { 2.0 * homogeneity * completeness / sum }
    }

    /// Whether the two are the same partition under different names.
    fn is_one_partition(&self) -> bool {
        self.cells.len() == self.row_sums.len() && self.cells.len() == self.column_sums.len()
    }
}

/// The part of an entropy that is told; of none, all.
fn share(information: f64, entropy: f64) -> f64 {
    if entropy == 0.0 { 1.0 } else { information / entropy }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn assert_close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
    }

    /// `n` numbers below `k` from a linear congruential generator (Knuth's MMIX), as the golden script draws them.
    fn drawn(n: usize, k: u64, seed: u64) -> Vec<u32> {
        let mut x = seed;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((x >> 33) % k) as u32
        };
        (0..n).map(|_| next()).collect()
    }

    /// scikit-learn 1.9.1: `adjusted_mutual_info_score` and `adjusted_rand_score` on the same labels.
    #[test]
    fn equals_scikit_learn() {
        let (x, y, which) = (drawn(1000, 7, 1), drawn(1000, 5, 2), drawn(1000, 2, 3));
        let mixed = (0..1000).map(|i| if which[i] == 1 { x[i] } else { y[i] }).collect();
        let golden = [
            (
                vec![0, 0, 0, 1, 1, 1],
                vec![0, 0, 1, 1, 2, 2],
                0.298_792_458_170_890_1,
                0.242_424_242_424_242_43,
            ),
            (vec![0, 0, 0, 0], vec![0, 1, 2, 3], 0.0, 0.0),
            (vec![0, 1, 2, 3], vec![3, 2, 1, 0], 1.0, 1.0),
            (vec![0, 0, 0], vec![1, 1, 1], 1.0, 1.0),
            (vec![0, 0, 0], vec![1, 1, 0], 0.0, 0.0),
            (vec![0, 0, 1, 1], vec![0, 1, 0, 1], -0.5, -0.5),
            (x, mixed, 0.328_242_459_526_889_96, 0.264_340_593_386_751_6),
            (
                drawn(5000, 20, 4),
                drawn(5000, 77, 5),
                -0.000_457_682_898_821_809_14,
                -0.000_022_553_812_366_747_54,
            ),
            (drawn(60, 50, 6), drawn(60, 55, 7), 0.012_499_824_780_643_237, 0.010_419_313_850_063_533),
        ];
        for (a, b, ami, ari) in golden {
            assert_close(adjusted_mutual_information(&a, &b).unwrap(), ami);
            assert_close(adjusted_rand_index(&a, &b).unwrap(), ari);
        }
    }

    #[test]
    fn lengths_that_differ_are_an_error() {
        assert!(adjusted_rand_index(&[1], &[0u32; 0]).is_err());
        assert!(adjusted_mutual_information(&[1], &[0u32; 0]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn rand_index_equals_counting_pairs(a in prop::collection::vec(0u32..4, 2..30), salt: u64) {
            let b = drawn(a.len(), 3, salt);
            let pairs = || (0..a.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
            let count = |f: &dyn Fn(usize, usize) -> bool| pairs().filter(|&(i, j)| f(i, j)).count() as f64;
            let both = count(&|i, j| a[i] == a[j] && b[i] == b[j]);
            let (in_a, in_b) = (count(&|i, j| a[i] == a[j]), count(&|i, j| b[i] == b[j]));
            let expected = in_a * in_b / count(&|_, _| true);
            let room = 0.5 * (in_a + in_b) - expected;
            prop_assume!(room.abs() > 1e-12);
            assert_close(adjusted_rand_index(&a, &b).unwrap(), (both - expected) / room);
        }
    }
}
