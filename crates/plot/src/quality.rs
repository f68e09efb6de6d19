//! How many clusters, and how stable: the figures of the page in plain words.

use serde::Serialize;

use crate::palette::{Colour, Shape, mark};
use crate::report::{Choice, Report};

/// The Jaccard indices from which Hennig (2007, and the notes of his R package fpc) calls a cluster highly stable, stable, and
/// a pattern with doubtful members. Below, it is not to be relied on.
const HIGHLY_STABLE: f64 = 0.85;
const STABLE: f64 = 0.75;
const DOUBTFUL: f64 = 0.6;

/// The choice of k in the words of the page.
#[derive(Debug, Serialize)]
pub(crate) struct ChoiceView {
    k: u64,
    k_first: u64,
    k_last: u64,
    n_units: u64,
    at_the_end: bool,
    silhouette: f64,
    curve: Vec<(u64, f64, bool)>,
}

/// One cluster's stability as a row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct StabilityRow<'a> {
    label: &'a str,
    colour: Colour,
    shape: Shape,
    /// `None` where the cluster was never drawn.
    jaccard: Option<f64>,
    shuffled: Option<f64>,
    verdict: &'static str,
}

/// The whole curve for the page's script.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CurveData {
    k: Vec<u64>,
    silhouette: Vec<f64>,
    eligible: Vec<bool>,
    chosen: Option<u64>,
}

/// The choice as the page tells it; `None` where k was given.
pub(crate) fn choice(report: &Report) -> Option<ChoiceView> {
    let choice = report.choice.as_ref()?;
    let (first, last) = (choice.curve.first()?, choice.curve.last()?);
    Some(ChoiceView {
        k: choice.k,
        k_first: first.k,
        k_last: last.k,
        n_units: choice.n_units,
        at_the_end: choice.at_the_end,
        silhouette: silhouette_of(choice).unwrap_or(0.0),
        curve: choice.curve.iter().map(|point| (point.k, point.silhouette, point.eligible)).collect(),
    })
}

/// The score of the chosen k.
pub(crate) fn silhouette_of(choice: &Choice) -> Option<f64> {
    choice.curve.iter().find(|point| point.k == choice.k).map(|point| point.silhouette)
}

/// The curve as columns.
pub(crate) fn curve(report: &Report) -> CurveData {
    let Some(choice) = &report.choice else { return CurveData::default() };
    CurveData {
        k: choice.curve.iter().map(|point| point.k).collect(),
        silhouette: choice.curve.iter().map(|point| point.silhouette).collect(),
        eligible: choice.curve.iter().map(|point| point.eligible).collect(),
        chosen: Some(choice.k),
    }
}

/// The clusters in the report's order, each with its stability.
pub(crate) fn stability(report: &Report) -> Vec<StabilityRow<'_>> {
    let Some(stability) = &report.stability else { return Vec::new() };
    let rows = report.clusters.iter().enumerate().filter_map(|(position, cluster)| {
        let found = stability.clusters.iter().find(|found| found.id == cluster.id)?;
        let (colour, shape) = mark(position);
        Some(StabilityRow {
            label: &cluster.label,
            colour,
            shape,
            jaccard: found.jaccard,
            shuffled: found.shuffled_jaccard,
            verdict: verdict(found.jaccard),
        })
    });
    rows.collect()
}

fn verdict(jaccard: Option<f64>) -> &'static str {
    match jaccard {
        None => "never drawn",
        Some(jaccard) if jaccard >= HIGHLY_STABLE => "very stable",
        Some(jaccard) if jaccard >= STABLE => "stable",
        Some(jaccard) if jaccard >= DOUBTFUL => "doubtful",
        Some(_) => "not stable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_hennig() {
        let of = [None, Some(0.2), Some(0.6), Some(0.7499), Some(0.75), Some(0.85), Some(1.0)].map(verdict);
        assert_eq!(
            of,
            ["never drawn", "not stable", "doubtful", "doubtful", "stable", "very stable", "very stable"]
        );
    }
}
