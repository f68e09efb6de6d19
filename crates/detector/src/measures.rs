//! How well scores tell instructions from other texts.
//!
//! Rows have weights, and those of both sides are made to sum to one half: so precision, F1 and average precision are those of a world in
//! which every second text is an instruction, and can be compared from one pair of sources to the next.
//!
//! | figure | here |
//! |---|---|
//! | area under the ROC curve | chance that an instruction scores above another text; ties count half |
//! | average precision | precision, summed over the steps of recall (Zhu 2004); ties are one step |
//! | F1, recall, false positive rate | of what was decided |
//! | Brier | mean squared distance of probability and truth |
//! | calibration error | mean distance of probability and share over ten equal bins of the probability (Naeini and others 2015) |
//!
//! Intervals hold the middle 95 % of resamples, in which the texts of each source are drawn with replacement (Efron 1979); sources are
//! not drawn, so the intervals tell of these sources, not of others.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Bins of the probability.
const N_BINS: usize = 10;

/// Points of a curve, at most.
const MAX_POINTS: usize = 200;

/// What was said of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The text: the same one may be judged several times.
    pub text: usize,
    /// The truth.
    pub is_positive: bool,
    /// What texts are ranked by.
    pub score: f64,
    /// The probability that it is an instruction; not a number where the judge knows none.
    pub probability: f64,
    /// Whether it was called an instruction.
    pub is_chosen: bool,
    /// What the row weighs on its side.
    pub weight: f64,
}

/// A figure and the interval that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure of all texts.
    pub value: f64,
    /// The 2.5th percentile of the resamples.
    pub low: f64,
    /// The 97.5th.
    pub high: f64,
}

/// What [`measure`] finds; the module says what the figures are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Area under the ROC curve.
    pub roc_auc: Interval,
    /// Average precision.
    pub average_precision: Interval,
    /// F1 of what was decided.
    pub f1: Interval,
    /// Instructions that were found.
    pub recall: Interval,
    /// Other texts that were called instructions.
    pub false_positive_rate: Interval,
    /// Mean squared distance of probability and truth.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub brier: Option<Interval>,
    /// Expected calibration error.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration_error: Option<Interval>,
}

/// A bin of the probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Where it begins.
    pub from: f64,
    /// The share of the texts in it.
    pub weight: f64,
    /// The mean of the probabilities in it.
    pub probability: f64,
    /// The share of instructions in it.
    pub share: f64,
}

/// A point of the precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Texts that score at least this are chosen.
    pub threshold: f64,
    /// Instructions that are found.
    pub recall: f64,
    /// Instructions among the chosen.
    pub precision: f64,
}

/// How texts are drawn for the intervals.
#[derive(Clone, Copy, Debug)]
pub struct Resampling<'a> {
    /// The texts of each source.
    pub strata: &'a [Vec<usize>],
    /// One more than the largest number of a text.
    pub n_texts: usize,
    /// Resamples.
    pub n_bootstraps: usize,
    /// Decides the draws.
    pub seed: u64,
    /// Distinguishes uses of one seed. Judges of one use are compared on the same draws.
    pub stream: u32,
}

/// The figures of rows, and their intervals. O(n·log n), and O(n) a resample, in parallel; the same bytes from any number of threads.
#[must_use]
pub fn measure(judged: &[Judged], resampling: &Resampling<'_>) -> Figures {
    let ranking = Ranking::of(judged);
    let all = ranking.figures(|_| 1.0);
    let resamples: Vec<[f64; 7]> = (0..resampling.n_bootstraps)
        .into_par_iter()
        .map(|number| {
            let drawn = draw(resampling, number);
            ranking.figures(|text| f64::from(drawn[text]))
        })
        .collect();
    let interval = |figure: usize| {
        let mut values: Vec<f64> = resamples.iter().map(|figures| figures[figure]).collect();
        values.sort_by(f64::total_cmp);
        let value = all[figure];
        Interval {
            value,
            low: percentile(&values, 0.025).unwrap_or(value),
            high: percentile(&values, 0.975).unwrap_or(value),
        }
    };
    let has_probability = judged.iter().all(|row| row.probability.is_finite());
    Figures {
        roc_auc: interval(0),
        average_precision: interval(1),
        f1: interval(2),
        recall: interval(3),
        false_positive_rate: interval(4),
        brier: has_probability.then(|| interval(5)),
        calibration_error: has_probability.then(|| interval(6)),
    }
}

