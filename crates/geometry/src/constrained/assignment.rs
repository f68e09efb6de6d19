//! The best assignment of rows to clusters of bounded sizes.
//!
//! A minimum-cost flow from rows through clusters to a pool: the edge from cluster to pool carries `min` to `max` rows at no cost. Between
//! clusters a and b only the cheapest move counts, the row of a with the least `cost(b) - cost(a)`; so shortest paths are
//! looked for among k clusters and the pool, and a path moves one row along each of its edges (successive shortest paths: Ahuja,
//! Magnanti and Orlin, *Network flows*, 1993, section 9.7). It begins with each row at the least cost and the sizes that come of it,
//! which is optimal but for the sizes, and each path brings a size nearer to its range without giving that up.
//!
//! An iteration of k-means moves centres a little, so the next one begins with the prices (dual values) of the one before: each row
//! at the least sum of cost and price, which leaves few sizes to mend.
//!
//! Costs are whole numbers, so that sums are exact and of equal paths the same one is always found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;

use rayon::prelude::*;

/// The greatest cost as a whole number: sums of as many as there are clusters fit, and rounding is below that of `f32` products.
const GREATEST: f64 = (1u64 << 40) as f64;

/// Farther than any path.
const NEVER: i64 = i64::MAX / 4;

/// Rows that are one task. Moves no digit.
const ROWS_PER_TASK: usize = 1024;

/// Assigns again and again, each time from the prices of the last.
pub(super) struct Assignment {
    k: usize,
    sizes: RangeInclusive<usize>,
    /// What a row in a cluster costs beyond its own cost, `[k]`: above 0 where too many want in, below where too few do.
    prices: Vec<f64>,
}

impl Assignment {
    pub(super) fn new(k: usize, sizes: RangeInclusive<usize>) -> Self {
        Self { k, sizes, prices: vec![0.0; k] }
    }

    /// The cluster of each row at the least sum of `costs [n_rows, k]` for sizes in the range, which must be possible.
    pub(super) fn solve(&mut self, costs: &[f32]) -> Vec<u32> {
        let most =
            costs.par_iter().with_min_len(ROWS_PER_TASK).map(|cost| cost.abs()).reduce(|| 0.0, f32::max);
        let scale = if most > 0.0 && most.is_finite() { GREATEST / f64::from(most) } else { 1.0 };
        let costs = Costs { k: self.k, costs, scale };
        let whole = |price: &f64| ((price * scale).round() as i64).clamp(-NEVER / 4, NEVER / 4);
        let prices: Vec<i64> = self.prices.iter().map(whole).collect();
        let mut flow = Flow::new(costs, &prices, &self.sizes);
        while flow.augment() {}
        self.prices = flow.prices().into_iter().map(|price| price as f64 / scale).collect();
        flow.labels
    }
}

/// Costs as whole numbers.
#[derive(Clone, Copy)]
struct Costs<'a> {
    k: usize,
    costs: &'a [f32],
    scale: f64,
}

impl Costs<'_> {
    fn row(&self, row: usize) -> impl Iterator<Item = i64> + '_ {
        self.costs[row * self.k..(row + 1) * self.k].iter().map(|&cost| (f64::from(cost) * self.scale) as i64)
    }

    fn of(&self, row: usize, cluster: usize) -> i64 {
        (f64::from(self.costs[row * self.k + cluster]) * self.scale) as i64
    }
}

/// Moves out of one cluster to each other: the least `(cost, row)` on top. Rows that have left since are still in it.
type Moves = Vec<BinaryHeap<Reverse<(i64, u32)>>>;

/// A flow that is optimal for its sizes. Node k is the pool.
struct Flow<'a> {
    costs: Costs<'a>,
    labels: Vec<u32>,
    min: i64,
    max: i64,
    /// From each cluster to the pool, within the range, `[k]`.
    to_pool: Vec<i64>,
    /// What flows into a node and not out of it, `[k + 1]`.
    excess: Vec<i64>,
    /// The cheapest move between two clusters, `[k, k]`; `NEVER` where there is none.
    cheapest: Vec<i64>,
    /// For clusters that gave or took a row.
    moves: Vec<Option<Moves>>,
}

