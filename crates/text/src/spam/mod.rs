//! What a machine that posts gives itself away by: how often, how much of the same, and through which program.
//!
//! Each is a number or a class and no verdict: who calls sets the thresholds.

mod clients;

/// What is known of a program that posts are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientKind {
    /// Of the network itself: a person at a phone or a browser.
    Official,
    /// Made to post by plan or by rule: schedulers, feeds, bots.
    Automated,
    /// Anything else.
    Other,
}

/// The kind of a client by its name: of a list, or automated if a word of it says so. Upper and lower case are one.
///
/// ```
/// use populi_text::spam::{ClientKind, client_kind};
/// assert_eq!(client_kind("Twitter for iPhone"), ClientKind::Official);
/// assert_eq!(client_kind("dlvr.it"), ClientKind::Automated);
/// assert_eq!(client_kind("My own app"), ClientKind::Other);
/// ```
#[must_use]
pub fn client_kind(name: &str) -> ClientKind {
    let is_in = |name: &str, list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    if is_in(name.trim(), &clients::OFFICIAL) {
        ClientKind::Official
    } else if is_in(name.trim(), &clients::AUTOMATED)
        || words.any(|word| is_in(word, &clients::AUTOMATED_WORDS))
    {
        ClientKind::Automated
    } else {
        ClientKind::Other
    }
}

/// Posts a day, over the days on which the author is seen to post: `days` holds the day of each post, as a number, and is put in
/// order. A single post is 1 a day, and a post of years ago that was seen beside those of today changes little. 0 of no posts.
///
/// ```
/// use populi_text::spam::posts_per_day;
/// assert_eq!(posts_per_day(&mut [3, 3, 9, 3, 9]), 2.5);
/// ```
///
/// Time O(n log n).
#[must_use]
pub fn posts_per_day(days: &mut [i32]) -> f64 {
    days.sort_unstable();
    let n_days = days.chunk_by(|a, b| a == b).count();
    if n_days == 0 { 0.0 } else { days.len() as f64 / n_days as f64 }
}

/// The share of an author's posts of which the same author has another one in the same group: of equal texts, or of
/// near-duplicates. `groups` holds the group of each post, and is put in order. 0 of no posts.
///
/// ```
/// use populi_text::spam::repeated_share;
/// assert_eq!(repeated_share(&mut [7, 1, 7, 2]), 0.5);
/// assert_eq!(repeated_share::<u32>(&mut []), 0.0);
/// ```
///
/// Time O(n log n).
#[must_use]
pub fn repeated_share<G: Ord>(groups: &mut [G]) -> f64 {
    if groups.is_empty() {
        return 0.0;
    }
    groups.sort_unstable();
    let n_repeated: usize = groups.chunk_by(|a, b| a == b).map(<[G]>::len).filter(|&n| n > 1).sum();
    n_repeated as f64 / groups.len() as f64
}

#[cfg(test)]
mod tests {
    use super::{ClientKind, client_kind, clients, posts_per_day, repeated_share};

    #[test]
    fn a_client_is_in_one_list_at_most() {
        for name in clients::OFFICIAL {
            assert!(!clients::AUTOMATED.iter().any(|other| other.eq_ignore_ascii_case(name)), "{name}");
        }
        assert_eq!(client_kind(" ifttt "), ClientKind::Automated);
        assert_eq!(client_kind(""), ClientKind::Other);
        assert_eq!(client_kind("Post Scheduler"), ClientKind::Automated);
        assert_eq!(client_kind("weather-BOT 2"), ClientKind::Automated);
        assert_eq!(client_kind("Talbot Reader"), ClientKind::Other);
    }

    #[test]
    fn rates_of_few_posts() {
        assert_eq!(posts_per_day(&mut []), 0.0);
        assert_eq!(posts_per_day(&mut [5]), 1.0);
        assert_eq!(posts_per_day(&mut [i32::MAX, i32::MIN]), 1.0);
        assert_eq!(posts_per_day(&mut [0; 300]), 300.0);
    }

    #[test]
    fn all_or_nothing_repeated() {
        assert_eq!(repeated_share(&mut [1]), 0.0);
        assert_eq!(repeated_share(&mut [1, 2, 3]), 0.0);
        assert_eq!(repeated_share(&mut ["a", "b", "b", "a"]), 1.0);
    }
}