/// The reliability table: bins of the probability that have rows.
#[must_use]
pub fn reliability(judged: &[Judged]) -> Vec<Bin> {
    let bins = Ranking::of(judged).bins(|_| 1.0);
    let total: f64 = bins.iter().map(|bin| bin.weight).sum();
    let filled = bins.iter().enumerate().filter(|(_, bin)| bin.weight > 0.0);
    filled
        .map(|(number, bin)| Bin {
            from: number as f64 / N_BINS as f64,
            weight: bin.weight / total,
            probability: bin.probability / bin.weight,
            share: bin.positive / bin.weight,
        })
        .collect()
}

/// The precision-recall curve from the highest score down, at most 200 points.
#[must_use]
pub fn precision_recall(judged: &[Judged]) -> Vec<CurvePoint> {
    let mut points = Vec::new();
    Ranking::of(judged).steps(
        |_| 1.0,
        |threshold, recall, fall_out| {
            points.push(CurvePoint { threshold, recall, precision: precision(recall, fall_out) });
        },
    );
    let n = points.len();
    if n <= MAX_POINTS {
        return points;
    }
    (0..MAX_POINTS).map(|i| points[i * (n - 1) / (MAX_POINTS - 1)]).collect()
}

/// The score from which on texts are chosen so that F1 is greatest: half way down to the next score, so that it does not hang on one text. Of
/// equal ones the highest.
#[must_use]
pub fn best_threshold(judged: &[Judged]) -> f64 {
    let (mut best, mut is_last, mut threshold) = (0.0, false, f64::INFINITY);
    Ranking::of(judged).steps(
        |_| 1.0,
        |score, recall, fall_out| {
            if is_last {
                threshold = 0.5 * (threshold + score);
            }
            let f1 = f1(recall, fall_out);
            is_last = f1 > best;
            if is_last {
                (best, threshold) = (f1, score);
            }
        },
    );
    threshold
}

/// Rows from the highest score down.
struct Ranking {
    rows: Vec<Judged>,
}

#[derive(Clone, Copy, Default)]
struct Filled {
    weight: f64,
    probability: f64,
    positive: f64,
}

impl Ranking {
    fn of(judged: &[Judged]) -> Self {
        let mut rows = judged.to_vec();
        rows.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self { rows }
    }

    /// The sum of the weights of the instructions and of the others.
    fn totals(&self, times: impl Fn(usize) -> f64) -> [f64; 2] {
        let mut totals = [0.0; 2];
        self.rows
            .iter()
            .for_each(|row| totals[usize::from(!row.is_positive)] += row.weight * times(row.text));
        totals.map(|total| total.max(f64::MIN_POSITIVE))
    }

    /// Calls `visit` with each score, and the shares of the instructions and of the others that have at least it.
    fn steps(&self, times: impl Fn(usize) -> f64 + Copy, mut visit: impl FnMut(f64, f64, f64)) {
        let totals = self.totals(times);
        let mut shares = [0.0; 2];
        for (at, row) in self.rows.iter().enumerate() {
            let side = usize::from(!row.is_positive);
            shares[side] += row.weight * times(row.text) / totals[side];
            if self.rows.get(at + 1).is_none_or(|next| next.score != row.score) {
                visit(row.score, shares[0].min(1.0), shares[1].min(1.0));
            }
        }
    }

