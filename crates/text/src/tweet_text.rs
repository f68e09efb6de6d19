//! The mentions, hashtags and links of a text, by the grammar that Twitter published.
//!
//! The grammar is that of the crate `twitter_text_parser`, with every top-level domain in it; the host of a link must also be a
//! domain name (UTS #46, the length of its labels checked), and a link has at most [`MAX_URL_CHARS`] characters. It passes the
//! cases of mentions, lists, hashtags and links of Twitter's own `extract.yml`.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use pest::Parser;
use pest::iterators::Pair;
use twitter_text_parser::twitter_text::full_pest::{Rule, TwitterTextFullPestParser};

/// Longest link. A run without white space that is longer than this is read as no entity: the grammar looks ahead to the end of a run.
pub const MAX_URL_CHARS: usize = 4096;

/// What an [`Entity`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntityKind {
    /// `@name`.
    Mention,
    /// `@name/list`: the mention of a list.
    List,
    /// `#topic`.
    Hashtag,
    /// An address, with or without `http://` in front.
    Url,
}

/// A part of a text that means more than its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity<'a> {
    /// What it is.
    pub kind: EntityKind,
    /// What it names, without its mark: `name`, `name/list`, `topic`; a link as it stands.
    pub text: &'a str,
    /// Where it starts in the text, in characters (code points), its mark included.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The entities of `text` in their order. No two overlap.
///
/// ```
/// use populi_text::tweet_text::{EntityKind, entities};
/// let found = entities("ça va @ann? #ok https://t.co/x.");
/// let parts: Vec<_> = found.iter().map(|e| (e.kind, e.text, e.start, e.end)).collect();
/// assert_eq!(parts, [
///     (EntityKind::Mention, "ann", 6, 10),
///     (EntityKind::Hashtag, "ok", 12, 15),
///     (EntityKind::Url, "https://t.co/x", 16, 30),
/// ]);
/// ```
///
/// Time: some microseconds a word that holds one of `@`, `#` and `.`; texts without them are not parsed.
#[must_use]
pub fn entities(text: &str) -> Vec<Entity<'_>> {
    let mut found = Vec::new();
    if !text.contains(['@', '＠', '#', '＃', '.']) {
        return found;
    }
    let mut position = Position { text, byte: 0, n_chars: 0 };
    for (at, piece) in pieces(text) {
        // The grammar takes any text; a piece that it does not take holds nothing.
        let Ok(parsed) = TwitterTextFullPestParser::parse(Rule::tweet, piece) else { continue };
        for pair in parsed.flatten() {
            if let Some((kind, text)) = meaning(&pair) {
                let start = position.at_byte(at + pair.as_span().start());
                let end = position.at_byte(at + pair.as_span().end());
                found.push(Entity { kind, text, start, end });
            }
        }
    }
    found
}

/// Cuts a text before white space, into pieces that the grammar reads fast, with the byte that each starts at. No entity holds white
/// space; it stays in front of a piece, since the grammar has a rule for the start of a text.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let piece = rest;
        let first = piece.chars().next()?;
        let is_space = |c: char| c.is_whitespace() || c == '\u{180E}';
        let run = piece[first.len_utf8()..].find(is_space).map_or(piece.len(), |at| at + first.len_utf8());
        rest = &piece[run..];
        Some((text.len() - piece.len(), &piece[..run]))
    })
    .filter(|(_, piece)| {
        piece.contains(['@', '＠', '#', '＃', '.']) && piece.chars().count() <= MAX_URL_CHARS
    })
}

/// What a part of the parsed text is, and what it names.
fn meaning<'a>(pair: &Pair<'a, Rule>) -> Option<(EntityKind, &'a str)> {
    let text = pair.as_span().as_str();
    let unmarked = |text: &'a str| text.trim_start_matches(['@', '＠', '#', '＃']);
    match pair.as_rule() {
        Rule::username => Some((EntityKind::Mention, unmarked(text))),
        Rule::list => Some((EntityKind::List, unmarked(text))),
        Rule::hashtag => Some((EntityKind::Hashtag, unmarked(text))),
        Rule::url | Rule::url_without_protocol => has_domain(pair).then_some((EntityKind::Url, text)),
        _ => None,
    }
}

/// Whether the host of a link is a domain name that can be.
fn has_domain(link: &Pair<'_, Rule>) -> bool {
    let is_host = |rule: Rule| matches!(rule, Rule::host | Rule::tco_domain | Rule::uwp_domain);
    let host = link.clone().into_inner().find(|inner| is_host(inner.as_rule()));
    host.is_some_and(|host| {
        let name = host.as_str().as_bytes();
        Uts46::new().to_ascii(name, AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Verify).is_ok()
    })
}

/// Bytes of a text as characters, for positions that never go back.
struct Position<'a> {
    text: &'a str,
    byte: usize,
    n_chars: usize,
}

impl Position<'_> {
    fn at_byte(&mut self, byte: usize) -> usize {
        self.n_chars += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.n_chars
    }
}
