//! The record of a post: text, facets, languages, embeds and reply references.

use super::event::{Body, Clock, Embed, NONE, POST};
use super::ids;
use super::render::{Renderer, blob, milliseconds, moment};
use crate::json::Json;
use crate::languages::{ENGLISH, LANGUAGES};
use crate::random::{Purpose, Stream, mix};
use crate::taste::Kind;
use crate::vocabulary::{EDIT_NOTES, NAMES};

/// A stretch of a text with a meaning, in bytes.
struct Facet {
    start: usize,
    end: usize,
    feature: Feature,
}

enum Feature {
    Mention(String),
    Link(String),
    Tag(String),
}

/// What a post says.
struct Words {
    text: String,
    facets: Vec<Facet>,
    declared: Option<Vec<&'static str>>,
}

impl Renderer<'_> {
    /// The record of one version of a post.
    pub(super) fn post_record(&self, json: &mut Json, number: u32) {
        let body = self.world.bodies[number as usize];
        let post = self.world.posts[body.post as usize];
        let mut random = Stream::new(self.world.seed, Purpose::Text, u64::from(body.words));
        let words = self.words(&body, &mut random);
        json.open('{').field("$type", POST);
        json.field("createdAt", &created_at(ids::tid_time_us(post.rkey), body.clock));
        if body.embed != Embed::None {
            json.key("embed");
            self.embed(json, &body, &mut random);
        }
        if !words.facets.is_empty() {
            json.key("facets").open('[');
            for facet in &words.facets {
                write_facet(json, facet);
            }
            json.close(']');
        }
        if let Some(tags) = words.declared {
            json.key("langs").open('[');
            for tag in tags {
                json.string(tag);
            }
            json.close(']');
        }
        if post.parent != NONE {
            json.key("reply").open('{').key("parent");
            self.strong_ref(json, post.parent);
            json.key("root");
            self.strong_ref(json, post.root);
            json.close('}');
        }
        if random.chance(0.01) {
            json.key("tags").open('[').string("linkdump").string("daily").close(']');
        }
        json.field("text", &words.text).close('}');
    }

    fn words(&self, body: &Body, random: &mut Stream) -> Words {
        let post = self.world.posts[body.post as usize];
        let account = &self.world.accounts[post.account as usize];
        let foreign = usize::from(account.language) != ENGLISH && random.chance(0.85);
        let language = if foreign { usize::from(account.language) } else { ENGLISH };
        let mut words =
            Words { text: String::new(), facets: Vec::new(), declared: declare(language, random) };
        if body.embed == Embed::Images && random.chance(0.15) {
            return words;
        }
        if post.parent != NONE && random.chance(0.05) {
            self.mention(&mut words, random);
            words.text.push(' ');
        }
        let kind = if post.parent == NONE { Kind::Post } else { Kind::Reply };
        self.say(kind, usize::from(account.community), language, &mut words, random);
        if random.chance(0.03) {
            words.text.push(' ');
            self.mention(&mut words, random);
        }
        if random.chance(0.06) {
            self.link(&mut words, usize::from(account.community), random);
        }
        if random.chance(0.08) {
            words.text.push_str(random.pick(&[" 🌸", " 😂", " ❤️", " 👀", " 🎉"]));
        }
        if body.edition > 0 {
            words.text.push(' ');
            words.text.push_str(EDIT_NOTES[usize::from(body.edition - 1) % EDIT_NOTES.len()]);
        }
        words
    }

    /// One to three sentences in a language.
    fn say(&self, kind: Kind, community: usize, language: usize, words: &mut Words, random: &mut Stream) {
        let count = [1, 1, 2, 2, 3][random.below(5)];
        for number in 0..count {
            if number > 0 {
                if words.text.ends_with(char::is_alphanumeric) {
                    words.text.push('.');
                }
                words.text.push_str(if random.chance(0.2) { "\n\n" } else { " " });
            }
            if language != ENGLISH {
                words.text.push_str(random.pick(LANGUAGES[language].phrases));
                continue;
            }
            let mut tags = Vec::new();
            self.taste.sentence(kind, community, random, &mut words.text, &mut tags);
            for (start, end) in tags {
                let feature = Feature::Tag(words.text[start + 1..end].to_string());
                words.facets.push(Facet { start, end, feature });
            }
        }
    }

    /// `@name.bsky.social`, with a name that any community may use; the facet says who is meant.
    fn mention(&self, words: &mut Words, random: &mut Stream) {
        let start = words.text.len();
        words.text.push('@');
        words.text.push_str(random.pick(&NAMES));
        words.text.push_str(".bsky.social");
        let who = random.below(self.world.accounts.len()) as u32;
        let feature = Feature::Mention(self.did(who).to_string());
        words.facets.push(Facet { start, end: words.text.len(), feature });
    }

    /// An address at the end, shortened as clients do in half of the cases.
    fn link(&self, words: &mut Words, community: usize, random: &mut Stream) {
        let uri = format!("https://example.org/{}", self.taste.word(community, random));
        words.text.push(' ');
        let start = words.text.len();
        words.text.push_str(if random.chance(0.5) { &uri } else { "example.org/..." });
        words.facets.push(Facet { start, end: words.text.len(), feature: Feature::Link(uri) });
    }

    fn embed(&self, json: &mut Json, body: &Body, random: &mut Stream) {
        match body.embed {
            Embed::None => {}
            Embed::Images => self.images(json, body, random),
            Embed::Video => {
                json.open('{').field("$type", "app.bsky.embed.video");
                json.field("alt", "a short film of the whole thing");
                json.key("aspectRatio").raw(r#"{"height":1920,"width":1080}"#).key("video");
                blob(json, "video/mp4", u64::from(body.words));
                json.close('}');
            }
            Embed::External => self.external(json, body, random),
            Embed::Quote => {
                json.open('{').field("$type", "app.bsky.embed.record").key("record");
                self.strong_ref(json, body.quote);
                json.close('}');
            }
            Embed::QuoteWithImages => {
                json.open('{').field("$type", "app.bsky.embed.recordWithMedia").key("media");
                self.images(json, body, random);
                json.key("record").open('{').field("$type", "app.bsky.embed.record").key("record");
                self.strong_ref(json, body.quote);
                json.close('}').close('}');
            }
            Embed::List => self.embed_record(json, body, "app.bsky.graph.list"),
            Embed::Feed => self.embed_record(json, body, "app.bsky.feed.generator"),
        }
    }

    fn images(&self, json: &mut Json, body: &Body, random: &mut Stream) {
        json.open('{').field("$type", "app.bsky.embed.images").key("images").open('[');
        for number in 0..random.between(1, 4) {
            let alt =
                random.pick(&["", "a photo of my desk", "a window with rain on it", "screenshot of a chart"]);
            json.open('{').field("alt", alt).key("aspectRatio").raw(r#"{"height":1500,"width":2000}"#);
            json.key("image");
            blob(json, "image/jpeg", u64::from(body.words) * 8 + number);
            json.close('}');
        }
        json.close(']').close('}');
    }

    fn external(&self, json: &mut Json, body: &Body, random: &mut Stream) {
        let post = self.world.posts[body.post as usize];
        let community = usize::from(self.world.accounts[post.account as usize].community);
        let word = self.taste.word(community, random);
        json.open('{').field("$type", "app.bsky.embed.external").key("external").open('{');
        json.field("description", &format!("A long read about {word} & more"));
        if random.chance(0.6) {
            json.key("thumb");
            blob(json, "image/jpeg", u64::from(body.words));
        }
        json.field("title", &format!("What we know about {word}"));
        json.field("uri", &format!("https://news.example.com/{word}?id={}", body.words))
            .close('}')
            .close('}');
    }

    /// A list or a feed: an embedded record that is no quoted post.
    fn embed_record(&self, json: &mut Json, body: &Body, collection: &str) {
        let post = self.world.posts[body.post as usize];
        let uri = ids::uri(self.did(post.account), collection, post.rkey - (1 << 42));
        json.open('{').field("$type", "app.bsky.embed.record").key("record").open('{');
        json.field("cid", &ids::cid("afyrei", mix(post.rkey, 4))).field("uri", &uri).close('}').close('}');
    }
}

/// The languages that a post declares: nine times in ten the right one.
fn declare(language: usize, random: &mut Stream) -> Option<Vec<&'static str>> {
    let tag = LANGUAGES[language].tag;
    match random.below(100) {
        0..4 => None,
        4..7 => Some(vec![LANGUAGES[random.below(LANGUAGES.len())].tag]),
        7..10 => Some(vec![LANGUAGES[language].region_tag]),
        10..11 => Some(vec![LANGUAGES[language].region_tag, tag]),
        11..12 => Some(vec![]),
        _ => Some(vec![tag]),
    }
}

fn created_at(time_us: u64, clock: Clock) -> String {
    match clock {
        Clock::Milliseconds => milliseconds(time_us),
        Clock::WholeSeconds => moment(time_us, "%Y-%m-%dT%H:%M:%SZ"),
        Clock::Offset => moment(time_us + 9 * super::schedule::HOUR_US, "%Y-%m-%dT%H:%M:%S%.6f+09:00"),
        Clock::Broken => match time_us % 3 {
            0 => "yesterday".to_string(),
            1 => moment(time_us, "%Y-13-45T%H:%M:%SZ"),
            _ => String::new(),
        },
    }
}

fn write_facet(json: &mut Json, facet: &Facet) {
    json.open('{').key("features").open('[').open('{');
    match &facet.feature {
        Feature::Mention(did) => json.field("$type", "app.bsky.richtext.facet#mention").field("did", did),
        Feature::Link(uri) => json.field("$type", "app.bsky.richtext.facet#link").field("uri", uri),
        Feature::Tag(tag) => json.field("$type", "app.bsky.richtext.facet#tag").field("tag", tag),
    };
    json.close('}').close(']').key("index").open('{');
    json.number("byteEnd", facet.end as u64).number("byteStart", facet.start as u64).close('}').close('}');
}
