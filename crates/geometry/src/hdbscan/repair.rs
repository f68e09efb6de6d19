//! Joins the components that a graph of nearest neighbours leaves apart.
//!
//! In rounds, every component but the largest looks for its nearest row outside, by mutual reachability. All of its
//! rows look at all other rows while that is at most [`MULTIPLICATIONS`]: then no better edges join these components
//! (but for rounding; the graph may have joined rows inside a component by edges that are not the best). Beyond that
//! the densest row of each component looks at a sample of the rows, and how far apart two components are is an upper
//! bound.

use rayon::prelude::*;

use super::rows::Rows;
use super::spanning::{Components, Leaving, Link};
use crate::product::{multiply_block, view};
use crate::progress::Progress;
use crate::sample::sample_rows;

/// Multiplications of a round at most: some two seconds of two cores. Origin: measured, 20,000 rows of tweets need a fiftieth.
const MULTIPLICATIONS: usize = 400_000_000_000;

/// Rows that look together, and rows that they look at together.
const BLOCK: usize = 256;

/// Joins components until one is left.
pub(super) fn connect(
    rows: &Rows<'_>,
    cores: &[f32],
    components: &mut Components,
    seed: u64,
    progress: &dyn Progress,
) {
    connect_within(MULTIPLICATIONS, rows, cores, components, seed, progress);
}

fn connect_within(
    multiplications: usize,
    rows: &Rows<'_>,
    cores: &[f32],
    components: &mut Components,
    seed: u64,
    progress: &dyn Progress,
) {
    while components.n > 1 {
        let (queries, targets) = who_looks_at_whom(multiplications, rows, cores, components, seed);
        let found = nearest_outside(rows, cores, &components.of, &queries, &targets);
        let leaving = Leaving::new(components.n);
        let offers = || queries.iter().zip(&found).filter_map(|(&row, link)| link.map(|link| (row, link)));
        offers().for_each(|(row, link)| leaving.offer_weight(components.of[row], link.weight));
        offers().for_each(|(row, link)| leaving.offer_pair(components.of[row], link));
        components.join(&leaving, |row| row as usize, progress);
    }
}

/// Rows that look for their nearest outside, and those that they look at.
fn who_looks_at_whom(
    multiplications: usize,
    rows: &Rows<'_>,
    cores: &[f32],
    components: &Components,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let n_rows = components.of.len();
    let mut sizes = vec![0usize; components.n];
    components.of.iter().for_each(|&component| sizes[component as usize] += 1);
    let largest = (0..components.n).fold(0, |a, b| if sizes[b] > sizes[a] { b } else { a });
    let smaller = (0..n_rows).filter(|&row| components.of[row] as usize != largest);
    let n_columns = rows.points.n_cols();
    if (n_rows - sizes[largest]).saturating_mul(n_rows).saturating_mul(n_columns) <= multiplications {
        return (smaller.collect(), (0..n_rows).collect());
    }
    let mut densest = vec![usize::MAX; components.n];
    for row in smaller {
        let best = &mut densest[components.of[row] as usize];
        if *best == usize::MAX || cores[row] < cores[*best] {
            *best = row;
        }
    }
    let queries: Vec<usize> = densest.into_iter().filter(|&row| row != usize::MAX).collect();
    let n_targets = (multiplications / n_columns / queries.len()).max(BLOCK);
    let mut targets = sample_rows(n_rows, n_targets, seed);
    // So that there is something outside of every component that looks.
    targets.extend(components.of.iter().position(|&component| component as usize == largest));
    (queries, targets)
}

/// For each query the best edge that leaves its component; none where all targets are inside.
fn nearest_outside(
    rows: &Rows<'_>,
    cores: &[f32],
    components: &[i32],
    queries: &[usize],
    targets: &[usize],
) -> Vec<Option<Link>> {
    let n_columns = rows.points.n_cols();
    let gather =
        |of: &[usize]| -> Vec<f32> { of.iter().flat_map(|&row| rows.points.row(row)).copied().collect() };
    let of_block = |queries: &[usize]| {
        let left = gather(queries);
        let mut best: Vec<Option<Link>> = vec![None; queries.len()];
        let mut dots = vec![0.0; queries.len() * BLOCK];
        for targets in targets.chunks(BLOCK) {
            let right = gather(targets);
            let dots = &mut dots[..queries.len() * targets.len()];
            let right = view(&right, targets.len(), n_columns);
            multiply_block(view(&left, queries.len(), n_columns), right.reversed_axes(), dots);
            for ((&query, best), dots) in queries.iter().zip(&mut best).zip(dots.chunks_exact(targets.len()))
            {
                for (&target, &dot) in targets.iter().zip(dots) {
                    if components[query] == components[target] {
                        continue;
                    }
                    let distance = rows.unit().distance(rows.weight_of_dot(query, target, dot)) as f32;
                    let weight = distance.max(cores[query]).max(cores[target]);
                    if best.is_none_or(|best| weight <= best.weight) {
                        let link = Link::new(weight, query as u32, target as u32);
                        *best = Some(
                            best.map_or(link, |best| if link.order() < best.order() { link } else { best }),
                        );
                    }
                }
            }
        }
        // Dot products chose; the distance itself is exact.
        best.into_iter().map(|link| link.map(|link| measured(rows, cores, link))).collect::<Vec<_>>()
    };
    queries.par_chunks(BLOCK).flat_map_iter(of_block).collect()
}

fn measured(rows: &Rows<'_>, cores: &[f32], link: Link) -> Link {
    let (a, b) = (link.a as usize, link.b as usize);
    let distance = rows.unit().distance(rows.weight(a, b)) as f32;
    Link { weight: distance.max(cores[a]).max(cores[b]), ..link }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::hdbscan::spanning::DisjointSets;
    use crate::{Level, MatrixView, Metric, Silent};

    /// Ten groups of sixty rows on a line, 100 apart.
    #[test]
    fn groups_are_joined_by_samples_as_by_all_rows() {
        let values: Vec<f32> = (0..600).map(|row| (row / 60 * 100 + row % 60) as f32).collect();
        let rows = Rows::new(MatrixView::new(600, 1, &values).unwrap(), Metric::Euclidean, Level::best());
        let cores = vec![1.0; 600];
        for multiplications in [1, usize::MAX] {
            let of = (0..600).map(|row| row / 60).collect();
            let mut components = Components { of, n: 10, links: Vec::new() };
            connect_within(multiplications, &rows, &cores, &mut components, 3, &Silent);
            let mut groups = DisjointSets::new(10);
            for link in &components.links {
                assert!(groups.join(link.a / 60, link.b / 60).is_some());
                assert_eq!(link.weight, values[link.b as usize] - values[link.a as usize]);
                assert!(multiplications == 1 || link.weight == 41.0);
            }
            assert_eq!((components.n, components.links.len()), (1, 9));
        }
    }
}
