//! Scores of rows of small integers: who is above a floor, a tile of rows and points at a time.
//!
//! Values are from -[`LIMIT`] to [`LIMIT`]. Points are packed in groups of 16, four values of each side by side, so that
//! one instruction adds four products to the score of each of 16 points and nothing is added across lanes. One side of a
//! product has to be without sign: 128 is added to its values, and what that adds to a score is taken off again with a
//! point's bias. Scores are the same integers at every level.

use std::ops::Range;

use crate::kernel::{Kernel, LANES, Simd};
use crate::level::Level;

/// The greatest value that may be packed. Two products of 128 + 79 and 79 are the most that 16 bits hold, which AVX2 needs.
pub const LIMIT: i8 = 79;

/// What turns four values into the same values plus 128, without signs.
const OFFSET: i32 = 0x8080_8080u32.cast_signed();

/// Four bytes of each of 16 points, in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Word([i32; LANES]);

/// Points that are packed for [`scores_above`].
#[derive(Debug, Clone, Default)]
pub struct Packed {
    n_points: usize,
    /// Words of a group: a quarter of the columns, rounded up.
    n_words: usize,
    /// `[n_groups, n_words]`.
    words: Vec<Word>,
    /// What a point adds to each of its scores, `[n_groups]`.
    biases: Vec<[i32; LANES]>,
    /// `biases`, less what the offset of the other side adds.
    starts: Vec<[i32; LANES]>,
}

/// A pair whose score is above a floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The row, from 0 in its group.
    pub row: u32,
    /// The point, from 0 in the whole.
    pub point: u32,
    /// The product of the two, plus both biases.
    pub score: i32,
}

impl Packed {
    /// Takes rows of one length, each with its bias, in place of what was here. O(n d).
    ///
    /// # Panics
    ///
    /// Where rows differ in length, or a value is beyond [`LIMIT`].
    pub fn fill<'a>(&mut self, rows: impl Iterator<Item = (&'a [i8], i32)>) {
        let mut rows = rows.peekable();
        let n_cols = rows.peek().map_or(0, |(row, _)| row.len());
        *self = Self {
            n_words: n_cols.div_ceil(4),
            words: std::mem::take(&mut self.words),
            biases: std::mem::take(&mut self.biases),
            starts: std::mem::take(&mut self.starts),
            n_points: 0,
        };
        self.words.clear();
        self.biases.clear();
        self.starts.clear();
        for (row, bias) in rows {
            assert_eq!(row.len(), n_cols, "rows of one length");
            self.push(row, bias);
        }
    }

    fn push(&mut self, row: &[i8], bias: i32) {
        let lane = self.n_points % LANES;
        if lane == 0 {
            self.words.resize(self.words.len() + self.n_words, Word([0; LANES]));
            self.biases.push([0; LANES]);
            self.starts.push([0; LANES]);
        }
        let group = self.n_points / LANES;
        let words = &mut self.words[group * self.n_words..];
        let (quads, rest) = row.as_chunks::<4>();
        for (word, quad) in words.iter_mut().zip(quads) {
            word.0[lane] = i32::from_le_bytes(quad.map(i8::cast_unsigned));
        }
        if !rest.is_empty() {
            let mut quad = [0; 4];
            rest.iter().zip(&mut quad).for_each(|(value, byte)| *byte = value.cast_unsigned());
            words[quads.len()].0[lane] = i32::from_le_bytes(quad);
        }
        let (sum, least, most) = row.iter().fold((0i32, 0i8, 0i8), |(sum, least, most), &value| {
            (sum.wrapping_add(i32::from(value)), least.min(value), most.max(value))
        });
        assert!(least >= -LIMIT && most <= LIMIT, "values within the limit");
        self.biases[group][lane] = bias;
        self.starts[group][lane] = bias.wrapping_sub(sum.wrapping_mul(128));
        self.n_points += 1;
    }

    /// Number of points.
    #[must_use]
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// Groups of 16 points, the last of which may have fewer.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        self.biases.len()
    }

    #[inline(always)]
    fn group(&self, group: usize) -> &[Word] {
        &self.words[group * self.n_words..][..self.n_words]
    }

    /// Points of a group.
    #[inline(always)]
    fn n_of_group(&self, group: usize) -> usize {
        (self.n_points - group * LANES).min(LANES)
    }
}

