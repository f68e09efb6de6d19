//! The texts that a detector learns from: sources of instructions and of other texts, each text once.

use std::collections::BTreeMap;

use populi_geometry::sample_rows;
use serde::{Deserialize, Serialize};

use crate::reading::fingerprint_form;
use crate::{Error, Result};

/// Texts that a source needs.
const LEAST_TEXTS: usize = 10;

/// What the texts of a source are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Instructions.
    Positive,
    /// Other texts.
    Negative,
}

impl Side {
    /// Its name, as in the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }
}

/// Texts that were collected by the same people in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called.
    pub name: String,
    /// What its texts are.
    pub side: Side,
    /// The hash of the bytes that they were read from, in hexadecimal.
    pub hash: String,
    /// The texts.
    pub texts: Vec<String>,
}

/// What became of the texts of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCard {
    /// What it is called.
    pub name: String,
    /// What its texts are.
    pub side: Side,
    /// The hash of the bytes that they were read from, in hexadecimal.
    pub hash: String,
    /// Texts that were read.
    pub n_read: u64,
    /// Texts without a letter or digit.
    pub n_empty: u64,
    /// Texts that are the same as an earlier one of this source, or of an earlier source of this side.
    pub n_repeated: u64,
    /// Texts that stand on the other side as well, and are used on neither.
    pub n_on_both_sides: u64,
    /// Texts that the sample left out.
    pub n_not_drawn: u64,
    /// Texts that are used.
    pub n_used: u64,
}

/// Which texts of the sources are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleParams {
    /// Texts of a source, at most; of more a sample is drawn. Default 4,000: sources weigh alike however many texts they have.
    pub max_texts: usize,
    /// Decides the sample.
    pub seed: u64,
}

impl Default for ExampleParams {
    fn default() -> Self {
        Self { max_texts: 4_000, seed: 0 }
    }
}

/// The texts of all sources that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examples {
    /// The texts, source after source.
    pub texts: Vec<String>,
    /// The source of each text.
    pub source_of: Vec<usize>,
    /// The sources, in the order in which they were given.
    pub sources: Vec<SourceCard>,
}

impl Examples {
    /// Chooses the texts. Texts are the same where they are so but for case, punctuation, links and handles: then no text is in a source that
    /// is left out and in one that is learnt from. Linear in the texts.
    ///
    /// # Errors
    /// [`Error::TooFewSources`], [`Error::TooFewTexts`], [`Error::Parameter`].
    pub fn of(sources: Vec<Source>, params: &ExampleParams) -> Result<Self> {
        if params.max_texts < LEAST_TEXTS {
            let got = params.max_texts.to_string();
            return Err(Error::Parameter { name: "max_texts", got, must_be: "at least 10" });
        }
        for side in [Side::Positive, Side::Negative] {
            let got = sources.iter().filter(|source| source.side == side).count();
            if got < 2 {
                return Err(Error::TooFewSources { side: side.name(), got });
            }
        }
        let owners = Owners::of(&sources);
        let mut found = Self { texts: Vec::new(), source_of: Vec::new(), sources: Vec::new() };
        for (number, source) in sources.into_iter().enumerate() {
            found.take(number, source, &owners, params)?;
        }
        Ok(found)
    }

    /// The numbers of the sources of a side.
    #[must_use]
    pub fn of_side(&self, side: Side) -> Vec<usize> {
        (0..self.sources.len()).filter(|&source| self.sources[source].side == side).collect()
    }

    /// Whether each text is an instruction.
    pub(crate) fn is_positive(&self, text: usize) -> bool {
        self.sources[self.source_of[text]].side == Side::Positive
    }

    /// Weights of rows so that the sources among them weigh alike on their side, and the sides too. They sum to 1.
    pub(crate) fn weights(&self, rows: &[usize]) -> Vec<f64> {
        let mut n_texts = vec![0usize; self.sources.len()];
        rows.iter().for_each(|&row| n_texts[self.source_of[row]] += 1);
        let n_sources = |side: Side| {
            self.of_side(side).into_iter().filter(|&source| n_texts[source] > 0).count().max(1) as f64
        };
        let (positive, negative) = (n_sources(Side::Positive), n_sources(Side::Negative));
        let weight = |&row: &usize| {
            let of_side = if self.is_positive(row) { positive } else { negative };
            0.5 / of_side / n_texts[self.source_of[row]] as f64
        };
        rows.iter().map(weight).collect()
    }

    fn take(&mut self, number: usize, source: Source, owners: &Owners, params: &ExampleParams) -> Result<()> {
        let mut card = SourceCard {
            name: source.name,
            side: source.side,
            hash: source.hash,
            n_read: source.texts.len() as u64,
            n_empty: 0,
            n_repeated: 0,
            n_on_both_sides: 0,
            n_not_drawn: 0,
            n_used: 0,
        };
        let mut kept = Vec::new();
        for (at, text) in source.texts.into_iter().enumerate() {
            match owners.fate(number, at, &text) {
                Fate::Used => kept.push(text),
                Fate::Empty => card.n_empty += 1,
                Fate::Repeated => card.n_repeated += 1,
                Fate::OnBothSides => card.n_on_both_sides += 1,
            }
        }
        if kept.len() < LEAST_TEXTS {
            return Err(Error::TooFewTexts { name: card.name, got: kept.len(), least: LEAST_TEXTS });
        }
        // From the seed anew, so that one source more changes no sample.
        let drawn = sample_rows(kept.len(), params.max_texts, params.seed);
        card.n_used = drawn.len() as u64;
        card.n_not_drawn = kept.len() as u64 - card.n_used;
        self.texts.extend(drawn.into_iter().map(|row| std::mem::take(&mut kept[row])));
        self.source_of.resize(self.texts.len(), number);
        self.sources.push(card);
        Ok(())
    }
}

