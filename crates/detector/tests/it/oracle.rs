//! Against the logistic regression of another library.

use populi_detector::{Logistic, LogisticParams};
use populi_geometry::Matrix;
use proptest::prelude::*;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn coefficients_are_those_of_smartcore(
        rows in prop::collection::vec((prop::collection::vec(-2.0f32..2.0, 4), any::<bool>()), 8..60),
        l2 in 0.02f64..0.5,
    ) {
        let y: Vec<u32> = rows.iter().map(|row| u32::from(row.1)).collect();
        prop_assume!(y.contains(&0) && y.contains(&1));
        let wide: Vec<Vec<f64>> = rows.iter().map(|row| row.0.iter().map(|&value| f64::from(value)).collect()).collect();
        // Its loss is a sum, ours a mean.
        let params = LogisticRegressionParameters::default().with_alpha(l2 * rows.len() as f64);
        let theirs = LogisticRegression::fit(&DenseMatrix::from_2d_vec(&wide).unwrap(), &y, params).unwrap();
        let x = Matrix::from_vec(rows.len(), 4, rows.iter().flat_map(|row| row.0.clone()).collect()).unwrap();
        let truth: Vec<f64> = y.iter().map(|&y| f64::from(y)).collect();
        let params = LogisticParams { l2, ..LogisticParams::default() };
        let ours = Logistic::fit((&x).into(), &truth, &vec![1.0; rows.len()], &params, None).unwrap();
        for (column, coefficient) in ours.coefficients.iter().enumerate() {
            prop_assert!((coefficient - theirs.coefficients().get((0, column))).abs() < 1e-3);
        }
        prop_assert!((ours.intercept - theirs.intercept().get((0, 0))).abs() < 1e-3);
    }
}
