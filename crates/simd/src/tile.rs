//! Scores of rows and points, a tile at a time: who is above a floor.
//!
//! A score is the product of two rows, plus a bias of each, or the squared length of their difference, negative. Points
//! are packed in groups of 16, column after column, so that nothing is added across lanes and the scores of a tile stay
//! in registers. Rows are floats, or small integers of which one instruction multiplies four.
//!
//! Of integers one side has to be without sign: 128 is added to its values, and what that adds to a score is taken off
//! again with the point. Scores have the same bits at every level.

use std::ops::Range;

use crate::kernel::{Kernel, LANES, Simd};
use crate::level::Level;

/// The greatest integer that may be packed. Two products of 128 + 79 and 79 are the most that 16 bits hold, which AVX2
/// needs.
pub const LIMIT: i8 = 79;

/// What turns four integers into the same integers plus 128, without signs.
const OFFSET: i32 = 0x8080_8080u32.cast_signed();

/// One float or four integers of each of 16 points, in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Word([i32; LANES]);

/// Rows that are packed for [`scores_above`].
#[derive(Debug, Clone, Default)]
pub struct Packed {
    form: Form,
    n_points: usize,
    /// Words of a group: a column each, or four.
    n_words: usize,
    /// `[n_groups, n_words]`.
    words: Vec<Word>,
    /// What a row adds to each of its scores, `[n_groups]`.
    row_starts: Vec<[i32; LANES]>,
    /// What a point adds to each of its scores: with integers that the offset of the other side is taken off.
    point_starts: Vec<[i32; LANES]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Form {
    #[default]
    Integers,
    Products,
    Differences,
}

/// A pair whose score is above a floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The row, from 0 in its group.
    pub row: u32,
    /// The point, from 0 in the whole.
    pub point: u32,
    /// The greater the nearer; of floats what [`rising`] makes of it.
    pub score: i32,
}

impl Packed {
    /// Takes rows of integers, all of one length, each with its bias, in place of what was here. O(n d).
    ///
    /// A score is the product of two rows plus both biases. A value beyond [`LIMIT`] gives other scores at one level
    /// than at another.
    ///
    /// # Panics
    ///
    /// Where rows differ in length.
    pub fn fill<'a>(&mut self, level: Level, rows: impl Iterator<Item = (&'a [i8], i32)>) {
        self.form = Form::Integers;
        self.fill_groups::<_, 4>(rows, |quad| match *quad {
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d].map(i8::cast_unsigned)),
            _ => quad.iter().rev().fold(0, |word, &byte| word << 8 | i32::from(byte.cast_unsigned())),
        });
        self.point_starts.clear();
        level.run(TakeOffsets(self));
    }

    /// Takes rows of floats, all of one length, each with its bias, in place of what was here. O(n d).
    ///
    /// A score is the product of two rows plus both biases.
    ///
    /// # Panics
    ///
    /// Where rows differ in length.
    pub fn fill_floats<'a>(&mut self, rows: impl Iterator<Item = (&'a [f32], f32)>) {
        self.form = Form::Products;
        self.fill_one_a_word(rows);
    }

    /// Takes rows of floats, all of one length, in place of what was here. O(n d).
    ///
    /// A score is the squared length of the difference of two rows, negative: twice the work of a product, and no digit
    /// is lost where rows lie much farther from zero than from one another.
    ///
    /// # Panics
    ///
    /// Where rows differ in length.
    pub fn fill_differences<'a>(&mut self, rows: impl Iterator<Item = &'a [f32]>) {
        self.form = Form::Differences;
        self.fill_one_a_word(rows.map(|row| (row, 0.0)));
    }

    fn fill_one_a_word<'a>(&mut self, rows: impl Iterator<Item = (&'a [f32], f32)>) {
        let rows = rows.map(|(row, bias)| (row, bias.to_bits().cast_signed()));
        self.fill_groups::<_, 1>(rows, |one| one[0].to_bits().cast_signed());
        self.point_starts.clone_from(&self.row_starts);
    }

    /// Takes rows whose every `PER_WORD` values, or fewer at the end, make one lane of a word.
    fn fill_groups<'a, T: 'a, const PER_WORD: usize>(
        &mut self,
        rows: impl Iterator<Item = (&'a [T], i32)>,
        lane: impl Fn(&[T]) -> i32,
    ) {
        let mut rows = rows.peekable();
        let n_cols = rows.peek().map_or(0, |(row, _)| row.len());
        (self.n_points, self.n_words) = (0, n_cols.div_ceil(PER_WORD));
        self.words.clear();
        self.row_starts.clear();
        while let Some(&(first, _)) = rows.peek() {
            // Where rows end, the first of the group stands in for the missing ones.
            let (mut group, mut biases) = ([first; LANES], [0; LANES]);
            for ((to, to_bias), (row, bias)) in group.iter_mut().zip(&mut biases).zip(&mut rows) {
                assert_eq!(row.len(), n_cols, "rows of one length");
                (*to, *to_bias) = (row, bias);
                self.n_points += 1;
            }
            let at = self.words.len();
            self.words.resize(at + self.n_words, Word([0; LANES]));
            for (place, row) in group.into_iter().enumerate() {
                let words = self.words[at..].iter_mut();
                words.zip(row.chunks(PER_WORD)).for_each(|(word, values)| word.0[place] = lane(values));
            }
            self.row_starts.push(biases);
        }
    }

    /// Number of points.
    #[must_use]
    pub fn n_points(&self) -> usize {
        self.n_points
    }

    /// Groups of 16 points, the last of which may have fewer.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        self.row_starts.len()
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

/// Works out what a point adds to its scores: its bias less 128 times the sum of its values.
struct TakeOffsets<'a>(&'a mut Packed);

