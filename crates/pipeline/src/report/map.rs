//! The map and the clusters, for the page.

use std::collections::{BTreeMap, HashMap, HashSet};

use populi_model::Key;
use populi_model::table::{AccountName, ClusterRow, LabelRow, MapRow, PersonaRow, PostCard, PostLink};
use populi_plot::{Cluster, Exemplar, HOVER_CHARS, MAX_POINTS, Point, Unit, sample};
use populi_store::Snapshot;

use super::Shown;
use crate::personas::{MapMethod, PersonaSummary};
use crate::visible::visible_posts;
use crate::{Error, Result};

/// The map, ready to be drawn.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) unit: Unit,
    pub(super) method: String,
    pub(super) points: Vec<Point>,
    pub(super) n_points_total: u64,
    pub(super) clusters: Vec<Cluster>,
}

pub(super) fn gather(shown: &Shown<'_>, personas: Option<&PersonaSummary>, seed: u64) -> Result<Gathered> {
    let snapshot = shown.snapshot;
    let Some(personas) = personas.filter(|personas| personas.n_units > 0) else {
        return Ok(Gathered::default());
    };
    let unit = if personas.unit == Unit::Posts.plural() { Unit::Posts } else { Unit::Authors };
    let units = units_with_posts(shown, unit)?;
    let n_units = match &units {
        None => personas.n_units,
        Some(units) => n_units_of(snapshot, units)?,
    };
    let chosen = sample(usize::try_from(n_units).unwrap_or(usize::MAX), MAX_POINTS, seed);
    let mut clusters = read_clusters(snapshot)?;
    let mut points = read_points(snapshot, units.as_ref(), &chosen, &mut clusters)?;
    // Of those that none of the selected posts is in, nothing is shown.
    clusters.retain(|_, cluster| cluster.size_authors > 0);
    let exemplars: Vec<PersonaRow> = snapshot.rows().collect::<std::result::Result<_, _>>()?;
    describe(shown, unit, &mut points, &exemplars, &mut clusters)?;
    Ok(Gathered {
        unit,
        method: how_it_was_made(personas, unit),
        points: in_order(points),
        n_points_total: n_units,
        clusters: clusters.into_values().collect(),
    })
}

/// How the map was made, in a phrase.
fn how_it_was_made(personas: &PersonaSummary, unit: Unit) -> String {
    let map = personas.map.clone().unwrap_or_default();
    let how = match (map.method, map.n_neighbors) {
        (MapMethod::Umap, Some(n)) => format!("UMAP with {n} neighbours"),
        (MapMethod::Umap, None) => "UMAP".to_owned(),
        (MapMethod::Pca, _) => "PCA".to_owned(),
    };
    let of = format!("{how} of the vectors of {}", unit.plural());
    match map.trustworthiness {
        Some(trust) => format!("{of}, trustworthiness {trust:.3}"),
        None => of,
    }
}

/// The units that wrote the posts that the page is about, where it is not about all.
fn units_with_posts(shown: &Shown<'_>, unit: Unit) -> Result<Option<HashSet<Key>>> {
    if shown.keys.is_none() {
        return Ok(None);
    }
    let mut units = HashSet::new();
    for post in visible_posts::<PostLink>(shown.snapshot, &shown.chosen) {
        let post = post?;
        units.insert(unit_of(unit, post.author_key, post.post_key));
    }
    Ok(Some(units))
}

/// How many of the units are in clusters.
fn n_units_of(snapshot: &Snapshot, units: &HashSet<Key>) -> Result<u64> {
    let mut n = 0;
    for cluster in snapshot.rows::<ClusterRow>() {
        n += u64::from(units.contains(&cluster?.unit_key));
    }
    Ok(n)
}

/// The unit that a post belongs to.
fn unit_of(unit: Unit, author: Option<Key>, post: Key) -> Key {
    if unit == Unit::Posts { post } else { author.unwrap_or(post) }
}

/// The points in the order of the table.
fn in_order(points: HashMap<Key, (usize, Point)>) -> Vec<Point> {
    let mut points: Vec<(usize, Point)> = points.into_values().collect();
    points.sort_by_key(|(place, _)| *place);
    points.into_iter().map(|(_, point)| point).collect()
}

