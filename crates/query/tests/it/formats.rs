//! What is written can be read back.

use populi_query::{Error, Format, TableParams, write};

use crate::world::{LARGE, NAUGHTY, World};

#[test]
fn a_table_for_people() {
    let table = World::full().ask(
        "SELECT post_id, depth, text FROM threads ORDER BY post_id LIMIT 3",
        Format::Table(TableParams { max_cell_width: 16 }),
    );
    let expected = " post_id │ depth │ text
─────────┼───────┼──────────────────
 p1      │     0 │ the first post
 p2      │     1 │
 p3      │     2 │ a \"quote\", a co…
(3 rows)
";
    assert_eq!(table, expected);
}

#[test]
fn a_table_without_rows_has_a_header() {
    let world = World::empty();
    let params = TableParams::default();
    let table = world.ask("SELECT post_id, text FROM posts", Format::Table(params));
    assert_eq!(table, " post_id │ text\n─────────┼──────\n(0 rows)\n");
    assert_eq!(world.ask("SELECT post_id, text FROM posts", Format::Csv), "post_id,text\n");
    assert_eq!(
        world.ask("SELECT post_id, text FROM posts", Format::Json).split_whitespace().collect::<String>(),
        "[]"
    );
    let none = TableParams { max_cell_width: 0 };
    let query = world.engine.query("SELECT 1").unwrap();
    assert!(matches!(write(query, Format::Table(none), &mut Vec::new()), Err(Error::Parameter { .. })));
}

#[test]
fn csv_reads_back() {
    let text = World::full()
        .ask("SELECT post_id, text, hashtags, revision FROM posts ORDER BY post_id", Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["post_id", "text", "hashtags", "revision"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(&rows[1][1], NAUGHTY);
    let tags: Vec<String> = serde_json::from_str(&rows[1][2]).unwrap();
    assert_eq!(tags, ["cats", "a \"b\""]);
    assert_eq!(rows[1][3], LARGE.to_string());
}

#[test]
fn json_reads_back() {
    let sql =
        "SELECT p.post_id, p.post_key, p.text, p.hashtags, p.revision, p.created_at, p.like_count, v.vector
               FROM posts p LEFT JOIN vectors_lexical v ON v.post_key = p.post_key ORDER BY p.post_id";
    let text = World::full().ask(sql, Format::Json);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1]["text"], NAUGHTY);
    assert_eq!(rows[1]["revision"].as_u64(), Some(LARGE));
    assert_eq!(rows[1]["hashtags"], serde_json::json!(["cats", "a \"b\""]));
    assert_eq!(rows[0]["created_at"], "2024-01-01T01:00:00Z");
    assert_eq!(rows[0]["post_key"], populi_model::Key::of("p1").to_string());
    assert_eq!(rows[0]["vector"], serde_json::json!([0.1, null]));
    assert!(rows[2]["vector"].is_null() && rows[2].as_object().unwrap().contains_key("like_count"));
    // One object a line.
    assert_eq!(text.lines().count(), 6);
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let world = World::full();
    for format in [Format::Table(TableParams::default()), Format::Csv, Format::Json] {
        let query = world.engine.query("SELECT text FROM posts").unwrap();
        let error = write(query, format, &mut Full).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{format:?}: {error}");
    }
}