impl Kernel for TakeOffsets<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let ones = simd.splat_i32(0x0101_0101);
        for group in 0..self.0.n_groups() {
            let mut sums = simd.splat_i32(0);
            for word in self.0.group(group) {
                sums = simd.add_byte_products(sums, ones, simd.load_i32(&word.0));
            }
            let starts = simd.sub_i32(simd.load_i32(&self.0.row_starts[group]), simd.shift_left::<7>(sums));
            let mut values = [0; LANES];
            simd.store_i32(starts, &mut values);
            self.0.point_starts.push(values);
        }
    }
}

/// An integer that rises with a float, and is the same only where the float is.
#[inline]
#[must_use]
pub fn rising(score: f32) -> i32 {
    let bits = score.to_bits().cast_signed();
    bits ^ (bits >> 31).cast_unsigned().wrapping_shr(1).cast_signed()
}

/// How scores of one form are summed.
trait Sum: Copy {
    /// What of `row` is multiplied.
    fn row(row: i32) -> i32;
    fn start<S: Simd>(simd: S, row: i32, points: S::I32) -> S::I32;
    fn add<S: Simd>(simd: S, sum: S::I32, row: S::I32, points: S::I32) -> S::I32;
    fn score<S: Simd>(simd: S, sum: S::I32) -> S::I32;
}

#[derive(Clone, Copy)]
struct Integers;

impl Sum for Integers {
    #[inline(always)]
    fn row(row: i32) -> i32 {
        row ^ OFFSET
    }
    #[inline(always)]
    fn start<S: Simd>(simd: S, row: i32, points: S::I32) -> S::I32 {
        simd.add_i32(simd.splat_i32(row), points)
    }
    #[inline(always)]
    fn add<S: Simd>(simd: S, sum: S::I32, row: S::I32, points: S::I32) -> S::I32 {
        simd.add_byte_products(sum, row, points)
    }
    #[inline(always)]
    fn score<S: Simd>(_: S, sum: S::I32) -> S::I32 {
        sum
    }
}

#[derive(Clone, Copy)]
struct Products;

