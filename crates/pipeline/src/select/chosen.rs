//! What a selection leaves of the visible posts of a corpus, for the steps after ingest.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use populi_model::Key;
use populi_model::table::{LanguageRow, PostClauses, PostLink};
use populi_store::{Rows, Snapshot};
use populi_text::language_code::of_tag;
use rayon::prelude::*;

use super::{Candidate, LeftOut, LeftOutCounts, Selection};
use crate::progress::{Progress, Unit};
use crate::visible::{CHUNK_POSTS, EarlierSteps, HiddenAccounts, visible_posts};
use crate::{Error, Result};

/// Which posts a step sees: those that are visible and admitted.
pub(crate) struct Chosen {
    pub(crate) hidden: Arc<HiddenAccounts>,
    pub(crate) earlier: Arc<EarlierSteps>,
    /// A bit a row of `posts`; `None` where no selection was given.
    pub(crate) bits: Option<Arc<[u64]>>,
    n_posts: u64,
    left_out: LeftOutCounts,
}

/// A post with its place in the table, and its language as the model sees it.
type Judged = (usize, PostClauses<'static>, Option<&'static str>);

impl Chosen {
    /// Every visible post.
    pub(crate) fn all(snapshot: &Snapshot) -> Result<Self> {
        let hidden = Arc::new(HiddenAccounts::of(snapshot)?);
        let earlier = Arc::new(EarlierSteps::of(snapshot)?);
        Ok(Self { hidden, earlier, bits: None, n_posts: 0, left_out: LeftOutCounts::default() })
    }

    /// Decides on every visible post: a pass over the posts, in parallel over some thousands at a time, with a bit a post
    /// held in memory. Nothing of this where the selection is everything.
    ///
    /// # Errors
    /// When the corpus cannot be read, languages are asked for and were not told yet, or nothing is left.
    pub(crate) fn of(snapshot: &Snapshot, selection: &Selection, progress: &dyn Progress) -> Result<Self> {
        let mut chosen = Self::all(snapshot)?;
        if selection.is_everything() {
            return Ok(chosen);
        }
        let selection = selection.resolved(snapshot)?;
        let n_rows = snapshot.n_rows("posts");
        progress.begin("select", Some(n_rows), Unit::Rows);
        let mut bits = vec![0; usize::try_from(n_rows).unwrap_or(0).div_ceil(64)];
        let mut authors = HashSet::new();
        let mut languages = Languages::new(snapshot, &selection)?;
        let mut posts = snapshot.rows::<PostClauses<'static>>().enumerate().peekable();
        while posts.peek().is_some() {
            let mut chunk: Vec<Judged> = Vec::new();
            for (row, post) in posts.by_ref().take(CHUNK_POSTS) {
                let post = post?;
                progress.advance(1);
                if !chosen.hidden.hides(post.author_key) && !chosen.earlier.hold(post.post_key) {
                    authors.extend(post.author_key);
                    let lang = languages.next_of(post.post_key)?;
                    chunk.push((row, post, lang));
                }
            }
            for (row, verdict) in judge_all(&selection, &chunk) {
                match verdict {
                    None => {
                        bits[row / 64] |= 1 << (row % 64);
                        chosen.n_posts += 1;
                    }
                    Some(why) => chosen.left_out.add(why),
                }
            }
        }
        progress.end();
        if let Some(note) = selection.authors.as_ref().and_then(|list| list.note_on_missing(&authors)) {
            progress.note(&note);
        }
        if chosen.n_posts == 0 && chosen.left_out != LeftOutCounts::default() {
            return Err(Error::NothingSelected { left_out: in_words(&chosen.left_out()) });
        }
        chosen.bits = Some(bits.into());
        Ok(chosen)
    }

    /// How many visible posts each clause left out.
    pub(crate) fn left_out(&self) -> BTreeMap<String, u64> {
        self.left_out.by_name()
    }

    /// How many posts are left, where a selection was given.
    pub(crate) fn n_posts(&self) -> Option<u64> {
        self.bits.as_ref().map(|_| self.n_posts)
    }

    /// The keys of the posts that are left, where a selection was given. Memory: some 40 bytes a post.
    pub(crate) fn keys(&self, snapshot: &Snapshot) -> Result<Option<HashSet<Key>>> {
        if self.bits.is_none() {
            return Ok(None);
        }
        let keys = visible_posts::<PostLink>(snapshot, self).map(|post| Ok(post?.post_key));
        keys.collect::<Result<_>>().map(Some)
    }
}

/// What was left out, as a sentence says it: `12 by keyword, 3 by lang`.
pub(crate) fn in_words(left_out: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = left_out.iter().map(|(clause, n)| format!("{n} by {clause}")).collect();
    parts.join(", ")
}

/// The verdicts on some posts, in their order.
fn judge_all(
    selection: &Selection,
    posts: &[Judged],
) -> impl Iterator<Item = (usize, Option<LeftOut>)> + use<> {
    let judge = |buffer: &mut String, (row, post, lang): &Judged| {
        let candidate = Candidate {
            author_id: post.author_id.as_deref(),
            author_key: post.author_key,
            at: post.created_at.or(post.received_at),
            text: &post.text,
            declared_langs: &post.declared_lang,
            hashtags: &post.hashtags,
            mentions: &post.mentions,
        };
        (*row, selection.leaves_out(&candidate, || *lang, buffer))
    };
    let verdicts: Vec<_> = posts.par_iter().map_init(String::new, judge).collect();
    verdicts.into_iter()
}

/// The languages of the visible posts, where they are asked for.
struct Languages(Option<Rows<LanguageRow<'static>>>);

impl Languages {
    fn new(snapshot: &Snapshot, selection: &Selection) -> Result<Self> {
        if !selection.asks_for_languages() {
            return Ok(Self(None));
        }
        if snapshot.manifest().stale_steps().any(|step| step == "languages") {
            return Err(stale());
        }
        Ok(Self(Some(snapshot.rows())))
    }

    /// The language of the next visible post.
    fn next_of(&mut self, post: Key) -> Result<Option<&'static str>> {
        let Some(rows) = &mut self.0 else { return Ok(None) };
        match rows.next().transpose()? {
            Some(row) if row.post_key == post => Ok(row.lang.as_deref().and_then(of_tag)),
            _ => Err(stale()),
        }
    }
}

fn stale() -> Error {
    Error::Stale { table: "languages".to_owned(), verb: "personas" }
}
