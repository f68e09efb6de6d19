//! The language of a post, by a model and two witnesses.
//!
//! `whichlang` (a linear model over hashed character n-grams, 16 languages) is right far more often on posts of a few
//! words than its rivals, but it says neither how sure it is nor that a language is none of its 16. So its answer is borne
//! out, or not, by two witnesses: **function words** of the language it names (`the`, `und`, …; six languages), and
//! `whatlang` (trigram ranks and alphabets, 70 languages), which errs on short Latin text but knows when it is sure:
//!
//! | function words in the text | `whatlang` | answer |
//! |---|---|---|
//! | two or more | not asked | `whichlang`'s |
//! | any | the same | `whichlang`'s |
//! | one | another | `whichlang`'s, unless `whatlang` is at least 0.6 sure of a language beyond the 16 |
//! | none | another of the 16 | `whichlang`'s, unless `whatlang` is at least 0.4 sure |
//! | none | a language beyond the 16 | `whichlang`'s, unless `whatlang` is at least 0.2 sure |
//!
//! The confidence is the share of right answers that was counted for texts in the same situation (row of the table, how
//! sure `whatlang` was, how many letters), on half of a sample of short texts; the other half and the choice of the models
//! are in `docs/design/language-model.md`. It is a figure of that sample, not a promise about any text.
//!
//! Cost: 1 to 3 µs a text for `whichlang` and the function words, 5 to 70 µs where `whatlang` is asked. The same text
//! gives the same answer everywhere: no seed, no state.

use crate::clean::clean;

/// What [`detect`] answers with, for the `model` column of the languages table. Changes whenever an answer may change.
pub const MODEL: &str = "whichlang 0.1.1 + whatlang 0.18.0, witnesses 1";

/// Below this confidence [`detect`] answers `None`. At 0.7, 94 % of real posts in seven languages get an answer and 99.0 %
/// of the answers are right; 0.9 gives 92 % and 99.2 % (the decision note has the whole curve).
pub const MIN_CONFIDENCE: f32 = 0.7;

/// How much of a cleaned text is read, in bytes. Posts are shorter; more text changes no answer, but costs.
const MAX_READ_BYTES: usize = 2048;

/// A language and how far to trust it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// ISO 639-1 where there is a code, else ISO 639-3: `"en"`, `"nb"`.
    pub lang: &'static str,
    /// Share of right answers among texts like this one, 0 to 1.
    pub confidence: f32,
}

/// The language of a post's text, or `None` if it has no letters or the answer would be too uncertain
/// ([`MIN_CONFIDENCE`]). Links, handles and marks are ignored ([`clean`]).
///
/// ```
/// use populi_text::language::detect;
/// let found = detect("@ndp.ca The rent is too high for young families https://example.org").unwrap();
/// assert_eq!(found.lang, "en");
/// assert_eq!(detect("🐝 12:30"), None);
/// ```
pub fn detect(text: &str) -> Option<Detection> {
    best_guess(text).filter(|guess| guess.confidence >= MIN_CONFIDENCE)
}

/// What [`detect`] would answer without its threshold: for measuring other thresholds. `None` only without letters.
pub fn best_guess(text: &str) -> Option<Detection> {
    let cleaned = clean(text);
    let read = &cleaned[..cleaned.floor_char_boundary(MAX_READ_BYTES)];
    let n_letters = read.chars().filter(|c| c.is_alphabetic()).count();
    if n_letters == 0 {
        return None;
    }
    let which = of_whichlang(whichlang::detect_language(read));
    let n_function_words = function_words(which, read);
    if n_function_words > 1 {
        return Some(Detection { lang: which, confidence: SHARE_IF_TWO_WORDS });
    }
    let what = whatlang::detect(read).map(|info| (of_whatlang(info.lang()), info.confidence()));
    Some(weigh(which, n_function_words == 1, what, n_letters))
}

/// Shares of right answers, counted on the even rows of the sample in the decision note. This one: `whichlang` and two
/// function words of its language.
const SHARE_IF_TWO_WORDS: f32 = 0.99;
/// `whatlang` agrees, no function word. Rows: under 12 letters, under 30, more. Columns here and below: how sure `whatlang`
/// is, in fifths.
const SHARE_IF_AGREED: [[f32; 5]; 3] =
    [[0.83, 0.95, 0.99, 0.99, 1.0], [0.85, 0.96, 0.99, 0.99, 1.0], [0.92, 0.96, 0.99, 0.99, 1.0]];