impl Sum for Products {
    #[inline(always)]
    fn row(row: i32) -> i32 {
        row
    }
    #[inline(always)]
    fn start<S: Simd>(simd: S, row: i32, points: S::I32) -> S::I32 {
        simd.bits(simd.add(simd.splat(f32::from_bits(row.cast_unsigned())), simd.of_bits(points)))
    }
    #[inline(always)]
    fn add<S: Simd>(simd: S, sum: S::I32, row: S::I32, points: S::I32) -> S::I32 {
        simd.bits(simd.mul_add(simd.of_bits(row), simd.of_bits(points), simd.of_bits(sum)))
    }
    #[inline(always)]
    fn score<S: Simd>(simd: S, sum: S::I32) -> S::I32 {
        rising_lanes(simd, sum)
    }
}

#[derive(Clone, Copy)]
struct Differences;

impl Sum for Differences {
    #[inline(always)]
    fn row(row: i32) -> i32 {
        row
    }
    #[inline(always)]
    fn start<S: Simd>(simd: S, _: i32, _: S::I32) -> S::I32 {
        simd.splat_i32(0)
    }
    #[inline(always)]
    fn add<S: Simd>(simd: S, sum: S::I32, row: S::I32, points: S::I32) -> S::I32 {
        let difference = simd.sub(simd.of_bits(row), simd.of_bits(points));
        simd.bits(simd.mul_add(difference, difference, simd.of_bits(sum)))
    }
    #[inline(always)]
    fn score<S: Simd>(simd: S, sum: S::I32) -> S::I32 {
        rising_lanes(simd, simd.bits(simd.sub(simd.splat(0.0), simd.of_bits(sum))))
    }
}

/// [`rising`] for the bits of 16 floats.
#[inline(always)]
fn rising_lanes<S: Simd>(simd: S, bits: S::I32) -> S::I32 {
    let all_but_sign = simd.and_i32(simd.shift_right::<31>(bits), simd.splat_i32(i32::MAX));
    // Exclusive or, as the sum of both less twice what both have.
    let both = simd.and_i32(bits, all_but_sign);
    simd.sub_i32(simd.sub_i32(simd.add_i32(bits, all_but_sign), both), both)
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
/// Where a group is not there, one has integers and the other floats, the two have not the same columns, or there are
/// not as many arrays of floors as groups.
pub fn scores_above(level: Level, tile: Tile<'_>, hits: &mut Vec<Hit>) {
    let form = (tile.rows.form, tile.rows.n_words);
    assert_eq!(form, (tile.points.form, tile.points.n_words), "rows and points of one form");
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
        match (self.tile.rows.form, S::N_REGISTERS >= 32) {
            (Form::Integers, true) => self.panels::<S, Integers, 8, 3>(simd),
            (Form::Integers, false) => self.panels::<S, Integers, 4, 1>(simd),
            (Form::Products, true) => self.panels::<S, Products, 8, 3>(simd),
            (Form::Products, false) => self.panels::<S, Products, 4, 1>(simd),
            (Form::Differences, true) => self.panels::<S, Differences, 8, 3>(simd),
            (Form::Differences, false) => self.panels::<S, Differences, 4, 1>(simd),
        }
    }
}

