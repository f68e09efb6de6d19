//! Eigenvalues and eigenvectors of a symmetric matrix in `f64`: Householder tridiagonalisation, then implicit QL.
//!
//! Golub and Van Loan, *Matrix Computations*, sections 8.3.1 (reduction) and 8.3.3 (shifted QL with plane
//! rotations). Serial, O(n³): a tenth of a second at n = 276. Everything is laid out so that inner loops run along
//! rows: the eigenvectors are kept as rows, where the textbook keeps columns.

use crate::error::{Error, Result};

/// QL steps allowed for one eigenvalue; finite input takes two or three.
const MAX_STEPS: usize = 60;

/// Steps after which an entry is negligible where it is so beside the largest of all, not only beside its neighbours.
const PATIENT_STEPS: usize = 30;

/// A squared length below which squares lose digits, or all of them.
const SMALLEST_SQUARE: f64 = 1e-280;

/// 2^500, by which what is so short is made longer: exactly.
const LIFT: f64 = 3.273_390_607_896_142e150;

/// The eigenvalues of a symmetric matrix, largest first, and their eigenvectors.
pub(crate) struct Eigen {
    /// `[n]`, falling.
    pub(crate) values: Vec<f64>,
    /// `[n, n]`, row `i` belongs to `values[i]`, length 1. Its sign is arbitrary but fixed.
    pub(crate) vectors: Vec<f64>,
}

/// Solves `a · v = λ · v` for symmetric `a [n, n]`, given row after row (both triangles).
///
/// # Errors
///
/// [`Error::NotConverged`], which takes numbers near the limits of `f64`.
pub(crate) fn symmetric_eigen(a: Vec<f64>, n: usize) -> Result<Eigen> {
    let (mut diagonal, mut off_diagonal, mut vectors) = tridiagonalise(a, n);
    diagonalise(&mut diagonal, &mut off_diagonal, &mut vectors)?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| diagonal[j].total_cmp(&diagonal[i]));
    let values = order.iter().map(|&i| diagonal[i]).collect();
    let vectors = order.iter().flat_map(|&i| &vectors[i * n..(i + 1) * n]).copied().collect();
    Ok(Eigen { values, vectors })
}

/// Reduces `a` to `Qᵀ a Q`, tridiagonal. Returns its diagonal `[n]`, what is beside it `[n]` (the last is 0), and `Qᵀ`.
fn tridiagonalise(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut reflectors: Vec<(Vec<f64>, f64)> = Vec::with_capacity(n.saturating_sub(2));
    let mut off_diagonal = vec![0.0; n];
    for k in 0..n.saturating_sub(1) {
        let (v, beta, length) = reflector(&a[k * n + k + 1..(k + 1) * n]);
        off_diagonal[k] = length;
        reflect_both_sides(&mut a, n, k + 1, &v, beta);
        reflectors.push((v, beta));
    }
    let diagonal = (0..n).map(|i| a[i * n + i]).collect();

    // Q = H₀ H₁ …, built from the back so that each reflector meets only the corner that is no longer the identity.
    let mut q_transposed = vec![0.0; n * n];
    (0..n).for_each(|i| q_transposed[i * n + i] = 1.0);
    for (k, (v, beta)) in reflectors.iter().enumerate().rev() {
        for row in q_transposed.chunks_exact_mut(n).skip(k + 1) {
            let tail = &mut row[k + 1..];
            let scale = beta * dot(tail, v);
            tail.iter_mut().zip(v).for_each(|(value, v)| *value -= scale * v);
        }
    }
    (diagonal, off_diagonal, q_transposed)
}

/// `(v, β, α)` such that `(I - β v vᵀ) x = α e₁`.
fn reflector(x: &[f64]) -> (Vec<f64>, f64, f64) {
    let mut v = x.to_vec();
    let tail: f64 = x[1..].iter().map(|value| value * value).sum();
    if tail == 0.0 {
        return (v, 0.0, x[0]);
    }
    if tail + x[0] * x[0] < SMALLEST_SQUARE {
        // The reflection is the same at any length.
        let lifted: Vec<f64> = x.iter().map(|value| value * LIFT).collect();
        let (v, beta, alpha) = reflector(&lifted);
        return (v, beta, alpha / LIFT);
    }
    let alpha = -(tail + x[0] * x[0]).sqrt().copysign(x[0]);
    v[0] -= alpha;
    let beta = 2.0 / (tail + v[0] * v[0]);
    (v, beta, alpha)
}

/// `a[from.., from..] ← H a H` for `H = I - β v vᵀ`, as a symmetric update of rank two.
fn reflect_both_sides(a: &mut [f64], n: usize, from: usize, v: &[f64], beta: f64) {
    if beta == 0.0 {
        return;
    }
    let mut w: Vec<f64> = a.chunks_exact(n).skip(from).map(|row| beta * dot(&row[from..], v)).collect();
    let half = 0.5 * beta * dot(&w, v);
    w.iter_mut().zip(v).for_each(|(w, v)| *w -= half * v);
    for (i, row) in a.chunks_exact_mut(n).skip(from).enumerate() {
        for ((value, v_j), w_j) in row[from..].iter_mut().zip(v).zip(&w) {
            *value -= v[i] * w_j + w[i] * v_j;
        }
    }
}

