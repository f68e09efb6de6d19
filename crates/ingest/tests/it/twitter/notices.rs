//! Deletes, notices, and what is no post.

use populi_model::{Body, Operation, Reason, RecordKind};

use crate::twitter::reading::read_seeing;

#[test]
fn notices_say_what_is_to_be_done() {
    let snowflake_ms = (1_169_246_717_864_136_705 >> 22) + 1_288_834_974_657;
    let countries = || vec!["DE", "AR"];
    for (line, record, actor, operation, revision, body) in [
        (
            r#"{"delete":{"status":{"id":1169246717864136705,"id_str":"1169246717864136705","user_id":3,"user_id_str":"3"},"timestamp_ms":"1567605200000"}}"#,
            "twitter:1169246717864136705",
            "twitter:user:3",
            Operation::Delete,
            1_567_605_200_000,
            Body::Gone(RecordKind::Post),
        ),
        // As before 2014, without its time.
        (
            r#"{"delete":{"status":{"id":1169246717864136705,"user_id":3}}}"#,
            "twitter:1169246717864136705",
            "twitter:user:3",
            Operation::Delete,
            snowflake_ms + 1,
            Body::Gone(RecordKind::Post),
        ),
        (
            r#"{"scrub_geo":{"user_id":14090452,"user_id_str":"14090452","up_to_status_id":23260136625}}"#,
            "twitter:user:14090452",
            "twitter:user:14090452",
            Operation::Notice,
            0,
            Body::GeoScrubbed(23_260_136_625),
        ),
        (
            r#"{"status_withheld":{"id":1234567890,"user_id":123456,"withheld_in_countries":["DE","AR"]},"timestamp_ms":"7"}"#,
            "twitter:1234567890",
            "twitter:user:123456",
            Operation::Notice,
            7,
            Body::PostWithheld(countries()),
        ),
        (
            r#"{"user_withheld":{"id":123456,"withheld_in_countries":["DE","AR"],"timestamp_ms":"8"}}"#,
            "twitter:user:123456",
            "twitter:user:123456",
            Operation::Notice,
            8,
            Body::AccountWithheld(countries()),
        ),
        (
            r#"{"verb":"delete","object":{"id":"object:search.twitter.com,2005:11"},"actor":{"id":"id:twitter.com:12"},"timestamp_ms":"9"}"#,
            "twitter:11",
            "twitter:user:12",
            Operation::Delete,
            9,
            Body::Gone(RecordKind::Post),
        ),
    ] {
        let mut n_seen = 0;
        let outcome = read_seeing(line.as_bytes(), |event| {
            n_seen += 1;
            assert_eq!(event.record.text, record, "{line}");
            assert_eq!(event.actor.unwrap().text, actor, "{line}");
            assert_eq!((event.operation, event.version.revision), (operation, revision), "{line}");
            assert_eq!(event.version.content == 0, operation == Operation::Delete, "{line}");
            assert_eq!(event.body, body, "{line}");
            assert_eq!(event.received_at.is_some(), line.contains("timestamp_ms"), "{line}");
        });
        assert_eq!((n_seen, outcome.tally.taken), (1, 1), "{line}: {:?}", outcome.aside);
    }
}

#[test]
fn messages_and_blank_lines_are_counted() {
    let lines = "\n\r\n{\"limit\":{\"track\":5}}\n{\"disconnect\":{\"code\":4}}\n{\"warning\":{}}\n{\"info\":{}}\n{\"limit\":{}}\n";
    let outcome = read_seeing(lines.as_bytes(), |event| panic!("{event:?}"));
    let ignored: Vec<_> = outcome.tally.ignored.iter().map(|(kind, n)| (&kind[..], *n)).collect();
    assert_eq!(ignored, [("disconnect", 1), ("info", 1), ("limit", 2), ("warning", 1)]);
    assert_eq!((outcome.tally.blank, outcome.tally.records), (2, 7));
}

#[test]
fn a_notice_that_names_nothing_is_put_aside() {
    for (line, reason) in [
        (r#"{"delete":{}}"#, Reason::MissingId),
        (r#"{"delete":{"status":{"id_str":"5"}}}"#, Reason::MissingId),
        (r#"{"delete":{"status":{"id_str":"x","user_id_str":"3"}}}"#, Reason::MissingId),
        (r#"{"delete":5}"#, Reason::WrongType),
        (r#"{"delete":null}"#, Reason::NotAnEvent),
        (r#"{"scrub_geo":{"user_id_str":"3"}}"#, Reason::MissingId),
        (r#"{"status_withheld":{"id":5}}"#, Reason::MissingId),
        (r#"{"user_withheld":{}}"#, Reason::MissingId),
        (r#"{"verb":"delete","id":"tag:x:5"}"#, Reason::MissingId),
        (r#"{"verb":"tag","id":"tag:x:5","actor":{"id":"id:twitter.com:3"}}"#, Reason::NotAnEvent),
        ("{}", Reason::NotAnEvent),
        (r#"{"event":"favorite"}"#, Reason::NotAnEvent),
        ("5", Reason::NotAnObject),
        ("\"delete\"", Reason::NotAnObject),
        ("{", Reason::BadJson),
        ("<<<<<<< HEAD", Reason::ConflictMarker),
    ] {
        let outcome = read_seeing(line.as_bytes(), |event| panic!("{event:?}"));
        assert_eq!(outcome.reasons(), [reason], "{line}: {:?}", outcome.aside);
    }
}
