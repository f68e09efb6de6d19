//! What is shown of one post, merged column by column.
//!
//! Each rule picks by an order of all that it picks from, so the outcome is the same whichever sightings are merged first:
//! - the **text**, and what stands in it (hashtags, mentions, links, media, languages, where the body is): of the sighting
//!   that does not cut it, then of the longest, then of the one with the smallest hash;
//! - the **counts**: of the sighting that was made last, and of equal times the greatest;
//! - **countries** that withhold it: all that any sighting names;
//! - every **other** column is a fact about the post: the smallest of what is told.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use populi_model::table::{AttributeRow, MediaRow, PostRow, Text};
use populi_model::{Key, Timestamp, Version};

use super::super::known::earliest;

/// The attribute that says that the text lacks its end.
const TEXT_CUT: &str = "text_cut";
/// The attributes that say where a post was written, beside its coordinates.
const PLACES: [&str; 3] = ["place", "place_id", "country_code"];

/// A post as one sighting shows it, or as several do together.
#[derive(Debug, Clone)]
pub(super) struct Shown<'a> {
    pub(super) post: PostRow<'a>,
    pub(super) media: Vec<MediaRow<'a>>,
    pub(super) attributes: BTreeMap<Text<'a>, Text<'a>>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(
        post: PostRow<'a>,
        media: Vec<MediaRow<'a>>,
        attributes: impl IntoIterator<Item = AttributeRow<'a>>,
    ) -> Self {
        let mut merged: BTreeMap<Text<'a>, Text<'a>> = BTreeMap::new();
        for row in attributes {
            keep_smallest(&mut merged, row.name, row.value);
        }
        Self { post, media, attributes: merged }
    }

    /// Adds what another sighting shows of the same post.
    pub(super) fn merge(&mut self, mut other: Self) {
        if other.is_better_text_than(self) {
            self.swap_text(&mut other);
        }
        // It went with its text.
        other.attributes.remove(TEXT_CUT);
        for (name, value) in other.attributes {
            keep_smallest(&mut self.attributes, name, value);
        }
        let (post, other) = (&mut self.post, other.post);
        if counts_rank(&other) > counts_rank(post) {
            post.like_count = other.like_count;
            post.reply_count = other.reply_count;
            post.repost_count = other.repost_count;
            post.quote_count = other.quote_count;
            post.counted_at = other.counted_at;
        }
        smallest_id((&mut post.author_id, &mut post.author_key), (other.author_id, other.author_key));
        smallest_id((&mut post.reply_to, &mut post.reply_to_key), (other.reply_to, other.reply_to_key));
        smallest_id((&mut post.root, &mut post.root_key), (other.root, other.root_key));
        smallest_id((&mut post.quote_of, &mut post.quote_of_key), (other.quote_of, other.quote_of_key));
        smallest_id((&mut post.edit_of, &mut post.edit_of_key), (other.edit_of, other.edit_of_key));
        smallest(&mut post.conversation_id, other.conversation_id);
        smallest(&mut post.client, other.client);
        smallest(&mut post.geo, other.geo);
        post.created_at = earliest(post.created_at, other.created_at);
        post.received_at = earliest(post.received_at, other.received_at);
        post.edited |= other.edited;
        add_countries(&mut post.withheld_in, other.withheld_in);
    }

    /// Forgets where the post was written.
    pub(super) fn scrub_geo(&mut self) {
        self.post.geo = None;
        PLACES.iter().for_each(|name| _ = self.attributes.remove(*name));
    }

    /// The rows of the post, as the version that stands.
    pub(super) fn into_rows(
        mut self,
        stands: Version,
    ) -> (PostRow<'a>, Vec<MediaRow<'a>>, Vec<AttributeRow<'a>>) {
        let post_key = self.post.post_key;
        self.post.revision = stands.revision;
        self.post.content = stands.content;
        let attributes = self.attributes.into_iter();
        let attributes = attributes.map(|(name, value)| AttributeRow { post_key, name, value }).collect();
        (self.post, self.media, attributes)
    }

    fn is_cut(&self) -> bool {
        self.attributes.contains_key(TEXT_CUT)
    }

    fn is_better_text_than(&self, other: &Self) -> bool {
        let quick = |shown: &Self| (Reverse(shown.is_cut()), shown.post.text.len());
        match quick(self).cmp(&quick(other)) {
            std::cmp::Ordering::Equal => {}
            order => return order.is_gt(),
        }
        if self.has_text_of(other) {
            return false;
        }
        self.text_rank() < other.text_rank()
    }

    fn has_text_of(&self, other: &Self) -> bool {
        let (a, b) = (&self.post, &other.post);
        a.text == b.text
            && a.hashtags == b.hashtags
            && a.mentions == b.mentions
            && a.urls == b.urls
            && a.declared_lang == b.declared_lang
            && (a.body_start, a.body_end) == (b.body_start, b.body_end)
            && self.media == other.media
    }

    /// Of texts of one length: the smallest counts. Where two show the same text, the one that tells more of it.
    fn text_rank(&self) -> impl Ord {
        let post = &self.post;
        let n_told = post.hashtags.len() + post.mentions.len() + post.urls.len() + self.media.len();
        let entities = format!(
            "{:?}",
            (&post.hashtags, &post.mentions, &post.urls, &post.declared_lang, post.body_start, &self.media)
        );
        (
            Version::content_of(post.text.as_bytes()),
            Reverse((n_told, post.declared_lang.len(), post.body_end)),
            Version::content_of(entities.as_bytes()),
        )
    }

    fn swap_text(&mut self, other: &mut Self) {
        let (a, b) = (&mut self.post, &mut other.post);
        std::mem::swap(&mut a.text, &mut b.text);
        std::mem::swap(&mut a.hashtags, &mut b.hashtags);
        std::mem::swap(&mut a.mentions, &mut b.mentions);
        std::mem::swap(&mut a.urls, &mut b.urls);
        std::mem::swap(&mut a.declared_lang, &mut b.declared_lang);
        std::mem::swap(&mut a.body_start, &mut b.body_start);
        std::mem::swap(&mut a.body_end, &mut b.body_end);
        std::mem::swap(&mut a.media_ids, &mut b.media_ids);
        std::mem::swap(&mut self.media, &mut other.media);
        let cut = self.attributes.remove(TEXT_CUT);
        if let Some(value) = other.attributes.remove(TEXT_CUT) {
            self.attributes.insert(TEXT_CUT.into(), value);
        }
        if let Some(value) = cut {
            other.attributes.insert(TEXT_CUT.into(), value);
        }
    }
}

