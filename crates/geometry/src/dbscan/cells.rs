//! Rows sorted into the cells of a grid.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Result, require};
use crate::view::MatrixView;

/// Columns that a grid has at most.
pub(super) const MAX_COLUMNS: usize = 3;

/// Cells along a column, at most: places up to here are rounded with an error far below [`MARGIN`].
const MAX_CELLS: f64 = (1u64 << 30) as f64;

/// Cells are smaller or larger by this share, so that rounding never makes them too large or too small.
const MARGIN: f64 = 1.0 / (1u64 << 20) as f64;

/// Cells that are one task. Moves no digit.
const CELLS_PER_TASK: usize = 512;

/// Rows that are placed as one task, at least. Moves no digit.
const ROWS_PER_TASK: usize = 4096;

/// Where a cell is. A grid of fewer columns leaves the first ones 0.
type Place = [i32; MAX_COLUMNS];

/// The rows in the order of their cells. A position is a place in that order.
pub(super) struct Cells {
    /// Row numbers, cell after cell, rising in each, `[n_rows]`.
    pub(super) rows: Vec<u32>,
    /// Squared distance up to which rows are near.
    pub(super) near: f64,
    /// Whether all rows of one cell are near.
    pub(super) are_near: bool,
    /// Where each cell begins, and the end: `[n_cells + 1]`.
    starts: Vec<usize>,
    /// `[n_cells]`, rising.
    places: Vec<Place>,
    steps: Vec<Step>,
}

/// Cells around a cell that differ from one another in the last column only.
struct Step {
    /// How far they are in the first columns.
    first: [i32; MAX_COLUMNS - 1],
    /// How far they reach in the last, to each side.
    last: i32,
}

impl Cells {
    /// Sorts `points`, which have a row and a column and are finite. Rows within `eps` are near.
    pub(super) fn new(points: MatrixView<'_>, eps: f64) -> Result<Self> {
        require(points.n_rows() <= i32::MAX as usize, "n_rows", points.n_rows(), "below 2^31")?;
        let are_near = points.n_cols() <= MAX_COLUMNS;
        let ranges = ranges(points);
        let columns = widest(&ranges);
        let diagonal = (columns.len() as f64).sqrt();
        let side = if are_near { eps / diagonal * (1.0 - MARGIN) } else { eps * (1.0 + MARGIN) };
        for &column in &columns {
            let (low, high) = ranges[column];
            require(
                (high - low) / side < MAX_CELLS,
                "eps",
                eps,
                "at least 2^-30 of the range of the points",
            )?;
        }
        let place = |row: &[f32]| {
            let mut place = [0; MAX_COLUMNS];
            for (at, &column) in place.iter_mut().rev().zip(&columns) {
                *at = ((f64::from(row[column]) - ranges[column].0) / side) as i32;
            }
            place
        };
        let rows = points.values().par_chunks_exact(points.n_cols()).zip(0..points.n_rows() as u32);
        let mut placed: Vec<(Place, u32)> =
            rows.with_min_len(ROWS_PER_TASK).map(|(row, id)| (place(row), id)).collect();
        placed.par_sort_unstable();
        let (mut places, mut starts) = (Vec::new(), vec![0]);
        for cell in placed.chunk_by(|a, b| a.0 == b.0) {
            places.push(cell[0].0);
            starts.push(starts[starts.len() - 1] + cell.len());
        }
        let rows = placed.iter().map(|&(_, row)| row).collect();
        let steps = steps(columns.len(), eps / side);
        Ok(Self { rows, near: eps * eps, are_near, starts, places, steps })
    }

    /// Number of cells that have rows.
    pub(super) fn n_cells(&self) -> usize {
        self.places.len()
    }

    /// The positions of a cell's rows.
    pub(super) fn positions(&self, cell: usize) -> Range<usize> {
        self.starts[cell]..self.starts[cell + 1]
    }

