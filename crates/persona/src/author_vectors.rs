//! From the vectors of posts to the vectors of their authors.
//!
//! The mean of an author's few posts says as much about those posts as about the author. So the vectors of authors are made in
//! two steps:
//!
//! 1. the mean of the normalised vectors of the author's posts;
//! 2. its coordinates along the [directions](populi_geometry::discriminant()) in which authors differ more than the posts
//!    of one author do, each drawn towards zero as far as few posts make it uncertain.
//!
//! What posts differ in anyway (a turn of phrase, their length) is dropped by the second step, and what stays the same from
//! post to post of one author is kept. It uses who wrote what, and no label. Where posts cannot show it (one post an
//! author, few authors, or authors who do not differ), the normalised mean stands.

use std::collections::BTreeMap;

use populi_geometry::{Discriminant, DiscriminantParams, Matrix, Scatter, discriminant};

use crate::Error;

/// Posts of one author that count in how far posts of one author differ. The first ones; bounds what a machine that posts the
/// same all day can do.
const MAX_POSTS_COMPARED: u32 = 64;

/// Posts whose products are summed at once. Changing it changes last digits.
const BLOCK_POSTS: usize = 4096;

/// Sums up the vectors of authors' posts, one post at a time.
///
/// Time: 2·d² operations a post, parallel. Memory: 8 bytes an author and dimension, twice that for authors of very many
/// posts, and 16·d². Sums are kept in `f64` and posts are added in the order in which they are given, so the same posts
/// in the same order give the same bytes.
pub struct AuthorVectors {
    n_dims: usize,
    sums: Vec<f64>,
    n_posts: Vec<u32>,
    /// Normalised vectors of posts that are not in `scatter` yet.
    waiting: Vec<f32>,
    scatter: Scatter,
    /// The sums of authors at [`MAX_POSTS_COMPARED`] posts.
    compared: BTreeMap<usize, Vec<f64>>,
}

/// Vectors of authors (or of posts, where there are no authors).
#[derive(Clone, Debug, PartialEq)]
pub struct UnitVectors {
    /// The number of each row's unit, as it was given; ascending.
    pub units: Vec<usize>,
    /// `[units.len(), n_traits] f32` along the `traits`, or `[units.len(), n_dims]` where there are none. Each row is
    /// L2-normalised, but where there is one trait only: there, length is all that there is.
    pub vectors: Matrix,
    /// Posts behind each row.
    pub n_posts: Vec<u32>,
    /// The directions in which authors differ, where there are any.
    pub traits: Option<Discriminant>,
}

impl UnitVectors {
    /// Where a post with this vector lies in the space of `vectors`: `[vectors.n_cols()]`, of any length.
    ///
    /// # Errors
    /// When the vector has another number of dimensions.
    pub fn place(&self, post: &[f32]) -> Result<Vec<f32>, Error> {
        let Some(traits) = &self.traits else { return Ok(post.to_vec()) };
        let length = length(post);
        let scaled = post.iter().map(|&value| (f64::from(value) / length.max(f64::MIN_POSITIVE)) as f32);
        let row = Matrix::from_vec(1, post.len(), scaled.collect())?;
        Ok(traits.project(&row)?.into_values())
    }
}

impl AuthorVectors {
    /// Nothing summed up yet, for vectors of `n_dims`.
    #[must_use]
    pub fn new(n_dims: usize) -> Self {
        Self {
            n_dims,
            sums: Vec::new(),
            n_posts: Vec::new(),
            waiting: Vec::new(),
            scatter: Scatter::new(n_dims),
            compared: BTreeMap::new(),
        }
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
        if length == 0.0 {
            return Ok(());
        }
        let sum = &mut self.sums[author * self.n_dims..(author + 1) * self.n_dims];
        sum.iter_mut().zip(vector).for_each(|(sum, &value)| *sum += f64::from(value) / length);
        self.n_posts[author] += 1;
        if self.n_posts[author] == MAX_POSTS_COMPARED {
            self.compared.insert(author, sum.to_vec());
        }
        if self.n_posts[author] <= MAX_POSTS_COMPARED {
            self.waiting.extend(vector.iter().map(|&value| (f64::from(value) / length) as f32));
            if self.waiting.len() == BLOCK_POSTS * self.n_dims {
                self.compare_waiting()?;
            }
        }
        Ok(())
    }

    /// The vectors of the authors with at least `min_posts` posts, by author number. An author whose posts cancel
    /// out exactly has no direction and is left out.
    ///
    /// # Errors
    /// Never for what [`AuthorVectors::add`] took.
    pub fn finish(mut self, min_posts: u32) -> Result<UnitVectors, Error> {
        let mut units = Vec::new();
        let mut n_posts = Vec::new();
        let mut means = Vec::new();
        for (author, (&n, sum)) in
            self.n_posts.iter().zip(self.sums.chunks_exact(self.n_dims.max(1))).enumerate()
        {
            if n >= min_posts.max(1) && sum.iter().any(|&value| value != 0.0) {
                units.push(author);
                n_posts.push(n);
                means.extend(sum.iter().map(|value| (value / f64::from(n)) as f32));
            }
        }
        let mut vectors = Matrix::from_vec(units.len(), self.n_dims, means)?;
        let traits = self.traits(&vectors, &n_posts)?;
        if let Some(traits) = &traits {
            vectors = traits.expect(&vectors, &n_posts)?;
        }
        if vectors.n_cols() > 1 || traits.is_none() {
            vectors.l2_normalise_rows();
        }
        Ok(UnitVectors { units, vectors, n_posts, traits })
    }

