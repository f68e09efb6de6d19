//! The condensed tree: which dense regions there are at each level of density, without the splits that only shed a few rows.
//!
//! R. Campello, D. Moulavi, A. Zimek, J. Sander, *Hierarchical density estimates for data clustering, visualization, and
//! outlier detection*, TKDD 10 (2015); McInnes and Healy (2017), section 2.3. Made from below, in one pass over the sorted
//! edges of the spanning tree: two components of `min_cluster_size` rows or more that meet are two clusters of a new one; a smaller
//! one falls out of the larger where they meet. The dendrogram itself is never stored.
//!
//! Departures from the package `hdbscan`: rows at distance 0 of each other are one place and never split, and count as half as far from
//! each other as the smallest other distance (there: their level is infinite, and so is the stability of any few duplicates).

use super::SpanningEdge;
use super::spanning::DisjointSets;

/// No cluster.
const NONE: u32 = u32::MAX;

/// A cluster of the condensed tree. Levels `λ` are densities: 1 / distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CondensedCluster {
    /// The cluster that it splits from; none for the root.
    pub parent: Option<u32>,
    /// The level from which it is a cluster of its own, 0 for the root.
    pub birth: f64,
    /// The level at which the last rows leave it, or at which it splits.
    pub death: f64,
    /// Rows at its birth.
    pub size: usize,
    /// Excess of mass: over all its rows, how far above its birth they leave it.
    pub stability: f64,
}

/// A line of the tree as the Python package writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CondensedEdge {
    /// The cluster that something leaves.
    pub parent: u32,
    /// What leaves it.
    pub child: CondensedChild,
    /// The level at which it does.
    pub lambda: f64,
    /// Rows that leave.
    pub size: usize,
}

/// What leaves a cluster of the condensed tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CondensedChild {
    /// A row falls out.
    Row(u32),
    /// A cluster splits off.
    Cluster(u32),
}

/// The condensed tree of all rows.
#[derive(Debug, Clone, PartialEq)]
pub struct CondensedTree {
    clusters: Vec<CondensedCluster>,
    cluster_of_row: Vec<u32>,
    lambda_of_row: Vec<f64>,
}

impl CondensedTree {
    /// The clusters: the root is 0, parents come before their children, and later ones split at lower density or above.
    #[must_use]
    pub fn clusters(&self) -> &[CondensedCluster] {
        &self.clusters
    }

    /// The cluster that each row falls out of, `[n_rows]`: the last one that it is in.
    #[must_use]
    pub fn cluster_of_rows(&self) -> &[u32] {
        &self.cluster_of_row
    }

    /// The level at which each row falls out of its cluster, `[n_rows]`.
    #[must_use]
    pub fn lambda_of_rows(&self) -> &[f64] {
        &self.lambda_of_row
    }

    /// All edges: the clusters first, then the rows in order.
    pub fn edges(&self) -> impl Iterator<Item = CondensedEdge> + '_ {
        let of_cluster = |(child, cluster): (usize, &CondensedCluster)| {
            let CondensedCluster { parent, birth: lambda, size, .. } = *cluster;
            parent.map(|parent| CondensedEdge {
                parent,
                child: CondensedChild::Cluster(child as u32),
                lambda,
                size,
            })
        };
        let of_row = |(row, (&parent, &lambda)): (usize, (&u32, &f64))| CondensedEdge {
            parent,
            child: CondensedChild::Row(row as u32),
            lambda,
            size: 1,
        };
        let rows = self.cluster_of_row.iter().zip(&self.lambda_of_row).enumerate().map(of_row);
        self.clusters.iter().enumerate().filter_map(of_cluster).chain(rows)
    }

    /// The two clusters that each splits into, or none.
    pub(super) fn children(&self) -> Vec<Option<[u32; 2]>> {
        let mut children = vec![None; self.clusters.len()];
        for (child, cluster) in self.clusters.iter().enumerate().skip(1) {
            let Some(parent) = cluster.parent else { continue };
            let child = child as u32;
            let pair = &mut children[parent as usize];
            *pair = Some(pair.map_or([child; 2], |[first, _]: [u32; 2]| [first, child]));
        }
        children
    }
}

/// Condenses the sorted edges of a spanning tree of `n_rows >= 1` rows. `O(n)` but for the disjoint sets; serial.
pub(super) fn condense(n_rows: usize, edges: &[SpanningEdge], min_cluster_size: usize) -> CondensedTree {
    let lambdas = Lambdas::of(edges);
    let mut growing = Growing::new(n_rows, min_cluster_size);
    let n_duplicates = edges.partition_point(|edge| edge.distance == 0.0);
    let (duplicates, apart) = edges.split_at(n_duplicates);
    growing.join_duplicates(duplicates, lambdas.highest);
    for edge in apart {
        growing.join(edge.a, edge.b, lambdas.at(edge.distance));
    }
    growing.finish(edges.last().map_or(0.0, |edge| lambdas.at(edge.distance)))
}

/// Levels of density of distances.
pub(super) struct Lambdas {
    /// The level of distance 0: twice that of the smallest other distance, or 1 where there is none.
    pub(super) highest: f64,
}

impl Lambdas {
    pub(super) fn of(edges: &[SpanningEdge]) -> Self {
        let smallest = edges.iter().map(|edge| edge.distance).find(|&distance| distance > 0.0);
        Self { highest: smallest.map_or(1.0, |distance| 2.0 / distance) }
    }