    /// In the order of the fields of [`Figures`].
    fn figures(&self, times: impl Fn(usize) -> f64 + Copy) -> [f64; 7] {
        let (mut auc, mut average_precision) = (0.0, 0.0);
        let mut before = (0.0, 0.0);
        self.steps(times, |_, recall, fall_out| {
            auc += (fall_out - before.1) * 0.5 * (recall + before.0);
            average_precision += (recall - before.0) * precision(recall, fall_out);
            before = (recall, fall_out);
        });
        let totals = self.totals(times);
        let mut chosen = [0.0; 2];
        let mut squares = 0.0;
        for row in &self.rows {
            let side = usize::from(!row.is_positive);
            let weight = row.weight * times(row.text) / totals[side];
            chosen[side] += if row.is_chosen { weight } else { 0.0 };
            squares += 0.5 * weight * (row.probability - f64::from(u8::from(row.is_positive))).powi(2);
        }
        let error = self.bins(times).iter().map(|bin| (bin.probability - bin.positive).abs()).sum();
        [auc, average_precision, f1(chosen[0], chosen[1]), chosen[0], chosen[1], squares, error]
    }

    fn bins(&self, times: impl Fn(usize) -> f64) -> [Filled; N_BINS] {
        let totals = self.totals(&times);
        let mut bins = [Filled::default(); N_BINS];
        for row in self.rows.iter().filter(|row| row.probability.is_finite()) {
            let weight = 0.5 * row.weight * times(row.text) / totals[usize::from(!row.is_positive)];
            let bin = &mut bins[((row.probability * N_BINS as f64) as usize).min(N_BINS - 1)];
            bin.weight += weight;
            bin.probability += weight * row.probability;
            bin.positive += if row.is_positive { weight } else { 0.0 };
        }
        bins
    }
}

/// Where both sides weigh the same.
fn precision(recall: f64, fall_out: f64) -> f64 {
    recall / (recall + fall_out).max(f64::MIN_POSITIVE)
}

fn f1(recall: f64, fall_out: f64) -> f64 {
    2.0 * recall / (recall + fall_out + 1.0)
}

/// How often each text is drawn.
fn draw(resampling: &Resampling<'_>, number: usize) -> Vec<u32> {
    let mut random = ChaCha8Rng::seed_from_u64(resampling.seed);
    random.set_stream(u64::from(resampling.stream) << 32 | number as u64);
    let mut drawn = vec![0; resampling.n_texts];
    for texts in resampling.strata {
        for _ in texts {
            drawn[texts[random.random_range(0..texts.len())]] += 1;
        }
    }
    drawn
}

