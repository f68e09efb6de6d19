//! Which posts, and which acts of which accounts: the one place that decides, on ingest and on every later step.
//!
//! docs/design/selection.md says what each clause means and why. In short: a post has to pass every clause that is given;
//! other acts (likes, reposts, follows, blocks) only those of author and time, because they have no words; and what tells
//! what became of the rest (deletes, profiles, account notices) only that of author.

mod authors;
mod chosen;
mod keywords;
mod params;

use std::collections::{BTreeMap, BTreeSet};

use populi_model::{Body, Event, Key, Timestamp};
use populi_store::Snapshot;
use populi_text::language;
use populi_text::language_code::of_tag;

use crate::{Error, Result};
use authors::Authors;
use keywords::KeywordList;

pub use params::{SelectParams, languages};

pub(crate) use chosen::{Chosen, in_words};

/// Which posts and acts are admitted; the default admits all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    langs: BTreeSet<&'static str>,
    keywords: Option<KeywordList>,
    authors: Option<Authors>,
}

/// The clause that a post or act is left out by: the first that it does not pass, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// Its author is not among those asked for.
    Author,
    /// It has no time, and times are asked for.
    NoTime,
    /// It is older.
    Since,
    /// It is newer, or as new.
    Until,
    /// It has none of the keywords.
    Keyword,
    /// It is in another language, or in none that can be told.
    Lang,
}

impl LeftOut {
    /// Every clause, in the order in which they are asked.
    pub const ALL: [Self; 6] =
        [Self::Author, Self::NoTime, Self::Since, Self::Until, Self::Keyword, Self::Lang];

    /// The name under which what is left out is counted: as of the flag, but for `no_time`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::NoTime => "no_time",
            Self::Since => "since",
            Self::Until => "until",
            Self::Keyword => "keyword",
            Self::Lang => "lang",
        }
    }

    /// The kind of ignored record that it is on ingest.
    #[must_use]
    pub fn ignored_kind(self) -> String {
        format!("filter:{}", self.name())
    }
}

/// How much was left out, by clause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOutCounts([u64; LeftOut::ALL.len()]);

impl LeftOutCounts {
    pub(crate) fn add(&mut self, why: LeftOut) {
        self.0[why as usize] += 1;
    }

    /// The clauses that left something out, with how much.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LeftOut, u64)> {
        LeftOut::ALL.into_iter().zip(self.0).filter(|(_, n)| *n > 0)
    }

    pub(crate) fn by_name(&self) -> BTreeMap<String, u64> {
        self.iter().map(|(why, n)| (why.name().to_owned(), n)).collect()
    }
}

/// What the clauses ask of a post, wherever it comes from.
pub(crate) struct Candidate<'a, S> {
    pub(crate) author_id: Option<&'a str>,
    pub(crate) author_key: Option<Key>,
    /// The author's clock, else the network's.
    pub(crate) at: Option<Timestamp>,
    pub(crate) text: &'a str,
    pub(crate) declared_langs: &'a [S],
    pub(crate) hashtags: &'a [S],
    pub(crate) mentions: &'a [S],
}

