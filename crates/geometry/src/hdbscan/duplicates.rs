//! Rows at one place that are dense by themselves: joined first, so that no search meets them one by one.
//!
//! Where a core distance is 0, all rows at that place have it, and the edges between them have weight 0. Of these the
//! smallest row's edges to the others come first, so they are in the spanning tree; and of all edges that leave the place, the
//! smallest row's come before those of the others. So the smallest row stands for all of them.

use std::cmp::Ordering;

use populi_simd::{LANES, Level};
use rayon::prelude::*;

use super::boruvka;
use super::kdtree::KdTree;
use super::spanning::Link;
use crate::error::Result;
use crate::progress::Progress;
use crate::view::MatrixView;

/// Rows that stand for others, and the edges to those.
pub(super) struct Duplicates {
    /// All rows but those that another one stands for, rising.
    rows: Vec<usize>,
    links: Vec<Link>,
}

impl Duplicates {
    /// None where no row stands for another. `cores` are core distances by row.
    pub(super) fn find(points: MatrixView<'_>, cores: &[f32]) -> Option<Self> {
        let mut dense: Vec<u32> = (0..cores.len() as u32).filter(|&row| cores[row as usize] == 0.0).collect();
        let place = |a: &u32, b: &u32| compare(points.row(*a as usize), points.row(*b as usize));
        dense.par_sort_unstable_by(|a, b| place(a, b).then(a.cmp(b)));
        let mut links = Vec::new();
        let mut is_stood_for = vec![false; cores.len()];
        for rows in dense.chunk_by(|a, b| place(a, b).is_eq()) {
            for &row in &rows[1..] {
                links.push(Link::new(0.0, rows[0], row));
                is_stood_for[row as usize] = true;
            }
        }
        let rows = || (0..cores.len()).filter(|&row| !is_stood_for[row]).collect();
        (!links.is_empty()).then(|| Self { rows: rows(), links })
    }

    /// The edges of the minimum spanning tree, as of [`boruvka::spanning_links`].
    pub(super) fn spanning_links<const D: usize>(
        self,
        points: MatrixView<'_>,
        cores: &[f32],
        level: Level,
        progress: &dyn Progress,
    ) -> Result<Vec<Link>> {
        let Self { rows, mut links } = self;
        let places = points.gather(&rows)?;
        // Of the same scale as a tree of all rows, because every place is still there.
        let tree: KdTree<D> = KdTree::new(MatrixView::from(&places));
        let mut of_places = vec![f32::INFINITY; tree.leaves.len() * LANES];
        of_places.iter_mut().zip(&tree.rows).for_each(|(core, &at)| *core = cores[rows[at as usize]]);
        let between = boruvka::spanning_links(&tree, &of_places, level, progress);
        // Rows rise, so ties are in the same order before and after.
        let row = |at: u32| rows[at as usize] as u32;
        links.extend(between.into_iter().map(|link| Link { a: row(link.a), b: row(link.b), ..link }));
        Ok(links)
    }
}

/// An order in which equal places are equal: 0 and -0 are one.
fn compare(a: &[f32], b: &[f32]) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| (a + 0.0).total_cmp(&(b + 0.0)));
    pairs.fold(Ordering::Equal, Ordering::then)
}
