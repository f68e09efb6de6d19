//! Which words has a text, as BERT cuts it?
//!
//! The normaliser (clean text, ideographs apart, accents off, lower case) and the pre-tokeniser (cut at whitespace and
//! around every sign) in one pass, without a copy of the text.

use super::WordPieceParams;
use super::characters::{Characters, Class, is_sign, normalise};

/// The first bytes of characters from U+0800 on. No mark that changes places and stays is before these.
const FROM_0800: u8 = 0xe0;

/// Cuts texts into words.
#[derive(Debug)]
pub(super) struct Words {
    characters: Characters,
    params: WordPieceParams,
    /// What each ASCII character becomes where that is one other ASCII character of a word; else 0.
    ascii: [u8; 256],
    /// Bytes of a word that are kept.
    max_bytes: usize,
}

impl Words {
    /// Prepares ASCII; other characters when they are met.
    pub(super) fn new(params: WordPieceParams) -> Self {
        let characters = Characters::new();
        let mut ascii = [0; 256];
        for byte in 0..128u8 {
            if let (Class::Word, &[only]) = characters.look_up(char::from(byte), &params) {
                ascii[usize::from(byte)] = only;
            }
        }
        // A character has at most four bytes; one character more tells that a word is beyond the limit.
        let max_bytes = params.max_chars_per_word.saturating_add(1).saturating_mul(4);
        Self { characters, params, ascii, max_bytes }
    }

    /// The parameters.
    pub(super) fn params(&self) -> &WordPieceParams {
        &self.params
    }

    /// Whether a word has more characters than the parameters allow.
    #[inline]
    pub(super) fn is_too_long(&self, word: &[u8]) -> bool {
        let max_chars = self.params.max_chars_per_word;
        word.len() > max_chars && word.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() > max_chars
    }

    /// Gives the words of `text` to `take` in their order, normalised, in UTF-8. Of a word that is longer than the
    /// parameters allow it gives the start, which is longer too. `bytes` is a buffer. O(length of the text).
    #[inline]
    pub(super) fn each(&self, text: &str, bytes: &mut Vec<u8>, take: impl FnMut(&[u8])) {
        if self.is_in_order(text) {
            self.each_in_one_pass(text, Word { bytes, max_bytes: self.max_bytes, take });
        } else {
            self.each_of_normalised(&self.normalised(text), take);
        }
    }

    /// What the normaliser makes of `text`.
    pub(super) fn normalised(&self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len());
        normalise(text, &self.params, &mut normal);
        normal
    }

    /// Cuts at whitespace and around signs.
    pub(super) fn each_of_normalised(&self, normal: &str, mut take: impl FnMut(&[u8])) {
        for stretch in normal.split_whitespace() {
            for piece in stretch.split_inclusive(is_sign) {
                let at = piece
                    .char_indices()
                    .next_back()
                    .map_or(0, |(at, last)| if is_sign(last) { at } else { piece.len() });
                let (word, sign) = piece.split_at(at);
                [word, sign]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .for_each(|part| take(part.as_bytes()));
            }
        }
    }

    /// Whether no character of `text` may change places.
    fn is_in_order(&self, text: &str) -> bool {
        let reorders = |character| self.characters.look_up(character, &self.params).0 == Class::Reorders;
        text.bytes().all(|byte| byte < FROM_0800) || !text.chars().any(|c| !c.is_ascii() && reorders(c))
    }

    #[inline]
    fn each_in_one_pass(&self, text: &str, mut word: Word<'_, impl FnMut(&[u8])>) {
        word.bytes.clear();
        let mut rest = text.as_bytes();
        while let Some(&byte) = rest.first() {
            let lower = self.ascii[usize::from(byte)];
            if lower != 0 {
                word.push(&[lower]);
                rest = &rest[1..];
                continue;
            }
            let Some(character) = text[text.len() - rest.len()..].chars().next() else { break };
            rest = &rest[character.len_utf8()..];
            let (class, becomes) = self.characters.look_up(character, &self.params);
            match class {
                Class::Word | Class::Reorders => word.push(becomes),
                Class::Nothing => {}
                Class::Space => word.end(),
                Class::Alone => word.alone(becomes),
                Class::Mixed => self.push_each(becomes, &mut word),
            }
        }
        word.end();
    }

    /// Adds normalised characters of several classes, one after the other.
    #[cold]
    fn push_each(&self, normal: &[u8], word: &mut Word<'_, impl FnMut(&[u8])>) {
        for character in std::str::from_utf8(normal).unwrap_or_default().chars() {
            let mut utf8 = [0; 4];
            let bytes = character.encode_utf8(&mut utf8).as_bytes();
            match character {
                _ if character.is_whitespace() => word.end(),
                _ if is_sign(character) => word.alone(bytes),
                _ => word.push(bytes),
            }
        }
    }
}

/// A word while it is read, and who takes it.
struct Word<'b, Take> {
    bytes: &'b mut Vec<u8>,
    max_bytes: usize,
    take: Take,
}

impl<Take: FnMut(&[u8])> Word<'_, Take> {
    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.len() < self.max_bytes {
            self.bytes.extend_from_slice(bytes);
        }
    }

    #[inline]
    fn end(&mut self) {
        if !self.bytes.is_empty() {
            (self.take)(self.bytes);
            self.bytes.clear();
        }
    }

    #[inline]
    fn alone(&mut self, bytes: &[u8]) {
        self.end();
        (self.take)(bytes);
    }
}
