//! What a community likes to talk about, and sentences that say so.
//!
//! Every sentence is a pattern that all communities share, with slots. A slot takes a word from the community's own list
//! with probability [`OWN_WORDS`] and any word of the whole vocabulary otherwise. So no token belongs to one community
//! alone, and the communities differ in less than a fifth of their token mass: what finds them must look at proportions.

use std::collections::BTreeMap;

use crate::random::{Stream, cumulative};
use crate::vocabulary::{BIO_PATTERNS, GENERAL, POST_PATTERNS, REPLY_PATTERNS, TOPICS};

/// The share of slots filled from the community's own words. Higher makes the communities easier to tell apart; above
/// about 0.75 two of them share less than 0.8 of their token mass.
const OWN_WORDS: f64 = 0.62;

/// Where a sentence is used; each kind has its patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Post,
    Reply,
    Bio,
}

impl Kind {
    fn patterns(self) -> &'static [&'static str] {
        match self {
            Kind::Post => &POST_PATTERNS,
            Kind::Reply => &REPLY_PATTERNS,
            Kind::Bio => &BIO_PATTERNS,
        }
    }
}

/// The words of all communities with their weights. Built once per world.
pub(crate) struct Taste {
    everything: Vec<&'static str>,
    own_weights: Vec<f64>,
}

impl Taste {
    pub(crate) fn new() -> Self {
        let own = TOPICS.iter().flat_map(|(_, words)| words.iter());
        let everything = GENERAL.iter().chain(own).copied().collect();
        Self { everything, own_weights: cumulative((0..TOPICS[0].1.len()).map(rank_weight)) }
    }

    /// How likely each word is in a slot of a community's sentences, by word; the shares sum to 1.
    pub(crate) fn word_shares(&self, community: usize) -> BTreeMap<&'static str, f64> {
        let mut shares = BTreeMap::new();
        for word in &self.everything {
            *shares.entry(*word).or_default() += (1.0 - OWN_WORDS) / self.everything.len() as f64;
        }
        let total = self.own_weights.last().copied().unwrap_or(1.0);
        let mut before = 0.0;
        for (word, sum) in TOPICS[community].1.iter().zip(&self.own_weights) {
            *shares.entry(*word).or_default() += OWN_WORDS * (sum - before) / total;
            before = *sum;
        }
        shares
    }

    /// A word to the taste of a community.
    pub(crate) fn word(&self, community: usize, random: &mut Stream) -> &'static str {
        if random.chance(OWN_WORDS) {
            TOPICS[community].1[random.weighted(&self.own_weights)]
        } else {
            self.everything[random.below(self.everything.len())]
        }
    }

    /// Appends one sentence to `text`, and to `tags` the byte ranges of its hashtags.
    pub(crate) fn sentence(
        &self,
        kind: Kind,
        community: usize,
        random: &mut Stream,
        text: &mut String,
        tags: &mut Vec<(usize, usize)>,
    ) {
        let mut rest = random.pick(kind.patterns());
        let capital = text.len();
        while let Some((before, after)) = rest.split_once("{}") {
            text.push_str(before);
            let start = text.len();
            text.push_str(self.word(community, random));
            if before.ends_with('#') {
                tags.push((start - 1, text.len()));
            }
            rest = after;
        }
        text.push_str(rest);
        if random.chance(0.4) {
            capitalise(text, capital);
        }
    }
}

fn rank_weight(rank: usize) -> f64 {
    1.0 / (rank as f64 + 4.0)
}

