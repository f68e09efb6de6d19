//! A corpus of two conversations, and how tests ask it.
//!
//! Ann asks, Bob answers, Ann answers Bob's deleted answer, Cat is suspended (hidden), and Dan answers a post that was
//! never read.

use std::borrow::Cow;
use std::path::Path;

use populi_model::table::{
    AccountRow, ActKind, ActionRow, ClusterRow, ConversationRow, LabelRow, LanguageRow, PersonaRow, PostRow,
    QuarantineRow, ThreadShapeRow, TombstoneRow, VectorRow,
};
use populi_model::{AccountStatus, Key, Operation, Platform, Reason, RecordKind, Timestamp};
use populi_query::{Engine, EngineParams, Format, write};
use populi_store::{Corpus, CorpusParams, Error, StepOutput, StepSpec};

/// A text with everything that breaks a format.
pub const NAUGHTY: &str =
    "a \"quote\", a comma\r\na new line\ta tab \u{0} \\ \u{1b}[31m 'x' 日本 👩‍👩‍👧 \u{202e}";
/// A number that no double holds.
pub const LARGE: u64 = (1 << 53) + 1;

/// An engine over a corpus, and the folder that must outlive it.
pub struct World {
    pub engine: Engine,
    _folder: tempfile::TempDir,
}

impl World {
    /// The corpus with all its tables.
    pub fn full() -> Self {
        Self::with_threads(2)
    }

    /// The same, read with a number of threads.
    pub fn with_threads(threads: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A name that is not the same as a URL.
        let corpus = folder.path().join("a corpus %20 ü");
        fill(&corpus);
        Self::open(folder, &corpus, EngineParams { threads, ..EngineParams::default() })
    }

    /// A corpus without any table.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let corpus = folder.path().join("corpus");
        drop(Corpus::open_or_create(&corpus, CorpusParams::default()).unwrap());
        Self::open(folder, &corpus, EngineParams { threads: 2, ..EngineParams::default() })
    }

    fn open(folder: tempfile::TempDir, corpus: &Path, params: EngineParams) -> Self {
        let snapshot = populi_store::Snapshot::open(corpus).unwrap();
        Self { engine: Engine::open(&snapshot, &params).unwrap(), _folder: folder }
    }

    /// The result of a query in a format.
    pub fn ask(&self, sql: &str, format: Format) -> String {
        let mut output = Vec::new();
        let query = self.engine.query(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        write(query, format, &mut output).unwrap_or_else(|error| panic!("{sql}: {error}"));
        String::from_utf8(output).unwrap()
    }

    /// The rows of a query as CSV without its header.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        self.ask(sql, Format::Csv).lines().skip(1).map(str::to_owned).collect()
    }

    /// Why a query is not run.
    pub fn refusal(&self, sql: &str) -> String {
        match self.engine.query(sql) {
            Ok(_) => panic!("{sql} was planned"),
            Err(error) => error.to_string(),
        }
    }
}

fn fill(folder: &Path) {
    let mut corpus = Corpus::open_or_create(folder, CorpusParams::default()).unwrap();
    let snapshot = corpus.snapshot();
    let mut output = StepOutput::new(&snapshot);
    base_tables(&mut output);
    derived_tables(&mut output);
    let spec = StepSpec { step: "test", step_version: 1, parameters: ().into(), inputs: Vec::new() };
    output.publish(&mut corpus, &spec, ().into()).unwrap();
}

fn ok<T>(rows: Vec<T>) -> impl Iterator<Item = Result<T, Error>> {
    rows.into_iter().map(Ok)
}

fn at(hour: i64) -> Option<Timestamp> {
    // 2024-01-01, on the hour.
    Some(Timestamp(1_704_067_200_000_000 + hour * 3_600_000_000))
}

fn post(
    id: &'static str,
    author: &'static str,
    reply_to: Option<&'static str>,
    text: &'static str,
) -> PostRow<'static> {
    PostRow {
        post_key: Key::of(id),
        post_id: id.into(),
        platform: Platform::Bluesky,
        author_id: Some(author.into()),
        author_key: Some(Key::of(author)),
        created_at: at(1),
        received_at: None,
        text: text.into(),
        declared_lang: Vec::new(),
        reply_to: reply_to.map(Cow::from),
        reply_to_key: reply_to.map(Key::of),
        root: reply_to.map(|_| "p1".into()),
        root_key: reply_to.map(|_| Key::of("p1")),
        quote_of: None,
        quote_of_key: None,
        hashtags: vec!["cats".into(), "a \"b\"".into()],
        mentions: Vec::new(),
        urls: Vec::new(),
        like_count: None,
        reply_count: None,
        repost_count: None,
        quote_count: None,
        counted_at: None,
        conversation_id: None,
        client: None,
        geo: None,
        withheld_in: Vec::new(),
        edit_of: None,
        edit_of_key: None,
        body_start: None,
        body_end: None,
        media_ids: Vec::new(),
        edited: false,
        revision: LARGE,
        content: 1,
    }
}

fn act(
    record: &'static str,
    operation: Operation,
    revision: u64,
    kind: ActKind,
    actor: &'static str,
) -> ActionRow<'static> {
    ActionRow {
        record_key: Key::of(record),
        record_id: record.into(),
        operation,
        revision,
        content: 0,
        kind,
        actor_id: Some(actor.into()),
        actor_key: Some(Key::of(actor)),
        target_post: Some("p1".into()),
        target_key: Some(Key::of("p1")),
        target_account: Some("ann".into()),
        undoes: (operation == Operation::Delete).then(|| revision - 1),
        prior_text: None,
        prior_revision: None,
        prior_content: None,
        at: at(revision as i64),
    }
}

