//! Words that carry sentences and name nothing.
//!
//! - **English** has lists of its own. That of Stopwords ISO stops words such as `world`, `home` and `page`,
//!   which name subjects.
//! - **Every other language** has the list of [Stopwords ISO](https://github.com/stopwords-iso/stopwords-iso), as it is in the
//!   `stop-words` crate. Some of these lists are wide too, and are left so: they stop, for example, German `mensch` and
//!   `ordnung`, French `personnes` and `force`, Spanish `trabajo` and `verdad`, Portuguese `sistema` and `viagem`, Italian
//!   `città` and `mondo`. Labels in these languages never show such a word.
//! - **Marks of the platforms** (`rt`, `via`) are stopped in all of them.
//!
//! Chinese words come as pairs of ideographs ([`crate::words`]), so a pair also counts as a stop word if either half is one
//! of a few characters that are grammar almost everywhere (`的`, `了`).

mod english;

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use crate::words::words;

/// The stop words of a language, sorted; empty if there is no list for it.
///
/// `lang` is an ISO 639-1 code in any case, with or without a region (`"en"`, `"pt-BR"`); `"nb"` and `"nn"` are `"no"`.
pub fn stop_words(lang: &str) -> &'static [&'static str] {
    LISTS.get(primary(lang).as_str()).map_or(&[], |list| &list.words)
}

/// The stop words of one language in the form of [`crate::words`], for many look-ups.
#[derive(Debug, Clone, Copy)]
pub struct StopWords {
    lists: [Option<&'static List>; 2],
    stops_pairs: bool,
}

impl StopWords {
    /// The list for `lang`, as in [`stop_words()`]. Where the language is unknown the English and Chinese lists apply, as the
    /// two that share no letters: common words of neither would name a cluster.
    pub fn of(lang: Option<&str>) -> Self {
        let Some(lang) = lang else {
            return Self { lists: [LISTS.get("en"), LISTS.get("zh")], stops_pairs: true };
        };
        let code = primary(lang);
        Self { lists: [LISTS.get(code.as_str()), None], stops_pairs: code == "zh" }
    }

    /// Whether a word, in the form that [`crate::words`] gives, is a stop word or a mark of the platforms.
    pub fn contains(&self, word: &str) -> bool {
        PLATFORM.contains(&word)
            || self.lists.iter().flatten().any(|list| list.forms.contains(word))
            || (self.stops_pairs && is_grammar_pair(word))
    }
}

/// What platforms and clients put into texts, in every language: repost marks, remains of entities and links.
const PLATFORM: [&str; 9] = ["rt", "via", "amp", "nbsp", "http", "https", "www", "cc", "dm"];

/// Characters that are grammar in nearly every Chinese word pair in which they occur.
const GRAMMAR_CHARACTERS: &str = "的了是我你您他她它们这那也就都吗呢吧啊呀嘛么很着被把与";

/// One language's words as listed, and in the form of [`crate::words`].
#[derive(Debug)]
struct List {
    words: Vec<&'static str>,
    forms: HashSet<String>,
}

static LISTS: LazyLock<BTreeMap<&'static str, List>> = LazyLock::new(|| {
    let codes = ::stop_words::available_languages().iter().copied();
    codes.filter(|code| code.len() == 2).map(|code| (code, List::of(code))).collect()
});

impl List {
    fn of(code: &str) -> Self {
        let mut listed = match code {
            "en" => [&english::FUNCTION_WORDS[..], &english::POST_WORDS].concat(),
            _ => ::stop_words::lookup(code).unwrap_or_default().to_vec(),
        };
        listed.sort_unstable();
        listed.dedup();
        let mut forms = HashSet::new();
        for word in &listed {
            let found = words(word);
            // A listed phrase stops no single word of it, but a longer Chinese one stops all its pairs.
            let pairs = found.len() > 1
                && !word.contains(char::is_whitespace)
                && found.iter().all(|form| is_pair(form));
            if found.len() == 1 || pairs {
                forms.extend(found);
            }
        }
        Self { words: listed, forms }
    }
}

/// `pt-BR` is `pt`; the written forms of Norwegian share a list.
fn primary(lang: &str) -> String {
    let code = lang.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if matches!(code.as_str(), "nb" | "nn") { "no".to_owned() } else { code }
}

fn is_pair(word: &str) -> bool {
    word.chars().count() == 2 && word.chars().all(|c| u32::from(c) >= 0x3400)
}

fn is_grammar_pair(word: &str) -> bool {
    is_pair(word) && word.chars().any(|c| GRAMMAR_CHARACTERS.contains(c))
}

#[cfg(test)]
mod tests {
    use super::english::{FUNCTION_WORDS, POST_WORDS};
    use super::{StopWords, stop_words};
    use crate::words::words;

    #[test]
    fn lists_by_code() {
        assert!(stop_words("en").contains(&"the") && stop_words("en").contains(&"dont"));
        assert!(stop_words("en").is_sorted());
        assert_eq!(stop_words("EN-us"), stop_words("en"));
        assert_eq!(stop_words("nb"), stop_words("no"));
        assert!(stop_words("de").contains(&"nicht"));
        for unknown in ["", "xx", "-", "tlh", "english"] {
            assert!(stop_words(unknown).is_empty(), "{unknown:?}");
        }
    }

    #[test]
    fn english_stops_grammar_and_keeps_subjects() {
        let english = StopWords::of(Some("en"));
        for listed in
            stop_words("en").iter().chain(&["I'm with you; we're not", "It couldn't just be HER, also"])
        {
            for word in words(listed) {
                assert!(english.contains(&word), "{word} of {listed:?}");
            }
        }
        for subject in ["world", "home", "page", "work", "people", "time", "two", "state"] {
            assert!(!english.contains(subject), "{subject}");
        }
    }

    #[test]
    fn english_lists_are_sorted_and_share_no_word() {
        for list in [&FUNCTION_WORDS[..], &POST_WORDS] {
            assert!(list.is_sorted_by(|a, b| a < b));
        }
        assert!(POST_WORDS.iter().all(|word| !FUNCTION_WORDS.contains(word)));
    }

    #[test]
    fn look_ups_use_the_compared_form() {
        let stops = |lang, word| StopWords::of(lang).contains(word);
        assert!(stops(Some("en"), "the") && stops(Some("en"), "don't") && stops(Some("en"), "amp"));
        assert!(!stops(Some("en"), "world") && !stops(Some("en"), "nicht"));
        assert!(stops(Some("fr"), "les") && stops(Some("fr"), "l"));
        assert!(stops(Some("zh"), "我们") && stops(Some("zh"), "的房") && !stops(Some("zh"), "北京"));
        assert!(!stops(Some("ja"), "目的") && stops(Some("ja"), "から"));
        assert!(stops(None, "the") && stops(None, "的房") && !stops(None, "housing"));
        assert!(stops(Some("xx"), "rt") && !stops(Some("xx"), "the"));
    }
}
