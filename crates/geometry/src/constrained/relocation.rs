//! Better places for centres: from where they are least missed to where they are wanted most.
//!
//! An iteration moves centres a little, and none from a place that has too many to one that has too few; bounds on sizes hold them where
//! they are still more. So two clusters are made one and a third is cut in two, as long as that helps: a search by swaps (Fränti and
//! Kivijärvi, *Randomised local search algorithm for the clustering problem*, 2000), with the most promising ones in place of random ones.
//!
//! Rows of a cluster are its own where its centre is their nearest, and guests where sizes brought them. What two clusters lose when
//! they become one is Ward's sum for their own rows, less what their guests cost them now, more what guests that are still needed will cost.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use crate::error::Result;
use crate::kmeans::halves;
use crate::matrix::Matrix;
use crate::sample::sample_rows;
use crate::view::MatrixView;

/// Rows of a cluster that are looked at before it is cut, at most.
const MAX_ROWS: usize = 256;

/// The centres after each relocation that promises to help, the best first.
pub(super) fn promising(
    points: MatrixView<'_>,
    labels: &[u32],
    centres: &Matrix,
    costs: &[f32],
    sizes: &RangeInclusive<usize>,
    seed: u64,
) -> Result<impl Iterator<Item = Matrix> + use<>> {
    let k = centres.n_rows();
    let nearest: Vec<u32> = costs.par_chunks_exact(k).map(least).collect();
    let clusters: Vec<Cluster> =
        (0..k).into_par_iter().map(|cluster| Cluster::of(points, labels, &nearest, cluster as u32)).collect();
    let anyone =
        clusters.iter().fold(Group::none(points.n_cols()), |all, of| all.with(&of.own).with(&of.guests));
    let cuts: Vec<Option<(f64, Matrix)>> = (0..k)
        .into_par_iter()
        .map(|cluster| cut(points, &nearest, cluster as u32, *sizes.start() as f64, &anyone, seed))
        .collect::<Result<_>>()?;
    let room = room(labels, &nearest, costs, sizes);
    let mut found: Vec<(f64, [usize; 3])> = Vec::new();
    for (from, to) in (0..k).flat_map(|from| (0..from).map(move |to| (from, to))) {
        let loss = clusters[from].loss_with(&clusters[to], sizes);
        for (at, (gain, _)) in cuts.iter().enumerate().filter_map(|(at, cut)| Some((at, cut.as_ref()?))) {
            let promise = gain + room[at] - loss;
            if at != from && at != to && promise > 0.0 {
                found.push((promise, [from, to, at]));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let centres = centres.clone();
    let relocate = move |(_, [from, to, at]): (f64, [usize; 3])| {
        let mut centres = centres.clone();
        if let Some((_, halves)) = &cuts[at] {
            centres.row_mut(at).copy_from_slice(halves.row(0));
            centres.row_mut(from).copy_from_slice(halves.row(1));
            let together = clusters[from].own.with(&clusters[to].own);
            centres.row_mut(to).iter_mut().zip(together.mean).for_each(|(to, mean)| *to = mean as f32);
        }
        centres
    };
    Ok(found.into_iter().map(relocate))
}

/// The first of the least costs.
fn least(costs: &[f32]) -> u32 {
    let less = |best: usize, at: usize| if costs[at] < costs[best] { at } else { best };
    (0..costs.len()).fold(0, less) as u32
}

/// The rows of a cluster.
struct Cluster {
    own: Group,
    guests: Group,
}

/// Some rows: how many, and their mean.
#[derive(Clone)]
struct Group {
    n: f64,
    mean: Vec<f64>,
}

impl Cluster {
    fn of(points: MatrixView<'_>, labels: &[u32], nearest: &[u32], cluster: u32) -> Self {
        let (mut own, mut guests) = (Group::none(points.n_cols()), Group::none(points.n_cols()));
        for row in (0..labels.len()).filter(|&row| labels[row] == cluster) {
            let group = if nearest[row] == cluster { &mut own } else { &mut guests };
            group.n += 1.0;
            group.mean.iter_mut().zip(points.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        for group in [&mut own, &mut guests] {
            let n = group.n.max(1.0);
            group.mean.iter_mut().for_each(|mean| *mean /= n);
        }
        Self { own, guests }
    }

    /// What the sum of squared distances grows by when the two become one.
    fn loss_with(&self, other: &Self, sizes: &RangeInclusive<usize>) -> f64 {
        let own = self.own.with(&other.own);
        let missing = (*sizes.start() as f64 - own.n).max(0.0);
        let guests = self.guests.with(&other.guests);
        let guests = Group { n: guests.n.min(missing), ..guests };
        let before = self.own.apart(&self.guests) + other.own.apart(&other.guests);
        self.own.apart(&other.own) + own.apart(&guests) - before
    }
}

impl Group {
    fn none(n_cols: usize) -> Self {
        Self { n: 0.0, mean: vec![0.0; n_cols] }
    }

    fn with(&self, other: &Self) -> Self {
        let n = self.n + other.n;
        let weight = if n > 0.0 { other.n / n } else { 0.0 };
        let mean = self.mean.iter().zip(&other.mean).map(|(a, b)| a + weight * (b - a)).collect();
        Self { n, mean }
    }

    /// How much more the sum of squared distances to one mean is than to two (Ward 1963).
    fn apart(&self, other: &Self) -> f64 {
        let n = self.n + other.n;
        let square: f64 = self.mean.iter().zip(&other.mean).map(|(a, b)| (a - b) * (a - b)).sum();
        if n > 0.0 { self.n * other.n / n * square } else { 0.0 }
    }
}

/// What is gained by cutting the rows that are nearest to a centre in two, and the centres of the parts. A part that is too small
/// takes guests, which may be anyone.
fn cut(
    points: MatrixView<'_>,
    nearest: &[u32],
    cluster: u32,
    min: f64,
    anyone: &Group,
    seed: u64,
) -> Result<Option<(f64, Matrix)>> {
    let rows: Vec<usize> = (0..nearest.len()).filter(|&row| nearest[row] == cluster).collect();
    let sample: Vec<usize> = sample_rows(rows.len(), MAX_ROWS, seed).into_iter().map(|at| rows[at]).collect();
    let share = rows.len() as f64 / sample.len().max(1) as f64;
    let Some(cut) = halves(points, &sample, seed)? else { return Ok(None) };
    let guests = |part: usize| {
        let n = share * cut.labels.iter().filter(|&&label| label as usize == part).count() as f64;
        let own = Group { n, mean: cut.centres.row(part).iter().map(|&value| f64::from(value)).collect() };
        own.apart(&Group { n: (min - n).max(0.0), mean: anyone.mean.clone() })
    };
    Ok(Some((cut.gain * share - guests(0) - guests(1), cut.centres)))
}

/// What is gained where a cluster may have twice its greatest size: guests whose own cluster is full come, those first that gain the
/// most, `[k]`.
fn room(labels: &[u32], nearest: &[u32], costs: &[f32], sizes: &RangeInclusive<usize>) -> Vec<f64> {
    let k = costs.len() / labels.len();
    let mut found = vec![0usize; k];
    labels.iter().for_each(|&label| found[label as usize] += 1);
    let is_full: Vec<bool> = found.iter().map(|size| size >= sizes.end()).collect();
    let guests: Vec<usize> = (0..labels.len())
        .filter(|&row| labels[row] != nearest[row] && is_full[nearest[row] as usize])
        .collect();
    let room = |cluster: usize| -> f64 {
        let gain = |&row: &usize| {
            let costs = &costs[row * k..(row + 1) * k];
            // Costs are half of squared distances.
            2.0 * f64::from(costs[labels[row] as usize] - costs[cluster]).max(0.0)
        };
        let mut gains: Vec<f64> = guests.iter().map(gain).collect();
        gains.sort_by(|a, b| b.total_cmp(a));
        gains.iter().take(*sizes.end()).sum()
    };
    (0..k).into_par_iter().map(room).collect()
}
