//! The stage that finds persona clusters: author vectors, clusters by k-means or density, stability, a map, labels and
//! exemplars.

mod content;
mod map;
mod quality;
mod units;

use std::collections::BTreeMap;

use populi_geometry::Matrix;
use populi_label::keyword::distinct_keyword_labels;
use populi_model::table::{ClusterRow, LabelRow, MapRow, PersonaRow};
use populi_persona::{ClusterParams, Personas, StabilityParams, agreement, cluster, stability};
use populi_store::{Corpus, StepOutput, StepSpec};
use populi_text::ctfidf::ClassTerms;
use serde::{Deserialize, Serialize};

use crate::embed::EmbedSummary;
use crate::progress::{Progress, Unit};
use crate::select::{Chosen, Selection};
use crate::{Error, Outcome, Result, refuse_interrupted, summary_of, unless_done};

use content::{Content, Exemplar};
use map::map_of;
pub use map::{MapMethod, MapSummary};
pub use populi_persona::{K, Method, NotAK};
pub use quality::{
    ChoiceSummary, ClusterStabilitySummary, CurvePoint, DensitySummary, SpreadSummary, StabilitySummary,
};
use units::{UnitKind, Units};

/// How to find personas.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonaParams {
    /// Posts, replies or quotes with text of its own that an author must have. Default 2.
    pub min_posts: u32,
    /// k-means or HDBSCAN. Default k-means.
    pub cluster: Method,
    /// For k-means: clusters. Default `auto`: of 2 to 64 the number at which they are best apart.
    pub k: K,
    /// Authors that every cluster has at least. Default 1 for k-means, 10 for HDBSCAN.
    pub min_size: Option<usize>,
    /// For k-means: authors that every cluster has at most. Default: any number.
    pub max_size: Option<usize>,
    /// For HDBSCAN: neighbours that decide how dense a place is. Default: the least size.
    pub min_samples: Option<usize>,
    /// For HDBSCAN: the share of authors that may be noise. Default 0.2.
    pub max_noise: Option<f64>,
    /// How the map is made. Default UMAP.
    pub map: MapMethod,
    /// Resamples that the stability of the clusters is measured on; 0 for none. Default 20.
    pub bootstraps: usize,
    /// Seeded restarts of k-means. Default 5.
    pub n_init: usize,
    /// Decides the starting centres.
    pub seed: u64,
}

impl Default for PersonaParams {
    fn default() -> Self {
        Self {
            min_posts: 2,
            cluster: Method::default(),
            k: K::Auto,
            min_size: None,
            max_size: None,
            min_samples: None,
            max_noise: None,
            map: MapMethod::default(),
            bootstraps: 20,
            n_init: 5,
            seed: 0,
        }
    }
}

impl PersonaParams {
    /// Checks what can be known before anything is read.
    ///
    /// # Errors
    /// When a setting is none of the method's, or out of its range.
    pub fn check(&self) -> Result<()> {
        Ok(self.clustering().check_settings()?)
    }

    fn clustering(&self) -> ClusterParams {
        ClusterParams {
            method: self.cluster,
            k: self.k,
            min_size: self.min_size,
            max_size: self.max_size,
            min_samples: self.min_samples,
            max_noise: self.max_noise,
            n_init: self.n_init,
            seed: self.seed,
            ..ClusterParams::default()
        }
    }
}

