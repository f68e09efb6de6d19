//! Forgetting commutes with ingest: whenever it happens, the same rows are left, and none of them tells of the forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use populi_model::table::{
    AccountRow, ActionRow, AttributeRow, EdgeRow, MediaRow, OriginalRow, PostRow, QuarantineRow, Row,
    SourceRow, TombstoneRow,
};
use populi_model::{
    Body, Event, Id, Key, Media, MediaKind, Operation, Origin, Platform, Post, Profile, Quarantined, Reason,
    RecordKind, Subject, Tally, Timestamp, Version,
};
use populi_store::{
    Corpus, CorpusParams, InputFile, RunBuilder, Shard, ShardEntry, Sieve, Snapshot, TableEntry,
};
use proptest::prelude::*;

/// Inputs in all.
const N_FILES: usize = 3;
/// Accounts in all; the first may be forgotten.
const ACCOUNTS: u8 = 3;

/// One event in a few small numbers.
#[derive(Clone, Copy, Debug)]
struct Spec {
    file: usize,
    is_of_a_table: bool,
    what: u8,
    actor: u8,
    record: u8,
    target_actor: u8,
    target_record: u8,
    operation: Operation,
    revision: u64,
}

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let operations = [Operation::Create, Operation::Create, Operation::Update, Operation::Delete];
    let spec = (
        0..N_FILES,
        any::<bool>(),
        0..9u8,
        0..ACCOUNTS,
        0..2u8,
        0..ACCOUNTS,
        0..2u8,
        proptest::sample::select(operations.to_vec()),
        0..6u64,
    );
    let spec = spec.prop_map(
        |(file, is_of_a_table, what, actor, record, target_actor, target_record, operation, revision)| Spec {
            file,
            is_of_a_table,
            what,
            actor,
            record,
            target_actor,
            target_record,
            operation,
            revision,
        },
    );
    proptest::collection::vec(spec, 0..24)
}

fn did(account: u8) -> String {
    format!("did:plc:account{account}")
}

fn handle(account: u8) -> String {
    format!("handle{account}.example")
}

fn uri(account: u8, record: u8) -> String {
    format!("at://{}/app.bsky.feed.post/{record}", did(account))
}

/// Puts the event of a spec, or a record that could not be read, into a run, as a reader of dumps does.
fn push(spec: Spec, offset: u64, run: &mut RunBuilder, sieve: &mut Sieve<'_>, tally: &mut Tally) {
    let origin = Origin { file: Key::of(&spec.file.to_string()), offset };
    tally.records += 1;
    if spec.what == 8 {
        tally.quarantine(Reason::BadJson);
        let head = format!("{{\"did\":\"{}\",\"handle\":\"{}\"", did(spec.actor), handle(spec.target_actor));
        let record = Quarantined {
            origin,
            file_name: "dump",
            line: offset,
            reason: Reason::BadJson,
            detail: "cut",
            head: head.as_bytes(),
        };
        if let Some(record) = sieve.sift(record) {
            run.push_quarantined(&record);
        }
        return;
    }
    tally.taken += 1;
    let texts = Texts::of(spec);
    let event =
        if spec.is_of_a_table { table_event(spec, &texts, origin) } else { texts.event(spec, origin) };
    if sieve.lets_pass(&event) {
        run.push_event(&event);
    }
}

/// The strings of an event, which it borrows.
struct Texts {
    actor: String,
    handle: String,
    record: String,
    target: String,
    target_account: String,
    link: String,
    said: String,
}

