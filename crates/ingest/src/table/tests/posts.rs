//! What the posts of a table say.

use std::borrow::Cow;

use super::*;
use crate::table::{Header, How, Rows};

#[test]
fn every_role_is_known_by_its_name() {
    let outcome = read(
        "Tweet_ID,Screen Name,createdAt,in_reply_to_status_id,Language,full_text,topic,likes\n\
         7,Ann,2025-03-01 12:30,,en,hello there,a,3\n\
         8, Bob ,1700000000,7,,hi,b,\n",
    );
    let first = Taken {
        id: "table:7".to_owned(),
        author: Some("table:Ann".to_owned()),
        text: "hello there".to_owned(),
        reply_to: None,
        created_at: Some(Timestamp::parse_rfc3339("2025-03-01T12:30:00Z").unwrap()),
        lang: vec!["en".to_owned()],
        attributes: vec![("label".to_owned(), "a".to_owned()), ("likes".to_owned(), "3".to_owned())],
        ..outcome.kept.posts[0].clone()
    };
    assert_eq!(outcome.kept.posts[0], first);
    assert_eq!(first.version.0, first.created_at.unwrap().to_ordered_u64());
    let second = &outcome.kept.posts[1];
    assert_eq!((second.author.as_deref(), second.reply_to.as_deref()), (Some("table:Bob"), Some("table:7")));
    assert_eq!((second.lang.len(), second.attributes.len()), (0, 1));
    assert_eq!(outcome.mapping.choices[&Role::Label].how, How::ByName);
    let shown = outcome.mapping.to_string();
    assert!(shown.contains("author    Screen Name (column 2, by its name)"), "{shown}");
    assert!(shown.contains("kept      likes"), "{shown}");
}

#[test]
fn without_an_id_file_and_row_name_the_post() {
    let outcome = read("text,label\none,a\n\nbad\ntwo,b\n");
    let ids: Vec<_> = outcome.kept.posts.iter().map(|post| post.id.as_str()).collect();
    // Blank and bad rows count, so that a row's name does not depend on what is wrong with others.
    assert_eq!(ids, ["table:abababababababababababababababab:0", "table:abababababababababababababababab:3"]);
    assert_eq!(outcome.kept.posts[0].version.0, 0);
}

#[test]
fn ids_that_are_missing_or_no_ids() {
    let outcome = read("id,text\n1,one\n,two\n3.0,three\n");
    assert_eq!(outcome.reasons(), [Reason::MissingId]);
    assert_eq!(outcome.tally.warnings["float_id"], 1);
    assert_eq!(outcome.kept.posts[1].id, "table:3.0");
    // The same id over different texts is no id, unless the user says so; over equal texts it is.
    let table = "id,text\n1,one\n1,two\n";
    let outcome = read(table);
    assert!(outcome.column(Role::Id).is_none() && outcome.mapping.notes[0].contains("--id"));
    assert_eq!(outcome.kept.posts[0].attributes, [("id".to_owned(), "1".to_owned())]);
    let params = TableParams { id: named("id"), ..TableParams::default() };
    let given = try_read(table.as_bytes(), &params).unwrap();
    assert_eq!(given.kept.posts[1].id, "table:1");
    assert_eq!(read("id,text\n1,one\n1,one\n").column(Role::Id), Some("id"));
}

#[test]
fn content_tells_versions_apart() {
    let content = |row: &str| read(format!("id,text,user,x\n1,{row}\n")).kept.posts[0].version.1;
    assert_eq!(content("a,b,c"), content("a,b,c"));
    let all: Vec<_> = ["a,b,c", "a,b,d", "a,,c", "ab,,c", "a,bc,", "A,b,c"].map(content).to_vec();
    for (i, one) in all.iter().enumerate() {
        assert!(!all[..i].contains(one), "{i}");
    }
    // The order of a JSON object's members says nothing.
    let members = |first: &str, second: &str| {
        let head = "{\"id\":1,\"text\":\"a\",\"x\":1,\"y\":2}";
        read(format!("{head}\n{{\"id\":2,\"text\":\"b\",{first},{second}}}\n")).kept.posts[1].version.1
    };
    assert_eq!(members("\"x\":5", "\"y\":6"), members("\"y\":6", "\"x\":5"));
}

#[test]
fn cells_that_say_there_is_no_reply() {
    let outcome = read("id,text,parent_id\n1,a,\n2,b,nan\n3,c,None\n4,d,null\n5,e, \n6,f,1\n");
    let replies: Vec<_> = outcome.kept.posts.iter().filter_map(|post| post.reply_to.as_deref()).collect();
    assert_eq!(replies, ["table:1"]);
    assert!(read("text,parent_id\na,1\n").mapping.notes[0].contains("--id"));
}

#[test]
fn a_time_that_is_none_is_kept_and_warned_of() {
    let table = "created_at,text\n10/16/17 22:59,one\n,two\n10/2/17 7:41,three\n";
    let outcome = read(table);
    assert_eq!(outcome.tally.warnings["bad_created_at"], 2);
    assert!(outcome.kept.posts.iter().all(|post| post.created_at.is_none() && post.version.0 == 0));
    assert_eq!(outcome.kept.posts[0].attributes, [("created_at".to_owned(), "10/16/17 22:59".to_owned())]);
    assert!(outcome.mapping.notes[0].contains("--time-format"), "{:?}", outcome.mapping.notes);
    let params = TableParams {
        time_format: Some("%m/%d/%y %H:%M".to_owned()),
        time_zone: "America/New_York".to_owned(),
        ..TableParams::default()
    };
    let outcome = try_read(table.as_bytes(), &params).unwrap();
    assert_eq!(outcome.kept.posts[0].created_at.unwrap().to_string(), "2017-10-17T02:59:00Z");
    assert!(outcome.kept.posts[0].attributes.is_empty() && outcome.tally.warnings.is_empty());
}