/// What [`personas`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonaSummary {
    /// What was clustered: `authors`, or `posts` where the corpus has no authors.
    pub unit: String,
    /// Authors or posts that qualified.
    pub n_units: u64,
    /// Clusters.
    pub k: u64,
    /// Directions in which authors differ more than the posts of one do, along which they were clustered; none where nothing
    /// of the kind stands out, and the means of post vectors were.
    pub n_traits: Option<u64>,
    /// How the number of clusters was chosen, where it was.
    pub choice: Option<ChoiceSummary>,
    /// What density left over, where HDBSCAN was asked for.
    pub density: Option<DensitySummary>,
    /// How the map was made, where there is one.
    pub map: Option<MapSummary>,
    /// How stable the clusters are, where it was measured.
    pub stability: Option<StabilitySummary>,
    /// Adjusted Rand index against the known labels, where there are any.
    pub ari: Option<f64>,
    /// Adjusted mutual information against the known labels, where there are any.
    pub ami: Option<f64>,
    /// Why there are no clusters, where there are none.
    pub why_none: Option<String>,
    /// Visible posts that the selection left out, by clause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// Clusters the authors (or, in a corpus without authors, the posts) by their posts that the selection admits.
///
/// Time: two passes over posts and vectors, the map, and k-means: for every k from 2 to 64 on at most 8,192 authors, on all of
/// them, and on every resample of at most 8,192. Memory: 16 bytes an author and dimension, and the vocabulary.
///
/// # Errors
/// When `embed` or `languages` did not run on these posts, the selection leaves nothing, `k` or sizes of clusters cannot be met by
/// the authors that qualify, or a setting is none of the method's.
pub fn personas(
    corpus: &mut Corpus,
    params: &PersonaParams,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Outcome<PersonaSummary>> {
    params.check()?;
    refuse_interrupted(corpus)?;
    let stale = |table: &str| Error::Stale { table: table.to_owned(), verb: "embed" };
    let embedded =
        summary_of::<EmbedSummary>(corpus.manifest(), "embed").ok_or_else(|| stale("vectors/…"))?;
    let spec = StepSpec {
        step: "personas",
        step_version: 3,
        parameters: serde_json::json!({
            "min_posts": params.min_posts,
            "cluster": params.cluster,
            "k": params.k,
            "min_size": params.min_size,
            "max_size": params.max_size,
            "min_samples": params.min_samples,
            "max_noise": params.max_noise,
            "map": params.map,
            "bootstraps": params.bootstraps,
            "n_init": params.n_init,
            "seed": params.seed,
            "select": selection.parameters(),
        }),
        inputs: ["posts", "accounts", "attributes", "languages", &embedded.table].map(str::to_owned).to_vec(),
    };
    unless_done(corpus, &spec, |corpus| {
        let snapshot = corpus.snapshot();
        if snapshot.manifest().stale_steps().any(|step| step == "embed") {
            return Err(stale(&embedded.table));
        }

        let chosen = Chosen::of(&snapshot, selection, progress)?;
        let n_posts = chosen.n_posts().unwrap_or_else(|| snapshot.n_rows("posts"));

        progress.begin("author vectors", Some(n_posts), Unit::Rows);
        let units = Units::gather(&snapshot, &chosen, params, &embedded, progress)?;
        progress.end();
        let mut summary = PersonaSummary {
            unit: units.kind.plural().to_owned(),
            n_units: units.vectors.units.len() as u64,
            left_out: chosen.left_out(),
            ..PersonaSummary::default()
        };
        let mut output = StepOutput::new(&snapshot);
        if units.vectors.units.is_empty() {
            summary.why_none = Some(units.why_none(params));
            write(&mut output, &units, None)?;
            output.publish(corpus, &spec, serde_json::json!(summary))?;
            return Ok(summary);
        }

        progress.begin("clusters", None, Unit::Steps);
        let cluster_params = ClusterParams { unit: units.kind.plural(), ..params.clustering() };
        let found = cluster(&units.vectors.vectors, &cluster_params)?;
        progress.end();
        progress.begin("stability", None, Unit::Steps);
        let how = StabilityParams {
            n_bootstraps: params.bootstraps,
            seed: params.seed,
            ..StabilityParams::default()
        };
        let stability = stability(&units.vectors.vectors, &found, &cluster_params, &how)?;
        progress.end();
        summary.k = found.centres.n_rows() as u64;
        summary.n_traits = units.vectors.traits.as_ref().map(|traits| traits.ratios.len() as u64);
        summary.density = found.density.as_ref().map(|density| DensitySummary::of(density, &cluster_params));
        if summary.k == 0 {
            summary.why_none = Some(no_dense_places(&summary));
        }
        summary.choice = found.choice.as_ref().map(Into::into);
        summary.stability = stability.as_ref().map(Into::into);
        if let Some(agreement) = agreement(&found.clusters, &units.labels)? {
            summary.ari = Some(agreement.ari);
            summary.ami = Some(agreement.ami);
        }

        progress.begin("labels", Some(n_posts), Unit::Rows);
        let content = Content::gather(&snapshot, &chosen, &embedded.table, &units, &found, progress)?;
        progress.end();
        progress.begin("map", None, Unit::Steps);
        let (map, how) = map_of(&units.vectors.vectors, params)?;
        summary.map = Some(how);
        progress.end();
        write(&mut output, &units, Some(Found { personas: &found, map: &map, content: &content }))?;
        output.publish(corpus, &spec, serde_json::json!(summary))?;
        Ok(summary)
    })
}

/// Why density found no clusters, in a sentence.
fn no_dense_places(summary: &PersonaSummary) -> String {
    format!(
        "No two places where {} lie more densely than elsewhere: lower min_size, or take k-means.",
        summary.unit
    )
}

/// All that was found of at least one unit.
struct Found<'a> {
    personas: &'a Personas,
    map: &'a Matrix,
    content: &'a Content,
}

