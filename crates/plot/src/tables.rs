//! Numbers of the report as the rows and bars that the page lists.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::palette::{Colour, Shape, mark};
use crate::report::total;
use crate::{Accounting, NamedTally, Report, Tally};

/// Rows of a list of bars; the rest is summed in a last row.
const MAX_BARS: usize = 14;
/// Files that the accounting lists; the rest is summed in a last row.
const MAX_FILES: usize = 500;
/// Up to this largest value a histogram has a bar for each value, above it bins of doubling width.
const MAX_EXACT: u64 = 9;

/// One bar: a name, a count, and its length as a share of the longest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Bar {
    pub name: String,
    pub n: u64,
    /// Length in percent of the longest bar.
    pub percent: f64,
    /// Share of the sum, in percent.
    pub share: f64,
}

/// A cluster as a row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct ClusterRow<'a> {
    position: usize,
    label: &'a str,
    size_authors: u64,
    size_posts: u64,
    percent: f64,
    terms: Vec<&'a str>,
    exemplars: &'a [crate::Exemplar],
    colour: Colour,
    shape: Shape,
}

/// One row of the accounting.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct TallyRow {
    name: String,
    n_in: u64,
    parts: Vec<u64>,
    balances: bool,
}

/// The accounting as the page shows it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct AccountingView {
    n_in: u64,
    parts: Vec<(&'static str, u64)>,
    balances: bool,
    by_class: Vec<TallyRow>,
    by_file: Vec<TallyRow>,
    n_files: usize,
    ignored: Vec<Bar>,
    quarantined: Vec<Bar>,
}

/// Digits in groups of three: `12,345`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Position in the report's list by cluster id.
pub(crate) fn positions(report: &Report) -> BTreeMap<u32, usize> {
    report.clusters.iter().enumerate().map(|(position, cluster)| (cluster.id, position)).collect()
}

/// Bars in the order given, the rest after [`MAX_BARS`] summed as `N others`.
pub(crate) fn bars(counts: &[(String, u64)]) -> Vec<Bar> {
    if counts.len() <= MAX_BARS {
        return scaled(counts.to_vec());
    }
    let (listed, rest) = counts.split_at(MAX_BARS - 1);
    let mut rows = listed.to_vec();
    rows.push((format!("{} others", rest.len()), total(rest.iter().map(|(_, n)| *n))));
    scaled(rows)
}

/// Bars for (value, number of things that have it): one for each value where all are small, else bins of doubling width
/// (0, 1, 2-3, 4-7, ...). Empty bins between others are kept, so that gaps show.
pub(crate) fn histogram(counts: &[(u64, u64)]) -> Vec<Bar> {
    let mut exact: BTreeMap<u64, u64> = BTreeMap::new();
    for &(value, n) in counts.iter().filter(|(_, n)| *n > 0) {
        let sum = exact.entry(value).or_default();
        *sum = sum.saturating_add(n);
    }
    let (Some((&low, _)), Some((&high, _))) = (exact.first_key_value(), exact.last_key_value()) else {
        return Vec::new();
    };
    let in_bin = |from: u64, to: u64| total(exact.range(from..=to).map(|(_, n)| *n));
    if high <= MAX_EXACT {
        return scaled((low..=high).map(|value| (value.to_string(), in_bin(value, value))).collect());
    }
    let rows = (bit_width(low)..=bit_width(high)).map(|width| {
        let (from, to) =
            (if width == 0 { 0 } else { 1 << (width - 1) }, u64::MAX.checked_shr(64 - width).unwrap_or(0));
        let name =
            if from == to { from.to_string() } else { format!("{}–{}", thousands(from), thousands(to)) };
        (name, in_bin(from, to))
    });
    scaled(rows.collect())
}

/// The clusters, in the report's order.
pub(crate) fn clusters(report: &Report) -> Vec<ClusterRow<'_>> {
    let size = |cluster: &crate::Cluster| match report.unit {
        crate::Unit::Authors => cluster.size_authors,
        crate::Unit::Posts => cluster.size_posts,
    };
    let largest = report.clusters.iter().map(size).max().unwrap_or(0).max(1) as f64;
    let rows = report.clusters.iter().enumerate().map(|(position, cluster)| {
        let (colour, shape) = mark(position);
        ClusterRow {
            position,
            label: &cluster.label,
            size_authors: cluster.size_authors,
            size_posts: cluster.size_posts,
            percent: size(cluster) as f64 / largest * 100.0,
            terms: cluster.terms.iter().map(|(term, _)| term.as_str()).collect(),
            exemplars: &cluster.exemplars,
            colour,
            shape,
        }
    });
    rows.collect()
}

