//! What is clustered: authors with enough posts, or posts where nobody is named.

use std::collections::{BTreeMap, HashMap};

use populi_model::Key;
use populi_model::table::{AttributeRow, LanguageRow, PostCard, PostLink, VectorRow};
use populi_persona::{AuthorVectors, UnitVectors, majority_label};
use populi_store::{Rows, Snapshot};

use super::PersonaParams;
use crate::embed::EmbedSummary;
use crate::progress::{Progress, stop_if_asked};
use crate::select::Chosen;
use crate::visible::visible_posts;
use crate::{Error, Result};

/// The attribute that holds the label of a post.
const LABEL: &str = "label";

/// What a row of the clustering stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// An author.
    Authors,
    /// A post.
    Posts,
}

/// The units of a clustering.
pub(super) struct Units {
    pub(super) kind: UnitKind,
    /// The key of each unit that has a post at all, by number.
    pub(super) keys: Vec<Key>,
    numbers: HashMap<Key, usize>,
    /// The vectors of the units that qualify.
    pub(super) vectors: UnitVectors,
    /// The known label of each unit that qualifies.
    pub(super) labels: Vec<Option<String>>,
}

impl Units {
    /// Reads posts, languages, vectors and labels side by side and sums the vectors up by unit.
    pub(super) fn gather(
        snapshot: &Snapshot,
        chosen: &Chosen,
        params: &PersonaParams,
        embedded: &EmbedSummary,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let kind = unit_kind(snapshot)?;
        let mut sums = AuthorVectors::new(embedded.n_dims);
        let mut keys = Vec::new();
        let mut numbers: HashMap<Key, usize> = HashMap::new();
        let mut label_counts: Vec<BTreeMap<String, u32>> = Vec::new();
        for_each_embedded(snapshot, chosen, &embedded.table, progress, |embedded| {
            let key = kind.key_of(&embedded.post);
            let number = *numbers.entry(key).or_insert_with(|| {
                keys.push(key);
                label_counts.push(BTreeMap::new());
                keys.len() - 1
            });
            sums.add(number, &embedded.vector)?;
            if let Some(label) = embedded.label {
                *label_counts[number].entry(label).or_default() += 1;
            }
            Ok(())
        })?;
        let min_posts = if kind == UnitKind::Posts { 1 } else { params.min_posts };
        let vectors = sums.finish(min_posts)?;
        let labels = vectors.units.iter().map(|&unit| majority_label(&label_counts[unit])).collect();
        Ok(Self { kind, keys, numbers, vectors, labels })
    }

    /// The row of the clustering that a post's unit has, if it qualifies.
    pub(super) fn row_of(&self, post: &PostCard<'_>) -> Option<usize> {
        let number = self.numbers.get(&self.kind.key_of(post))?;
        self.vectors.units.binary_search(number).ok()
    }

    /// Why nothing qualifies, in a sentence.
    pub(super) fn why_none(&self, params: &PersonaParams) -> String {
        let n_units = self.keys.len();
        match self.kind {
            UnitKind::Authors if n_units == 0 => "No author has a post with text.".to_owned(),
            UnitKind::Authors => format!(
                "None of {n_units} authors has {} or more posts with text: lower min_posts, or select more.",
                params.min_posts
            ),
            UnitKind::Posts => "No post has text.".to_owned(),
        }
    }
}

impl UnitKind {
    fn key_of(self, post: &PostCard<'_>) -> Key {
        match self {
            // Of a post without an author in a corpus with authors, the post is its own author.
            Self::Authors => post.author_key.unwrap_or(post.post_key),
            Self::Posts => post.post_key,
        }
    }
}

/// Authors, unless no post has one.
fn unit_kind(snapshot: &Snapshot) -> Result<UnitKind> {
    for post in snapshot.rows::<PostLink>() {
        if post?.author_key.is_some() {
            return Ok(UnitKind::Authors);
        }
    }
    // A corpus without posts has no authors either; it is called by what it usually has.
    Ok(if snapshot.n_rows("posts") == 0 { UnitKind::Authors } else { UnitKind::Posts })
}

/// A post with all that the clustering knows of it.
pub(super) struct Embedded {
    pub(super) post: PostCard<'static>,
    pub(super) lang: Option<String>,
    pub(super) vector: Vec<f32>,
    pub(super) label: Option<String>,
}

/// Hands over every chosen post with text, in the order of the table, with its vector in the table `table`.
pub(super) fn for_each_embedded(
    snapshot: &Snapshot,
    chosen: &Chosen,
    table: &str,
    progress: &dyn Progress,
    mut each: impl FnMut(Embedded) -> Result<()>,
) -> Result<()> {
    let mut languages = snapshot.rows::<LanguageRow<'static>>();
    let mut vectors = snapshot.rows_of::<VectorRow>(table);
    let mut labels = Labels::new(snapshot);
    for post in visible_posts::<PostCard<'static>>(snapshot, chosen) {
        let post = post?;
        progress.advance(1);
        stop_if_asked(progress)?;
        let stale = Error::Stale { table: "languages".to_owned(), verb: "personas" };
        let language = row_of(&mut languages, post.post_key, |row| row.post_key)?.ok_or(stale)?;
        let not_embedded = Error::NotEmbedded { table: table.to_owned() };
        let vector = row_of(&mut vectors, post.post_key, |row| row.post_key)?.ok_or(not_embedded)?;
        let lang = language.lang.map(|lang| lang.into_owned());
        let label = labels.of(post.post_key)?;
        if !post.text.trim().is_empty() {
            each(Embedded { post, lang, vector: vector.vector, label })?;
        }
    }
    Ok(())
}

/// The row of a derived table that belongs to a post. The tables were made in the order of the posts, perhaps of more of
/// them: rows of others before it are passed over.
fn row_of<R: populi_model::table::Row>(
    rows: &mut Rows<R>,
    post_key: Key,
    key_of: impl Fn(&R) -> Key,
) -> Result<Option<R>> {
    Ok(rows.find(|row| row.as_ref().map_or(true, |row| key_of(row) == post_key)).transpose()?)
}

/// The labels of posts, which come in the order of the posts.
struct Labels {
    /// Every post there is, chosen or not: in which order the tables have them is known from nothing else.
    posts: Rows<PostLink>,
    attributes: std::iter::Peekable<Rows<AttributeRow<'static>>>,
}

impl Labels {
    fn new(snapshot: &Snapshot) -> Self {
        let attributes = snapshot.rows::<AttributeRow<'static>>().peekable();
        Self { posts: snapshot.rows::<PostLink>(), attributes }
    }

    /// The label of a later post than the one before. Attributes of the posts between are passed over.
    fn of(&mut self, post_key: Key) -> Result<Option<String>> {
        if self.attributes.peek().is_none() {
            return Ok(None);
        }
        for post in self.posts.by_ref() {
            let post = post?.post_key;
            let is_of_post = |row: &populi_store::Result<AttributeRow<'_>>| {
                row.as_ref().map_or(true, |attribute| attribute.post_key == post)
            };
            let mut label = None;
            while let Some(attribute) = self.attributes.next_if(is_of_post) {
                let attribute = attribute?;
                if attribute.name == LABEL {
                    label = Some(attribute.value.into_owned());
                }
            }
            if post == post_key {
                return Ok(label);
            }
        }
        Ok(None)
    }
}