#[test]
fn attributes_have_distinct_names() {
    let params = TableParams { text: named("text"), label: named("kind"), ..TableParams::default() };
    let outcome = try_read(b"text,label,x,x,,kind\nhi,1,2,3,4,5\n", &params).unwrap();
    let names: Vec<_> = outcome.kept.posts[0].attributes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["label_2", "x", "x_2", "column_5", "label"]);
}

#[test]
fn columns_by_number_and_without_a_header() {
    let params = TableParams {
        header: Header::Absent,
        text: named("2"),
        author: named("1"),
        ..TableParams::default()
    };
    let outcome = try_read(b"text,id\nann,hello\n", &params).unwrap();
    assert_eq!(outcome.texts(), ["id", "hello"]);
    assert_eq!(outcome.kept.posts[1].author.as_deref(), Some("table:ann"));
    let params = TableParams { header: Header::Present, text: named("2"), ..TableParams::default() };
    assert_eq!(try_read(b"one thing,two things\na,b\n", &params).unwrap().texts(), ["b"]);
}

#[test]
fn columns_that_are_not_there_are_errors_that_list_those_that_are() {
    for (column, table) in
        [("body", "text,x\na,1\n"), ("3", "text,x\na,1\n"), ("body", "{\"text\":\"a\",\"x\":1}\n")]
    {
        let params = TableParams { text: named(column), ..TableParams::default() };
        let error = try_read(table.as_bytes(), &params).err().unwrap().to_string();
        assert!(error.contains("text, x") && error.contains(column), "{error}");
    }
    // A key that only some objects have may come later.
    let params = TableParams { reply_to: named("re"), ..TableParams::default() };
    let outcome = try_read(b"{\"text\":\"a\",\"id\":1}\n", &params).unwrap();
    assert_eq!(outcome.column(Role::ReplyTo), Some("re"));
    let error = try_read(b"{\"code\":\"a1\",\"place\":\"Rome\"}\n", &TableParams::default())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("code, place") && error.contains("--text"), "{error}");
}

#[test]
fn the_longest_prose_is_the_text_where_no_name_is_known() {
    let outcome = read("uuid,motto,story,year\n6e1c-1a2b-3c4d-5e6f-1a2b,be good,once upon a time,1999\n");
    assert_eq!(outcome.column(Role::Text), Some("story"));
    assert_eq!(outcome.mapping.choices[&Role::Text].how, How::ByContent);
    // Two columns without names, of which the first repeats small numbers: labels.
    assert_eq!(read("1,a b\n2,c d\n1,e f\n2,g h\n").column(Role::Label), Some("column_1"));
    assert_eq!(read("1,a b\n2,c d\n3,e f\n4,g h\n").column(Role::Label), None);
    assert_eq!(read("[[\"a b\", \"x\"], [\"c d\", \"y\"]]").column(Role::Label), None);
}

#[test]
fn headers_are_guessed_from_names_and_numbers() {
    for (table, has_header) in [
        ("text\nhello\n", true),
        ("text,label\n", true),
        ("hello\nyou\n", false),
        ("motto,year\nbe good,1999\n", true),
        ("motto,place\nbe good,Rome\n", false),
        ("3\ttext\n4\tother\n", false),
        ("a b,a b\nc d,2\n", false),
        ("id,2020\n1,5\n", false),
        (",text\n0,hi there\n", true),
    ] {
        assert_eq!(read(table).has_header, has_header, "{table:?}");
    }
}

#[test]
fn rows_that_were_decoded_elsewhere() {
    let columns = ["id", "text", "n"].map(str::to_owned);
    let row = |id: &'static str, text: Option<&'static str>| {
        vec![Some(Cow::Borrowed(id)), text.map(Cow::Borrowed), Some(Cow::Owned("5".to_owned()))]
    };
    let table = [row("a", Some("one")), row("b", None), row("c", Some(""))];
    let mut rows = Rows::open(&columns, &table, &TableParams::default(), "posts.parquet").unwrap();
    assert_eq!(rows.mapping().column(Role::Text), Some(1));
    let (mut kept, mut tally) = (Kept::default(), Tally::default());
    for row in &table {
        rows.push(row, &SourceFile { key: Key::default(), name: "posts.parquet" }, &mut kept, &mut tally);
    }
    assert_eq!((tally.records, tally.taken), (3, 2));
    assert_eq!(
        (kept.posts[1].id.as_str(), kept.posts[1].text.as_str(), kept.posts[1].offset),
        ("table:c", "", 2)
    );
    assert_eq!((kept.aside[0].reason, kept.aside[0].offset, kept.aside[0].line), (Reason::MissingText, 1, 2));
    assert!(crate::table::is_parquet(b"PAR1\x15") && !crate::table::is_parquet(b"PAR"));
}
