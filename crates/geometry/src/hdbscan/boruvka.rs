//! The exact minimum spanning tree of the mutual reachability distances of points in few dimensions.
//!
//! Borůvka's algorithm over a kd-tree (March, Ram and Gray, *Fast Euclidean minimum spanning tree*, KDD 2010; McInnes and
//! Healy, *Accelerated hierarchical density based clustering*, 2017): in each round every component looks for the nearest
//! point outside. What keeps a round short:
//!
//! - a point keeps what it found: while that is outside still, it is the nearest still; else no nearer one comes;
//! - nodes whose points are of one component are tagged, and not entered from it;
//! - nothing farther than the best that the component has found is looked at;
//! - the points of a leaf search together, and look at 16 points or nodes at a time.
//!
//! Weights are squared distances in `f32`, scaled by a power of two. Differences of `f32` coordinates that are near
//! each other are exact, so a weight is right to 2⁻²³ of itself wherever the points lie; the square is in the same
//! order as the distance, and no root makes two of them equal.

use populi_simd::{Kernel, LANES, Level, Simd};
use rayon::prelude::*;

use super::kdtree::{self, Extent, KdTree, Visitor, Waiting};
use super::spanning::{Components, Leaving, Link, PLACES_PER_TASK};
use crate::progress::Progress;

/// Leaves whose points search as one task.
const LEAVES_PER_TASK: usize = 32;

/// No place; also the tag of a node with points of more than one component.
const NONE: i32 = -1;

/// The edges of the minimum spanning tree, squared and in no order. `cores` are squared core distances in the order of the tree.
pub(super) fn spanning_links<const D: usize>(
    tree: &KdTree<D>,
    cores: &[f32],
    level: Level,
    progress: &dyn Progress,
) -> Vec<Link> {
    let n_places = tree.rows.len();
    progress.stage("spanning tree", n_places.saturating_sub(1) as u64);
    let mut place_of = vec![0u32; n_places];
    tree.rows.iter().enumerate().for_each(|(place, &row)| place_of[row as usize] = place as u32);
    let least_cores = least_of_children(tree, cores);
    let mut found = vec![Found { place: NONE, at_least: 0.0 }; n_places];
    let mut components = Components::alone(n_places);
    while components.n > 1 {
        let leaving = Leaving::new(components.n);
        let of = whole_leaves(&components.of);
        found.par_chunks_mut(PLACES_PER_TASK).zip(of.par_chunks(PLACES_PER_TASK)).for_each(|(found, own)| {
            for (found, &own) in found.iter_mut().zip(own) {
                found.keep_if_outside(own, &of, &leaving);
            }
        });
        let tags = tags(tree, &of);
        let round =
            Round { tree, cores, least_cores: &least_cores, components: &of, tags: &tags, leaving: &leaving };
        found.par_chunks_mut(LEAVES_PER_TASK * LANES).enumerate().for_each(|(task, found)| {
            level.run(Search { round: &round, first_leaf: task * LEAVES_PER_TASK, found });
        });
        found.par_chunks(PLACES_PER_TASK).enumerate().for_each(|(task, block)| {
            for (place, found) in (task * PLACES_PER_TASK..).zip(block) {
                if found.place != NONE {
                    let link = Link::new(found.at_least, tree.rows[place], tree.rows[found.place as usize]);
                    leaving.offer_pair(of[place], link);
                }
            }
        });
        components.join(&leaving, |row| place_of[row as usize] as usize, progress);
    }
    components.links
}

/// What a point knows about the nearest point outside its component.
#[derive(Clone, Copy)]
struct Found {
    /// Where it is, or none.
    place: i32,
    /// The weight of the edge to it; where there is none, nothing outside is nearer than this.
    at_least: f32,
}

impl Found {
    fn keep_if_outside(&mut self, own: i32, components: &[i32], leaving: &Leaving) {
        if self.place == NONE {
            return;
        }
        if components[self.place as usize] == own {
            self.place = NONE;
        } else {
            leaving.offer_weight(own, self.at_least);
        }
    }
}

