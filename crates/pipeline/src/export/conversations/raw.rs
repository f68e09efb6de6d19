//! What `openassistant-raw` tells of each post, put aside as JSON.

use std::collections::{BTreeMap, HashMap};

use populi_dataset::dialogue::openassistant_raw::{Id, Metadata, RawPost};
use populi_dataset::{Kind as Named, Pseudonyms};
use populi_model::table::{AccountFigures, AttributeRow, PostRow};
use populi_model::{Key, Platform};
use populi_store::Snapshot;
use populi_text::edges::body;

use super::super::authors::Authors;
use super::super::gather::Masks;
use super::super::texts::Texts;
use super::nodes::{Kind, Nodes};
use super::params::{ConversationParams, Names};
use crate::{Error, Result};

/// The attributes that are told.
const ATTRIBUTES: [&str; 4] = ["truncated", "filter_level", "possibly_sensitive", "in_reply_to_user_id"];
/// The level of nearly every record of a stream, which is not kept.
const USUAL_FILTER_LEVEL: &str = "low";

/// Puts what is told of each post aside, in the order of the table.
pub(super) fn read(
    snapshot: &Snapshot,
    params: &ConversationParams,
    pseudonyms: &Pseudonyms,
    masks: &Masks,
    authors: &Authors,
    nodes: &mut Nodes,
    texts: &mut Texts,
) -> Result<()> {
    let attributes = attributes(snapshot, nodes)?;
    let figures = figures(snapshot, authors)?;
    let ids = Ids { pseudonyms, names: params.names };
    for post in snapshot.rows::<PostRow<'static>>() {
        let post = post?;
        let Some(at) = nodes.find(post.post_key).filter(|at| nodes.get(*at).kind == Kind::Standing) else {
            continue;
        };
        let mut own = attributes.get(&at).cloned().unwrap_or_default();
        let mut metadata = Metadata {
            timestamp_ms: post.received_at.map(|at| ids.time_ms(at.0).to_string()),
            id: Some(ids.of(post.platform, Named::Post, &post.post_id)),
            truncated: Some(own.remove("truncated").is_some_and(|value| value == "true")),
            in_reply_to_status_id: post.reply_to.as_deref().map(|id| ids.of(post.platform, Named::Post, id)),
            in_reply_to_user_id: own.remove("in_reply_to_user_id").map(|id| ids.account(post.platform, &id)),
            is_quote_status: Some(post.quote_of_key.is_some()),
            quote_count: post.quote_count,
            reply_count: post.reply_count,
            retweet_count: post.repost_count,
            favorite_count: post.like_count,
            // A record of a stream alone has one.
            filter_level: own
                .remove("filter_level")
                .or_else(|| post.received_at.map(|_| USUAL_FILTER_LEVEL.to_owned())),
            lang: post.declared_lang.first().map(|tag| tag.clone().into_owned()),
            possibly_sensitive: own.remove("possibly_sensitive").and_then(|value| value.parse().ok()),
            hashtags: post.hashtags.iter().map(|tag| tag.clone().into_owned()).collect(),
            user_id: post.author_id.as_deref().map(|id| ids.of(post.platform, Named::Account, id)),
            ..Metadata::default()
        };
        // How many follow somebody names them.
        let is_named = params.names == Names::AsTheyAre;
        if let Some(figures) = post.author_key.and_then(|author| figures.get(&author)).filter(|_| is_named) {
            metadata.user_verified = figures.verified;
            metadata.user_followers_count = figures.follower_count;
            metadata.user_statuses_count = figures.post_count;
        }
        let text = match params.names {
            Names::AsTheyAre => post.text.clone().into_owned(),
            // Without the links at its end, one of which may be the post's own.
            Names::Pseudonyms => {
                let body = body(&post.text, post.body_start, post.body_end);
                masks.mask(post.platform, body).into_owned()
            }
        };
        let told = serde_json::to_string(&RawPost { metadata, text });
        let told = told.map_err(|error| Error::Export { reason: error.to_string() })?;
        nodes.get_mut(at).text = texts.push(&told)?;
    }
    Ok(())
}

/// Makes ids of one kind: the network's, or numbers that stand for them.
struct Ids<'a> {
    pseudonyms: &'a Pseudonyms,
    names: Names,
}

impl Ids<'_> {
    fn of(&self, platform: Platform, kind: Named, id: &str) -> Id {
        if self.names == Names::Pseudonyms {
            return Id::Number(self.pseudonyms.of(platform.name(), kind, id).number());
        }
        let prefix = platform.own_id_prefixes().iter().find(|prefix| id.starts_with(**prefix));
        let own = prefix.map_or(id, |prefix| &id[prefix.len()..]);
        own.parse().map_or_else(|_| Id::Text(own.to_owned()), Id::Number)
    }

    /// A time in ms; where ids are hidden in whole seconds, because a post's id begins with its milliseconds.
    fn time_ms(&self, us: i64) -> i64 {
        match self.names {
            Names::AsTheyAre => us.div_euclid(1000),
            Names::Pseudonyms => us.div_euclid(1_000_000) * 1000,
        }
    }

    /// The id of an account of which an attribute has the number, without what stands before ids of accounts here.
    fn account(&self, platform: Platform, id: &str) -> Id {
        let prefix = platform.own_id_prefixes().first().copied().unwrap_or_default();
        let bare = id.strip_prefix(prefix).unwrap_or(id);
        self.of(platform, Named::Account, &format!("{prefix}{bare}"))
    }
}

/// The attributes of each node, by name.
fn attributes(snapshot: &Snapshot, nodes: &Nodes) -> Result<HashMap<u32, BTreeMap<&'static str, String>>> {
    let mut attributes: HashMap<u32, BTreeMap<&'static str, String>> = HashMap::new();
    for row in snapshot.rows::<AttributeRow<'_>>() {
        let row = row?;
        if let Some(name) = ATTRIBUTES.into_iter().find(|name| row.name == *name)
            && let Some(at) = nodes.find(row.post_key)
        {
            attributes.entry(at).or_default().insert(name, row.value.into_owned());
        }
    }
    Ok(attributes)
}

/// What is counted of each author.
fn figures(snapshot: &Snapshot, authors: &Authors) -> Result<HashMap<Key, AccountFigures>> {
    let mut figures = HashMap::new();
    for row in snapshot.rows::<AccountFigures>() {
        let row = row?;
        if authors.number(row.account_key).is_some() {
            figures.insert(row.account_key, row);
        }
    }
    Ok(figures)
}
