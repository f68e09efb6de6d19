//! Rows of floats as rows of bytes with a scale each.

use populi_geometry::Matrix;

use super::file::{MAX_SCALE, MIN_SCALE};
use crate::error::{Result, require};

/// The largest size of a byte.
const LARGEST: f32 = 127.0;

/// `[n_tokens, n_dims]` bytes and `[n_tokens]` scales, whose product is nearest to `rows`; zeros for the tokens `without`.
pub(super) fn quantise(rows: &Matrix, without: &[u32]) -> Result<(Vec<i8>, Vec<f32>)> {
    let mut bytes = Vec::with_capacity(rows.values().len());
    let mut scales = Vec::with_capacity(rows.n_rows());
    for (row, id) in rows.rows().zip(0u32..) {
        let largest = row.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        let is_finite = row.iter().all(|value| value.is_finite());
        let fits = is_finite && largest / LARGEST <= MAX_SCALE;
        require(
            fits,
            "rows",
            format!("a value of {largest:e} or not a number in row {id}"),
            "finite, at most 1e10",
        )?;
        let scale = if without.binary_search(&id).is_ok() { 0.0 } else { largest / LARGEST };
        // A scale that is zero, or too small for sums to be exact, leaves nothing of a row.
        let scale = if scale >= MIN_SCALE { scale } else { 0.0 };
        let to_byte = |value: &f32| {
            if scale > 0.0 { (value / scale).round().clamp(-LARGEST, LARGEST) as i8 } else { 0 }
        };
        bytes.extend(row.iter().map(to_byte));
        scales.push(scale);
    }
    Ok((bytes, scales))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn by_hand() {
        let rows = Matrix::from_vec(4, 2, vec![1.0, -0.5, 0.0, 0.0, 3.0, 2.0, 1e-40, -1e-44]).unwrap();
        let (bytes, scales) = quantise(&rows, &[2]).unwrap();
        assert_eq!(bytes, [127, -64, 0, 0, 0, 0, 0, 0]);
        assert_eq!(scales, [1.0 / 127.0, 0.0, 0.0, 0.0]);
        for (value, expected) in
            [(126e-12, Some(0.0)), (1e10, Some(1e10 / LARGEST)), (1.3e10, None), (f32::NAN, None)]
        {
            let scales =
                quantise(&Matrix::from_vec(1, 1, vec![value]).unwrap(), &[]).map(|(_, scales)| scales[0]);
            assert_eq!(scales.ok(), expected, "{value}");
        }
    }
}