impl Selection {
    /// Whether nothing is left out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.since.is_none()
            && self.until.is_none()
            && self.langs.is_empty()
            && self.keywords.is_none()
            && self.authors.is_none()
    }

    /// Whether the languages of posts matter.
    #[must_use]
    pub fn asks_for_languages(&self) -> bool {
        !self.langs.is_empty()
    }

    /// All that decides what is left out, for fingerprints: lists by the hash of what they hold, never by their path.
    /// `null` where nothing is.
    #[must_use]
    pub fn parameters(&self) -> serde_json::Value {
        let mut parameters = serde_json::Map::new();
        let mut add = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                parameters.insert(name.to_owned(), value);
            }
        };
        add("since", self.since.map(|time| time.to_string().into()));
        add("until", self.until.map(|time| time.to_string().into()));
        add("lang", self.asks_for_languages().then(|| serde_json::json!(self.langs)));
        add("keyword", self.keywords.as_ref().map(|list| list.hash().into()));
        add("author", self.authors.as_ref().map(|list| list.hash().into()));
        if parameters.is_empty() { serde_json::Value::Null } else { parameters.into() }
    }

    /// What was read of the lists, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let keywords = self.keywords.as_ref().map(KeywordList::note);
        keywords.into_iter().chain(self.authors.as_ref().map(Authors::note)).collect()
    }

    /// Refuses what an ingest of Bluesky cannot know.
    ///
    /// # Errors
    /// When an author is named by a handle: events name their authors by DID only, and which handle an account has may come
    /// in another file, so that the outcome would depend on the order of files.
    pub(crate) fn check_for_bluesky(&self) -> Result<()> {
        self.authors.as_ref().map_or(Ok(()), Authors::check_for_bluesky)
    }

    /// The selection with the handles of its lists looked up in the accounts of a corpus.
    pub(crate) fn resolved(&self, snapshot: &Snapshot) -> Result<Self> {
        let mut resolved = self.clone();
        let has_handles = self.authors.as_ref().is_some_and(Authors::has_handles)
            || self.keywords.as_ref().is_some_and(KeywordList::has_handles);
        if has_handles {
            for account in snapshot.rows::<populi_model::table::AccountHandle<'_>>() {
                let account = account?;
                let Some(handle) = &account.handle else { continue };
                let handle = populi_text::keyword::fold(handle);
                if let Some(authors) = &mut resolved.authors {
                    authors.resolve(&handle, account.account_key);
                }
                if let Some(keywords) = &mut resolved.keywords {
                    keywords.resolve(&handle, &account.account_id);
                }
            }
        }
        Ok(resolved)
    }

    /// The clause that leaves an event out on ingest, if one does. A pure function of the event, so that what is taken
    /// does not depend on the order of files.
    pub(crate) fn leaves_out_event(&self, event: &Event<'_>, buffer: &mut String) -> Option<LeftOut> {
        let author_key = event.actor.map(|actor| actor.key);
        match &event.body {
            Body::Post(post) => self.leaves_out(
                &Candidate {
                    author_id: event.actor.map(|actor| actor.text),
                    author_key,
                    at: post.created_at.or(event.received_at),
                    text: post.text,
                    declared_langs: &post.langs,
                    hashtags: &post.hashtags,
                    mentions: &post.mentions,
                },
                || language::detect(post.text).map(|found| found.lang),
                buffer,
            ),
            Body::Like(_) | Body::Repost(_) | Body::Follow(_) | Body::Block(_) => {
                self.leaves_out_act(author_key, event.received_at.or(event.authored_at))
            }
            Body::Profile(_)
            | Body::Handle(_)
            | Body::Status(_)
            | Body::Gone(_)
            | Body::LeftOut
            | Body::PostWithheld(_)
            | Body::AccountWithheld(_)
            | Body::GeoScrubbed(_) => self.leaves_out_author(author_key),
            // Nobody knows whose it is.
            Body::Unavailable(_) => None,
        }
    }

    /// The clause that leaves a post out, if one does. `detected` tells the language of its text as the model sees it, and
    /// is asked last.
    pub(crate) fn leaves_out<S: AsRef<str>>(
        &self,
        post: &Candidate<'_, S>,
        detected: impl FnOnce() -> Option<&'static str>,
        buffer: &mut String,
    ) -> Option<LeftOut> {
        let by_words = || {
            let keywords = self.keywords.as_ref()?;
            (!keywords.admits(post, buffer)).then_some(LeftOut::Keyword)
        };
        self.leaves_out_act(post.author_key, post.at)
            .or_else(by_words)
            .or_else(|| self.leaves_out_lang(detected, post.declared_langs))
    }

    /// The clause that leaves an act without words out, if one does.
    pub(crate) fn leaves_out_act(&self, author: Option<Key>, at: Option<Timestamp>) -> Option<LeftOut> {
        self.leaves_out_author(author).or_else(|| match at {
            None => (self.since.is_some() || self.until.is_some()).then_some(LeftOut::NoTime),
            Some(at) if self.since.is_some_and(|since| at < since) => Some(LeftOut::Since),
            Some(at) if self.until.is_some_and(|until| at >= until) => Some(LeftOut::Until),
            Some(_) => None,
        })
    }

    fn leaves_out_author(&self, author: Option<Key>) -> Option<LeftOut> {
        let authors = self.authors.as_ref()?;
        (!author.is_some_and(|author| authors.admits(author))).then_some(LeftOut::Author)
    }

    /// The language of the model counts; where it is not sure, those that the author declared.
    fn leaves_out_lang<S: AsRef<str>>(
        &self,
        detected: impl FnOnce() -> Option<&'static str>,
        declared: &[S],
    ) -> Option<LeftOut> {
        if self.langs.is_empty() {
            return None;
        }
        let is_asked_for = |lang: &'static str| self.langs.contains(lang);
        let is_admitted = match detected() {
            Some(lang) => is_asked_for(lang),
            None => declared.iter().filter_map(|tag| of_tag(tag.as_ref())).any(is_asked_for),
        };
        (!is_admitted).then_some(LeftOut::Lang)
    }
}

/// What a selection says is wrong with what it was given.
fn wrong(what: &'static str, got: impl Into<String>, reason: impl Into<String>) -> Error {
    Error::Selection { what, got: got.into(), reason: reason.into() }
}
