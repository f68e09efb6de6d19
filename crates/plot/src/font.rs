//! The font of the figures: measuring and cutting text.
//!
//! DejaVu Sans Condensed is carried in the program, so that a figure is the same on every machine. It has Latin, Greek,
//! Cyrillic, Armenian, Georgian, Hebrew and Arabic letters; other scripts show as boxes in PNG. SVG leaves the drawing of
//! text to the viewer.

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use crate::Error;
use crate::drawing::Weight;

/// Family as SVG names it, with stand-ins of about the same width.
pub(crate) const FAMILY: &str = "'DejaVu Sans Condensed','Arial',sans-serif";

/// The font files, regular and bold.
pub(crate) fn files() -> [&'static [u8]; 2] {
    [dejavu::sans_condensed::regular(), dejavu::sans_condensed::bold()]
}

/// The two weights, parsed.
pub(crate) struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Fonts {
    /// Finds the fonts' tables; microseconds.
    pub(crate) fn new() -> Result<Self, Error> {
        let parse = |bytes| {
            FontRef::new(bytes).map_err(|error| Error::Asset { what: "font", why: error.to_string() })
        };
        let [regular, bold] = files();
        Ok(Self { regular: parse(regular)?, bold: parse(bold)? })
    }

    /// Widths of the characters in pixels; a box where the font lacks one.
    fn advances(&self, weight: Weight, size: f32) -> impl Fn(char) -> f32 {
        let font = match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let glyphs = font.charmap();
        let metrics = font.glyph_metrics(Size::new(size), LocationRef::default());
        move |c| {
            let glyph = glyphs.map(c).unwrap_or_default();
            metrics.advance_width(glyph).unwrap_or_default()
        }
    }

    /// Width of a line in pixels, kerning left out.
    pub(crate) fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        text.chars().map(self.advances(weight, size)).sum()
    }

    /// The text, cut with an ellipsis where it is wider than `max_width` pixels.
    pub(crate) fn fit(&self, text: &str, weight: Weight, size: f32, max_width: f32) -> String {
        let text = printable(text);
        if self.width(&text, weight, size) <= max_width {
            return text;
        }
        let advance = self.advances(weight, size);
        let mut room = max_width - advance('…');
        let mut kept = String::new();
        for c in text.chars() {
            room -= advance(c);
            if room < 0.0 {
                break;
            }
            kept.push(c);
        }
        format!("{}…", kept.trim_end())
    }

    /// The text in lines of at most `max_width` pixels, broken at spaces.
    pub(crate) fn wrap(&self, text: &str, weight: Weight, size: f32, max_width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in printable(text).split(' ') {
            if let Some(line) = lines.last_mut() {
                let longer = format!("{line} {word}");
                if self.width(&longer, weight, size) <= max_width {
                    *line = longer;
                    continue;
                }
            }
            lines.push(self.fit(word, weight, size, max_width));
        }
        lines
    }
}

/// The text on one line, single spaces between words, without characters that XML forbids.
fn printable(text: &str) -> String {
    let allowed = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let spaced: String = text.chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn text_is_cut_to_its_room() {
        let fonts = Fonts::new().unwrap();
        assert_eq!(fonts.fit("short", Weight::Bold, 10.0, 500.0), "short");
        let cut = fonts.fit("a rather long label", Weight::Bold, 10.0, 60.0);
        assert!(cut.ends_with('…') && cut.len() < 19, "{cut}");
        assert!(fonts.width(&cut, Weight::Bold, 10.0) <= 60.0);
        assert_eq!(fonts.fit("wide", Weight::Bold, 10.0, 0.0), "…");
    }

    #[test]
    fn a_width_grows_with_size() {
        let fonts = Fonts::new().unwrap();
        let (small, large) =
            (fonts.width("map", Weight::Regular, 10.0), fonts.width("map", Weight::Regular, 20.0));
        assert!((large - 2.0 * small).abs() < 1e-3, "{small} {large}");
        assert_eq!(fonts.width("", Weight::Regular, 10.0), 0.0);
    }

    #[test]
    fn control_characters_and_line_breaks_become_spaces() {
        assert_eq!(printable("a\u{0}\n\tb\u{ffff}c\u{1b}"), "a b c");
    }

    #[test]
    fn long_text_is_broken_into_lines() {
        let fonts = Fonts::new().unwrap();
        let lines = fonts.wrap("one two three four five", Weight::Regular, 10.0, 60.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four five");
    }
}
