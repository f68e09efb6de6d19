//! What clusters are about: their terms, and the posts nearest their centres.

use populi_label::exemplar::{Params as ExemplarParams, Posts, exemplars};
use populi_model::table::PostCard;
use populi_model::{Key, Timestamp};
use populi_persona::{Personas, cosine};
use populi_store::Snapshot;
use populi_text::ctfidf::{ClassTerms, Document, Params as TermParams, TermCounts};
use rayon::prelude::*;

use super::units::{Embedded, Units, for_each_embedded};
use crate::Result;
use crate::progress::Progress;
use crate::select::Chosen;

/// Posts whose terms are counted as one piece of work.
const CHUNK_POSTS: usize = 2 * 1024;
/// Pieces of work that are counted at the same time. Fixed, so that memory does not depend on the threads.
const CHUNKS_AT_ONCE: usize = 8;
/// Posts nearest a centre that are kept to choose its exemplars from: enough to pass over copies and one author's many
/// posts.
const CANDIDATES: usize = 64;

/// A post that stands for a cluster.
pub(super) struct Exemplar {
    pub(super) cluster: u32,
    pub(super) rank: u32,
    pub(super) post_key: Key,
    pub(super) cosine: f32,
    pub(super) created_at: Option<Timestamp>,
}

/// The content of all clusters.
pub(super) struct Content {
    pub(super) terms: Vec<ClassTerms>,
    pub(super) exemplars: Vec<Exemplar>,
}

/// A post near its cluster's centre.
struct Candidate {
    cosine: f32,
    post: PostCard<'static>,
    vector: Vec<f32>,
}

impl Content {
    /// Reads all posts and the table of their vectors once more.
    pub(super) fn gather(
        snapshot: &Snapshot,
        chosen: &Chosen,
        vectors: &str,
        units: &Units,
        found: &Personas,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let n_clusters = found.centres.n_rows();
        let mut counts = TermCounts::new(&TermParams::default())?;
        let mut candidates: Vec<Vec<Candidate>> = (0..n_clusters).map(|_| Vec::new()).collect();
        let mut held: Vec<(u32, Embedded)> = Vec::new();
        for_each_embedded(snapshot, chosen, vectors, progress, |embedded| {
            let cluster = units.row_of(&embedded.post).and_then(|row| found.clusters[row]);
            if let Some(cluster) = cluster {
                let vector = units.vectors.place(&embedded.vector)?;
                held.push((cluster, Embedded { vector, ..embedded }));
            }
            if held.len() == CHUNK_POSTS * CHUNKS_AT_ONCE {
                count(&mut counts, &held)?;
                keep_nearest(&mut candidates, found, held.drain(..));
            }
            Ok(())
        })?;
        count(&mut counts, &held)?;
        keep_nearest(&mut candidates, found, held.drain(..));
        Ok(Self { terms: counts.top_terms(), exemplars: choose(candidates, found)? })
    }
}

/// Counts the terms of some posts, in parallel; merging in any order gives the same counts.
fn count(counts: &mut TermCounts, posts: &[(u32, Embedded)]) -> Result<()> {
    let parts: Vec<TermCounts> = posts
        .par_chunks(CHUNK_POSTS)
        .map(|posts| {
            let mut part = TermCounts::new(&TermParams::default())?;
            for (cluster, embedded) in posts {
                part.add(&Document {
                    class: *cluster,
                    text: &embedded.post.text,
                    lang: embedded.lang.as_deref(),
                    author: embedded.post.author_key.map(author_number),
                });
            }
            Ok(part)
        })
        .collect::<Result<_>>()?;
    parts.into_iter().for_each(|part| counts.merge(part));
    Ok(())
}

/// A number that tells authors apart.
fn author_number(key: Key) -> u64 {
    (key.to_u128() >> 64) as u64
}

fn keep_nearest(
    candidates: &mut [Vec<Candidate>],
    found: &Personas,
    posts: impl Iterator<Item = (u32, Embedded)>,
) {
    for (cluster, embedded) in posts {
        let cosine = cosine(&embedded.vector, found.centres.row(cluster as usize));
        let nearest = &mut candidates[cluster as usize];
        // Equal ones stay in the order of the table.
        let place = nearest.partition_point(|kept| kept.cosine >= cosine);
        if place < CANDIDATES {
            nearest.insert(place, Candidate { cosine, post: embedded.post, vector: embedded.vector });
            nearest.truncate(CANDIDATES);
        }
    }
}

fn choose(candidates: Vec<Vec<Candidate>>, found: &Personas) -> Result<Vec<Exemplar>> {
    let clusters: Vec<Option<u32>> =
        (0..).zip(&candidates).flat_map(|(cluster, kept)| kept.iter().map(move |_| Some(cluster))).collect();
    let candidates: Vec<Candidate> = candidates.into_iter().flatten().collect();
    let texts: Vec<&str> = candidates.iter().map(|candidate| &*candidate.post.text).collect();
    let authors: Option<Vec<u64>> =
        candidates.iter().map(|candidate| candidate.post.author_key.map(author_number)).collect();
    let vectors: Vec<f32> = candidates.iter().flat_map(|candidate| &candidate.vector).copied().collect();
    let posts = Posts {
        vectors: &vectors,
        n_dims: found.centres.n_cols(),
        clusters: &clusters,
        texts: &texts,
        authors: authors.as_deref(),
    };
    let chosen = exemplars(&posts, found.centres.values(), &ExemplarParams::default())?;
    let exemplar = |cluster: u32, rank: u32, row: usize| Exemplar {
        cluster,
        rank,
        post_key: candidates[row].post.post_key,
        cosine: candidates[row].cosine,
        created_at: candidates[row].post.created_at,
    };
    Ok((0..)
        .zip(chosen)
        .flat_map(|(cluster, rows)| {
            (0..).zip(rows).map(|(rank, row)| exemplar(cluster, rank, row)).collect::<Vec<_>>()
        })
        .collect())
}
