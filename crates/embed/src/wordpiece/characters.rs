//! What BERT's normaliser and pre-tokeniser make of a character.
//!
//! Both look at one character at a time, with one exception: canonical decomposition brings combining marks into an
//! order. Marks that are stripped have no place to lose, so only the rare others ([`Class::Reorders`]) need a text to be
//! looked at as a whole. For the rest, what becomes of a character is looked up in a table that is made page by page,
//! as texts ask for it.
//!
//! The tables behind it are those that the `tokenizers` crate uses (`unicode_categories` and
//! `unicode-normalization-alignments`, of older Unicode versions), so that both agree on every character.

use std::sync::OnceLock;

use unicode_categories::UnicodeCategories;
use unicode_normalization_alignments::UnicodeNormalization;
use unicode_normalization_alignments::char::{canonical_combining_class, decompose_canonical};

use super::WordPieceParams;

/// Characters of a page.
const PAGE: usize = 256;

/// Pages of Unicode.
const N_PAGES: usize = 0x11_0000 / PAGE;

/// What a character does to the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It is part of a word, as the characters that it becomes.
    Word,
    /// It ends a word.
    Space,
    /// It is a word by itself, as the one character that it becomes: a sign or an ideograph.
    Alone,
    /// It is as if it were not there.
    Nothing,
    /// It becomes characters of several classes.
    Mixed,
    /// It may change places with its neighbours.
    Reorders,
}

/// What becomes of every character.
#[derive(Debug)]
pub(super) struct Characters {
    pages: Box<[OnceLock<Box<Page>>]>,
}

#[derive(Debug)]
struct Page {
    class: [Class; PAGE],
    /// Where the bytes of each character end.
    ends: [u16; PAGE],
    /// What the characters become, in UTF-8.
    bytes: Box<[u8]>,
}

impl Characters {
    /// A table without pages.
    pub(super) fn new() -> Self {
        Self { pages: (0..N_PAGES).map(|_| OnceLock::new()).collect() }
    }

    /// The class of a character, and what it becomes. The parameters must be those of every other call.
    #[inline]
    pub(super) fn look_up(&self, character: char, params: &WordPieceParams) -> (Class, &[u8]) {
        let (page, at) = (character as usize / PAGE, character as usize % PAGE);
        let page = self.pages[page].get_or_init(|| Box::new(Page::new(page as u32 * PAGE as u32, params)));
        let start = if at == 0 { 0 } else { page.ends[at - 1] };
        (page.class[at], &page.bytes[usize::from(start)..usize::from(page.ends[at])])
    }
}

impl Page {
    fn new(first: u32, params: &WordPieceParams) -> Self {
        let mut page = Self { class: [Class::Nothing; PAGE], ends: [0; PAGE], bytes: Box::default() };
        let mut bytes = Vec::new();
        let mut normal = String::new();
        for (at, code) in (first..first + PAGE as u32).enumerate() {
            if let Some(character) = char::from_u32(code) {
                normal.clear();
                normalise(character.encode_utf8(&mut [0; 4]), params, &mut normal);
                page.class[at] = class_of(character, &normal, params);
                let kept = if page.class[at] == Class::Alone { normal.trim() } else { &normal };
                bytes.extend_from_slice(kept.as_bytes());
            }
            // A character becomes a few dozen bytes at most, so a page fits 16 bits.
            page.ends[at] = bytes.len() as u16;
        }
        page.bytes = bytes.into();
        page
    }
}

/// Appends to `normal` what BERT's normaliser makes of `text`.
pub(super) fn normalise(text: &str, params: &WordPieceParams, normal: &mut String) {
    let cleaned = text.chars().filter_map(|character| cleaned(character, params));
    let spaced = cleaned.flat_map(|character| {
        let space = (params.handle_chinese_chars && is_ideograph(character)).then_some(' ');
        space.into_iter().chain([character]).chain(space)
    });
    let mut lower = |character: char| {
        if params.lowercase {
            normal.extend(character.to_lowercase());
        } else {
            normal.push(character);
        }
    };
    if params.strip_accents {
        spaced.nfd().map(|(character, _)| character).filter(|c| !c.is_mark_nonspacing()).for_each(&mut lower);
    } else {
        spaced.for_each(&mut lower);
    }
}

/// Whether a normalised character is a word by itself.
pub(super) fn is_sign(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_punctuation() } else { character.is_punctuation() }
}

/// The class of `character`, which becomes `normal`.
fn class_of(character: char, normal: &str, params: &WordPieceParams) -> Class {
    if params.strip_accents && reorders(character) {
        return Class::Reorders;
    }
    let kind = |c: char| match c {
        _ if c.is_whitespace() => Class::Space,
        _ if is_sign(c) => Class::Alone,
        _ => Class::Word,
    };
    let all_are = |class| normal.chars().all(|c| kind(c) == class);
    let visible = normal.trim();
    if normal.is_empty() {
        Class::Nothing
    } else if all_are(Class::Word) {
        Class::Word
    } else if all_are(Class::Space) {
        Class::Space
    } else if visible.chars().count() == 1 && (is_sign_or_apart(normal, visible)) {
        Class::Alone
    } else {
        Class::Mixed
    }
}

/// Whether the one visible character is apart from what stands before and after.
fn is_sign_or_apart(normal: &str, visible: &str) -> bool {
    visible.chars().all(is_sign)
        || (normal.starts_with(char::is_whitespace) && normal.ends_with(char::is_whitespace))
}

/// Whether a mark that stays takes part in the order of marks.
fn reorders(character: char) -> bool {
    let mut stays = false;
    decompose_canonical(character, |c| stays |= canonical_combining_class(c) != 0 && !c.is_mark_nonspacing());
    stays
}

/// The character without what is no text; whitespace as a space.
fn cleaned(character: char, params: &WordPieceParams) -> Option<char> {
    if !params.clean_text {
        return Some(character);
    }
    match character {
        '\t' | '\n' | '\r' => Some(' '),
        '\0' | '\u{fffd}' => None,
        _ if character.is_other() => None,
        _ if character.is_whitespace() => Some(' '),
        _ => Some(character),
    }
}

/// The ranges that BERT takes for Chinese. (U+2B820 to U+2B91F are left out in the reference, too.)
fn is_ideograph(character: char) -> bool {
    matches!(
        u32::from(character),
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x20000..=0x2a6df
            | 0x2a700..=0x2b73f
            | 0x2b740..=0x2b81f
            | 0x2b920..=0x2ceaf
            | 0xf900..=0xfaff
            | 0x2f800..=0x2fa1f
    )
}