/// Rows and points that are compared: one group of `rows` with some groups of `points`.
#[derive(Debug, Clone)]
pub struct Tile<'a> {
    /// Where the rows are.
    pub rows: &'a Packed,
    /// Which group of 16 of them.
    pub row_group: usize,
    /// The score that a pair must exceed to be of use to its row.
    pub row_floors: &'a [i32; LANES],
    /// Where the points are.
    pub points: &'a Packed,
    /// Which groups of them.
    pub groups: Range<usize>,
    /// The score that a pair must exceed to be of use to its point, one array a group.
    pub point_floors: &'a [[i32; LANES]],
}

/// Appends to `hits` every pair of a tile whose score exceeds the floor of its row or that of its point, in any order.
///
/// Four products of each of 16 points an instruction (VNNI), O(16 n d) for n points of d columns.
///
/// # Panics
///
/// Where a group is not there, the two have not the same columns, or there are not as many arrays of floors as groups.
pub fn scores_above(level: Level, tile: Tile<'_>, hits: &mut Vec<Hit>) {
    assert_eq!(tile.rows.n_words, tile.points.n_words, "rows and points of the same columns");
    assert_eq!(tile.groups.len(), tile.point_floors.len(), "an array of floors a group");
    assert!(tile.row_group < tile.rows.n_groups(), "a group of rows that is there");
    assert!(tile.groups.end <= tile.points.n_groups(), "groups of points that are there");
    level.run(ScoresAbove { tile, hits });
}

struct ScoresAbove<'a> {
    tile: Tile<'a>,
    hits: &'a mut Vec<Hit>,
}

impl Kernel for ScoresAbove<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        // Scores stay in registers: 24 of 32, or 4 of 8.
        if S::N_REGISTERS >= 32 {
            self.panels::<S, 8, 3>(simd);
        } else {
            self.panels::<S, 4, 1>(simd);
        }
    }
}

impl ScoresAbove<'_> {
    /// The group in panels of `R` rows, each against all points, `G` groups at a time.
    #[inline(always)]
    fn panels<S: Simd, const R: usize, const G: usize>(&mut self, simd: S) {
        let (rows, groups) = (self.tile.rows, self.tile.groups.clone());
        let n_rows = rows.n_of_group(self.tile.row_group);
        let mut panel = vec![[0i32; R]; rows.n_words];
        for first in (0..n_rows).step_by(R) {
            for (to, word) in panel.iter_mut().zip(rows.group(self.tile.row_group)) {
                for (to, &four) in to.iter_mut().zip(&word.0[first..first + R]) {
                    *to = four ^ OFFSET;
                }
            }
            let n_rows = (n_rows - first).min(R);
            let mut group = groups.start;
            while group + G <= groups.end {
                self.scores::<S, R, G>(simd, &panel, first, n_rows, group);
                group += G;
            }
            while group < groups.end {
                self.scores::<S, R, 1>(simd, &panel, first, n_rows, group);
                group += 1;
            }
        }
    }

    /// The scores of `R` rows and `G` groups, and which of them are hits. Loops count, so that arrays become registers.
    #[allow(clippy::needless_range_loop, reason = "several arrays are walked together")]
    #[inline(always)]
    fn scores<S: Simd, const R: usize, const G: usize>(
        &mut self,
        simd: S,
        panel: &[[i32; R]],
        first: usize,
        n_rows: usize,
        group: usize,
    ) {
        let points = self.tile.points;
        let row_biases = &self.tile.rows.biases[self.tile.row_group];
        let mut words: [&[Word]; G] = [&[]; G];
        let mut scores = [[simd.splat_i32(0); G]; R];
        for g in 0..G {
            words[g] = &points.group(group + g)[..panel.len()];
            let start = simd.load_i32(&points.starts[group + g]);
            for r in 0..R {
                scores[r][g] = simd.add_i32(start, simd.splat_i32(row_biases[first + r]));
            }
        }
        for (w, rows) in panel.iter().enumerate() {
            let mut four = [simd.splat_i32(0); G];
            for g in 0..G {
                four[g] = simd.load_i32(&words[g][w].0);
            }
            for r in 0..R {
                let row = simd.splat_i32(rows[r]);
                for g in 0..G {
                    scores[r][g] = simd.add_byte_products(scores[r][g], row, four[g]);
                }
            }
        }
        for g in 0..G {
            let valid = u16::MAX >> (LANES - points.n_of_group(group + g));
            let floors = simd.load_i32(&self.tile.point_floors[group + g - self.tile.groups.start]);
            for r in 0..R {
                let floor = simd.min_i32(floors, simd.splat_i32(self.tile.row_floors[first + r]));
                let above = simd.bits_of_mask(simd.less_i32(floor, scores[r][g])) & valid;
                if above != 0 && r < n_rows {
                    let mut values = [0; LANES];
                    simd.store_i32(scores[r][g], &mut values);
                    push_hits(self.hits, above, &values, first + r, group + g);
                }
            }
        }
    }
}

