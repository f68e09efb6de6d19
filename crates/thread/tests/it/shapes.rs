//! Shapes by hand, against a naive measure of every pair, and of a million posts.

use std::collections::{BTreeMap, BTreeSet};

use populi_thread::{Facts, Forest, Placed, Records, Reply, Shape, place, shapes};
use proptest::prelude::*;

use crate::oracle::replies;
use crate::{declaring, post, tombstone};

fn forest_of<K: populi_thread::Key>(replies: &[Reply<K>]) -> Forest<K> {
    place(replies.iter().copied().collect::<Records<K>>()).unwrap()
}

/// When (key, time) and by whom (key, author).
fn facts_of(forest: &Forest<u64>, times: &[(u64, i64)], authors: &[(u64, u32)]) -> Facts {
    let mut facts = Facts::new(forest.len());
    times.iter().for_each(|&(key, time)| facts.set_time(forest.row_of(key).unwrap(), time));
    authors.iter().for_each(|&(key, author)| facts.set_author(forest.row_of(key).unwrap(), author));
    facts
}

fn only(replies: &[Reply<u64>], times: &[(u64, i64)], authors: &[(u64, u32)]) -> Shape<u64> {
    let forest = forest_of(replies);
    let all: Vec<_> = shapes(&forest, &facts_of(&forest, times, authors)).collect();
    assert_eq!(all.len(), 1);
    all.into_iter().next().unwrap()
}

#[test]
fn nothing_has_no_shapes() {
    let forest = forest_of::<u64>(&[]);
    assert_eq!(shapes(&forest, &Facts::new(0)).len(), 0);
}

#[test]
fn a_lone_post() {
    let shape = only(&[post(1, None)], &[(1, 50)], &[(1, 0)]);
    let expected = Shape {
        conversation: 1,
        n_posts: 1,
        n_present: 1,
        n_stubs: 0,
        n_replies: 0,
        n_unplaced: 0,
        n_pieces: 1,
        depth_is_exact: true,
        max_depth: 0,
        max_breadth: 1,
        structural_virality: None,
        n_answered: 0,
        max_answers: 0,
        n_authors: 1,
        first: Some(50),
        last: Some(50),
        to_first_reply: None,
        to_last_reply: None,
        n_timed: 0,
        median_response: None,
        mean_response: None,
    };
    assert_eq!((shape.branching(), shape), (None, expected));
}

#[test]
fn a_small_tree() {
    // 1 ── 2 ── 4 ── 5
    //   └─ 3
    let replies =
        [post(1, None), post(2, Some(1)), post(3, Some(1)), tombstone(4, Some(2)), post(5, Some(4))];
    let times = [(1, 100), (2, 110), (3, 107), (4, 150), (5, 151)];
    let shape = only(&replies, &times, &[(1, 7), (2, 3), (3, 7), (5, 9)]);
    let expected = Shape {
        conversation: 1,
        n_posts: 5,
        n_present: 4,
        n_stubs: 0,
        n_replies: 4,
        n_unplaced: 0,
        n_pieces: 1,
        depth_is_exact: true,
        max_depth: 3,
        max_breadth: 2,
        // 12: 1, 13: 1, 14: 2, 15: 3, 23: 2, 24: 1, 25: 2, 34: 3, 35: 4, 45: 1.
        structural_virality: Some(2.0),
        n_answered: 3,
        max_answers: 2,
        n_authors: 3,
        first: Some(100),
        last: Some(151),
        to_first_reply: Some(7),
        to_last_reply: Some(51),
        n_timed: 4,
        // 10, 7, 40, 1.
        median_response: Some(8),
        mean_response: Some(14),
    };
    assert_eq!((shape.branching(), shape), (Some(4.0 / 3.0), expected));
}

#[test]
fn a_star_and_a_chain_have_the_virality_of_the_formulas() {
    const N: u64 = 9;
    let star: Vec<_> = (0..N).map(|n| post(n, (n > 0).then_some(0))).collect();
    assert_eq!(only(&star, &[], &[]).structural_virality, Some(2.0 - 2.0 / N as f64));
    let chain: Vec<_> = (0..N).map(|n| post(n, n.checked_sub(1))).collect();
    assert_eq!(only(&chain, &[], &[]).structural_virality, Some((N + 1) as f64 / 3.0));
}

