//! Every reason why a record is put aside, by a line of its own.

use populi_ingest::lines::MAX_LINE_BYTES;
use populi_model::Reason;

use crate::outcome::{commit, post, read};

/// Lines with the reason why each is put aside and a word of what is said of it.
fn bad_lines() -> Vec<(Vec<u8>, Reason, &'static str)> {
    let good = post(r#""text":"x""#);
    let like = |subject: &str| commit("create", "app.bsky.feed.like", &format!(r#"{{"subject":{subject}}}"#));
    let text: Vec<(String, Reason, &'static str)> = vec![
        (good[..good.len() - 1].to_owned(), Reason::BadJson, "cut short"),
        (good[..50].to_owned(), Reason::BadJson, "cut short"),
        (format!("{good}{good}"), Reason::BadJson, "trailing"),
        ("<html><body>502 Bad Gateway</body></html>".to_owned(), Reason::BadJson, "no JSON"),
        ("{'did':1}".to_owned(), Reason::BadJson, "no JSON"),
        (format!("{good} <<<<<<<"), Reason::BadJson, "trailing"),
        (like(r#"{"uri":5"#), Reason::BadJson, "byte"),
        ("[]".to_owned(), Reason::NotAnObject, "an array"),
        (format!("[{good}]"), Reason::NotAnObject, "an array"),
        ("5".to_owned(), Reason::NotAnObject, "a number"),
        ("1e999".to_owned(), Reason::NotAnObject, "a number"),
        ("null".to_owned(), Reason::NotAnObject, "null"),
        ("true".to_owned(), Reason::NotAnObject, "true or false"),
        (r#" "\ud800""#.to_owned(), Reason::NotAnObject, "a string"),
        ("{}".to_owned(), Reason::NotAnEvent, "kind"),
        (r#"{"did":"d","time_us":1,"kind":"sync"}"#.to_owned(), Reason::NotAnEvent, "sync"),
        (r#"{"did":"d","time_us":1,"kind":"commit"}"#.to_owned(), Reason::NotAnEvent, "commit"),
        (commit("create", &"x".repeat(400), "{}"), Reason::NotAnEvent, "400 bytes"),
        (commit("upsert", "app.bsky.feed.post", "{}"), Reason::NotAnEvent, "upsert"),
        (post(r#""text":5"#), Reason::WrongType, "byte"),
        (post(r#""text":1e999"#), Reason::WrongType, "byte"),
        (post(r#""text":["\ud800"]"#), Reason::WrongType, "byte"),
        (post(r#""langs":["en"]"#), Reason::WrongType, "text"),
        (post(r#""text":"x","reply":[]"#), Reason::WrongType, "an object"),
        (post(r#""text":"x","reply":{"root":{"uri":"x"}}"#), Reason::WrongType, "parent"),
        (commit("create", "app.bsky.feed.post", "null"), Reason::WrongType, "record"),
        (commit("create", "app.bsky.feed.post", "[]"), Reason::WrongType, "an object"),
        (commit("create", "app.bsky.graph.follow", r#"{"subject":{}}"#), Reason::WrongType, "string"),
        (good.replace(r#""did:plc:a""#, "7"), Reason::WrongType, "integer `7`"),
        (r#"{"did":"d","time_us":1,"kind":"account"}"#.to_owned(), Reason::WrongType, "account"),
        (r#"{"did":"d","time_us":1,"kind":"account","account":{}}"#.to_owned(), Reason::WrongType, "active"),
        (r#"{"did":"d","time_us":1,"kind":"identity"}"#.to_owned(), Reason::WrongType, "identity"),
        (good.replace("did:plc:a", ""), Reason::MissingId, "did"),
        (good.replace(r#""did":"#, r#""d":"#), Reason::MissingId, "did"),
        (good.replace("did:plc:a", "a/b"), Reason::MissingId, "a/b"),
        (good.replace(r#""rkey":"3k""#, r#""rkey":null"#), Reason::MissingId, "rkey"),
        (good.replace(r#""collection":"#, r#""c":"#), Reason::MissingId, "collection"),
        (like("null"), Reason::MissingId, "subject"),
        (like(r#"{"uri":""}"#), Reason::MissingId, "subject"),
        (good.replace("1783175888085434", "\"1783175888085434\""), Reason::BadTime, "time_us"),
        (good.replace("1783175888085434", "1.5"), Reason::BadTime, "1.5"),
        (good.replace("1783175888085434", "null"), Reason::BadTime, "nothing"),
        (good.replace("1783175888085434", "99999999999999999999999"), Reason::BadTime, "time_us"),
        (good.replace("1783175888085434", "253402300800000000"), Reason::BadTime, "9999"),
        (good.replace("1783175888085434", "-62135596800000001"), Reason::BadTime, "years 1"),
        (post(r#""text":"\ud83d""#), Reason::LoneSurrogate, "byte"),
        (post(r#""text":"\ude00\ud83d""#), Reason::LoneSurrogate, "byte"),
        (post(r#""text":"","langs":["\ud83d"]"#), Reason::LoneSurrogate, "byte"),
        (
            post(r#""text":"","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"\ud83d"}]}"#),
            Reason::LoneSurrogate,
            "byte",
        ),
        ("[".repeat(129), Reason::TooDeep, "128"),
        (post(&format!(r#""text":"","x":{}1{}"#, "[".repeat(126), "]".repeat(126))), Reason::TooDeep, "128"),
        ("<<<<<<< HEAD:scratch/x".to_owned(), Reason::ConflictMarker, "merge"),
        ("=======".to_owned(), Reason::ConflictMarker, "merge"),
        (">>>>>>> main".to_owned(), Reason::ConflictMarker, "merge"),
        (format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_LINE_BYTES)), Reason::LineTooLong, "8388608"),
    ];
    let mut lines: Vec<_> =
        text.into_iter().map(|(line, reason, word)| (line.into_bytes(), reason, word)).collect();
    lines.push((b"{\"did\":\"\xff\"}".to_vec(), Reason::InvalidUtf8, "byte 8"));
    lines.push((b"\xed\xa0\x80".to_vec(), Reason::InvalidUtf8, "byte 0"));
    lines.push((b"{\"did\":\"\0\"}".to_vec(), Reason::RawNul, "byte 8"));
    lines.push((vec![0; 20], Reason::RawNul, "byte 0"));
    lines
}

#[test]
fn every_bad_line_has_its_reason_and_costs_no_other() {
    let good = post(r#""text":"kept""#).into_bytes();
    for (line, reason, word) in bad_lines() {
        let text = [good.as_slice(), &line, &good].join(b"\n".as_slice());
        let outcome = read(&text);
        let shown = String::from_utf8_lossy(&line[..line.len().min(300)]).into_owned();
        assert_eq!(outcome.reasons(), [reason], "{shown}: {:?}", outcome.aside);
        let aside = &outcome.aside[0];
        assert!(aside.detail.contains(word), "{shown}: {}", aside.detail);
        assert_eq!((aside.line, aside.origin.offset), (2, good.len() as u64 + 1));
        assert_eq!(aside.head, line[..line.len().min(256)]);
        assert_eq!((outcome.tally.records, outcome.tally.taken), (3, 2), "{shown}");
    }
}

#[test]
fn what_is_said_of_a_defect_is_short_however_long_the_value() {
    let long = "é".repeat(100_000);
    for line in
        [post(&format!(r#""text":"","reply":"{long}""#)), post("").replace("did:plc:a", &format!("/{long}"))]
    {
        let detail = &read(line.as_bytes()).aside[0].detail;
        assert!(detail.len() <= 400 && detail.contains('é'), "{detail}");
    }
}

#[test]
fn nesting_to_the_limit_is_taken() {
    // The event, its commit and the record are three deep.
    let nested = |n: usize| post(&format!(r#""text":"[[[[","x":{}1{}"#, "[".repeat(n), "]".repeat(n)));
    assert_eq!(read(nested(125).as_bytes()).tally.taken, 1);
    assert_eq!(read(nested(126).as_bytes()).reasons(), [Reason::TooDeep]);
}

#[test]
fn half_a_pair_where_nothing_is_kept_does_no_harm() {
    for fields in
        [r#""text":"x","other":"\ud800""#, r#""text":"x","\ud800":1"#, r#""text":"x","createdAt":"\ud800""#]
    {
        assert_eq!(read(post(fields).as_bytes()).tally.taken, 1, "{fields}");
    }
}

#[test]
fn every_reason_of_lines_of_json_is_shown_here() {
    let of_other_inputs = [
        Reason::BadCbor,
        Reason::WrongContentId,
        Reason::MissingBlock,
        Reason::BadRepository,
        Reason::UnclosedQuote,
        Reason::FieldCount,
        Reason::MissingText,
        Reason::TruncatedContainer,
        Reason::CorruptContainer,
        Reason::ContainerLimit,
        Reason::UnsupportedContent,
    ];
    let shown: Vec<_> = bad_lines().into_iter().map(|(_, reason, _)| reason).collect();
    for reason in Reason::ALL {
        assert_ne!(shown.contains(reason), of_other_inputs.contains(reason), "{}", reason.code());
    }
}
