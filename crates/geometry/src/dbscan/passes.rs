//! The passes over the cells: core points, clusters of them, and the rows at their borders.

use std::sync::atomic::{AtomicU32, Ordering};

use super::cells::Cells;
use super::points::Points;
use crate::NOISE;
use crate::progress::Progress;

/// What the passes find: `[n_rows]` each.
pub(super) struct Found {
    pub(super) labels: Vec<i32>,
    pub(super) is_core: Vec<bool>,
    pub(super) n_clusters: usize,
}

/// Finds the clusters of the rows in `cells`.
pub(super) fn run<P: Points>(
    cells: &Cells,
    points: &P,
    min_samples: usize,
    progress: &dyn Progress,
) -> Found {
    let n_rows = cells.rows.len();
    progress.stage("core points", 1);
    let cores = CorePoints::find(cells, points, min_samples);
    progress.advance(1);
    progress.stage("clusters", 1);
    let trees = join_cores(cells, points, &cores);
    let (cluster_of_core, n_clusters) = number(cells, &cores, &trees);
    progress.advance(1);
    progress.stage("borders", 1);
    let labels = labels(cells, points, &cores, &cluster_of_core);
    progress.advance(1);
    let mut is_core = vec![false; n_rows];
    cores.positions.iter().for_each(|&at| is_core[cells.rows[at as usize] as usize] = true);
    Found { labels, is_core, n_clusters }
}

/// The clusters of rows from number `labels.len()` on, by the core points before them.
pub(super) fn join<P: Points>(cells: &Cells, points: &P, core_labels: &[i32]) -> Vec<i32> {
    let row = |position: usize| cells.rows[position] as usize;
    let cores = CorePoints::of(cells, |position| row(position) < core_labels.len());
    let cluster_of_core: Vec<i32> = cores.positions.iter().map(|&at| core_labels[row(at as usize)]).collect();
    labels(cells, points, &cores, &cluster_of_core).split_off(core_labels.len())
}

/// The core points, cell after cell.
struct CorePoints {
    /// Their positions, rising.
    positions: Vec<u32>,
    /// Where those of each cell begin in `positions`, and the end: `[n_cells + 1]`.
    starts: Vec<usize>,
}

impl CorePoints {
    fn find<P: Points>(cells: &Cells, points: &P, min_samples: usize) -> Self {
        let is_core = cells.map(|cell, around| -> Vec<bool> {
            let own = cells.positions(cell);
            if cells.are_near && own.len() >= min_samples {
                return vec![true; own.len()];
            }
            // Those of the own cell need no comparison, where all of a cell are near.
            let missing = if cells.are_near { min_samples - own.len() } else { min_samples };
            let to_compare = |other: &&usize| !cells.are_near || **other != cell;
            let is_core = |position: usize| {
                let others = around.iter().filter(to_compare).flat_map(|&other| cells.positions(other));
                others.filter(|&other| points.are_near(position, other)).take(missing).count() == missing
            };
            own.clone().map(is_core).collect()
        });
        let is_core: Vec<bool> = is_core.into_iter().flatten().collect();
        Self::of(cells, |position| is_core[position])
    }

    fn of(cells: &Cells, is_core: impl Fn(usize) -> bool) -> Self {
        let (mut positions, mut starts) = (Vec::new(), vec![0]);
        for cell in 0..cells.n_cells() {
            positions.extend(cells.positions(cell).filter(|&at| is_core(at)).map(|at| at as u32));
            starts.push(positions.len());
        }
        Self { positions, starts }
    }

    /// Those of a cell, each as its place among all of them.
    fn range(&self, cell: usize) -> std::ops::Range<usize> {
        self.starts[cell]..self.starts[cell + 1]
    }

    fn of_cell(&self, cell: usize) -> &[u32] {
        &self.positions[self.range(cell)]
    }
}

/// Joins core points that are near. Which are joined does not depend on the order, so tasks may do it side by side.
fn join_cores<P: Points>(cells: &Cells, points: &P, cores: &CorePoints) -> Forest {
    let forest = Forest::new(cores.positions.len());
    if cells.are_near {
        // Those of a cell first, so that a cell is one tree when it is compared with others.
        for cell in 0..cells.n_cells() {
            let range = cores.range(cell);
            range.clone().skip(1).for_each(|core| forest.join(core, range.start));
        }
    }
    cells.map(|cell, around| {
        let (own, range) = (cores.of_cell(cell), cores.range(cell));
        for &other in around.iter().take_while(|&&other| other <= cell) {
            let others = cores.of_cell(other);
            if own.is_empty() || others.is_empty() {
                continue;
            }
            if cells.are_near {
                let (a, b) = (range.start, cores.range(other).start);
                if other != cell && forest.root(a) != forest.root(b) && points.any_near(own, others) {
                    forest.join(a, b);
                }
                continue;
            }
            join_rows(points, cores, &forest, cell, other);
        }
    });
    forest
}