/// Turns the tridiagonal matrix into a diagonal one and applies every rotation to the rows of `vectors`.
fn diagonalise(diagonal: &mut [f64], off_diagonal: &mut [f64], vectors: &mut [f64]) -> Result<()> {
    let largest =
        diagonal.iter().chain(&*off_diagonal).fold(0.0f64, |largest, value| largest.max(value.abs()));
    for first in 0..diagonal.len() {
        let mut n_steps = 0;
        loop {
            // In a matrix of low rank there are blocks of nothing but rounding errors, and errors of errors. Rotations that start among
            // the smallest of these are lost on their way up.
            let floor = if n_steps < PATIENT_STEPS { f64::EPSILON * largest } else { largest };
            let last = end_of_block(diagonal, off_diagonal, first, floor);
            if last == first {
                break;
            }
            n_steps += 1;
            if n_steps > MAX_STEPS {
                return Err(Error::NotConverged { what: "an eigenvalue", n_iterations: MAX_STEPS });
            }
            ql_step(diagonal, off_diagonal, vectors, first, last);
        }
    }
    Ok(())
}

/// The last index of the block that starts at `first` and has no negligible entry beside its diagonal: none that is lost beside its
/// neighbours there, or beside `floor`.
fn end_of_block(diagonal: &[f64], off_diagonal: &[f64], first: usize, floor: f64) -> usize {
    let negligible = |i: usize| {
        let beside = (diagonal[i].abs() + diagonal[i + 1].abs()).max(floor);
        off_diagonal[i].abs() <= f64::EPSILON * beside
    };
    (first..diagonal.len() - 1).find(|&i| negligible(i)).unwrap_or(diagonal.len() - 1)
}

/// One implicit QL step on `first..=last` with Wilkinson's shift, which chases the bulge from the bottom up.
fn ql_step(diagonal: &mut [f64], off_diagonal: &mut [f64], vectors: &mut [f64], first: usize, last: usize) {
    let n = diagonal.len();
    let slope = (diagonal[first + 1] - diagonal[first]) / (2.0 * off_diagonal[first]);
    let shift = diagonal[first] - off_diagonal[first] / (slope + slope.hypot(1.0).copysign(slope));
    let mut g = diagonal[last] - shift;
    let (mut sine, mut cosine, mut carried) = (1.0, 1.0, 0.0);
    for i in (first..last).rev() {
        let bulge = sine * off_diagonal[i];
        let beside = cosine * off_diagonal[i];
        let length = bulge.hypot(g);
        off_diagonal[i + 1] = length;
        if length == 0.0 {
            // The matrix falls apart here: what is left is done by the next steps.
            diagonal[i + 1] -= carried;
            off_diagonal[last] = 0.0;
            return;
        }
        sine = bulge / length;
        cosine = g / length;
        let base = diagonal[i + 1] - carried;
        let twist = (diagonal[i] - base) * sine + 2.0 * cosine * beside;
        carried = sine * twist;
        diagonal[i + 1] = base + carried;
        g = cosine * twist - beside;
        let (upper, lower) = vectors[i * n..(i + 2) * n].split_at_mut(n);
        for (u, l) in upper.iter_mut().zip(lower) {
            (*u, *l) = (cosine * *u - sine * *l, sine * *u + cosine * *l);
        }
    }
    diagonal[first] -= carried;
    off_diagonal[first] = g;
    off_diagonal[last] = 0.0;
}

/// Dot product in 8 lanes, added in order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    lanes
        .iter_mut()
        .zip(left.remainder().iter().zip(right.remainder()))
        .for_each(|(lane, (x, y))| *lane += x * y);
    for (x8, y8) in left.zip(right) {
        lanes.iter_mut().zip(x8.iter().zip(y8)).for_each(|(lane, (x, y))| *lane += x * y);
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    /// Grids of products, whose rank is a few among hundreds of rows: nearly every eigenvalue is a rounding error.
    #[test]
    fn matrices_of_low_rank_come_to_an_end() {
        for n in [40, 130, 276] {
            for rank in 1..9 {
                let factor = |i: usize, j: usize| ((i % (j + 2) + 1) as f64 / (j + 2) as f64).sqrt();
                let entry = |i: usize, k: usize| (0..rank).map(|j| factor(i, j) * factor(k, j)).sum();
                let a: Vec<f64> = (0..n * n).map(|at| entry(at / n, at % n)).collect();
                check(&a, n);
            }
        }
    }

    fn check(a: &[f64], n: usize) {
        let Eigen { values, vectors } = symmetric_eigen(a.to_vec(), n).unwrap();
        let scale = a.iter().fold(1.0f64, |most, v| most.max(v.abs())) * n as f64;
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
        for i in 0..n {
            let v = &vectors[i * n..(i + 1) * n];
            for (row, v_row) in a.chunks_exact(n).zip(v) {
                assert!((dot(row, v) - values[i] * v_row).abs() < 1e-12 * scale, "a·v = λ·v");
            }
            for j in 0..n {
                let expected = f64::from(u8::from(i == j));
                assert!(
                    (dot(v, &vectors[j * n..(j + 1) * n]) - expected).abs() < 1e-12 * n as f64,
                    "orthonormal"
                );
            }
        }
    }

    #[test]
    fn two_by_two_by_hand() {
        let eigen = symmetric_eigen(vec![2.0, 1.0, 1.0, 2.0], 2).unwrap();
        assert!((eigen.values[0] - 3.0).abs() < 1e-15 && (eigen.values[1] - 1.0).abs() < 1e-15);
        assert!((eigen.vectors[0] - eigen.vectors[1]).abs() < 1e-15);
    }

    #[test]
    fn matrices_without_a_tail() {
        symmetric_eigen(vec![], 0).unwrap();
        check(&[-4.0], 1);
        check(&[0.0; 25], 5);
        check(&[1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0], 3);
        check(&[1.0; 49], 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn solves_its_equation(n in 1usize..30, half in prop::collection::vec(-10.0f64..10.0, 900)) {
            let a: Vec<f64> = (0..n * n).map(|at| half[(at / n).min(at % n) * 30 + (at / n).max(at % n)]).collect();
            check(&a, n);
        }
    }
}
