//! Tokens that are found in a text before it is cut into words: `[SEP]`, `<mask>`.

/// Added tokens of one kind: all looked for in the text as it is, or all in the normalised text.
#[derive(Debug, Default)]
pub(super) struct Added {
    /// The longest first, so that the first that fits is the longest.
    tokens: Vec<(String, u32)>,
    /// The bytes that they begin with, each once.
    first_bytes: Vec<u8>,
}

/// A part of a text.
pub(super) enum Part<'t> {
    /// What is before, between or after tokens, perhaps empty.
    Between(&'t str),
    /// The id of a token.
    Token(u32),
}

impl Added {
    /// Takes tokens and their ids; empty ones are left out.
    pub(super) fn new(tokens: impl IntoIterator<Item = (String, u32)>) -> Self {
        let mut tokens: Vec<(String, u32)> =
            tokens.into_iter().filter(|(token, _)| !token.is_empty()).collect();
        tokens.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        let mut first_bytes: Vec<u8> = tokens.iter().map(|(token, _)| token.as_bytes()[0]).collect();
        first_bytes.sort_unstable();
        first_bytes.dedup();
        Self { tokens, first_bytes }
    }

    /// Whether none can be in a text of these bytes; says so only where that is seen at once.
    pub(super) fn is_surely_absent(&self, text: &str) -> bool {
        self.tokens.is_empty() || (text.is_ascii() && self.candidate(text.as_bytes()).is_none())
    }

    /// Cuts `text` at the tokens in it, from the left and the longest first, and gives the parts to `take`.
    #[inline]
    pub(super) fn split<'t>(&self, text: &'t str, mut take: impl FnMut(Part<'t>)) {
        let (mut start, mut at) = (0, 0);
        while let Some(skipped) = self.candidate(&text.as_bytes()[at..]) {
            at += skipped;
            let here = &text.as_bytes()[at..];
            if let Some((found, id)) =
                self.tokens.iter().find(|(found, _)| here.starts_with(found.as_bytes()))
            {
                take(Part::Between(&text[start..at]));
                take(Part::Token(*id));
                at += found.len();
                start = at;
            } else {
                at += 1;
            }
        }
        take(Part::Between(&text[start..]));
    }

    /// The first place where a token may begin.
    fn candidate(&self, bytes: &[u8]) -> Option<usize> {
        match *self.first_bytes {
            [] => None,
            [first] => bytes.iter().position(|&byte| byte == first),
            _ => bytes.iter().position(|byte| self.first_bytes.contains(byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(tokens: &[&str], text: &str) -> Vec<String> {
        let added = Added::new(tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id as u32)));
        let mut parts = vec![];
        added.split(text, |part| {
            parts.push(match part {
                Part::Between(piece) => piece.to_owned(),
                Part::Token(id) => id.to_string(),
            });
        });
        parts
    }

    #[test]
    fn the_leftmost_and_of_these_the_longest() {
        assert_eq!(split(&["[A]", "[A]]", "x"], "a[A]]x[[A]"), ["a", "1", "", "2", "[", "0", ""]);
        assert_eq!(split(&["é["], "eé[é"), ["e", "0", "é"]);
        assert_eq!(split(&[], "[A]"), ["[A]"]);
        assert_eq!(split(&["", "b"], ""), [""]);
    }
}