impl Texts {
    fn of(spec: Spec) -> Self {
        let (actor, record, target) = if spec.is_of_a_table {
            // An id says nothing of its author, and two authors may have one.
            let id = |record: u8| format!("table:post{record}");
            (format!("table:{}", did(spec.actor)), id(spec.record), id(spec.target_record))
        } else {
            // Of each kind the records have ids of their own.
            let record = match spec.what {
                2..=4 => format!("at://{}/kind{}/{}", did(spec.actor), spec.what, spec.record),
                _ => uri(spec.actor, spec.record),
            };
            (did(spec.actor), record, uri(spec.target_actor, spec.target_record))
        };
        Self {
            handle: handle(spec.actor),
            target_account: did(spec.target_actor),
            link: format!("https://example.org/{}/{}", handle(spec.target_actor), spec.target_record),
            said: format!("words of {}, {}", spec.actor, spec.revision),
            actor,
            record,
            target,
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject { post: Id::new(&self.target), account: Some(&self.target_account) }
    }

    /// Equal only where all that is said is equal, as the digest of a record is.
    fn content(&self, what: u8) -> u64 {
        Version::content_of(format!("{what} {} {}", self.said, self.target).as_bytes())
    }

    fn event(&self, spec: Spec, origin: Origin) -> Event<'_> {
        let Spec { operation, revision, .. } = spec;
        let (kind, body, operation) = match spec.what {
            0 => (RecordKind::Identity, Body::Handle(Some(&self.handle)), Operation::Notice),
            1 => {
                let profile = Profile { name: Some(&self.said), ..Profile::default() };
                (RecordKind::Profile, Body::Profile(Box::new(profile)), operation)
            }
            2 => (RecordKind::Like, Body::Like(self.subject()), operation),
            3 => (RecordKind::Follow, Body::Follow(Id::new(&self.target_account)), operation),
            4 => (RecordKind::Block, Body::Block(Id::new(&self.target_account)), operation),
            _ => (RecordKind::Post, Body::Post(Box::new(self.post(spec))), operation),
        };
        let is_gone = operation == Operation::Delete;
        let record = match kind {
            RecordKind::Identity | RecordKind::Profile => Id::new(&self.actor),
            _ => Id::new(&self.record),
        };
        Event {
            origin,
            platform: Platform::Bluesky,
            record,
            actor: Some(Id::new(&self.actor)),
            operation,
            version: Version { revision, content: if is_gone { 0 } else { self.content(spec.what) } },
            received_at: Some(Timestamp(revision as i64)),
            authored_at: None,
            body: if is_gone { Body::Gone(kind) } else { body },
            original: (!is_gone && kind != RecordKind::Identity).then_some(("", self.target.as_bytes())),
        }
    }

    fn post(&self, spec: Spec) -> Post<'_> {
        let answers = spec.what != 5;
        Post {
            text: &self.said,
            reply_to: answers.then(|| self.subject()),
            root: answers.then(|| Id::new(&self.target)),
            quote_of: (spec.what == 7).then(|| self.subject()),
            mentions: vec![&self.target_account],
            urls: vec![&self.link, "https://example.org/"],
            media: vec![Media {
                kind: MediaKind::External,
                content_id: None,
                url: Some(&self.link),
                alt: None,
            }],
            ..Post::default()
        }
    }
}

fn table_event<'a>(spec: Spec, texts: &'a Texts, origin: Origin) -> Event<'a> {
    let post = Post {
        text: &texts.said,
        reply_to: Some(Subject { post: Id::new(&texts.target), account: None }),
        attributes: vec![("whom", &texts.target_account), ("note", "a note")],
        ..Post::default()
    };
    Event {
        origin,
        platform: Platform::Table,
        record: Id::new(&texts.record),
        actor: Some(Id::new(&texts.actor)),
        operation: Operation::Create,
        version: Version { revision: spec.revision, content: texts.content(spec.what) },
        received_at: None,
        authored_at: None,
        body: Body::Post(Box::new(post)),
        original: None,
    }
}

/// Takes some inputs in, as one ingest.
fn ingest(corpus: &mut Corpus, specs: &[Spec], files: &[usize]) {
    let forgotten = corpus.manifest().forgotten.clone();
    let (mut shards, mut runs) = (Vec::new(), Vec::new());
    for &file in files {
        let mut run = RunBuilder::new(corpus.manifest().n_buckets, 0);
        let mut sieve = Sieve::new(&forgotten);
        let mut tally = Tally::default();
        for (offset, spec) in (0..).zip(specs).filter(|(_, spec)| spec.file == file) {
            push(*spec, offset, &mut run, &mut sieve, &mut tally);
        }
        sieve.account(&mut tally);
        corpus.remember(sieve.into_learned());
        let input =
            InputFile { name: format!("dump{file}"), file_hash: Key::of(&file.to_string()), n_bytes: 1 };
        let shard = Shard::new("ingest", 1, &serde_json::Value::Null, input);
        if !run.is_empty() {
            runs.push(run.publish(corpus.folder(), &shard.spec[..16]).unwrap());
        }
        shards.push((shard, tally));
    }
    corpus.commit_shards(shards, runs).unwrap();
    if corpus.has_pending_runs() {
        corpus.reduce(&|_| {}).unwrap();
    }
}

