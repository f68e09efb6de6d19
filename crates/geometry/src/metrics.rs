//! How well two partitions of the same items agree, corrected for chance.
//!
//! Both scores are 1 for equal partitions (whatever the labels are called) and about 0 for independent ones.
//!
//! - Adjusted Rand index: Hubert and Arabie, *Comparing partitions* (1985).
//! - Adjusted mutual information: Vinh, Epps and Bailey, *Information theoretic measures for clusterings comparison*,
//!   JMLR 11 (2010): the expectation is equation 24a (hypergeometric model), the normaliser the arithmetic mean of the two
//!   entropies, as scikit-learn's default.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::error::{Result, same_size};

/// Up to here `ln Γ` goes by the recurrence, from here by Stirling's series. At 12 its terms give 1e-15.
const STIRLING_FROM: f64 = 12.0;

/// How often each pair of labels meets.
///
/// ```
/// use populi_geometry::Contingency;
///
/// let table = Contingency::new(&[7, 7, 9], &[0, 1, 1])?;
/// assert_eq!(table.cells(), [((7, 0), 1), ((7, 1), 1), ((9, 1), 1)]);
/// assert_eq!(table.row_sums(), [(7, 2), (9, 1)]);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contingency {
    cells: Vec<((u32, u32), u64)>,
    row_sums: Vec<(u32, u64)>,
    column_sums: Vec<(u32, u64)>,
    n_items: u64,
}

impl Contingency {
    /// Counts the pairs `(a[i], b[i])`. O(n log n).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where the two have not the same length.
    pub fn new(a: &[u32], b: &[u32]) -> Result<Self> {
        same_size("labels of the second partition", a.len(), b.len())?;
        let mut pairs: Vec<(u32, u32)> = a.iter().copied().zip(b.iter().copied()).collect();
        pairs.sort_unstable();
        let cells: Vec<_> = pairs.chunk_by(|x, y| x == y).map(|same| (same[0], same.len() as u64)).collect();
        let sums = |label: fn(&(u32, u32)) -> u32| {
            let mut sums = BTreeMap::new();
            cells.iter().for_each(|(pair, count)| *sums.entry(label(pair)).or_insert(0) += count);
            sums.into_iter().collect()
        };
        let (row_sums, column_sums) = (sums(|pair| pair.0), sums(|pair| pair.1));
        Ok(Self { cells, row_sums, column_sums, n_items: a.len() as u64 })
    }

    /// Every pair of labels that meets and how often, by label of the first partition, then of the second.
    pub fn cells(&self) -> &[((u32, u32), u64)] {
        &self.cells
    }

    /// The labels of the first partition and how often each occurs, by label.
    pub fn row_sums(&self) -> &[(u32, u64)] {
        &self.row_sums
    }

    /// The labels of the second partition and how often each occurs, by label.
    pub fn column_sums(&self) -> &[(u32, u64)] {
        &self.column_sums
    }

    /// Number of items.
    pub fn n_items(&self) -> u64 {
        self.n_items
    }

    /// Mutual information in nats.
    fn mutual_information(&self) -> f64 {
        let n = self.n_items as f64;
        let rows: BTreeMap<u32, u64> = self.row_sums.iter().copied().collect();
        let columns: BTreeMap<u32, u64> = self.column_sums.iter().copied().collect();
        let term = |((row, column), count): &((u32, u32), u64)| {
            let count = *count as f64;
            count / n * (n.ln() + count.ln() - (rows[row] as f64).ln() - (columns[column] as f64).ln())
        };
        self.cells.iter().map(term).sum()
    }

    /// Mutual information that two random partitions with these class sizes have on average, in nats.
    ///
    /// O(Σ min(aᵢ, bⱼ)) terms, at most the items times the classes; parallel over rows, added in their order.
    fn expected_mutual_information(&self) -> f64 {
        let n = self.n_items;
        let ln_factorials: Vec<f64> = (0..=n).into_par_iter().map(|i| ln_gamma(i as f64 + 1.0)).collect();
        let ln_factorial = |i: u64| ln_factorials[i as usize];
        let pair = |a: u64, b: u64| -> f64 {
            let fixed = ln_factorial(a) + ln_factorial(b) + ln_factorial(n - a) + ln_factorial(n - b)
                - ln_factorial(n);
            let term = |together: u64| {
                let ways = ln_factorial(together)
                    + ln_factorial(a - together)
                    + ln_factorial(b - together)
                    + ln_factorial(n + together - a - b);
                let share = together as f64 / n as f64;
                let gain = (n as f64).ln() + (together as f64).ln() - (a as f64).ln() - (b as f64).ln();
                share * gain * (fixed - ways).exp()
            };
            ((a + b).saturating_sub(n).max(1)..=a.min(b)).map(term).sum()
        };
        let row = |&(_, a): &(u32, u64)| -> f64 { self.column_sums.iter().map(|&(_, b)| pair(a, b)).sum() };
        let rows: Vec<f64> = self.row_sums.par_iter().map(row).collect();
        rows.iter().sum()
    }
}