#[test]
fn answers_to_a_missing_post_are_two_steps_apart_and_it_is_no_post() {
    let shape = only(&[post(20, Some(10)), post(21, Some(10))], &[(10, 5), (20, 8), (21, 6)], &[]);
    assert_eq!((shape.conversation, shape.n_posts, shape.n_stubs, shape.n_replies), (10, 2, 1, 2));
    assert_eq!((shape.n_pieces, shape.max_depth, shape.max_breadth), (1, 1, 2));
    assert_eq!(shape.structural_virality, Some(2.0));
    // The time of a missing post may be known from its id.
    assert_eq!((shape.first, shape.to_first_reply, shape.to_last_reply), (Some(6), Some(1), Some(3)));
    assert_eq!((shape.median_response, shape.depth_is_exact), (Some(2), false));
}

#[test]
fn a_conversation_may_lie_in_pieces() {
    let replies = [
        post(1, None),
        post(2, Some(1)),
        declaring(1, post(20, Some(10))),
        declaring(1, post(30, None)),
        declaring(1, post(31, None)),
    ];
    let shape = only(&replies, &[], &[]);
    assert_eq!((shape.n_posts, shape.n_stubs, shape.n_replies), (5, 1, 4));
    assert_eq!((shape.n_pieces, shape.n_unplaced), (4, 2));
    assert_eq!(shape.structural_virality, Some(1.0), "only 1 and 2 are joined");
    assert_eq!(shape.branching(), Some(1.0));
}

#[test]
fn a_branch_that_goes_elsewhere_is_a_piece_of_its_own_there() {
    let replies = [declaring(7, post(20, Some(10))), declaring(4, post(22, Some(10))), post(23, Some(22))];
    let forest = forest_of(&replies);
    let all: Vec<_> = shapes(&forest, &Facts::new(forest.len())).collect();
    let told: Vec<_> = all.iter().map(|s| (s.conversation, s.n_posts, s.n_stubs, s.n_pieces)).collect();
    assert_eq!(told, [(4, 2, 1, 1), (7, 1, 0, 1)]);
}

#[test]
fn clocks_that_contradict_each_other_tell_no_response_time() {
    let shape = only(&[post(1, None), post(2, Some(1)), post(3, Some(1))], &[(1, 10), (2, 9), (3, 10)], &[]);
    assert_eq!((shape.n_timed, shape.median_response, shape.mean_response), (1, Some(0), Some(0)));
    assert_eq!((shape.to_first_reply, shape.first), (Some(0), Some(9)));
    let extremes = [(1, i64::MIN), (2, i64::MAX), (3, i64::MAX)];
    let shape = only(&[post(1, None), post(2, Some(1)), post(3, Some(2))], &extremes, &[]);
    assert_eq!((shape.n_timed, shape.to_first_reply), (1, None), "the difference is no i64");
}

#[test]
fn a_chain_of_a_million() {
    const N: u64 = 1_000_000;
    let chain: Vec<_> = (0..N).map(|n| post(n, n.checked_sub(1))).collect();
    let forest = forest_of(&chain);
    let mut facts = Facts::new(forest.len());
    (0..N).for_each(|n| {
        facts.set_time(n as usize, 3 * n as i64);
        facts.set_author(n as usize, n as u32 % 2);
    });
    let shape = shapes(&forest, &facts).next().unwrap();
    assert_eq!((shape.n_posts, shape.max_depth, shape.max_breadth), (1_000_000, 999_999, 1));
    assert_eq!(shape.structural_virality, Some((N + 1) as f64 / 3.0));
    assert_eq!((shape.n_authors, shape.median_response, shape.to_last_reply), (2, Some(3), Some(2_999_997)));
}

/// A million rows below one missing post, of which only the last declares a root: what is above it is settled at once.
#[test]
fn a_long_branch_is_settled_by_its_last_post() {
    const N: u64 = 1_000_000;
    let chain: Vec<_> = (1..=N).map(|n| post(n, Some(n - 1))).collect();
    let end = declaring(N + 2, post(N + 1, Some(N)));
    let forest = forest_of(&chain.into_iter().chain([end]).collect::<Vec<_>>());
    assert_eq!((forest.n_conversations(), forest.get_key(0).unwrap().conversation), (1, N + 2));
}

/// All pairs, all times in lists.
fn naive(forest: &Forest<u8>, times: &BTreeMap<u8, i64>, authors: &BTreeMap<u8, u32>) -> Vec<Shape<u8>> {
    let rows: Vec<(bool, Placed<u8>)> =
        forest.iter().enumerate().map(|(row, placed)| (row < forest.n_known(), placed)).collect();
    let named: BTreeSet<u8> = rows.iter().map(|(_, row)| row.conversation).collect();
    named.into_iter().map(|conversation| naive_shape(forest, &rows, conversation, times, authors)).collect()
}

