//! Which features count and how much: learnt from a sample, then applied to any text.

use std::ops::AddAssign;

use rayon::prelude::*;

use super::features::{N_BUCKETS, N_WORD_BUCKETS, Reader};

/// Texts that one task counts. Counts are integers, so this moves no digit.
const TEXTS_PER_TASK: usize = 2048;

/// In a sample of this many texts or more, a feature of a single text does not count: it can relate no two of them.
/// Smaller samples need all that they have.
const PRUNE_FROM: usize = 1000;

/// What of a text's squared length is its runs of letters; the rest is its words. Chosen on a prototype; a share
/// of 0.5 against 0 and 0.3 was better on average over four sets.
const RUN_SHARE: f32 = 0.5;

/// A bucket that no column stands for.
const NONE: u32 = u32::MAX;

/// The features that count, as columns, and their weights.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    /// `[N_BUCKETS]`, the column of each bucket, or [`NONE`].
    column_of: Vec<u32>,
    /// `[n_columns]`, the inverse document frequency `ln((n + 1) / (df + 1/2))`, which is always positive.
    weights: Vec<f32>,
    /// Columns of words; those of runs come after them.
    n_word_columns: usize,
}

/// Rows of a sparse matrix as they grow.
#[derive(Debug, Default)]
pub(super) struct SparseRows {
    /// Where each row ends.
    pub(super) ends: Vec<usize>,
    /// Rising in each row.
    pub(super) columns: Vec<u32>,
    /// Beside `columns`.
    pub(super) values: Vec<f32>,
}

impl Vocabulary {
    /// Counts in how many of `texts` each feature occurs. Memory: 1 MB a task.
    pub(super) fn learn(texts: &[&str]) -> Self {
        let mut counts = vec![0u32; N_BUCKETS];
        for part in texts.par_chunks(TEXTS_PER_TASK).map(count_texts).collect::<Vec<_>>() {
            counts.iter_mut().zip(part).for_each(|(count, part)| count.add_assign(part));
        }
        let min_count = if texts.len() < PRUNE_FROM { 1 } else { 2 };
        let mut vocabulary = Self { column_of: vec![NONE; N_BUCKETS], weights: vec![], n_word_columns: 0 };
        for (bucket, &count) in counts.iter().enumerate().filter(|(_, count)| **count >= min_count) {
            vocabulary.column_of[bucket] = vocabulary.weights.len() as u32;
            vocabulary.weights.push(((texts.len() as f64 + 1.0) / (f64::from(count) + 0.5)).ln() as f32);
            vocabulary.n_word_columns += usize::from(bucket < N_WORD_BUCKETS);
        }
        vocabulary
    }

    /// That of features that were learnt before: bucket and weight of each, the buckets rising. `None` where they are not, or a
    /// bucket or weight is none.
    pub(super) fn of(features: impl IntoIterator<Item = (u32, f32)>) -> Option<Self> {
        let mut vocabulary = Self { column_of: vec![NONE; N_BUCKETS], weights: vec![], n_word_columns: 0 };
        let mut next = 0;
        for (bucket, weight) in features {
            let place = vocabulary.column_of.get_mut(bucket as usize).filter(|_| bucket >= next)?;
            *place = vocabulary.weights.len() as u32;
            next = bucket + 1;
            vocabulary.weights.push(Some(weight).filter(|weight| weight.is_finite())?);
            vocabulary.n_word_columns += usize::from((bucket as usize) < N_WORD_BUCKETS);
        }
        Some(vocabulary)
    }

    /// Bucket and weight of every feature that counts, in the order of the columns.
    pub(super) fn features(&self) -> impl Iterator<Item = (u32, f32)> {
        // Columns were given to buckets in their order.
        let buckets = (0..).zip(&self.column_of).filter(|(_, column)| **column != NONE);
        buckets.map(|(bucket, _)| bucket).zip(self.weights.iter().copied())
    }

    /// Number of features that count.
    pub(super) fn n_columns(&self) -> usize {
        self.weights.len()
    }

