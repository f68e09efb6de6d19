//! How far each row's k-th neighbour is, over a kd-tree: the points of a leaf search together, a lane each.

use populi_simd::{Kernel, LANES, Level, Simd};
use rayon::prelude::*;

use super::kdtree::{Extent, KdTree, Visitor};
use crate::progress::Progress;

/// Leaves whose points search as one task.
const LEAVES_PER_TASK: usize = 64;

/// The squared distance of every place to its `k`-th nearest other place, in the order of the tree, in whole leaves: infinite
/// behind the last place. A row that is looked at moves up to `k` others, so beyond a few hundred the time grows with `k²`.
pub(super) fn core_distances<const D: usize>(
    tree: &KdTree<D>,
    k: usize,
    level: Level,
    progress: &dyn Progress,
) -> Vec<f32> {
    progress.stage("core distances", tree.rows.len() as u64);
    let mut squared = vec![f32::INFINITY; tree.leaves.len() * LANES];
    squared.par_chunks_mut(LEAVES_PER_TASK * LANES).enumerate().for_each(|(task, out)| {
        level.run(OfLeaves { tree, k, first_leaf: task * LEAVES_PER_TASK, out });
        progress.advance(out.len() as u64);
    });
    squared[tree.rows.len()..].fill(f32::INFINITY);
    squared
}

struct OfLeaves<'a, const D: usize> {
    tree: &'a KdTree<D>,
    k: usize,
    first_leaf: usize,
    out: &'a mut [f32],
}

impl<const D: usize> Kernel for OfLeaves<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let n_places = self.tree.rows.len();
        let mut nearest = vec![simd.splat(f32::INFINITY); self.k];
        let mut waiting = Vec::new();
        for (leaf, out) in (self.first_leaf..).zip(self.out.as_chunks_mut::<LANES>().0) {
            let n_queries = LANES.min(n_places - leaf * LANES);
            let points = &self.tree.leaves[leaf];
            let at = |lane: usize| std::array::from_fn(|d| points[d][lane]);
            let extent = (0..n_queries).fold(Extent::NOTHING, |extent, lane| extent.with(&at(lane)));
            // Lanes behind the last point search from the first one.
            let lanes: [[f32; LANES]; D] = std::array::from_fn(|d| {
                std::array::from_fn(|lane| points[d][if lane < n_queries { lane } else { 0 }])
            });
            nearest.fill(simd.splat(f32::INFINITY));
            let (tree, reach) = (self.tree, f32::INFINITY);
            let mut search = Nearest { simd, tree, leaf, lanes: &lanes, nearest: &mut nearest, reach };
            tree.search(simd, &extent, &mut waiting, &mut search);
            simd.store(nearest[self.k - 1], out);
        }
    }
}

/// The `k` nearest so far of 16 points, nearest first: vector `i` has the i-th nearest of each.
struct Nearest<'a, const D: usize, S: Simd> {
    simd: S,
    tree: &'a KdTree<D>,
    leaf: usize,
    lanes: &'a [[f32; LANES]; D],
    nearest: &'a mut [S::F32],
    reach: f32,
}

impl<const D: usize, S: Simd> Visitor for Nearest<'_, D, S> {
    const TIES_MATTER: bool = false;

    #[inline(always)]
    fn reach(&self) -> f32 {
        self.reach
    }

    #[inline(always)]
    fn at_least<T: Simd>(&self, _: T, _: usize, _: usize, squared: T::F32) -> T::F32 {
        squared
    }

    #[inline(always)]
    fn skips(&self, _: usize, _: usize) -> bool {
        false
    }

    #[inline(always)]
    fn visit<T: Simd>(&mut self, _: T, leaf: usize) {
        let simd = self.simd;
        let last = self.nearest.len() - 1;
        let n_points = LANES.min(self.tree.rows.len() - leaf * LANES);
        let points = &self.tree.leaves[leaf];
        for i in 0..n_points {
            let at = std::array::from_fn(|d| points[d][i]);
            let mut squared = super::kdtree::squared_distances(simd, self.lanes, &at);
            if leaf == self.leaf {
                // A point is not its own neighbour.
                let mut itself = [0.0; LANES];
                itself[i] = f32::INFINITY;
                squared = simd.max(squared, simd.load(&itself));
            }
            if simd.bits_of_mask(simd.less(squared, self.nearest[last])) != 0 {
                for nearest in self.nearest.iter_mut() {
                    let nearer = simd.min(*nearest, squared);
                    squared = simd.max(*nearest, squared);
                    *nearest = nearer;
                }
            }
        }
        self.reach = simd.to_array(self.nearest[last]).into_iter().fold(0.0, f32::max);
    }
}
