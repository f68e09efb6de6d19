//! How well apart clusters are: the simplified silhouette.
//!
//! Hruschka, Campello and de Castro, *Improving the efficiency of a clustering genetic algorithm* (2004); compared with
//! the original in Wang, Franco-Penya, Kelleher, Pugh and Ross, *An analysis of the application of simplified silhouette to the
//! evaluation of k-means clustering validity* (2017).

use rayon::prelude::*;

use crate::error::{Error, Result, same_size};
use crate::matrix::{Matrix, squared_distance, squared_length};
use crate::product::multiply_transposed;

/// Rows whose distances are held at once by one task. Moves no digit.
const ROWS_PER_TASK: usize = 1024;

/// The simplified silhouettes of a clustering.
#[derive(Debug, Clone, PartialEq)]
pub struct Silhouette {
    /// Mean over all rows, from -1 to 1; 0 without rows.
    pub mean: f64,
    /// Standard error of the mean: the rows' standard deviation divided by the square root of their number.
    pub standard_error: f64,
}

/// The mean simplified silhouette of `points [n, d]` in clusters `labels [n]` with `centres [k, d]`.
///
/// Of a row, it is `s = (b - a) / max(a, b)`, where `a` is the (Euclidean) distance to the centre of its own cluster and `b`
/// that to the nearest other centre. `s` is 0 where both are 0, in a cluster of one row (which is no evidence of a
/// cluster, as in Rousseeuw's original of 1987), and where there is one cluster only. Near 1, rows lie at their centres;
/// at 0 or below, between two.
///
/// 2·n·k·d operations, parallel, rows added in order: the same bytes at any number of threads.
///
/// ```
/// use populi_geometry::{Matrix, simplified_silhouette};
///
/// let points = Matrix::from_vec(4, 1, vec![0.0, 2.0, 9.0, 11.0])?;
/// let centres = Matrix::from_vec(2, 1, vec![1.0, 10.0])?;
/// let found = simplified_silhouette(&points, &[0, 0, 1, 1], &centres)?;
/// let by_hand = [9.0 / 10.0, 7.0 / 8.0, 7.0 / 8.0, 9.0 / 10.0];
/// assert!((found.mean - by_hand.iter().sum::<f64>() / 4.0).abs() < 1e-12);
/// # Ok::<(), populi_geometry::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Shape`] where labels or columns do not fit, [`Error::Param`] for a label without a centre.
pub fn simplified_silhouette(points: &Matrix, labels: &[u32], centres: &Matrix) -> Result<Silhouette> {
    same_size("labels of the rows", points.n_rows(), labels.len())?;
    same_size("columns of the centres", points.n_cols(), centres.n_cols())?;
    let k = centres.n_rows();
    let mut sizes = vec![0usize; k];
    for &label in labels {
        let Some(size) = sizes.get_mut(label as usize) else {
            return Err(Error::Param {
                name: "label",
                got: label.to_string(),
                must_be: "a row of the centres",
            });
        };
        *size += 1;
    }
    if points.n_rows() == 0 || k < 2 {
        return Ok(Silhouette { mean: 0.0, standard_error: 0.0 });
    }
    let half_squares: Vec<f64> = centres.rows().map(|centre| 0.5 * squared_length(centre)).collect();
    let starts: Vec<usize> = (0..points.n_rows()).step_by(ROWS_PER_TASK).collect();
    let parts: Vec<Vec<f64>> = starts
        .into_par_iter()
        .map(|start| {
            let rows: Vec<usize> = (start..points.n_rows().min(start + ROWS_PER_TASK)).collect();
            let products = multiply_transposed(&points.gather(&rows)?, centres)?;
            let score = |(&row, products): (&usize, &[f32])| {
                let own = labels[row] as usize;
                if sizes[own] < 2 {
                    return 0.0;
                }
                // The nearest other centre has the largest x·c - |c|²/2; its distance is then taken exactly.
                let near = |&c: &usize| f64::from(products[c]) - half_squares[c];
                let other = (0..k).filter(|&c| c != own).fold(usize::MAX, |best, c| {
                    if best == usize::MAX || near(&c) > near(&best) { c } else { best }
                });
                let a = squared_distance(points.row(row), centres.row(own)).sqrt();
                let b = squared_distance(points.row(row), centres.row(other)).sqrt();
                let most = a.max(b);
                if most > 0.0 { (b - a) / most } else { 0.0 }
            };
            Ok(rows.iter().zip(products.rows()).map(score).collect())
        })
        .collect::<Result<_>>()?;
    let n = points.n_rows() as f64;
    let mean = parts.iter().flatten().sum::<f64>() / n;
    let variance = parts.iter().flatten().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n;
    Ok(Silhouette { mean, standard_error: (variance / n).sqrt() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn single_rows_equal_rows_and_one_cluster_score_zero() {
        let points = Matrix::from_vec(3, 1, vec![0.0, 0.0, 5.0]).unwrap();
        let of = |labels: &[u32], centres: Vec<f32>| {
            let centres = Matrix::from_vec(centres.len(), 1, centres).unwrap();
            simplified_silhouette(&points, labels, &centres).unwrap()
        };
        // Rows 0 and 1 lie at their centre (1 each), row 2 is alone (0).
        let found = of(&[0, 0, 1], vec![0.0, 5.0]);
        assert!((found.mean - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.standard_error - (2.0f64 / 27.0).sqrt()).abs() < 1e-12);
        assert_eq!(of(&[0, 0, 0], vec![1.0]).mean, 0.0);
        // Both centres at the rows: a = b = 0 for two of them.
        assert_eq!(of(&[0, 0, 0], vec![0.0, 0.0]).mean, 0.0);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let points = Matrix::zeros(2, 1);
        assert!(simplified_silhouette(&points, &[0], &Matrix::zeros(1, 1)).is_err());
        assert!(simplified_silhouette(&points, &[0, 0], &Matrix::zeros(1, 2)).is_err());
        assert!(simplified_silhouette(&points, &[0, 1], &Matrix::zeros(1, 1)).is_err());
        assert_eq!(simplified_silhouette(&Matrix::zeros(0, 1), &[], &Matrix::zeros(2, 1)).unwrap().mean, 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn equals_the_definition(values in prop::collection::vec(-9i8..9, 12..3000), k in 2usize..6) {
            let d = 3;
            let values: Vec<f32> = values.iter().map(|&v| f32::from(v)).collect();
            let n = values.len() / d;
            let points = Matrix::from_vec(n, d, values[..n * d].to_vec()).unwrap();
            let labels: Vec<u32> = (0..n).map(|i| (i * i % k) as u32).collect();
            let centres = points.gather(&(0..k).map(|c| c % n).collect::<Vec<_>>()).unwrap();
            let distance = |row: usize, c: usize| -> f64 {
                points.row(row).iter().zip(centres.row(c)).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>().sqrt()
            };
            let naive = |row: usize| {
                let own = labels[row] as usize;
                if labels.iter().filter(|&&label| label as usize == own).count() < 2 {
                    return 0.0;
                }
                let a = distance(row, own);
                let b = (0..k).filter(|&c| c != own).map(|c| distance(row, c)).fold(f64::INFINITY, f64::min);
                if a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 }
            };
            let expected = (0..n).map(naive).sum::<f64>() / n as f64;
            let got = simplified_silhouette(&points, &labels, &centres).unwrap().mean;
            prop_assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        }
    }
}
