//! What lines of Jetstream become.

use populi_model::{
    AccountStatus, Body, Event, Id, Key, MediaKind, Operation, Platform, Post, Reason, RecordKind, Tally,
    Timestamp, Version,
};
use proptest::prelude::*;

use populi_ingest::bluesky::{Originals, read_block, read_document};
use populi_ingest::lines::Block;

use crate::outcome::{Each, FILE, commit, post, read, read_seeing, see_event};

fn see_post(fields: &str, see: impl Fn(&Post<'_>)) -> Tally {
    let see_body = |event: &Event<'_>| match &event.body {
        Body::Post(post) => see(post),
        other => panic!("no post: {other:?}"),
    };
    see_event(&post(fields), see_body).tally
}

fn warnings(tally: &Tally) -> Vec<(&str, u64)> {
    tally.warnings.iter().map(|(what, n)| (what.as_str(), *n)).collect()
}

#[test]
fn a_post_has_its_name_its_version_and_both_clocks() {
    let line = post(
        r#""text":"Hi \ud83d\ude00\u0000","createdAt":"2026-07-04T14:38:08.999Z","langs":["en","pt-BR"]"#,
    );
    see_event(&line, |event| {
        assert_eq!(event.origin.offset, 0);
        assert_eq!(event.origin.file, FILE.key);
        assert_eq!(event.platform, Platform::Bluesky);
        assert_eq!(event.record, Id::new("at://did:plc:a/app.bsky.feed.post/3k"));
        assert_eq!(event.actor, Some(Id::new("did:plc:a")));
        assert_eq!(event.operation, Operation::Create);
        assert_eq!(event.version.content, Version::content_of(b"bafy"));
        assert_eq!(event.version.revision >> 10, 1_783_175_887_514_441, "the commit's TID, in microseconds");
        assert_eq!(event.received_at, Some(Timestamp(1_783_175_888_085_434)));
        assert_eq!(event.original, None);
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        assert_eq!(post.text, "Hi 😀\0");
        assert_eq!(post.created_at, Some(Timestamp(1_783_175_888_999_000)));
        assert_eq!(post.langs, ["en", "pt-BR"]);
        assert_eq!((post.reply_to, post.root, post.quote_of), (None, None, None));
    });
}

#[test]
fn replies_say_parent_root_and_the_parents_author() {
    let fields = r#""text":"","reply":{"root":{"uri":"at://did:plc:b/app.bsky.feed.post/1","cid":"x"},"parent":{"uri":"at://did:plc:c/app.bsky.feed.post/2"}}"#;
    see_post(fields, |post| {
        let parent = post.reply_to.unwrap();
        assert_eq!(parent.post, Id::new("at://did:plc:c/app.bsky.feed.post/2"));
        assert_eq!(parent.account, Some("did:plc:c"));
        assert_eq!(post.root, Some(Id::new("at://did:plc:b/app.bsky.feed.post/1")));
        assert_eq!(post.text, "");
    });
    see_post(r#""text":"","reply":null"#, |post| assert_eq!(post.reply_to, None));
}

#[test]
fn quotes_are_of_posts_whatever_wraps_them() {
    let quoting = |embed: &str| format!(r#""text":"","embed":{embed}"#);
    let record = r#"{"$type":"app.bsky.embed.record","record":{"uri":"URI","cid":"c"}}"#;
    let with_media = r#"{"$type":"app.bsky.embed.recordWithMedia","record":{"$type":"app.bsky.embed.record","record":{"uri":"URI"}},
        "media":{"$type":"app.bsky.embed.images","images":[{"alt":"a cat","image":{"$type":"blob","ref":{"$link":"bafkcat"}}}]}}"#;
    for (uri, account) in [("at://did:plc:b/app.bsky.feed.post/1", Some("did:plc:b")), ("c44d834c", None)] {
        for embed in [record, with_media] {
            let fields = quoting(&embed.replace("URI", uri).replace('\n', ""));
            let tally = see_post(&fields, |post| {
                let quoted = post.quote_of.unwrap();
                assert_eq!((quoted.post, quoted.account), (Id::new(uri), account));
            });
            assert!(tally.warnings.is_empty());
        }
    }
    for uri in
        ["at://did:plc:b/app.bsky.graph.list/1", "at://did:plc:b/app.bsky.feed.generator/1", "at://x", ""]
    {
        see_post(&quoting(&record.replace("URI", uri)), |post| assert_eq!(post.quote_of, None, "{uri}"));
    }
    see_post(&quoting(&with_media.replace('\n', "")), |post| {
        assert_eq!(post.media.len(), 1);
        assert_eq!((post.media[0].content_id, post.media[0].alt), (Some("bafkcat"), Some("a cat")));
    });
}

#[test]
fn facets_give_mentions_links_and_tags_in_order() {
    let fields = r##""text":"x","tags":["last","#"],"facets":[
        {"index":{"byteStart":0,"byteEnd":1},"features":[{"$type":"app.bsky.richtext.facet#mention","did":"did:plc:b"}]},
        {"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://example.org/?a=\"b\""},
                     {"$type":"app.bsky.richtext.facet#tag","tag":"#First"},
                     {"$type":"org.example.bold"}]},
        {"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"日本"}]}]"##;
    let tally = see_post(&fields.replace('\n', " "), |post| {
        assert_eq!(post.mentions, ["did:plc:b"]);
        assert_eq!(post.urls, ["https://example.org/?a=\"b\""]);
        assert_eq!(post.hashtags, ["First", "日本", "last"]);
    });
    assert!(tally.warnings.is_empty());
}

