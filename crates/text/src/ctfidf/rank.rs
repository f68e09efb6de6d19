//! From counts to the terms of each class.

use std::collections::BTreeSet;

use super::count::{Cell, Voices};
use super::{ClassTerms, Params, TINY_CORPUS, Term};

/// A word is left out of a class's terms if a pair chosen for the class makes up at least this share of the word's uses. A
/// higher share keeps more parts of names (`york` beside `new york`); a lower one also drops a subject that has several
/// pairs (`rent` beside `rent control`). The value is a choice that was not measured.
const PART_SHARE: f64 = 0.7;

/// A counted cell with its place.
pub(super) struct ClassCell {
    pub class: u32,
    pub term: u32,
    pub cell: Cell,
}

/// What is known of one term in all classes.
#[derive(Clone, Copy, Default)]
struct Total {
    n_uses: u64,
    n_texts: u64,
    texts: Option<Voices>,
}

/// A term of one class with its score.
struct Candidate<'a> {
    term: u32,
    text: &'a str,
    cell: Cell,
    score: f64,
}

/// The terms of each of `classes`. `terms` and `pairs` are by number; `cells` ascend by (class, term).
pub(super) fn top_terms(
    params: &Params,
    classes: &BTreeSet<u32>,
    n_texts: u64,
    terms: &[&str],
    pairs: &[Option<(u32, u32)>],
    cells: &[ClassCell],
) -> Vec<ClassTerms> {
    let totals = totals(terms.len(), cells);
    let is_tiny = n_texts < TINY_CORPUS;
    let is_kept = |term: u32| {
        let total = &totals[term as usize];
        is_tiny || (total.n_texts >= params.min_df && total.texts == Some(Voices::Several))
    };
    let kept: Vec<&ClassCell> = cells.iter().filter(|entry| is_kept(entry.term)).collect();
    let n_uses: u64 = kept.iter().map(|entry| entry.cell.n_uses).sum();
    let uses_per_class = n_uses as f64 / classes.len() as f64;

    let mut by_class = kept.chunk_by(|a, b| a.class == b.class).peekable();
    let mut found = Vec::with_capacity(classes.len());
    for &class in classes {
        let chosen = match by_class.next_if(|chunk| chunk[0].class == class) {
            Some(chunk) => {
                let ranked = ranked(chunk, terms, &totals, uses_per_class);
                choose(ranked, params.n_terms, pairs)
            }
            None => Vec::new(),
        };
        found.push(ClassTerms { class, terms: chosen });
    }
    found
}

fn totals(n_terms: usize, cells: &[ClassCell]) -> Vec<Total> {
    let mut totals = vec![Total::default(); n_terms];
    for ClassCell { term, cell, .. } in cells {
        let total = &mut totals[*term as usize];
        total.n_uses += cell.n_uses;
        total.n_texts += cell.n_texts;
        total.texts = Some(total.texts.map_or(cell.texts, |seen| seen.and(cell.texts)));
    }
    totals
}

/// The best supported terms of one class, best score first, ties by term.
fn ranked<'a>(
    cells: &[&ClassCell],
    terms: &[&'a str],
    totals: &[Total],
    uses_per_class: f64,
) -> Vec<Candidate<'a>> {
    let class_uses: u64 = cells.iter().map(|entry| entry.cell.n_uses).sum();
    let best_support = cells.iter().map(|entry| support(&entry.cell)).max();
    let mut ranked: Vec<Candidate<'_>> = cells
        .iter()
        .filter(|entry| Some(support(&entry.cell)) == best_support)
        .map(|entry| {
            let tf = entry.cell.n_uses as f64 / class_uses as f64;
            let idf = (1.0 + uses_per_class / totals[entry.term as usize].n_uses as f64).ln();
            Candidate {
                term: entry.term,
                text: terms[entry.term as usize],
                cell: entry.cell,
                score: tf * idf,
            }
        })
        .collect();
    ranked.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.text.cmp(b.text)));
    ranked
}

/// How well a class stands behind a term: 2 for several authors, 1 for several different texts, else 0.
fn support(cell: &Cell) -> u8 {
    match (cell.authors, cell.texts) {
        (Voices::Several, _) => 2,
        (Voices::One(_), Voices::Several) => 1,
        (Voices::One(_), Voices::One(_)) => 0,
    }
}

/// The first `n_terms`, without words that mostly repeat a chosen pair. A pair may drop a word chosen before it.
fn choose(ranked: Vec<Candidate<'_>>, n_terms: usize, pairs: &[Option<(u32, u32)>]) -> Vec<Term> {
    let words_of = |candidate: &Candidate<'_>| pairs[candidate.term as usize];
    let repeats = |word: &Candidate<'_>, pair: &Candidate<'_>| {
        words_of(pair).is_some_and(|(first, second)| word.term == first || word.term == second)
            && pair.cell.n_uses as f64 >= PART_SHARE * word.cell.n_uses as f64
    };
    let mut chosen: Vec<Candidate<'_>> = Vec::with_capacity(n_terms);
    for candidate in ranked {
        if chosen.len() == n_terms {
            break;
        }
        if chosen.iter().any(|pair| repeats(&candidate, pair)) {
            continue;
        }
        chosen.retain(|word| !repeats(word, &candidate));
        chosen.push(candidate);
    }
    let term = |c: Candidate<'_>| Term {
        text: c.text.to_owned(),
        score: c.score,
        n_uses: c.cell.n_uses,
        n_texts: c.cell.n_texts,
    };
    chosen.into_iter().map(term).collect()
}