/// What all searches of a round look at.
struct Round<'a, const D: usize> {
    tree: &'a KdTree<D>,
    cores: &'a [f32],
    /// The least core distance below each child of each node, by level.
    least_cores: &'a [Vec<[f32; LANES]>],
    /// By place, in whole leaves.
    components: &'a [i32],
    /// The one component below each node, by level; leaves first.
    tags: &'a [Vec<i32>],
    leaving: &'a Leaving,
}

/// The points of some leaves search.
struct Search<'a, const D: usize> {
    round: &'a Round<'a, D>,
    first_leaf: usize,
    found: &'a mut [Found],
}

/// A point that searches.
#[derive(Clone, Copy)]
struct Query<const D: usize> {
    at: [f32; D],
    lane: usize,
    row: u32,
    core: f32,
    component: i32,
    /// Nothing farther is of use.
    bound: f32,
    best: Link,
    place: i32,
}

impl<const D: usize> Kernel for Search<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut queries: Vec<Query<D>> = Vec::with_capacity(LANES);
        for (leaf, found) in (self.first_leaf..).zip(self.found.chunks_mut(LANES)) {
            self.round.queries_of(leaf, found, &mut queries);
            let Some(first) = queries.first() else { continue };
            let component =
                if queries.iter().all(|q| q.component == first.component) { first.component } else { NONE };
            let extent = queries.iter().fold(Extent::NOTHING, |extent, query| extent.with(&query.at));
            let mut searching =
                Searching { round: self.round, queries: &mut queries, component, reach: f32::INFINITY };
            searching.narrow();
            self.round.tree.search(simd, &extent, &mut waiting, &mut searching);
            for query in &queries {
                let found = &mut found[query.lane];
                if query.place != NONE && query.best.weight <= query.bound {
                    *found = Found { place: query.place, at_least: query.best.weight };
                    self.round.leaving.offer_weight(query.component, query.best.weight);
                } else {
                    found.at_least = query.bound.next_up();
                }
            }
        }
    }
}

impl<const D: usize> Round<'_, D> {
    /// The points of a leaf that may have the best edge of their component and do not know it.
    #[inline(always)]
    fn queries_of(&self, leaf: usize, found: &[Found], queries: &mut Vec<Query<D>>) {
        queries.clear();
        let points = &self.tree.leaves[leaf];
        for (lane, found) in found.iter().enumerate() {
            let place = leaf * LANES + lane;
            let component = self.components[place];
            let bound = self.leaving.weight(component);
            let core = self.cores[place];
            if found.place != NONE || found.at_least > bound || core > bound {
                continue;
            }
            let row = self.tree.rows[place];
            let best = Link { weight: f32::INFINITY, a: u32::MAX, b: u32::MAX };
            let at = std::array::from_fn(|d| points[d][lane]);
            queries.push(Query { at, lane, row, core, component, bound, best, place: NONE });
        }
    }
}

/// The search of the points of one leaf.
struct Searching<'a, const D: usize> {
    round: &'a Round<'a, D>,
    queries: &'a mut [Query<D>],
    /// The component of all of them, if it is one.
    component: i32,
    reach: f32,
}

impl<const D: usize> Searching<'_, D> {
    /// Takes over what other points of the component have found, and what this leaf's have.
    #[inline(always)]
    fn narrow(&mut self) {
        let mut reach = 0.0f32;
        if self.component != NONE {
            let bound = self.queries.iter().fold(f32::INFINITY, |bound, query| bound.min(query.bound));
            let bound = bound.min(self.round.leaving.weight(self.component));
            self.queries.iter_mut().for_each(|query| query.bound = bound);
            reach = bound;
        } else {
            self.queries.iter().for_each(|query| reach = reach.max(query.bound));
        }
        self.reach = reach;
    }
}

