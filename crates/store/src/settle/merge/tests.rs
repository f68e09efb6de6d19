#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use populi_model::table::{ActKind, PostRow};
use populi_model::{
    Body, Class, Counts, Event, Id, Key, Operation, Origin, Platform, Post, Profile, RecordKind, Subject,
    Timestamp, Version,
};
use proptest::prelude::*;

use super::*;
use crate::settle::AccountRows;

const POST: &str = "twitter:20";
const ACTOR: &str = "twitter:user:12";
const TEXTS: [&str; 5] = ["just", "just setting up", "just setting it up", "", "just setting xx"];
const PARENTS: [&str; 2] = ["twitter:7", "twitter:8"];

/// What an event is made of.
#[derive(Clone, Copy, Debug)]
struct Spec {
    what: What,
    at_ms: u64,
    content: u64,
    text: usize,
    /// Which columns it tells.
    tells: u8,
    offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Direct,
    Hydrated,
    Embedded,
    Retweet,
    Delete,
    Withheld,
    Unavailable,
}

fn event(spec: Spec) -> Event<'static> {
    let subject = |post| Subject { post: Id::new(post), account: None };
    let tells = |bit: u8| spec.tells >> bit & 1 == 1;
    let (operation, body) = match spec.what {
        What::Delete => (Operation::Delete, Body::Gone(RecordKind::Post)),
        What::Withheld => (Operation::Notice, Body::PostWithheld(vec![["DE", "FR"][spec.text % 2]])),
        What::Unavailable => (Operation::Embedded, Body::Unavailable(["gone", "private"][spec.text % 2])),
        What::Retweet => (Operation::Create, Body::Repost(subject(PARENTS[0]))),
        what => {
            let operation = match what {
                What::Direct => Operation::Create,
                What::Hydrated => Operation::Seen,
                _ => Operation::Embedded,
            };
            (operation, Body::Post(Box::new(post(spec, tells))))
        }
    };
    let is_content = !matches!(spec.what, What::Delete | What::Withheld);
    Event {
        origin: Origin { file: Key::of("file"), offset: spec.offset },
        platform: Platform::Twitter,
        record: Id::new(POST),
        actor: (spec.what != What::Unavailable).then(|| Id::new(ACTOR)),
        operation,
        version: Version { revision: spec.at_ms, content: if is_content { spec.content } else { 0 } },
        received_at: tells(6).then_some(Timestamp(spec.at_ms as i64 * 1000)),
        authored_at: None,
        body,
        original: (spec.what == What::Direct).then_some(("", b"bytes")),
    }
}

fn post(spec: Spec, tells: impl Fn(u8) -> bool) -> Post<'static> {
    let mut attributes = Vec::new();
    if tells(0) {
        attributes.push(("text_cut", "true"));
    }
    if tells(1) {
        attributes.push(("place", "Boulder"));
    }
    Post {
        created_at: Some(Timestamp(5)),
        text: TEXTS[spec.text],
        hashtags: if tells(2) { vec!["tag"] } else { Vec::new() },
        reply_to: tells(3).then(|| Subject { post: Id::new(PARENTS[1]), account: None }),
        quote_of: tells(7).then(|| Subject { post: Id::new(PARENTS[0]), account: Some("twitter:user:3") }),
        counts: Counts { likes: tells(4).then_some(spec.at_ms as i64), ..Counts::default() },
        geo: tells(1).then_some("1.5,2.5"),
        client: tells(5).then_some("web"),
        conversation: tells(5).then_some("twitter:7"),
        withheld_in: if tells(6) { vec!["US", "DE"] } else { Vec::new() },
        attributes,
        ..Post::default()
    }
}

fn sighting(what: What, at_ms: u64, text: usize, tells: u8) -> Spec {
    Spec { what, at_ms, content: at_ms * 10 + text as u64, text, tells, offset: at_ms }
}

