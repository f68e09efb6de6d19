//! Joins the components that a graph of nearest neighbours leaves apart.
//!
//! In rounds, every component but the largest looks for its nearest row outside, by mutual reachability. All of its rows look at
//! all other rows while that is at most [`MULTIPLICATIONS`]; then the tree is exact but for rounding. Beyond that the densest row of each component looks
//! at a sample of the rows, and how far apart two components are is an upper bound.

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
    while components.n > 1 {
        let (queries, targets) = who_looks_at_whom(rows, cores, components, seed);
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
    if (n_rows - sizes[largest]).saturating_mul(n_rows).saturating_mul(n_columns) <= MULTIPLICATIONS {
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
    let n_targets = (MULTIPLICATIONS / n_columns / queries.len()).max(BLOCK);
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