#[test]
fn images_video_and_cards_are_media() {
    let images = r#""text":"","embed":{"$type":"app.bsky.embed.images","images":[
        {"alt":"","image":{"ref":{"$link":"bafk1"}}},{"alt":"two","image":{"cid":"bafk2","mimeType":"image/png"}}]}"#;
    see_post(&images.replace('\n', ""), |post| {
        let media: Vec<_> = post.media.iter().map(|m| (m.kind, m.content_id, m.url, m.alt)).collect();
        assert_eq!(
            media,
            [
                (MediaKind::Image, Some("bafk1"), None, None),
                (MediaKind::Image, Some("bafk2"), None, Some("two"))
            ]
        );
    });
    let video = r#""text":"","embed":{"$type":"app.bsky.embed.video","alt":"a film","video":{"ref":{"$link":"bafv"}}}"#;
    see_post(video, |post| {
        assert_eq!(post.media[0].kind, MediaKind::Video);
        assert_eq!((post.media[0].content_id, post.media[0].alt), (Some("bafv"), Some("a film")));
    });
    for (title, description, alt) in
        [("T", "D", Some("T\nD")), ("T", "", Some("T")), ("", "D", Some("D")), ("", "", None)]
    {
        let card = format!(
            r#""text":"","embed":{{"$type":"app.bsky.embed.external","external":{{"uri":"https://example.org","title":"{title}","description":"{description}"}}}}"#
        );
        see_post(&card, |post| {
            assert_eq!(post.media[0].kind, MediaKind::External);
            assert_eq!((post.media[0].url, post.media[0].alt), (Some("https://example.org"), alt));
        });
    }
}