impl<const D: usize> Visitor for Searching<'_, D> {
    const TIES_MATTER: bool = true;

    #[inline(always)]
    fn reach(&self) -> f32 {
        self.reach
    }

    #[inline(always)]
    fn at_least<S: Simd>(&self, simd: S, level: usize, node: usize, squared: S::F32) -> S::F32 {
        simd.max(squared, simd.load(&self.round.least_cores[level][node]))
    }

    #[inline(always)]
    fn skips(&self, level: usize, child: usize) -> bool {
        let tag = self.round.tags[level][child];
        tag != NONE && tag == self.component
    }

    #[inline(always)]
    fn visit<S: Simd>(&mut self, simd: S, leaf: usize) {
        let round = self.round;
        let tree = round.tree;
        let points = &tree.leaves[leaf];
        let first = leaf * LANES;
        let cores = simd.load(&round.cores.as_chunks::<LANES>().0[leaf]);
        let components = simd.load_i32(&round.components.as_chunks::<LANES>().0[leaf]);
        let mut improved = false;
        for query in self.queries.iter_mut() {
            let squared = kdtree::squared_distances(simd, points, &query.at);
            let weights = simd.max(simd.max(squared, cores), simd.splat(query.core));
            let beyond = simd.bits_of_mask(simd.less(simd.splat(query.bound), weights));
            let own = simd.bits_of_mask(simd.equal_i32(components, simd.splat_i32(query.component)));
            let mut outside = !beyond & !own;
            if outside == 0 {
                continue;
            }
            let weights = simd.to_array(weights);
            while outside != 0 {
                let lane = outside.trailing_zeros() as usize;
                outside &= outside.wrapping_sub(1);
                let place = first + lane;
                if place >= tree.rows.len() {
                    break;
                }
                let link = Link::new(weights[lane], query.row, tree.rows[place]);
                if link.order() < query.best.order() {
                    query.best = link;
                    query.place = place as i32;
                    query.bound = query.bound.min(link.weight);
                    improved = true;
                }
            }
        }
        if improved {
            self.narrow();
        }
    }
}

/// The least core distance below each child of each node, by level.
fn least_of_children<const D: usize>(tree: &KdTree<D>, cores: &[f32]) -> Vec<Vec<[f32; LANES]>> {
    let least = |cores: &[f32]| cores.iter().copied().fold(f32::INFINITY, f32::min);
    let mut of_nodes: Vec<f32> = cores.par_chunks(LANES).map(least).collect();
    let mut levels = Vec::with_capacity(tree.levels.len());
    for _ in &tree.levels {
        let padded =
            |children: &[f32]| std::array::from_fn(|i| children.get(i).copied().unwrap_or(f32::INFINITY));
        levels.push(of_nodes.chunks(LANES).map(padded).collect());
        of_nodes = of_nodes.chunks(LANES).map(least).collect();
    }
    levels
}

/// The one component below each node, or none, by level; leaves first.
fn tags<const D: usize>(tree: &KdTree<D>, components: &[i32]) -> Vec<Vec<i32>> {
    let one = |tags: &[i32]| if tags.iter().all(|&tag| tag == tags[0]) { tags[0] } else { NONE };
    let n_places = tree.rows.len();
    let of_leaf = |(leaf, places): (usize, &[i32])| one(&places[..places.len().min(n_places - leaf * LANES)]);
    let mut levels = vec![components.par_chunks(LANES).enumerate().map(of_leaf).collect::<Vec<_>>()];
    for level in 1..tree.levels.len() {
        let above = levels[level - 1].chunks(LANES).map(one).collect();
        levels.push(above);
    }
    levels
}

/// A copy with places behind the last up to a whole leaf, which belong to no component.
fn whole_leaves(components: &[i32]) -> Vec<i32> {
    let mut whole = Vec::with_capacity(components.len().next_multiple_of(LANES));
    whole.extend_from_slice(components);
    whole.resize(components.len().next_multiple_of(LANES), NONE);
    whole
}