fn read_clusters(snapshot: &Snapshot) -> Result<BTreeMap<u32, Cluster>> {
    let mut clusters = BTreeMap::new();
    for row in snapshot.rows::<LabelRow<'static>>() {
        let row = row?;
        let terms = row.terms.iter().map(|term| term.clone().into_owned()).zip(row.weights.iter().copied());
        let cluster = Cluster {
            id: row.cluster,
            label: row.label.into_owned(),
            terms: terms.collect(),
            ..Cluster::default()
        };
        clusters.insert(row.cluster, cluster);
    }
    Ok(clusters)
}

/// The chosen units by key, each with its place; counts all of `units` (all there are, where it is `None`) into their
/// clusters.
fn read_points(
    snapshot: &Snapshot,
    units: Option<&HashSet<Key>>,
    chosen: &[usize],
    clusters: &mut BTreeMap<u32, Cluster>,
) -> Result<HashMap<Key, (usize, Point)>> {
    let mut points = HashMap::new();
    let mut next = chosen.iter().copied().peekable();
    let mut i = 0;
    for (cluster, place) in snapshot.rows::<ClusterRow>().zip(snapshot.rows::<MapRow>()) {
        let (cluster, place) = (cluster?, place?);
        if cluster.unit_key != place.unit_key {
            return Err(Error::Stale { table: "maps".to_owned(), verb: "personas" });
        }
        if units.is_some_and(|units| !units.contains(&cluster.unit_key)) {
            continue;
        }
        if let Some(id) = cluster.cluster {
            let of = clusters.entry(id).or_default();
            of.size_authors += 1;
            of.size_posts += u64::from(cluster.n_posts);
        }
        if next.next_if_eq(&i).is_some() {
            let point = Point {
                x: place.x,
                y: place.y,
                cluster: cluster.cluster,
                n_posts: u64::from(cluster.n_posts),
                ..Point::default()
            };
            points.insert(cluster.unit_key, (i, point));
        }
        i += 1;
    }
    Ok(points)
}

/// Adds names and texts: of the first post of each unit, and of the exemplars.
fn describe(
    shown: &Shown<'_>,
    unit: Unit,
    points: &mut HashMap<Key, (usize, Point)>,
    exemplars: &[PersonaRow],
    clusters: &mut BTreeMap<u32, Cluster>,
) -> Result<()> {
    let mut handles = HashMap::new();
    for account in shown.snapshot.rows::<AccountName<'static>>() {
        let account = account?;
        if let Some(handle) = account.handle {
            handles.insert(account.account_key, handle.into_owned());
        }
    }
    let wanted: HashMap<Key, usize> =
        exemplars.iter().enumerate().map(|(i, row)| (row.post_key, i)).collect();
    let mut texts: Vec<Option<Exemplar>> = vec![None; exemplars.len()];
    for post in visible_posts::<PostCard<'static>>(shown.snapshot, &shown.chosen) {
        let post = post?;
        let name = author_name(&post, &handles);
        if let Some(&i) = wanted.get(&post.post_key) {
            texts[i] = Some(Exemplar { author: name.clone(), text: post.text.clone().into_owned() });
        }
        let key = unit_of(unit, post.author_key, post.post_key);
        if let Some((_, point)) = points.get_mut(&key)
            && point.hover.is_empty()
        {
            point.label = name;
            point.hover = post.text.chars().take(HOVER_CHARS).collect();
        }
    }
    for (row, exemplar) in exemplars.iter().zip(texts) {
        if let (Some(cluster), Some(exemplar)) = (clusters.get_mut(&row.cluster), exemplar) {
            cluster.exemplars.push(exemplar);
        }
    }
    Ok(())
}

/// The handle of a post's author, else the author's id, else the post's.
fn author_name(post: &PostCard<'_>, handles: &HashMap<Key, String>) -> String {
    let handle = post.author_key.and_then(|author| handles.get(&author));
    match (handle, &post.author_id) {
        (Some(handle), _) => format!("@{handle}"),
        (None, Some(id)) => id.clone().into_owned(),
        (None, None) => post.post_id.clone().into_owned(),
    }
}