    /// Adds what waits to the scatter of posts.
    fn compare_waiting(&mut self) -> Result<(), Error> {
        let waiting = std::mem::take(&mut self.waiting);
        self.scatter.add(&Matrix::from_vec(waiting.len() / self.n_dims.max(1), self.n_dims, waiting)?)?;
        Ok(())
    }

    /// The directions in which authors with these means differ; `None` where none stands out.
    fn traits(&mut self, means: &Matrix, n_posts: &[u32]) -> Result<Option<Discriminant>, Error> {
        if self.n_dims == 0 {
            return Ok(None);
        }
        self.compare_waiting()?;
        let mut of_authors = Scatter::new(self.n_dims);
        let mut block = Vec::new();
        for (author, (&n, sum)) in self.n_posts.iter().zip(self.sums.chunks_exact(self.n_dims)).enumerate() {
            if n > 0 {
                let sum = self.compared.get(&author).map_or(sum, Vec::as_slice);
                let root = f64::from(n.min(MAX_POSTS_COMPARED)).sqrt();
                block.extend(sum.iter().map(|value| (value / root) as f32));
            }
            if block.len() == BLOCK_POSTS * self.n_dims || author + 1 == self.n_posts.len() {
                let rows = std::mem::take(&mut block);
                of_authors.add(&Matrix::from_vec(rows.len() / self.n_dims, self.n_dims, rows)?)?;
            }
        }
        let Some(within) = self.scatter.within(&of_authors)? else { return Ok(None) };
        let found = discriminant(&within, means, n_posts, &DiscriminantParams::default())?;
        Ok((!found.ratios.is_empty()).then_some(found))
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
        assert_eq!(found.traits, None, "of one author nobody can say what authors differ in");
        let half = 0.5f32.sqrt();
        assert!(
            (found.vectors.row(0)[0] - half).abs() < 1e-6 && (found.vectors.row(0)[1] - half).abs() < 1e-6
        );
        assert_eq!(found.place(&[3.0, 4.0]).unwrap(), [3.0, 4.0]);
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
        assert_eq!(AuthorVectors::new(0).finish(1).unwrap().vectors.n_rows(), 0);
        let error = AuthorVectors::new(3).add(0, &[1.0]).unwrap_err().to_string();
        assert!(error.contains('3') && error.contains('1'), "{error}");
    }

    /// Authors of two kinds. Column 0 is how a post is phrased: large, and different in every post. Columns 1 and 2 are what it
    /// is about: small, and the same in all posts of an author.
    fn two_kinds(n_authors: usize, n_posts: usize) -> AuthorVectors {
        let mut authors = AuthorVectors::new(3);
        for i in 0..n_authors * n_posts {
            let (author, post) = (i / n_posts, i % n_posts);
            let phrase = ((author * 7 + post * 5) % 11) as f32 / 5.0 - 1.0;
            let about = if author.is_multiple_of(2) { [0.3, 0.1] } else { [0.1, 0.3] };
            authors.add(author, &[phrase, about[0], about[1]]).unwrap();
        }
        authors
    }

    #[test]
    fn what_authors_keep_from_post_to_post_sets_them_apart() {
        let found = two_kinds(200, 3).finish(2).unwrap();
        let traits = found.traits.as_ref().unwrap();
        assert_eq!(traits.ratios.len(), 1, "{traits:?}");
        for (author, row) in found.vectors.rows().enumerate() {
            assert_eq!(row.len(), 1);
            assert_eq!(
                row[0] > 0.0,
                found.vectors.row(0)[0] > 0.0 && author % 2 == 0
                    || found.vectors.row(0)[0] <= 0.0 && author % 2 == 1
            );
        }
        let (a, b) = (found.place(&[0.9, 0.3, 0.1]).unwrap(), found.place(&[0.9, 0.1, 0.3]).unwrap());
        assert!(a[0] * b[0] < 0.0, "{a:?} and {b:?}");
        assert!(found.place(&[0.9]).is_err());
    }

    #[test]
    fn one_post_an_author_leaves_vectors_as_they_are() {
        let found = two_kinds(50, 1).finish(1).unwrap();
        assert_eq!((found.traits, found.vectors.n_cols()), (None, 3));
    }

    #[test]
    fn one_author_of_very_many_posts_does_not_hide_the_others() {
        let mut authors = two_kinds(200, 3);
        for i in 0..20_000 {
            authors.add(200, &[(i % 3) as f32, 0.2, 0.2]).unwrap();
        }
        assert_eq!(authors.finish(2).unwrap().traits.unwrap().ratios.len(), 1);
    }
}
