//! The linear map that brings vectors nearest to others.

use populi_geometry::{Matrix, multiply};

/// The penalty on the squared map, as a share of the mean squared length of a column of what is mapped.
const PENALTY: f64 = 1e-2;

/// Rows that are summed in `f32` before they are added in `f64`. Changing it changes last digits.
const BLOCK_ROWS: usize = 4096;

/// The map `W [a, b]` that makes `|from · W - to|² + λ|W|²` least, for `from [n, a]` whose rows have length 1 or 0 and
/// `to [n, b]`; λ is `1e-2 · n / a`. 2·n·a·(a + b) operations in parallel.
///
/// # Errors
///
/// Where the two have not the same number of rows.
pub(super) fn ridge(from: &Matrix, to: &Matrix) -> crate::Result<Matrix> {
    let n = from.n_cols();
    let mut gram = products(from, from)?;
    let right = products(from, to)?;
    let penalty = PENALTY * (from.n_rows().max(1) as f64 / n.max(1) as f64);
    (0..n).for_each(|i| gram[i * n + i] += penalty);
    let solved = solve(gram, right, n, to.n_cols());
    Ok(Matrix::from_vec(n, to.n_cols(), solved.into_iter().map(|value| value as f32).collect())?)
}

/// `aᵀ · b`, row after row.
fn products(a: &Matrix, b: &Matrix) -> crate::Result<Vec<f64>> {
    let mut sum = vec![0.0; a.n_cols() * b.n_cols()];
    for start in (0..a.n_rows()).step_by(BLOCK_ROWS) {
        let rows: Vec<usize> = (start..a.n_rows().min(start + BLOCK_ROWS)).collect();
        let part = multiply(&transposed(&a.gather(&rows)?)?, &b.gather(&rows)?)?;
        sum.iter_mut().zip(part.values()).for_each(|(sum, &part)| *sum += f64::from(part));
    }
    Ok(sum)
}

fn transposed(a: &Matrix) -> crate::Result<Matrix> {
    let values = (0..a.n_cols()).flat_map(|column| a.rows().map(move |row| row[column])).collect();
    Ok(Matrix::from_vec(a.n_cols(), a.n_rows(), values)?)
}

/// `x` in `a · x = b`, for a positive definite `a [n, n]` and `b [n, m]`, by Cholesky's factors.
fn solve(mut a: Vec<f64>, mut b: Vec<f64>, n: usize, m: usize) -> Vec<f64> {
    for i in 0..n {
        for j in 0..=i {
            let (before, row) = a.split_at_mut(i * n);
            let other = if j < i { &before[j * n..j * n + j + 1] } else { &[] };
            if j < i {
                let dot: f64 = row[..j].iter().zip(other).map(|(x, y)| x * y).sum();
                row[j] = (row[j] - dot) / other[j];
            } else {
                let squares: f64 = row[..i].iter().map(|x| x * x).sum();
                row[i] = (row[i] - squares).max(f64::MIN_POSITIVE).sqrt();
            }
        }
    }
    // L · y = b from the first row on, then Lᵀ · x = y from the last.
    for i in 0..n {
        let (before, here) = b.split_at_mut(i * m);
        for j in 0..i {
            subtract(&mut here[..m], &before[j * m..(j + 1) * m], a[i * n + j]);
        }
        here[..m].iter_mut().for_each(|value| *value /= a[i * n + i]);
    }
    for i in (0..n).rev() {
        let (before, after) = b.split_at_mut((i + 1) * m);
        let here = &mut before[i * m..];
        for j in i + 1..n {
            subtract(here, &after[(j - i - 1) * m..(j - i) * m], a[j * n + i]);
        }
        here.iter_mut().for_each(|value| *value /= a[i * n + i]);
    }
    b
}

fn subtract(from: &mut [f64], row: &[f64], times: f64) {
    from.iter_mut().zip(row).for_each(|(value, row)| *value -= times * row);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_column_by_hand() {
        let from = Matrix::from_vec(2, 1, vec![1.0, 1.0]).unwrap();
        let to = Matrix::from_vec(2, 2, vec![3.0, 0.0, 1.0, 4.0]).unwrap();
        // Σ from² = 2, λ = 0.02; Σ from·to = 4 in both columns.
        let map = ridge(&from, &to).unwrap();
        assert!(map.values().iter().all(|value| (value - 4.0 / 2.02).abs() < 1e-6), "{map:?}");
    }

    proptest! {
        #[test]
        fn solves_its_equation(half in prop::collection::vec(-1.0f64..1.0, 49), right in prop::collection::vec(-1.0f64..1.0, 21)) {
            let n = 7;
            // half · halfᵀ + 1 is positive definite.
            let a: Vec<f64> = (0..n * n).map(|at| {
                let (i, j) = (at / n, at % n);
                (0..n).map(|k| half[i * n + k] * half[j * n + k]).sum::<f64>() + f64::from(u8::from(i == j))
            }).collect();
            let x = solve(a.clone(), right.clone(), n, 3);
            for i in 0..n {
                for column in 0..3 {
                    let got: f64 = (0..n).map(|k| a[i * n + k] * x[k * 3 + column]).sum();
                    prop_assert!((got - right[i * 3 + column]).abs() < 1e-9);
                }
            }
        }
    }
}
