//! Settling is a function of the set of events: any split, order and repetition gives the same rows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use populi_model::table::ActKind;
use populi_model::{
    AccountStatus, Body, Class, Counts, Event, Id, Key, Media, MediaKind, Operation, Origin, Platform, Post,
    Profile, RecordKind, Subject, Timestamp, Version,
};

use super::{AccountRows, RecordRows, SettledRecord, settle_account, settle_lone_create, settle_record};

const POST: &str = "at://did:plc:a/app.bsky.feed.post/1";
const LIKE: &str = "at://did:plc:a/app.bsky.feed.like/1";
const FOLLOW: &str = "at://did:plc:a/app.bsky.graph.follow/1";
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
    let is_seen = spec.operation == Operation::Seen;
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
        received_at: (!is_seen).then_some(Timestamp(spec.received_us)),
        // What a record says of itself is the same in every export.
        authored_at: is_seen.then_some(Timestamp(1000 + spec.text as i64)),
        body,
        original: match is_seen {
            true => Some(("cid", TEXTS[spec.text].as_bytes())),
            false => Some(("cid", ORIGINALS[spec.offset as usize % ORIGINALS.len()])),
        },
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

/// A message of a thread under pseudonyms, where an update tells a text only and nothing is sighted.
fn thread_event(spec: Spec) -> Event<'static> {
    let operation = if spec.operation == Operation::Seen { Operation::Update } else { spec.operation };
    let spec = Spec { operation, ..spec };
    let mut event = post_event(spec);
    event.platform = Platform::Blueprint;
    if let (Operation::Update, Body::Post(post)) = (spec.operation, &mut event.body) {
        post.reply_to = None;
    }
    event
}

fn like_event(spec: Spec) -> Event<'static> {
    let body = match spec.operation {
        Operation::Delete => Body::Gone(RecordKind::Like),
        _ => Body::Like(subject(["at://b/p/1", "at://b/p/2", "at://b/p/3", "at://b/p/4"][spec.text])),
    };
    let operation = if spec.operation == Operation::Update { Operation::Create } else { spec.operation };
    base(Spec { operation, ..spec }, LIKE, body)
}

fn follow_event(spec: Spec) -> Event<'static> {
    let body = match spec.operation {
        Operation::Delete => Body::Gone(RecordKind::Follow),
        _ => Body::Follow(Id::new(TEXTS[spec.text])),
    };
    base(spec, FOLLOW, body)
}

fn account_event(spec: Spec) -> Event<'static> {
    let statuses =
        [AccountStatus::Active, AccountStatus::Deleted, AccountStatus::Suspended, AccountStatus::Inactive];
    // Sightings are of profiles.
    let what = if spec.operation == Operation::Seen { 0 } else { spec.received_us % 3 };
    let (operation, body) = match (spec.operation, what) {
        (Operation::Delete, 0) => (Operation::Delete, Body::Gone(RecordKind::Profile)),
        (_, 0) => (
            spec.operation,
            Body::Profile(Box::new(Profile {
                name: Some(TEXTS[spec.text]),
                bio: Some(TEXTS[spec.text]),
                ..Profile::default()
            })),
        ),
        (_, 1) => (Operation::Notice, Body::Handle((spec.text > 0).then_some(TEXTS[spec.text]))),
        _ => (Operation::Notice, Body::Status(statuses[spec.text])),
    };
    // The revision of a notice is its time; of a commit, servers' clocks differ a little.
    let lag_us = if operation == Operation::Notice { 0 } else { spec.received_us / 10 };
    let received_us = (spec.revision >> 10) as i64 + lag_us;
    base(Spec { operation, received_us, ..spec }, ACTOR, body)
}

fn sorted_sources<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

