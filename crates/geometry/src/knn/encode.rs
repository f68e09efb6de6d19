//! Rows in the form that the kernels compare: small integers, or floats.
//!
//! Integers stand for a row less the mean, in the unit that loses least. A bias a row makes of the product of two a
//! score that is in the order of nearness: of Euclidean distance `a·b - |a|²/2 - |b|²/2`, of the others
//! `a·b + m·a + m·b`, which is the product of the rows with their mean `m` put back. Floats are the rows themselves,
//! times a power of two that keeps squares in range: their differences for Euclidean distance, else their products.

use populi_simd::tile::{LIMIT, Packed};
use populi_simd::{Level, dot};
use rayon::prelude::*;

use super::distance::Rows;
use crate::metric::Metric;
use crate::sample::sample_rows;

/// Rows of one task. Moves nothing but speed.
const ROWS_PER_TASK: usize = 512;

/// Rows that the mean and the unit are worked out from.
const N_SAMPLED: usize = 512;

/// Shares of the greatest value that are tried as the one that integers reach to: what is beyond is cut off.
const REACHES: [f32; 8] = [1.0, 0.84, 0.71, 0.59, 0.5, 0.35, 0.25, 0.125];

/// What is multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Integers up to [`LIMIT`].
    Integers,
    /// Floats from -1 to 1.
    Floats,
}

/// How rows are encoded; those that are compared are encoded in one way.
#[derive(Debug, Clone)]
pub(super) struct Encoding {
    form: Form,
    mean: Vec<f32>,
    unit: f32,
}

impl Encoding {
    /// The encoding that suits `rows`, and lets `others` be compared with them. Looks at all values once.
    pub(super) fn of(rows: &Rows<'_>, others: &Rows<'_>, form: Form) -> Self {
        let sample = sample_rows(rows.points.n_rows(), N_SAMPLED, 0);
        let mean = match form {
            Form::Integers => mean(rows, &sample),
            Form::Floats => vec![0.0; rows.points.n_cols()],
        };
        let greatest = greatest(rows, &mean).max(greatest(others, &mean));
        let unit = match form {
            _ if greatest == 0.0 => 0.0,
            Form::Floats => power_of_two_below(1.0 / greatest),
            Form::Integers => f32::from(LIMIT) / (greatest * best_reach(rows, &sample, &mean, greatest)),
        };
        Self { form, mean, unit }
    }

    /// Row `i` less the mean, in units.
    fn encode(&self, rows: &Rows<'_>, i: usize, to: &mut [f32]) {
        let scale = rows.scale(i);
        for ((to, &value), &mean) in to.iter_mut().zip(rows.points.row(i)).zip(&self.mean) {
            *to = (value * scale - mean) * self.unit;
        }
    }
}

/// The power of two of a positive float: its bits without the fraction.
fn power_of_two_below(value: f32) -> f32 {
    f32::from_bits(value.to_bits() & 0x7f80_0000).clamp(f32::MIN_POSITIVE, f32::MAX / 2.0)
}

