//! How far rows are apart, for few columns and for many.

use std::ops::Range;

use populi_simd::Level;

use super::cells::{Cells, MAX_COLUMNS};
use crate::matrix::squared_distance;
use crate::view::MatrixView;

/// Rows by position.
pub(super) trait Points: Sync {
    /// The squared distance of two rows.
    fn squared_distance(&self, a: usize, b: usize) -> f64;

    /// Whether two rows are near.
    fn are_near(&self, a: usize, b: usize) -> bool;

    /// Whether any row of one list is near to any of another.
    fn any_near(&self, a: &[u32], b: &[u32]) -> bool {
        a.iter().any(|&a| b.iter().any(|&b| self.are_near(a as usize, b as usize)))
    }
}

/// Up to [`MAX_COLUMNS`] columns: a copy in the order of the cells, filled up with zeros.
pub(super) struct FewColumns {
    rows: Vec<[f32; MAX_COLUMNS]>,
    near: f64,
}

impl FewColumns {
    pub(super) fn new(points: MatrixView<'_>, cells: &Cells) -> Self {
        let fill = |&row: &u32| {
            let mut filled = [0.0; MAX_COLUMNS];
            filled.iter_mut().zip(points.row(row as usize)).for_each(|(to, &value)| *to = value);
            filled
        };
        Self { rows: cells.rows.iter().map(fill).collect(), near: cells.near }
    }
}

impl Points for FewColumns {
    #[inline]
    fn squared_distance(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (&self.rows[a], &self.rows[b]);
        let square = |i: usize| (f64::from(a[i]) - f64::from(b[i])).powi(2);
        square(0) + square(1) + square(2)
    }

    #[inline]
    fn are_near(&self, a: usize, b: usize) -> bool {
        self.squared_distance(a, b) <= self.near
    }

    fn any_near(&self, a: &[u32], b: &[u32]) -> bool {
        // Only rows near to the box around the others need to be compared with them.
        let mut sides: [Range<f32>; MAX_COLUMNS] =
            [(); MAX_COLUMNS].map(|()| f32::INFINITY..f32::NEG_INFINITY);
        for &b in b {
            for (side, &value) in sides.iter_mut().zip(&self.rows[b as usize]) {
                *side = side.start.min(value)..side.end.max(value);
            }
        }
        let outside = |(side, &value): (&Range<f32>, &f32)| {
            let to_side = f64::from(value.clamp(side.start, side.end)) - f64::from(value);
            to_side * to_side
        };
        a.iter().any(|&a| {
            let to_box: f64 = sides.iter().zip(&self.rows[a as usize]).map(outside).sum();
            to_box <= self.near && b.iter().any(|&b| self.are_near(a as usize, b as usize))
        })
    }
}

/// Any number of columns: the rows where they are.
pub(super) struct ManyColumns<'a> {
    points: MatrixView<'a>,
    rows: &'a [u32],
    near: f64,
    /// Squared distances in `f32` up to here are surely near, and from there surely not.
    sure: Range<f32>,
    level: Level,
}

impl<'a> ManyColumns<'a> {
    pub(super) fn new(points: MatrixView<'a>, cells: &'a Cells) -> Self {
        // A sum of n squares, each of a difference, has n + 2 roundings of 2^-24 at most; twice that to be safe.
        let rounding = (points.n_cols() + 2) as f64 * f64::from(f32::EPSILON);
        let sure = (cells.near * (1.0 - rounding)) as f32..(cells.near * (1.0 + rounding)) as f32;
        Self { points, rows: &cells.rows, near: cells.near, sure, level: Level::best() }
    }

    fn row(&self, position: usize) -> &[f32] {
        self.points.row(self.rows[position] as usize)
    }
}

impl Points for ManyColumns<'_> {
    fn squared_distance(&self, a: usize, b: usize) -> f64 {
        squared_distance(self.row(a), self.row(b))
    }

    fn are_near(&self, a: usize, b: usize) -> bool {
        let about = populi_simd::squared_distance(self.level, self.row(a), self.row(b));
        about < self.sure.start || (about <= self.sure.end && self.squared_distance(a, b) <= self.near)
    }
}
