//! A short human name for a cluster: its best terms.

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
    let mut taken: Vec<&str> = Vec::with_capacity(N_TERMS);
    for term in terms {
        if taken.len() < N_TERMS && !taken.iter().any(|name| says(name, &term.text)) {
            taken.push(&term.text);
        }
    }
    if taken.is_empty() { NAMELESS.to_owned() } else { taken.join(", ") }
}

/// Whether every word of `term` is one of `name`; in scripts without spaces, whether it is part of it.
fn says(name: &str, term: &str) -> bool {
    let unspaced = term.chars().all(|c| u32::from(c) >= 0x3000);
    (unspaced && name.contains(term))
        || term.split(' ').all(|word| name.split(' ').any(|known| known == word))
}

#[cfg(test)]
mod tests {
    use super::keyword_label;
    use populi_text::ctfidf::Term;

    fn label(terms: &[&str]) -> String {
        let term = |text: &&str| Term { text: (*text).to_owned(), score: 1.0, n_uses: 1, n_texts: 1 };
        keyword_label(&terms.iter().map(term).collect::<Vec<_>>())
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
