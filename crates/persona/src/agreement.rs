//! How far clusters agree with labels that were known before.

use std::collections::{BTreeMap, BTreeSet};

use populi_geometry::{adjusted_mutual_information, adjusted_rand_index};

use crate::Error;

/// Agreement of two ways to divide the same units. Both are 1 for equal divisions and about 0 by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The adjusted Rand index (Hubert and Arabie 1985).
    pub ari: f64,
    /// Adjusted mutual information with the arithmetic mean (Vinh, Epps and Bailey 2010).
    pub ami: f64,
    /// Units that have both a cluster and a label.
    pub n_units: usize,
}

/// Compares clusters with labels; noise and units without a label are left out. `None` where none is left.
///
/// # Errors
/// When the two are of different lengths.
pub fn agreement(clusters: &[Option<u32>], labels: &[Option<String>]) -> Result<Option<Agreement>, Error> {
    let names: BTreeSet<&str> = labels.iter().flatten().map(String::as_str).collect();
    let numbers: BTreeMap<&str, u32> = names.into_iter().zip(0..).collect();
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for (&cluster, label) in clusters.iter().zip(labels) {
        let number = label.as_deref().and_then(|label| numbers.get(label));
        if let (Some(cluster), Some(number)) = (cluster, number) {
            found.push(cluster);
            known.push(*number);
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    Ok(Some(Agreement {
        ari: adjusted_rand_index(&known, &found)?,
        ami: adjusted_mutual_information(&known, &found)?,
        n_units: found.len(),
    }))
}

/// The label that most of an author's posts have; of equally many the first in the alphabet.
#[must_use]
pub fn majority_label(counts: &BTreeMap<String, u32>) -> Option<String> {
    let best = counts.iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)));
    best.map(|(label, _)| label.clone())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn equal_divisions_agree_whatever_the_names() {
        let labels = ["cat", "cat", "dog", "dog"].map(|label| Some(label.to_owned()));
        let found = agreement(&[1, 1, 0, 0].map(Some), &labels).unwrap().unwrap();
        assert!((found.ari - 1.0).abs() < 1e-12 && (found.ami - 1.0).abs() < 1e-12);
        assert_eq!(found.n_units, 4);
    }

    #[test]
    fn units_without_a_label_and_noise_are_left_out() {
        let labels = [Some("a".to_owned()), None, Some("b".to_owned())];
        assert_eq!(agreement(&[0, 0, 1].map(Some), &labels).unwrap().unwrap().n_units, 2);
        assert_eq!(agreement(&[Some(0), Some(0), None], &labels).unwrap().unwrap().n_units, 1, "noise too");
        assert_eq!(agreement(&[Some(0)], &[None]).unwrap(), None);
    }

    #[test]
    fn ties_go_to_the_first_in_the_alphabet() {
        let counts = BTreeMap::from([("b".to_owned(), 2), ("a".to_owned(), 2), ("c".to_owned(), 1)]);
        assert_eq!(majority_label(&counts).as_deref(), Some("a"));
        assert_eq!(majority_label(&BTreeMap::new()), None);
    }
}
