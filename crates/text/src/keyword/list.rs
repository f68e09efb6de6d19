//! A list of keywords: its lines, read and checked.

use std::collections::BTreeMap;

use super::marked::{self, MARK};
use crate::{Error, Result};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Word,
    Phrase,
    Hashtag,
    Handle,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// Without its sign and `*`.
    pub(super) written: String,
    /// Whether words may go on behind it.
    pub(super) is_open: bool,
}

/// The entries, in the order of their compared forms, each once.
pub(super) fn read(list: &str) -> Result<Vec<Entry>> {
    let list = list.strip_prefix('\u{feff}').unwrap_or(list);
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for (number, line) in (1..).zip(list.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        let entry = Entry::read(line)
            .map_err(|reason| Error::KeywordList { line: number, reason: reason.to_owned() })?;
        entries.entry(entry.pattern()).or_insert(entry);
    }
    if entries.is_empty() {
        let reason = "there is no word, phrase, #hashtag or @handle in it".to_owned();
        return Err(Error::KeywordList { line: 0, reason });
    }
    Ok(entries.into_values().collect())
}

impl Entry {
    fn read(line: &str) -> std::result::Result<Self, &'static str> {
        let (body, is_open) = line.strip_suffix('*').map_or((line, false), |body| (body, true));
        if body.contains('*') {
            return Err("a * may only end an entry");
        }
        if body.is_empty() || body.ends_with(char::is_whitespace) {
            return Err("a * stands behind the beginning of a word, without a space");
        }
        let (kind, written) = match body.chars().next() {
            Some('#' | '＃') => (Kind::Hashtag, body.trim_start_matches(['#', '＃'])),
            Some('@' | '＠') => (Kind::Handle, body.trim_start_matches(['@', '＠'])),
            _ if body.contains(char::is_whitespace) => (Kind::Phrase, body),
            _ => (Kind::Word, body),
        };
        match marked::fold(written).trim() {
            "" => Err("an entry needs at least one character behind its sign"),
            _ => Ok(Self { kind, written: written.trim().to_owned(), is_open }),
        }
    }

    /// As a list writes it.
    pub(super) fn line(&self) -> String {
        let sign = match self.kind {
            Kind::Word | Kind::Phrase => "",
            Kind::Hashtag => "#",
            Kind::Handle => "@",
        };
        format!("{sign}{}{}", self.written, if self.is_open { "*" } else { "" })
    }

    /// What is looked for in marked texts.
    pub(super) fn pattern(&self) -> String {
        let mut pattern = String::new();
        match self.kind {
            Kind::Word | Kind::Phrase => marked::push_marked(&self.written, &mut pattern),
            Kind::Hashtag => marked::push_hashtag(&self.written, &mut pattern),
            Kind::Handle => marked::push_handle(&self.written, &mut pattern),
        }
        if self.is_open && pattern.ends_with(MARK) {
            pattern.pop();
        }
        pattern
    }
}
