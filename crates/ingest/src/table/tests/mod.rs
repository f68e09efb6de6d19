//! Whole tables, from bytes to events.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod kinds;
mod posts;
mod real_data;

use populi_model::{Body, Event, Key, Quarantined, Reason, Tally, Timestamp};

use super::{Mapping, Role, TableParams, open};
use crate::{Error, Sink, SourceFile};

/// What of a post these tests look at.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Taken {
    id: String,
    author: Option<String>,
    text: String,
    reply_to: Option<String>,
    created_at: Option<Timestamp>,
    lang: Vec<String>,
    attributes: Vec<(String, String)>,
    version: (u64, u64),
    offset: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PutAside {
    reason: Reason,
    offset: u64,
    line: u64,
    head: Vec<u8>,
}

/// Keeps what it is given.
#[derive(Default)]
struct Kept {
    posts: Vec<Taken>,
    aside: Vec<PutAside>,
}

impl Sink for Kept {
    fn event(&mut self, event: &Event<'_>) {
        let Body::Post(post) = &event.body else { panic!("a table holds posts only") };
        self.posts.push(Taken {
            id: event.record.text.to_owned(),
            author: event.actor.map(|id| id.text.to_owned()),
            text: post.text.to_owned(),
            reply_to: post.reply_to.map(|subject| subject.post.text.to_owned()),
            created_at: post.created_at,
            lang: post.langs.iter().map(|&lang| lang.to_owned()).collect(),
            attributes: post
                .attributes
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            version: (event.version.revision, event.version.content),
            offset: event.origin.offset,
        });
    }

    fn quarantined(&mut self, record: &Quarantined<'_>) {
        assert!(record.head.len() <= Quarantined::MAX_HEAD_BYTES && !record.detail.is_empty());
        let (reason, offset, line) = (record.reason, record.origin.offset, record.line);
        self.aside.push(PutAside { reason, offset, line, head: record.head.to_vec() });
    }
}

/// Everything that came of a table.
struct Outcome {
    mapping: Mapping,
    has_header: bool,
    kept: Kept,
    tally: Tally,
}

impl Outcome {
    fn column(&self, role: Role) -> Option<&str> {
        self.mapping.column(role).map(|column| self.mapping.columns[column].as_str())
    }

    fn texts(&self) -> Vec<&str> {
        self.kept.posts.iter().map(|post| post.text.as_str()).collect()
    }

    fn reasons(&self) -> Vec<Reason> {
        self.kept.aside.iter().map(|aside| aside.reason).collect()
    }
}

fn try_read(bytes: &[u8], params: &TableParams) -> Result<Outcome, Error> {
    let reader = open(bytes, "posts", params)?;
    let (mapping, has_header) = (reader.mapping().clone(), reader.has_header());
    let (mut kept, mut tally) = (Kept::default(), Tally::default());
    reader.read_all(&SourceFile { key: Key([0xab; 16]), name: "posts" }, &mut kept, &mut tally)?;
    assert_eq!(tally.records, tally.taken + tally.n_quarantined() + tally.n_ignored() + tally.blank);
    assert_eq!((tally.taken, tally.n_quarantined()), (kept.posts.len() as u64, kept.aside.len() as u64));
    Ok(Outcome { mapping, has_header, kept, tally })
}

fn read(text: impl AsRef<[u8]>) -> Outcome {
    try_read(text.as_ref(), &TableParams::default()).unwrap()
}

fn named(name: &str) -> Option<super::ColumnRef> {
    name.parse().ok()
}