fn push_hits(hits: &mut Vec<Hit>, mut above: u16, scores: &[i32; LANES], row: usize, group: usize) {
    while above != 0 {
        let lane = above.trailing_zeros() as usize;
        hits.push(Hit { row: row as u32, point: (group * LANES + lane) as u32, score: scores[lane] });
        above &= above - 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dot(a: &[i8], b: &[i8]) -> i32 {
        a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
    }

    fn packed(rows: &Rows) -> Packed {
        let mut packed = Packed::default();
        packed.fill(rows.iter().map(|(row, bias)| (&row[..], *bias)));
        packed
    }

    type Rows = Vec<(Vec<i8>, i32)>;

    /// Up to `n` rows of `n_cols` values, each with a bias.
    fn rows(n: usize, n_cols: usize) -> impl Strategy<Value = Rows> {
        let row = proptest::collection::vec(-LIMIT..=LIMIT, n_cols);
        proptest::collection::vec((row, -5000i32..5000), 1..n)
    }

    fn rows_and_points() -> impl Strategy<Value = (Rows, Rows)> {
        (1usize..90).prop_flat_map(|n_cols| (rows(40, n_cols), rows(120, n_cols)))
    }

    proptest! {
        #[test]
        fn hits_are_the_pairs_above_a_floor_at_every_level(
            (rows, points) in rows_and_points(),
            row_floor in -60_000i32..60_000,
            point_floor in -60_000i32..60_000,
        ) {
            let (a, b) = (packed(&rows), packed(&points));
            let row_floors: [i32; LANES] = std::array::from_fn(|i| row_floor + 1000 * i as i32);
            let point_floors = vec![[point_floor; LANES]; b.n_groups()];
            for row_group in 0..a.n_groups() {
                let mut expected = Vec::new();
                for (i, (row, bias)) in rows.iter().enumerate().skip(16 * row_group).take(16) {
                    for (j, (point, other)) in points.iter().enumerate() {
                        let score = dot(row, point) + bias + other;
                        if score > row_floors[i % 16] || score > point_floor {
                            expected.push(Hit { row: (i % 16) as u32, point: j as u32, score });
                        }
                    }
                }
                for level in Level::all() {
                    let mut hits = Vec::new();
                    let groups = 0..b.n_groups();
                    let (row_floors, point_floors) = (&row_floors, &point_floors[..]);
                    let tile = Tile { rows: &a, row_group, row_floors, points: &b, groups, point_floors };
                    scores_above(level, tile, &mut hits);
                    hits.sort_unstable();
                    prop_assert_eq!(&hits, &expected, "{:?}", level);
                }
            }
        }
    }

    #[test]
    fn the_greatest_values_do_not_saturate() {
        let most = vec![(vec![LIMIT; 130], 0), (vec![-LIMIT; 130], 0)];
        let points = packed(&most);
        for level in Level::all() {
            let mut hits = Vec::new();
            let floors = [i32::MIN; LANES];
            let tile = Tile {
                rows: &points,
                row_group: 0,
                row_floors: &floors,
                points: &points,
                groups: 0..1,
                point_floors: &[floors],
            };
            scores_above(level, tile, &mut hits);
            let square = 130 * i32::from(LIMIT) * i32::from(LIMIT);
            let scores: Vec<i32> = hits.iter().map(|hit| hit.score).collect();
            assert_eq!(scores, [square, -square, -square, square], "{level:?}");
        }
    }
}
