//! A short human name for a cluster: its best terms.

use std::collections::BTreeSet;

use populi_text::ctfidf::Term;

/// Terms in a name. Three are read at a glance; from the fourth on, terms seldom tell clusters further apart.
const N_TERMS: usize = 3;

/// The name of a cluster without any term: there is nothing to read in its posts (emoji, links, single words).
const NAMELESS: &str = "(no common words)";

/// A name from the terms of a cluster, best first: `"budget, housing, ontario"`.
///
/// Takes the first three terms that say something new: a term whose words all stand in one already taken is passed over
/// while others are left. Never empty.
///
/// ```
/// use populi_label::keyword::keyword_label;
/// use populi_text::ctfidf::Term;
/// let term = |text: &str| Term { text: text.to_owned(), score: 1.0, n_uses: 2, n_texts: 2 };
/// assert_eq!(keyword_label(&["rent control", "rent", "vote", "mayor"].map(term)), "rent control, vote, mayor");
/// ```
pub fn keyword_label(terms: &[Term]) -> String {
    let mut telling = telling(terms);
    telling.truncate(N_TERMS);
    name(&telling)
}

/// A name for each of several clusters, from their terms, best first: as [`keyword_label`] gives it, and no two with the
/// same terms, in whatever order.
///
/// The first cluster to have a name keeps it. A later one takes its next best term in place of its third, then of its
/// second and third, and so on; where its terms are used up, it has a number: `"cat, dog (2)"`.
///
/// ```
/// use populi_label::keyword::distinct_keyword_labels;
/// use populi_text::ctfidf::Term;
/// let terms = |text: &str| -> Vec<Term> {
///     text.split(' ').map(|text| Term { text: text.to_owned(), score: 1.0, n_uses: 2, n_texts: 2 }).collect()
/// };
/// let clusters = [terms("vote rent mayor bus"), terms("rent vote mayor tram")];
/// assert_eq!(distinct_keyword_labels(clusters.iter().map(Vec::as_slice)), ["vote, rent, mayor", "rent, vote, tram"]);
/// ```
pub fn distinct_keyword_labels<'a>(clusters: impl IntoIterator<Item = &'a [Term]>) -> Vec<String> {
    let mut used: BTreeSet<Vec<&str>> = BTreeSet::new();
    let mut labels = Vec::new();
    for terms in clusters {
        let telling = telling(terms);
        let choices = choices(&telling);
        let free = choices.iter().find(|chosen| !used.contains(&sorted(chosen)));
        let Some(chosen) = free else {
            let first = name(&choices[0]);
            let number = (2..).find(|n| !labels.contains(&format!("{first} ({n})"))).unwrap_or(0);
            labels.push(format!("{first} ({number})"));
            continue;
        };
        used.insert(sorted(chosen));
        labels.push(name(chosen));
    }
    labels
}

/// The terms that say something new, best first.
fn telling(terms: &[Term]) -> Vec<&str> {
    let mut taken: Vec<&str> = Vec::new();
    for term in terms {
        if !taken.iter().any(|name| says(name, &term.text)) {
            taken.push(&term.text);
        }
    }
    taken
}

/// The ways to name a cluster, best first: its first terms, then with the later ones of them replaced by the next.
fn choices<'a>(telling: &[&'a str]) -> Vec<Vec<&'a str>> {
    let n = N_TERMS.min(telling.len());
    let mut choices = vec![telling[..n].to_vec()];
    for n_kept in (0..n).rev() {
        for rest in telling[n..].windows(n - n_kept) {
            choices.push([&telling[..n_kept], rest].concat());
        }
    }
    choices
}

fn sorted<'a>(terms: &[&'a str]) -> Vec<&'a str> {
    let mut terms = terms.to_vec();
    terms.sort_unstable();
    terms
}

fn name(terms: &[&str]) -> String {
    if terms.is_empty() { NAMELESS.to_owned() } else { terms.join(", ") }
}

/// Whether every word of `term` is one of `name`; in scripts without spaces, whether it is part of it.
fn says(name: &str, term: &str) -> bool {
    let unspaced = term.chars().all(|c| u32::from(c) >= 0x3000);
    (unspaced && name.contains(term))
        || term.split(' ').all(|word| name.split(' ').any(|known| known == word))
}

#[cfg(test)]
mod tests {
    use super::{distinct_keyword_labels, keyword_label};
    use populi_text::ctfidf::Term;

    fn terms(texts: &[&str]) -> Vec<Term> {
        let term = |text: &&str| Term { text: (*text).to_owned(), score: 1.0, n_uses: 1, n_texts: 1 };
        texts.iter().map(term).collect()
    }

    fn label(texts: &[&str]) -> String {
        keyword_label(&terms(texts))
    }

    fn labels(clusters: &[&[&str]]) -> Vec<String> {
        let clusters: Vec<Vec<Term>> = clusters.iter().map(|texts| terms(texts)).collect();
        distinct_keyword_labels(clusters.iter().map(Vec::as_slice))
    }

    #[test]
    fn names_that_differ_stay_as_they_are() {
        let clusters: [&[&str]; 3] = [&["a", "b", "c", "d"], &["a", "b", "d"], &[]];
        let single: Vec<String> = clusters.iter().map(|texts| label(texts)).collect();
        assert_eq!(labels(&clusters), single);
    }

    #[test]
    fn no_two_clusters_have_the_same_terms() {
        let five: &[&str] = &["a", "b", "c", "d", "e"];
        assert_eq!(
            labels(&[five, five, five, five, five, five, five]),
            ["a, b, c", "a, b, d", "a, b, e", "a, d, e", "a, b, c (2)", "a, b, c (3)", "a, b, c (4)"]
        );
        assert_eq!(labels(&[&["a", "b", "c"], &["c", "b", "a", "d"]]), ["a, b, c", "c, b, d"]);
        assert_eq!(labels(&[&["cat"], &["cat"]]), ["cat", "cat (2)"]);
        assert_eq!(labels(&[&[], &[], &[]])[2], "(no common words) (3)");
    }

    #[test]
    fn names_are_short_and_say_each_thing_once() {
        assert_eq!(label(&["budget", "housing", "ontario", "vote"]), "budget, housing, ontario");
        assert_eq!(label(&["cat"]), "cat");
        assert_eq!(label(&["new york", "york", "york new", "mets"]), "new york, mets");
        assert_eq!(label(&["art", "article", "state art"]), "art, article, state art");
        assert_eq!(label(&["机器学", "学习", "器学", "模型"]), "机器学, 学习, 模型");
        assert_eq!(label(&[]), "(no common words)");
    }
}
