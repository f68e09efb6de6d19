//! Clusters cut in two, again and again: the centres for every k from one hierarchy.
//!
//! Steinbach, Karypis and Kumar, *A comparison of document clustering techniques* (2000), section 3: the cluster whose halves save most is
//! cut next. A row is looked at once for each cut that its cluster takes part in, which for balanced cuts is log k times, so that all k
//! cost about log k times what k = 2 does.

use super::halves::{Halves, halves};
use crate::error::Result;
use crate::matrix::Matrix;
use crate::view::MatrixView;

/// A cluster of the hierarchy that is not cut yet, and the halves that it would be cut into.
struct Leaf {
    rows: Vec<usize>,
    centre: Vec<f32>,
    halves: Option<Halves>,
}

impl Leaf {
    fn new(points: MatrixView<'_>, rows: Vec<usize>, centre: &[f32], seed: u64) -> Result<Self> {
        let halves = halves(points, &rows, seed)?;
        Ok(Self { rows, centre: centre.to_vec(), halves })
    }
}

/// The centres for k = 2, 3, … `k_max` clusters of `points`, `[k, n_cols]` each; fewer where not as many rows differ.
pub(super) fn bisected(points: MatrixView<'_>, k_max: usize, seed: u64) -> Result<Vec<Matrix>> {
    let all = (0..points.n_rows()).collect();
    // The centre of all is never asked for.
    let mut leaves = vec![Leaf::new(points, all, &[], seed)?];
    let mut levels = Vec::new();
    while leaves.len() < k_max {
        let gain = |leaf: &Leaf| leaf.halves.as_ref().map(|halves| halves.gain);
        let most = leaves.iter().enumerate().filter_map(|(at, leaf)| Some((at, gain(leaf)?)));
        let most = most.fold(None, |best: Option<(usize, f64)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            _ => Some(next),
        });
        let Some((at, Some(cut))) = most.map(|(at, _)| (at, leaves[at].halves.take())) else { break };
        let part = |part: u32| -> Result<Leaf> {
            let rows = leaves[at].rows.iter().zip(&cut.labels).filter(|&(_, &label)| label == part);
            Leaf::new(points, rows.map(|(&row, _)| row).collect(), cut.centres.row(part as usize), seed)
        };
        let (first, second) = rayon::join(|| part(0), || part(1));
        leaves[at] = first?;
        leaves.push(second?);
        let values = leaves.iter().flat_map(|leaf| &leaf.centre).copied().collect();
        levels.push(Matrix::from_vec(leaves.len(), points.n_cols(), values)?);
    }
    Ok(levels)
}
