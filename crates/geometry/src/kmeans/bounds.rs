//! Which centre is nearest to each row, without looking at all of them: bounds by the triangle inequality.
//!
//! Ding, Zhao, Shen, Musuvathi and Mytkowicz, *Yinyang k-means* (ICML 2015), section 3: a row keeps a distance that its own centre is
//! within, and for each group of centres one that all others of the group are beyond. When centres move, the bounds give way by as
//! much. Only where a group's bound passes below the own centre's is the group looked at again. A group here is a panel, so what
//! is looked at is 16 centres at once, at the price of one in scalar code.
//!
//! The labels are those that all products would give, to the last tie: a bound counts only where it is apart by more than the
//! products can be wrong by rounding ([`Rounding`]).

use populi_simd::{LANES, Level};
use rayon::prelude::*;

use super::Rows;
use super::panels::{BLOCK_ROWS, Nearest, Panels};
use crate::matrix::{Matrix, squared_length};
use crate::view::MatrixView;

/// What one operation on bounds may lose by rounding, as a share: above 2^-24.
const LOSS: f32 = 2.5e-7;

/// What is known about the distances of every row.
pub(super) struct Bounds {
    /// The nearest centre of every row.
    labels: Vec<u32>,
    /// The own centre is not farther.
    upper: Vec<f32>,
    /// Every other centre of the panel is not nearer, `[n_rows, n_panels]`.
    lower: Vec<f32>,
}

impl Bounds {
    /// Knows nothing yet about `n_rows` rows.
    pub(super) fn new(n_rows: usize, n_panels: usize) -> Self {
        Self {
            labels: vec![0; n_rows],
            upper: vec![f32::INFINITY; n_rows],
            lower: vec![0.0; n_rows * n_panels],
        }
    }

    /// Puts a row into another cluster than the nearest.
    pub(super) fn move_row(&mut self, row: usize, label: u32) {
        self.labels[row] = label;
        // Knows nothing about it, so that everything is looked at next time.
        self.upper[row] = f32::INFINITY;
    }

    /// The nearest of `centres` for every row; of equals the first. `moved` is how far each went since the last time.
    pub(super) fn assign(&mut self, rows: &Rows<'_>, centres: &Matrix, moved: &[f64]) -> &[u32] {
        let Rows { points, squared_lengths } = rows;
        let panels = Panels::new(centres);
        let n_panels = panels.n_panels();
        let up = |moved: f64| moved as f32 * (1.0 + LOSS);
        let moved: Vec<f32> = moved.iter().map(|&moved| up(moved)).collect();
        let most_moved: Vec<f32> =
            moved.chunks(LANES).map(|panel| panel.iter().copied().fold(0.0, f32::max)).collect();
        let step =
            Step { points: *points, panels, centres, moved, most_moved, rounding: Rounding::of(centres) };
        let blocks = (self.labels.par_chunks_mut(BLOCK_ROWS), self.upper.par_chunks_mut(BLOCK_ROWS));
        let blocks = blocks.0.zip(blocks.1).zip(self.lower.par_chunks_mut(BLOCK_ROWS * n_panels));
        blocks.zip(squared_lengths.par_chunks(BLOCK_ROWS)).enumerate().for_each_init(
            || Lists::new(n_panels),
            |lists, (block, (((labels, upper), lower), lengths))| {
                let first = block * BLOCK_ROWS;
                step.assign(lists, Block { first, labels, upper, lower, lengths });
            },
        );
        &self.labels
    }
}

/// One step of all rows.
struct Step<'a> {
    points: MatrixView<'a>,
    panels: Panels,
    centres: &'a Matrix,
    /// How far each centre went, `[k]`.
    moved: Vec<f32>,
    /// How far the centres of each panel went, `[n_panels]`.
    most_moved: Vec<f32>,
    rounding: Rounding,
}

/// What is known about consecutive rows.
struct Block<'a> {
    first: usize,
    labels: &'a mut [u32],
    upper: &'a mut [f32],
    lower: &'a mut [f32],
    lengths: &'a [f32],
}

/// What is looked at in a block.
struct Lists {
    /// For each panel the rows that have to look at it.
    of_panels: Vec<Vec<u32>>,
    /// What they find there.
    nearest: Vec<Nearest>,
    /// Which rows of the block have to look.
    looking: Vec<usize>,
    /// The best of what each row of the block has found, and its centre.
    best: Vec<(Nearest, u32)>,
}

/// Nothing found yet.
const NONE: Nearest = Nearest { lane: 0, score: f32::NEG_INFINITY, next: f32::NEG_INFINITY };

impl Lists {
    fn new(n_panels: usize) -> Self {
        Self { of_panels: vec![vec![]; n_panels], nearest: vec![], looking: vec![], best: vec![] }
    }
}

