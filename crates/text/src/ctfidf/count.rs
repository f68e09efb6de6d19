//! Counting terms by class, in chunks that can be merged in any order.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{ClassTerms, Document, Params, TermLength, rank};
use crate::Result;
use crate::clean::clean;
use crate::stop_words::StopWords;
use crate::words::{Piece, for_each_piece};

/// How often each class uses each term. Feed chunks of texts to several of these, in parallel if wanted, and
/// [`merge`](TermCounts::merge) them: the result does not depend on the split or the order.
#[derive(Debug, Clone)]
pub struct TermCounts {
    params: Params,
    /// Term to its number. Numbers depend on the order of feeding and never reach the output.
    numbers: HashMap<Box<str>, u32>,
    /// By number: the two words of a pair; they always have smaller numbers.
    pairs: Vec<Option<(u32, u32)>>,
    cells: HashMap<(u32, u32), Cell>,
    classes: BTreeSet<u32>,
    n_texts: u64,
}

/// What is known of one term in one class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub n_uses: u64,
    pub n_texts: u64,
    pub texts: Voices,
    pub authors: Voices,
}

/// Whether one or several different things were seen, in constant memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voices {
    One(u64),
    Several,
}

impl Voices {
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Several }
    }
}

impl Cell {
    fn and(self, other: Self) -> Self {
        Self {
            n_uses: self.n_uses + other.n_uses,
            n_texts: self.n_texts + other.n_texts,
            texts: self.texts.and(other.texts),
            authors: self.authors.and(other.authors),
        }
    }
}

impl TermCounts {
    /// Nothing counted yet.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`](crate::Error::Parameter) if a parameter is outside its range.
    pub fn new(params: &Params) -> Result<Self> {
        params.check()?;
        Ok(Self {
            params: params.clone(),
            numbers: HashMap::new(),
            pairs: Vec::new(),
            cells: HashMap::new(),
            classes: BTreeSet::new(),
            n_texts: 0,
        })
    }

    /// Counts one text.
    pub fn add(&mut self, document: &Document<'_>) {
        self.n_texts += 1;
        self.classes.insert(document.class);
        let (mut used, text) = self.terms_of(document);
        used.sort_unstable();
        let author = document.author.unwrap_or(text);
        for uses in used.chunk_by(|a, b| a == b) {
            let cell = Cell {
                n_uses: uses.len() as u64,
                n_texts: 1,
                texts: Voices::One(text),
                authors: Voices::One(author),
            };
            self.count((document.class, uses[0]), cell);
        }
    }

    /// Adds what `other` counted. Both must have been made with the same parameters; those of `self` stand.
    pub fn merge(&mut self, other: Self) {
        self.n_texts += other.n_texts;
        self.classes.extend(other.classes);
        let mut terms: Vec<(u32, Box<str>)> = other.numbers.into_iter().map(|(term, n)| (n, term)).collect();
        terms.sort_unstable();
        // By ascending number, so that the words of a pair are renumbered before the pair.
        let mut renumbered: Vec<u32> = Vec::with_capacity(terms.len());
        for ((_, term), pair) in terms.iter().zip(&other.pairs) {
            let pair = pair.map(|(first, second)| (renumbered[first as usize], renumbered[second as usize]));
            renumbered.push(self.number(term, pair));
        }
        other
            .cells
            .into_iter()
            .for_each(|((class, term), cell)| self.count((class, renumbered[term as usize]), cell));
    }

    /// The terms of every class fed, by class; see the [module](super) for which and in what order.
    pub fn top_terms(&self) -> Vec<ClassTerms> {
        let mut terms = vec![""; self.pairs.len()];
        self.numbers.iter().for_each(|(term, &number)| terms[number as usize] = term);
        let mut cells: Vec<rank::ClassCell> =
            self.cells.iter().map(|(&(class, term), &cell)| rank::ClassCell { class, term, cell }).collect();
        cells.sort_unstable_by_key(|entry| (entry.class, entry.term));
        rank::top_terms(&self.params, &self.classes, self.n_texts, &terms, &self.pairs, &cells)
    }

