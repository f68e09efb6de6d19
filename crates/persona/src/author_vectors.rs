//! From the vectors of posts to the vectors of their authors.

use populi_geometry::Matrix;

use crate::Error;

/// Sums up the vectors of authors' posts, one post at a time.
///
/// Memory: 8 bytes an author and dimension. Sums are kept in `f64` and posts are added in the order in which they
/// are given, so the same posts in the same order give the same bytes.
pub struct AuthorVectors {
    n_dims: usize,
    sums: Vec<f64>,
    n_posts: Vec<u32>,
}

/// Vectors of authors (or of posts, where there are no authors).
#[derive(Clone, Debug, PartialEq)]
pub struct UnitVectors {
    /// The number of each row's unit, as it was given; ascending.
    pub units: Vec<usize>,
    /// `[units.len(), n_dims] f32`, each row L2-normalised.
    pub vectors: Matrix,
    /// Posts behind each row.
    pub n_posts: Vec<u32>,
}

impl AuthorVectors {
    /// Nothing summed up yet, for vectors of `n_dims`.
    #[must_use]
    pub fn new(n_dims: usize) -> Self {
        Self { n_dims, sums: Vec::new(), n_posts: Vec::new() }
    }

    /// Adds a post of author number `author`. A vector of zeros (a text with nothing in it) is left out.
    ///
    /// # Errors
    /// When the vector has another number of dimensions.
    pub fn add(&mut self, author: usize, vector: &[f32]) -> Result<(), Error> {
        if vector.len() != self.n_dims {
            return Err(Error::Dimensions { expected: self.n_dims, got: vector.len() });
        }
        if author >= self.n_posts.len() {
            self.n_posts.resize(author + 1, 0);
            self.sums.resize((author + 1) * self.n_dims, 0.0);
        }
        let length = length(vector);
        if length > 0.0 {
            let sum = &mut self.sums[author * self.n_dims..(author + 1) * self.n_dims];
            sum.iter_mut().zip(vector).for_each(|(sum, &value)| *sum += f64::from(value) / length);
            self.n_posts[author] += 1;
        }
        Ok(())
    }

    /// The vectors of the authors with at least `min_posts` posts, by author number. An author whose posts cancel
    /// out exactly has no direction and is left out.
    ///
    /// # Errors
    /// Never for what [`AuthorVectors::add`] took.
    pub fn finish(self, min_posts: u32) -> Result<UnitVectors, Error> {
        let mut units = Vec::new();
        let mut n_posts = Vec::new();
        let mut values = Vec::new();
        for (author, (&n, sum)) in
            self.n_posts.iter().zip(self.sums.chunks_exact(self.n_dims.max(1))).enumerate()
        {
            let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
            if n >= min_posts.max(1) && length > 0.0 {
                units.push(author);
                n_posts.push(n);
                values.extend(sum.iter().map(|value| (value / length) as f32));
            }
        }
        let vectors = Matrix::from_vec(units.len(), self.n_dims, values)?;
        Ok(UnitVectors { units, vectors, n_posts })
    }
}

fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_normalised_posts() {
        let mut authors = AuthorVectors::new(2);
        // A long and a short post weigh the same.
        authors.add(1, &[10.0, 0.0]).unwrap();
        authors.add(1, &[0.0, 1.0]).unwrap();
        authors.add(0, &[1.0, 0.0]).unwrap();
        let found = authors.finish(2).unwrap();
        assert_eq!(found.units, [1]);
        assert_eq!(found.n_posts, [2]);
        let half = 0.5f32.sqrt();
        assert!(
            (found.vectors.row(0)[0] - half).abs() < 1e-6 && (found.vectors.row(0)[1] - half).abs() < 1e-6
        );
    }

    #[test]
    fn empty_texts_and_cancelled_authors_are_left_out() {
        let mut authors = AuthorVectors::new(2);
        authors.add(0, &[0.0, 0.0]).unwrap();
        authors.add(1, &[1.0, 0.0]).unwrap();
        authors.add(1, &[-1.0, 0.0]).unwrap();
        authors.add(2, &[1.0, 0.0]).unwrap();
        assert_eq!(authors.finish(1).unwrap().units, [2]);
    }

    #[test]
    fn no_posts_give_no_authors_and_odd_vectors_an_error() {
        assert_eq!(AuthorVectors::new(3).finish(1).unwrap().vectors.n_rows(), 0);
        let error = AuthorVectors::new(3).add(0, &[1.0]).unwrap_err().to_string();
        assert!(error.contains('3') && error.contains('1'), "{error}");
    }
}
