//! Linear equations with a positive definite matrix.

use crate::error::{Result, same_size};

/// `x [n, m]` in `a · x = b`, for a positive definite `a [n, n]` and `b [n, m]`, row after row, by Cholesky's factors. Of `a` the lower
/// triangle is read.
///
/// n³/3 + 2·n²·m operations on one thread, in one order. A matrix that is not positive definite gives numbers without a meaning, so add a
/// multiple of the identity where that may be.
///
/// ```
/// let x = populi_geometry::solve_positive_definite(vec![2.0, 0.0, 1.0, 3.0], vec![4.0, 7.0], 2)?;
/// assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`crate::Error::Shape`] where `a` is not `[n, n]`, or `b` has not a whole number of columns.
pub fn solve_positive_definite(mut a: Vec<f64>, mut b: Vec<f64>, n: usize) -> Result<Vec<f64>> {
    same_size("values of the matrix of the equations", n * n, a.len())?;
    let m = b.len() / n.max(1);
    same_size("values of the right side of the equations", n * m, b.len())?;
    factorise(&mut a, n);
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
    Ok(b)
}

/// `L` with `L · Lᵀ = a`, in the lower triangle of `a`.
fn factorise(a: &mut [f64], n: usize) {
    for i in 0..n {
        let (before, row) = a.split_at_mut(i * n);
        for j in 0..i {
            let other = &before[j * n..j * n + j + 1];
            let dot: f64 = row[..j].iter().zip(other).map(|(x, y)| x * y).sum();
            row[j] = (row[j] - dot) / other[j];
        }
        let squares: f64 = row[..i].iter().map(|x| x * x).sum();
        row[i] = (row[i] - squares).max(f64::MIN_POSITIVE).sqrt();
    }
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
    fn sizes_that_do_not_fit_are_an_error_and_nothing_has_nothing() {
        assert!(solve_positive_definite(vec![1.0; 3], vec![1.0; 2], 2).is_err());
        assert!(solve_positive_definite(vec![1.0; 4], vec![1.0; 3], 2).is_err());
        assert_eq!(solve_positive_definite(vec![], vec![], 0).unwrap(), [0.0; 0]);
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
            let x = solve_positive_definite(a.clone(), right.clone(), n).unwrap();
            for i in 0..n {
                for column in 0..3 {
                    let got: f64 = (0..n).map(|k| a[i * n + k] * x[k * 3 + column]).sum();
                    prop_assert!((got - right[i * 3 + column]).abs() < 1e-9);
                }
            }
        }
    }
}
