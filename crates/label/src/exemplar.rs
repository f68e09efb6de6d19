//! The few posts that show what a cluster is about.
//!
//! Input: vectors `[n_rows, n_dims] f32` in any scale, a cluster for each row (`None` is noise), and a centre for each
//! cluster `[n_clusters, n_dims] f32`. Nearest is by cosine. Time O(n_rows · n_dims + n_rows log n_rows), memory 16 bytes a row.
//! Deterministic: sums are f64 in the order of dimensions, ties go to the smaller row.

use std::collections::HashSet;

use populi_text::clean::clean;

use crate::{Error, Result};

/// The rows of posts to choose from; every slice has an entry for each row.
#[derive(Debug, Clone, Copy)]
pub struct Posts<'a> {
    /// `[n_rows, n_dims] f32`, row after row.
    pub vectors: &'a [f32],
    /// Dimensions of a vector.
    pub n_dims: usize,
    /// The cluster of each row; `None` is noise and never an exemplar.
    pub clusters: &'a [Option<u32>],
    /// The text of each row, as posted. Rows whose cleaned texts are equal count as one post.
    pub texts: &'a [&'a str],
    /// The author of each row, any number that tells authors apart, if known.
    pub authors: Option<&'a [u64]>,
}

/// How [`exemplars`] chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// Most exemplars of a cluster. Default 3.
    pub n_exemplars: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { n_exemplars: 3 }
    }
}

impl Params {
    /// Whether every parameter is in its range.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if `n_exemplars` is 0.
    pub fn check(&self) -> Result<()> {
        if self.n_exemplars == 0 {
            return Err(Error::Parameter { name: "n_exemplars", got: 0 });
        }
        Ok(())
    }
}

/// For each cluster the rows nearest its centre, nearest first.
///
/// A row whose cleaned text equals that of a nearer exemplar is passed over, so is one without text. Where authors are
/// given, each gives one post, the nearest; only if these are too few follow second posts, nearest first. Vectors with a
/// value that is not finite, and all-zero ones, come last.
///
/// # Errors
///
/// [`Error::Shape`] if the lengths do not fit together, [`Error::UnknownCluster`] if a row names a cluster without a
/// centre, [`Error::Parameter`] if `n_dims` or a parameter is 0.
///
/// ```
/// use populi_label::exemplar::{Params, Posts, exemplars};
/// let posts = Posts {
///     vectors: &[1.0, 0.0, 0.9, 0.1, 0.0, 1.0],
///     n_dims: 2,
///     clusters: &[Some(0), Some(0), Some(1)],
///     texts: &["rent is high", "no more rent", "my cat"],
///     authors: None,
/// };
/// assert_eq!(exemplars(&posts, &[1.0, 0.0, 0.0, 1.0], &Params::default())?, [vec![0, 1], vec![2]]);
/// # Ok::<(), populi_label::Error>(())
/// ```
pub fn exemplars(posts: &Posts<'_>, centres: &[f32], params: &Params) -> Result<Vec<Vec<usize>>> {
    params.check()?;
    let n_clusters = check_shapes(posts, centres)?;
    let mut members: Vec<Vec<(f64, usize)>> = vec![Vec::new(); n_clusters];
    for (row, cluster) in posts.clusters.iter().enumerate() {
        let Some(cluster) = *cluster else { continue };
        let Some(cluster_members) = members.get_mut(cluster as usize) else {
            return Err(Error::UnknownCluster { row, cluster, n_clusters });
        };
        let centre = &centres[cluster as usize * posts.n_dims..][..posts.n_dims];
        let vector = &posts.vectors[row * posts.n_dims..][..posts.n_dims];
        cluster_members.push((cosine(vector, centre), row));
    }
    let chosen = members.into_iter().map(|mut rows| {
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        choose(posts, &rows, params.n_exemplars)
    });
    Ok(chosen.collect())
}

/// The number of clusters, if all lengths fit together.
fn check_shapes(posts: &Posts<'_>, centres: &[f32]) -> Result<usize> {
    if posts.n_dims == 0 {
        return Err(Error::Parameter { name: "n_dims", got: 0 });
    }
    let n_rows = posts.clusters.len();
    let n_clusters = centres.len() / posts.n_dims;
    let n_authors = posts.authors.map_or(n_rows, <[u64]>::len);
    for (name, got, expected, of) in [
        ("vectors", posts.vectors.len(), n_rows * posts.n_dims, "dimension of each row"),
        ("texts", posts.texts.len(), n_rows, "row"),
        ("authors", n_authors, n_rows, "row"),
        ("centres", centres.len(), n_clusters * posts.n_dims, "dimension of each cluster"),
    ] {
        if got != expected {
            return Err(Error::Shape { name, got, expected, of });
        }
    }
    Ok(n_clusters)
}

/// The cosine, or minus infinity where there is none.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let (mut dot, mut a_square, mut b_square) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x), f64::from(y));
        dot += x * y;
        a_square += x * x;
        b_square += y * y;
    }
    let cosine = dot / (a_square.sqrt() * b_square.sqrt());
    if cosine.is_finite() { cosine } else { f64::NEG_INFINITY }
}