/// The adjusted Rand index of two partitions, from -0.5 to 1: how many pairs of items both treat alike, beyond chance.
///
/// `a[i]` and `b[i]` are the labels of item `i`. Two partitions that agree on every pair score 1, also with fewer than
/// two items. O(n log n).
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
pub fn adjusted_rand_index(a: &[u32], b: &[u32]) -> Result<f64> {
    let table = Contingency::new(a, b)?;
    let pairs = |count: u64| u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
    let together: u128 = table.cells.iter().map(|&(_, count)| pairs(count)).sum();
    let in_a: u128 = table.row_sums.iter().map(|&(_, count)| pairs(count)).sum();
    let in_b: u128 = table.column_sums.iter().map(|&(_, count)| pairs(count)).sum();
    if together == in_a && together == in_b {
        return Ok(1.0);
    }
    let expected = in_a as f64 * in_b as f64 / pairs(table.n_items) as f64;
    Ok((together as f64 - expected) / (0.5 * (in_a + in_b) as f64 - expected))
}

/// The adjusted mutual information of two partitions, at most 1: what one tells about the other, beyond chance.
///
/// `a[i]` and `b[i]` are the labels of item `i`. Of two partitions that both have one class (or no item) the score is 1.
/// O(n log n) and at most n times the number of classes for the expectation; 8 bytes an item.
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
pub fn adjusted_mutual_information(a: &[u32], b: &[u32]) -> Result<f64> {
    let table = Contingency::new(a, b)?;
    let same_partition =
        table.cells.len() == table.row_sums.len() && table.cells.len() == table.column_sums.len();
    if same_partition {
        return Ok(1.0);
    }
    let expected = table.expected_mutual_information();
    let normaliser =
        0.5 * (entropy(&table.row_sums, table.n_items) + entropy(&table.column_sums, table.n_items));
    let room = normaliser - expected;
    // Where both partitions are (nearly) all single items there is no room above chance: keep the sign, not zero.
    let room = if room < 0.0 { room.min(-f64::EPSILON) } else { room.max(f64::EPSILON) };
    Ok((table.mutual_information() - expected) / room)
}

/// Entropy of class sizes, in nats.
fn entropy(sums: &[(u32, u64)], n_items: u64) -> f64 {
    let share = |&(_, count): &(u32, u64)| count as f64 / n_items as f64;
    -sums.iter().map(share).map(|p| p * p.ln()).sum::<f64>()
}

/// `ln Γ(x)` for `x ≥ 1`, to about 1e-15 of its size: Stirling's series after shifting `x` up.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 1.0);
    while x < STIRLING_FROM {
        shift *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let coefficients = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let series = coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * square + coefficient) * inverse;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - f64::ln(shift)
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
        assert!(adjusted_rand_index(&[1], &[]).is_err());
        assert!(adjusted_mutual_information(&[1], &[]).is_err());
    }

    #[test]
    fn ln_gamma_is_the_logarithm_of_the_factorial() {
        let mut factorial = 1.0f64;
        for i in 1..=150u32 {
            factorial *= f64::from(i);
            let expected = factorial.ln();
            assert!((ln_gamma(f64::from(i) + 1.0) - expected).abs() <= 1e-14 * expected.max(1.0), "{i}!");
        }
    }

    /// Every order of `items`.
    fn orders(items: &[u32]) -> Vec<Vec<u32>> {
        if items.is_empty() {
            return vec![vec![]];
        }
        let without = |i: usize| [&items[..i], &items[i + 1..]].concat();
        let starting = |i: usize| orders(&without(i)).into_iter().map(move |rest| (i, rest));
        (0..items.len()).flat_map(starting).map(|(i, rest)| [&[items[i]], &rest[..]].concat()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn expectation_is_the_mean_over_all_orders(
            (a, b) in (1usize..7).prop_flat_map(|n| {
                (prop::collection::vec(0u32..3, n), prop::collection::vec(0u32..3, n))
            }),
        ) {
            let orders = orders(&b);
            let of = |b: &Vec<u32>| Contingency::new(&a, b).unwrap().mutual_information();
            let mean = orders.iter().map(of).sum::<f64>() / orders.len() as f64;
            assert_close(Contingency::new(&a, &b).unwrap().expected_mutual_information(), mean);
        }

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