/// The accounting, with at most [`MAX_FILES`] files.
pub(crate) fn accounting(accounting: &Accounting) -> AccountingView {
    let (listed, rest) = accounting.by_file.split_at(accounting.by_file.len().min(MAX_FILES));
    let mut by_file: Vec<TallyRow> = listed.iter().map(tally_row).collect();
    if !rest.is_empty() {
        let mut others = tally_row(&rest[0]);
        others.name = format!("{} further files", rest.len());
        for row in rest[1..].iter().map(tally_row) {
            others.n_in = others.n_in.saturating_add(row.n_in);
            others.parts.iter_mut().zip(&row.parts).for_each(|(sum, n)| *sum = sum.saturating_add(*n));
            others.balances &= row.balances;
        }
        by_file.push(others);
    }
    let Tally { n_in, ignored, quarantined, .. } = &accounting.total;
    AccountingView {
        n_in: *n_in,
        parts: accounting.total.parts().to_vec(),
        balances: accounting.total.balances(),
        by_class: accounting.by_class.iter().map(tally_row).collect(),
        by_file,
        n_files: accounting.by_file.len(),
        ignored: bars(ignored),
        quarantined: bars(quarantined),
    }
}

fn tally_row(row: &NamedTally) -> TallyRow {
    TallyRow {
        name: row.name.clone(),
        n_in: row.tally.n_in,
        parts: row.tally.parts().iter().map(|(_, n)| *n).collect(),
        balances: row.tally.balances(),
    }
}

fn scaled(rows: Vec<(String, u64)>) -> Vec<Bar> {
    let longest = rows.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1) as f64;
    let sum = total(rows.iter().map(|(_, n)| *n)).max(1) as f64;
    rows.into_iter()
        .map(|(name, n)| Bar { name, n, percent: n as f64 / longest * 100.0, share: n as f64 / sum * 100.0 })
        .collect()
}

/// Binary digits of a number; 0 has none.
fn bit_width(n: u64) -> u32 {
    u64::BITS - n.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bars: &[Bar]) -> Vec<(&str, u64)> {
        bars.iter().map(|bar| (bar.name.as_str(), bar.n)).collect()
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn small_values_have_a_bar_each_with_gaps_kept() {
        assert_eq!(rows(&histogram(&[(4, 2), (1, 7), (1, 1)])), [("1", 8), ("2", 0), ("3", 0), ("4", 2)]);
        assert!(histogram(&[]).is_empty());
        assert!(histogram(&[(5, 0)]).is_empty());
    }

    #[test]
    fn large_values_fall_into_bins_of_doubling_width() {
        let bars = histogram(&[(0, 5), (1, 4), (2, 3), (3, 2), (15, 1), (16, 9)]);
        assert_eq!(rows(&bars), [("0", 5), ("1", 4), ("2–3", 5), ("4–7", 0), ("8–15", 1), ("16–31", 9)]);
        assert_eq!(bars[5].percent, 100.0);
        assert_eq!(rows(&histogram(&[(u64::MAX, 1)])).len(), 1);
    }

    #[test]
    fn bars_beyond_the_last_are_summed() {
        let counts: Vec<(String, u64)> = (0..30).map(|i| (format!("k{i}"), 30 - i)).collect();
        let bars = bars(&counts);
        assert_eq!(bars.len(), MAX_BARS);
        assert_eq!(bars[13].name, "17 others");
        assert_eq!(bars.iter().map(|bar| bar.n).sum::<u64>(), 465);
    }

    #[test]
    fn files_beyond_the_last_are_summed() {
        let tally = Tally { n_in: 2, stored: 2, ..Tally::default() };
        let by_file =
            (0..MAX_FILES + 3).map(|i| NamedTally { name: i.to_string(), tally: tally.clone() }).collect();
        let view = accounting(&Accounting { by_file, ..Accounting::default() });
        assert_eq!(view.by_file.len(), MAX_FILES + 1);
        let last = &view.by_file[MAX_FILES];
        assert_eq!(
            (last.name.as_str(), last.n_in, last.parts[0], last.balances),
            ("3 further files", 6, 6, true)
        );
    }
}