impl<'a> Flow<'a> {
    /// Each row at the least sum of cost and price; of equals the first cluster.
    fn new(costs: Costs<'a>, prices: &[i64], sizes: &RangeInclusive<usize>) -> Self {
        let k = costs.k;
        let n_rows = costs.costs.len() / k;
        let least = |row: usize| {
            let sums = costs.row(row).zip(prices).map(|(cost, price)| cost + price).zip(0..);
            sums.min().map_or(0, |(_, cluster)| cluster)
        };
        let labels: Vec<u32> = (0..n_rows).into_par_iter().with_min_len(ROWS_PER_TASK).map(least).collect();
        let (min, max) = (*sizes.start() as i64, *sizes.end() as i64);
        let mut excess = vec![0i64; k + 1];
        labels.iter().for_each(|&label| excess[label as usize] += 1);
        // A cluster with a price is at the end of its range, and one without anywhere in it.
        let flow = |(&size, &price): (&i64, &i64)| match price {
            1.. => max,
            0 => size.clamp(min, max),
            _ => min,
        };
        let to_pool: Vec<i64> = excess.iter().zip(prices).map(flow).collect();
        excess.iter_mut().zip(&to_pool).for_each(|(excess, flow)| *excess -= flow);
        excess[k] = to_pool.iter().sum::<i64>() - n_rows as i64;
        let cheapest = cheapest_moves(costs, &labels);
        Self { costs, labels, min, max, to_pool, excess, cheapest, moves: vec![None; k] }
    }

    /// Moves one unit from a node that has too much to one that has too little, at the least cost. Says whether there was one.
    fn augment(&mut self) -> bool {
        let k = self.costs.k;
        let from: Vec<i64> = self.excess.iter().map(|&excess| if excess > 0 { 0 } else { NEVER }).collect();
        let (distances, before) = self.shortest_paths(from);
        let lacking = (0..=k).filter(|&node| self.excess[node] < 0 && distances[node] < NEVER);
        let Some(last) = lacking.min_by_key(|&node| (distances[node], node)) else { return false };
        let mut path = vec![last];
        let mut node = last;
        while let Some(previous) = before[node] {
            path.push(previous);
            node = previous;
        }
        path.reverse();
        // All rows are chosen before any is moved: each is one that the path was found with.
        let mut moved: Vec<(u32, usize)> = Vec::new();
        for edge in path.windows(2) {
            match (edge[0], edge[1]) {
                (from, to) if to == k => self.to_pool[from] += 1,
                (from, to) if from == k => self.to_pool[to] -= 1,
                (from, to) => moved.extend(self.take_cheapest(from, to).map(|row| (row, to))),
            }
        }
        moved.iter().for_each(|&(row, to)| self.put(row, to));
        for &cluster in path.iter().filter(|&&node| node < k) {
            self.look_up_cheapest(cluster);
        }
        self.excess[path[0]] -= 1;
        self.excess[last] += 1;
        true
    }

    /// Prices at which each row is where cost and price are least and each cluster within its range is free of charge.
    fn prices(&self) -> Vec<i64> {
        let k = self.costs.k;
        let (potentials, _) = self.shortest_paths(vec![0; k + 1]);
        potentials[..k].iter().map(|potential| potentials[k] - potential).collect()
    }

    /// How far each node is from the nearest of those that `distances` are 0 for, and the node before it. Bellman and Ford's: costs
    /// may be below 0, but no circle is, because the flow is optimal.
    fn shortest_paths(&self, mut distances: Vec<i64>) -> (Vec<i64>, Vec<Option<usize>>) {
        let k = self.costs.k;
        let mut before = vec![None; k + 1];
        let mut shorter = true;
        while shorter {
            shorter = false;
            for from in 0..k {
                if distances[from] >= NEVER {
                    continue;
                }
                let reached = distances[from];
                let moves = &self.cheapest[from * k..(from + 1) * k];
                for (to, (distance, &cost)) in distances.iter_mut().zip(moves).enumerate() {
                    if cost < NEVER && reached + cost < *distance {
                        (*distance, before[to], shorter) = (reached + cost, Some(from), true);
                    }
                }
                if self.to_pool[from] < self.max && reached < distances[k] {
                    (distances[k], before[k], shorter) = (reached, Some(from), true);
                }
            }
            let pool = distances[k];
            for to in 0..k {
                if self.to_pool[to] > self.min && pool < distances[to] {
                    (distances[to], before[to], shorter) = (pool, Some(k), true);
                }
            }
        }
        (distances, before)
    }

    /// Takes the row that moves at the least cost off the list.
    fn take_cheapest(&mut self, from: usize, to: usize) -> Option<u32> {
        let labels = &self.labels;
        let costs = self.costs;
        let moves = self.moves[from].get_or_insert_with(|| all_moves(costs, labels, from));
        while let Some(Reverse((_, row))) = moves[to].pop() {
            if labels[row as usize] as usize == from {
                return Some(row);
            }
        }
        None
    }

    fn put(&mut self, row: u32, to: usize) {
        self.labels[row as usize] = to as u32;
        if let Some(moves) = &mut self.moves[to] {
            let own = self.costs.of(row as usize, to);
            let others = moves.iter_mut().zip(self.costs.row(row as usize)).enumerate();
            others
                .filter(|&(other, _)| other != to)
                .for_each(|(_, (heap, cost))| heap.push(Reverse((cost - own, row))));
        }
    }

