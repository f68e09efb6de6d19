//! Linked texts as groups: connected components by union-find.

/// The group of each text, named after its member with the smallest number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    first: Vec<u32>,
}

impl Groups {
    /// The smallest number of the texts in the group of text `i`: `i` itself where it is alone or the first.
    ///
    /// # Panics
    /// When there is no text `i`.
    #[must_use]
    pub fn group_of(&self, i: usize) -> usize {
        self.first[i] as usize
    }
}

/// Texts and their links so far. The parent of a text has a smaller number, or is the text itself.
pub(super) struct Linked {
    parents: Vec<u32>,
}

impl Linked {
    pub(super) fn new(n_texts: usize) -> Self {
        Self { parents: (0..).take(n_texts).collect() }
    }

    pub(super) fn are_one(&mut self, a: u32, b: u32) -> bool {
        self.first_of(a) == self.first_of(b)
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.first_of(a), self.first_of(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    /// The groups of `n_texts`, of which those with `numbers` (ascending) are linked here.
    pub(super) fn into_groups(mut self, n_texts: usize, numbers: &[u32]) -> Groups {
        let mut first: Vec<u32> = (0..).take(n_texts).collect();
        for (i, &number) in numbers.iter().enumerate() {
            // In ascending order a parent is a root before its children ask for it.
            self.parents[i] = self.parents[self.parents[i] as usize];
            first[number as usize] = numbers[self.parents[i] as usize];
        }
        Groups { first }
    }

    /// The root, with each step of the way halved (Tarjan and van Leeuwen 1984).
    fn first_of(&mut self, mut i: u32) -> u32 {
        while self.parents[i as usize] != i {
            let above = self.parents[self.parents[i as usize] as usize];
            self.parents[i as usize] = above;
            i = above;
        }
        i
    }
}
