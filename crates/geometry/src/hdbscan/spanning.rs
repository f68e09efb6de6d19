//! Borůvka's algorithm without the search: components, the best edge that leaves each, and joining them.
//!
//! Edges are ordered by (weight, smaller id, larger id). No two edges are equal, so there is one minimum spanning tree, the
//! best edges of all components never close a circle, and it does not matter who finds them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::progress::Progress;

/// Places looked at as one task.
pub(super) const PLACES_PER_TASK: usize = 4096;

/// An edge of the spanning tree while it is found; `a < b` are rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Link {
    /// Not negative: the distance, or its square.
    pub(super) weight: f32,
    pub(super) a: u32,
    pub(super) b: u32,
}

impl Link {
    pub(super) fn new(weight: f32, one: u32, other: u32) -> Self {
        Self { weight, a: one.min(other), b: one.max(other) }
    }

    /// What edges are ordered by.
    #[inline(always)]
    pub(super) fn order(self) -> (u32, u64) {
        (self.weight.to_bits(), self.pair())
    }

    #[inline(always)]
    fn pair(self) -> u64 {
        u64::from(self.a) << 32 | u64::from(self.b)
    }
}

/// The best edge that leaves each component, offered from any thread: first all weights, then the pairs that have them.
pub(super) struct Leaving {
    weights: Vec<AtomicU32>,
    pairs: Vec<AtomicU64>,
}

impl Leaving {
    pub(super) fn new(n_components: usize) -> Self {
        let weights = (0..n_components).map(|_| AtomicU32::new(f32::INFINITY.to_bits())).collect();
        Self { weights, pairs: (0..n_components).map(|_| AtomicU64::new(u64::MAX)).collect() }
    }

    /// The lowest weight offered so far: an upper bound while weights are offered.
    #[inline(always)]
    pub(super) fn weight(&self, component: i32) -> f32 {
        f32::from_bits(self.weights[component as usize].load(Ordering::Relaxed))
    }

    /// Offers the weight of an edge. Weights are not negative, so they are in the order of their bits.
    #[inline(always)]
    pub(super) fn offer_weight(&self, component: i32, weight: f32) {
        if weight < self.weight(component) {
            self.weights[component as usize].fetch_min(weight.to_bits(), Ordering::Relaxed);
        }
    }

    /// Offers the rows of an edge, once every weight is offered.
    #[inline(always)]
    pub(super) fn offer_pair(&self, component: i32, link: Link) {
        if link.weight == self.weight(component) {
            self.pairs[component as usize].fetch_min(link.pair(), Ordering::Relaxed);
        }
    }

    fn of(&self, component: usize) -> Option<Link> {
        let pair = self.pairs[component].load(Ordering::Relaxed);
        let weight = self.weight(component as i32);
        (pair != u64::MAX).then_some(Link { weight, a: (pair >> 32) as u32, b: pair as u32 })
    }
}

/// Which component each place belongs to, and the edges that joined them.
pub(super) struct Components {
    /// The component of each place, from 0.
    pub(super) of: Vec<i32>,
    pub(super) n: usize,
    pub(super) links: Vec<Link>,
}

impl Components {
    /// Every place alone.
    pub(super) fn alone(n_places: usize) -> Self {
        let of = (0..n_places as i32).collect();
        Self { of, n: n_places, links: Vec::with_capacity(n_places.saturating_sub(1)) }
    }

    /// Joins components along their best edges; `place_of` finds the place of a row. Gives how many were joined.
    pub(super) fn join(
        &mut self,
        leaving: &Leaving,
        place_of: impl Fn(u32) -> usize,
        progress: &dyn Progress,
    ) -> usize {
        let n_before = self.n;
        let mut sets = DisjointSets::new(n_before);
        for component in 0..n_before {
            let Some(link) = leaving.of(component) else { continue };
            let ends = [link.a, link.b].map(|row| self.of[place_of(row)] as u32);
            if sets.join(ends[0], ends[1]).is_some() {
                self.links.push(link);
            }
        }
        // Numbers of the components that are left, by the first of each.
        let mut number_of_root = vec![-1; n_before];
        let mut n_left = 0;
        let new_numbers: Vec<i32> = (0..n_before as u32)
            .map(|component| {
                let number = &mut number_of_root[sets.root(component) as usize];
                if *number < 0 {
                    *number = n_left;
                    n_left += 1;
                }
                *number
            })
            .collect();
        self.of.par_chunks_mut(PLACES_PER_TASK).for_each(|block| {
            block.iter_mut().for_each(|component| *component = new_numbers[*component as usize]);
        });
        self.n = n_left as usize;
        progress.advance((n_before - self.n) as u64);
        n_before - self.n
    }
}

/// Sets that only grow together.
pub(super) struct DisjointSets {
    parents: Vec<u32>,
    sizes: Vec<u32>,
}

impl DisjointSets {
    pub(super) fn new(n: usize) -> Self {
        Self { parents: (0..n as u32).collect(), sizes: vec![1; n] }
    }

    /// The member that stands for the set.
    #[inline]
    pub(super) fn root(&mut self, mut member: u32) -> u32 {
        loop {
            let parent = self.parents[member as usize];
            if parent == member {
                return member;
            }
            let grandparent = self.parents[parent as usize];
            self.parents[member as usize] = grandparent;
            member = grandparent;
        }
    }

    /// Members of the set that this root stands for.
    pub(super) fn size(&self, root: u32) -> usize {
        self.sizes[root as usize] as usize
    }

    /// Joins two sets and gives the root that stays and the one that goes; nothing where they are one already.
    pub(super) fn join(&mut self, one: u32, other: u32) -> Option<(u32, u32)> {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return None;
        }
        let (stays, goes) =
            if self.sizes[one as usize] >= self.sizes[other as usize] { (one, other) } else { (other, one) };
        self.parents[goes as usize] = stays;
        self.sizes[stays as usize] += self.sizes[goes as usize];
        Some((stays, goes))
    }
}
