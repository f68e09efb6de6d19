//! Rows moved until the sums of texts point where the teacher's vectors do.
//!
//! Adam over mini-batches in shuffled order, of the loss `mean(1 - cos(sum of the text's rows, target))`. Only rows of tokens
//! in a batch move, and only their means are updated (lazy Adam), so a pass costs what its texts are long. Each text's
//! gradient is a task, then each token's step is one, which adds the gradients of its texts in their order: the bytes do
//! not depend on the threads.

use populi_geometry::{Level, Matrix, Progress};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::bags::Bags;
use super::gradient::{AdamStep, BETA_1, BETA_2, CosineGradient, Sum};
use super::{DistilParams, Stream};

/// Texts whose gradients are one task. Moves no bit.
const TEXTS_PER_TASK: usize = 16;

/// Tokens whose steps are one task at least. Moves no bit.
const MIN_TOKENS_PER_TASK: usize = 32;

/// Moves `rows [n_tokens, n_dims]` so that the sums of `texts` point along `targets [n_texts, n_dims]`, whose rows have length 1
/// or 0. Calls `after_epoch` with the rows after each pass. Memory: three times the rows.
pub(super) fn fit(
    rows: &mut Matrix,
    texts: &Bags,
    targets: &Matrix,
    params: &DistilParams,
    progress: &dyn Progress,
    mut after_epoch: impl FnMut(&Matrix) -> crate::Result<()>,
) -> crate::Result<()> {
    let mut order: Vec<usize> = (0..texts.len()).filter(|&text| !texts.of(text).is_empty()).collect();
    let n_steps = params.epochs * order.len().div_ceil(params.batch);
    let mut table = Fitted::new(rows);
    let mut step = 0;
    for epoch in 0..params.epochs {
        order.shuffle(&mut Stream::Shuffle(epoch).random(params.seed));
        for batch in order.chunks(params.batch) {
            let left = 1.0 - step as f64 / n_steps as f64;
            step += 1;
            table.step(texts, targets, batch, params.learning_rate * left, step);
            progress.advance(batch.len() as u64);
        }
        table.copy_rows_to(rows);
        after_epoch(rows)?;
    }
    Ok(())
}

/// The rows in the middle of a fit.
struct Fitted {
    n_dims: usize,
    /// `[n_tokens, 3, n_dims]`: of each token its row, the mean of its gradients, the mean of their squares.
    state: Vec<f32>,
    /// `[batch, n_dims]`, a buffer.
    gradients: Vec<f32>,
    level: Level,
}

impl Fitted {
    fn new(rows: &Matrix) -> Self {
        let n_dims = rows.n_cols();
        let mut state = vec![0.0; 3 * rows.values().len()];
        for (state, row) in state.chunks_exact_mut(3 * n_dims).zip(rows.rows()) {
            state[..n_dims].copy_from_slice(row);
        }
        Self { n_dims, state, gradients: vec![], level: Level::best() }
    }

    fn copy_rows_to(&self, rows: &mut Matrix) {
        let n_dims = self.n_dims;
        for (row, state) in
            rows.values_mut().chunks_exact_mut(n_dims).zip(self.state.chunks_exact(3 * n_dims))
        {
            row.copy_from_slice(&state[..n_dims]);
        }
    }

    /// The step number `step`, from 1 on, with the texts of a batch.
    fn step(&mut self, texts: &Bags, targets: &Matrix, batch: &[usize], learning_rate: f64, step: usize) {
        self.find_gradients(texts, targets, batch);
        let [correction_1, correction_2] =
            [BETA_1, BETA_2].map(|beta| 1.0 - f64::from(beta).powi(i32::try_from(step).unwrap_or(i32::MAX)));
        let (rate, correction) = ((learning_rate / correction_1) as f32, correction_2.sqrt() as f32);

        let occurrences = by_token(texts, batch);
        let tokens: Vec<&[u64]> = occurrences.chunk_by(|a, b| a >> 32 == b >> 32).collect();
        let states = disjoint(&mut self.state, 3 * self.n_dims, &tokens);
        let (gradients, level) = (&self.gradients, self.level);
        tokens.into_par_iter().zip(states).with_min_len(MIN_TOKENS_PER_TASK).for_each(|(texts, state)| {
            level.run(AdamStep { gradients, texts, state, rate, correction });
        });
    }

    /// The gradient of the batch's loss to the sum of each of its texts.
    fn find_gradients(&mut self, texts: &Bags, targets: &Matrix, batch: &[usize]) {
        let (n_dims, level, rows) = (self.n_dims, self.level, &self.state);
        let weight = 1.0 / batch.len() as f32;
        self.gradients.resize(batch.len() * n_dims, 0.0);
        let tasks =
            self.gradients.par_chunks_mut(TEXTS_PER_TASK * n_dims).zip(batch.par_chunks(TEXTS_PER_TASK));
        tasks.for_each(|(gradients, batch)| {
            for (sum, &text) in gradients.chunks_exact_mut(n_dims).zip(batch) {
                level.run(Sum { rows, stride: 3 * n_dims, ids: texts.of(text), to: sum });
                level.run(CosineGradient { sum, target: targets.row(text), weight });
            }
        });
    }
}