/// Of sorted values, between the two nearest in proportion.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (low, part) = (at as usize, at.fract());
    let high = (low + 1).min(sorted.len() - 1);
    Some(sorted[low] + part * (sorted[high] - sorted[low]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    fn judged(rows: &[(bool, f64)]) -> Vec<Judged> {
        let row = |(text, &(is_positive, score)): (usize, &(bool, f64))| Judged {
            text,
            is_positive,
            score,
            probability: score,
            is_chosen: score >= 0.5,
            weight: 1.0,
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn resampling(strata: &[Vec<usize>], n_texts: usize, n_bootstraps: usize) -> Resampling<'_> {
        Resampling { strata, n_texts, n_bootstraps, seed: 1, stream: 0 }
    }

    #[test]
    fn four_texts_by_hand() {
        let rows = judged(&[(true, 0.9), (false, 0.8), (true, 0.8), (false, 0.1)]);
        let found = measure(&rows, &resampling(&[], 4, 0));
        // Pairs: 0.9 wins twice; 0.8 draws once and wins once: 3.5 of 4.
        assert_eq!(found.roc_auc.value, 0.875);
        // Recall 1/2 at precision 1, then 1 at (1) / (1 + 1/2).
        assert!((found.average_precision.value - (0.5 + 0.5 / 1.5)).abs() < 1e-12);
        // Both instructions and one of the two others are chosen.
        assert_eq!((found.recall.value, found.false_positive_rate.value), (1.0, 0.5));
        assert!((found.f1.value - 2.0 / 2.5).abs() < 1e-12);
        let brier = (0.01 + 0.64 + 0.04 + 0.01) / 4.0;
        assert!((found.brier.unwrap().value - brier).abs() < 1e-12);
        // Bins: 0.1 holds nothing true; 0.8 twice, one true; 0.9, true.
        let error = (0.1 + (1.6 - 1.0) + (1.0 - 0.9)) / 4.0;
        assert!((found.calibration_error.unwrap().value - error).abs() < 1e-12, "{found:?}");
        assert!((best_threshold(&rows) - 0.45).abs() < 1e-12);
        let bins = reliability(&rows);
        assert_eq!(
            bins.iter().map(|bin| (bin.from, bin.weight, bin.share)).collect::<Vec<_>>(),
            [(0.1, 0.25, 0.0), (0.8, 0.5, 0.5), (0.9, 0.25, 1.0)]
        );
    }

    #[test]
    fn one_answer_for_all_is_worth_one_half() {
        let rows: Vec<Judged> = judged(&[(true, 1.0), (false, 1.0), (false, 1.0)])
            .into_iter()
            .map(|row| Judged { probability: f64::NAN, ..row })
            .collect();
        let found = measure(&rows, &resampling(&[vec![0], vec![1, 2]], 3, 20));
        assert_eq!((found.roc_auc.value, found.average_precision.value, found.brier), (0.5, 0.5, None));
        assert!((found.f1.value - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((found.f1.low, found.f1.high), (found.f1.value, found.f1.value));
    }

    #[test]
    fn intervals_of_a_share_are_those_of_the_binomial() {
        // Of 400 instructions 320 are found: 0.8, and 1.96 times sqrt(0.8 * 0.2 / 400) = 0.0392 around it.
        let rows: Vec<(bool, f64)> =
            (0..800).map(|i| (i < 400, if i % 5 == 0 { 0.2 } else { 0.7 })).collect();
        let strata = [(0..400).collect::<Vec<_>>(), (400..800).collect()];
        let found = measure(&judged(&rows), &resampling(&strata, 800, 1000)).recall;
        assert!((found.value - 0.8).abs() < 1e-12);
        assert!((found.low - 0.7608).abs() < 0.008 && (found.high - 0.8392).abs() < 0.008, "{found:?}");
    }

    proptest! {
        #[test]
        fn the_area_is_the_share_of_pairs_in_order(rows in prop::collection::vec((any::<bool>(), 0u8..6, 1u8..4), 1..40)) {
            let mut judged = judged(&rows.iter().map(|row| (row.0, f64::from(row.1) / 10.0)).collect::<Vec<_>>());
            judged.iter_mut().zip(&rows).for_each(|(judged, row)| judged.weight = f64::from(row.2));
            let (mut won, mut all) = (0.0, 0.0);
            for a in judged.iter().filter(|row| row.is_positive) {
                for b in judged.iter().filter(|row| !row.is_positive) {
                    let weight = a.weight * b.weight;
                    all += weight;
                    won += weight * if a.score > b.score { 1.0 } else if a.score == b.score { 0.5 } else { 0.0 };
                }
            }
            prop_assume!(all > 0.0);
            let found = measure(&judged, &resampling(&[], 40, 0));
            prop_assert!((found.roc_auc.value - won / all).abs() < 1e-9);
        }
    }

    #[test]
    fn a_curve_has_at_most_two_hundred_points_and_both_ends() {
        let rows: Vec<(bool, f64)> = (0..1000).map(|i| (i % 3 == 0, f64::from(i) / 1000.0)).collect();
        let curve = precision_recall(&judged(&rows));
        assert_eq!((curve.len(), curve[0].threshold, curve[199].threshold), (200, 0.999, 0.0));
        assert!((curve[199].recall - 1.0).abs() < 1e-9 && (curve[199].precision - 0.5).abs() < 1e-9);
    }
}
