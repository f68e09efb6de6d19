//! Does a post say one of many words, phrases, hashtags or handles?
//!
//! # The list
//!
//! One entry a line. Blank lines are passed over, and so are comments: lines that begin with `//`.
//!
//! | line | matches |
//! |---|---|
//! | `flood` | the word, also in `#flood`, `flood-hit`, `flood's`, `l'flood`; not in `floods` or `covid_flood` |
//! | `flood*` | every word that begins so |
//! | `high water` | these words in this order, with nothing but white space between them |
//! | `#flood` | the hashtag, in the text or among the post's hashtags; not the word |
//! | `@thw.bund.de` | a mention of the handle in the text |
//!
//! A `*` may end every kind of entry, and stand nowhere else.
//!
//! # The form in which texts are compared
//!
//! Upper and lower case are one, and so are the compatibility forms of a character (NFKC and full case folding: `STRASSE` is
//! `straße`, `ＦＬＯＯＤ` is `flood`). Diacritics are significant: `Mutter` is not `Mütter`. Soft hyphens, variation selectors and
//! stacks of marks that are no spelling count for nothing, `’` is `'`, and white space is one space.
//!
//! # Where words end
//!
//! As in UAX #29: between any two characters, but not between letters, digits and `_`, and never before a combining mark or
//! around a joiner. With two departures: `'`, `.` and `:` always end words (posts leave out spaces: `flood.Now`), and so
//! does every character of a script that is written without spaces or joins particles to its words (Han, kana, Hangul,
//! Thai, Lao, Khmer, Burmese): there an entry matches wherever it stands. A handle is one word up to its end, so that
//! `@thw` is not in `@thw.bund.de`; `@` within an e-mail address begins none.
//!
//! # How
//!
//! Text and entries are brought into that form with a mark at every place where a word may begin or end; then one
//! Aho-Corasick automaton looks for all entries at once. Because the marks are part of what is looked for, a match needs no
//! check and the first one ends the search. Time: linear in the text, whatever the number of entries. Memory: the automaton,
//! some 50 bytes a byte of the list, and twice the text. Deterministic.
//!
//! Aho and Corasick: Efficient string matching, CACM 18 (6), 1975.

mod list;
mod marked;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{Error, Result};
use list::{Entry, Kind};

pub use marked::fold;

/// A list of words, phrases, hashtags and handles, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Keywords {
    automaton: AhoCorasick,
    entries: Vec<Entry>,
}

/// How many entries of each kind a list has, without repeated ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeywordCounts {
    /// Single words.
    pub words: usize,
    /// Several words in a row.
    pub phrases: usize,
    /// Hashtags.
    pub hashtags: usize,
    /// Handles.
    pub handles: usize,
    /// How many of all of them end with a `*`.
    pub open: usize,
}

impl Keywords {
    /// Reads a list; see the module for its format.
    ///
    /// ```
    /// use populi_text::keyword::Keywords;
    /// let list = Keywords::read("// rivers\nflood*\nhigh water\n#hochwasser\n").unwrap();
    /// let mut buffer = String::new();
    /// assert!(list.matches("Flooding in the valley", &["news"], &mut buffer));
    /// assert!(list.matches("look", &["Hochwasser"], &mut buffer));
    /// assert!(!list.matches("a high-water mark", &[""], &mut buffer));
    /// ```
    ///
    /// # Errors
    /// When a line is none of these, or there is no entry at all.
    pub fn read(list: &str) -> Result<Self> {
        let entries = list::read(list)?;
        let patterns: Vec<String> = entries.iter().map(Entry::pattern).collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // Every pattern begins with a mark, and marks are everywhere.
            .prefilter(false)
            .build(&patterns)
            .map_err(|error| Error::KeywordList { line: 0, reason: error.to_string() })?;
        Ok(Self { automaton, entries })
    }

