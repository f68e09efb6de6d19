//! The rules by hand, and against a reading of them that recurses.

use proptest::prelude::*;

use super::*;

/// Posts as (parent, author); post `i` was written at `i`.
fn posts(told: &[(Option<u32>, u32)]) -> Vec<Post> {
    let post = |(i, (parent, author)): (usize, &(Option<u32>, u32))| Post {
        parent: *parent,
        author: Some(*author),
        time: Some(i as i64),
        state: State::Standing,
    };
    told.iter().enumerate().map(post).collect()
}

fn all(_: &[u32], _: bool) -> Result<(), LeftOut> {
    Ok(())
}

fn turns(posts: &[Post]) -> Turns {
    Turns::of(posts, &Rules::default(), all)
}

fn texts(turns: &Turns) -> Vec<Vec<u32>> {
    (0..turns.len() as u32).map(|turn| turns.posts(turn).to_vec()).collect()
}

const ANN: u32 = 0;
const BOB: u32 = 1;
const CYD: u32 = 2;

#[test]
fn a_thread_to_oneself_is_one_turn_and_its_replies_are_replies_to_the_turn() {
    // Ann writes 0, 1 and 3 as a thread; Bob answers 0 late and 1 early.
    let told = [(None, ANN), (Some(0), ANN), (Some(1), BOB), (Some(1), ANN), (Some(0), BOB), (Some(3), CYD)];
    let found = turns(&posts(&told));
    assert_eq!(texts(&found), [vec![0, 1, 3], vec![2], vec![4], vec![5]]);
    assert_eq!((found.replies(0), found.parent(3)), (&[1, 2, 3][..], Some(0)));
    use Fate::{Merged, Told};
    assert_eq!(found.fates(), [Told, Merged, Told, Merged, Told, Told]);
    assert_eq!([0, 1].map(|turn| found.role(turn)), [Role::Prompter, Role::Assistant]);
}

#[test]
fn a_second_reply_to_oneself_is_left_out_with_what_is_below_it() {
    let told = [(None, ANN), (Some(0), ANN), (Some(0), ANN), (Some(2), BOB), (Some(1), BOB), (Some(4), BOB)];
    let found = turns(&posts(&told));
    assert_eq!(texts(&found), [vec![0, 1], vec![4, 5]]);
    assert_eq!(found.fates()[2], Fate::LeftOut(LeftOut::SecondSelfReply));
    assert_eq!(found.fates()[3], Fate::LeftOut(LeftOut::BelowLeftOut));
}

#[test]
fn replies_are_in_the_order_of_time_and_those_without_one_last() {
    let mut told = posts(&[(None, ANN), (Some(0), BOB), (Some(0), CYD), (Some(0), BOB)]);
    told[1].time = None;
    told[2].time = Some(9);
    assert_eq!(turns(&told).replies(0), [3, 2, 1]);
}

#[test]
fn a_third_party_is_cut_where_two_are_asked_for() {
    let told = [
        (None, ANN),
        (Some(0), BOB),
        (Some(1), CYD),
        (Some(1), ANN),
        (Some(3), BOB),
        (Some(2), BOB),
        (Some(0), CYD),
    ];
    let found = Turns::of(&posts(&told), &Rules { parties: Parties::Two, ..Rules::default() }, all);
    assert_eq!(texts(&found), [vec![0], vec![1], vec![3], vec![4], vec![6]]);
    assert_eq!(found.fates()[2], Fate::LeftOut(LeftOut::ThirdParty));
    assert_eq!(found.fates()[5], Fate::LeftOut(LeftOut::BelowLeftOut));
}

#[test]
fn a_tombstone_stays_where_something_is_told_below_it_and_never_merges() {
    // Cyd's deleted reply (1) has Bob's below it; Bob's (3) has nothing, Cyd's (4) only another deleted one (5).
    let mut told =
        posts(&[(None, ANN), (Some(0), CYD), (Some(1), BOB), (Some(0), BOB), (Some(0), CYD), (Some(4), ANN)]);
    for deleted in [1, 3, 4, 5] {
        told[deleted].state = State::Deleted;
    }
    told[4].author = None;
    let found = turns(&told);
    assert_eq!(texts(&found), [vec![0], vec![1], vec![2]]);
    assert_eq!([0, 1, 2].map(|turn| found.is_deleted(turn)), [false, true, false]);
    assert_eq!(found.role(2), Role::Prompter);
    let deleted = Fate::LeftOut(LeftOut::Deleted);
    assert_eq!(found.fates()[1..], [Fate::Tombstone, Fate::Told, deleted, deleted, deleted]);
    let cut = Turns::of(&told, &Rules { tombstones: Tombstones::Cut, ..Rules::default() }, all);
    assert_eq!(texts(&cut), [vec![0]]);
    assert_eq!(cut.fates()[2], Fate::LeftOut(LeftOut::BelowLeftOut));
}

