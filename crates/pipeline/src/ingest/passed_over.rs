//! What is not read in containers, counted.

use std::collections::BTreeMap;

/// How many things of a kind were passed over in a file, by the number of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PassedOver(BTreeMap<(usize, &'static str), u64>);

impl PassedOver {
    pub(super) fn add(&mut self, file: usize, what: &'static str, n: u64) {
        *self.0.entry((file, what)).or_default() += n;
    }

    pub(super) fn add_all(&mut self, other: Self) {
        for ((file, what), n) in other.0 {
            self.add(file, what, n);
        }
    }

    /// File, kind and number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &'static str, u64)> {
        self.0.iter().map(|(&(file, what), &n)| (file, what, n))
    }
}
