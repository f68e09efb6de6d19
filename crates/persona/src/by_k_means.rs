//! Clusters around k centres.

use populi_geometry::{
    Choice, ConstrainedParams, KMeansParams, Matrix, PcaParams, Silent, choose_k, constrained_kmeans,
    kmeans_from, pca,
};

use crate::cluster::ClusterParams;
use crate::{Error, K};

/// Dimensions up to which k is chosen among the vectors as they are.
const MAX_DIMS_TO_CHOOSE: usize = 64;

/// Principal components among which it is chosen above. In hundreds of dimensions every row is about equally far from every
/// centre, and a tight cluster beside one that holds all the rest scores best.
const COMPONENTS_TO_CHOOSE: usize = 20;

/// Clusters, the largest first, and the means of their rows.
pub(crate) struct Partition {
    pub(crate) clusters: Vec<Option<u32>>,
    pub(crate) centres: Matrix,
}

/// The number of clusters that is asked for, or chosen, and how.
pub(crate) fn number_of_clusters(
    vectors: &Matrix,
    params: &ClusterParams,
) -> Result<(Option<Choice>, usize), Error> {
    let n_units = vectors.n_rows();
    let (choice, k) = match params.k {
        K::Fixed(k) => (None, k),
        K::Auto => {
            let choice = choose(vectors, params)?;
            // Too few to choose, or sizes that leave no choice.
            let least =
                || constrained(params, 1).least_k(n_units).max((n_units / params.min_size().max(1)).min(2));
            let k = choice.as_ref().map_or_else(least, |choice| choice.k);
            (choice, k)
        }
    };
    if k > n_units {
        return Err(Error::TooManyClusters { k, n_units, unit: params.unit });
    }
    Ok((choice, k))
}

/// k-means with clusters of the sizes that are asked for.
pub(crate) fn partition(
    vectors: &Matrix,
    k: usize,
    choice: Option<&Choice>,
    params: &ClusterParams,
) -> Result<Partition, Error> {
    let constrained = constrained(params, k);
    let found = if params.min_size() > 1 || params.max_size.is_some() {
        constrained_kmeans(vectors.into(), &constrained, &Silent)?.kmeans
    } else {
        // Centres among principal components are no start among the vectors.
        let is_start = |choice: &&Choice| choice.centres.n_cols() == vectors.n_cols();
        let starts: Vec<Matrix> =
            choice.into_iter().filter(is_start).map(|choice| choice.centres.clone()).collect();
        kmeans_from(vectors, &starts, &constrained.kmeans)?
    };
    Ok(Partition { clusters: found.labels.into_iter().map(Some).collect(), centres: found.centres })
}

fn constrained(params: &ClusterParams, k: usize) -> ConstrainedParams {
    let kmeans = KMeansParams {
        k,
        n_init: params.n_init,
        max_iter: params.max_iter,
        seed: params.seed,
        ..KMeansParams::default()
    };
    ConstrainedParams { kmeans, min_size: params.min_size(), max_size: params.max_size }
}

/// The number of clusters, where it is not given, among those that the sizes allow: [`choose_k`], where dimensions are many
/// among the principal components of the vectors, scaled to length 1.
fn choose(vectors: &Matrix, params: &ClusterParams) -> Result<Option<Choice>, Error> {
    let Some(how) = constrained(params, 1).choice(vectors.n_rows()) else { return Ok(None) };
    if vectors.n_cols() <= MAX_DIMS_TO_CHOOSE {
        return Ok(choose_k(vectors, &how)?);
    }
    let found = pca(vectors, &PcaParams { n_components: COMPONENTS_TO_CHOOSE })?;
    let mut components = found.project(vectors)?;
    components.l2_normalise_rows();
    Ok(choose_k(&components, &how)?)
}