#[test]
fn a_deleted_reply_to_oneself_is_no_turn_of_the_other_role() {
    let mut told = posts(&[(None, ANN), (Some(0), ANN), (Some(1), BOB), (Some(0), BOB)]);
    told[1].state = State::Deleted;
    let found = turns(&told);
    assert_eq!(texts(&found), [vec![0], vec![3]]);
    let (deleted, below) = (Fate::LeftOut(LeftOut::Deleted), Fate::LeftOut(LeftOut::BelowLeftOut));
    assert_eq!(found.fates()[1..3], [deleted, below]);
}

#[test]
fn what_the_caller_leaves_out_takes_along_what_is_below_it() {
    let mut told = posts(&[(None, ANN), (Some(0), BOB), (Some(0), ANN), (Some(1), ANN), (Some(2), BOB)]);
    told[1].state = State::LeftOut(LeftOut::Withheld);
    let mut asked = Vec::new();
    let found = Turns::of(&told, &Rules::default(), |posts, is_root| {
        asked.push((posts.to_vec(), is_root));
        if posts == [4] { Err(LeftOut::TooShort) } else { Ok(()) }
    });
    assert_eq!(asked, [(vec![0, 2], true), (vec![4], false)]);
    assert_eq!(texts(&found), [vec![0, 2]]);
    let [withheld, below, short] =
        [LeftOut::Withheld, LeftOut::BelowLeftOut, LeftOut::TooShort].map(Fate::LeftOut);
    assert_eq!(found.fates(), [Fate::Told, withheld, Fate::Merged, below, short]);

    let nothing = Turns::of(&told, &Rules::default(), |_, _| Err(LeftOut::Language));
    assert!(nothing.is_empty() && nothing.depth_first().is_empty() && nothing.last_replies().is_empty());
    assert_eq!(nothing.fates()[2], Fate::LeftOut(LeftOut::Language));
    assert!(turns(&[]).is_empty());
}

#[test]
fn posts_may_stay_as_they_are() {
    let told = [(None, ANN), (Some(0), ANN), (Some(0), ANN), (Some(2), BOB)];
    let rules = Rules { self_replies: SelfReplies::Keep, ..Rules::default() };
    assert_eq!(texts(&Turns::of(&posts(&told), &rules, all)), [vec![0], vec![1], vec![2], vec![3]]);
}

#[test]
fn chains_of_any_length_are_walked() {
    let n = 200_000_u32;
    let told: Vec<(Option<u32>, u32)> = (0..n).map(|i| (i.checked_sub(1), i % 2)).collect();
    let found = turns(&posts(&told));
    assert_eq!((found.len(), found.last_replies()), (n as usize, vec![n - 1]));
    let alone: Vec<(Option<u32>, u32)> = (0..n).map(|i| (i.checked_sub(1), ANN)).collect();
    let found = turns(&posts(&alone));
    assert_eq!((found.len(), found.posts(0).len()), (1, n as usize));
}

#[test]
fn paths_end_at_the_last_reply() {
    // 0 prompts; 1 answers and is answered twice, the first time in vain; 3 is answered by 4; 5 answers 0.
    let told = [(None, ANN), (Some(0), BOB), (Some(1), CYD), (Some(1), ANN), (Some(3), BOB), (Some(0), CYD)];
    let found = turns(&posts(&told));
    let ends = found.last_replies();
    assert_eq!(ends, [4, 5]);
    let mut path = vec![9];
    found.path_to(4, &mut path);
    assert_eq!(path, [0, 1, 3, 4]);
    assert_eq!(found.on_paths(&ends), [true, true, false, true, true, true]);
    assert_eq!(found.depth_first(), [0, 1, 2, 3, 4, 5]);
}

/// The rules by recursion: the turns below a turn, as (posts, replies).
#[derive(Debug, PartialEq)]
struct Naive {
    posts: Vec<u32>,
    replies: Vec<Naive>,
}

struct Oracle<'a> {
    posts: &'a [Post],
    children: Vec<Vec<u32>>,
    parties: Parties,
}

