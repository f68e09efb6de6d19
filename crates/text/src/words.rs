//! The words of a text, in the form in which texts are compared.
//!
//! A text is first brought to one form: compatibility-composed (NFKC) and lower-case, with `’` as `'`. Then it is cut at
//! the word boundaries of Unicode (UAX #29), with these departures, each for readable words:
//!
//! - **Ideographs** are written without spaces, and UAX #29 gives them one by one. A run of two or more becomes its
//!   overlapping pairs (`机器学习` is `机器`, `器学`, `学习`): without a dictionary, pairs are the shortest form in which
//!   most Chinese and Japanese words can be read. A single ideograph between other scripts stays (`猫`).
//! - **Hiragana, Thai, Lao, Khmer and Burmese** runs stay whole: single letters mean nothing, and phrases do.
//! - **Elided articles** are cut off (`l'eau` is `l`, `eau`), and so is the English `'s`.
//! - **Decoration** is no spelling: a stack of more than [`MAX_MARKS`] combining marks is dropped, and so are variation
//!   selectors and soft hyphens.
//! - A word of more than [`MAX_WORD_CHARS`] characters is an encoded thing, not a word, and is left out.
//!
//! Time and memory are linear in the text: each byte is normalised once and belongs to one segment, which is handed out
//! at most twice.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// Longest word, in characters. German compounds stay under 40; keys and encoded data go beyond.
pub const MAX_WORD_CHARS: usize = 64;

/// Longest stack of combining marks that is still spelling; Tibetan and Burmese need up to 5.
pub const MAX_MARKS: usize = 5;

/// What [`for_each_piece`] finds, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A word. `overlaps` is true if it is a pair of ideographs that starts with the last one of the word before.
    Word {
        /// The word in its compared form.
        text: &'a str,
        /// Whether it shares its first ideograph with the word before.
        overlaps: bool,
    },
    /// Something between words that no phrase crosses: anything but white space, `-` and `_`.
    Break,
}

/// The words of `text` in order, each in its compared form.
///
/// ```
/// use populi_text::words::words;
/// assert_eq!(words("The U.S. isn’t ready!"), ["the", "u.s", "isn't", "ready"]);
/// assert_eq!(words("机器学习 rocks"), ["机器", "器学", "学习", "rocks"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for_each_piece(text, |piece| {
        if let Piece::Word { text, .. } = piece {
            found.push(text.to_owned());
        }
    });
    found
}

/// Calls `visit` with the words of `text` and the breaks between them, without allocating for each word.
pub fn for_each_piece(text: &str, mut visit: impl FnMut(Piece<'_>)) {
    let text = compared_form(text);
    let mut run: Option<Run> = None;
    for (start, segment) in text.split_word_bound_indices() {
        let end = start + segment.len();
        let script = script(segment);
        if let Some(open) = &mut run {
            if open.script == script && open.end == start {
                open.extend(&text, end, &mut visit);
                continue;
            }
            open.finish(&text, &mut visit);
        }
        run = script.is_run().then_some(Run { script, start, last: start, end, paired: false });
        match script {
            Script::Spaced => visit_spaced(segment, &mut visit),
            Script::Mark => visit(Piece::Break),
            _ => {}
        }
    }
    if let Some(open) = &run {
        open.finish(&text, &mut visit);
    }
}

/// What a segment is written in, as far as cutting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Ideographs,
    Hiragana,
    /// Thai, Lao, Khmer, Burmese.
    Unspaced,
    /// Words with spaces between them.
    Spaced,
    /// White space, `-` and `_`.
    Space,
    /// Punctuation, symbols, emoji.
    Mark,
}

impl Script {
    fn is_run(self) -> bool {
        matches!(self, Script::Ideographs | Script::Hiragana | Script::Unspaced)
    }
}

/// Neighbouring segments of one unspaced script: `text[start..end]`, whose last segment starts at `last`.
struct Run {
    script: Script,
    start: usize,
    last: usize,
    end: usize,
    /// Whether a pair was handed out.
    paired: bool,
}