fn open(folder: &Path) -> Corpus {
    let params = CorpusParams { n_buckets: Some(3.try_into().unwrap()), keeps_originals: Some(true) };
    Corpus::open_or_create(folder, params).unwrap()
}

/// What is left: the digest of each table, and the account of each input.
fn outcome(corpus: &Corpus) -> (BTreeMap<String, String>, Vec<Tally>, String) {
    let manifest = corpus.manifest();
    let digests = manifest.tables.iter().filter(|(name, _)| *name != "quarantine" && *name != "sources");
    // A table that nothing was ever put into is as good as an empty one.
    let digests = digests.filter(|(_, table)| table.n_rows() > 0);
    let digests = digests.map(|(name, table)| (name.clone(), table.digest().to_string()));
    let tallies = manifest.shards.iter().map(|shard: &ShardEntry| shard.tally.clone()).collect();
    let classes = manifest.tables.get("sources").map(TableEntry::classes).unwrap_or_default();
    (digests.collect(), tallies, format!("{classes:?}"))
}

/// Every row of every table, in words.
fn everything(snapshot: &Snapshot) -> String {
    fn all<R: Row + Debug>(snapshot: &Snapshot) -> String {
        snapshot.rows::<R>().map(|row| format!("{:?}\n", row.unwrap())).collect()
    }
    let bytes = |row: OriginalRow<'static>| String::from_utf8(row.bytes.into_owned()).unwrap();
    let heads = |row: QuarantineRow<'static>| String::from_utf8(row.head.into_owned()).unwrap();
    [
        all::<PostRow<'static>>(snapshot),
        all::<AccountRow<'static>>(snapshot),
        all::<ActionRow<'static>>(snapshot),
        all::<TombstoneRow<'static>>(snapshot),
        all::<EdgeRow<'static>>(snapshot),
        all::<MediaRow<'static>>(snapshot),
        all::<AttributeRow<'static>>(snapshot),
        all::<SourceRow>(snapshot),
        snapshot.rows::<OriginalRow<'static>>().map(|row| bytes(row.unwrap())).collect(),
        snapshot.rows::<QuarantineRow<'static>>().map(|row| heads(row.unwrap())).collect(),
    ]
    .concat()
}

/// A corpus that took everything in and then forgot.
fn forget_at_the_end(folder: &Path, specs: &[Spec], ids: &BTreeSet<String>) -> Corpus {
    let mut corpus = open(folder);
    ingest(&mut corpus, specs, &(0..N_FILES).collect::<Vec<_>>());
    corpus.forget(ids, &|| {}).unwrap();
    corpus
}

/// A corpus that forgot between one ingest and the others.
fn forget_on_the_way(
    folder: &Path,
    specs: &[Spec],
    ids: &BTreeSet<String>,
    first: &[usize],
    rest: &[&[usize]],
) -> Corpus {
    let mut corpus = open(folder);
    ingest(&mut corpus, specs, first);
    corpus.forget(ids, &|| {}).unwrap();
    rest.iter().for_each(|files| ingest(&mut corpus, specs, files));
    corpus
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whenever_it_happens_the_same_is_left(
        specs in specs(),
        order in Just((0..N_FILES).collect::<Vec<_>>()).prop_shuffle(),
        after in 0..=N_FILES,
        forgets_a_record in any::<bool>(),
        cuts_between_files in any::<bool>(),
    ) {
        let mut ids = BTreeSet::from([did(0), format!("table:{}", did(0))]);
        if forgets_a_record {
            ids.extend([uri(1, 0), "table:post1".to_owned(), format!("at://{}/kind3/0", did(1))]);
        }
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let at_the_end = forget_at_the_end(folders[0].path(), &specs, &ids);
        let (first, rest) = order.split_at(after);
        let rest: Vec<&[usize]> =
            if cuts_between_files { rest.iter().map(std::slice::from_ref).collect() } else { vec![rest] };
        let on_the_way = forget_on_the_way(folders[1].path(), &specs, &ids, first, &rest);

        let left = everything(&on_the_way.snapshot());
        let tells_the_handle = |spec: &Spec| spec.what == 0 && spec.actor == 0 && !spec.is_of_a_table;
        let handle = specs.iter().any(tells_the_handle).then(|| handle(0));
        for id in ids.iter().chain(&handle) {
            prop_assert!(!left.contains(id.as_str()), "{} in {}", id, left);
        }
        prop_assert!(!left.contains("words of 0"), "{}", left);
        prop_assert_eq!(outcome(&on_the_way), outcome(&at_the_end));
        for shard in &on_the_way.manifest().shards {
            let tally = &shard.tally;
            let sum = tally.taken + tally.n_ignored() + tally.n_quarantined() + tally.blank;
            prop_assert_eq!(tally.records, sum);
        }
        let n_taken: u64 = on_the_way.manifest().shards.iter().map(|shard| shard.tally.taken).sum();
        prop_assert_eq!(on_the_way.snapshot().n_rows("sources"), n_taken, "every record is accounted for");
        let n_aside: u64 = on_the_way.manifest().shards.iter().map(|shard| shard.tally.n_quarantined()).sum();
        prop_assert_eq!(on_the_way.snapshot().n_rows("quarantine"), n_aside);
    }
}

