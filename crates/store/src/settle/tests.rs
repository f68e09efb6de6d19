//! Settling is a function of the set of events: any split, order and repetition gives the same rows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use populi_model::table::ActKind;
use populi_model::{
    AccountStatus, Body, Class, Event, Id, Key, Operation, Origin, Platform, Post, Profile, RecordKind,
    Subject, Timestamp, Version,
};

use super::{AccountRows, RecordRows, SettledRecord, settle_account, settle_record};

const POST: &str = "at://did:plc:a/app.bsky.feed.post/1";
const LIKE: &str = "at://did:plc:a/app.bsky.feed.like/1";
const ACTOR: &str = "did:plc:a";
/// Copies of one event may be written in different ways; which one is kept must not depend on the order.
const ORIGINALS: [&[u8]; 5] = [b"{}", b"{ }", b"{  }", b"{   }", b"{    }"];
const TEXTS: [&str; 4] = ["one", "two", "three", "four"];

/// An event in few words.
#[derive(Clone, Copy, Debug)]
struct Spec {
    operation: Operation,
    revision: u64,
    text: usize,
    received_us: i64,
    offset: u64,
}

fn base(spec: Spec, record: &'static str, body: Body<'static>) -> Event<'static> {
    let content = match &body {
        Body::Gone(_) => 0,
        body => Version::content_of(format!("{body:?}").as_bytes()),
    };
    Event {
        origin: Origin { file: Key::of("file"), offset: spec.offset },
        platform: Platform::Bluesky,
        record: Id::new(record),
        actor: Some(Id::new(ACTOR)),
        operation: spec.operation,
        version: Version { revision: spec.revision, content },
        received_at: Some(Timestamp(spec.received_us)),
        body,
        original: Some(("cid", ORIGINALS[spec.offset as usize % ORIGINALS.len()])),
    }
}

/// What an ingest makes of it whose selection leaves out later versions that say what the last of [`TEXTS`] does.
fn selected(event: Event<'static>) -> Event<'static> {
    let is_left_out = matches!(&event.body, Body::Post(post) if post.text == TEXTS[3]);
    if is_left_out && event.operation == Operation::Update {
        return Event { body: Body::LeftOut, original: None, ..event };
    }
    event
}

fn subject(post: &'static str) -> Subject<'static> {
    Subject { post: Id::new(post), account: None }
}

fn post_event(spec: Spec) -> Event<'static> {
    let body = match spec.operation {
        Operation::Delete => Body::Gone(RecordKind::Post),
        _ => Body::Post(Box::new(Post {
            text: TEXTS[spec.text],
            reply_to: (spec.text > 0)
                .then(|| subject(["", "at://b/p/1", "at://b/p/2", "at://b/p/3"][spec.text])),
            ..Post::default()
        })),
    };
    base(spec, POST, body)
}

fn like_event(spec: Spec) -> Event<'static> {
    let body = match spec.operation {
        Operation::Delete => Body::Gone(RecordKind::Like),
        _ => Body::Like(subject(["at://b/p/1", "at://b/p/2", "at://b/p/3", "at://b/p/4"][spec.text])),
    };
    let operation = if spec.operation == Operation::Update { Operation::Create } else { spec.operation };
    base(Spec { operation, ..spec }, LIKE, body)
}

fn account_event(spec: Spec) -> Event<'static> {
    let statuses =
        [AccountStatus::Active, AccountStatus::Deleted, AccountStatus::Suspended, AccountStatus::Inactive];
    let (operation, body) = match (spec.operation, spec.received_us % 3) {
        (Operation::Delete, 0) => (Operation::Delete, Body::Gone(RecordKind::Profile)),
        (_, 0) => (
            spec.operation,
            Body::Profile(Profile { name: Some(TEXTS[spec.text]), bio: Some(TEXTS[spec.text]) }),
        ),
        (_, 1) => (Operation::Notice, Body::Handle((spec.text > 0).then_some(TEXTS[spec.text]))),
        _ => (Operation::Notice, Body::Status(statuses[spec.text])),
    };
    base(Spec { operation, received_us: spec.revision as i64 * 10, ..spec }, ACTOR, body)
}

fn sorted_sources<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

/// All rows of a record, comparable.
fn rows_of(settled: &SettledRecord<'_>) -> String {
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        settled.rows.post,
        settled.rows.tombstone,
        settled.rows.actions,
        settled.rows.media,
        settled.rows.attributes,
        settled.rows.original,
        sorted_sources(&settled.rows.sources)
    )
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let operation = prop_oneof![
        3 => Just(Operation::Create),
        3 => Just(Operation::Update),
        1 => Just(Operation::Delete)
    ];
    let spec =
        (operation, 1..7u64, 0..4usize, 1..50i64).prop_map(|(operation, revision, text, received_us)| Spec {
            operation,
            revision,
            text,
            received_us,
            offset: 0,
        });
    proptest::collection::vec(spec, 0..12).prop_map(|mut specs| {
        (0..).zip(&mut specs).for_each(|(offset, spec)| spec.offset = offset);
        specs
    })
}