    /// The numbers of the terms of a text, once for each use, and a fingerprint of its words.
    fn terms_of(&mut self, document: &Document<'_>) -> (Vec<u32>, u64) {
        let stops = StopWords::of(document.lang);
        let mut fingerprint = DefaultHasher::new();
        let mut used = Vec::new();
        let mut pair = String::new();
        // The word before, if a pair may start with it.
        let mut before: Option<(u32, String)> = None;
        for_each_piece(&clean(document.text), |piece| {
            let Piece::Word { text: word, overlaps } = piece else {
                before = None;
                return;
            };
            word.hash(&mut fingerprint);
            if !is_term(word) || stops.contains(word) {
                before = None;
                return;
            }
            let number = self.number(word, None);
            used.push(number);
            let before_this = before.take();
            if self.params.length == TermLength::WordsAndPairs {
                if let Some((first, first_word)) = before_this.filter(|(first, _)| *first != number) {
                    pair.clear();
                    pair.push_str(&first_word);
                    if overlaps {
                        pair.extend(word.chars().skip(1));
                    } else {
                        pair.push(' ');
                        pair.push_str(word);
                    }
                    used.push(self.number(&pair, Some((first, number))));
                }
                before = Some((number, word.to_owned()));
            }
        });
        (used, fingerprint.finish())
    }

    /// The number of a term, given at its first use.
    fn number(&mut self, term: &str, pair: Option<(u32, u32)>) -> u32 {
        if let Some(&number) = self.numbers.get(term) {
            return number;
        }
        // Four billion terms would fill hundreds of gigabytes first.
        let number = u32::try_from(self.pairs.len()).unwrap_or(u32::MAX);
        self.numbers.insert(term.into(), number);
        self.pairs.push(pair);
        number
    }

    fn count(&mut self, key: (u32, u32), cell: Cell) {
        self.cells.entry(key).and_modify(|known| *known = known.and(cell)).or_insert(cell);
    }
}

/// Has a letter, and is more than one character unless that is a word by itself (ideographs, hangul).
fn is_term(word: &str) -> bool {
    let mut chars = word.chars();
    let can_stand = chars.next().is_some_and(|first| chars.next().is_some() || u32::from(first) >= 0x3400);
    can_stand && word.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::{TermCounts, is_term};
    use crate::ctfidf::{Document, Params, TermLength};

    fn terms_of(text: &str, lang: &str, length: TermLength) -> Vec<String> {
        let mut counts =
            TermCounts::new(&Params { length, ..Params::default() }).unwrap_or_else(|e| panic!("{e}"));
        counts.add(&Document { class: 0, text, lang: Some(lang), author: None });
        let mut terms: Vec<String> = counts.numbers.keys().map(|term| term.to_string()).collect();
        terms.sort();
        terms
    }

    #[test]
    fn pairs_cross_neither_stop_words_nor_breaks() {
        let both = TermLength::WordsAndPairs;
        assert_eq!(
            terms_of("Climate action now. Action for the planet @who https://x.org 2030!", "en", both),
            ["action", "climate", "climate action", "planet"]
        );
        assert_eq!(terms_of("Climate action", "en", TermLength::Words), ["action", "climate"]);
        assert_eq!(terms_of("ha ha covid 19 wave", "en", both), ["covid", "ha", "ha covid", "wave"]);
        assert_eq!(terms_of("机器学习", "zh", both), ["器学", "器学习", "学习", "机器", "机器学"]);
        assert!(terms_of("the and of 12 🐝", "en", both).is_empty());
    }

    #[test]
    fn terms_have_letters() {
        for (word, expected) in
            [("2020", false), ("5g", true), ("x", false), ("猫", true), ("é", false), ("ab", true)]
        {
            assert_eq!(is_term(word), expected, "{word}");
        }
    }
}
