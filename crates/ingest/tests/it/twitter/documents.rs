//! Arrays, pretty-printed pages and the scripts of account exports.

use std::fs;
use std::io::{self, Read};

use populi_ingest::twitter::{Originals, is_document, read_content};
use populi_model::{Body, Event, Operation, Reason, Tally};

use crate::outcome::{Each, FILE};
use crate::real_data::shared;
use crate::twitter::reading::{Census, read_seeing, told};

const POST: &str = r#"{"id_str":"1169246717864136705","full_text":"a\n]} [","is_quote_status":false,"user":{"id_str":"3","screen_name":"c"}}"#;

#[test]
fn an_array_is_read_element_by_element() {
    let array = format!(
        "\u{feff}[\n  {POST},\n  5,\n {{\"delete\":{{\"status\":{{\"id\":7,\"user_id\":8}}}}}},\n  {POST}\n]\n"
    );
    let mut offsets = Vec::new();
    let outcome = read_seeing(array.as_bytes(), |event| {
        if event.operation != Operation::Embedded {
            offsets.push(event.origin.offset as usize);
        }
    });
    assert_eq!(outcome.reasons(), [Reason::NotAnObject]);
    assert_eq!(outcome.aside[0].line, 3);
    assert_eq!(outcome.tally.taken, 3);
    assert!(offsets.iter().all(|at| array[*at..].starts_with("{\"")), "{offsets:?}");
    let lines = format!("{POST}\n");
    assert_eq!(told(format!("[{POST}]").as_bytes()), told(lines.as_bytes()));
}

#[test]
fn pretty_printed_pages_are_read_one_after_another() {
    let page = "{\n  \"data\": [\n    {\"id\": \"1\", \"author_id\": \"7\", \"text\": \"}\\\"{\"}\n  ],\n  \"meta\": {}\n}\n";
    let (census, outcome) = Census::of([page, &page.replace("\"1\"", "\"2\"")].concat().as_bytes());
    assert_eq!(census.numbers(), (2, 0, 0));
    assert_eq!(outcome.tally.records, 2);
    // The second one is cut: one record is lost.
    let cut = [page, &page[..page.len() / 2]].concat();
    let (census, outcome) = Census::of(cut.as_bytes());
    assert_eq!((census.numbers(), outcome.reasons()), ((1, 0, 0), vec![Reason::BadJson]));
    // And what is no JSON.
    let outcome = read_seeing([page, "what now\n{}"].concat().as_bytes(), |_| {});
    assert_eq!(outcome.reasons(), [Reason::BadJson]);
    assert_eq!(outcome.aside[0].line, 7);
}

#[test]
fn posts_of_an_export_need_its_owner() {
    let post = r#"{"tweet":{"id":"1169246717864136705","id_str":"1169246717864136705","full_text":"hi &amp; bye","created_at":"Wed Sep 04 13:51:55 +0000 2019"}}"#;
    let script = format!("window.YTD.tweets.part0 = [ {post} ]");
    let outcome = read_seeing(script.as_bytes(), |event| panic!("{event:?}"));
    assert_eq!(outcome.reasons(), [Reason::MissingId]);
    assert!(outcome.aside[0].detail.contains("export"), "{:?}", outcome.aside);
    // Old exports show the account beside each post.
    let old = format!("Grailbird.data.tweets_2013_05 = \n [ {POST} ]");
    let (census, _) = Census::of(old.as_bytes());
    assert_eq!(census.numbers(), (1, 0, 0));
    for other in ["follower", "deleted_tweets", "like"] {
        let script = format!("window.YTD.{other}.part0 = [ {post}, {{\"follower\":{{}}}} ];\n");
        let outcome = read_seeing(script.as_bytes(), |event| panic!("{event:?}"));
        assert_eq!(outcome.tally.ignored.get(other), Some(&2), "{script}");
        assert_eq!(outcome.tally.records, 2);
    }
}

#[test]
fn a_script_in_which_the_owner_is_told_is_read() {
    let script = "window.YTD.account.part0 = {\"account\":{\"accountId\":\"12497\"}};\nwindow.YTD.tweets.part0 = \
                  [{\"tweet\":{\"id_str\":\"5\",\"full_text\":\"hi\"}}]";
    let mut seen = Vec::new();
    let outcome = read_seeing(script.as_bytes(), |event| {
        seen.push((event.record.text.to_owned(), event.actor.unwrap().text.to_owned()));
    });
    assert_eq!(seen, [("twitter:5".to_owned(), "twitter:user:12497".to_owned())], "{:?}", outcome.aside);
    assert_eq!(outcome.tally.ignored.get("account"), Some(&1));
}

#[test]
fn the_files_of_a_real_export_are_read_or_counted() {
    for (file, part, n) in [
        ("account-suspension", "account_suspension", 0),
        ("account", "account", 1),
        ("app", "app", 1),
        ("follower", "follower", 2),
        ("following", "following", 2),
        ("saved-search", "saved_search", 2),
    ] {
        let Some(path) = shared(&format!("twitter/archive/tests/zip_contents/{file}.js")) else { return };
        let bytes = fs::read(path).unwrap();
        assert!(is_document(&bytes));
        let outcome = read_seeing(&bytes, |event| panic!("{event:?}"));
        assert_eq!((outcome.tally.records, outcome.aside.len()), (n, 0), "{file}");
        assert_eq!(outcome.tally.ignored.get(part).copied().unwrap_or(0), n, "{file}");
    }
}

#[test]
fn a_real_array_of_posts_is_read() {
    let Some(path) = shared("twitter/archive/tweets.json") else { return };
    let bytes = fs::read(path).unwrap();
    let (census, outcome) = Census::of(&bytes);
    assert_eq!((census.numbers(), outcome.aside.len()), ((2, 1, 2), 0));
    read_seeing(&bytes, |event: &Event<'_>| {
        assert_ne!(event.operation, Operation::Create);
        if let Body::Post(post) = &event.body {
            assert!(!post.text.contains("&amp;"));
            assert_eq!(
                event.record.text == "twitter:1169242008432644097",
                post.text.contains("& utilization")
            );
        }
    });
}

#[test]
fn content_that_fails_ends_with_its_fault() {
    struct Failing<'b>(&'b [u8], Option<io::Error>);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => self.1.take().map_or(Ok(0), Err),
                n => Ok(n),
            }
        }
    }
    let array = format!("[{POST},{POST}");
    let mut tally = Tally::default();
    let mut sink = Each(|_: &Event<'_>| {}, Vec::new());
    let broken = Failing(array.as_bytes(), Some(io::Error::other("no disk")));
    let outcome = read_content(broken, 0, &FILE, Originals::Drop, None, &mut sink, &mut tally);
    assert!(outcome.unwrap_err().to_string().contains("no disk"));
    assert_eq!(tally.taken, 1);
}