fn base_tables(output: &mut StepOutput<'_>) {
    let dan = PostRow { root: None, root_key: None, ..post("p5", "dan", Some("p4"), "no such post") };
    let posts = vec![
        post("p1", "ann", None, "the first post"),
        post("p3", "ann", Some("p2"), NAUGHTY),
        dan,
        post("p6", "cat", Some("p1"), "hidden"),
    ];
    output.write(ok(posts)).unwrap();
    let tombstone = TombstoneRow {
        record_key: Key::of("p2"),
        record_id: "p2".into(),
        author_id: Some("bob".into()),
        author_key: Some(Key::of("bob")),
        kind: RecordKind::Post,
        reply_to: Some("p1".into()),
        reply_to_key: Some(Key::of("p1")),
        root: None,
        root_key: None,
        conversation_id: None,
        edit_of_key: None,
        deleted_at: at(5),
        seen_revision: None,
        seen_content: None,
    };
    output.write(ok(vec![tombstone])).unwrap();
    let actions = vec![
        act("p1", Operation::Create, 1, ActKind::Post, "ann"),
        act("l1", Operation::Create, 2, ActKind::Like, "bob"),
        act("l1", Operation::Delete, 3, ActKind::Unlike, "bob"),
        act("l2", Operation::Create, 4, ActKind::Like, "cat"),
        act("p2", Operation::Create, 4, ActKind::Reply, "bob"),
        act("p2", Operation::Create, 4, ActKind::Quote, "bob"),
        act("p2", Operation::Delete, 5, ActKind::Delete, "bob"),
    ];
    output.write(ok(actions)).unwrap();
    let account = AccountRow {
        account_key: Key::of("ann"),
        account_id: "ann".into(),
        platform: Platform::Bluesky,
        handle: Some("ann.example".into()),
        handle_revision: None,
        name: None,
        bio: None,
        profile_revision: None,
        profile_content: None,
        follower_count: None,
        following_count: None,
        verified: None,
        post_count: None,
        location: None,
        joined_at: None,
        geo_scrubbed_up_to: None,
        withheld_in: Vec::new(),
        status: AccountStatus::Active,
        status_revision: None,
        deleted_at: None,
    };
    output.write(ok(vec![account])).unwrap();
    let quarantined = |line, head: &'static [u8]| QuarantineRow {
        file: "day.jsonl".into(),
        file_hash: Key::of("day"),
        offset: 0,
        line,
        reason: Reason::ALL[0],
        detail: "expected a brace".into(),
        head: Cow::Borrowed(head),
    };
    output.write(ok(vec![quarantined(7, b"\xff\xfe"), quarantined(9, b"{oops")])).unwrap();
}

/// Of the conversation of p1, in which p2 is deleted.
fn shape() -> ThreadShapeRow {
    ThreadShapeRow {
        conversation_key: Key::of("p1"),
        n_posts: 4,
        n_present: 2,
        n_missing: 0,
        n_replies: 3,
        n_unplaced: 0,
        n_pieces: 1,
        n_authors: 3,
        depth_is_exact: true,
        max_depth: 2,
        max_breadth: 2,
        structural_virality: Some(5.0 / 3.0),
        branching: Some(1.5),
        max_answers: 2,
        first_at: Some(Timestamp(0)),
        last_at: None,
        first_reply_ms: Some(60_000),
        last_reply_ms: None,
        n_timed: 1,
        median_response_ms: Some(60_000),
        mean_response_ms: Some(60_000),
    }
}

fn derived_tables(output: &mut StepOutput<'_>) {
    let place = |post, conversation, parent: Option<&str>, depth, present| ConversationRow {
        post_key: Key::of(post),
        conversation_key: Key::of(conversation),
        parent_key: parent.map(Key::of),
        depth,
        present,
        root_present: conversation == "p1",
        depth_is_exact: true,
    };
    let places = vec![
        place("p1", "p1", None, 0, true),
        place("p2", "p1", Some("p1"), 1, false),
        place("p3", "p1", Some("p2"), 2, true),
        place("p4", "p4", None, 0, false),
        place("p5", "p4", Some("p4"), 1, true),
        place("p6", "p1", Some("p1"), 1, false),
    ];
    output.write(ok(places)).unwrap();
    output.write(ok(vec![shape()])).unwrap();
    let language = |post, lang: Option<&'static str>| LanguageRow {
        post_key: Key::of(post),
        lang: lang.map(Cow::from),
        confidence: lang.map(|_| 0.9),
        model: "m@1".into(),
    };
    output.write(ok(vec![language("p1", Some("en")), language("p3", None)])).unwrap();
    let vector = |post, vector: [f32; 2]| VectorRow {
        post_key: Key::of(post),
        text_key: Key::of("text"),
        vector: vector.to_vec(),
    };
    output
        .write_as("vectors/lexical", ok(vec![vector("p1", [0.1, f32::NAN]), vector("p3", [0.0, 1.0])]))
        .unwrap();
    let cluster = |unit, cluster| ClusterRow {
        unit_key: Key::of(unit),
        cluster: Some(cluster),
        n_posts: 2,
        centrality: Some(0.5),
        raw_cluster: Some(cluster),
        assigned: false,
        strength: None,
    };
    output.write(ok(vec![cluster("ann", 0), cluster("dan", 1), cluster("cat", 1)])).unwrap();
    let label = LabelRow {
        cluster: 0,
        label: "cats".into(),
        terms: vec!["cat".into(), "tail".into()],
        weights: vec![2.0, 1.0],
    };
    output.write(ok(vec![label])).unwrap();
    let persona =
        PersonaRow { cluster: 0, rank: 0, post_key: Key::of("p1"), cosine: 0.75, created_at: at(1) };
    output.write(ok(vec![persona])).unwrap();
}
