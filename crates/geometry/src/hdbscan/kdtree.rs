//! A tree of boxes as wide as a vector: leaves of 16 points, nodes of 16 children.
//!
//! Points are put in order by halving along the widest side of their box, at multiples of 16, 16², …; so leaf `i` holds the
//! points at places `16 i..16 i + 16`, node `i` of the next level the leaves `16 i..16 i + 16`, and nothing needs a pointer. One
//! vector then holds the distances to all points of a leaf, or to all children of a node.

use populi_simd::{LANES, Simd};
use rayon::prelude::*;

use crate::view::MatrixView;

/// Points under which a part is put in order by one thread.
const POINTS_PER_TASK: usize = 8192;

/// Points in the order of the tree, `D` coordinates each, and the boxes around them.
pub(super) struct KdTree<const D: usize> {
    /// The row of each place.
    pub(super) rows: Vec<u32>,
    /// Coordinates, a vector a dimension; infinite in places behind the last.
    pub(super) leaves: Vec<[[f32; LANES]; D]>,
    /// From the parents of the leaves up to one root.
    pub(super) levels: Vec<Vec<Boxes<D>>>,
    /// What coordinates were divided by: a power of two, so that squares do not overflow, and vanish only for differences
    /// below about 2⁻⁷⁵ of the largest coordinate.
    pub(super) scale: f64,
}

/// The boxes around 16 children.
pub(super) struct Boxes<const D: usize> {
    low: [[f32; LANES]; D],
    high: [[f32; LANES]; D],
    /// A bit for each child that there is.
    present: u16,
}

/// The box around some points.
#[derive(Clone, Copy)]
pub(super) struct Extent<const D: usize> {
    pub(super) low: [f32; D],
    pub(super) high: [f32; D],
}

/// A node that waits for its visit. Leaves are at level 0.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    distance: f32,
    level: u32,
    index: u32,
}

/// What a search does with the nodes that it meets.
pub(super) trait Visitor {
    /// Whether what is just as far as the reach is of use. Where it is not, a search among equal points ends.
    const TIES_MATTER: bool;
    /// What is farther than this is of no use.
    fn reach(&self) -> f32;
    /// Raises the squared distances to the boxes of a node's children to what they are at least.
    fn at_least<S: Simd>(&self, simd: S, level: usize, node: usize, squared: S::F32) -> S::F32;
    /// Whether a child need not be visited.
    fn skips(&self, level: usize, child: usize) -> bool;
    /// Looks at the points of a leaf.
    fn visit<S: Simd>(&mut self, simd: S, leaf: usize);
}

#[derive(Clone, Copy)]
struct Point<const D: usize> {
    at: [f32; D],
    row: u32,
}

impl<const D: usize> KdTree<D> {
    /// Puts rows of at most `D` columns in order; missing columns are zeros. `O(n log n)`, parallel.
    pub(super) fn new(points: MatrixView<'_>) -> Self {
        let largest =
            points.values().par_chunks(1 << 16).map(|part| part.iter().fold(0.0f32, |m, v| m.max(v.abs())));
        let scale = power_of_two_above(largest.reduce(|| 0.0, f32::max));
        let shrink = 1.0 / scale;
        let mut items: Vec<Point<D>> = (0..points.n_rows() as u32)
            .into_par_iter()
            .map(|row| {
                let mut at = [0.0; D];
                at.iter_mut()
                    .zip(points.row(row as usize))
                    .for_each(|(at, &x)| *at = (f64::from(x) * shrink) as f32);
                Point { at, row }
            })
            .collect();
        put_in_order(&mut items);
        let leaves: Vec<_> = items.par_chunks(LANES).map(leaf_of).collect();
        let extents: Vec<_> = items.par_chunks(LANES).map(extent_of).collect();
        let rows = items.par_iter().map(|point| point.row).collect();
        Self { rows, leaves, levels: levels_over(extents), scale }
    }

    /// Visits, nearest first, every leaf whose points may be within reach of some point of `query`.
    #[inline(always)]
    pub(super) fn search<S: Simd, V: Visitor>(
        &self,
        simd: S,
        query: &Extent<D>,
        waiting: &mut Vec<Waiting>,
        visitor: &mut V,
    ) {
        waiting.clear();
        waiting.push(Waiting { distance: 0.0, level: self.levels.len() as u32, index: 0 });
        while let Some(node) = waiting.pop() {
            let reach = visitor.reach();
            if node.distance > reach || (!V::TIES_MATTER && node.distance == reach) {
                continue;
            }
            let index = node.index as usize;
            if node.level == 0 {
                visitor.visit(simd, index);
                continue;
            }
            let level = node.level as usize - 1;
            let boxes = &self.levels[level][index];
            let squared = visitor.at_least(simd, level, index, boxes.squared_distances(simd, query));
            let reach = simd.splat(reach);
            let within = if V::TIES_MATTER {
                !simd.bits_of_mask(simd.less(reach, squared))
            } else {
                simd.bits_of_mask(simd.less(squared, reach))
            };
            let distances = simd.to_array(squared);
            let first = waiting.len();
            let mut within = boxes.present & within;
            while within != 0 {
                let lane = within.trailing_zeros() as usize;
                within &= within.wrapping_sub(1);
                let child = index * LANES + lane;
                if visitor.skips(level, child) {
                    continue;
                }
                // The nearest goes last, to be taken first.
                let child = Waiting { distance: distances[lane], level: level as u32, index: child as u32 };
                let mut place = waiting.len();
                waiting.push(child);
                while place > first && waiting[place - 1].distance < child.distance {
                    waiting[place] = waiting[place - 1];
                    place -= 1;
                }
                waiting[place] = child;
            }
        }
    }
}