#[test]
fn what_is_odd_deep_inside_costs_a_warning_and_not_the_post() {
    for (fields, warning) in [
        (r#""createdAt":"yesterday""#, "bad_created_at"),
        (r#""createdAt":5"#, "bad_created_at"),
        (r#""langs":"en""#, "bad_langs"),
        (r#""tags":[1]"#, "bad_tags"),
        (r#""facets":{}"#, "bad_facet"),
        (r#""facets":[{"features":[{"$type":"app.bsky.richtext.facet#tag"}]}]"#, "bad_facet"),
        (r#""facets":[{}]"#, "bad_facet"),
        (r#""embed":"picture""#, "bad_embed"),
        (r#""embed":{"$type":"app.bsky.embed.record","record":5}"#, "bad_embed"),
        (r#""embed":{"$type":"app.bsky.embed.images","images":[5]}"#, "bad_embed"),
    ] {
        let tally = see_post(&format!(r#""text":"kept",{fields}"#), |post| {
            assert_eq!(post.text, "kept");
            assert_eq!(post.created_at, None);
        });
        assert_eq!(warnings(&tally), [(warning, 1)], "{fields}");
    }
    let tally = see_post(
        r#""text":"","facets":[{"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"a"}]},7,{"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"b"}]}]"#,
        |post| assert_eq!(post.hashtags, ["a", "b"]),
    );
    assert_eq!(warnings(&tally), [("bad_facet", 1)]);
    let tally = see_post(r#""text":"","embed":{"$type":"org.example.embed","record":5}"#, |post| {
        assert!(post.media.is_empty() && post.quote_of.is_none());
    });
    assert!(tally.warnings.is_empty());
}

#[test]
fn reactions_and_relations_name_their_subject() {
    let subject = r#"{"subject":{"uri":"at://did:plc:b/app.bsky.feed.post/1","cid":"x"}}"#;
    for (collection, kind) in
        [("app.bsky.feed.like", RecordKind::Like), ("app.bsky.feed.repost", RecordKind::Repost)]
    {
        see_event(&commit("create", collection, subject), |event| {
            assert_eq!(event.body.kind(), kind);
            let (Body::Like(subject) | Body::Repost(subject)) = event.body else { panic!("{event:?}") };
            assert_eq!(subject.post, Id::new("at://did:plc:b/app.bsky.feed.post/1"));
            assert_eq!(subject.account, Some("did:plc:b"));
        });
    }
    let relations =
        [("app.bsky.graph.follow", RecordKind::Follow), ("app.bsky.graph.block", RecordKind::Block)];
    for (collection, kind) in relations {
        see_event(&commit("create", collection, r#"{"subject":"did:plc:b"}"#), |event| {
            assert_eq!(event.body.kind(), kind);
            let (Body::Follow(account) | Body::Block(account)) = event.body else { panic!("{event:?}") };
            assert_eq!(account, Id::new("did:plc:b"));
        });
    }
}

#[test]
fn deletes_name_the_record_and_nothing_else() {
    for (collection, kind, record) in [
        ("app.bsky.feed.post", RecordKind::Post, "at://did:plc:a/app.bsky.feed.post/3k"),
        ("app.bsky.feed.like", RecordKind::Like, "at://did:plc:a/app.bsky.feed.like/3k"),
        ("app.bsky.actor.profile", RecordKind::Profile, "did:plc:a"),
    ] {
        see_event(&commit("delete", collection, "null"), |event| {
            assert_eq!((event.operation, &event.body), (Operation::Delete, &Body::Gone(kind)));
            assert_eq!((event.record.text, event.version.content), (record, 0));
        });
    }
}

#[test]
fn profiles_and_notices_are_of_the_account() {
    let profile = commit("update", "app.bsky.actor.profile", r#"{"displayName":"A\u00e9","description":""}"#);
    see_event(&profile, |event| {
        assert_eq!((event.record, event.operation), (Id::new("did:plc:a"), Operation::Update));
        let Body::Profile(profile) = &event.body else { panic!("{event:?}") };
        assert_eq!((profile.name, profile.bio), (Some("Aé"), None));
    });
    let notice = |kind: &str, what: &str| {
        format!(r#"{{"did":"did:plc:a","time_us":5,"kind":"{kind}","{kind}":{what}}}"#)
    };
    for (what, handle) in [(r#"{"handle":"a.example"}"#, Some("a.example")), (r#"{"seq":1}"#, None)] {
        see_event(&notice("identity", what), |event| {
            assert_eq!((event.operation, event.record), (Operation::Notice, Id::new("did:plc:a")));
            assert_eq!(event.version.revision, 5 << 10);
            assert_eq!(event.body, Body::Handle(handle));
        });
    }
    for (what, status) in [
        (r#"{"active":true,"status":"deleted"}"#, AccountStatus::Active),
        (r#"{"active":false,"status":"deactivated"}"#, AccountStatus::Deactivated),
        (r#"{"active":false,"status":"suspended"}"#, AccountStatus::Suspended),
        (r#"{"active":false,"status":"takendown"}"#, AccountStatus::TakenDown),
        (r#"{"active":false,"status":"deleted"}"#, AccountStatus::Deleted),
        (r#"{"active":false,"status":"throttled"}"#, AccountStatus::Inactive),
        (r#"{"active":false}"#, AccountStatus::Inactive),
    ] {
        see_event(&notice("account", what), |event| assert_eq!(event.body, Body::Status(status), "{what}"));
    }
}

#[test]
fn other_collections_are_ignored_by_name_however_odd_their_records() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(50), "]".repeat(50));
    for record in ["{}", "5", "null", r#""\ud800""#, r#"{"\udc00":1e999}"#, &deep] {
        let outcome = read(commit("create", "app.bsky.feed.threadgate", record).as_bytes());
        assert_eq!(outcome.tally.ignored.get("app.bsky.feed.threadgate"), Some(&1), "{record}");
        assert_eq!(outcome.tally.records, 1);
    }
    let outcome = read(commit("create", "app.bsky.feed.postgate2", "{}").replace("did:plc:a", "").as_bytes());
    assert_eq!(outcome.tally.n_ignored(), 1);
}

#[test]
fn the_last_of_equal_keys_counts_and_null_is_absent() {
    see_post(r#""text":"first","text":"last","langs":null,"embed":null,"facets":null"#, |post| {
        assert_eq!(post.text, "last");
    });
    let line = post(r#""text":"x""#).replace(r#""rev":"#, r#""rev":null,"r":"#);
    see_event(&line, |event| assert_eq!(event.version.revision, 1_783_175_888_085_434 << 10));
}

#[test]
fn keys_may_come_in_any_order() {
    let commits = [
        r#"{"record":{"text":"x"},"cid":"bafy","rkey":"3k","collection":"app.bsky.feed.post","operation":"create"}"#,
        // The record is read as what the last collection says, not the one before it.
        r#"{"collection":"app.bsky.feed.like","record":{"text":"x"},"collection":"app.bsky.feed.post","cid":"bafy","rkey":"3k","operation":"create"}"#,
    ];
    for commit in commits {
        let line = format!(r#"{{"commit":{commit},"kind":"commit","time_us":1,"did":"did:plc:a"}}"#);
        see_event(&line, |event| {
            let Body::Post(post) = &event.body else { panic!("{event:?}") };
            assert_eq!((post.text, event.version.content), ("x", Version::content_of(b"bafy")));
        });
        let ignored = line.replace("feed.post", "feed.threadgate").replace(r#""x""#, "5");
        assert_eq!(read(ignored.as_bytes()).tally.n_ignored(), 1, "{ignored}");
        let wrong = line.replace(r#""x""#, "5");
        assert_eq!(read(wrong.as_bytes()).reasons(), [Reason::WrongType]);
    }
}

#[test]
fn ids_that_are_no_at_uris_are_taken_as_they_are() {
    let line = commit("create", "app.bsky.feed.like", r#"{"subject":{"uri":"fb9becb4","cid":"c"}}"#)
        .replace("did:plc:a", "1d382063")
        .replace("3mptbypluud2a", "bea501d9");
    see_event(&line, |event| {
        assert_eq!(event.record.text, "at://1d382063/app.bsky.feed.like/3k");
        assert_eq!(event.actor, Some(Id::new("1d382063")));
        assert_eq!(event.version.revision, 1_783_175_888_085_434 << 10);
        let Body::Like(subject) = event.body else { panic!("{event:?}") };
        assert_eq!((subject.post, subject.account), (Id::new("fb9becb4"), None));
    });
}

#[test]
fn without_a_content_id_the_record_itself_is_hashed() {
    let with = post(r#""text":"x""#);
    let without = with.replace(r#","cid":"bafy""#, "");
    assert_ne!(with, without);
    see_event(&without, |event| assert_eq!(event.version.content, Version::content_of(br#"{"text":"x"}"#)));
}

#[test]
fn originals_are_kept_on_demand() {
    let line = post(r#""text" : "x", "other": [1]"#);
    let block = Block { bytes: line.into_bytes(), offset: 100, first_line: 3, fault: None };
    let mut n = 0;
    let see = |event: &Event<'_>| {
        n += 1;
        assert_eq!(event.original, Some(("bafy", br#"{"text" : "x", "other": [1]}"#.as_slice())));
        assert_eq!(event.origin.offset, 100);
    };
    read_block(&block, &FILE, Originals::Keep, &mut Each(see, Vec::new()), &mut Tally::default());
    assert_eq!(n, 1);
}

#[test]
fn a_document_may_be_an_event_over_many_lines() {
    let document = post(r#""text":"x""#).replace(',', ",\r\n  ");
    let (mut n, mut tally) = (0, Tally::default());
    let mut sink = Each(|_: &Event<'_>| n += 1, Vec::new());
    read_document(format!("\u{feff}{document}\n").as_bytes(), &FILE, Originals::Drop, &mut sink, &mut tally);
    assert!(sink.1.is_empty());
    assert_eq!((n, tally.records, tally.taken), (1, 1, 1));
}

#[test]
fn marks_carriage_returns_and_a_missing_last_newline_do_no_harm() {
    let line = post(r#""text":"x""#);
    let plain = read(format!("{line}\n{line}\n").as_bytes());
    assert_eq!(plain.tally.taken, 2);
    for (text, offset) in [
        (format!("\u{feff}{line}\r\n{line}"), line.len() + 5),
        (format!("{line}\r\n\u{feff}{line}\r\n"), line.len() + 2),
    ] {
        let mut offsets = Vec::new();
        let outcome = read_seeing(text.as_bytes(), 1, |event| offsets.push(event.origin.offset));
        assert_eq!(outcome.tally, plain.tally);
        assert_eq!(offsets, [0, offset as u64]);
    }
    let outcome = read("\u{feff}\n \t\r\n\n".as_bytes());
    assert_eq!((outcome.tally.records, outcome.tally.blank), (3, 3));
    assert_eq!(read(b"").tally, Tally::default());
}

#[test]
fn keys_are_those_of_the_strings() {
    see_event(&post(r#""text":"x""#), |event| {
        assert_eq!(event.record.key, Key::of("at://did:plc:a/app.bsky.feed.post/3k"));
    });
}

/// One line of any sort, and whether it is taken.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let like = commit("create", "app.bsky.feed.like", r#"{"subject":{"uri":"x"}}"#);
    prop_oneof![
        4 => Just(post(r#""text":"x \u00e9 é","langs":["en"]"#).into_bytes()),
        4 => Just(like.into_bytes()),
        1 => Just(commit("create", "org.example.thing", "{}").into_bytes()),
        1 => Just(Vec::new()),
        1 => Just(b"<<<<<<< HEAD".to_vec()),
        1 => Just(b"[]".to_vec()),
        1 => Just(b"{\"did\":\0}".to_vec()),
        1 => Just(b"[".repeat(200)),
        2 => proptest::collection::vec(any::<u8>().prop_filter("a newline", |byte| *byte != b'\n'), 0..40),
        2 => (0_usize..300).prop_map(|n| post(r#""text":"\ud83d\ude00 cut","langs":["en"]"#).into_bytes()
            .into_iter().take(n).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_line_has_one_outcome_wherever_blocks_are_cut(
        lines in proptest::collection::vec(any_line(), 0..30),
        newline in prop_oneof![Just("\n"), Just("\r\n")],
        ends_with_newline in any::<bool>(),
        block_bytes in 1_usize..2_000,
    ) {
        let mut bytes = lines.join(newline.as_bytes());
        if ends_with_newline && !lines.is_empty() {
            bytes.extend_from_slice(newline.as_bytes());
        }
        // The first two bytes could say that the file is packed.
        prop_assume!(!matches!(bytes.as_slice(), [0x1f | 0xfe | 0xff | b'P' | b'R' | b'B' | 0x04 | 0x28, ..]));
        let whole = read(&bytes);
        let n_lines = if bytes.is_empty() { 0 } else {
            bytes.split(|byte| *byte == b'\n').count() - usize::from(bytes.ends_with(b"\n"))
        };
        prop_assert_eq!(whole.tally.records, n_lines as u64);
        prop_assert_eq!(read_seeing(&bytes, block_bytes, |_| {}), whole.clone());
        // Lines read one by one, each as a file of its own, have the same outcomes.
        let mut alone = Tally::default();
        for line in bytes.split(|byte| *byte == b'\n').take(n_lines) {
            let block = Block { bytes: line.to_vec(), offset: 0, first_line: 1, fault: None };
            let mut sink = Each(|_: &Event<'_>| (), Vec::new());
            if line.is_empty() {
                alone.records += 1;
                alone.blank += 1;
            }
            read_block(&block, &FILE, Originals::Drop, &mut sink, &mut alone);
        }
        prop_assert_eq!(alone, whole.tally);
    }
}

#[test]
fn a_line_cut_at_any_byte_has_one_outcome() {
    let line = post(
        r#""text":"é \ud83d\ude00","createdAt":"2026-07-04T14:38:08.999Z","embed":{"$type":"app.bsky.embed.images","images":[]},"facets":[]"#,
    );
    for n in 0..=line.len() {
        let outcome = read(&line.as_bytes()[..n]);
        let expected = (u64::from(n > 0), u64::from(n == line.len()));
        assert_eq!((outcome.tally.records, outcome.tally.taken), expected, "cut at {n}");
        let both = read(&[&line.as_bytes()[..n], b"\n", line.as_bytes()].concat());
        assert_eq!((both.tally.records, both.tally.taken), (2, expected.1 + 1), "cut at {n}");
    }
}

#[test]
fn a_changed_byte_never_costs_another_line() {
    let line = post(r#""text":"x","langs":["en"]"#);
    for at in 0..line.len() {
        for byte in [0, b'"', b'{', b'\\', 0xff, b'9'] {
            let mut changed = line.clone().into_bytes();
            changed[at] = byte;
            let outcome = read(&[&changed, b"\n".as_slice(), line.as_bytes()].concat());
            assert_eq!(outcome.tally.records, 2);
            assert!(outcome.tally.taken >= 1, "byte {byte} at {at}");
        }
    }
}