/// All rows of a record, comparable.
fn rows_of(settled: &SettledRecord<'_>) -> String {
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        settled.rows.post,
        settled.rows.tombstone,
        settled.rows.actions,
        settled.rows.media,
        settled.rows.attributes,
        settled.rows.original,
        settled.follows,
        sorted_sources(&settled.rows.sources)
    )
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let operation = prop_oneof![
        3 => Just(Operation::Create),
        3 => Just(Operation::Update),
        3 => Just(Operation::Seen),
        1 => Just(Operation::Delete)
    ];
    let spec =
        (operation, 1..7u64, 0..4usize, 1..50i64).prop_map(|(operation, revision, text, received_us)| Spec {
            operation,
            // As a TID has it: every eighth microsecond.
            revision: (revision * 8) << 10,
            text,
            received_us,
            offset: 0,
        });
    proptest::collection::vec(spec, 0..12).prop_map(|mut specs| {
        (0..).zip(&mut specs).for_each(|(offset, spec)| spec.offset = offset);
        // Where an export has the record, copies of one commit agree about what it says: docs/design/runs-and-settling.md.
        if specs.iter().any(|spec| spec.operation == Operation::Seen) {
            let mut texts = std::collections::BTreeMap::new();
            specs.iter_mut().for_each(|spec| spec.text = *texts.entry(spec.revision).or_insert(spec.text));
        }
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
        make in prop_oneof![
            3 => Just(post_event as fn(Spec) -> Event<'static>),
            1 => Just(like_event as fn(Spec) -> Event<'static>),
            1 => Just(follow_event as fn(Spec) -> Event<'static>),
            2 => Just(thread_event as fn(Spec) -> Event<'static>),
        ],
        is_selected in any::<bool>(),
        deleted_at in proptest::option::of(0..60i64),
    ) {
        let deleted_at = deleted_at.map(Timestamp);
        let events: Vec<Event<'_>> = specs.iter().map(|spec| make(*spec)).collect();
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
        prop_assert_eq!(format!("{:?}", at_once.original), format!("{:?}", stands.original));
        prop_assert_eq!(sorted_sources(&at_once.sources), sorted_sources(&stands.sources));
        prop_assert_eq!(at_once.sources.len(), events.len(), "every record is accounted for");
    }
}

/// One of everything that an account makes, with all that a post may hold.
fn full_events() -> Vec<Event<'static>> {
    let quoted = Some(subject("at://b/p/9"));
    let post = |reply_to, quote_of| {
        Body::Post(Box::new(Post {
            created_at: Some(Timestamp(7)),
            text: "look",
            langs: vec!["en", "de"],
            reply_to,
            root: Some(Id::new("at://b/p/0")),
            quote_of,
            hashtags: vec!["tag"],
            mentions: vec!["did:plc:b"],
            urls: vec!["https://example.org"],
            counts: Counts { likes: Some(3), ..Counts::default() },
            media: vec![Media {
                kind: MediaKind::Image,
                content_id: Some("cid"),
                url: None,
                alt: Some("a cat"),
            }],
            attributes: vec![("label", "x")],
            ..Post::default()
        }))
    };
    let account = Id::new("did:plc:b");
    let bodies = [
        post(None, None),
        post(Some(subject("at://b/p/1")), None),
        post(None, quoted),
        post(Some(subject("at://b/p/1")), quoted),
        Body::Like(subject("at://b/p/1")),
        Body::Repost(subject("at://b/p/1")),
        Body::Follow(account),
        Body::Block(account),
        Body::Gone(RecordKind::Like),
    ];
    let operation = |body: &Body<'_>| match body {
        Body::Gone(_) => Operation::Delete,
        _ => Operation::Create,
    };
    bodies.into_iter().map(|body| base(spec(operation(&body), 5, 0), POST, body)).collect()
}

#[test]
fn a_lone_create_is_settled_as_any_record_is() {
    let mut n_lone = 0;
    for event in full_events() {
        for (received_at, deleted_at) in
            [(Some(5), None), (None, None), (Some(5), Some(4)), (Some(5), Some(6))]
        {
            let event = Event { received_at: received_at.map(Timestamp), ..event.clone() };
            let deleted_at = deleted_at.map(Timestamp);
            let Some(lone) = settle_lone_create(&event, deleted_at) else { continue };
            let whole = settle_record(RecordRows::default(), vec![event], deleted_at);
            let rows = lone.post.as_ref();
            let lone = SettledRecord {
                rows: RecordRows {
                    post: rows.map(|rows| rows.post.clone()),
                    media: rows.map(|rows| rows.media.clone()).unwrap_or_default(),
                    attributes: rows.map(|rows| rows.attributes.clone()).unwrap_or_default(),
                    actions: lone.actions,
                    sources: vec![lone.source],
                    original: lone.original,
                    tombstone: None,
                    unavailable: None,
                },
                follows: lone.follows,
            };
            assert_eq!(rows_of(&lone), rows_of(&whole));
            assert_eq!(format!("{:?}", lone.follows), format!("{:?}", whole.follows));
            n_lone += 1;
        }
    }
    // Deletes are not creates, and of posts of deleted accounts more is to be settled.
    assert_eq!(n_lone, 8 * 4 - 4 * 2);
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
fn an_update_that_tells_text_only_leaves_the_post_where_it_was() {
    let specs = [spec(Operation::Create, 1, 1), spec(Operation::Update, 2, 0), spec(Operation::Delete, 3, 0)];
    let settle = |n: usize| {
        let events = specs[..n].iter().map(|spec| thread_event(*spec)).collect();
        settle_record(RecordRows::default(), events, None).rows
    };
    let post = settle(2).post.unwrap();
    assert_eq!((&*post.text, post.reply_to.as_deref()), ("one", Some("at://b/p/1")));
    assert_eq!(post.reply_to_key, Some(Key::of("at://b/p/1")));
    assert_eq!(settle(3).tombstone.unwrap().reply_to.as_deref(), Some("at://b/p/1"));
}

#[test]
fn what_a_forgotten_post_left_of_a_thread_is_kept_by_an_update_that_tells_text_only() {
    let settle = |rows: RecordRows<'static>, specs: &[Spec]| {
        settle_record(rows, specs.iter().map(|spec| thread_event(*spec)).collect(), None).rows
    };
    let mut rows = settle(RecordRows::default(), &[spec(Operation::Create, 1, 1)]);
    rows.actions.iter_mut().for_each(|act| act.target_post = None);
    rows.post.as_mut().unwrap().reply_to = None;
    let rows = settle(rows, &[spec(Operation::Update, 2, 0)]);
    let post = rows.post.as_ref().unwrap();
    assert_eq!((post.reply_to.as_deref(), post.reply_to_key), (None, Some(Key::of("at://b/p/1"))));
    let tombstone = settle(rows, &[spec(Operation::Delete, 3, 0)]).tombstone.unwrap();
    assert_eq!((tombstone.reply_to.as_deref(), tombstone.reply_to_key), (None, Some(Key::of("at://b/p/1"))));
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
fn a_record_of_an_export_whose_create_was_seen_is_that_create() {
    let create = spec(Operation::Create, 1, 1);
    let (alone, both) = (settle_posts(&[create]), settle_posts(&[spec(Operation::Seen, 5, 1), create]));
    assert_eq!(format!("{:?}", alone.rows.post), format!("{:?}", both.rows.post));
    assert_eq!(format!("{:?}", alone.rows.actions), format!("{:?}", both.rows.actions));
    assert_eq!(classes(&both), [Class::Stored, Class::Duplicates]);
}

#[test]
fn an_export_alone_tells_acts_at_the_time_of_their_author() {
    let settled = settle_posts(&[spec(Operation::Seen, 7, 1), spec(Operation::Seen, 5, 1)]);
    let post = settled.rows.post.as_ref().unwrap();
    assert_eq!((&*post.text, post.revision, post.received_at, post.edited), ("two", 5, None, false));
    let act = &settled.rows.actions[0];
    assert_eq!((act.kind, act.operation, act.revision), (ActKind::Reply, Operation::Seen, 5));
    assert_eq!((act.at, act.target_post.as_deref()), (Some(Timestamp(1001)), Some("at://b/p/1")));
    assert_eq!((settled.rows.actions.len(), classes(&settled)), (1, vec![Class::Stored, Class::Duplicates]));
}

#[test]
fn an_export_tells_an_edit_that_nobody_saw() {
    let settled = settle_posts(&[spec(Operation::Create, 1, 1), spec(Operation::Seen, 5, 2)]);
    let post = settled.rows.post.as_ref().unwrap();
    assert_eq!((&*post.text, post.revision, post.edited), ("three", 5, true));
    let update = &settled.rows.actions[1];
    assert_eq!((update.kind, update.operation, update.at), (ActKind::Update, Operation::Seen, None));
    assert_eq!(update.prior_text.as_deref(), Some("two"));
    assert_eq!(classes(&settled), [Class::Superseded, Class::Stored]);
}

#[test]
fn an_update_after_an_export_knows_the_text_before_it() {
    let settled = settle_posts(&[spec(Operation::Seen, 5, 1), spec(Operation::Update, 6, 2)]);
    assert_eq!(settled.rows.post.unwrap().text, "three");
    let update = &settled.rows.actions[1];
    assert_eq!((update.prior_text.as_deref(), update.prior_revision), (Some("two"), Some(5)));
}

#[test]
fn a_delete_after_an_export_wins_and_one_before_it_does_not() {
    let later = settle_posts(&[spec(Operation::Seen, 5, 1), spec(Operation::Delete, 6, 0)]);
    assert!(later.rows.post.is_none() && later.rows.tombstone.is_some());
    assert_eq!(classes(&later), [Class::Superseded, Class::Deletes]);
    let same = settle_posts(&[spec(Operation::Seen, 5, 1), spec(Operation::Delete, 5, 0)]);
    assert!(same.rows.post.is_none());
    let earlier = [spec(Operation::Create, 1, 1), spec(Operation::Delete, 3, 0), spec(Operation::Seen, 5, 1)];
    let made_again = settle_posts(&earlier);
    assert_eq!(made_again.rows.post.as_ref().unwrap().revision, 5);
    assert!(made_again.rows.tombstone.is_none());
    assert_eq!(classes(&made_again), [Class::Superseded, Class::Deletes, Class::Stored]);
}

#[test]
fn an_undo_of_what_an_export_told_names_it() {
    let events = [spec(Operation::Delete, 6, 0), spec(Operation::Seen, 5, 1)].map(like_event).to_vec();
    let acts = settle_record(RecordRows::default(), events, None).rows.actions;
    assert_eq!((acts[0].kind, acts[0].at), (ActKind::Like, Some(Timestamp(1001))));
    assert_eq!((acts[1].kind, acts[1].undoes), (ActKind::Unlike, Some(5)));
    assert_eq!(acts[1].target_post.as_deref(), Some("at://b/p/2"));
}

#[test]
fn an_export_from_before_its_account_was_deleted_does_not_bring_posts_back() {
    let at = |revision: u64| vec![post_event(spec(Operation::Seen, revision << 10, 1))];
    let deleted_at = Some(Timestamp(29));
    let before = settle_record(RecordRows::default(), at(28), deleted_at);
    assert!(before.rows.post.is_none());
    assert_eq!(before.rows.tombstone.unwrap().deleted_at, deleted_at);
    let after = settle_record(RecordRows::default(), at(29), deleted_at);
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
