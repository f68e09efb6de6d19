//! What a machine that posts gives itself away by: how often, how much of the same, and through which program.
//!
//! Each is a number or a class and no verdict: who calls sets the thresholds.

mod clients;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

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

/// The kind of a client by its name. Upper and lower case are one.
///
/// ```
/// use populi_text::spam::{ClientKind, client_kind};
/// assert_eq!(client_kind("Twitter for iPhone"), ClientKind::Official);
/// assert_eq!(client_kind("dlvr.it"), ClientKind::Automated);
/// assert_eq!(client_kind("My own app"), ClientKind::Other);
/// ```
#[must_use]
pub fn client_kind(name: &str) -> ClientKind {
    let is_in = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
    if is_in(&clients::OFFICIAL) {
        ClientKind::Official
    } else if is_in(&clients::AUTOMATED) {
        ClientKind::Automated
    } else {
        ClientKind::Other
    }
}

/// Posts a day, of an author with `n_posts` from `first_ms` to `last_ms`: the posts after the first over the days between. A
/// span of less than a day counts as one day, so that a few posts in a minute are no rate; a single post has rate 0.
///
/// ```
/// use populi_text::spam::posts_per_day;
/// assert_eq!(posts_per_day(1, 0, 0), 0.0);
/// assert_eq!(posts_per_day(5, 0, 60_000), 4.0);
/// assert_eq!(posts_per_day(21, 0, 10 * 86_400_000), 2.0);
/// ```
#[must_use]
pub fn posts_per_day(n_posts: u64, first_ms: i64, last_ms: i64) -> f64 {
    let days = (last_ms.saturating_sub(first_ms) as f64 / DAY_MS).max(1.0);
    n_posts.saturating_sub(1) as f64 / days
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
    }

    #[test]
    fn rates_of_odd_spans() {
        assert_eq!(posts_per_day(0, 0, 0), 0.0);
        // A clock that ran backwards, and the ends of time.
        assert_eq!(posts_per_day(3, 10, 0), 2.0);
        assert!(posts_per_day(3, i64::MIN, i64::MAX) > 0.0);
    }

    #[test]
    fn all_or_nothing_repeated() {
        assert_eq!(repeated_share(&mut [1]), 0.0);
        assert_eq!(repeated_share(&mut [1, 2, 3]), 0.0);
        assert_eq!(repeated_share(&mut ["a", "b", "b", "a"]), 1.0);
    }
}
