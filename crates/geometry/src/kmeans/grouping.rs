//! The order of centres, in which those of one panel are near to each other.
//!
//! A bound of a panel counts where all of its centres are far, so centres that are near to each other belong into one.

use populi_simd::LANES;

use crate::matrix::{Matrix, squared_distance};

/// `centres [k, n_cols]` in another order: halved again and again, between whole panels, along the line between two that are far
/// apart. O(k·d·log k), and of equals the first.
pub(super) fn neighbours_together(centres: &Matrix) -> Matrix {
    let mut order: Vec<usize> = (0..centres.n_rows()).collect();
    halve(centres, &mut order);
    let mut ordered = Matrix::zeros(centres.n_rows(), centres.n_cols());
    order.iter().enumerate().for_each(|(to, &from)| ordered.row_mut(to).copy_from_slice(centres.row(from)));
    ordered
}

fn halve(centres: &Matrix, part: &mut [usize]) {
    let n_panels = part.len().div_ceil(LANES);
    if n_panels < 2 {
        return;
    }
    let farthest_from = |from: usize| {
        let distance = |&c: &usize| squared_distance(centres.row(from), centres.row(c));
        part.iter()
            .map(|c| (*c, distance(c)))
            .fold((from, 0.0), |most, next| if next.1 > most.1 { next } else { most })
            .0
    };
    let one_end = farthest_from(part[0]);
    let other_end = farthest_from(one_end);
    // Less towards the one end, greater towards the other.
    let along = |c: usize| {
        squared_distance(centres.row(one_end), centres.row(c))
            - squared_distance(centres.row(other_end), centres.row(c))
    };
    let mut placed: Vec<(f64, usize)> = part.iter().map(|&c| (along(c), c)).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    part.iter_mut().zip(placed).for_each(|(to, (_, c))| *to = c);
    let (left, right) = part.split_at_mut(n_panels / 2 * LANES);
    halve(centres, left);
    halve(centres, right);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn each_of_three_far_places_is_one_panel() {
        let place = |i: usize| [[0.0, 0.0], [50.0, 0.0], [0.0, 90.0]][i % 3];
        let values = (0..48).flat_map(|i| place(i).map(|v| v + (i * 7 % 5) as f32)).collect();
        let ordered = neighbours_together(&Matrix::from_vec(48, 2, values).unwrap());
        for panel in ordered.values().chunks(32) {
            let far = panel.chunks(2).any(|row| (row[0] - panel[0]).abs() + (row[1] - panel[1]).abs() > 10.0);
            assert!(!far);
        }
    }
}