#[test]
fn a_deleted_answer_keeps_its_place_below_what_is_forgotten() {
    let answer = Spec {
        file: 0,
        is_of_a_table: false,
        what: 6,
        actor: 1,
        record: 0,
        target_actor: 0,
        target_record: 0,
        operation: Operation::Create,
        revision: 1,
    };
    let specs = [answer, Spec { file: 1, operation: Operation::Delete, revision: 2, ..answer }];
    let ids = BTreeSet::from([did(0)]);
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for corpus in [
        forget_at_the_end(folders[0].path(), &specs, &ids),
        forget_on_the_way(folders[1].path(), &specs, &ids, &[0], &[&[1, 2]]),
    ] {
        let tombstones: Vec<TombstoneRow<'_>> = corpus.snapshot().rows().map(Result::unwrap).collect();
        let [tombstone] = &tombstones[..] else { panic!("{tombstones:?}") };
        let parent = Some(Key::of(&uri(0, 0)));
        assert_eq!((&tombstone.reply_to, tombstone.reply_to_key), (&None, parent));
        assert_eq!((&tombstone.root, tombstone.root_key), (&None, parent));
    }
}

#[test]
fn a_relation_loses_the_follow_that_is_forgotten_and_keeps_the_others() {
    let follow = Spec {
        file: 0,
        is_of_a_table: false,
        what: 3,
        actor: 1,
        record: 0,
        target_actor: 2,
        target_record: 0,
        operation: Operation::Create,
        revision: 1,
    };
    let again = Spec { record: 1, revision: 3, ..follow };
    let ids = BTreeSet::from([format!("at://{}/kind3/0", did(1))]);
    let edges = |specs: &[Spec]| -> Vec<(Key, Option<Timestamp>)> {
        let folder = tempfile::tempdir().unwrap();
        let snapshot = forget_at_the_end(folder.path(), specs, &ids).snapshot();
        snapshot
            .rows::<EdgeRow<'_>>()
            .map(Result::unwrap)
            .map(|edge| (edge.followed_key, edge.first_seen))
            .collect()
    };
    assert_eq!(edges(&[follow]), []);
    let kept = edges(&[again]);
    assert_eq!(kept.len(), 1);
    assert_eq!(edges(&[follow, again]), kept, "since the other follow");
}

#[test]
fn a_corpus_that_forgot_nothing_has_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let mut corpus = open(folder.path());
    ingest(&mut corpus, &[], &[0]);
    let manifest = std::fs::read_to_string(folder.path().join("manifest.json")).unwrap();
    assert!(!manifest.contains("forgotten"), "{manifest}");
    corpus.forget(&BTreeSet::from([did(0)]), &|| {}).unwrap();
    let manifest = std::fs::read_to_string(folder.path().join("manifest.json")).unwrap();
    assert!(manifest.contains("forgotten") && !manifest.contains(&did(0)), "{manifest}");
    drop(corpus);
    assert!(open(folder.path()).manifest().forgotten.names(&did(0)));
}
