//! How often each label of one partition meets each label of another: what all scores of agreement are counted from.

use std::collections::BTreeMap;

use super::partition::Label;
use crate::error::{Result, same_size};

/// How often each pair of labels meets.
///
/// [`Contingency::new`] counts noise (label -1) as one more cluster, as scikit-learn does; [`Contingency::without_noise`] leaves
/// out what either side calls noise and says how much that was. The scores of agreement are methods of the table.
///
/// ```
/// use populi_geometry::Contingency;
///
/// let table = Contingency::new(&[7, 7, 9], &[0, 1, 1])?;
/// assert_eq!(table.cells(), [((7, 0), 1), ((7, 1), 1), ((9, 1), 1)]);
/// assert_eq!(table.row_sums(), [(7, 2), (9, 1)]);
/// let table = Contingency::without_noise(&[7, 7, 9], &[0, -1, 1])?;
/// assert_eq!((table.n_items(), table.n_left_out()), (2, 1));
/// # Ok::<(), populi_geometry::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contingency<A = u32, B = A> {
    pub(super) cells: Vec<((A, B), u64)>,
    pub(super) row_sums: Vec<(A, u64)>,
    pub(super) column_sums: Vec<(B, u64)>,
    pub(super) n_items: u64,
    n_left_out: u64,
}

impl<A: Label, B: Label> Contingency<A, B> {
    /// Counts the pairs `(a[i], b[i])`, noise as a label like any other. O(n log n).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where the two have not the same length.
    pub fn new(a: &[A], b: &[B]) -> Result<Self> {
        same_size("labels of the second partition", a.len(), b.len())?;
        Ok(Self::of_pairs(a.iter().copied().zip(b.iter().copied()).collect(), 0))
    }

    /// Counts the pairs `(a[i], b[i])` of which neither is noise. O(n log n).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Shape`] where the two have not the same length.
    pub fn without_noise(a: &[A], b: &[B]) -> Result<Self> {
        same_size("labels of the second partition", a.len(), b.len())?;
        let pairs = a.iter().copied().zip(b.iter().copied());
        let clustered: Vec<(A, B)> = pairs.filter(|(a, b)| !a.is_noise() && !b.is_noise()).collect();
        let n_left_out = a.len() - clustered.len();
        Ok(Self::of_pairs(clustered, n_left_out as u64))
    }

    fn of_pairs(mut pairs: Vec<(A, B)>, n_left_out: u64) -> Self {
        pairs.sort_unstable();
        let cells: Vec<_> = pairs.chunk_by(|x, y| x == y).map(|same| (same[0], same.len() as u64)).collect();
        let row_sums = sums(cells.iter().map(|&((a, _), count)| (a, count)));
        let column_sums = sums(cells.iter().map(|&((_, b), count)| (b, count)));
        Self { cells, row_sums, column_sums, n_items: pairs.len() as u64, n_left_out }
    }

    /// Every pair of labels that meets and how often, by label of the first partition, then of the second.
    pub fn cells(&self) -> &[((A, B), u64)] {
        &self.cells
    }

    /// The labels of the first partition and how often each occurs, by label.
    pub fn row_sums(&self) -> &[(A, u64)] {
        &self.row_sums
    }

    /// The labels of the second partition and how often each occurs, by label.
    pub fn column_sums(&self) -> &[(B, u64)] {
        &self.column_sums
    }

    /// Number of items counted.
    pub fn n_items(&self) -> u64 {
        self.n_items
    }

    /// Number of items left out because one of the two calls them noise.
    pub fn n_left_out(&self) -> u64 {
        self.n_left_out
    }
}

fn sums<L: Label>(counts: impl Iterator<Item = (L, u64)>) -> Vec<(L, u64)> {
    let mut sums = BTreeMap::new();
    counts.for_each(|(label, count)| *sums.entry(label).or_insert(0) += count);
    sums.into_iter().collect()
}