    /// What `visit` gives for each cell in order, in parallel. It is told the cell and all cells in which a row may be near to one of its
    /// rows, itself among them, rising.
    pub(super) fn map<T: Send>(&self, visit: impl Fn(usize, &[usize]) -> T + Sync) -> Vec<T> {
        let tasks: Vec<usize> = (0..self.n_cells()).step_by(CELLS_PER_TASK).collect();
        let task = |&start: &usize| -> Vec<T> {
            let cells = start..self.n_cells().min(start + CELLS_PER_TASK);
            // Where the first cell of each step is; it only rises from cell to cell.
            let mut firsts: Vec<usize> =
                self.steps.iter().map(|step| self.first_from(step.around(self.places[start]).0)).collect();
            let mut around = Vec::new();
            let mut visit_one = |cell: usize| {
                around.clear();
                for (step, first) in self.steps.iter().zip(&mut firsts) {
                    let (from, to) = step.around(self.places[cell]);
                    *first += self.places[*first..].iter().take_while(|&&place| place < from).count();
                    let n = self.places[*first..].iter().take_while(|&&place| place <= to).count();
                    around.extend(*first..*first + n);
                }
                visit(cell, &around)
            };
            cells.map(&mut visit_one).collect()
        };
        tasks.par_iter().map(task).collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn first_from(&self, place: Place) -> usize {
        self.places.partition_point(|&other| other < place)
    }
}

impl Step {
    /// The first and the last place that a step leads to.
    fn around(&self, [x, y, z]: Place) -> (Place, Place) {
        let [dx, dy] = self.first;
        ([x + dx, y + dy, z - self.last], [x + dx, y + dy, z + self.last])
    }
}

/// All steps from a cell to those with near rows, rising. `eps` is in sides of a cell.
fn steps(n_columns: usize, eps: f64) -> Vec<Step> {
    // Between cells that are n apart there are n - 1 whole ones.
    let gap = |n: i32| f64::from((n.abs() - 1).max(0)).powi(2);
    let most = eps.ceil() as i32 + 1;
    let along = |column: usize| if column + n_columns >= MAX_COLUMNS { -most..=most } else { 0..=0 };
    let all = along(0).flat_map(|dx| along(1).map(move |dy| [dx, dy]));
    let step = |first: [i32; 2]| {
        let farther = |n: &i32| gap(first[0]) + gap(first[1]) + gap(*n) <= eps * eps;
        (0..=most).rev().find(farther).map(|last| Step { first, last })
    };
    all.filter_map(step).collect()
}

/// The least and the greatest value of each column.
fn ranges(points: MatrixView<'_>) -> Vec<(f64, f64)> {
    let none = || vec![(f32::INFINITY, f32::NEG_INFINITY); points.n_cols()];
    let widen = |mut ranges: Vec<(f32, f32)>, row: &[f32]| {
        ranges.iter_mut().zip(row).for_each(|(range, &v)| *range = (range.0.min(v), range.1.max(v)));
        ranges
    };
    let both = |mut a: Vec<(f32, f32)>, b: Vec<(f32, f32)>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a = (a.0.min(b.0), a.1.max(b.1)));
        a
    };
    let rows = points.values().par_chunks_exact(points.n_cols()).with_min_len(ROWS_PER_TASK);
    let ranges = rows.fold(none, widen).reduce(none, both);
    ranges.into_iter().map(|(low, high)| (f64::from(low), f64::from(high))).collect()
}

/// The columns of the widest ranges, [`MAX_COLUMNS`] at most; of equals the first.
fn widest(ranges: &[(f64, f64)]) -> Vec<usize> {
    let width = |&column: &usize| ranges[column].1 - ranges[column].0;
    let mut columns: Vec<usize> = (0..ranges.len()).collect();
    columns.sort_by(|a, b| width(b).total_cmp(&width(a)));
    columns.truncate(MAX_COLUMNS);
    columns
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;
    use crate::matrix::squared_distance;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_near_row_is_outside_the_cells_around(
            n_cols in 1usize..6, values in prop::collection::vec(-8i8..8, 6..300), quarters in 1u8..30,
        ) {
            let eps = f64::from(quarters) * 0.25;
            let values: Vec<f32> = values.iter().map(|&v| f32::from(v) * 0.5).collect();
            let n_rows = values.len() / n_cols;
            let points = MatrixView::new(n_rows, n_cols, &values[..n_rows * n_cols]).unwrap();
            let cells = Cells::new(points, eps).unwrap();
            let around = cells.map(|cell, around| (cell, around.to_vec()));
            prop_assert_eq!(cells.rows.len(), n_rows);
            prop_assert!(around.iter().map(|(cell, _)| *cell).eq(0..cells.n_cells()));
            for (cell, around) in around {
                let of = |cell: usize| cells.positions(cell).map(|at| points.row(cells.rows[at] as usize));
                for row in of(cell) {
                    let near = |other: &[f32]| squared_distance(row, other) <= cells.near;
                    let found = around.iter().flat_map(|&other| of(other)).filter(|other| near(other)).count();
                    prop_assert_eq!(found, points.rows().filter(|other| near(other)).count());
                    prop_assert!(!cells.are_near || of(cell).all(near));
                }
            }
        }
    }
}
