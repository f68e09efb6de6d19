//! The centres of one start: where they are, whose they are, and their sums, kept up to date by the rows that moved.

use rayon::prelude::*;

use super::Rows;
use super::bounds::Bounds;
use crate::matrix::{Matrix, squared_distance};
use crate::view::MatrixView;

/// Members of one cluster that are summed as one part. Changing it changes last digits of the sums.
const MEMBERS_PER_SUM: usize = 1024;

/// Centres, and the `f64` sums that they are the means of.
pub(crate) struct Centres {
    /// `[k, n_cols]`.
    centres: Matrix,
    /// `[k, n_cols]`, sum of the members.
    sums: Vec<f64>,
    /// `[k]`, number of members.
    sizes: Vec<usize>,
    /// `[k]`, how far each went since rows were last assigned.
    moved: Vec<f64>,
    bounds: Bounds,
}

impl Centres {
    /// Centres without members, for `n_rows` rows.
    pub(crate) fn new(centres: Matrix, n_rows: usize) -> Self {
        let k = centres.n_rows();
        let (sums, sizes, moved) = (vec![0.0; centres.values().len()], vec![0; k], vec![0.0; k]);
        Self { centres, sums, sizes, moved, bounds: Bounds::new(n_rows, k.div_ceil(populi_simd::LANES)) }
    }

    /// The cluster of every row: its nearest centre, and then a row for each empty cluster.
    pub(super) fn assign(&mut self, rows: &Rows<'_>) -> Vec<u32> {
        let mut labels = self.bounds.assign(rows, &self.centres, &self.moved).to_vec();
        self.moved.fill(0.0);
        let mut sizes = vec![0usize; self.centres.n_rows()];
        labels.iter().for_each(|&label| sizes[label as usize] += 1);
        if sizes.contains(&0) {
            self.refill(rows.points, &mut labels, &mut sizes);
        }
        labels
    }

    /// Moves every centre to the mean of its members and returns the sum of their squared movements.
    ///
    /// `before` are the labels of the last call, empty at the first. Few rows move after the first iterations, so
    /// sums change by those that did; where most moved, they are summed anew.
    pub(crate) fn average(&mut self, points: MatrixView<'_>, before: &[u32], now: &[u32]) -> f64 {
        let moved: Vec<usize> = if before.is_empty() {
            (0..now.len()).collect()
        } else {
            (0..now.len()).filter(|&row| before[row] != now[row]).collect()
        };
        if moved.len() * 2 > now.len() {
            self.sums.fill(0.0);
            self.sizes.fill(0);
            self.add(points, &(0..now.len()).collect::<Vec<_>>(), now, 1.0);
        } else {
            self.add(points, &moved, before, -1.0);
            self.add(points, &moved, now, 1.0);
        }
        self.move_to_means()
    }

    /// Where they are, `[k, n_cols]`.
    pub(crate) fn matrix(&self) -> &Matrix {
        &self.centres
    }

    pub(crate) fn into_matrix(self) -> Matrix {
        self.centres
    }

    /// Adds `sign` times every row of `rows` to the sum of its cluster; `rows` rises.
    fn add(&mut self, points: MatrixView<'_>, rows: &[usize], labels: &[u32], sign: f64) {
        let n_cols = points.n_cols();
        let (members, ends) = by_cluster(rows, labels, self.sizes.len());
        let mut parts: Vec<(usize, &[usize])> = Vec::new();
        let mut start = 0;
        for (cluster, &end) in ends.iter().enumerate() {
            parts.extend(members[start..end].chunks(MEMBERS_PER_SUM).map(|part| (cluster, part)));
            let n_members = end - start;
            self.sizes[cluster] =
                if sign > 0.0 { self.sizes[cluster] + n_members } else { self.sizes[cluster] - n_members };
            start = end;
        }
        let sum = |&(_, rows): &(usize, &[usize])| {
            let mut sum = vec![0.0f64; n_cols];
            for &row in rows {
                sum.iter_mut().zip(points.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            sum
        };
        let sums: Vec<Vec<f64>> = parts.par_iter().map(sum).collect();
        for ((cluster, _), part) in parts.iter().zip(sums) {
            let total = &mut self.sums[cluster * n_cols..(cluster + 1) * n_cols];
            total.iter_mut().zip(part).for_each(|(total, part)| *total += sign * part);
        }
    }

    fn move_to_means(&mut self) -> f64 {
        let n_cols = self.centres.n_cols();
        let mut movement = 0.0;
        for (cluster, &size) in self.sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
            let sums = &self.sums[cluster * n_cols..(cluster + 1) * n_cols];
            let mean: Vec<f32> = sums.iter().map(|sum| (sum / size as f64) as f32).collect();
            let square = squared_distance(self.centres.row(cluster), &mean);
            movement += square;
            self.moved[cluster] += square.sqrt();
            self.centres.row_mut(cluster).copy_from_slice(&mean);
        }
        movement
    }

    /// Gives every empty cluster the row that is farthest from its centre, if any row is apart from its centre.
    fn refill(&mut self, points: MatrixView<'_>, labels: &mut [u32], sizes: &mut [usize]) {
        let distance = |(row, &label): (usize, &u32)| {
            squared_distance(points.row(row), self.centres.row(label as usize))
        };
        let mut distances: Vec<f64> = labels.par_iter().enumerate().with_min_len(256).map(distance).collect();
        for empty in 0..sizes.len() {
            if sizes[empty] > 0 {
                continue;
            }
            let (mut farthest, mut most) = (None, 0.0);
            for (row, &distance) in distances.iter().enumerate() {
                if distance > most && sizes[labels[row] as usize] > 1 {
                    (farthest, most) = (Some(row), distance);
                }
            }
            let Some(row) = farthest else { return };
            sizes[labels[row] as usize] -= 1;
            sizes[empty] = 1;
            labels[row] = empty as u32;
            distances[row] = 0.0;
            self.moved[empty] += squared_distance(self.centres.row(empty), points.row(row)).sqrt();
            self.bounds.move_row(row, empty as u32);
            self.centres.row_mut(empty).copy_from_slice(points.row(row));
        }
    }
}

/// `rows` sorted by their cluster, rows of one cluster in their order, and where each cluster ends.
fn by_cluster(rows: &[usize], labels: &[u32], k: usize) -> (Vec<usize>, Vec<usize>) {
    let mut next = vec![0usize; k + 1];
    rows.iter().for_each(|&row| next[labels[row] as usize + 1] += 1);
    for cluster in 0..k {
        next[cluster + 1] += next[cluster];
    }
    next.pop();
    let mut sorted = vec![0usize; rows.len()];
    for &row in rows {
        let at = &mut next[labels[row] as usize];
        sorted[*at] = row;
        *at += 1;
    }
    (sorted, next)
}
