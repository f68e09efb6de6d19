//! Where the vertices of a map are.

use populi_simd::LANES;

/// Dimensions of a map at most.
pub(super) const MAX_DIMS: usize = 64;

/// One coordinate of all vertices after the other; behind the last vertex stand the first 15 again, so that a run of 16
/// may begin at any vertex. There are a power of two of coordinates, at least 2: the kernels are made for those, and in
/// a coordinate that is 0 everywhere nothing moves.
#[derive(Debug, Clone)]
pub(super) struct Positions {
    n: usize,
    n_dims: usize,
    values: Vec<f32>,
}

impl Positions {
    /// Takes `rows [n, n_components]`, row after row; vertex `i` is row `row(i)`.
    pub(super) fn new(n: usize, n_components: usize, rows: &[f32], row: impl Fn(usize) -> usize) -> Self {
        let n_dims = n_components.next_power_of_two().max(2);
        let mut positions = Self { n, n_dims, values: vec![0.0; (n + LANES - 1) * n_dims] };
        for d in 0..n_components {
            let coordinate = positions.coordinate_mut(d);
            coordinate[..n]
                .iter_mut()
                .enumerate()
                .for_each(|(i, value)| *value = rows[row(i) * n_components + d]);
        }
        positions.repeat_first();
        positions
    }

    /// Writes vertex `i` as row `row(i)` of `rows [n, n_components]`.
    pub(super) fn write(&self, n_components: usize, rows: &mut [f32], row: impl Fn(usize) -> usize) {
        for d in 0..n_components {
            let coordinate = &self.coordinate(d)[..self.n];
            coordinate.iter().enumerate().for_each(|(i, &value)| rows[row(i) * n_components + d] = value);
        }
    }

    /// Number of vertices.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// Number of coordinates that are kept.
    pub(super) fn n_dims(&self) -> usize {
        self.n_dims
    }

    /// A coordinate of all vertices, and of the first 15 again.
    #[inline(always)]
    pub(super) fn coordinate(&self, d: usize) -> &[f32] {
        let stride = self.n + LANES - 1;
        &self.values[d * stride..(d + 1) * stride]
    }

    /// As [`Positions::coordinate`], to change in place; [`Positions::repeat_first`] must follow.
    #[inline(always)]
    pub(super) fn coordinate_mut(&mut self, d: usize) -> &mut [f32] {
        let stride = self.n + LANES - 1;
        &mut self.values[d * stride..(d + 1) * stride]
    }

    /// Every coordinate, as [`Positions::coordinate_mut`].
    pub(super) fn coordinates_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.values.chunks_exact_mut(self.n + LANES - 1)
    }

    /// Repeats the first vertices behind the last one.
    pub(super) fn repeat_first(&mut self) {
        let n = self.n;
        for coordinate in self.coordinates_mut() {
            (0..LANES - 1).for_each(|i| coordinate[n + i] = coordinate[i % n]);
        }
    }
}
