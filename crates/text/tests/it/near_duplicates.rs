//! Near-duplicates against the comparison of every two texts.

use std::collections::HashSet;

use populi_text::near_duplicate::{MAX_CHECKS, Sketches, normalised, similarity};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The group of each text, named after its first member. An empty text is alone.
fn groups(texts: &[String], threshold: f64) -> Vec<usize> {
    let mut sketches = Sketches::new();
    let mut places = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        if let Some(sketch) = Sketches::sketch(text) {
            sketches.push(sketch).unwrap();
            places.push(i);
        }
    }
    let candidates = sketches.candidates();
    let text_of = |i: usize| texts[places[candidates.numbers()[i] as usize]].as_str();
    let found = candidates.groups(threshold, text_of).unwrap();
    let mut groups: Vec<usize> = (0..texts.len()).collect();
    for (i, &place) in places.iter().enumerate() {
        groups[place] = places[found.group_of(i)];
    }
    groups
}

/// By the definition: every two texts compared, and what hangs together given the smallest number.
fn naive_groups(texts: &[String], threshold: f64) -> Vec<usize> {
    let shingles: Vec<HashSet<Vec<char>>> = texts.iter().map(|text| naive_shingles(text)).collect();
    let mut groups: Vec<usize> = (0..texts.len()).collect();
    for b in 0..texts.len() {
        for a in 0..b {
            if naive_similarity(&shingles[a], &shingles[b]) >= threshold && groups[a] != groups[b] {
                let (low, high) = (groups[a].min(groups[b]), groups[a].max(groups[b]));
                groups.iter_mut().filter(|group| **group == high).for_each(|group| *group = low);
            }
        }
    }
    groups
}

fn naive_shingles(text: &str) -> HashSet<Vec<char>> {
    let chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return HashSet::new();
    }
    chars.windows(chars.len().min(5)).map(<[char]>::to_vec).collect()
}

fn naive_similarity(a: &HashSet<Vec<char>>, b: &HashSet<Vec<char>>) -> f64 {
    let n_both = a.intersection(b).count();
    let n_either = a.len() + b.len() - n_both;
    if n_either == 0 { 0.0 } else { n_both as f64 / n_either as f64 }
}

/// Different texts of made-up words, a third of them followed by an edited copy.
fn texts_with_edits(n_texts: usize) -> Vec<String> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut texts: Vec<String> = Vec::new();
    while texts.len() < n_texts {
        let n_words = 3 + random.next_u32() % 25;
        let text: Vec<String> = (0..n_words).map(|_| word(&mut random)).collect();
        texts.push(text.join(" "));
        if random.next_u32().is_multiple_of(3) {
            let mut edited = text;
            let at = random.next_u32() as usize % edited.len();
            match random.next_u32() % 3 {
                0 => edited[at] = word(&mut random),
                1 => edited[at].push('x'),
                _ => edited.push(word(&mut random)),
            }
            texts.push(edited.join(" "));
        }
    }
    texts
}

fn word(random: &mut ChaCha8Rng) -> String {
    let first = if random.next_u32().is_multiple_of(4) { 'а' } else { 'a' };
    let letter = |r: u32| char::from_u32(u32::from(first) + r % 26).unwrap();
    (0..2 + random.next_u32() % 7).map(|_| letter(random.next_u32())).collect()
}

#[test]
fn similarity_by_hand() {
    for (a, b, expected) in [
        ("", "", 0.0),
        ("", "abc", 0.0),
        ("abc", "abc", 1.0),
        ("abc", "abcd", 0.0),
        ("abc", "xabc", 0.0),
        ("abcde", "abcde", 1.0),
        ("abcdef", "abcdeg", 1.0 / 3.0),
        ("aaaaaaaaa", "aaaaa", 1.0),
        ("人民日报社論", "人民日报社说", 1.0 / 3.0),
    ] {
        assert!((similarity(a, b) - expected).abs() < 1e-12, "of {a:?} and {b:?}: {}", similarity(a, b));
    }
}