impl ScoresAbove<'_> {
    /// The group in panels of `R` rows, each against all points, `G` groups at a time.
    #[inline(always)]
    fn panels<S: Simd, F: Sum, const R: usize, const G: usize>(&mut self, simd: S) {
        let (rows, groups) = (self.tile.rows, self.tile.groups.clone());
        let n_rows = rows.n_of_group(self.tile.row_group);
        let mut panel = vec![[0i32; R]; rows.n_words];
        for first in (0..n_rows).step_by(R) {
            for (to, word) in panel.iter_mut().zip(rows.group(self.tile.row_group)) {
                for (to, &four) in to.iter_mut().zip(&word.0[first..first + R]) {
                    *to = F::row(four);
                }
            }
            let n_rows = (n_rows - first).min(R);
            let mut group = groups.start;
            while group + G <= groups.end {
                self.scores::<S, F, R, G>(simd, &panel, first, n_rows, group);
                group += G;
            }
            while group < groups.end {
                self.scores::<S, F, R, 1>(simd, &panel, first, n_rows, group);
                group += 1;
            }
        }
    }

    /// The scores of `R` rows and `G` groups, and which of them are hits. Loops count, so that arrays become registers.
    #[allow(clippy::needless_range_loop, reason = "several arrays are walked together")]
    #[inline(always)]
    fn scores<S: Simd, F: Sum, const R: usize, const G: usize>(
        &mut self,
        simd: S,
        panel: &[[i32; R]],
        first: usize,
        n_rows: usize,
        group: usize,
    ) {
        let points = self.tile.points;
        let row_starts = &self.tile.rows.row_starts[self.tile.row_group];
        let mut words: [&[Word]; G] = [&[]; G];
        let mut scores = [[simd.splat_i32(0); G]; R];
        for g in 0..G {
            words[g] = &points.group(group + g)[..panel.len()];
            let start = simd.load_i32(&points.point_starts[group + g]);
            for r in 0..R {
                scores[r][g] = F::start(simd, row_starts[first + r], start);
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
                    scores[r][g] = F::add(simd, scores[r][g], row, four[g]);
                }
            }
        }
        for g in 0..G {
            let valid = u16::MAX >> (LANES - points.n_of_group(group + g));
            let floors = simd.load_i32(&self.tile.point_floors[group + g - self.tile.groups.start]);
            for r in 0..R {
                let floor = simd.min_i32(floors, simd.splat_i32(self.tile.row_floors[first + r]));
                let score = F::score(simd, scores[r][g]);
                let above = simd.bits_of_mask(simd.less_i32(floor, score)) & valid;
                if above != 0 && r < n_rows {
                    let mut values = [0; LANES];
                    simd.store_i32(score, &mut values);
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
        packed.fill(Level::best(), rows.iter().map(|(row, bias)| (&row[..], *bias)));
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

    proptest! {
        #[test]
        fn hits_of_floats_have_the_same_bits_at_every_level(
            values in proptest::collection::vec(-10.0f32..10.0, 1..2000),
            n_cols in 1usize..40,
            floor in -500.0f32..50.0,
            differences: bool,
        ) {
            let mut packed = Packed::default();
            let rows: Vec<&[f32]> = values.chunks_exact(n_cols).collect();
            if differences {
                packed.fill_differences(rows.iter().copied());
            } else {
                packed.fill_floats(rows.iter().map(|&row| (row, row[0])));
            }
            prop_assert_eq!(packed.n_points(), rows.len());
            let floors = vec![[rising(floor); LANES]; packed.n_groups()];
            for row_group in 0..packed.n_groups() {
                let at = |level| {
                    let mut hits = Vec::new();
                    let groups = 0..packed.n_groups();
                    let row_floors = &floors[row_group];
                    let point_floors = &floors[..];
                    let tile =
                        Tile { rows: &packed, row_group, row_floors, points: &packed, groups, point_floors };
                    scores_above(level, tile, &mut hits);
                    hits.sort_unstable();
                    hits
                };
                let mut expected = Vec::new();
                for (i, row) in rows.iter().enumerate().skip(16 * row_group).take(16) {
                    for (j, point) in rows.iter().enumerate() {
                        let pairs = row.iter().zip(*point);
                        let score = if differences {
                            0.0 - pairs.fold(0.0f32, |sum, (a, b)| (a - b).mul_add(a - b, sum))
                        } else {
                            pairs.fold(row[0] + point[0], |sum, (a, b)| a.mul_add(*b, sum))
                        };
                        if rising(score) > rising(floor) {
                            expected.push(Hit { row: (i % 16) as u32, point: j as u32, score: rising(score) });
                        }
                    }
                }
                for level in Level::all() {
                    prop_assert_eq!(&at(level), &expected, "{:?}", level);
                }
            }
        }

        #[test]
        fn rising_keeps_the_order(a: f32, b: f32) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(rising(a).cmp(&rising(b)), a.total_cmp(&b));
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