    /// What was learnt, as bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let weights = self.weights.iter().map(|weight| weight.to_bits());
        self.column_of.iter().copied().chain(weights).flat_map(u32::to_le_bytes).collect()
    }

    /// Appends the weighted features of a text as one row: `(1 + ln tf) · idf`, words and runs each scaled to their
    /// share of the length. `buckets` are the features read, in any order, and is used up.
    pub(super) fn weigh(&self, buckets: &mut Vec<u32>, rows: &mut SparseRows) {
        buckets.iter_mut().for_each(|bucket| *bucket = self.column_of[*bucket as usize]);
        buckets.retain(|&column| column != NONE);
        buckets.sort_unstable();
        let start = rows.columns.len();
        for same in buckets.chunk_by(|a, b| a == b) {
            let repeated = if same.len() == 1 { 1.0 } else { 1.0 + (same.len() as f32).ln() };
            rows.columns.push(same[0]);
            rows.values.push(repeated * self.weights[same[0] as usize]);
        }
        let n_words =
            rows.columns[start..].partition_point(|&column| (column as usize) < self.n_word_columns);
        let (words, runs) = rows.values[start..].split_at_mut(n_words);
        scale_to(words, (1.0 - RUN_SHARE).sqrt());
        scale_to(runs, RUN_SHARE.sqrt());
        rows.ends.push(rows.columns.len());
        buckets.clear();
    }
}

/// In how many of `texts` each feature occurs, `[N_BUCKETS]`.
fn count_texts(texts: &[&str]) -> Vec<u32> {
    let mut counts = vec![0u32; N_BUCKETS];
    let mut last_seen = vec![u32::MAX; N_BUCKETS];
    let mut reader = Reader::default();
    let mut buckets = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        reader.read(text, &mut buckets);
        for bucket in buckets.drain(..) {
            counts[bucket as usize] += u32::from(last_seen[bucket as usize] != i as u32);
            last_seen[bucket as usize] = i as u32;
        }
    }
    counts
}

fn scale_to(values: &mut [f32], length: f32) {
    let squares: f32 = values.iter().map(|value| value * value).sum();
    if squares > 0.0 {
        let scale = length / squares.sqrt();
        values.iter_mut().for_each(|value| *value *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(vocabulary: &Vocabulary, text: &str) -> SparseRows {
        let (mut buckets, mut rows) = (vec![], SparseRows::default());
        Reader::default().read(text, &mut buckets);
        vocabulary.weigh(&mut buckets, &mut rows);
        rows
    }

    #[test]
    fn words_by_hand() {
        // One-letter ideographs with gaps: words only, no runs. 甲 is in both texts, 乙 in one.
        let vocabulary = Vocabulary::learn(&["甲 乙", "甲"]);
        assert_eq!((vocabulary.n_columns(), vocabulary.n_word_columns), (2, 2));
        let (common, rare) = ((3.0f32 / 2.5).ln(), (3.0f32 / 1.5).ln());
        let repeated = (1.0 + 2.0f32.ln()) * rare;
        let length = common.hypot(repeated) / (1.0 - RUN_SHARE).sqrt();
        let mut got = row(&vocabulary, "乙 甲 乙 丙").values;
        got.sort_by(f32::total_cmp);
        assert!(
            (got[0] - common / length).abs() < 1e-6 && (got[1] - repeated / length).abs() < 1e-6,
            "{got:?}"
        );
    }

    #[test]
    fn nothing_known_is_an_empty_row() {
        let vocabulary = Vocabulary::learn(&["red fox"]);
        for text in ["", "  !? ", "甲"] {
            assert_eq!(row(&vocabulary, text).ends, [0]);
        }
    }

    #[test]
    fn large_samples_drop_what_is_in_one_text() {
        let texts: Vec<String> =
            (0..PRUNE_FROM).map(|i| char::from_u32(0x4e00 + i as u32 / 2).into_iter().collect()).collect();
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        texts.push("alone");
        let vocabulary = Vocabulary::learn(&texts);
        assert_eq!(row(&vocabulary, "alone").ends, [0]);
        assert_eq!(row(&vocabulary, texts[0]).ends, [1]);
    }
}