impl Step<'_> {
    fn assign(&self, lists: &mut Lists, block: Block<'_>) {
        let n_panels = self.panels.n_panels();
        let Block { first, labels, upper, lower, lengths } = block;
        lists.of_panels.iter_mut().for_each(Vec::clear);
        lists.looking.clear();
        for (at, lower) in lower.chunks_exact_mut(n_panels).enumerate() {
            if self.give_way(first + at, labels[at] as usize, &mut upper[at], lower, lengths[at], lists) {
                lists.looking.push(at);
            }
        }
        lists.best.clear();
        lists.best.resize(labels.len(), (NONE, 0));
        for (panel, rows) in lists.of_panels.iter().enumerate() {
            self.panels.nearest(panel, self.points, rows, &mut lists.nearest);
            for (&row, nearest) in rows.iter().zip(&lists.nearest) {
                let at = row as usize - first;
                lower[at * n_panels + panel] = self.rounding.beyond(lengths[at], nearest.score);
                if nearest.score > lists.best[at].0.score {
                    lists.best[at] = (*nearest, (panel * LANES) as u32 + nearest.lane);
                }
            }
        }
        for &at in &lists.looking {
            let (best, centre) = lists.best[at];
            labels[at] = centre;
            upper[at] = self.rounding.within(lengths[at], best.score);
            lower[at * n_panels + centre as usize / LANES] = self.rounding.beyond(lengths[at], best.next);
        }
    }

    /// Moves a row's bounds by what the centres moved and lists it for the panels that it has to look at. Says whether there are any.
    fn give_way(
        &self,
        row: usize,
        label: usize,
        upper: &mut f32,
        lower: &mut [f32],
        length: f32,
        lists: &mut Lists,
    ) -> bool {
        if upper.is_infinite() {
            lists.of_panels.iter_mut().for_each(|rows| rows.push(row as u32));
            return true;
        }
        *upper = (*upper + self.moved[label]) * (1.0 + LOSS);
        let room = self.rounding.room(length);
        let mut is_sure = true;
        let enough = *upper * *upper + room;
        for (lower, moved) in lower.iter_mut().zip(&self.most_moved) {
            let left = *lower * (1.0 - LOSS) - moved;
            *lower = if left > 0.0 { left } else { 0.0 };
            is_sure &= *lower * *lower > enough;
        }
        if is_sure {
            return false;
        }
        // The own centre may be nearer than known, and one distance is cheap beside a panel.
        let (point, centre) = (self.points.row(row), self.centres.row(label));
        *upper = self.rounding.above(populi_simd::squared_distance(Level::best(), point, centre));
        let enough = *upper * *upper + room;
        let is_open = |lower: &f32| *lower * *lower <= enough;
        if !lower.iter().any(is_open) {
            return false;
        }
        // The own panel too: the own centre's score is to be compared with the others.
        for (panel, (lower, rows)) in lower.iter().zip(&mut lists.of_panels).enumerate() {
            if is_open(lower) || panel == label / LANES {
                rows.push(row as u32);
            }
        }
        true
    }
}

/// How far a score `x·c - |c|²/2` in `f32` may be from the true one: n + 8 roundings (n products and sums, the lengths, the difference)
/// of 2^-24 of at most (|x| + |c|)².
struct Rounding {
    /// (n + 8) · 2^-24.
    share: f32,
    /// The longest centre.
    longest: f32,
    /// n + 8 roundings of a sum of squares, and those of a root.
    distance: f32,
}

impl Rounding {
    fn of(centres: &Matrix) -> Self {
        let longest = centres.rows().map(squared_length).fold(0.0, f64::max).sqrt() as f32 * (1.0 + LOSS);
        let share = (centres.n_cols() + 8) as f32 * (0.5 * f32::EPSILON);
        Self { share, longest, distance: 1.0 + share + 2.0 * LOSS }
    }

    /// Of a score of a row.
    fn of_score(&self, length: f32) -> f32 {
        let sum = length.sqrt() + self.longest;
        sum * sum * self.share
    }

    /// The squared distances of two centres whose scores compare as the distances do are at least this apart.
    fn room(&self, length: f32) -> f32 {
        4.0 * self.of_score(length)
    }

    /// A distance that a centre with this score is not beyond.
    fn within(&self, length: f32, score: f32) -> f32 {
        let square = length - 2.0 * score + 3.0 * self.of_score(length);
        square.max(0.0).sqrt() * (1.0 + LOSS)
    }

    /// A distance that a centre with this score is not within.
    fn beyond(&self, length: f32, score: f32) -> f32 {
        let square = length - 2.0 * score - 3.0 * self.of_score(length);
        square.max(0.0).sqrt() * (1.0 - LOSS)
    }

    /// A distance that is not below the root of a squared distance in `f32`.
    fn above(&self, squared_distance: f32) -> f32 {
        (squared_distance * self.distance).sqrt() * (1.0 + LOSS)
    }
}