impl Run {
    fn extend(&mut self, text: &str, end: usize, visit: &mut impl FnMut(Piece<'_>)) {
        if self.script == Script::Ideographs {
            visit(Piece::Word { text: &text[self.last..end], overlaps: self.paired });
            self.paired = true;
        }
        self.last = self.end;
        self.end = end;
    }

    fn finish(&self, text: &str, visit: &mut impl FnMut(Piece<'_>)) {
        if !self.paired {
            visit_word(&text[self.start..self.end], visit);
        }
    }
}

/// Compatibility-composed, lower-case, without decoration.
pub(crate) fn compared_form(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    if text.chars().all(is_composed) {
        return Cow::Owned(text.chars().flat_map(lower_case).collect());
    }
    let plain = undecorated(text);
    let folded = plain.nfkc().flat_map(lower_case);
    // Lower-casing can decompose (`İ`), hence composed once more.
    Cow::Owned(folded.nfc().collect())
}

fn lower_case(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| if c == '’' { '\'' } else { c })
}

/// Whether normalising changes nothing at `c`, whatever stands beside it: most characters of most texts, known without looking
/// for what they might be composed of.
fn is_composed(c: char) -> bool {
    c.is_ascii()
        || matches!(c, 'À'..='\u{12F}' | 'Ѐ'..='ҁ' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '\u{4E00}'..='\u{9FFF}' | '가'..='힣')
        || matches!(c, '\u{1F300}'..='\u{1FAFF}')
        || c != 'İ'
            && !is_combining_mark(c)
            && !is_decoration(c)
            && is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes
}

/// Soft hyphens and variation selectors.
fn is_decoration(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Drops long stacks of combining marks whole, variation selectors and soft hyphens.
pub(crate) fn undecorated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut stack_start, mut n_marks) = (0, 0);
    for c in text.chars() {
        if is_decoration(c) {
            continue;
        }
        if !is_combining_mark(c) {
            out.push(c);
            (stack_start, n_marks) = (out.len(), 0);
            continue;
        }
        n_marks += 1;
        if n_marks <= MAX_MARKS {
            out.push(c);
        } else {
            out.truncate(stack_start);
        }
    }
    out
}

fn script(segment: &str) -> Script {
    let Some(letter) = segment.chars().find(|c| c.is_alphanumeric()) else {
        let space = segment.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '_'));
        return if space { Script::Space } else { Script::Mark };
    };
    match u32::from(letter) {
        0x3005 | 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => {
            Script::Ideographs
        }
        0x3041..=0x309F => Script::Hiragana,
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF => Script::Unspaced,
        _ => Script::Spaced,
    }
}

