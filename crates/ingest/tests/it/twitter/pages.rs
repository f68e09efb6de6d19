//! Lines and pages of API v2.

use std::fs;

use populi_model::{Body, Event, MediaKind, Operation, Reason};

use crate::real_data::shared;
use crate::twitter::reading::{Census, read_seeing, told};

/// A page with these posts as JSON, and what it includes.
fn page(data: &str, includes: &str) -> String {
    format!(
        r#"{{"data":[{data}],"includes":{{{includes}}},"meta":{{}},"__twarc":{{"retrieved_at":"2022-01-01T00:00:01+00:00"}}}}"#
    )
}

/// Reads one post with these fields, on a page with these includes.
fn see_post(fields: &str, includes: &str, mut see: impl FnMut(&Event<'_>)) {
    let page = page(&format!(r#"{{"id":"1000000000001","author_id":"7",{fields}}}"#), includes);
    let mut n_seen = 0;
    let outcome = read_seeing(page.as_bytes(), |event| {
        if event.operation == Operation::Seen {
            n_seen += 1;
            see(event);
        }
    });
    assert_eq!(n_seen, 1, "{page}: {:?}", outcome.aside);
}

#[test]
fn real_pages_hold_what_was_counted_in_them() {
    for (file, numbers, n_aside, n_unavailable) in [
        ("two_tweets", (0, 1, 1), 0, 0),
        ("noflat", (53, 47, 64), 0, 0),
        ("entities_test", (160, 314, 176), 0, 6),
        ("streaming_output_with_error", (7, 0, 4), 1, 0),
        ("counts", (0, 0, 0), 0, 0),
    ] {
        let Some(path) = shared(&format!("twitter/v2/{file}.jsonl")) else { return };
        let (census, outcome) = Census::of(&fs::read(path).unwrap());
        assert_eq!(census.numbers(), numbers, "{file}");
        assert_eq!(outcome.aside.len(), n_aside, "{file}");
        assert!(outcome.reasons().iter().all(|reason| *reason == Reason::BadJson));
        assert_eq!(census.unavailable.len(), n_unavailable, "{file}");
        let n_ignored = outcome.tally.ignored.get("count").copied().unwrap_or(0);
        assert_eq!(n_ignored, if file == "counts" { 169 } else { 0 });
        assert!(outcome.tally.warnings.is_empty(), "{file}: {:?}", outcome.tally.warnings);
    }
}

#[test]
fn an_edited_post_names_its_first_step() {
    let Some(path) = shared("twitter/v2/edited.jsonl") else { return };
    let mut seen = Vec::new();
    read_seeing(&fs::read(path).unwrap(), |event| {
        if let Body::Post(post) = &event.body {
            seen.push((event.record.text.to_owned(), post.edit_of.map(|id| id.text.to_owned())));
        }
    });
    seen.sort();
    let first = "twitter:1576994746135764992".to_owned();
    assert_eq!(seen, [(first.clone(), None), ("twitter:1576994789110992896".to_owned(), Some(first))]);
}

#[test]
fn a_line_of_a_stream_is_told_from_what_was_asked_for() {
    let post = r#"{"id":"1169246717864136705","author_id":"7","text":"a"}"#;
    let snowflake_ms = (1_169_246_717_864_136_705 >> 22) + 1_288_834_974_657;
    for (line, operation, revision) in [
        (format!(r#"{{"data":{post}}}"#), Operation::Create, snowflake_ms),
        (format!(r#"{{"data":{post},"matching_rules":[]}}"#), Operation::Create, snowflake_ms),
        (
            format!(
                r#"{{"data":{post},"matching_rules":[],"__twarc":{{"retrieved_at":"2022-01-01T00:00:00Z"}}}}"#
            ),
            Operation::Create,
            1_640_995_200_000,
        ),
        (format!(r#"{{"data":{post},"meta":{{}}}}"#), Operation::Seen, snowflake_ms + 1),
        (format!(r#"{{"data":[{post}]}}"#), Operation::Seen, snowflake_ms + 1),
        (
            format!(r#"{{"data":[{post}],"__twarc":{{"retrieved_at":"2022-01-01T00:00:00Z"}}}}"#),
            Operation::Seen,
            1_640_995_200_000,
        ),
        (post.to_owned(), Operation::Seen, snowflake_ms + 1),
        (post.replace("}", r#","matching_rules":[]}"#), Operation::Create, snowflake_ms),
    ] {
        let mut seen = Vec::new();
        read_seeing(line.as_bytes(), |event| seen.push((event.operation, event.version.revision)));
        assert_eq!(seen, [(operation, revision)], "{line}");
    }
}

#[test]
fn a_post_says_what_its_fields_say() {
    let fields = r##""text":"@a hi &amp; bye #x https://t.co/l https://t.co/m https://t.co/q","lang":"en",
        "created_at":"2020-01-01T00:00:00.000Z","conversation_id":"999","in_reply_to_user_id":"8","source":"Web",
        "referenced_tweets":[{"type":"replied_to","id":"1000"},{"type":"quoted","id":"1001"}],
        "entities":{"hashtags":[{"tag":"x"}],"mentions":[{"username":"A"},{"username":"b","id":"9"},{"username":"c"}],
        "urls":[{"url":"https://t.co/l","expanded_url":"https://e.org/"},
        {"url":"https://t.co/m","expanded_url":"https://twitter.com/a/status/1000000000001/photo/1","display_url":"pic.twitter.com/m"},
        {"url":"https://t.co/q","expanded_url":"https://twitter.com/b/status/1001"}]},
        "attachments":{"media_keys":["3_55","7_56","13_57"]},"possibly_sensitive":true,"reply_settings":"everyone",
        "public_metrics":{"like_count":1,"reply_count":2,"retweet_count":3,"quote_count":4},
        "geo":{"place_id":"p1","coordinates":{"type":"Point","coordinates":[-105.27786886,40.0]}},
        "withheld":{"copyright":true,"country_codes":["DE"]}"##;
    let includes = r#""users":[{"id":"8","username":"a"}],
        "tweets":[{"id":"1001","author_id":"10","text":"q"},{"id":"1000","text":"no author"}],
        "media":[{"media_key":"3_55","type":"photo","url":"https://p/55.jpg","alt_text":"a cat"},
        {"media_key":"7_56","type":"video","preview_image_url":"https://p/56.jpg","variants":[
        {"content_type":"application/x-mpegURL","url":"https://v/list"},{"bit_rate":1,"url":"https://v/low"},{"bit_rate":2,"url":"https://v/high"}]}],
        "places":[{"id":"p1","full_name":"Boulder, CO","country_code":"US"}]"#;
    see_post(fields, includes, |event| {
        assert_eq!(event.record.text, "twitter:1000000000001");
        assert_eq!(event.actor.unwrap().text, "twitter:user:7");
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        assert_eq!(post.text, "@a hi & bye #x https://t.co/l https://t.co/m https://t.co/q");
        assert_eq!(post.body, Some((3, 29)));
        assert_eq!(post.created_at.unwrap().to_string(), "2020-01-01T00:00:00Z");
        assert_eq!(post.langs, ["en"]);
        let reply_to = post.reply_to.unwrap();
        assert_eq!((reply_to.post.text, reply_to.account), ("twitter:1000", Some("twitter:user:8")));
        let quote_of = post.quote_of.unwrap();
        assert_eq!((quote_of.post.text, quote_of.account), ("twitter:1001", Some("twitter:user:10")));
        assert_eq!((post.conversation, post.root.unwrap().text), (Some("twitter:999"), "twitter:999"));
        assert_eq!(post.hashtags, ["x"]);
        assert_eq!(post.mentions, ["twitter:user:8", "twitter:user:9", "twitter:@c"]);
        assert_eq!(post.urls, ["https://e.org/", "https://twitter.com/b/status/1001"]);
        let counts = post.counts;
        let counts = [counts.likes, counts.replies, counts.reposts, counts.quotes];
        assert_eq!(counts, [Some(1), Some(2), Some(3), Some(4)]);
        let media: Vec<_> =
            post.media.iter().map(|m| (m.kind, m.content_id.unwrap(), m.url, m.alt)).collect();
        assert_eq!(
            media,
            [
                (MediaKind::Image, "55", Some("https://p/55.jpg"), Some("a cat")),
                (MediaKind::Video, "56", Some("https://v/high"), None),
                (MediaKind::Video, "57", None, None),
            ]
        );
        assert_eq!((post.client, post.geo), (Some("Web"), Some("40.0,-105.27786886")));
        assert_eq!(post.withheld_in, ["DE", "XY"]);
        assert_eq!(
            post.attributes,
            [
                ("in_reply_to_user_id", "8"),
                ("possibly_sensitive", "true"),
                ("reply_settings", "everyone"),
                ("place", "Boulder, CO"),
                ("place_id", "p1"),
                ("country_code", "US"),
            ]
        );
    });
}

#[test]
fn the_post_that_begins_a_conversation_has_no_root() {
    see_post(r#""text":"a","conversation_id":"1000000000001""#, "", |event| {
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        assert_eq!((post.conversation, post.root), (Some("twitter:1000000000001"), None));
    });
}

#[test]
fn a_long_post_is_read_from_its_note() {
    let fields = r##""text":"beg…","note_tweet":{"text":"beginning and end #e","entities":{"hashtags":[{"tag":"e"}]}}"##;
    see_post(fields, "", |event| {
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        assert_eq!((post.text, &post.hashtags[..]), ("beginning and end #e", &["e"][..]));
    });
}

#[test]
fn what_is_included_is_told_once_and_only_with_its_author() {
    let data = r#"{"id":"1","author_id":"7","text":"a"},{"id":"2","author_id":"7","text":"RT","referenced_tweets":[{"type":"retweeted","id":"3"}]}"#;
    let includes = r#""users":[{"id":"7","username":"seven","name":"S &amp; Co","public_metrics":{"followers_count":5}}],
        "tweets":[{"id":"1","author_id":"7","text":"a"},{"id":"3","author_id":"8","text":"b"},{"id":"3","author_id":"8","text":"b"},{"id":"4","text":"c"},5]"#;
    let line = page(data, includes);
    let (census, outcome) = Census::of(line.as_bytes());
    assert_eq!(census.numbers(), (1, 1, 1));
    assert_eq!(census.profiles.iter().collect::<Vec<_>>(), ["twitter:user:7"]);
    assert_eq!(outcome.tally.warnings.get("included_without_author"), Some(&1));
    assert_eq!(outcome.tally.warnings.get("bad_included_post"), Some(&1));
    read_seeing(line.as_bytes(), |event| match &event.body {
        Body::Repost(subject) => {
            assert_eq!((subject.post.text, subject.account), ("twitter:3", Some("twitter:user:8")));
        }
        Body::Profile(profile) => {
            assert_eq!((profile.name, profile.followers), (Some("S & Co"), Some(5)));
            assert_eq!(event.operation, Operation::Embedded);
        }
        _ => assert_eq!(event.version.revision, 1_640_995_201_000),
    });
}

#[test]
fn each_element_has_an_outcome_of_its_own() {
    let data = r#"{"id":"1","author_id":"7","text":"a"},{"id":"2","text":"no author"},{"author_id":"7","text":"no id"},
{"id":"3","author_id":"7","text":"\ud800"},{"id":"4","author_id":"7","text":5},6,{"start":"","end":"","tweet_count":9},
{"id":"9","username":"u","name":"U"},{"id":"10","author_id":"7"}"#;
    // Over several lines, so in one document.
    let outcome = read_seeing(page(data, "").replacen('[', "[\n", 1).as_bytes(), |_| {});
    let reasons = outcome.reasons();
    use Reason::{LoneSurrogate, MissingId, NotAnEvent, WrongType};
    assert_eq!(reasons, [MissingId, MissingId, LoneSurrogate, WrongType, WrongType, NotAnEvent]);
    assert_eq!(outcome.aside[0].line, 2);
    assert_eq!(outcome.aside[2].line, 3);
    assert_eq!(outcome.aside[5].line, 4);
    assert_eq!((outcome.tally.records, outcome.tally.taken), (9, 1));
    assert_eq!(
        outcome.tally.ignored.iter().map(|(kind, n)| (&kind[..], *n)).collect::<Vec<_>>(),
        [("count", 1), ("user", 1)]
    );
    for aside in &outcome.aside {
        let at = aside.origin.offset as usize;
        let whole = page(data, "").replacen('[', "[\n", 1);
        assert!(whole.as_bytes()[at..].starts_with(&aside.head), "{aside:?}");
    }
}

#[test]
fn a_page_without_data_is_one_ignored_record() {
    let errors = r#"{"errors":[
        {"resource_type":"tweet","resource_id":"5","title":"Not Found Error"},
        {"resource_type":"tweet","value":"6","title":"Authorization Error"},
        {"resource_type":"tweet","value":"6","title":"Authorization Error"},
        {"resource_type":"user","value":"8","title":"Forbidden"},
        {"resource_type":"tweet","value":"x","title":"Forbidden"}]}"#
        .replace('\n', "");
    let (census, outcome) = Census::of(errors.as_bytes());
    let expected = [("twitter:5", "Not Found Error"), ("twitter:6", "Authorization Error")];
    assert_eq!(
        census.unavailable,
        expected.map(|(id, reason)| (id.to_owned(), reason.to_owned())).into_iter().collect()
    );
    assert_eq!(outcome.tally.ignored.get("errors"), Some(&1));
    for empty in [r#"{"meta":{"result_count":0}}"#, r#"{"data":[],"meta":{}}"#, r#"{"data":null}"#] {
        let outcome = read_seeing(empty.as_bytes(), |_| {});
        assert_eq!(outcome.tally.ignored.get("empty_page"), Some(&1), "{empty}");
    }
}

#[test]
fn flattened_posts_are_those_of_their_pages() {
    let author = r#"{"id":"7","username":"seven","name":"Seven"}"#;
    let other = r#"{"id":"8","username":"eight"}"#;
    let media = r#"{"media_key":"3_55","type":"photo","url":"https://p/55.jpg"}"#;
    let quoted = r#""id":"1001","author_id":"8","text":"q""#;
    let rest = r#""text":"a @eight","entities":{"mentions":[{"username":"eight","id":"8"}]}"#;
    let data = format!(
        r#"{{"id":"1002","author_id":"7",{rest},"attachments":{{"media_keys":["3_55"]}},"referenced_tweets":[{{"type":"quoted","id":"1001"}}]}}"#
    );
    let whole =
        page(&data, &format!(r#""users":[{author},{other}],"tweets":[{{{quoted}}}],"media":[{media}]"#));
    let flat = format!(
        r#"{{"id":"1002","author_id":"7","author":{author},{rest},"attachments":{{"media_keys":["3_55"],"media":[{media}]}},
        "referenced_tweets":[{{"type":"quoted",{quoted},"author":{other}}}],"__twarc":{{"retrieved_at":"2022-01-01T00:00:01Z"}}}}"#
    )
    .replace('\n', "");
    assert_eq!(told(whole.as_bytes()).len(), 4);
    assert_eq!(told(whole.as_bytes()), told(flat.as_bytes()));
}
