//! How long do author vectors, the choice of k, k-means and stability take?
//!
//! ```text
//! cargo run --release -p populi-persona --example persona_speed -- [AUTHORS] [POSTS_EACH] [COMMUNITIES]
//! ```
//!
//! Made-up posts of 256 dimensions: noise, and a little of their author's community. Prints a line a step: name, seconds,
//! what was found.
#![allow(clippy::print_stdout, reason = "a measuring tool prints")]

use std::error::Error;
use std::time::Instant;

use populi_geometry::adjusted_rand_index;
use populi_persona::{AuthorVectors, ClusterParams, StabilityParams, cluster, stability};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N_DIMS: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|n| n.parse()).collect::<Result<_, _>>()?;
    let argument = |at: usize, default| arguments.get(at).copied().unwrap_or(default);
    let (n_authors, n_posts, n_communities) = (argument(0, 200_000), argument(1, 3), argument(2, 12));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let planted: Vec<u32> = (0..n_authors).map(|_| random.random_range(0..n_communities as u32)).collect();

    let started = Instant::now();
    let mut authors = AuthorVectors::new(N_DIMS);
    let mut post = vec![0.0f32; N_DIMS];
    for (author, &community) in planted.iter().enumerate() {
        for _ in 0..n_posts {
            post.iter_mut().for_each(|value| *value = random.random::<f32>() - 0.5);
            post[community as usize] += 0.8;
            authors.add(author, &post)?;
        }
    }
    let units = authors.finish(1)?;
    println!("author vectors\t{:.1}\t{} directions", started.elapsed().as_secs_f64(), units.vectors.n_cols());

    let started = Instant::now();
    let params = ClusterParams::default();
    let found = cluster(&units.vectors, &params)?;
    let clusters: Vec<u32> = found.clusters.iter().flatten().copied().collect();
    let ari = adjusted_rand_index(&planted, &clusters)?;
    println!("k and k-means\t{:.1}\tk = {}, ARI {ari:.3}", started.elapsed().as_secs_f64(), found.k);

    let started = Instant::now();
    let stability = stability(&units.vectors, &found, &params, &StabilityParams::default())?;
    let ari = stability.map_or(0.0, |stability| stability.ari.mean);
    println!("stability\t{:.1}\tARI {ari:.3}", started.elapsed().as_secs_f64());
    Ok(())
}