/// Where a text stands first, and whether on both sides.
struct Owners(BTreeMap<String, Owner>);

struct Owner {
    source: usize,
    at: usize,
    side: Side,
    is_on_both: bool,
}

enum Fate {
    Used,
    Empty,
    Repeated,
    OnBothSides,
}

impl Owners {
    fn of(sources: &[Source]) -> Self {
        let mut owners: BTreeMap<String, Owner> = BTreeMap::new();
        for (number, source) in sources.iter().enumerate() {
            for (at, text) in source.texts.iter().enumerate() {
                let owner = owners.entry(fingerprint_form(text));
                let owner =
                    owner.or_insert(Owner { source: number, at, side: source.side, is_on_both: false });
                owner.is_on_both |= owner.side != source.side;
            }
        }
        Self(owners)
    }

    fn fate(&self, source: usize, at: usize, text: &str) -> Fate {
        let form = fingerprint_form(text);
        match self.0.get(&form) {
            _ if form.is_empty() => Fate::Empty,
            Some(owner) if owner.is_on_both => Fate::OnBothSides,
            Some(owner) if (owner.source, owner.at) != (source, at) => Fate::Repeated,
            _ => Fate::Used,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn source(name: &str, side: Side, texts: &[&str]) -> Source {
        let own = (0..10).map(|i| format!("{name} {i}"));
        let texts = texts.iter().map(|&text| text.to_owned()).chain(own).collect();
        Source { name: name.to_owned(), side, hash: String::new(), texts }
    }

    #[test]
    fn a_text_is_used_once_and_on_both_sides_not_at_all() {
        let sources = vec![
            source("a", Side::Positive, &["Same!", "same", "both", "@x"]),
            source("b", Side::Positive, &["SAME?", "both"]),
            source("c", Side::Negative, &["Both."]),
            source("d", Side::Negative, &[]),
        ];
        let found = Examples::of(sources, &ExampleParams::default()).unwrap();
        let counts = |card: &SourceCard| {
            [card.n_read, card.n_empty, card.n_repeated, card.n_on_both_sides, card.n_used]
        };
        let counts: Vec<_> = found.sources.iter().map(counts).collect();
        assert_eq!(counts, [[14, 1, 1, 1, 11], [12, 0, 1, 1, 10], [11, 0, 0, 1, 10], [10, 0, 0, 0, 10]]);
        assert_eq!((found.texts.len(), found.texts[0].as_str(), found.source_of[11]), (41, "Same!", 1));
    }

    #[test]
    fn sources_weigh_alike_and_so_do_sides() {
        let many: Vec<String> = (0..50).map(|i| format!("more {i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let sources = vec![
            source("a", Side::Positive, &many),
            source("b", Side::Positive, &[]),
            source("c", Side::Positive, &[]),
            source("d", Side::Negative, &["x", "y"]),
            source("e", Side::Negative, &[]),
        ];
        let found = Examples::of(sources, &ExampleParams { max_texts: 20, seed: 1 }).unwrap();
        assert_eq!((found.sources[0].n_used, found.sources[0].n_not_drawn), (20, 40));
        // Without source b.
        let rows: Vec<usize> = (0..found.texts.len()).filter(|&row| found.source_of[row] != 1).collect();
        let weights = found.weights(&rows);
        for (source, expected) in [(0, 0.25), (1, 0.0), (2, 0.25), (3, 0.25), (4, 0.25)] {
            let sum: f64 = rows
                .iter()
                .zip(&weights)
                .filter(|(row, _)| found.source_of[**row] == source)
                .map(|(_, w)| w)
                .sum();
            assert!((sum - expected).abs() < 1e-12, "source {source}: {sum}");
        }
    }

    #[test]
    fn too_little_is_refused_by_name() {
        let three = vec![
            source("a", Side::Positive, &[]),
            source("b", Side::Positive, &[]),
            source("c", Side::Negative, &[]),
        ];
        let error = Examples::of(three, &ExampleParams::default()).unwrap_err().to_string();
        assert!(error.contains("1 negative source") && error.contains("--negative"), "{error}");
        let twice = vec![
            source("a", Side::Positive, &[]),
            Source { name: "b".into(), ..source("a", Side::Positive, &[]) },
            source("c", Side::Negative, &[]),
            source("d", Side::Negative, &[]),
        ];
        let error = Examples::of(twice, &ExampleParams::default()).unwrap_err();
        assert_eq!(error, Error::TooFewTexts { name: "b".into(), got: 0, least: 10 });
    }
}
