//! Tables, keys, threads, memory.

use populi_query::{Engine, EngineParams, Error, Format, TableParams};
use populi_store::{Corpus, CorpusParams};

use crate::world::World;

#[test]
fn every_table_of_the_format_is_there() {
    let world = World::empty();
    for table in world.engine.table_names() {
        assert!(world.rows(&format!("SELECT * FROM {table}")).is_empty(), "{table}");
    }
    let names = world.engine.table_names();
    assert!(
        names.iter().any(|name| name == "quarantine") && names.iter().any(|name| name == "threads"),
        "{names:?}"
    );
}

#[test]
fn a_table_in_a_folder_has_two_names() {
    let world = World::full();
    let by_path = world.rows("SELECT post_key FROM \"vectors/lexical\" ORDER BY post_key");
    assert_eq!(by_path.len(), 2);
    assert_eq!(world.rows("SELECT post_key FROM vectors_lexical ORDER BY post_key"), by_path);
}

#[test]
fn keys_join_compare_and_can_be_made() {
    let world = World::full();
    let key = populi_model::Key::of("p1");
    let hex = world.rows("SELECT post_key FROM posts WHERE post_key = key('p1')");
    assert_eq!(hex, [key.to_string()]);
    assert_eq!(world.rows(&format!("SELECT post_id FROM posts WHERE post_key = X'{key}'")), ["p1"]);
    assert_eq!(world.rows("SELECT count(*) FROM posts WHERE key(post_id) = post_key"), ["4"]);
    assert_eq!(
        world.rows("SELECT key(NULL) IS NULL, key(author_id) = author_key FROM posts LIMIT 1"),
        ["true,true"]
    );
    let joined =
        world.rows("SELECT c.post_id FROM posts p JOIN posts c ON c.reply_to_key = p.post_key ORDER BY 1");
    assert_eq!(joined, ["p6"]);
}

#[test]
fn statements_that_read_run() {
    let world = World::full();
    assert_eq!(world.rows("VALUES (1), (2)"), ["1", "2"]);
    assert_eq!(world.rows("SELECT 1 UNION ALL SELECT 2 ORDER BY 1"), ["1", "2"]);
    assert_eq!(world.rows("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i) FROM n"), ["3"]);
    assert_eq!(world.rows("SELECT min(at) FROM actions"), ["2024-01-01T01:00:00Z"]);
    let tables = world.rows("SHOW TABLES");
    assert!(tables.iter().any(|row| row == "populi,corpus,posts,BASE TABLE"), "{tables:?}");
    assert!(tables.iter().any(|row| row == "populi,corpus,threads,VIEW"), "{tables:?}");
    assert!(world.rows("DESCRIBE posts")[0].starts_with("post_key,"));
    assert!(world.rows("SHOW COLUMNS FROM labels").len() == 4);
    let plan = world.ask("EXPLAIN SELECT text FROM posts", Format::Table(TableParams::default()));
    assert!(plan.lines().count() >= 4 && plan.contains("TableScan: posts"), "{plan}");
    assert!(
        world
            .ask("EXPLAIN ANALYZE SELECT text FROM posts", Format::Table(TableParams::default()))
            .contains("output_rows")
    );
}

#[test]
fn counting_a_table_reads_no_file() {
    let plan = World::full().ask("EXPLAIN SELECT count(*) FROM posts", Format::Table(TableParams::default()));
    assert!(!plan.contains("DataSourceExec"), "{plan}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let sql = "SELECT author_id, count(*), min(text) FROM threads GROUP BY author_id ORDER BY author_id";
    let one = World::with_threads(1).rows(sql);
    assert_eq!(World::with_threads(7).rows(sql), one);
}

#[test]
fn equal_names_are_told_apart() {
    let world = World::full();
    let query =
        world.engine.query("SELECT a.post_id, b.post_id FROM posts a JOIN posts b USING (post_key)").unwrap();
    let names: Vec<&str> = query.schema().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["post_id", "post_id_2"]);
    query
        .run(&mut |batch| {
            assert_eq!(batch.schema().field(1).name(), "post_id_2");
            Ok(())
        })
        .unwrap();
}

#[test]
fn memory_is_bounded_and_the_error_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Corpus::open_or_create(&folder.path().join("corpus"), CorpusParams::default()).unwrap();
    let params = EngineParams { threads: 2, memory_bytes: 16 << 20 };
    let engine = Engine::open(&corpus.snapshot(), &params).unwrap();
    // A hash join holds its smaller side in memory: 3 million numbers do not fit.
    let sql = "SELECT count(*) FROM generate_series(1, 3000000) a(x) JOIN generate_series(1, 3000000) b(y) ON x = y";
    let error = engine.query(sql).unwrap().run(&mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::Memory { limit_bytes, .. } if limit_bytes == 16 << 20), "{error}");
    assert!(Engine::open(&corpus.snapshot(), &EngineParams { threads: 0, ..params }).is_err());
    assert!(Engine::open(&corpus.snapshot(), &EngineParams { memory_bytes: 1, ..params }).is_err());
}

#[test]
fn a_part_that_is_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut corpus = Corpus::open_or_create(folder.path(), CorpusParams::default()).unwrap();
    let old = corpus.snapshot();
    let row = |cluster| populi_model::table::LabelRow {
        cluster,
        label: "x".into(),
        terms: Vec::new(),
        weights: Vec::new(),
    };
    let mut publish = |cluster| {
        let snapshot = corpus.snapshot();
        let mut output = populi_store::StepOutput::new(&snapshot);
        output.write([Ok::<_, populi_store::Error>(row(cluster))]).unwrap();
        let spec = populi_store::StepSpec {
            step: "test",
            step_version: 1,
            parameters: ().into(),
            inputs: Vec::new(),
        };
        output.publish(&mut corpus, &spec, ().into()).unwrap();
        corpus.snapshot()
    };
    assert!(old.tables().is_empty());
    let first = publish(1);
    publish(2);
    let engine = Engine::open(&first, &EngineParams::default()).unwrap();
    let error = engine.query("SELECT * FROM labels").unwrap().run(&mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, Error::PartGone { .. }), "{error}");
}