fn naive_shape(
    forest: &Forest<u8>,
    rows: &[(bool, Placed<u8>)],
    conversation: u8,
    times: &BTreeMap<u8, i64>,
    authors: &BTreeMap<u8, u32>,
) -> Shape<u8> {
    let here: Vec<&Placed<u8>> =
        rows.iter().map(|(_, row)| row).filter(|row| row.conversation == conversation).collect();
    let posts: Vec<&Placed<u8>> = rows
        .iter()
        .filter(|(is_known, row)| *is_known && row.conversation == conversation)
        .map(|(_, row)| row)
        .collect();
    let parent_of = |key: u8| {
        let parent = forest.get_key(key)?.parent?;
        (forest.get_key(parent)?.conversation == conversation).then_some(parent)
    };
    let path = |key: u8| std::iter::successors(Some(key), |&key| parent_of(key)).collect::<Vec<u8>>();
    let distance = |a: u8, b: u8| {
        let (a, b) = (path(a), path(b));
        let up = a.iter().position(|key| b.contains(key))?;
        Some(up + b.iter().position(|&key| key == a[up])?)
    };
    let distances: Vec<usize> = posts
        .iter()
        .enumerate()
        .flat_map(|(i, a)| posts[..i].iter().filter_map(move |b| distance(a.key, b.key)))
        .collect();
    let answers: Vec<usize> = here
        .iter()
        .map(|row| here.iter().filter(|other| parent_of(other.key) == Some(row.key)).count())
        .collect();
    let at = |key: u8| times.get(&key).copied();
    let since: Vec<i64> = posts
        .iter()
        .filter(|post| post.key != conversation)
        .filter_map(|post| {
            Some(at(post.key)? - at(conversation).filter(|_| forest.row_of(conversation).is_some())?)
        })
        .filter(|&elapsed| elapsed >= 0)
        .collect();
    let mut responses: Vec<i64> = posts
        .iter()
        .filter_map(|post| Some(at(post.key)? - at(post.parent?)?))
        .filter(|&elapsed| elapsed >= 0)
        .collect();
    responses.sort_unstable();
    let n = responses.len();
    let levels = |depth: u32| posts.iter().filter(|post| post.depth == depth).count() as u32;
    Shape {
        conversation,
        n_posts: posts.len() as u32,
        n_present: posts.iter().filter(|post| post.present).count() as u32,
        n_stubs: (here.len() - posts.len()) as u32,
        n_replies: posts.iter().filter(|post| post.key != conversation).count() as u32,
        n_unplaced: posts.iter().filter(|p| p.parent.is_none() && p.key != conversation).count() as u32,
        n_pieces: here.iter().filter(|row| parent_of(row.key).is_none()).count() as u32,
        depth_is_exact: here.iter().all(|row| row.depth_is_exact),
        max_depth: posts.iter().map(|post| post.depth).max().unwrap_or(0),
        max_breadth: (0..100).map(levels).max().unwrap(),
        structural_virality: (!distances.is_empty())
            .then(|| distances.iter().sum::<usize>() as f64 / distances.len() as f64),
        n_answered: answers.iter().filter(|&&n| n > 0).count() as u32,
        max_answers: answers.iter().max().copied().unwrap_or(0) as u32,
        n_authors: here.iter().filter_map(|row| authors.get(&row.key)).collect::<BTreeSet<_>>().len() as u32,
        first: posts.iter().filter_map(|post| at(post.key)).min(),
        last: posts.iter().filter_map(|post| at(post.key)).max(),
        to_first_reply: since.iter().min().copied(),
        to_last_reply: since.iter().max().copied(),
        n_timed: n as u32,
        median_response: (n > 0).then(|| (responses[(n - 1) / 2] + responses[n / 2]) / 2),
        mean_response: (n > 0).then(|| responses.iter().sum::<i64>() / n as i64),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shapes_equal_the_naive_measure(
        replies in replies(),
        times in prop::collection::btree_map(0..45_u8, 0..60_i64, 0..45),
        authors in prop::collection::btree_map(0..45_u8, 0..6_u32, 0..45),
    ) {
        let forest = forest_of(&replies);
        let mut facts = Facts::new(forest.len());
        for (&key, &time) in &times {
            forest.row_of(key).into_iter().for_each(|row| facts.set_time(row, time));
        }
        for (&key, &author) in &authors {
            forest.row_of(key).into_iter().for_each(|row| facts.set_author(row, author));
        }
        let measured: Vec<_> = shapes(&forest, &facts).collect();
        prop_assert_eq!(measured, naive(&forest, &times, &authors));
    }
}