/// Adds countries to those that withhold something, in order.
pub(super) fn add_countries<'a>(all: &mut Vec<Text<'a>>, more: impl IntoIterator<Item = Text<'a>>) {
    let n_before = all.len();
    all.extend(more);
    if all.len() > n_before || !all.is_sorted() {
        all.sort_unstable();
        all.dedup();
    }
}

/// What counts rank by: when they were shown, and then how great they are, because they mostly grow.
fn counts_rank(post: &PostRow<'_>) -> impl Ord + use<> {
    let counts = [post.like_count, post.reply_count, post.repost_count, post.quote_count];
    let told = counts.iter().any(Option::is_some);
    let sum: i128 = counts.iter().flatten().map(|count| i128::from(*count)).sum();
    (told, post.counted_at.filter(|_| told), sum, counts)
}

fn keep_smallest<'a>(all: &mut BTreeMap<Text<'a>, Text<'a>>, name: Text<'a>, value: Text<'a>) {
    use std::collections::btree_map::Entry;
    match all.entry(name) {
        Entry::Vacant(slot) => _ = slot.insert(value),
        Entry::Occupied(mut slot) if value < *slot.get() => _ = slot.insert(value),
        Entry::Occupied(_) => {}
    }
}

fn smallest<T: Ord>(mine: &mut Option<T>, other: Option<T>) {
    if let Some(other) = other
        && mine.as_ref().is_none_or(|mine| other < *mine)
    {
        *mine = Some(other);
    }
}

/// Of two ids with their keys the smaller. Of what is forgotten only the key is left, and it stays.
pub(super) fn smallest_id<'a>(
    mine: (&mut Option<Text<'a>>, &mut Option<Key>),
    other: (Option<Text<'a>>, Option<Key>),
) {
    let is_smaller = match (mine.1.as_ref(), other.1) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(key), Some(other_key)) if *key == other_key => mine.0.is_none() && other.0.is_some(),
        (Some(key), Some(other_key)) => other_key < *key,
    };
    if is_smaller {
        (*mine.0, *mine.1) = other;
    }
}

/// The number in a native id such as `twitter:20`.
pub(super) fn number_of(id: &str) -> Option<u64> {
    id.rsplit(':').next()?.parse().ok()
}

/// When a sighting was made.
pub(super) fn sighted_at(version: Version) -> Option<Timestamp> {
    i64::try_from(version.revision).ok().filter(|ms| *ms > 0)?.checked_mul(1000).map(Timestamp)
}
