//! c-TF-IDF: one case by hand, the rules one by one, and a naive oracle.

use std::collections::{BTreeMap, BTreeSet};

use populi_text::Error;
use populi_text::ctfidf::{ClassTerms, Document, Params, TINY_CORPUS, TermCounts, TermLength, top_terms};
use proptest::prelude::*;

fn post(class: u32, author: u64, text: &str) -> Document<'_> {
    Document { class, text, lang: None, author: Some(author) }
}

fn names(found: &ClassTerms) -> Vec<&str> {
    found.terms.iter().map(|term| term.text.as_str()).collect()
}

#[test]
fn by_hand() {
    let params = Params { length: TermLength::Words, ..Params::default() };
    let documents = [
        post(0, 1, "cat cat dog"),
        post(0, 2, "cat bird"),
        post(1, 3, "dog fish"),
        post(1, 4, "dog fish fish"),
    ];
    let found = top_terms(documents, &params).unwrap();
    // 10 uses in 2 classes: A = 5. Class 0 uses cat 3, dog 1, bird 1; class 1 uses dog 2, fish 3. Only cat has two authors
    // in class 0; dog is used 3 times in all.
    let cat = 3.0 / 5.0 * (1.0 + 5.0 / 3.0_f64).ln();
    let dog = 2.0 / 5.0 * (1.0 + 5.0 / 3.0_f64).ln();
    assert_eq!(names(&found[0]), ["cat"]);
    assert_eq!(names(&found[1]), ["fish", "dog"]);
    assert!((found[0].terms[0].score - cat).abs() < 1e-15 && (cat - 0.588_497_551_807_235).abs() < 1e-12);
    assert!((found[1].terms[0].score - cat).abs() < 1e-15);
    assert!((found[1].terms[1].score - dog).abs() < 1e-15);
    assert_eq!((found[1].terms[0].n_uses, found[1].terms[0].n_texts), (3, 2));
}

#[test]
fn one_spammer_names_nothing() {
    let mut documents: Vec<Document<'_>> = Vec::new();
    let spam: Vec<String> =
        (0..50).map(|n| format!("buy crypto coins number {}", ["one", "two", "three"][n % 3])).collect();
    documents.extend(spam.iter().map(|text| post(0, 7, text)));
    documents.extend([post(0, 1, "garden tomatoes"), post(0, 2, "tomatoes in the garden")]);
    documents.extend([post(1, 3, "crypto market"), post(1, 4, "crypto crash")]);
    let found = top_terms(documents.iter().copied(), &Params::default()).unwrap();
    assert_eq!(names(&found[0]), ["garden", "tomatoes"]);
    // Alone in a class, the spammer's different texts are all there is.
    let alone: Vec<Document<'_>> = documents.into_iter().filter(|d| d.author == Some(7)).collect();
    assert_eq!(names(&top_terms(alone, &Params::default()).unwrap()[0])[0], "buy crypto");
}

#[test]
fn a_text_posted_often_is_one_text() {
    let mut documents = vec![post(0, 1, "Copied pasta https://example.org"); 30];
    documents.extend([post(0, 2, "bread and butter"), post(0, 3, "butter")]);
    let found = top_terms(documents, &Params::default()).unwrap();
    assert_eq!(names(&found[0]), ["butter"]);
}

#[test]
fn a_word_of_a_chosen_pair_is_left_out() {
    let documents = [
        post(0, 1, "new york"),
        post(0, 2, "in new york"),
        post(0, 3, "new york mets"),
        post(1, 4, "tea"),
        post(1, 5, "tea"),
    ];
    let found = top_terms(documents, &Params::default()).unwrap();
    assert_eq!(names(&found[0]), ["new york"]);
}

#[test]
fn edges() {
    assert!(top_terms([], &Params::default()).unwrap().is_empty());
    let found =
        top_terms([post(9, 1, ""), post(3, 1, "🐝 12 @you https://x.org")], &Params::default()).unwrap();
    assert_eq!(found.iter().map(|c| (c.class, c.terms.len())).collect::<Vec<_>>(), [(3, 0), (9, 0)]);
    let one = top_terms([post(0, 1, "lonely planet")], &Params::default()).unwrap();
    assert_eq!(names(&one[0]), ["lonely planet"]);
    for bad in [Params { n_terms: 0, ..Params::default() }, Params { min_df: 0, ..Params::default() }] {
        assert!(matches!(TermCounts::new(&bad), Err(Error::Parameter { .. })));
    }
}

#[test]
fn chinese_terms_can_be_read() {
    let zh = |author, text| Document { class: 0, text, lang: Some("zh"), author: Some(author) };
    let found =
        top_terms([zh(1, "北京的房价太高了"), zh(2, "我们说房价"), zh(3, "上海房价")], &Params::default())
            .unwrap();
    assert_eq!(found[0].terms[0].text, "房价");
}

/// Words that no stop list has; `nine` is long enough to be a term.
const VOCABULARY: [&str; 6] = ["apple", "brick", "cloud", "delta", "ember", "flute"];