/// The first `n` of `ranked` rows with different texts: first one of each author, then the others.
fn choose(posts: &Posts<'_>, ranked: &[(f64, usize)], n: usize) -> Vec<usize> {
    let mut texts = HashSet::new();
    let mut authors = HashSet::new();
    let mut chosen = Vec::with_capacity(n);
    // Rows passed over for their author only, with their texts, nearest first: of `n` different ones enough are left.
    let mut second_turn = Vec::new();
    let mut second_texts = HashSet::new();
    for &(_, row) in ranked {
        if chosen.len() == n {
            return chosen;
        }
        let text = clean(posts.texts[row]);
        if text.is_empty() || texts.contains(&text) {
            continue;
        }
        if posts.authors.is_none_or(|of| authors.insert(of[row])) {
            texts.insert(text);
            chosen.push(row);
        } else if second_turn.len() < n && second_texts.insert(text.clone()) {
            second_turn.push((row, text));
        }
    }
    for (row, text) in second_turn {
        if chosen.len() < n && texts.insert(text) {
            chosen.push(row);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::{Params, Posts, exemplars};
    use crate::Error;

    /// Rows of one cluster on the unit circle, each a little further from the centre `[1, 0]`.
    fn chosen(texts: &[&str], authors: Option<&[u64]>, n_exemplars: usize) -> Vec<usize> {
        let vectors: Vec<f32> =
            (0..texts.len()).flat_map(|row| [(row as f32 * 0.1).cos(), (row as f32 * 0.1).sin()]).collect();
        let clusters = vec![Some(0); texts.len()];
        let posts = Posts { vectors: &vectors, n_dims: 2, clusters: &clusters, texts, authors };
        exemplars(&posts, &[2.0, 0.0], &Params { n_exemplars }).unwrap_or_else(|e| panic!("{e}")).remove(0)
    }

    #[test]
    fn nearest_first_without_equal_texts() {
        assert_eq!(chosen(&["a", "b", "c", "d"], None, 3), [0, 1, 2]);
        assert_eq!(chosen(&["same", "@you same https://x.org", "c", "", "e"], None, 3), [0, 2, 4]);
        assert_eq!(chosen(&["one"], None, 3), [0]);
        assert!(chosen(&["https://x.org", " "], None, 3).is_empty());
    }

    #[test]
    fn one_post_an_author_while_there_are_others() {
        assert_eq!(chosen(&["a", "b", "c", "d"], Some(&[1, 1, 1, 2]), 3), [0, 3, 1]);
        assert_eq!(chosen(&["a", "b", "c", "d"], Some(&[1, 1, 2, 3]), 3), [0, 2, 3]);
        // The second turn skips a text that the first one took, and repeats none of its own.
        assert_eq!(chosen(&["a", "b", "b", "b", "c", "d"], Some(&[1, 1, 1, 2, 1, 1]), 4), [0, 3, 4, 5]);
    }

    #[test]
    fn ties_noise_and_vectors_without_direction() {
        let posts = Posts {
            vectors: &[f32::NAN, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 5.0, 1.0, 0.0],
            n_dims: 2,
            clusters: &[Some(1), Some(1), Some(1), Some(1), None],
            texts: &["nan", "zero", "tie", "tie too", "noise"],
            authors: None,
        };
        let found = exemplars(&posts, &[1.0, 0.0, 0.0, 1.0], &Params { n_exemplars: 4 });
        assert_eq!(found, Ok(vec![vec![], vec![2, 3, 0, 1]]));
        let empty = Posts { vectors: &[], n_dims: 2, clusters: &[], texts: &[], authors: Some(&[]) };
        assert_eq!(exemplars(&empty, &[], &Params::default()), Ok(vec![]));
    }

    #[test]
    fn shapes_must_fit() {
        let good = Posts { vectors: &[1.0], n_dims: 1, clusters: &[Some(0)], texts: &["a"], authors: None };
        let with = |posts: Posts<'_>, centres: &[f32]| exemplars(&posts, centres, &Params::default());
        assert_eq!(with(good, &[1.0]), Ok(vec![vec![0]]));
        assert_eq!(with(good, &[]), Err(Error::UnknownCluster { row: 0, cluster: 0, n_clusters: 0 }));
        assert_eq!(
            with(Posts { n_dims: 0, ..good }, &[1.0]),
            Err(Error::Parameter { name: "n_dims", got: 0 })
        );
        for bad in [
            Posts { vectors: &[], ..good },
            Posts { texts: &[], ..good },
            Posts { authors: Some(&[]), ..good },
            Posts { n_dims: 2, vectors: &[1.0, 1.0], ..good },
        ] {
            assert!(matches!(with(bad, &[1.0]), Err(Error::Shape { .. })), "{bad:?}");
        }
        let none = exemplars(&good, &[1.0], &Params { n_exemplars: 0 });
        assert_eq!(none, Err(Error::Parameter { name: "n_exemplars", got: 0 }));
    }
}
