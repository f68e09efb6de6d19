//! What two partitions tell about each other, in nats.
//!
//! The expectation is equation 24a (hypergeometric model) of Vinh, Epps and Bailey, *Information theoretic measures for
//! clusterings comparison*, JMLR 11 (2010).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::contingency::Contingency;
use super::partition::Label;

/// Up to here `ln Γ` goes by the recurrence, from here by Stirling's series. At 12 its terms give 1e-15.
const STIRLING_FROM: f64 = 12.0;

impl<A: Label, B: Label> Contingency<A, B> {
    /// Mutual information in nats, never below zero; 0 where one of the two has a single class.
    pub(super) fn mutual_information(&self) -> f64 {
        if self.row_sums.len() < 2 || self.column_sums.len() < 2 {
            return 0.0;
        }
        let n = self.n_items as f64;
        let rows: BTreeMap<A, u64> = self.row_sums.iter().copied().collect();
        let columns: BTreeMap<B, u64> = self.column_sums.iter().copied().collect();
        let term = |((row, column), count): &((A, B), u64)| {
            let count = *count as f64;
            let term =
                count / n * (n.ln() + count.ln() - (rows[row] as f64).ln() - (columns[column] as f64).ln());
            // What is left of logarithms that cancel is nothing, as the reference has it.
            if term.abs() < f64::EPSILON { 0.0 } else { term }
        };
        self.cells.iter().map(term).sum::<f64>().max(0.0)
    }

    /// Entropies of the first and of the second partition, in nats.
    pub(super) fn entropies(&self) -> (f64, f64) {
        let rows = self.row_sums.iter().map(|&(_, count)| count);
        let columns = self.column_sums.iter().map(|&(_, count)| count);
        (entropy(rows, self.n_items), entropy(columns, self.n_items))
    }

    /// Mutual information that two random partitions with these class sizes have on average, in nats.
    ///
    /// O(Σ min(aᵢ, bⱼ)) terms, at most the items times the classes; parallel over rows, added in their order.
    pub(super) fn expected_mutual_information(&self) -> f64 {
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
        let row = |&(_, a): &(A, u64)| -> f64 { self.column_sums.iter().map(|&(_, b)| pair(a, b)).sum() };
        let rows: Vec<f64> = self.row_sums.par_iter().map(row).collect();
        rows.iter().sum()
    }
}

/// Entropy of class sizes, in nats.
fn entropy(sizes: impl ExactSizeIterator<Item = u64>, n_items: u64) -> f64 {
    if sizes.len() < 2 {
        return 0.0; // one class tells nothing; the sum would be minus zero
    }
    -sizes.map(|size| size as f64 / n_items as f64).map(|p| p * p.ln()).sum::<f64>()
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
            let got = Contingency::new(&a, &b).unwrap().expected_mutual_information();
            prop_assert!((got - mean).abs() < 1e-9, "{got} is not {mean}");
        }
    }
}
