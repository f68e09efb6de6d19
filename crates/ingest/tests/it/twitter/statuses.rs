//! Statuses of API v1.1: what each of their fields says.

use populi_ingest::twitter::Originals;
use populi_model::{Body, Event, MediaKind, Operation, Reason, Tally};

use crate::outcome::Each;
use crate::twitter::reading::{Census, read_into, read_seeing};

const ID: &str = r#""id":1169246717864136705,"id_str":"1169246717864136705""#;
const USER: &str = r#""user":{"id":3,"id_str":"3","screen_name":"carl","name":"Carl &amp; Co","description":"&lt;3","location":"X",
    "followers_count":1,"friends_count":2,"statuses_count":4,"verified":true,"created_at":"Wed Nov 15 13:18:50 +0000 2006"}"#;

/// A status of a stream with these fields.
fn line(fields: &str) -> String {
    format!(
        r#"{{"created_at":"Wed Sep 04 13:51:55 +0000 2019",{ID},{USER},"timestamp_ms":"1567605115600",{fields}}}"#
    )
    .replace('\n', "")
}

/// Shows the one direct event of a status with these fields.
fn see(fields: &str, mut see: impl FnMut(&Event<'_>)) -> Tally {
    let line = line(fields);
    let mut n_seen = 0;
    let outcome = read_seeing(line.as_bytes(), |event| {
        if event.operation != Operation::Embedded {
            n_seen += 1;
            see(event);
        }
    });
    assert_eq!(n_seen, 1, "{line}: {:?}", outcome.aside);
    outcome.tally
}

/// The text and the body of a status with these fields.
fn text_and_body(fields: &str) -> (String, String) {
    let mut told = None;
    see(fields, |event| {
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        let (start, end) = post.body.unwrap();
        let body = post.text.chars().skip(start as usize).take((end - start) as usize).collect();
        told = Some((post.text.to_owned(), body));
    });
    told.unwrap()
}

#[test]
fn a_post_says_what_its_fields_say() {
    let fields = r##""text":"@ann cut…","display_text_range":[5,9],"truncated":true,"source":"<a href=\"http:\/\/e.org\/?a=1\" rel=\"nofollow\">R&amp;D</a>",
        "extended_tweet":{"full_text":"@ann a &lt; b &amp; \ud83d\ude00 #T https:\/\/t.co\/l https:\/\/t.co\/m","display_text_range":[5,45],
        "entities":{"hashtags":[{"text":"T"}],"urls":[{"url":"https:\/\/t.co\/l","expanded_url":"https:\/\/e.org\/l"}],
        "user_mentions":[{"id":null,"screen_name":"ann"},{"id_str":"9","id":9}],"media":[{"id_str":"51","type":"photo"}]},
        "extended_entities":{"media":[{"id_str":"51","type":"photo","media_url_https":"https:\/\/p\/51","ext_alt_text":"a cat","url":"https:\/\/t.co\/m"},
        {"id_str":"52","type":"animated_gif","media_url":"http:\/\/p\/52","video_info":{"variants":[{"bitrate":0,"url":"https:\/\/v\/52"}]}},{"type":"hologram"}]}},
        "in_reply_to_status_id":1000,"in_reply_to_status_id_str":"1000","in_reply_to_user_id":8,"in_reply_to_user_id_str":"8","in_reply_to_screen_name":"ann",
        "is_quote_status":false,"quote_count":4,"reply_count":2,"retweet_count":3,"favorite_count":1,"possibly_sensitive":false,"filter_level":"low","lang":"in",
        "coordinates":{"type":"Point","coordinates":[-105.2700,40.017]},"geo":{"type":"Point","coordinates":[1,2]},
        "place":{"id":"p1","full_name":"Boulder, CO","country_code":"US"},"withheld_in_countries":["DE"],"withheld_copyright":true"##;
    see(fields, |event| {
        assert_eq!(event.record.text, "twitter:1169246717864136705");
        assert_eq!(event.actor.unwrap().text, "twitter:user:3");
        assert_eq!((event.operation, event.version.revision), (Operation::Create, 1_567_605_115_600));
        assert_eq!(event.received_at.unwrap().0, 1_567_605_115_600_000);
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        assert_eq!(post.created_at.unwrap().0, 1_567_605_115_000_000);
        assert_eq!(post.text, "@ann a < b & 😀 #T https://t.co/l https://t.co/m");
        assert_eq!(post.body, Some((5, 38)));
        assert_eq!(post.langs, ["in"]);
        let reply_to = post.reply_to.unwrap();
        assert_eq!((reply_to.post.text, reply_to.account), ("twitter:1000", Some("twitter:user:8")));
        assert_eq!(post.hashtags, ["T"]);
        assert_eq!(post.mentions, ["twitter:@ann", "twitter:user:9"]);
        assert_eq!(post.urls, ["https://e.org/l"]);
        let counts = post.counts;
        let counts = [counts.likes, counts.replies, counts.reposts, counts.quotes];
        assert_eq!(counts, [Some(1), Some(2), Some(3), Some(4)]);
        let media: Vec<_> =
            post.media.iter().map(|m| (m.kind, m.content_id.unwrap(), m.url, m.alt)).collect();
        assert_eq!(
            media,
            [
                (MediaKind::Image, "51", Some("https://p/51"), Some("a cat")),
                (MediaKind::Video, "52", Some("https://v/52"), None),
            ]
        );
        assert_eq!((post.client, post.geo), (Some("R&D"), Some("40.017,-105.2700")));
        assert_eq!(post.withheld_in, ["DE", "XY"]);
        assert_eq!(
            post.attributes,
            [
                ("in_reply_to_user_id", "8"),
                ("in_reply_to_screen_name", "ann"),
                ("truncated", "true"),
                ("possibly_sensitive", "false"),
                ("place", "Boulder, CO"),
                ("place_id", "p1"),
                ("country_code", "US"),
            ]
        );
    });
}

#[test]
fn a_profile_stands_beside_every_post() {
    let mut n_seen = 0;
    read_seeing(line(r#""text":"a""#).as_bytes(), |event| {
        let Body::Profile(profile) = &event.body else { return };
        n_seen += 1;
        assert_eq!((event.record.text, event.actor.unwrap().text), ("twitter:user:3", "twitter:user:3"));
        assert_eq!((event.operation, event.version.revision), (Operation::Embedded, 1_567_605_115_600));
        assert_eq!((profile.handle, profile.name), (Some("carl"), Some("Carl & Co")));
        assert_eq!((profile.bio, profile.location), (Some("<3"), Some("X")));
        assert_eq!([profile.followers, profile.following, profile.posts], [Some(1), Some(2), Some(4)]);
        assert_eq!(profile.verified, Some(true));
        assert_eq!(profile.joined_at.unwrap().0, 1_163_596_730_000_000);
    });
    assert_eq!(n_seen, 1);
}

#[test]
fn the_text_is_the_longest_that_is_told() {
    let told = |fields: &str| text_and_body(fields).0;
    assert_eq!(told(r#""text":"a…","truncated":true"#), "a…");
    assert_eq!(told(r#""text":"a…","full_text":"a b""#), "a b");
    assert_eq!(told(r#""text":"a…","extended_tweet":{"full_text":"a b c"},"full_text":"a b""#), "a b c");
    assert_eq!(told(r#""text":"a…","extended_tweet":{}"#), "a…");
    for (fields, is_cut) in [
        (r#""text":"a…","truncated":true"#, true),
        (r#""text":"a…","truncated":false"#, false),
        (r#""text":"a…","truncated":true,"extended_tweet":{"full_text":"a b c"}"#, false),
        (r#""full_text":"a b c","truncated":true"#, false),
    ] {
        see(fields, |event| {
            let Body::Post(post) = &event.body else { panic!("{event:?}") };
            assert_eq!(post.attributes.contains(&("text_cut", "true")), is_cut, "{fields}");
        });
    }
}

#[test]
fn the_body_is_what_is_displayed() {
    let body = |fields: &str| text_and_body(fields).1;
    // As the network says, in characters of the text with its entities.
    assert_eq!(body(r#""text":"@a x &amp; y z","display_text_range":[3,12]"#), "x & y");
    assert_eq!(body(r#""text":"\ud83d\ude00\ud83d\ude00b","display_text_range":[1,99]"#), "😀b");
    // Nonsense is not followed, and neither is what takes in the link from a cut text to the whole.
    assert_eq!(body(r#""text":"ab","display_text_range":[2,1]"#), "ab");
    let link = r#""entities":{"urls":[{"url":"https://t.co/x","expanded_url":"https://twitter.com/i/web/status/7"}]}"#;
    let cut = format!(
        r#""id_str":"7","text":"@a hi… https://t.co/x","truncated":true,"in_reply_to_status_id_str":"5","display_text_range":[3,21],{link}"#
    );
    assert_eq!(body(&cut), "hi…");
    assert_eq!(body(r#""text":"ab","display_text_range":"x""#), "ab");
    // Where it says nothing: mentions of replies, links to media, to the quoted post, and to the whole text.
    assert_eq!(body(r#""text":"@a @b hi","in_reply_to_status_id_str":"5""#), "hi");
    assert_eq!(body(r#""text":"@a @b hi""#), "@a @b hi");
    let media = r#""entities":{"media":[{"url":"https://t.co/m"}],"urls":[{"url":"https://t.co/q","expanded_url":"https://twitter.com/i/web/status/77"},
        {"url":"https://t.co/s","expanded_url":"https://twitter.com/i/web/status/1169246717864136705"},{"url":"https://t.co/o","expanded_url":"https://twitter.com/x/status/78"}]},
        "quoted_status_id_str":"77""#;
    for (text, expected) in [
        ("hi https://t.co/m", "hi"),
        ("hi https://t.co/q https://t.co/m", "hi"),
        ("hi… https://t.co/s", "hi…"),
        ("hi https://t.co/o", "hi https://t.co/o"),
        ("hi https://t.co/m there", "hi https://t.co/m there"),
    ] {
        assert_eq!(body(&format!(r#""text":"{text}",{media}"#)), expected);
    }
    let link = r#""quoted_status_permalink":{"url":"https://t.co/p"}"#;
    assert_eq!(body(&format!(r#""text":"hi https://t.co/p",{link}"#)), "hi");
}

#[test]
fn a_retweet_is_an_act_and_shows_what_it_is_of() {
    let quoted = r#"{"id_str":"100","text":"quoted","user":{"id_str":"9","screen_name":"q"}}"#;
    let inner = format!(
        r#"{{"id_str":"200","text":"inner","user":{{"id_str":"8","screen_name":"i"}},"quoted_status":{quoted},"retweet_count":7}}"#
    );
    let line = line(&format!(r#""text":"RT @i: inner","retweeted_status":{inner},"quoted_status":{quoted}"#));
    let mut seen = Vec::new();
    let outcome = read_seeing(line.as_bytes(), |event| {
        let what = match &event.body {
            Body::Repost(subject) => format!("repost of {} by {:?}", subject.post.text, subject.account),
            Body::Post(post) => {
                let quote = post.quote_of.map(|quote| (quote.post.text, quote.account));
                format!("{} {:?} {:?}", post.text, post.counts.reposts, quote)
            }
            Body::Profile(profile) => format!("profile {}", profile.handle.unwrap()),
            other => panic!("{other:?}"),
        };
        assert_eq!((event.version.revision, event.origin.offset), (1_567_605_115_600, 0));
        seen.push((event.operation, event.record.text.to_owned(), what));
    });
    use Operation::{Create, Embedded};
    let expected = [
        (Create, "twitter:1169246717864136705", r#"repost of twitter:200 by Some("twitter:user:8")"#),
        (Embedded, "twitter:user:3", "profile carl"),
        (Embedded, "twitter:200", r#"inner Some(7) Some(("twitter:100", Some("twitter:user:9")))"#),
        (Embedded, "twitter:user:8", "profile i"),
        (Embedded, "twitter:100", "quoted None None"),
        (Embedded, "twitter:user:9", "profile q"),
    ];
    assert_eq!(seen, expected.map(|(operation, id, what)| (operation, id.to_owned(), what.to_owned())));
    assert_eq!((outcome.tally.records, outcome.tally.taken), (1, 1));
}

#[test]
fn what_is_shown_and_broken_costs_a_warning() {
    let tally = see(r#""text":"a","quoted_status":{"id_str":"100","text":"no user"}"#, |event| {
        let Body::Post(post) = &event.body else { panic!("{event:?}") };
        assert_eq!(post.quote_of.unwrap().post.text, "twitter:100");
    });
    assert_eq!(tally.warnings.get("bad_quoted_status"), Some(&1));
    let tally = see(r#""text":"RT","retweeted_status":{"id_str":"100","text":"no user"}"#, |event| {
        let Body::Repost(subject) = &event.body else { panic!("{event:?}") };
        assert_eq!((subject.post.text, subject.account), ("twitter:100", None));
    });
    assert_eq!(tally.warnings.get("bad_retweeted_status"), Some(&1));
    for (fields, warning) in [
        (r#""text":"a","entities":5"#, "bad_entities"),
        (r#""text":"a","entities":{"urls":{"a":[1]},"hashtags":[{"text":"t"}]}"#, "bad_entities"),
        (r#""text":"a","entities":{"hashtags":["x",{"text":"t"}]}"#, "bad_entities"),
        (r#""text":"a","coordinates":{"coordinates":[200,100]}"#, "bad_coordinates"),
        (r#""text":"a","coordinates":{"coordinates":"x"}"#, "bad_coordinates"),
        (r#""text":"a","in_reply_to_status_id":1.5"#, "bad_in_reply_to"),
        (r#""text":"a","in_reply_to_status_id_str":"x""#, "bad_in_reply_to"),
        (r#""text":"a","created_at":"yesterday""#, "bad_created_at"),
        (r#""text":"a","created_at":5"#, "bad_created_at"),
    ] {
        let tally = see(fields, |event| assert!(matches!(&event.body, Body::Post(post) if post.text == "a")));
        assert_eq!(tally.warnings.get(warning), Some(&1), "{fields}: {tally:?}");
    }
    // A field that is not kept may be anything.
    let odd = r#""text":"a","favorited":{"x":["\ud800"]},"favorite_count":"100+","retweet_count":1e99,"place":[],"truncated":"x","lang":7,"contributors":[[]]"#;
    assert!(see(odd, |_| {}).warnings.is_empty());
}

#[test]
fn numbers_are_ids_where_they_cannot_be_rounded() {
    let status = |id: &str, rest: &str| {
        format!(r#"{{"id":{id},"text":"a","user":{{"id":3}},"is_quote_status":false{rest}}}"#)
    };
    let id_of = |line: &str| {
        let mut ids = Vec::new();
        let outcome = read_seeing(line.as_bytes(), |event| ids.push(event.record.text.to_owned()));
        (ids.pop(), outcome.reasons().pop())
    };
    let big = "1169246717864136705";
    let is = |id: &str| (Some(format!("twitter:{id}")), None);
    let missing = (None, Some(Reason::MissingId));
    assert_eq!(id_of(&status("9007199254740992", "")), is("9007199254740992"));
    assert_eq!(id_of(&status("9007199254740993", "")), missing);
    assert_eq!(id_of(&status(big, r#","timestamp_ms":"5""#)), is(big));
    assert_eq!(id_of(&status("1169246717864136700", r#","id_str":"1169246717864136705""#)), is(big));
    for id in ["0", "-5", "1.5", "1e3", "\"x\"", "null", "[]", "18446744073709551616"] {
        assert_eq!(id_of(&status(id, "")), missing, "{id}");
    }
    assert_eq!(id_of(&status("\"12\"", "")), is("12"));
}

#[test]
fn when_and_how_a_status_was_sighted_is_told_by_its_fields() {
    let made_ms = (1_169_246_717_864_136_705 >> 22) + 1_288_834_974_657;
    for (fields, operation, revision) in [
        (r#""timestamp_ms":"1567605115600""#, Operation::Create, 1_567_605_115_600),
        (r#""timestamp_ms":1567605115600"#, Operation::Create, 1_567_605_115_600),
        (r#""filter_level":"low","is_quote_status":false"#, Operation::Create, made_ms),
        // A stream of 2012.
        (r#""retweet_count":0"#, Operation::Create, made_ms),
        (r#""is_quote_status":false"#, Operation::Seen, made_ms + 1),
        (r#""full_text":"a""#, Operation::Seen, made_ms + 1),
        (
            r#""is_quote_status":true,"quoted_status":{"id_str":"1169246717900000000","text":"a","user":{"id_str":"5"}}"#,
            Operation::Seen,
            (1_169_246_717_900_000_000_u64 >> 22) + 1_288_834_974_658,
        ),
    ] {
        let line = format!(r#"{{{ID},"user":{{"id_str":"3"}},"text":"a",{fields}}}"#);
        let mut seen = Vec::new();
        read_seeing(line.as_bytes(), |event| {
            if event.operation != Operation::Embedded {
                seen.push((event.operation, event.version.revision));
                let Body::Post(post) = &event.body else { panic!("{event:?}") };
                assert_eq!(post.created_at.unwrap().0 / 1000, made_ms as i64);
            }
        });
        assert_eq!(seen, [(operation, revision)], "{line}");
    }
}

#[test]
fn edits_and_conversations_are_named() {
    let history = r#""edit_history":{"initial_tweet_id":"90","edit_tweet_ids":["90","1169246717864136705"]}"#;
    for (fields, edit_of) in [
        (history, Some("twitter:90")),
        (r#""edit_history":{"edit_tweet_ids":["91","1169246717864136705"]}"#, Some("twitter:91")),
        (r#""edit_history":{"initial_tweet_id":"1169246717864136705"}"#, None),
    ] {
        see(&format!(r#""text":"a",{fields},"conversation_id_str":"80""#), |event| {
            let Body::Post(post) = &event.body else { panic!("{event:?}") };
            assert_eq!(post.edit_of.map(|id| id.text), edit_of);
            assert_eq!((post.conversation, post.root.unwrap().text), (Some("twitter:80"), "twitter:80"));
        });
    }
}

#[test]
fn no_language_is_not_kept() {
    for (lang, langs) in [("und", vec![]), ("in", vec!["in"]), ("", vec![])] {
        see(&format!(r#""text":"a","lang":"{lang}""#), |event| {
            let Body::Post(post) = &event.body else { panic!("{event:?}") };
            assert_eq!(post.langs, langs);
        });
    }
}

#[test]
fn clients_are_named_with_and_without_a_link() {
    for (source, client) in [
        (r#"<a href=\"http://e.org\" rel=\"nofollow\">E &amp; F</a>"#, Some("E & F")),
        ("web", Some("web")),
        ("", None),
        (r#"<a href=\"http://e.org\"></a>"#, None),
        ("<a broken", Some("<a broken")),
    ] {
        see(&format!(r#""text":"a","source":"{source}""#), |event| {
            let Body::Post(post) = &event.body else { panic!("{event:?}") };
            assert_eq!(post.client, client, "{source}");
        });
    }
}

#[test]
fn what_nearly_every_post_says_is_no_attribute() {
    let usual = r#""text":"a","truncated":false,"filter_level":"low","is_quote_status":false"#;
    for (fields, attributes) in [
        (usual.to_owned(), vec![]),
        (usual.replace("low", "none"), vec![("filter_level", "none")]),
        (usual.replacen("false", "true", 1), vec![("truncated", "true"), ("text_cut", "true")]),
    ] {
        see(&fields, |event| {
            let Body::Post(post) = &event.body else { panic!("{event:?}") };
            assert_eq!(post.attributes, attributes, "{fields}");
        });
    }
}

#[test]
fn a_status_that_cannot_be_told_is_put_aside() {
    for (line, reason) in [
        (format!(r#"{{{ID},{USER}}}"#).replace('\n', ""), Reason::WrongType),
        (format!(r#"{{{ID},{USER},"text":5}}"#).replace('\n', ""), Reason::WrongType),
        (format!(r#"{{{ID},{USER},"text":"a","retweet_count":1e999}}"#).replace('\n', ""), Reason::WrongType),
        (format!(r#"{{{ID},"text":"a"}}"#), Reason::MissingId),
        (format!(r#"{{{ID},"text":"a","user":{{}}}}"#), Reason::MissingId),
        (format!(r#"{{{ID},"text":"a","user":5}}"#), Reason::WrongType),
        (format!(r#"{{{ID},"text":"\udc00","user":{{"id":3}}}}"#), Reason::LoneSurrogate),
        (format!(r#"{{{ID},"text":"a","user":{{"id":3}},"retweeted_status":{{}}}}"#), Reason::MissingId),
        (format!(r#"{{{ID},"text":"a","user":{{"id":3}},"retweeted_status":[]}}"#), Reason::WrongType),
        (format!(r#"{{{ID},"text":"a","user":{{"id":3}}"#), Reason::BadJson),
        (format!(r#"{{{ID},"text":"a","user":{{"id":3,}}}}"#), Reason::BadJson),
    ] {
        let outcome = read_seeing(line.as_bytes(), |event| panic!("{event:?}"));
        assert_eq!(outcome.reasons(), [reason], "{line}: {:?}", outcome.aside);
    }
}

#[test]
fn equal_lines_have_equal_contents_and_originals_are_kept_where_asked() {
    let (a, b) = (line(r#""text":"a""#), line(r#""text":"a","favorited":true"#));
    let lines = format!("{a}\n{a}\n{b}\n");
    let mut contents = Vec::new();
    let mut sink = Each(
        |event: &Event<'_>| {
            if event.operation == Operation::Create {
                let (id, original) = event.original.unwrap();
                assert_eq!(id, "");
                contents.push((event.version.content, original.to_vec()));
            } else {
                assert_eq!(event.original, None);
            }
        },
        Vec::new(),
    );
    read_into(lines.as_bytes(), Originals::Keep, &mut sink, &mut Tally::default());
    assert_eq!(contents[0], contents[1]);
    assert_ne!(contents[1].0, contents[2].0);
    assert_eq!(contents[2].1, b.as_bytes());
    let (census, _) = Census::of(lines.as_bytes());
    assert_eq!(census.numbers(), (1, 0, 0));
}