/// `whatlang` agrees, one function word.
const SHARE_IF_AGREED_WITH_WORD: [f32; 5] = [0.97, 0.99, 0.99, 0.99, 0.99];
/// `whatlang` under 0.4 sure of another of the 16, or under 0.2 of one beyond; no function word. By number of letters.
const SHARE_IF_DOUBTFUL: [f32; 3] = [0.45, 0.45, 0.52];
/// For `whatlang`, sure of another of the 16, no function word.
const SHARE_OF_OTHER: [f32; 5] = [0.0, 0.0, 0.62, 0.75, 0.75];
/// For `whatlang`, sure of a language beyond the 16, no function word.
const SHARE_OF_BEYOND: [f32; 5] = [0.0, 0.64, 0.90, 0.95, 0.99];
/// For `whichlang` against any other answer, one function word.
const SHARE_IF_WORD: [f32; 5] = [0.94, 0.94, 0.76, 0.60, 0.60];
/// For `whatlang`, sure of a language beyond the 16, against one function word.
const SHARE_OF_BEYOND_IF_WORD: [f32; 5] = [0.0, 0.0, 0.0, 0.70, 0.99];

/// Weighs the answers; see the table of the module.
fn weigh(
    which: &'static str,
    has_word: bool,
    what: Option<(&'static str, f64)>,
    n_letters: usize,
) -> Detection {
    let length = usize::from(n_letters >= 12) + usize::from(n_letters >= 30);
    let Some((what, sure)) = what else {
        return Detection { lang: which, confidence: 0.0 };
    };
    let fifth = ((sure * 5.0) as usize).min(4);
    let is_beyond = !WHICHLANG.contains(&what);
    let (lang, confidence) = match (what == which, has_word, is_beyond) {
        (true, false, _) => (which, SHARE_IF_AGREED[length][fifth]),
        (true, true, _) => (which, SHARE_IF_AGREED_WITH_WORD[fifth]),
        (false, true, true) if fifth >= 3 => (what, SHARE_OF_BEYOND_IF_WORD[fifth]),
        (false, true, _) => (which, SHARE_IF_WORD[fifth]),
        (false, false, false) if fifth >= 2 => (what, SHARE_OF_OTHER[fifth]),
        (false, false, true) if fifth >= 1 => (what, SHARE_OF_BEYOND[fifth]),
        (false, false, _) => (which, SHARE_IF_DOUBTFUL[length]),
    };
    Detection { lang, confidence }
}

/// Words that carry sentences of the language and are rare in its neighbours (so no French `que`, which is Spanish too).
#[rustfmt::skip]
const FUNCTION_WORDS: [(&str, &[&str]); 6] = [
    ("de", &["und", "der", "die", "das", "ist", "nicht", "ich", "mit", "auf", "für", "ein", "eine", "den", "sich", "auch",
        "wie", "wir", "von", "dem", "zu", "noch", "aber", "nur", "wenn", "mir", "mich", "aus", "bei", "sind", "hat"]),
    ("en", &["the", "and", "you", "that", "this", "with", "are", "have", "your", "they", "what", "would", "about", "just",
        "from", "there", "their", "when", "who", "how", "been", "because", "which", "should", "could", "it's", "don't",
        "i'm", "my", "of", "to", "it", "we", "not", "will", "than", "these", "if", "why"]),
    ("es", &["los", "las", "por", "con", "para", "pero", "como", "más", "muy", "está", "su", "y", "ya", "todo", "hay",
        "yo", "eso", "cuando", "porque", "esta", "tiene", "sus"]),
    ("fr", &["le", "une", "est", "dans", "pour", "qui", "sur", "avec", "mais", "vous", "nous", "je", "plus", "c'est",
        "j'ai", "ce", "et", "au", "du", "elle", "cette", "sont", "même", "être", "fait", "tout"]),
    ("it", &["il", "che", "di", "non", "per", "è", "sono", "della", "ma", "anche", "più", "questo", "ho", "gli", "alla",
        "dei", "nel", "ti", "ci", "con", "cosa", "hai", "perché", "quando"]),
    ("pt", &["não", "uma", "com", "para", "mais", "você", "está", "isso", "meu", "minha", "tem", "foi", "são", "muito",
        "pra", "eu", "do", "da", "os", "em", "no", "na", "ele", "ela", "mas", "um", "já", "vou", "ao"]),
];

/// How many different function words of `lang` the text has; counts no further than 2.
fn function_words(lang: &str, text: &str) -> usize {
    let Some((_, listed)) = FUNCTION_WORDS.iter().find(|(of, _)| *of == lang) else {
        return 0;
    };
    let text = text.to_lowercase().replace('’', "'");
    let mut first = None;
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '\'')) {
        let Some(known) = listed.iter().position(|known| *known == word) else {
            continue;
        };
        if first.is_some_and(|first| first != known) {
            return 2;
        }
        first = Some(known);
    }
    usize::from(first.is_some())
}

/// The languages that `whichlang` answers with.
const WHICHLANG: [&str; 16] =
    ["ar", "zh", "de", "en", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "es", "sv", "tr", "vi"];