/// Writes the four tables; empty ones where nothing was found.
fn write(output: &mut StepOutput<'_>, units: &Units, found: Option<Found<'_>>) -> Result<()> {
    let rows = 0..found.as_ref().map_or(0, |_| units.vectors.units.len());
    output.write(rows.clone().filter_map(|row| {
        let personas = found.as_ref()?.personas;
        let cluster = personas.clusters[row];
        let density = personas.density.as_ref();
        Some(Ok::<_, Error>(ClusterRow {
            unit_key: units.keys[units.vectors.units[row]],
            cluster,
            n_posts: units.vectors.n_posts[row],
            centrality: personas.centrality[row],
            raw_cluster: density.map_or(cluster, |density| density.raw_clusters[row]),
            assigned: density.is_some_and(|density| density.assigned[row]),
            strength: density.map(|density| density.strengths[row]),
        }))
    }))?;
    output.write(rows.filter_map(|row| {
        let found = found.as_ref()?;
        let place = found.map.row(row);
        Some(Ok::<_, Error>(MapRow {
            unit_key: units.keys[units.vectors.units[row]],
            x: place[0],
            y: place[1],
        }))
    }))?;
    let terms = found.as_ref().map_or(&[][..], |found| &found.content.terms);
    let labels = distinct_keyword_labels(terms.iter().map(|class| class.terms.as_slice()));
    output.write(terms.iter().zip(labels).map(|(class, label)| Ok::<_, Error>(label_row(class, label))))?;
    let exemplars = found.as_ref().map_or(&[][..], |found| &found.content.exemplars);
    output.write(exemplars.iter().map(|exemplar| Ok::<_, Error>(persona_row(exemplar))))
}

fn label_row(class: &ClassTerms, label: String) -> LabelRow<'_> {
    LabelRow {
        cluster: class.class,
        label: label.into(),
        terms: class.terms.iter().map(|term| term.text.as_str().into()).collect(),
        weights: class.terms.iter().map(|term| term.score as f32).collect(),
    }
}

fn persona_row(exemplar: &Exemplar) -> PersonaRow {
    PersonaRow {
        cluster: exemplar.cluster,
        rank: exemplar.rank,
        post_key: exemplar.post_key,
        cosine: exemplar.cosine,
        created_at: exemplar.created_at,
    }
}

impl UnitKind {
    /// The plural noun.
    fn plural(self) -> &'static str {
        match self {
            Self::Authors => "authors",
            Self::Posts => "posts",
        }
    }
}
