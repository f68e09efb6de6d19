//! The neighbours of rows.

use std::path::Path;

use populi_geometry::{MatrixView, NeighbourGraph};

use super::fault::Fault;
use super::header::tuple;
use super::integers::integers;
use super::vectors::{Vectors, map};
use crate::{Error, Result};

/// Neighbours of rows, out of two files.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) graph: NeighbourGraph,
    /// Whether rows named themselves and were taken out.
    pub(crate) named_themselves: bool,
}

/// The neighbours of `n_rows` rows: row numbers as integers, distances as floats, both `[n_rows, k]`, the nearest first.
///
/// Where rows name themselves, as in the graphs of umap-learn, pynndescent and faiss, they are taken out, and the last neighbour of
/// a row that does not; there is one neighbour less then.
///
/// # Errors
/// When a file cannot be read, or holds something else: [`Fault`].
pub(crate) fn graph(ids: &Path, distances: &Path, n_rows: usize) -> Result<Graph> {
    let in_ids = |fault| Error::Npy { path: ids.to_owned(), fault };
    let in_distances = |fault| Error::Npy { path: distances.to_owned(), fault };
    let near = integers(map(ids)?.bytes(), n_rows, None).map_err(in_ids)?;
    let k = near.len() / n_rows.max(1);
    let far: Vectors = Vectors::open(distances)?;
    let far = far.view()?;
    check_neighbours(&near, n_rows, k).map_err(in_ids)?;
    check_distances(far, n_rows, k).map_err(in_distances)?;
    let row_of = |row: usize| &near[row * k..(row + 1) * k];
    let named_themselves = (0..n_rows).any(|row| row_of(row).contains(&(row as i64)));
    let kept = if named_themselves { k - 1 } else { k };
    let mut graph = (Vec::with_capacity(n_rows * kept), Vec::with_capacity(n_rows * kept));
    for row in 0..n_rows {
        let others = row_of(row).iter().zip(far.row(row)).filter(|(id, _)| **id != row as i64);
        graph.extend(others.take(kept).map(|(id, distance)| (*id as u32, *distance)));
    }
    let (near, far) = graph;
    Ok(Graph { graph: NeighbourGraph::new(n_rows, kept, near, far)?, named_themselves })
}

fn check_neighbours(near: &[i64], n_rows: usize, k: usize) -> std::result::Result<(), Fault> {
    for (row, neighbours) in near.chunks_exact(k).enumerate() {
        let is_row = |value: &i64| usize::try_from(*value).is_ok_and(|row| row < n_rows);
        if let Some(column) = neighbours.iter().position(|value| !is_row(value)) {
            let expected = format!("the number of a row, from 0 to {}", n_rows - 1);
            return Err(Fault::Integer { row, column, value: neighbours[column], expected });
        }
        let mut itself = (0..k).filter(|column| neighbours[*column] == row as i64);
        if let (Some(first), second) = (itself.next(), itself.next())
            && (second.is_some() || k == 1)
        {
            let (column, expected) = (second.unwrap_or(first), "another row than the row itself".to_owned());
            return Err(Fault::Integer { row, column, value: row as i64, expected });
        }
    }
    Ok(())
}

fn check_distances(far: MatrixView<'_>, n_rows: usize, k: usize) -> std::result::Result<(), Fault> {
    if (far.n_rows(), far.n_cols()) != (n_rows, k) {
        return Err(Fault::Shape {
            shape: tuple(&[far.n_rows(), far.n_cols()]),
            expected: format!("{}, as that of the neighbours", tuple(&[n_rows, k])),
            remedy: "give the distances that belong to them",
        });
    }
    for (row, distances) in far.rows().enumerate() {
        if let Some(before) = distances.windows(2).position(|pair| pair[0] > pair[1]) {
            let (value, column) = (distances[before + 1], before + 1);
            return Err(Fault::Falling { row, column, value, before: distances[before] });
        }
    }
    Ok(())
}
