//! Several granularities from one condensed tree.

use super::condense::CondensedTree;
use super::label::{largest_first, renumber};
use super::{Hdbscan, select};
use crate::NOISE;

/// One granularity: clusters, each inside one of the next coarser layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The cluster of each row, `[n_rows]`: 0 has the most rows, of equal sizes the one whose first row comes first.
    pub labels: Vec<i32>,
    /// The cluster of the condensed tree that each label is, `[n_clusters]`.
    pub clusters: Vec<u32>,
    /// Rows in each cluster, `[n_clusters]`.
    pub sizes: Vec<usize>,
    /// Rows in none.
    pub n_noise: usize,
    /// The persistence that every split of this layer has at least: see [`Hdbscan::layers`].
    pub persistence: f64,
}

impl Hdbscan {
    /// At most `n_layers` labellings from fine to coarse, whatever was selected.
    ///
    /// The first has all leaves of the condensed tree. To go on, splits are undone, the least persistent first, until at most half as many
    /// clusters are left, two at least. The persistence of a split is how many times denser than the split the less dense of its two parts becomes
    /// (`ln(death / birth)`, of the part with everything below it); of equal ones the split that is denser goes first. So layers are
    /// nested, a row in a cluster of one layer is in one of each coarser layer, and noise shrinks. Only layers of two or more clusters are given: none where
    /// nothing splits. `O(n)` a layer.
    #[must_use]
    pub fn layers(&self, n_layers: usize) -> Vec<Layer> {
        let mut pruned = Pruned::new(&self.tree);
        let mut layers = Vec::new();
        while layers.len() < n_layers && pruned.n_leaves >= 2 {
            layers.push(self.layer(&pruned));
            if pruned.n_leaves == 2 {
                break;
            }
            pruned.prune_to((pruned.n_leaves / 2).max(2));
        }
        layers
    }

    fn layer(&self, pruned: &Pruned) -> Layer {
        let chosen = pruned.leaves();
        let mut labels = select::label_rows(&self.tree, &chosen, 0.0);
        let order = largest_first(&labels, chosen.len());
        renumber(&mut labels, &order);
        let clusters: Vec<u32> = order.iter().map(|&old| chosen[old as usize]).collect();
        let mut sizes = vec![0; clusters.len()];
        let of_clusters = labels.iter().filter(|&&label| label != NOISE);
        of_clusters.for_each(|&label| sizes[label as usize] += 1);
        let n_noise = labels.len() - sizes.iter().sum::<usize>();
        Layer { labels, clusters, sizes, n_noise, persistence: pruned.persistence }
    }
}

/// A condensed tree from which splits are taken away.
struct Pruned {
    children: Vec<Option<[u32; 2]>>,
    /// Splits that are left, by falling persistence; the next to go is the last. A split comes after those below it.
    splits: Vec<(f64, u32)>,
    n_leaves: usize,
    /// Of the last split that went.
    persistence: f64,
}

impl Pruned {
    fn new(tree: &CondensedTree) -> Self {
        let clusters = tree.clusters();
        let children = tree.children();
        // The highest density below each cluster, and the persistence of its split: never less than that of one below, so that what is below
        // goes first.
        let mut peaks: Vec<f64> = clusters.iter().map(|cluster| cluster.death).collect();
        let mut persistences = vec![0.0f64; clusters.len()];
        let mut splits = Vec::new();
        for cluster in (0..clusters.len()).rev() {
            if let Some(pair) = children[cluster] {
                let birth = clusters[cluster].death;
                let [one, other] = pair.map(|child| peaks[child as usize]);
                let below = pair.map(|child| persistences[child as usize]);
                let own = if birth > 0.0 { (one.min(other) / birth).ln() } else { f64::INFINITY };
                persistences[cluster] = own.max(below[0]).max(below[1]);
                peaks[cluster] = one.max(other);
                splits.push((persistences[cluster], cluster as u32));
            }
        }
        // Of equal persistence, parents have the smaller number and stay longer.
        splits.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Self { n_leaves: splits.len() + 1, children, splits, persistence: 0.0 }
    }

    fn prune_to(&mut self, n_leaves: usize) {
        while self.n_leaves > n_leaves {
            let Some((persistence, cluster)) = self.splits.pop() else { return };
            self.children[cluster as usize] = None;
            self.persistence = persistence;
            self.n_leaves -= 1;
        }
    }

    /// The clusters that do not split any more, rising.
    fn leaves(&self) -> Vec<u32> {
        let mut open = vec![0];
        let mut leaves = Vec::new();
        while let Some(cluster) = open.pop() {
            match self.children[cluster as usize] {
                Some(pair) => open.extend(pair),
                None => leaves.push(cluster),
            }
        }
        leaves.sort_unstable();
        leaves
    }
}