/// Joins the core points of two cells, or of one, that are near. Those of one tree are only compared until one of them is.
fn join_rows<P: Points>(points: &P, cores: &CorePoints, forest: &Forest, cell: usize, other: usize) {
    let are_near =
        |a: usize, b: usize| points.are_near(cores.positions[a] as usize, cores.positions[b] as usize);
    let mut trees = if cell == other { Vec::new() } else { forest.trees(cores.range(other)) };
    for a in cores.range(cell) {
        let mut joined = if cell == other { vec![a] } else { Vec::new() };
        trees.retain_mut(|tree| {
            if forest.root(a) != forest.root(tree[0]) {
                if !tree.iter().any(|&b| are_near(a, b)) {
                    return true;
                }
                forest.join(a, tree[0]);
            }
            if tree.len() > joined.len() {
                std::mem::swap(tree, &mut joined);
            }
            joined.append(tree);
            false
        });
        if !joined.is_empty() {
            trees.push(joined);
        }
    }
}

/// The cluster of every core point, and how many there are; the one with the first row of a core point is 0.
fn number(cells: &Cells, cores: &CorePoints, forest: &Forest) -> (Vec<i32>, usize) {
    let mut by_row: Vec<(u32, usize)> =
        cores.positions.iter().zip(0..).map(|(&at, core)| (cells.rows[at as usize], core)).collect();
    by_row.sort_unstable();
    let mut cluster_of_root = vec![NOISE; cores.positions.len()];
    let mut clusters = vec![NOISE; cores.positions.len()];
    let mut n_clusters = 0;
    for (_, core) in by_row {
        let of_root = &mut cluster_of_root[forest.root(core)];
        if *of_root == NOISE {
            *of_root = n_clusters;
            n_clusters += 1;
        }
        clusters[core] = *of_root;
    }
    (clusters, n_clusters as usize)
}

/// The cluster of every row: its own where it is a core point, else that of the nearest core point that is near.
fn labels<P: Points>(cells: &Cells, points: &P, cores: &CorePoints, cluster_of_core: &[i32]) -> Vec<i32> {
    let of_cells = cells.map(|cell, around| -> Vec<i32> {
        let mut own_cores = cores.range(cell).peekable();
        let label = |position: usize| {
            if let Some(core) = own_cores.next_if(|&core| cores.positions[core] as usize == position) {
                return cluster_of_core[core];
            }
            let mut nearest: Option<(f64, u32, usize)> = None;
            for core in around.iter().flat_map(|&other| cores.range(other)) {
                let at = cores.positions[core] as usize;
                if !points.are_near(position, at) {
                    continue;
                }
                let (distance, row) = (points.squared_distance(position, at), cells.rows[at]);
                if nearest.is_none_or(|(least, first, _)| (distance, row) < (least, first)) {
                    nearest = Some((distance, row, core));
                }
            }
            nearest.map_or(NOISE, |(_, _, core)| cluster_of_core[core])
        };
        cells.positions(cell).map(label).collect()
    });
    let mut labels = vec![NOISE; cells.rows.len()];
    of_cells.iter().flatten().zip(&cells.rows).for_each(|(&label, &row)| labels[row as usize] = label);
    labels
}

/// Trees of things that were joined, which any thread may join: a parent is never greater than its child, and a tree's
/// root is changed only by whoever sees it still be one.
struct Forest {
    parents: Vec<AtomicU32>,
}

impl Forest {
    fn new(n: usize) -> Self {
        Self { parents: (0..n as u32).map(AtomicU32::new).collect() }
    }

    fn root(&self, mut of: usize) -> usize {
        loop {
            let parent = self.parents[of].load(Ordering::Relaxed);
            let grandparent = self.parents[parent as usize].load(Ordering::Relaxed);
            if parent == grandparent {
                return parent as usize;
            }
            // Halves the way for who comes next; whether it succeeds changes no tree.
            let _ =
                self.parents[of].compare_exchange(parent, grandparent, Ordering::Relaxed, Ordering::Relaxed);
            of = grandparent as usize;
        }
    }

    /// Members by the tree that they are in.
    fn trees(&self, members: std::ops::Range<usize>) -> Vec<Vec<usize>> {
        let mut by_root: Vec<(usize, usize)> = members.map(|member| (self.root(member), member)).collect();
        by_root.sort_unstable();
        let of_one = |tree: &[(usize, usize)]| tree.iter().map(|&(_, member)| member).collect();
        by_root.chunk_by(|a, b| a.0 == b.0).map(of_one).collect()
    }

    fn join(&self, a: usize, b: usize) {
        loop {
            let (a, b) = (self.root(a), self.root(b));
            if a == b {
                return;
            }
            let (child, parent) = (a.max(b), a.min(b) as u32);
            let root = &self.parents[child];
            if root.compare_exchange(child as u32, parent, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }
}
