//! The best candidates of each row so far: a bounded list a row, in a total order, so that what is kept does not depend
//! on the order in which candidates come.

use populi_simd::LANES;

/// Candidates that are gathered, in those kept, before the worst are thrown out. More: fewer passes, looser floors.
fn room_for(keep: usize) -> usize {
    keep + keep.max(8)
}

/// A candidate as one number: the greater score is the greater number, of equal scores the smaller row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate(u64);

impl Candidate {
    /// Worse than all others.
    pub(super) const NONE: Self = Self(0);

    #[inline]
    pub(super) fn new(score: i32, id: u32) -> Self {
        let rising = u64::from(score.cast_unsigned() ^ (1 << 31));
        Self(rising << 32 | u64::from(!id))
    }

    #[inline]
    pub(super) fn score(self) -> i32 {
        ((self.0 >> 32) as u32 ^ (1 << 31)).cast_signed()
    }

    /// What a score must exceed: of an equal score a smaller row is still better.
    #[inline]
    fn floor(self) -> i32 {
        self.score().saturating_sub(1)
    }

    #[inline]
    pub(super) fn id(self) -> u32 {
        !(self.0 as u32)
    }
}

/// The best candidates of some rows.
#[derive(Debug)]
pub(super) struct Best {
    keep: usize,
    room: usize,
    /// `[n_rows, room]`.
    slots: Vec<Candidate>,
    lens: Vec<u32>,
    /// The worst of the kept ones, where there are as many as are kept.
    worst: Vec<Candidate>,
    /// What a score must exceed to be of use, in groups of 16 rows.
    floors: Vec<[i32; LANES]>,
}

impl Best {
    /// Lists of `keep` candidates each.
    pub(super) fn new(n_rows: usize, keep: usize) -> Self {
        let room = room_for(keep);
        Self {
            keep,
            room,
            slots: vec![Candidate::NONE; n_rows * room],
            lens: vec![0; n_rows],
            worst: vec![Candidate::NONE; n_rows],
            floors: vec![[i32::MIN; LANES]; n_rows.div_ceil(LANES)],
        }
    }

    /// What a score must exceed to be of use to a row, in groups of 16 rows.
    pub(super) fn floors(&self) -> &[[i32; LANES]] {
        &self.floors
    }

    /// Whether no row has so many candidates that some are refused.
    pub(super) fn are_empty(&self) -> bool {
        self.worst.iter().all(|&worst| worst == Candidate::NONE)
    }

    /// Refuses from now on what is not better than `worst` for a row that has no candidates yet.
    pub(super) fn want_better(&mut self, row: usize, worst: Candidate) {
        self.worst[row] = worst;
        self.floors[row / LANES][row % LANES] = worst.floor();
    }

    /// Offers a candidate, each at most once to a row.
    #[inline]
    pub(super) fn offer(&mut self, row: usize, candidate: Candidate) {
        if candidate > self.worst[row] {
            let room = self.room;
            let len = self.lens[row] as usize;
            self.slots[row * room + len] = candidate;
            self.lens[row] += 1;
            if len + 1 == room {
                self.throw_out(row);
            }
        }
    }

    /// The best of a row, the best first.
    pub(super) fn of(&mut self, row: usize) -> &[Candidate] {
        let room = self.room;
        let list = &mut self.slots[row * room..][..self.lens[row] as usize];
        list.sort_unstable_by(|a, b| b.cmp(a));
        &list[..list.len().min(self.keep)]
    }

    fn throw_out(&mut self, row: usize) {
        let room = self.room;
        let list = &mut self.slots[row * room..(row + 1) * room];
        let (_, worst, _) = list.select_nth_unstable_by(self.keep - 1, |a, b| b.cmp(a));
        self.worst[row] = *worst;
        self.floors[row / LANES][row % LANES] = worst.floor();
        self.lens[row] = self.keep as u32;
    }
}