/// A word of a script with spaces, less elided articles and the English `'s`.
fn visit_spaced(word: &str, visit: &mut impl FnMut(Piece<'_>)) {
    let word = word.trim_matches('_');
    let word = word.strip_suffix("'s").unwrap_or(word);
    match word.split_once('\'') {
        Some((article, noun)) if is_elided(article) && !noun.is_empty() => {
            visit_word(article, visit);
            visit_word(noun, visit);
        }
        _ => visit_word(word, visit),
    }
}

/// What French, Italian and Catalan put before an apostrophe: one or two letters, or one of a few longer forms.
fn is_elided(article: &str) -> bool {
    const LONGER: [&str; 12] = [
        "all", "dall", "dell", "nell", "sull", "coll", "quell", "quest", "jusqu", "lorsqu", "puisqu",
        "quoiqu",
    ];
    article.len() <= 2 || LONGER.contains(&article)
}

fn visit_word(word: &str, visit: &mut impl FnMut(Piece<'_>)) {
    if word.len() > 4 * MAX_WORD_CHARS || word.chars().count() > MAX_WORD_CHARS {
        visit(Piece::Break);
    } else if !word.is_empty() {
        visit(Piece::Word { text: word, overlaps: false });
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::{MAX_WORD_CHARS, Piece, compared_form, for_each_piece, is_composed, words};

    #[test]
    fn what_needs_no_composing_comes_out_as_if_composed() {
        let mut n_composed = 0;
        for c in ('\0'..=char::MAX).filter(|&c| is_composed(c)) {
            let slow: String = c.nfkc().flat_map(char::to_lowercase).nfc().collect();
            assert_eq!(compared_form(&c.to_string()), slow.replace('’', "'"), "of {c:?}");
            // Beside a letter that composes with many marks.
            assert_eq!(format!("a{c}").nfkc().collect::<String>(), format!("a{c}"), "of a{c:?}");
            n_composed += 1;
        }
        assert!(n_composed > 200_000, "{n_composed}");
    }

    #[test]
    fn words_of_many_scripts() {
        for (text, expected) in [
            ("", vec![]),
            ("🐝 … !!", vec![]),
            ("Rents rose 5.2% in TORONTO’s core", vec!["rents", "rose", "5.2", "in", "toronto", "core"]),
            ("don't can’t it's", vec!["don't", "can't", "it"]),
            ("L'eau d’été, dell'arte", vec!["l", "eau", "d", "été", "dell", "arte"]),
            ("Ｆｕｌｌ ｗｉｄｔｈ ﬁne", vec!["full", "width", "fine"]),
            ("e\u{301}te\u{301}", vec!["été"]),
            ("long-term snake_case", vec!["long", "term", "snake_case"]),
            ("我爱北京", vec!["我爱", "爱北", "北京"]),
            ("猫 is 猫", vec!["猫", "is", "猫"]),
            ("人々のネトフリ観てよかった", vec!["人々", "の", "ネトフリ", "観", "てよかった"]),
            ("이쁘시네용 정말", vec!["이쁘시네용", "정말"]),
            ("สวัสดีครับ ไทย", vec!["สวัสดีครับ", "ไทย"]),
            ("Привет, МИР", vec!["привет", "мир"]),
            ("नमस्ते दुनिया", vec!["नमस्ते", "दुनिया"]),
            ("سلام دنیا", vec!["سلام", "دنیا"]),
            ("soft\u{AD}ly", vec!["softly"]),
        ] {
            assert_eq!(words(text), expected, "of {text:?}");
        }
    }

    #[test]
    fn breaks_end_phrases_but_spaces_and_hyphens_do_not() {
        let shape = |text: &str| {
            let mut shape = String::new();
            for_each_piece(text, |piece| match piece {
                Piece::Word { overlaps: true, .. } => shape.push('o'),
                Piece::Word { .. } => shape.push('w'),
                Piece::Break => shape.push('|'),
            });
            shape
        };
        assert_eq!(shape("long-term care. Then 🐝 home"), "www|w|w");
        assert_eq!(shape("机器学习好"), "wooo");
        assert_eq!(shape("机器，学习"), "w|w");
    }

    /// Costs are counted, not timed: what is handed out bounds the work after the (linear) normalisation.
    #[test]
    fn work_is_linear_in_hostile_text() {
        let zwj = "👩\u{200D}".repeat(100_000);
        let zalgo = "h\u{335}\u{321}\u{322}\u{327}\u{328}\u{334}\u{336}".repeat(20_000);
        let one_base = format!("h{}i", "\u{301}".repeat(500_000));
        let mid_letters = format!("a.{}", "\u{200D}".repeat(300_000)).repeat(2);
        let ligatures = "\u{FDFA}".repeat(50_000);
        for text in [
            "x".repeat(1 << 20),
            "学".repeat(1 << 18),
            "a'".repeat(1 << 19),
            zwj,
            zalgo,
            one_base,
            mid_letters,
            ligatures,
        ] {
            let (mut n_pieces, mut n_bytes) = (0_usize, 0_usize);
            for_each_piece(&text, |piece| {
                n_pieces += 1;
                if let Piece::Word { text, .. } = piece {
                    n_bytes += text.len();
                    assert!(text.chars().count() <= MAX_WORD_CHARS);
                }
            });
            // NFKC makes at most 18 characters out of one, the ligature above; ideographs are handed out twice.
            assert!(n_pieces <= 2 * text.chars().count() * 4, "{n_pieces} pieces of {} bytes", text.len());
            assert!(n_bytes <= 2 * 18 * text.len(), "{n_bytes} bytes out of {}", text.len());
        }
        assert_eq!(words(&format!("h{}i", "\u{301}".repeat(500_000))), ["hi"]);
        assert!(words(&"x".repeat(1 << 20)).is_empty());
    }
}