/// The tokens of a batch: each in the high 32 bits, with the place of its text in the batch in the low ones; rising.
fn by_token(texts: &Bags, batch: &[usize]) -> Vec<u64> {
    let pairs = batch
        .iter()
        .zip(0u64..)
        .flat_map(|(&text, at)| texts.of(text).iter().map(move |&id| u64::from(id) << 32 | at));
    let mut pairs: Vec<u64> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

/// The states of some tokens, which rise.
fn disjoint<'s>(state: &'s mut [f32], size: usize, tokens: &[&[u64]]) -> Vec<&'s mut [f32]> {
    let (mut rest, mut passed) = (state, 0);
    let mut states = Vec::with_capacity(tokens.len());
    for token in tokens {
        let id = (token[0] >> 32) as usize;
        let (here, after) = rest.split_at_mut((id + 1 - passed) * size);
        let at = here.len() - size;
        states.push(&mut here[at..]);
        (rest, passed) = (after, id + 1);
    }
    states
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use populi_geometry::Silent;
    use proptest::prelude::*;

    use super::*;

    const N_DIMS: usize = 16;
    const N_TOKENS: usize = 6;

    /// The same in `f64`, text after text and token after token, by the definitions.
    fn by_definition(rows: &mut [Vec<f64>], texts: &Bags, targets: &Matrix, params: &DistilParams) {
        let mut means = vec![vec![0.0; N_DIMS]; N_TOKENS];
        let mut squares = means.clone();
        let mut order: Vec<usize> = (0..texts.len()).filter(|&text| !texts.of(text).is_empty()).collect();
        let n_steps = params.epochs * order.len().div_ceil(params.batch);
        let mut t = 0;
        for epoch in 0..params.epochs {
            order.shuffle(&mut Stream::Shuffle(epoch).random(params.seed));
            for batch in order.chunks(params.batch) {
                let rate = params.learning_rate * (1.0 - f64::from(t) / n_steps as f64);
                t += 1;
                let mut gradients = vec![None; N_TOKENS];
                for &text in batch {
                    let sum: Vec<f64> = (0..N_DIMS)
                        .map(|i| texts.of(text).iter().map(|&id| rows[id as usize][i]).sum())
                        .collect();
                    let length = sum.iter().map(|s| s * s).sum::<f64>().sqrt();
                    let target = targets.row(text);
                    let cosine = sum.iter().zip(target).map(|(s, &t)| s * f64::from(t)).sum::<f64>() / length;
                    for &id in texts.of(text) {
                        let gradient = gradients[id as usize].get_or_insert(vec![0.0; N_DIMS]);
                        for i in 0..N_DIMS {
                            let slope = (cosine * sum[i] / length - f64::from(target[i])) / length;
                            gradient[i] += slope / batch.len() as f64;
                        }
                    }
                }
                for (id, gradient) in gradients.iter().enumerate() {
                    let Some(gradient) = gradient else { continue };
                    for i in 0..N_DIMS {
                        let (m, v) = (&mut means[id][i], &mut squares[id][i]);
                        *m = 0.9 * *m + 0.1 * gradient[i];
                        *v = 0.999 * *v + 0.001 * gradient[i] * gradient[i];
                        let (m, v) = (*m / (1.0 - 0.9f64.powi(t)), *v / (1.0 - 0.999f64.powi(t)));
                        rows[id][i] -= rate * m / (v.sqrt() + 1e-8);
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn moves_rows_as_the_definition_does(
            start in prop::collection::vec(-1f32..1.0, N_TOKENS * N_DIMS),
            lists in prop::collection::vec(prop::collection::vec(0..N_TOKENS as u32, 0..5), 1..9),
            targets in prop::collection::vec(-1f32..1.0, 8 * N_DIMS),
            batch in 1usize..5,
            seed: u64,
        ) {
            let mut rows = Matrix::from_vec(N_TOKENS, N_DIMS, start).unwrap();
            // Sums far from zero, where rounding moves little, and gradients far above the smallest that Adam tells apart.
            rows.rows().map(<[f32]>::to_vec).enumerate().collect::<Vec<_>>().into_iter().for_each(|(id, row)| {
                rows.row_mut(id).iter_mut().zip(row).for_each(|(to, value)| *to = value + 3.0);
            });
            let mut targets = Matrix::from_vec(lists.len(), N_DIMS, targets[..lists.len() * N_DIMS].to_vec()).unwrap();
            targets.l2_normalise_rows();
            let texts = Bags::of_lists(&lists);
            let params = DistilParams { epochs: 2, batch, learning_rate: 0.05, seed, ..DistilParams::default() };
            let mut expected: Vec<Vec<f64>> =
                rows.rows().map(|row| row.iter().map(|&value| f64::from(value)).collect()).collect();
            let before = rows.clone();
            by_definition(&mut expected, &texts, &targets, &params);
            let mut n_epochs = 0;
            fit(&mut rows, &texts, &targets, &params, &Silent, |_| { n_epochs += 1; Ok(()) }).unwrap();
            prop_assert_eq!(n_epochs, 2);
            for id in 0..N_TOKENS {
                let is_seen = lists.iter().flatten().any(|&other| other as usize == id);
                prop_assert!(is_seen || rows.row(id) == before.row(id), "token {id} is in no text and moved");
                for (got, expected) in rows.row(id).iter().zip(&expected[id]) {
                    prop_assert!((f64::from(*got) - expected).abs() < 5e-3, "token {}: {} is not {}", id, got, expected);
                }
            }
        }
    }
}
