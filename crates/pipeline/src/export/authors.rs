//! Everybody who wrote a post that can be shown: a number, a pseudonym, a cluster.

use std::collections::HashMap;

use populi_dataset::{Kind, Pseudonym, Pseudonyms};
use populi_model::table::ClusterRow;
use populi_model::{Key, Platform};
use populi_store::Snapshot;

use crate::Result;

/// Of an author who is in no cluster.
const NO_CLUSTER: u32 = u32::MAX;

/// Authors by number, in the order in which they were met: about 90 bytes each.
pub(super) struct Authors {
    pseudonyms: Pseudonyms,
    clustered: HashMap<Key, u32>,
    numbers: HashMap<Key, u32>,
    names: Vec<Pseudonym>,
    clusters: Vec<u32>,
}

impl Authors {
    /// Knows the clusters, and nobody yet.
    pub(super) fn of(snapshot: &Snapshot, pseudonyms: Pseudonyms) -> Result<Self> {
        let mut clustered = HashMap::new();
        for row in snapshot.rows::<ClusterRow>() {
            let row = row?;
            if let Some(cluster) = row.cluster {
                clustered.insert(row.unit_key, cluster);
            }
        }
        Ok(Self { clustered, ..Self::unclustered(pseudonyms) })
    }

    /// Knows no cluster and nobody.
    pub(super) fn unclustered(pseudonyms: Pseudonyms) -> Self {
        let (clustered, numbers) = (HashMap::new(), HashMap::new());
        Self { pseudonyms, clustered, numbers, names: Vec::new(), clusters: Vec::new() }
    }

    /// The number of an author, who gets one where there is none yet.
    pub(super) fn add(&mut self, key: Key, platform: Platform, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        // There are no more authors than posts, which are numbered in 32 bits.
        let number = self.names.len() as u32;
        self.numbers.insert(key, number);
        self.names.push(self.pseudonyms.of(platform.name(), Kind::Account, id));
        self.clusters.push(self.clustered.get(&key).copied().unwrap_or(NO_CLUSTER));
        number
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn number(&self, key: Key) -> Option<u32> {
        self.numbers.get(&key).copied()
    }

    pub(super) fn name(&self, number: u32) -> Pseudonym {
        self.names[number as usize]
    }

    pub(super) fn cluster(&self, number: u32) -> Option<u32> {
        Some(self.clusters[number as usize]).filter(|cluster| *cluster != NO_CLUSTER)
    }

    /// How many clusters there are, those without authors too.
    pub(super) fn n_clusters(&self) -> usize {
        self.clustered.values().max().map_or(0, |last| *last as usize + 1)
    }
}