/// Cuts a list at each place where `cuts` says so.
fn pieces<'a>(events: &[Event<'a>], cuts: &[bool]) -> Vec<Vec<Event<'a>>> {
    let mut pieces = vec![Vec::new()];
    for (event, &cut) in events.iter().zip(cuts.iter().chain(std::iter::repeat(&false))) {
        if cut {
            pieces.push(Vec::new());
        }
        pieces.last_mut().unwrap().push(event.clone());
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_settle_alike_in_any_pieces_and_order(
        (specs, order) in specs().prop_flat_map(|specs| {
            let order = Just((0..specs.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(specs), order)
        }),
        cuts in proptest::collection::vec(any::<bool>(), 12),
        is_like in any::<bool>(),
        is_selected in any::<bool>(),
        deleted_at in proptest::option::of(0..60i64),
    ) {
        let deleted_at = deleted_at.map(Timestamp);
        let event = |spec: &Spec| if is_like { like_event(*spec) } else { post_event(*spec) };
        let events: Vec<Event<'_>> = specs.iter().map(event).collect();
        let events = if is_selected { events.into_iter().map(selected).collect() } else { events };
        let at_once = settle_record(RecordRows::default(), events.clone(), deleted_at);
        let shuffled: Vec<Event<'_>> = order.iter().map(|&i| events[i].clone()).collect();
        let mut stands = RecordRows::default();
        for piece in pieces(&shuffled, &cuts) {
            // The account's deletion may become known at any time; here it is known from the start or at the end.
            let known = if cuts[0] { deleted_at } else { None };
            // What one ingest leaves is what the next one finds.
            stands = settle_record(stands, piece, known).rows;
        }
        let piecewise = settle_record(stands, Vec::new(), deleted_at);
        prop_assert_eq!(rows_of(&at_once), rows_of(&piecewise));
        prop_assert_eq!(at_once.rows.sources.len(), events.len(), "every record is accounted for");
    }

    #[test]
    fn accounts_settle_alike_in_any_pieces_and_order(
        (specs, order) in specs().prop_flat_map(|specs| {
            let order = Just((0..specs.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(specs), order)
        }),
        cuts in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let events: Vec<Event<'_>> = specs.iter().map(|spec| account_event(*spec)).collect();
        let at_once = settle_account(AccountRows::default(), events.clone());
        let shuffled: Vec<Event<'_>> = order.iter().map(|&i| events[i].clone()).collect();
        let mut stands = AccountRows::default();
        for piece in pieces(&shuffled, &cuts) {
            stands = settle_account(stands, piece);
        }
        prop_assert_eq!(format!("{:?}", at_once.account), format!("{:?}", stands.account));
        prop_assert_eq!(format!("{:?}", at_once.actions), format!("{:?}", stands.actions));
        prop_assert_eq!(sorted_sources(&at_once.sources), sorted_sources(&stands.sources));
        prop_assert_eq!(at_once.sources.len(), events.len(), "every record is accounted for");
    }
}

fn spec(operation: Operation, revision: u64, text: usize) -> Spec {
    Spec { operation, revision, text, received_us: revision as i64, offset: revision }
}

fn settle_posts(specs: &[Spec]) -> SettledRecord<'static> {
    settle_record(RecordRows::default(), specs.iter().map(|spec| post_event(*spec)).collect(), None)
}

fn classes(settled: &SettledRecord<'_>) -> Vec<Class> {
    settled.rows.sources.iter().map(|source| source.class).collect()
}

#[test]
fn the_newest_version_stands_and_an_update_keeps_the_text_before_it() {
    let settled = settle_posts(&[spec(Operation::Update, 2, 1), spec(Operation::Create, 1, 0)]);
    let post = settled.rows.post.as_ref().unwrap();
    assert_eq!((&*post.text, post.edited), ("two", true));
    assert_eq!(settled.rows.actions.len(), 2);
    assert_eq!(settled.rows.actions[1].kind, ActKind::Update);
    assert_eq!(settled.rows.actions[1].prior_text.as_deref(), Some("one"));
    assert_eq!(classes(&settled), [Class::Superseded, Class::Stored]);
}

#[test]
fn a_delete_wins_over_what_came_before_it_and_leaves_no_text() {
    let settled = settle_posts(&[
        spec(Operation::Delete, 3, 0),
        spec(Operation::Create, 1, 2),
        spec(Operation::Update, 2, 1),
    ]);
    assert!(settled.rows.post.is_none());
    let tombstone = settled.rows.tombstone.as_ref().unwrap();
    assert_eq!(tombstone.reply_to.as_deref(), Some("at://b/p/1"), "as its newest version said");
    assert_eq!(tombstone.deleted_at, Some(Timestamp(3)));
    assert!(!rows_of(&settled).contains("\"one\"") && !rows_of(&settled).contains("\"three\""));
    assert_eq!(classes(&settled), [Class::Superseded, Class::Superseded, Class::Deletes]);
}

#[test]
fn a_record_made_again_after_its_delete_stands() {
    let settled = settle_posts(&[
        spec(Operation::Create, 1, 0),
        spec(Operation::Delete, 2, 0),
        spec(Operation::Create, 3, 1),
    ]);
    assert_eq!(settled.rows.post.as_ref().unwrap().text, "two");
    assert!(settled.rows.tombstone.is_none());
    assert_eq!(classes(&settled), [Class::Superseded, Class::Deletes, Class::Stored]);
}

#[test]
fn an_undo_names_what_it_undoes_and_the_act_stays() {
    let events = [spec(Operation::Delete, 2, 0), spec(Operation::Create, 1, 1)].map(like_event).to_vec();
    let settled = settle_record(RecordRows::default(), events, None);
    let kinds: Vec<ActKind> = settled.rows.actions.iter().map(|act| act.kind).collect();
    assert_eq!(kinds, [ActKind::Like, ActKind::Unlike]);
    assert_eq!(settled.rows.actions[1].undoes, Some(1));
    assert_eq!(settled.rows.actions[1].target_post.as_deref(), Some("at://b/p/2"));
    assert_eq!(classes(&settled), [Class::Superseded, Class::Deletes]);
}

#[test]
fn of_equal_copies_the_first_counts_and_the_earliest_receipt_is_kept() {
    let copy = |offset, received_us| Spec { offset, received_us, ..spec(Operation::Create, 1, 0) };
    let settled = settle_posts(&[copy(9, 5), copy(4, 7)]);
    let counted: Vec<(u64, Class)> =
        settled.rows.sources.iter().map(|source| (source.offset, source.class)).collect();
    assert_eq!(counted, [(4, Class::Stored), (9, Class::Duplicates)]);
    assert_eq!(settled.rows.post.unwrap().received_at, Some(Timestamp(5)));
    assert_eq!(settled.rows.actions.len(), 1);
}

#[test]
fn what_went_with_the_account_takes_the_history_before_it_along() {
    let at = |operation, revision, text, received_us| Spec { received_us, ..spec(operation, revision, text) };
    let events =
        [at(Operation::Create, 1, 0, 33), at(Operation::Update, 2, 1, 16), at(Operation::Update, 3, 2, 42)]
            .map(post_event);
    let settled = settle_record(RecordRows::default(), events.to_vec(), Some(Timestamp(29)));
    assert_eq!(settled.rows.post.unwrap().text, "three");
    assert!(settled.rows.actions.iter().all(|act| act.prior_text.is_none()));
}

#[test]
fn a_deleted_account_takes_its_earlier_posts_with_it() {
    let events = vec![post_event(spec(Operation::Create, 5, 0))];
    let before = settle_record(RecordRows::default(), events.clone(), Some(Timestamp(6)));
    assert!(before.rows.post.is_none());
    assert_eq!(before.rows.tombstone.unwrap().deleted_at, Some(Timestamp(6)));
    let after = settle_record(RecordRows::default(), events, Some(Timestamp(5)));
    assert!(after.rows.post.is_some());
}

#[test]
fn a_later_version_that_a_selection_left_out_takes_the_earlier_one_away_until_another_comes() {
    let history =
        [spec(Operation::Create, 1, 0), spec(Operation::Update, 2, 3), spec(Operation::Update, 3, 1)];
    let events: Vec<Event<'_>> = history.iter().map(|spec| selected(post_event(*spec))).collect();
    let settle = |events: &[Event<'static>]| settle_record(RecordRows::default(), events.to_vec(), None);
    let settled = settle(&events[..2]);
    assert!(settled.rows.post.is_none() && settled.rows.tombstone.is_none());
    assert_eq!(classes(&settled), [Class::Superseded, Class::LeftOut]);
    let settled = settle(&events);
    assert_eq!(settled.rows.post.as_ref().unwrap().text, TEXTS[1]);
    assert_eq!(classes(&settled), [Class::Superseded, Class::LeftOut, Class::Stored]);
    let prior: Vec<Option<&str>> = settled.rows.actions.iter().map(|act| act.prior_text.as_deref()).collect();
    assert_eq!(prior, [None, None, None], "neither the text that was left out nor the one before it");
    // Alone, it leaves its act and its source.
    let settled = settle_record(settle(&events[1..2]).rows, Vec::new(), None);
    assert!(settled.rows.post.is_none() && settled.rows.tombstone.is_none());
    assert_eq!((settled.rows.actions.len(), classes(&settled)), (1, vec![Class::LeftOut]));
}