/// Class, author and words of a text.
type Row = (u32, u64, Vec<usize>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0_u32..4, 0_u64..5, prop::collection::vec(0..VOCABULARY.len(), 0..6)), 0..45)
}

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|(_, _, words)| words.iter().map(|w| VOCABULARY[*w]).collect::<Vec<_>>().join(" "))
        .collect()
}

fn documents<'a>(rows: &[Row], texts: &'a [String]) -> Vec<Document<'a>> {
    rows.iter().zip(texts).map(|(row, text)| post(row.0, row.1, text)).collect()
}

/// The definition, term by term over all texts again and again.
fn oracle(rows: &[Row], params: &Params) -> Vec<(u32, Vec<(String, f64)>)> {
    let uses: Vec<Vec<String>> = texts(rows)
        .iter()
        .map(|text| {
            let words: Vec<&str> = text.split_whitespace().collect();
            let pairs = words.windows(2).filter(|w| w[0] != w[1]).map(|w| w.join(" "));
            words.iter().map(|w| (*w).to_owned()).chain(pairs).collect()
        })
        .collect();
    let vocabulary: BTreeSet<&String> = uses.iter().flatten().collect();
    let with = |term: &String| (0..rows.len()).filter(|r| uses[*r].contains(term)).collect::<Vec<_>>();
    let kept: Vec<&String> = vocabulary
        .into_iter()
        .filter(|term| {
            let with = with(term);
            let different: BTreeSet<_> = with.iter().map(|r| &rows[*r].2).collect();
            (rows.len() as u64) < TINY_CORPUS || (with.len() as u64 >= params.min_df && different.len() > 1)
        })
        .collect();
    let count = |term: &String, class: Option<u32>| -> f64 {
        let of = (0..rows.len()).filter(|r| class.is_none_or(|c| rows[*r].0 == c));
        of.map(|r| uses[r].iter().filter(|u| *u == term).count()).sum::<usize>() as f64
    };
    let classes: BTreeSet<u32> = rows.iter().map(|row| row.0).collect();
    let a = kept.iter().map(|t| count(t, None)).sum::<f64>() / classes.len() as f64;
    classes
        .into_iter()
        .map(|class| {
            let total: f64 = kept.iter().map(|t| count(t, Some(class))).sum();
            let support = |term: &String| {
                let here: Vec<usize> = with(term).into_iter().filter(|r| rows[*r].0 == class).collect();
                let authors: BTreeSet<_> = here.iter().map(|r| rows[*r].1).collect();
                let texts: BTreeSet<_> = here.iter().map(|r| &rows[*r].2).collect();
                if authors.len() > 1 { 2 } else { i32::from(texts.len() > 1) }
            };
            let here: Vec<&String> = kept.iter().copied().filter(|t| count(t, Some(class)) > 0.0).collect();
            let best = here.iter().map(|t| support(t)).max();
            let mut ranked: Vec<(String, f64)> = here
                .into_iter()
                .filter(|t| Some(support(t)) == best)
                .map(|t| (t.clone(), count(t, Some(class)) / total * (1.0 + a / count(t, None)).ln()))
                .collect();
            ranked.sort_by(|x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
            let repeats = |word: &str, pair: &str| {
                pair.contains(' ')
                    && pair.split(' ').any(|part| part == word)
                    && count(&pair.to_owned(), Some(class)) >= 0.7 * count(&word.to_owned(), Some(class))
            };
            let mut chosen: Vec<(String, f64)> = Vec::new();
            for term in ranked {
                if chosen.len() < params.n_terms && !chosen.iter().any(|c| repeats(&term.0, &c.0)) {
                    chosen.retain(|c| !repeats(&c.0, &term.0));
                    chosen.push(term);
                }
            }
            (class, chosen)
        })
        .collect()
}

proptest! {
    #[test]
    fn equals_the_definition(rows in rows(), n_terms in 1_usize..12, min_df in 1_u64..4) {
        let params = Params { n_terms, min_df, ..Params::default() };
        let texts = texts(&rows);
        let found = top_terms(documents(&rows, &texts), &params).unwrap();
        let found: Vec<(u32, Vec<(String, f64)>)> =
            found.into_iter().map(|c| (c.class, c.terms.into_iter().map(|t| (t.text, t.score)).collect())).collect();
        prop_assert_eq!(found, oracle(&rows, &params));
    }

    #[test]
    fn chunks_in_any_order_give_the_same_bytes(rows in rows(), chunk in prop::collection::vec(0_usize..4, 45)) {
        let params = Params::default();
        let texts = texts(&rows);
        let documents = documents(&rows, &texts);
        let whole = top_terms(documents.iter().copied(), &params).unwrap();
        let mut chunks: BTreeMap<usize, TermCounts> = BTreeMap::new();
        for (document, chunk) in documents.iter().zip(&chunk).rev() {
            chunks.entry(*chunk).or_insert_with(|| TermCounts::new(&params).unwrap()).add(document);
        }
        let mut merged = TermCounts::new(&params).unwrap();
        for counts in chunks.into_values().rev() {
            merged.merge(counts);
        }
        prop_assert_eq!(merged.top_terms(), whole);
    }
}
