//! The linear map that brings vectors nearest to others.

use populi_geometry::{Matrix, multiply, solve_positive_definite};

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
    let solved = solve_positive_definite(gram, right, n)?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn one_column_by_hand() {
        let from = Matrix::from_vec(2, 1, vec![1.0, 1.0]).unwrap();
        let to = Matrix::from_vec(2, 2, vec![3.0, 0.0, 1.0, 4.0]).unwrap();
        // Σ from² = 2, λ = 0.02; Σ from·to = 4 in both columns.
        let map = ridge(&from, &to).unwrap();
        assert!(map.values().iter().all(|value| (value - 4.0 / 2.02).abs() < 1e-6), "{map:?}");
    }
}