impl<const D: usize> Boxes<D> {
    #[inline(always)]
    fn squared_distances<S: Simd>(&self, simd: S, query: &Extent<D>) -> S::F32 {
        let mut sum = simd.splat(0.0);
        for d in 0..D {
            let below = simd.sub(simd.load(&self.low[d]), simd.splat(query.high[d]));
            let above = simd.sub(simd.splat(query.low[d]), simd.load(&self.high[d]));
            let gap = simd.max(simd.max(below, above), simd.splat(0.0));
            sum = simd.mul_add(gap, gap, sum);
        }
        sum
    }
}

impl<const D: usize> Extent<D> {
    pub(super) const NOTHING: Self = Self { low: [f32::INFINITY; D], high: [f32::NEG_INFINITY; D] };

    #[inline(always)]
    pub(super) fn with(mut self, at: &[f32; D]) -> Self {
        self.low.iter_mut().zip(at).for_each(|(low, &at)| *low = low.min(at));
        self.high.iter_mut().zip(at).for_each(|(high, &at)| *high = high.max(at));
        self
    }

    fn with_extent(self, other: &Self) -> Self {
        self.with(&other.low).with(&other.high)
    }
}

/// The squared distances from a point to the points of a leaf: differences are squared and added in the order of dimensions,
/// each sum rounded once.
#[inline(always)]
pub(super) fn squared_distances<const D: usize, S: Simd>(
    simd: S,
    leaf: &[[f32; LANES]; D],
    at: &[f32; D],
) -> S::F32 {
    let mut sum = simd.splat(0.0);
    for d in 0..D {
        let difference = simd.sub(simd.load(&leaf[d]), simd.splat(at[d]));
        sum = simd.mul_add(difference, difference, sum);
    }
    sum
}

/// Halves along the widest side until a leaf is left.
fn put_in_order<const D: usize>(points: &mut [Point<D>]) {
    if points.len() <= LANES {
        return;
    }
    let mut unit = LANES;
    while unit * LANES < points.len() {
        unit *= LANES;
    }
    let n_left = points.len().div_ceil(unit) / 2 * unit;
    let extent = extent_of(points);
    let side = |d: usize| extent.high[d] - extent.low[d];
    let widest = (1..D).fold(0, |widest, d| if side(d) > side(widest) { d } else { widest });
    points
        .select_nth_unstable_by(n_left, |a, b| a.at[widest].total_cmp(&b.at[widest]).then(a.row.cmp(&b.row)));
    let (left, right) = points.split_at_mut(n_left);
    if left.len() + right.len() > POINTS_PER_TASK {
        rayon::join(|| put_in_order(left), || put_in_order(right));
    } else {
        put_in_order(left);
        put_in_order(right);
    }
}

fn leaf_of<const D: usize>(points: &[Point<D>]) -> [[f32; LANES]; D] {
    let mut leaf = [[f32::INFINITY; LANES]; D];
    for (lane, point) in points.iter().enumerate() {
        leaf.iter_mut().zip(point.at).for_each(|(coordinates, at)| coordinates[lane] = at);
    }
    leaf
}

fn extent_of<const D: usize>(points: &[Point<D>]) -> Extent<D> {
    points.iter().fold(Extent::NOTHING, |extent, point| extent.with(&point.at))
}

fn levels_over<const D: usize>(mut extents: Vec<Extent<D>>) -> Vec<Vec<Boxes<D>>> {
    let mut levels = Vec::new();
    while levels.is_empty() || extents.len() > 1 {
        levels.push(extents.chunks(LANES).map(boxes_of).collect());
        let around = |children: &[Extent<D>]| children.iter().fold(Extent::NOTHING, |a, b| a.with_extent(b));
        extents = extents.chunks(LANES).map(around).collect();
    }
    levels
}

fn boxes_of<const D: usize>(children: &[Extent<D>]) -> Boxes<D> {
    let (low, high) = ([[f32::INFINITY; LANES]; D], [[f32::NEG_INFINITY; LANES]; D]);
    let mut boxes = Boxes { low, high, present: 0 };
    for (lane, child) in children.iter().enumerate() {
        boxes.present |= 1 << lane;
        for d in 0..D {
            boxes.low[d][lane] = child.low[d];
            boxes.high[d][lane] = child.high[d];
        }
    }
    boxes
}

/// The smallest power of two that is not below `value`, 1 where that is 0.
fn power_of_two_above(value: f32) -> f64 {
    if value > 0.0 { f64::from(value).log2().ceil().exp2() } else { 1.0 }
}