fn settle(specs: &[Spec]) -> SettledRecord<'static> {
    merge_record(RecordRows::default(), specs.iter().map(|spec| event(*spec)).collect(), None)
}

fn classes(settled: &SettledRecord<'_>) -> Vec<Class> {
    settled.rows.sources.iter().map(|source| source.class).collect()
}

fn the_post(settled: &SettledRecord<'static>) -> PostRow<'static> {
    settled.rows.post.clone().unwrap()
}

#[test]
fn the_text_that_is_not_cut_counts_then_the_longest() {
    let settled = settle(&[
        sighting(What::Direct, 9, 2, 0b1),
        sighting(What::Embedded, 5, 0, 0),
        sighting(What::Embedded, 6, 1, 0b100),
    ]);
    let post = the_post(&settled);
    assert_eq!((&*post.text, post.hashtags.len()), ("just setting up", 1));
    assert!(settled.rows.attributes.is_empty(), "the text that was cut is not shown");
    assert_eq!(classes(&settled), [Class::Stored, Class::Embedded, Class::Embedded]);
}

#[test]
fn counts_are_those_that_were_shown_last_and_the_rest_is_what_any_sighting_tells() {
    let settled =
        settle(&[sighting(What::Embedded, 9, 0, 0b1_0000), sighting(What::Direct, 5, 1, 0b11_1000)]);
    let post = the_post(&settled);
    assert_eq!((post.like_count, post.counted_at), (Some(9), Some(Timestamp(9000))));
    assert_eq!((post.reply_to.as_deref(), post.client.as_deref()), (Some("twitter:8"), Some("web")));
    assert_eq!((post.revision, post.content), (5, 51), "the newest direct record stands");
    let act = &settled.rows.actions[0];
    assert_eq!((act.kind, act.operation, settled.rows.actions.len()), (ActKind::Reply, Operation::Create, 1));
}

#[test]
fn equal_bytes_are_duplicates_and_older_ones_superseded() {
    let again = Spec { offset: 77, ..sighting(What::Direct, 5, 0, 0) };
    let settled = settle(&[again, sighting(What::Direct, 5, 0, 0), sighting(What::Hydrated, 8, 0, 0)]);
    assert_eq!(classes(&settled), [Class::Superseded, Class::Duplicates, Class::Stored]);
    assert_eq!(settled.rows.sources[0].offset, 5, "the first copy counts");
}

#[test]
fn a_delete_leaves_what_was_answered_and_no_text_whenever_it_comes() {
    let settled = settle(&[
        sighting(What::Delete, 3, 0, 0),
        sighting(What::Direct, 5, 2, 0b1000),
        sighting(What::Embedded, 9, 1, 0),
    ]);
    assert!(settled.rows.post.is_none() && settled.rows.original.is_none());
    let tombstone = settled.rows.tombstone.as_ref().unwrap();
    assert_eq!(tombstone.reply_to.as_deref(), Some("twitter:8"));
    assert_eq!(classes(&settled), [Class::Superseded, Class::Embedded, Class::Deletes]);
    let kinds: Vec<ActKind> = settled.rows.actions.iter().map(|act| act.kind).collect();
    assert_eq!(kinds, [ActKind::Reply, ActKind::Delete]);
    assert!(!format!("{settled:?}").contains("setting"));
}

#[test]
fn a_delete_of_a_retweet_undoes_the_repost() {
    for order in [[0, 1], [1, 0]] {
        let specs = [sighting(What::Retweet, 5, 0, 0), sighting(What::Delete, 7, 0, 0)];
        let settled = settle(&order.map(|i| specs[i]));
        assert!(settled.rows.tombstone.is_none());
        let acts: Vec<_> = settled
            .rows
            .actions
            .iter()
            .map(|act| (act.kind, act.target_post.as_deref(), act.undoes))
            .collect();
        let undone = Some("twitter:7");
        assert_eq!(acts, [(ActKind::Repost, undone, None), (ActKind::Unrepost, undone, Some(5))]);
        assert_eq!(classes(&settled), [Class::Superseded, Class::Deletes]);
    }
}

#[test]
fn a_delete_of_what_nobody_saw_is_a_tombstone() {
    let settled = settle(&[sighting(What::Delete, 7, 0, 0)]);
    let tombstone = settled.rows.tombstone.unwrap();
    assert_eq!((tombstone.author_id.as_deref(), tombstone.seen_revision), (Some(ACTOR), None));
}

#[test]
fn countries_of_a_notice_wait_for_their_post() {
    let notice = settle(&[sighting(What::Withheld, 7, 1, 0)]);
    assert!(notice.rows.post.is_none());
    assert_eq!(notice.rows.attributes[0].value, "FR");
    let settled = merge_record(notice.rows, vec![event(sighting(What::Direct, 9, 0, 0b100_0000))], None);
    assert_eq!(settled.rows.post.unwrap().withheld_in, ["DE", "FR", "US"]);
    assert!(settled.rows.attributes.is_empty());
}

#[test]
fn a_notice_that_names_no_country_stays_where_it_is() {
    let notice = Event { body: Body::PostWithheld(Vec::new()), ..event(sighting(What::Withheld, 7, 0, 0)) };
    let stands = merge_record(RecordRows::default(), vec![notice], None).rows;
    let again = merge_record(stands, Vec::new(), None).rows;
    let places: Vec<Key> = again.sources.iter().map(|source| source.record_key).collect();
    assert_eq!(places, [Key::of(POST)]);
}

#[test]
fn notices_about_the_account_are_heeded() {
    let account = |events| merge_account(AccountRows::default(), events).account.unwrap();
    let notice = |body| Event {
        record: Id::new(ACTOR),
        operation: Operation::Notice,
        body,
        ..event(sighting(What::Delete, 7, 0, 0))
    };
    let scrubbed = account(vec![notice(Body::GeoScrubbed(20)), notice(Body::AccountWithheld(vec!["IN"]))]);
    let notices = AccountNotices::of(&scrubbed);
    let direct = || vec![event(sighting(What::Direct, 5, 0, 0b10))];
    let post = merge_record(RecordRows::default(), direct(), notices.as_ref()).rows;
    assert!(post.attributes.is_empty() && post.post.as_ref().unwrap().geo.is_none());
    assert_eq!(post.post.unwrap().withheld_in, ["IN"]);
    // Later posts keep where they were written.
    let notices = AccountNotices::of(&account(vec![notice(Body::GeoScrubbed(19))]));
    let later = merge_record(RecordRows::default(), direct(), notices.as_ref()).rows;
    assert_eq!((later.attributes.len(), later.post.unwrap().geo.as_deref()), (1, Some("1.5,2.5")));
    assert!(AccountNotices::of(&account(vec![notice(Body::Profile(Box::default()))])).is_none());
}

#[test]
fn the_newest_profile_stands() {
    let profile = |at_ms, name| Event {
        record: Id::new(ACTOR),
        body: Body::Profile(Box::new(Profile { name: Some(name), ..Profile::default() })),
        ..event(sighting(What::Embedded, at_ms, 0, 0))
    };
    let older = merge_account(AccountRows::default(), vec![profile(9, "new"), profile(5, "old")]);
    assert!(older.sources.is_empty(), "a profile is counted with the post that it stands beside");
    let row = merge_account(older, vec![profile(7, "middle")]).account.unwrap();
    assert_eq!((row.name.as_deref(), row.profile_revision), (Some("new"), Some(9)));
}

#[test]
fn what_is_not_shown_has_its_reason() {
    let settled = settle(&[sighting(What::Unavailable, 7, 1, 0), sighting(What::Unavailable, 9, 0, 0)]);
    let row = settled.rows.unavailable.unwrap();
    assert_eq!((&*row.reason, row.at), ("gone", Some(Timestamp(9000))));
    assert!(settled.rows.sources.is_empty() && settled.rows.post.is_none());
}

#[test]
fn a_lone_sighting_is_settled_as_any_record_is() {
    let mut n_lone = 0;
    for what in [What::Direct, What::Hydrated, What::Embedded, What::Retweet, What::Delete, What::Withheld] {
        for tells in 0..=255 {
            let event = event(sighting(what, 5, 1, tells));
            let Some(lone) = merge_lone(&event, None) else { continue };
            let rows = lone.post.as_ref();
            let lone = RecordRows {
                post: rows.map(|rows| rows.post.clone()),
                media: rows.map(|rows| rows.media.clone()).unwrap_or_default(),
                attributes: rows.map(|rows| rows.attributes.clone()).unwrap_or_default(),
                actions: lone.actions,
                sources: vec![lone.source],
                original: lone.original,
                ..RecordRows::default()
            };
            let whole = merge_record(RecordRows::default(), vec![event], None).rows;
            assert_eq!(format!("{lone:?}"), format!("{whole:?}"));
            n_lone += 1;
        }
    }
    assert_eq!(n_lone, 4 * 256);
}

fn spec(whats: &'static [What]) -> impl Strategy<Value = Spec> {
    let what = prop::sample::select(whats);
    (what, 1..6_u64, 0..3_u64, 0..TEXTS.len(), any::<u8>(), 0..50_u64).prop_map(
        |(what, at_ms, content, text, tells, offset)| {
            // Equal bytes say the same.
            let content = content + 3 * (text as u64 + 5 * (u64::from(tells) + 256 * at_ms));
            Spec { what, at_ms, content, text, tells, offset }
        },
    )
}

proptest! {
    #[test]
    fn sightings_of_a_post_give_the_same_rows_in_any_order_and_pieces(
        specs in prop::collection::vec(
            spec(&[What::Direct, What::Hydrated, What::Embedded, What::Embedded, What::Withheld, What::Unavailable]),
            1..8,
        ),
        deletes in prop::collection::vec(spec(&[What::Delete]), 0..2),
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        cut in 0..9_usize,
        scrub in any::<bool>(),
    ) {
        in_any_order([specs, deletes].concat(), &order, cut, scrub)?;
    }

    #[test]
    fn so_do_those_of_a_retweet(
        specs in prop::collection::vec(spec(&[What::Retweet, What::Delete]), 1..6),
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        cut in 0..9_usize,
    ) {
        in_any_order(specs, &order, cut, false)?;
    }
}

fn in_any_order(specs: Vec<Spec>, order: &[usize], cut: usize, scrub: bool) -> Result<(), TestCaseError> {
    // No two records of one input begin at one place.
    let specs: Vec<Spec> =
        specs.into_iter().zip(0..).map(|(spec, i)| Spec { offset: spec.offset * 16 + i, ..spec }).collect();
    let notices =
        scrub.then(|| AccountNotices { geo_scrubbed_up_to: Some(20), withheld_in: vec!["IN".into()] });
    let at_once = merge_record(
        RecordRows::default(),
        specs.iter().map(|spec| event(*spec)).collect(),
        notices.as_ref(),
    );
    let shuffled: Vec<Event<'static>> =
        order.iter().filter_map(|&i| specs.get(i)).map(|spec| event(*spec)).collect();
    let (first, second) = shuffled.split_at(cut.min(shuffled.len()));
    // The notice comes with the second piece.
    let stands = merge_record(RecordRows::default(), first.to_vec(), None).rows;
    let in_pieces = merge_record(stands, second.to_vec(), notices.as_ref());
    prop_assert_eq!(format!("{:?}", at_once.rows), format!("{:?}", in_pieces.rows));
    let n_shown = specs.iter().filter(|spec| spec.what != What::Unavailable).count();
    prop_assert_eq!(at_once.rows.sources.len(), n_shown, "every record is accounted for");
    Ok(())
}
