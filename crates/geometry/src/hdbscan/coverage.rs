//! Noise joins clusters, nearest first, until enough rows have one.

use super::SpanningEdge;
use crate::NOISE;

/// How near a row was when it joined a cluster.
pub(super) type JoinedAt = Option<f64>;

/// Gives labels to noise along the edges of the spanning tree, shortest first, until at most `n_noise_allowed` rows are noise or no
/// edge is left. Each row, and those that are nearer to it than any cluster, takes the label of the row at which its edge meets a cluster:
/// the nearest by mutual reachability, over as many steps as it takes. Rows that meet at one edge join together. `O(n)`, serial.
pub(super) fn join_noise(
    edges: &[SpanningEdge],
    labels: &mut [i32],
    n_noise_allowed: usize,
) -> Vec<JoinedAt> {
    let mut joined = vec![None; labels.len()];
    let mut n_noise = labels.iter().filter(|&&label| label == NOISE).count();
    // Circles of the rows of components without a label.
    let mut next: Vec<u32> = (0..labels.len() as u32).collect();
    for edge in edges {
        if n_noise <= n_noise_allowed {
            break;
        }
        let (a, b) = (edge.a as usize, edge.b as usize);
        match (labels[a], labels[b]) {
            (NOISE, NOISE) => next.swap(a, b),
            (NOISE, label) | (label, NOISE) => {
                let first = if labels[a] == NOISE { a } else { b };
                let mut row = first;
                loop {
                    labels[row] = label;
                    joined[row] = Some(edge.distance);
                    n_noise -= 1;
                    row = next[row] as usize;
                    if row == first {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    joined
}