    /// Whether an entry is in the text or among the hashtags (without their `#`). `buffer` is overwritten: kept from one
    /// text to the next, it saves an allocation.
    pub fn matches<S: AsRef<str>>(&self, text: &str, hashtags: &[S], buffer: &mut String) -> bool {
        mark(text, hashtags, buffer);
        self.automaton.is_match(buffer.as_bytes())
    }

    /// As [`matches`](Self::matches), but says by which entry, as the list writes it: the one that ends first in the text, or else among the
    /// hashtags.
    ///
    /// ```
    /// use populi_text::keyword::Keywords;
    /// let list = Keywords::read("water\nflood*\n#hochwasser").unwrap();
    /// let found = |text| list.found(text, &[""], &mut String::new());
    /// assert_eq!(found("Flooding, water").as_deref(), Some("flood*"));
    /// assert_eq!(found("#Hochwasser").as_deref(), Some("#hochwasser"));
    /// assert_eq!(found("dry"), None);
    /// ```
    pub fn found<S: AsRef<str>>(&self, text: &str, hashtags: &[S], buffer: &mut String) -> Option<String> {
        mark(text, hashtags, buffer);
        let found = self.automaton.find(buffer.as_bytes())?;
        self.entries.get(found.pattern().as_usize()).map(Entry::line)
    }

    /// How many entries of each kind there are.
    #[must_use]
    pub fn counts(&self) -> KeywordCounts {
        let n = |kind| self.entries.iter().filter(|entry| entry.kind == kind).count();
        KeywordCounts {
            words: n(Kind::Word),
            phrases: n(Kind::Phrase),
            hashtags: n(Kind::Hashtag),
            handles: n(Kind::Handle),
            open: self.entries.iter().filter(|entry| entry.is_open).count(),
        }
    }

    /// The whole handles, as they were written, without `@`: whoever knows which accounts they name can look for those.
    pub fn handles(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(|entry| entry.kind == Kind::Handle && !entry.is_open)
            .map(|entry| entry.written.as_str())
    }

    /// The entries in their compared form and in order, a line each: equal for lists that match the same.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.entries.iter().map(|entry| entry.pattern() + "\n").collect()
    }
}