/// Turns the ASCII letter at byte `start` into a capital.
fn capitalise(text: &mut String, start: usize) {
    if let Some(first) = text.get(start..start + 1) {
        let upper = first.to_ascii_uppercase();
        text.replace_range(start..start + 1, &upper);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;
    use crate::random::Purpose;

    type Shares = BTreeMap<String, f64>;

    /// The exact share of each token in what a community says, worked out from the patterns and not by drawing.
    fn token_shares(kind: Kind, community: usize) -> Shares {
        let taste = Taste::new();
        let mut mass = Shares::new();
        let total_weight: f64 = (0..24).map(rank_weight).sum();
        for token in kind.patterns().iter().flat_map(|pattern| pattern.split_whitespace()) {
            if !token.contains("{}") {
                *mass.entry(plain(token)).or_default() += 1.0;
                continue;
            }
            for word in &taste.everything {
                *mass.entry(plain(word)).or_default() += (1.0 - OWN_WORDS) / taste.everything.len() as f64;
            }
            for (rank, word) in TOPICS[community].1.iter().enumerate() {
                *mass.entry(plain(word)).or_default() += OWN_WORDS * rank_weight(rank) / total_weight;
            }
        }
        let total: f64 = mass.values().sum();
        mass.into_iter().map(|(token, m)| (token, m / total)).collect()
    }

    fn plain(token: &str) -> String {
        token.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
    }

    fn overlap(a: &Shares, b: &Shares) -> f64 {
        a.iter().map(|(token, p)| p.min(b.get(token).copied().unwrap_or(0.0))).sum()
    }

    #[test]
    fn communities_share_four_fifths_of_their_tokens_and_every_token() {
        for kind in [Kind::Post, Kind::Reply] {
            let shares: Vec<Shares> = (0..TOPICS.len()).map(|c| token_shares(kind, c)).collect();
            for (i, a) in shares.iter().enumerate() {
                for b in &shares[..i] {
                    assert!(a.keys().eq(b.keys()), "a token is exclusive to one community");
                    let shared = overlap(a, b);
                    assert!((0.8..0.95).contains(&shared), "{kind:?}: {shared}");
                }
            }
        }
    }

    #[test]
    fn word_shares_are_what_is_drawn() {
        let taste = Taste::new();
        let mut random = Stream::new(4, Purpose::Text, 0);
        let shares = taste.word_shares(3);
        assert!((shares.values().sum::<f64>() - 1.0).abs() < 1e-12);
        let n = 200_000;
        let mut drawn: BTreeMap<&str, f64> = BTreeMap::new();
        (0..n).for_each(|_| *drawn.entry(taste.word(3, &mut random)).or_default() += 1.0 / f64::from(n));
        for (word, share) in shares {
            let got = drawn.get(word).copied().unwrap_or(0.0);
            // Five standard deviations of a share, and a little for the rarest.
            assert!(
                (got - share).abs() < 5.0 * (share / f64::from(n)).sqrt() + 1e-4,
                "{word}: {got} is not {share}"
            );
        }
    }

    #[test]
    fn drawn_sentences_follow_the_exact_shares() {
        let taste = Taste::new();
        let mut random = Stream::new(5, Purpose::Text, 0);
        let exact = token_shares(Kind::Post, 2);
        let (mut drawn, mut total) = (Shares::new(), 0.0);
        for _ in 0..20_000 {
            let mut text = String::new();
            taste.sentence(Kind::Post, 2, &mut random, &mut text, &mut Vec::new());
            for token in text.split_whitespace() {
                *drawn.entry(plain(token)).or_default() += 1.0;
                total += 1.0;
            }
        }
        let drawn: Shares = drawn.into_iter().map(|(token, n)| (token, n / total)).collect();
        assert!(overlap(&exact, &drawn) > 0.97);
    }

    #[test]
    fn a_hashtag_covers_its_bytes() {
        let taste = Taste::new();
        let mut random = Stream::new(6, Purpose::Text, 0);
        let (mut text, mut tags) = (String::new(), Vec::new());
        while tags.is_empty() {
            text.clear();
            taste.sentence(Kind::Post, 0, &mut random, &mut text, &mut tags);
        }
        let (start, end) = tags[0];
        assert!(text[start..end].starts_with('#') && end - start > 2, "{text}");
    }
}
