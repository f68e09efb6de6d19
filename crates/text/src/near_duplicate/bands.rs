//! Locality-sensitive hashing: texts with the same key in one band are candidates.
//!
//! A band at a time: keys that are there twice are sorted with the numbers of their texts, equal keys are a bucket, and the pairs of a bucket are
//! compared that are not of one group yet.

use rayon::slice::ParallelSliceMut;

use super::groups::Linked;
use super::shingles::ShingleSet;
use super::sketch::{N_BANDS, mix};

/// Texts that a text is compared with, at most, in one bucket: 32. A bucket of so many texts that are near one another and yet
/// below the threshold is a template that many posts are made from.
pub const MAX_CHECKS: usize = 32;

type Keys = [u32; N_BANDS];

pub(super) fn sharing(keys: &[Keys]) -> Vec<bool> {
    let mut is_sharing = vec![false; keys.len()];
    for_each_bucket(keys, |_, bucket| {
        for &text in bucket.iter() {
            is_sharing[text as usize] = true;
        }
    });
    is_sharing
}

pub(super) fn link<'t>(keys: &[Keys], threshold: f64, text_of: impl Fn(usize) -> &'t str) -> Linked {
    let mut linked = Linked::new(keys.len());
    let mut unlike = Unlike::new(keys.len());
    let mut sets = RecentSets::default();
    for_each_bucket(keys, |band, bucket| {
        if bucket.len() > MAX_CHECKS + 1 {
            // Those that share the next band too stand together.
            bucket.sort_unstable_by_key(|&text| (keys[text as usize][(band + 1) % N_BANDS], text));
        }
        sets.forget();
        for (i, &text) in bucket.iter().enumerate() {
            for (j, &other) in bucket.iter().enumerate().take(i).skip(i.saturating_sub(MAX_CHECKS)).rev() {
                if linked.are_one(text, other) || unlike.holds(text, other) {
                    continue;
                }
                sets.fill(i, || text_of(text as usize));
                sets.fill(j, || text_of(other as usize));
                if sets.jaccard(i, j) >= threshold {
                    linked.join(text, other);
                } else {
                    unlike.put(text, other);
                }
            }
        }
    });
    linked
}

/// The shingle sets of the last members of a bucket that were asked for: a member is compared with [`MAX_CHECKS`] before it.
struct RecentSets {
    sets: Vec<ShingleSet>,
    members: Vec<Option<usize>>,
}

impl Default for RecentSets {
    fn default() -> Self {
        let n = MAX_CHECKS + 1;
        Self { sets: std::iter::repeat_with(ShingleSet::default).take(n).collect(), members: vec![None; n] }
    }
}

impl RecentSets {
    fn forget(&mut self) {
        self.members.fill(None);
    }

    fn fill<'t>(&mut self, member: usize, text: impl FnOnce() -> &'t str) {
        let at = member % self.sets.len();
        if self.members[at] != Some(member) {
            self.members[at] = Some(member);
            self.sets[at].fill(text());
        }
    }

    fn jaccard(&self, a: usize, b: usize) -> f64 {
        self.sets[a % self.sets.len()].jaccard(&self.sets[b % self.sets.len()])
    }
}

/// Pairs that were compared and are unlike. Posts of one template meet in many bands; this spares comparing them in each.
/// A place holds one pair, the last: what was pushed out is compared again.
struct Unlike(Vec<u64>);

impl Unlike {
    /// Four places a text, 2^20 at most (8 MB).
    fn new(n_texts: usize) -> Self {
        Self(vec![0; n_texts.saturating_mul(4).next_power_of_two().clamp(1, 1 << 20)])
    }

    fn holds(&self, a: u32, b: u32) -> bool {
        let pair = Self::pair(a, b);
        self.0[self.place(pair)] == pair
    }

    fn put(&mut self, a: u32, b: u32) {
        let pair = Self::pair(a, b);
        let place = self.place(pair);
        self.0[place] = pair;
    }

    /// Never 0, which is no pair: the larger number stands below, and it is above 0.
    fn pair(a: u32, b: u32) -> u64 {
        u64::from(a.min(b)) << 32 | u64::from(a.max(b))
    }

    fn place(&self, pair: u64) -> usize {
        mix(pair, PLACES) as usize & (self.0.len() - 1)
    }
}

/// Any odd number with its bits spread.
const PLACES: u64 = 0x9E37_79B9_7F4A_7C15;

pub(super) fn candidate_pairs(keys: &[Keys]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for_each_bucket(keys, |_, bucket| {
        for (i, &b) in bucket.iter().enumerate() {
            pairs.extend(bucket[..i].iter().map(|&a| (a as usize, b as usize)));
        }
    });
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Calls `visit` with each band's number and each of its buckets of two texts or more: their numbers, ascending.
fn for_each_bucket(keys: &[Keys], mut visit: impl FnMut(usize, &mut [u32])) {
    let mut again = SeenAgain::new(keys.len());
    let mut shared: Vec<u64> = Vec::new();
    let mut bucket = Vec::new();
    for band in 0..N_BANDS {
        again.look_at(keys.iter().map(|keys| keys[band]));
        shared.clear();
        // Key above number; a text's number fits: there are at most 2^32 - 1.
        let entries = keys.iter().zip(0_u64..).map(|(keys, text)| (keys[band], text));
        shared.extend(
            entries.filter(|(key, _)| again.holds(*key)).map(|(key, text)| u64::from(key) << 32 | text),
        );
        shared.par_sort_unstable();
        for entries in shared.chunk_by(|a, b| a >> 32 == b >> 32).filter(|entries| entries.len() > 1) {
            bucket.clear();
            bucket.extend(entries.iter().map(|&entry| entry as u32));
            visit(band, &mut bucket);
        }
    }
}

/// Which keys may be there twice: all that are, and one in 16 of the others, so that few have to be sorted. Two bits for each of 16
/// places a text: 4 bytes a text.
struct SeenAgain {
    seen: Vec<u64>,
    again: Vec<u64>,
    mask: u32,
}

impl SeenAgain {
    fn new(n_texts: usize) -> Self {
        let n_places = n_texts.saturating_mul(16).next_power_of_two().clamp(64, 1 << 32);
        let empty = vec![0; n_places / 64];
        Self { seen: empty.clone(), again: empty, mask: (n_places - 1) as u32 }
    }

    fn look_at(&mut self, keys: impl Iterator<Item = u32>) {
        self.seen.fill(0);
        self.again.fill(0);
        for key in keys {
            let (word, bit) = self.place(key);
            self.again[word] |= self.seen[word] & bit;
            self.seen[word] |= bit;
        }
    }

    fn holds(&self, key: u32) -> bool {
        let (word, bit) = self.place(key);
        self.again[word] & bit != 0
    }

    /// Keys are hashes, so their lower bits will do.
    fn place(&self, key: u32) -> (usize, u64) {
        let place = key & self.mask;
        ((place / 64) as usize, 1 << (place % 64))
    }
}
