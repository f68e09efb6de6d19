//! Nothing but reading the corpus is possible.

use crate::world::World;

#[test]
fn statements_that_do_more_than_read_are_refused() {
    let world = World::full();
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/elsewhere/x'",
        "DROP TABLE posts",
        "ALTER TABLE posts ADD COLUMN x INT",
        "TRUNCATE TABLE posts",
        "INSERT INTO posts SELECT * FROM posts",
        "UPDATE posts SET text = ''",
        "DELETE FROM posts",
        "COPY posts TO '/elsewhere/x.parquet'",
        "COPY (SELECT 1) TO '/elsewhere/x.csv'",
        "SET datafusion.execution.target_partitions = 1",
        "RESET datafusion.execution.target_partitions",
        "SHOW ALL",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXPLAIN COPY posts TO '/elsewhere/x.parquet'",
        "EXPLAIN INSERT INTO posts SELECT * FROM posts",
        "EXPLAIN ANALYZE INSERT INTO posts SELECT * FROM posts",
        "EXPLAIN ANALYZE DELETE FROM posts",
        "EXPLAIN EXPLAIN SELECT 1",
        "SELECT 1 AS x INTO t",
    ] {
        let refusal = world.refusal(sql);
        assert!(refusal.contains("refused"), "{sql}: {refusal}");
    }
}

#[test]
fn what_hides_in_a_query_is_refused() {
    let world = World::full();
    for sql in [
        "WITH x AS (SELECT 1) INSERT INTO posts SELECT * FROM x",
        "WITH x AS (DELETE FROM posts) SELECT 1",
        "EXPLAIN ANALYZE SELECT 1 AS x INTO t",
    ] {
        let refusal = world.refusal(sql);
        assert!(!refusal.is_empty(), "{sql}: {refusal}");
    }
    assert_eq!(world.rows("SELECT count(*) FROM posts"), ["4"]);
}

#[test]
fn files_cannot_be_named() {
    let world = World::full();
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/hosts.csv\"",
        "SELECT * FROM 'file:///etc/hosts.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/etc/passwd')",
        "SELECT * FROM other.public.posts",
    ] {
        let refusal = world.refusal(sql);
        assert!(!refusal.contains("root:"), "{sql}: {refusal}");
    }
}

#[test]
fn one_statement_at_a_time() {
    let world = World::full();
    assert!(world.refusal("SELECT 1; SELECT 2").contains("got 2"));
    assert!(world.refusal("SELECT 1; DROP TABLE posts").contains("got 2"));
    assert!(world.refusal("").contains("got 0"));
    assert!(world.refusal(" -- nothing\n").contains("got 0"));
    assert_eq!(world.rows("SELECT 1;"), ["1"]);
}

#[test]
fn errors_say_what_and_where() {
    let world = World::full();
    let syntax = world.refusal("SELECT *\nFORM posts");
    assert!(syntax.contains("Line: 2"), "{syntax}");
    let table = world.refusal("SELECT * FROM postz");
    assert!(table.contains("postz") && table.contains("posts") && table.contains("threads"), "{table}");
    let column = world.refusal("SELECT txt FROM posts");
    assert!(column.contains("txt") && column.contains("posts.text"), "{column}");
    let function = world.refusal("SELECT nosuch(text) FROM posts");
    assert!(function.contains("nosuch"), "{function}");
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    let world = World::full();
    let sql = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert!(!world.refusal(&sql).is_empty());
}