/// The text and the hashtags in the form in which they are compared.
fn mark<S: AsRef<str>>(text: &str, hashtags: &[S], buffer: &mut String) {
    buffer.clear();
    marked::push_marked(text, buffer);
    for tag in hashtags {
        marked::push_hashtag(tag.as_ref(), buffer);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn is_in(entry: &str, text: &str) -> bool {
        Keywords::read(entry).unwrap().matches(text, &[""; 0], &mut String::new())
    }

    #[test]
    fn words_match_whole_words_in_any_case_and_form() {
        for (entry, text) in [
            ("flood", "FLOOD"),
            ("flood", "the flood."),
            ("flood", "flood-hit #flood (flood)"),
            ("flood", "the flood's height"),
            ("inondation", "L’inondation de 1910"),
            ("flood", "over.Flood:now"),
            ("Straße", "HAUPT STRASSE 5"),
            ("οδος", "ΟΔΟΣ"),
            ("οδός", "η οδός"),
            ("flood", "ＦＬＯＯＤ"),
            ("flood", "fl\u{AD}ood"),
            ("été", "e\u{301}te\u{301}"),
            ("don't", "I don’t know"),
            ("c++", "C++ and C"),
            ("❤", "I ❤\u{FE0F} it"),
            ("🌊", "🌊🌊"),
        ] {
            assert!(is_in(entry, text), "{entry:?} in {text:?}");
        }
        for (entry, text) in [
            ("flood", "floods"),
            ("flood", "flood_2026"),
            ("covid", "covid19"),
            ("mutter", "Mütter"),
            ("mütter", "Mutter"),
            ("e", "e\u{301}\u{323}"),
            ("sı", "si"),
            ("👩", "👩\u{200D}👧"),
            ("flood", ""),
        ] {
            assert!(!is_in(entry, text), "{entry:?} not in {text:?}");
        }
    }

    #[test]
    fn in_scripts_without_spaces_an_entry_matches_anywhere() {
        for (entry, text) in [
            ("洪水", "昨日の洪水警報"),
            ("홍수", "어제 홍수가 났다"),
            ("タイ", "ネクタイ"),
            ("น้ำท่วม", "วันนี้น้ำท่วมหนัก"),
            ("東京2020", "祝東京2020大会"),
        ] {
            assert!(is_in(entry, text), "{entry:?} in {text:?}");
        }
        // Not within a letter and its vowel sign, nor in the midst of a number.
        assert!(!is_in("น", "น้ำ"));
        assert!(!is_in("東京2", "東京2020"));
    }

    #[test]
    fn phrases_ask_for_words_in_a_row() {
        assert!(is_in("high water", "HIGH\n  water!"));
        assert!(is_in("high  water*", "high waters"));
        assert!(!is_in("high water", "high, water"));
        assert!(!is_in("high water", "thigh water"));
        assert!(!is_in("high water", "high waters"));
    }

    #[test]
    fn an_open_entry_matches_what_begins_so() {
        assert!(is_in("flood*", "Flooded") && is_in("flood*", "flood"));
        assert!(!is_in("flood*", "preflood"));
        assert!(is_in("#flood*", "see #Flood2026") && !is_in("#flood*", "flood2026"));
        assert!(is_in("@ndp.*", "hi @ndp.ca") && !is_in("@ndp.*", "hi @ndpx.ca"));
    }

    #[test]
    fn hashtags_match_the_tag_in_the_text_or_among_the_tags() {
        let list = Keywords::read("#flood\n#new york").unwrap();
        let matches = |text: &str, tags: &[&str]| list.matches(text, tags, &mut String::new());
        assert!(matches("so wet #FLOOD", &[]) && matches("＃flood", &[]) && matches("#a#flood", &[]));
        assert!(matches("so wet", &["x", "Flood"]) && matches("", &["New York"]));
        assert!(
            !matches("flood", &["floods"]) && !matches("#floods", &[]) && !matches("", &["flood relief"])
        );
        // A word is found among the tags too.
        assert!(Keywords::read("relief").unwrap().matches("", &["Relief"], &mut String::new()));
    }

    #[test]
    fn handles_match_to_their_end() {
        assert!(is_in("@ndp.ca", "well, @NDP.ca.") && is_in("@bob_2", "回复@bob_2你好"));
        assert!(is_in("@小明", "回复@小明:你好"));
        for text in ["ndp.ca", "@ndp.ca.example", "@xndp.ca", "bob@ndp.ca", "@ndp.ca-x", "@ndp"] {
            assert!(!is_in("@ndp.ca", text), "{text:?}");
        }
        assert!(!is_in("ndp", "@ndp.ca"), "a word is not looked for within a handle");
    }

    #[test]
    fn a_list_is_read_by_lines_and_its_faults_are_told() {
        let list =
            Keywords::read("\u{feff}// all\n\n Flood \r\nflood\nhigh water\n#flood\n@a.b\nflo*\n").unwrap();
        let counts = KeywordCounts { words: 2, phrases: 1, hashtags: 1, handles: 1, open: 1 };
        assert_eq!(list.counts(), counts);
        assert_eq!(list.handles().collect::<Vec<_>>(), ["a.b"]);
        let same = Keywords::read("@A.B\n#FLOOD\nflood\nflo*\nHigh\twater").unwrap();
        assert_eq!(list.canonical(), same.canonical());
        for (bad, line) in
            [("a\n*", 2), ("fl*od", 1), ("a\n\n#", 3), ("@", 1), ("a *", 1), ("", 0), ("// x", 0)]
        {
            match Keywords::read(bad) {
                Err(Error::KeywordList { line: got, reason }) => {
                    assert_eq!(got, line, "{bad:?}");
                    assert!(!reason.is_empty());
                }
                other => panic!("{bad:?}: {other:?}"),
            }
        }
    }
}