    pub(super) fn at(&self, distance: f64) -> f64 {
        if distance > 0.0 { distance.recip() } else { self.highest }
    }
}

/// Components that grow along the edges, from the densest.
struct Growing {
    min_cluster_size: usize,
    sets: DisjointSets,
    /// Circles of the rows of components that are no cluster yet.
    next: Vec<u32>,
    /// The cluster that the component of a root is, if it is one.
    cluster_of_root: Vec<u32>,
    /// In the order in which they are met, from the densest.
    clusters: Vec<CondensedCluster>,
    cluster_of_row: Vec<u32>,
    lambda_of_row: Vec<f64>,
}

impl Growing {
    fn new(n_rows: usize, min_cluster_size: usize) -> Self {
        Self {
            min_cluster_size,
            sets: DisjointSets::new(n_rows),
            next: (0..n_rows as u32).collect(),
            cluster_of_root: vec![NONE; n_rows],
            clusters: Vec::new(),
            cluster_of_row: vec![NONE; n_rows],
            lambda_of_row: vec![0.0; n_rows],
        }
    }

    /// Rows at distance 0 are one component before anything else is seen.
    fn join_duplicates(&mut self, edges: &[SpanningEdge], lambda: f64) {
        for edge in edges {
            if self.sets.join(edge.a, edge.b).is_some() {
                self.next.swap(edge.a as usize, edge.b as usize);
            }
        }
        for edge in edges {
            let root = self.sets.root(edge.a);
            let size = self.sets.size(root);
            if size >= self.min_cluster_size && self.cluster_of_root[root as usize] == NONE {
                let cluster = self.open(size, lambda);
                self.cluster_of_root[root as usize] = cluster;
                self.drop_rows(root, cluster, lambda);
            }
        }
    }

    fn join(&mut self, a: u32, b: u32, lambda: f64) {
        let sizes = [a, b].map(|row| {
            let root = self.sets.root(row);
            self.sets.size(root)
        });
        let Some((stays, goes)) = self.sets.join(a, b) else { return };
        let size = sizes[0] + sizes[1];
        let cluster = match [stays, goes].map(|root| self.cluster_of_root[root as usize]) {
            [NONE, NONE] => {
                self.next.swap(stays as usize, goes as usize);
                if size < self.min_cluster_size {
                    return;
                }
                let cluster = self.open(size, lambda);
                self.drop_rows(stays, cluster, lambda);
                cluster
            }
            [cluster, NONE] => {
                self.drop_rows(goes, cluster, lambda);
                self.clusters[cluster as usize].size = size;
                cluster
            }
            // The larger component stays, so this cannot be; it would be the same thing.
            [NONE, cluster] => {
                self.drop_rows(stays, cluster, lambda);
                self.clusters[cluster as usize].size = size;
                cluster
            }
            children => {
                let parent = self.open(size, lambda);
                for child in children {
                    let child = &mut self.clusters[child as usize];
                    child.parent = Some(parent);
                    child.birth = lambda;
                }
                parent
            }
        };
        self.cluster_of_root[stays as usize] = cluster;
    }

    fn open(&mut self, size: usize, death: f64) -> u32 {
        self.clusters.push(CondensedCluster { parent: None, birth: 0.0, death, size, stability: 0.0 });
        (self.clusters.len() - 1) as u32
    }

    /// The rows of a component that is no cluster fall out of one.
    fn drop_rows(&mut self, member: u32, cluster: u32, lambda: f64) {
        let mut row = member;
        loop {
            self.cluster_of_row[row as usize] = cluster;
            self.lambda_of_row[row as usize] = lambda;
            row = self.next[row as usize];
            if row == member {
                return;
            }
        }
    }

    /// Numbers the clusters from the root and sums their stabilities: of rows in order, plus of clusters.
    fn finish(mut self, lambda_of_root: f64) -> CondensedTree {
        let n_rows = self.cluster_of_row.len();
        if self.clusters.is_empty() {
            // Fewer rows than a cluster has: they fall out of the root together.
            self.open(n_rows, lambda_of_root);
            self.cluster_of_row.fill(0);
            self.lambda_of_row.fill(lambda_of_root);
        }
        let last = (self.clusters.len() - 1) as u32;
        let mut clusters = self.clusters;
        clusters.reverse();
        clusters.iter_mut().for_each(|cluster| cluster.parent = cluster.parent.map(|parent| last - parent));
        for (of_row, &lambda) in self.cluster_of_row.iter_mut().zip(&self.lambda_of_row) {
            *of_row = last - *of_row;
            let cluster = &mut clusters[*of_row as usize];
            cluster.stability += lambda - cluster.birth;
        }
        let mut split_off = vec![0.0; clusters.len()];
        for CondensedCluster { parent, birth, size, .. } in &clusters {
            if let Some(parent) = parent {
                split_off[*parent as usize] += (birth - clusters[*parent as usize].birth) * *size as f64;
            }
        }
        clusters.iter_mut().zip(split_off).for_each(|(cluster, split_off)| cluster.stability += split_off);
        CondensedTree { clusters, cluster_of_row: self.cluster_of_row, lambda_of_row: self.lambda_of_row }
    }
}