    /// Looks up the cheapest moves out of a cluster whose rows changed.
    fn look_up_cheapest(&mut self, from: usize) {
        let labels = &self.labels;
        let costs = self.costs;
        let moves = self.moves[from].get_or_insert_with(|| all_moves(costs, labels, from));
        let cheapest = &mut self.cheapest[from * costs.k..(from + 1) * costs.k];
        for (cheapest, heap) in cheapest.iter_mut().zip(moves) {
            while heap.peek().is_some_and(|Reverse((_, row))| labels[*row as usize] as usize != from) {
                heap.pop();
            }
            *cheapest = heap.peek().map_or(NEVER, |Reverse((cost, _))| *cost);
        }
    }
}

/// The least cost of a move between each two clusters, `[k, k]`.
fn cheapest_moves(costs: Costs<'_>, labels: &[u32]) -> Vec<i64> {
    let k = costs.k;
    let none = || vec![NEVER; k * k];
    let lower = |mut cheapest: Vec<i64>, row: usize| {
        let from = labels[row] as usize;
        let own = costs.of(row, from);
        let others = cheapest[from * k..(from + 1) * k].iter_mut().zip(costs.row(row)).enumerate();
        others.filter(|&(to, _)| to != from).for_each(|(_, (least, cost))| *least = (*least).min(cost - own));
        cheapest
    };
    let least = |mut a: Vec<i64>, b: Vec<i64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a = (*a).min(b));
        a
    };
    (0..labels.len()).into_par_iter().with_min_len(ROWS_PER_TASK).fold(none, lower).reduce(none, least)
}

/// The moves of all rows of a cluster.
fn all_moves(costs: Costs<'_>, labels: &[u32], from: usize) -> Moves {
    let mut moves = vec![Vec::new(); costs.k];
    for (row, _) in labels.iter().enumerate().filter(|&(_, &label)| label as usize == from) {
        let own = costs.of(row, from);
        let others = moves.iter_mut().zip(costs.row(row)).enumerate();
        let others = others.filter(|&(to, _)| to != from);
        others.for_each(|(_, (moves, cost))| moves.push(Reverse((cost - own, row as u32))));
    }
    moves.into_iter().map(BinaryHeap::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    /// Oracle: every assignment whose sizes are in the range.
    fn least_cost(costs: &[f32], k: usize, sizes: &RangeInclusive<usize>) -> f32 {
        let n = costs.len() / k;
        let cost = |code: usize| -> Option<f32> {
            let label = |row: usize| code / k.pow(row as u32) % k;
            let mut found = vec![0usize; k];
            (0..n).for_each(|row| found[label(row)] += 1);
            found
                .iter()
                .all(|size| sizes.contains(size))
                .then(|| (0..n).map(|row| costs[row * k + label(row)]).sum())
        };
        (0..k.pow(n as u32)).filter_map(cost).fold(f32::INFINITY, f32::min)
    }

    fn check(assignment: &mut Assignment, costs: &[f32], least: f32) {
        let labels = assignment.solve(costs);
        let mut sizes = vec![0usize; assignment.k];
        labels.iter().for_each(|&label| sizes[label as usize] += 1);
        assert!(sizes.iter().all(|size| assignment.sizes.contains(size)), "{sizes:?}");
        let cost: f32 =
            labels.iter().enumerate().map(|(row, &label)| costs[row * assignment.k + label as usize]).sum();
        assert_eq!(cost, least);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_assignment_of_these_sizes_costs_less(
            k in 1usize..5, first in prop::collection::vec(-9i8..9, 28), second in prop::collection::vec(-9i8..9, 28),
            min in 1usize..4, more in 0usize..4,
        ) {
            // Small whole numbers: many equal paths.
            let n = 7usize.max(k);
            let max = (min + more).max(n.div_ceil(k));
            let sizes = min.min(n / k)..=max;
            let mut assignment = Assignment::new(k, sizes.clone());
            // The second begins with the prices of the first.
            for costs in [first, second] {
                let costs: Vec<f32> = costs[..n * k].iter().map(|&cost| f32::from(cost)).collect();
                check(&mut assignment, &costs, least_cost(&costs, k, &sizes));
            }
        }
    }

    #[test]
    fn a_full_cluster_passes_rows_on() {
        // All want cluster 0; the cheapest way out for one of two is through 1, which then gives to 2.
        let costs = [0.0, 9.0, 99.0, 0.0, 1.0, 99.0, 99.0, 0.0, 2.0];
        assert_eq!(Assignment::new(3, 1..=1).solve(&costs), [0, 1, 2]);
    }
}