fn of_whichlang(lang: whichlang::Lang) -> &'static str {
    use whichlang::Lang;
    match lang {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

/// ISO 639-1 codes of the ISO 639-3 codes of `whatlang`; all 70 have one.
#[rustfmt::skip]
const CODES: [(&str, &str); 70] = [
    ("afr", "af"), ("aka", "ak"), ("amh", "am"), ("ara", "ar"), ("aze", "az"), ("bel", "be"), ("ben", "bn"),
    ("bul", "bg"), ("cat", "ca"), ("ces", "cs"), ("cmn", "zh"), ("cym", "cy"), ("dan", "da"), ("deu", "de"),
    ("ell", "el"), ("eng", "en"), ("epo", "eo"), ("est", "et"), ("fin", "fi"), ("fra", "fr"), ("guj", "gu"),
    ("heb", "he"), ("hin", "hi"), ("hrv", "hr"), ("hun", "hu"), ("hye", "hy"), ("ind", "id"), ("ita", "it"),
    ("jav", "jv"), ("jpn", "ja"), ("kan", "kn"), ("kat", "ka"), ("khm", "km"), ("kor", "ko"), ("lat", "la"),
    ("lav", "lv"), ("lit", "lt"), ("mal", "ml"), ("mar", "mr"), ("mkd", "mk"), ("mya", "my"), ("nep", "ne"),
    ("nld", "nl"), ("nob", "nb"), ("ori", "or"), ("pan", "pa"), ("pes", "fa"), ("pol", "pl"), ("por", "pt"),
    ("ron", "ro"), ("rus", "ru"), ("sin", "si"), ("slk", "sk"), ("slv", "sl"), ("sna", "sn"), ("spa", "es"),
    ("srp", "sr"), ("swe", "sv"), ("tam", "ta"), ("tel", "te"), ("tgl", "tl"), ("tha", "th"), ("tuk", "tk"),
    ("tur", "tr"), ("ukr", "uk"), ("urd", "ur"), ("uzb", "uz"), ("vie", "vi"), ("yid", "yi"), ("zul", "zu"),
];

fn of_whatlang(lang: whatlang::Lang) -> &'static str {
    let code = lang.code();
    CODES.binary_search_by(|(iso3, _)| iso3.cmp(&code)).map_or(code, |found| CODES[found].1)
}

#[cfg(test)]
mod tests {
    use super::{CODES, WHICHLANG, best_guess, detect, function_words, of_whatlang, of_whichlang, weigh};

    #[test]
    fn every_language_of_either_model_has_a_two_letter_code() {
        assert!(CODES.is_sorted() && CODES.len() == whatlang::Lang::all().len());
        for lang in whatlang::Lang::all() {
            assert_eq!(of_whatlang(*lang).len(), 2, "{lang:?}");
        }
        for lang in whichlang::LANGUAGES {
            assert!(WHICHLANG.contains(&of_whichlang(lang)));
        }
    }

    #[test]
    fn the_table_of_the_module_holds() {
        let answer = |has_word, what, n_letters| {
            let found = weigh("sv", has_word, what, n_letters);
            (found.lang, found.confidence)
        };
        assert_eq!(answer(false, Some(("sv", 1.0)), 50), ("sv", 1.0));
        assert_eq!(answer(false, Some(("sv", 0.1)), 11), ("sv", 0.83));
        assert_eq!(answer(true, Some(("sv", 0.1)), 11), ("sv", 0.97));
        assert_eq!(answer(false, Some(("de", 0.39)), 30), ("sv", 0.52));
        assert_eq!(answer(false, Some(("de", 0.4)), 50), ("de", 0.62));
        assert_eq!(answer(true, Some(("de", 0.5)), 50), ("sv", 0.76));
        assert_eq!(answer(false, Some(("nb", 0.19)), 29), ("sv", 0.45));
        assert_eq!(answer(false, Some(("nb", 0.2)), 50), ("nb", 0.64));
        assert_eq!(answer(true, Some(("nb", 0.59)), 50), ("sv", 0.76));
        assert_eq!(answer(true, Some(("nb", 1.0)), 50), ("nb", 0.99));
        assert_eq!(answer(false, None, 50), ("sv", 0.0));
    }

    #[test]
    fn function_words_count_once_each_and_to_two() {
        assert_eq!(function_words("en", "The the THE"), 1);
        assert_eq!(function_words("en", "It’s the end"), 2);
        assert_eq!(function_words("en", "otherwise android"), 0);
        assert_eq!(function_words("it", "PERCHÉ non"), 2);
        assert_eq!(function_words("sv", "och det är"), 0);
    }

    #[test]
    fn texts_without_letters_have_no_language() {
        for text in
            ["", " ", "🐝", "12:30 + 7", "https://example.org/the/and/you", "@the_and_you", "!!!", "\u{0}"]
        {
            assert_eq!(best_guess(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_doubtful_answer_is_none() {
        assert!(best_guess("ok").is_some_and(|guess| guess.confidence < 0.9));
        assert_eq!(detect("hm"), None);
    }
}