#[test]
fn normalising_takes_away_what_copies_differ_in() {
    for (text, expected) in [
        ("@ann LOOK  at #This https://t.co/x", "look at this"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("isn’t É", "isn't é"),
        ("https://t.co/x @ann", ""),
    ] {
        assert_eq!(normalised(text), expected, "of {text:?}");
    }
}

#[test]
fn planted_edits_are_found_and_nothing_else() {
    let texts = texts_with_edits(800);
    let mut sketches = Sketches::new();
    texts.iter().for_each(|text| sketches.push(Sketches::sketch(text).unwrap()).unwrap());
    let candidates: HashSet<(usize, usize)> = sketches.candidate_pairs().into_iter().collect();
    let groups = groups(&texts, 0.8);
    let shingles: Vec<_> = texts.iter().map(|text| naive_shingles(text)).collect();
    let (mut n_true, mut n_found, mut n_grouped) = (0, 0, 0);
    for b in 0..texts.len() {
        for a in 0..b {
            let is_alike = naive_similarity(&shingles[a], &shingles[b]) >= 0.8;
            n_true += usize::from(is_alike);
            n_found += usize::from(is_alike && candidates.contains(&(a, b)));
            n_grouped += usize::from(is_alike && groups[a] == groups[b]);
            assert!(is_alike || groups[a] != groups[b], "{:?} and {:?}", texts[a], texts[b]);
        }
    }
    assert!(n_true > 100, "{n_true}");
    assert!(n_found as f64 >= 0.95 * n_true as f64, "{n_found} of {n_true}");
    assert!(n_grouped >= n_found);
}

#[test]
fn short_texts_are_like_their_equals_only() {
    let texts = ["ok", "ok", "okk", "k", "", "", "yes!", "yes"].map(str::to_owned);
    assert_eq!(groups(&texts, 0.8), [0, 0, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_chain_is_one_group() {
    // Each is like the next, and the last not like the first.
    let base = "the quick brown fox jumps over the lazy dog and runs away from all of the other animals";
    let steps: Vec<String> = (0..=12).map(|n| format!("{}{}", "y".repeat(2 * n), &base[2 * n..])).collect();
    assert!(similarity(&steps[0], &steps[12]) < 0.8);
    assert!(steps.windows(2).all(|two| similarity(&two[0], &two[1]) >= 0.8));
    assert_eq!(groups(&steps, 0.8), [0; 13]);
}

#[test]
fn what_went_viral_in_many_versions_is_one_group() {
    // 200 million pairs: finished in the time of a test only if they are not compared each with each.
    let text = "breaking: the minister has said that the trains will be on time from next year on, number";
    let texts: Vec<String> = (0..20_000).map(|i| format!("{text} {i}")).collect();
    assert_eq!(groups(&texts, 0.8), vec![0; 20_000]);
}

#[test]
fn a_template_is_no_group_and_true_copies_in_it_are_found() {
    // All of one template, at a similarity of about a half: far more than a text is compared with in one bucket.
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut texts = Vec::new();
    for i in 0..1_000 {
        let own: Vec<String> = (0..5).map(|_| word(&mut random)).collect();
        let text = format!("i just earned the badge for being a {} here, thanks to all", own.join(" "));
        texts.push(text.clone());
        if i % 10 == 0 {
            texts.push(format!("{text} of you"));
        }
    }
    assert!(texts.len() > 10 * MAX_CHECKS);
    let (found, truth) = (groups(&texts, 0.8), naive_groups(&texts, 0.8));
    let n_alike = |of: &[usize]| of.iter().enumerate().filter(|(i, first)| i != *first).count();
    assert!(n_alike(&found) <= n_alike(&truth));
    assert!(
        n_alike(&found) as f64 >= 0.95 * n_alike(&truth) as f64,
        "{} of {}",
        n_alike(&found),
        n_alike(&truth)
    );
}

#[test]
fn a_text_that_repeats_itself_is_read_a_few_times_only() {
    let texts = ["a".repeat(1 << 20), "ab".repeat(1 << 19), "a".repeat(100)];
    assert_eq!(groups(&texts, 0.8), [0, 1, 0]);
}

#[test]
fn a_threshold_is_a_share() {
    let candidates = Sketches::new().candidates();
    for threshold in [0.0, -1.0, 1.1, f64::NAN] {
        let error = candidates.groups(threshold, |_| "").unwrap_err();
        assert!(error.to_string().contains("above 0 and at most 1"), "{error}");
    }
}

proptest! {
    /// Links are true ones, so a found group is never larger than the group by definition; with a threshold of 1, the
    /// bands of two equal sets are equal, and so nothing is missed either.
    #[test]
    fn groups_are_parts_of_the_true_groups(texts in prop::collection::vec("[ab]{0,12}", 0..30), threshold in 0.3..1.0) {
        let (found, truth) = (groups(&texts, threshold), naive_groups(&texts, threshold));
        for (i, first) in found.iter().enumerate() {
            prop_assert_eq!(truth[i], truth[*first]);
        }
        prop_assert_eq!(groups(&texts, 1.0), naive_groups(&texts, 1.0));
    }

    #[test]
    fn the_order_of_texts_does_not_matter(shuffled in Just(texts_with_edits(120)).prop_shuffle()) {
        let texts = texts_with_edits(120);
        let groups_as_texts = |texts: &[String]| {
            let mut members = vec![Vec::new(); texts.len()];
            groups(texts, 0.8).into_iter().zip(texts).for_each(|(group, text)| members[group].push(text.clone()));
            members.iter_mut().for_each(|group| group.sort());
            members.retain(|group| !group.is_empty());
            members.sort();
            members
        };
        prop_assert_eq!(groups_as_texts(&texts), groups_as_texts(&shuffled));
    }
}