impl Oracle<'_> {
    /// The turn that begins with a post, below turns of these authors; none where it is not told.
    fn turn(&self, head: u32, above: &[Option<u32>]) -> Option<Naive> {
        let post = self.posts[head as usize];
        if matches!(post.state, State::LeftOut(_)) {
            return None;
        }
        let by = |depth: usize| above.iter().skip(depth % 2).step_by(2).flatten();
        if self.parties == Parties::Two
            && let Some(author) = post.author
            && (by(above.len()).any(|other| *other != author)
                || by(above.len() + 1).any(|other| *other == author))
        {
            return None;
        }
        let (mut posts, mut answers) = (vec![head], Vec::new());
        let mut last = head;
        loop {
            let is_own =
                |child: &&u32| is_self_reply(&self.posts[**child as usize], &self.posts[last as usize]);
            let children = &self.children[last as usize];
            let is_of_another =
                |child: &&u32| !is_by_the_same(&self.posts[**child as usize], &self.posts[last as usize]);
            answers.extend(children.iter().filter(is_of_another));
            match children.iter().find(is_own) {
                Some(own) => last = *own,
                None => break,
            }
            posts.push(last);
        }
        let above: Vec<Option<u32>> = above.iter().copied().chain([post.author]).collect();
        answers.sort_by_key(|reply| (self.posts[*reply as usize].time, *reply));
        let replies: Vec<Naive> = answers.into_iter().filter_map(|reply| self.turn(reply, &above)).collect();
        if post.state == State::Deleted && replies.is_empty() {
            return None;
        }
        Some(Naive { posts, replies })
    }
}

fn as_naive(turns: &Turns, turn: u32) -> Naive {
    let replies = turns.replies(turn).iter().map(|reply| as_naive(turns, *reply)).collect();
    Naive { posts: turns.posts(turn).to_vec(), replies }
}

fn conversation() -> impl Strategy<Value = Vec<Post>> {
    let state = prop_oneof![
        8 => Just(State::Standing),
        2 => Just(State::Deleted),
        1 => Just(State::LeftOut(LeftOut::Unclean)),
    ];
    let post = (any::<prop::sample::Index>(), prop::option::weighted(0.9, 0_u32..4), 0_i64..9, state);
    prop::collection::vec(post, 1..40).prop_map(|told| {
        let post =
            |(i, (parent, author, time, state)): (usize, (prop::sample::Index, Option<u32>, i64, State))| {
                let is_root = i == 0;
                Post {
                    parent: (!is_root).then(|| parent.index(i.max(1)) as u32),
                    author: if is_root { Some(0) } else { author },
                    time: Some(time),
                    state: if is_root { State::Standing } else { state },
                }
            };
        told.into_iter().enumerate().map(post).collect()
    })
}

proptest! {
    #[test]
    fn turns_are_those_of_the_rules_by_recursion(posts in conversation(), is_two in any::<bool>()) {
        let parties = if is_two { Parties::Two } else { Parties::Any };
        let found = Turns::of(&posts, &Rules { parties, ..Rules::default() }, all);
        let mut children = vec![Vec::new(); posts.len()];
        for (i, post) in posts.iter().enumerate() {
            post.parent.into_iter().for_each(|parent| children[parent as usize].push(i as u32));
        }
        let oracle = Oracle { posts: &posts, children, parties };
        prop_assert_eq!(as_naive(&found, 0), oracle.turn(0, &[]).expect("the root stands"));

        // Every post of a turn is told, no other one is, and each has one fate.
        let mut of_turns: Vec<u32> = texts(&found).concat();
        of_turns.sort_unstable();
        let told: Vec<u32> = (0..posts.len() as u32)
            .filter(|post| !matches!(found.fates()[*post as usize], Fate::LeftOut(_)))
            .collect();
        prop_assert_eq!(of_turns, told);

        // Roles alternate on every path, and neighbours are of different authors where both are known.
        let author = |turn| posts[found.posts(turn)[0] as usize].author;
        for turn in 1..found.len() as u32 {
            let parent = found.parent(turn).expect("only the root has none");
            prop_assert_ne!(found.role(turn), found.role(parent));
            if !found.is_deleted(turn) && !found.is_deleted(parent) {
                prop_assert!(author(turn).is_none() || author(turn) != author(parent));
            }
        }

        // Last replies are the ends of the longest paths that can be learnt from.
        let ends = found.last_replies();
        let mut path = Vec::new();
        let mut paths = Vec::new();
        for turn in 0..found.len() as u32 {
            found.path_to(turn, &mut path);
            let can_be_learnt = path.iter().all(|turn| !found.is_deleted(*turn));
            if can_be_learnt && path.len() % 2 == 0 {
                paths.push(path.clone());
            }
        }
        let is_longest = |path: &Vec<u32>| !paths.iter().any(|other| other.len() > path.len() && other.starts_with(path));
        let mut expected: Vec<u32> = paths.iter().filter(|path| is_longest(path)).map(|path| path[path.len() - 1]).collect();
        let mut sorted = ends;
        sorted.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(sorted, expected);
    }
}