/// The mean of the rows `sample`, each scaled as its metric has it.
fn mean(rows: &Rows<'_>, sample: &[usize]) -> Vec<f32> {
    let mut sums = vec![0.0f64; rows.points.n_cols()];
    for &i in sample {
        let scale = f64::from(rows.scale(i)) / sample.len() as f64;
        sums.iter_mut().zip(rows.points.row(i)).for_each(|(sum, &value)| *sum += scale * f64::from(value));
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// The greatest value of all, less the mean.
fn greatest(rows: &Rows<'_>, mean: &[f32]) -> f32 {
    let n_cols = mean.len();
    let of_block = |(block, values): (usize, &[f32])| {
        let of_row = |(i, row): (usize, &[f32])| {
            let scale = rows.scale(block * ROWS_PER_TASK + i);
            let far = |most: f32, (value, mean): (&f32, &f32)| most.max((value * scale - mean).abs());
            row.iter().zip(mean).fold(0.0, far)
        };
        values.chunks_exact(n_cols).enumerate().map(of_row).fold(0.0, f32::max)
    };
    let blocks = rows.points.values().par_chunks(ROWS_PER_TASK * n_cols).enumerate();
    blocks.map(of_block).reduce(|| 0.0, f32::max)
}

/// The reach that changes the sampled rows the least, when they are cut off there and rounded.
fn best_reach(rows: &Rows<'_>, sample: &[usize], mean: &[f32], greatest: f32) -> f32 {
    let limit = f32::from(LIMIT);
    let plain = Encoding { form: Form::Floats, mean: mean.to_vec(), unit: limit / greatest };
    let mut values = vec![0.0f32; sample.len() * mean.len()];
    let to = values.par_chunks_mut(mean.len()).zip(sample);
    to.for_each(|(to, &i)| plain.encode(rows, i, to));
    let error = |reach: f32| -> f64 {
        let of_row = |row: &[f32]| {
            let change = |&value: &f32| value - reach * f32::from(round(value / reach));
            f64::from(row.iter().map(change).map(|change| change * change).sum::<f32>())
        };
        values.par_chunks(mean.len()).map(of_row).collect::<Vec<_>>().iter().sum()
    };
    let errors = REACHES.map(error);
    let best = (0..REACHES.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0);
    REACHES[best]
}

/// Encoded rows, each at a place.
pub(super) struct Encoded<'a> {
    rows: &'a Rows<'a>,
    encoding: Encoding,
    /// Which row stands at each place.
    order: Vec<u32>,
    /// `[n_places, n_cols]`; empty where floats are encoded when they are packed.
    integers: Vec<i8>,
    biases: Vec<i32>,
}

impl<'a> Encoded<'a> {
    /// All rows, each at the place of its number. Integers take `n_cols` bytes a row, floats none.
    pub(super) fn new(rows: &'a Rows<'a>, encoding: Encoding) -> Self {
        let (n, n_cols) = (rows.points.n_rows(), rows.points.n_cols());
        let order = (0..n as u32).collect();
        if encoding.form == Form::Floats {
            return Self { rows, encoding, order, integers: Vec::new(), biases: Vec::new() };
        }
        let (mut integers, mut biases) = (vec![0i8; n * n_cols], vec![0i32; n]);
        let tasks = integers.par_chunks_mut(ROWS_PER_TASK * n_cols).zip(biases.par_chunks_mut(ROWS_PER_TASK));
        tasks.enumerate().for_each(|(task, (integers, biases))| {
            let mut room = vec![0.0; n_cols];
            for (i, (to, bias)) in integers.chunks_exact_mut(n_cols).zip(biases).enumerate() {
                let row = task * ROWS_PER_TASK + i;
                encoding.encode(rows, row, &mut room);
                to.iter_mut().zip(&room).for_each(|(to, &value)| *to = round(value));
                *bias = match rows.metric {
                    Metric::Euclidean => -squared_length(to) / 2,
                    Metric::Cosine | Metric::InnerProduct => {
                        (encoding.unit * encoding.unit * product_with_mean(rows, row, &encoding.mean)) as i32
                    }
                };
            }
        });
        Self { rows, encoding, order, integers, biases }
    }

    /// The same rows at other places: place `i` takes what is at `from[i]`.
    pub(super) fn reordered(self, from: &[u32]) -> Self {
        let n_cols = self.n_cols();
        let order = from.iter().map(|&place| self.order[place as usize]).collect();
        let mut integers = vec![0i8; self.integers.len()];
        let tasks = integers.par_chunks_mut(ROWS_PER_TASK * n_cols).zip(from.par_chunks(ROWS_PER_TASK));
        tasks.for_each(|(to, from)| {
            let pairs = to.chunks_exact_mut(n_cols).zip(from);
            pairs.for_each(|(to, &place)| to.copy_from_slice(self.integers_at(place as usize)));
        });
        let biases = if self.biases.is_empty() {
            Vec::new()
        } else {
            from.iter().map(|&place| self.biases[place as usize]).collect()
        };
        Self { order, integers, biases, ..self }
    }

    pub(super) fn rows(&self) -> &'a Rows<'a> {
        self.rows
    }

    pub(super) fn form(&self) -> Form {
        self.encoding.form
    }

    pub(super) fn n_rows(&self) -> usize {
        self.order.len()
    }

    pub(super) fn n_cols(&self) -> usize {
        self.encoding.mean.len()
    }

    /// Which row stands at a place.
    #[inline]
    pub(super) fn row_at(&self, place: u32) -> u32 {
        self.order[place as usize]
    }

    /// How far below another a score may be whose row is nearer all the same: three standard deviations of what
    /// rounding does to the difference of two scores. Floats are near enough to be in doubt whatever they are.
    pub(super) fn doubt(&self, place: u32) -> i32 {
        match self.encoding.form {
            Form::Integers => {
                (1.5 * (squared_length(self.integers_at(place as usize)) as f32).sqrt()) as i32 + 2
            }
            Form::Floats => i32::MAX,
        }
    }

    /// Packs the rows at `places`.
    pub(super) fn pack(&self, places: &[u32], level: Level, packed: &mut Packed) {
        match self.encoding.form {
            Form::Integers => {
                let at = |&place: &u32| (self.integers_at(place as usize), self.biases[place as usize]);
                packed.fill(level, places.iter().map(at));
            }
            Form::Floats => {
                let n_cols = self.n_cols();
                let mut values = vec![0.0; places.len() * n_cols];
                for (to, &place) in values.chunks_exact_mut(n_cols).zip(places) {
                    self.encoding.encode(self.rows, self.row_at(place) as usize, to);
                }
                let values = values.chunks_exact(n_cols);
                match self.rows.metric {
                    Metric::Euclidean => packed.fill_differences(values),
                    Metric::Cosine | Metric::InnerProduct => packed.fill_floats(values.map(|row| (row, 0.0))),
                }
            }
        }
    }

    /// Packs centres, `[n, n_cols]` in units, such that the greatest score is that of the nearest.
    pub(super) fn pack_centres(&self, centres: &[f32], level: Level, packed: &mut Packed) {
        let n_cols = self.n_cols();
        match self.encoding.form {
            Form::Integers => {
                let integers: Vec<i8> = centres.iter().map(|&value| round(value)).collect();
                packed.fill(level, integers.chunks_exact(n_cols).map(|row| (row, -squared_length(row) / 2)));
            }
            Form::Floats => {
                let centres = centres.chunks_exact(n_cols);
                let half_square = |row: &[f32]| 0.5 * row.iter().map(|value| value * value).sum::<f32>();
                match self.rows.metric {
                    Metric::Euclidean => packed.fill_differences(centres),
                    _ => packed.fill_floats(centres.map(|row| (row, -half_square(row)))),
                }
            }
        }
    }

    /// The mean of the rows at `places` in units, into `to`, which stays as it is where there are none.
    pub(super) fn mean_of(&self, places: &[u32], to: &mut [f32]) {
        let mut sums = vec![0.0f64; to.len()];
        let mut room = vec![0.0f32; to.len()];
        for &place in places {
            match self.encoding.form {
                Form::Integers => {
                    let integers = self.integers_at(place as usize);
                    sums.iter_mut().zip(integers).for_each(|(sum, &value)| *sum += f64::from(value));
                }
                Form::Floats => {
                    self.encoding.encode(self.rows, self.row_at(place) as usize, &mut room);
                    sums.iter_mut().zip(&room).for_each(|(sum, &value)| *sum += f64::from(value));
                }
            }
        }
        if !places.is_empty() {
            to.iter_mut().zip(sums).for_each(|(to, sum)| *to = (sum / places.len() as f64) as f32);
        }
    }

    fn integers_at(&self, place: usize) -> &[i8] {
        &self.integers[place * self.n_cols()..(place + 1) * self.n_cols()]
    }
}

/// `m·a - |m|²/2`: with that of another row what makes the product of the two of the product less the means.
fn product_with_mean(rows: &Rows<'_>, i: usize, mean: &[f32]) -> f32 {
    let half_square = 0.5 * dot(rows.level, mean, mean);
    rows.scale(i) * dot(rows.level, rows.points.row(i), mean) - half_square
}

fn squared_length(row: &[i8]) -> i32 {
    row.iter().map(|&value| i32::from(value) * i32::from(value)).fold(0, i32::wrapping_add)
}

/// The nearest integer, halves to the even one, within the limit.
#[inline]
fn round(value: f32) -> i8 {
    /// Added and taken away, it leaves an integer, because floats of this size have no fractions.
    const INTEGERS: f32 = 12_582_912.0;
    let limit = f32::from(LIMIT);
    ((value.clamp(-limit, limit) + INTEGERS) - INTEGERS) as i8
}
