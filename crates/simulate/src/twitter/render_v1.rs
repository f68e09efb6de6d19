//! Posts and retweets as statuses of API v1.1: as the stream sent them, and as they come when they are asked for.

use super::people::{CLIENTS, Profile};
use super::render::{Renderer, v1_time};
use super::shown::{Beside, Shown, View};
use super::words::{Link, Span, Words, tag};
use super::world::{NONE, UNAVAILABLE, What};
use crate::json::{Escaping, Json};

/// Where a status stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A line of its own.
    Line,
    /// Inside another one.
    Inside(View),
    /// An answer to somebody who asked for it: the whole text, and numbers that lost their last digits.
    Asked,
}

/// What every status has and nobody reads.
const SAME_FOR_ALL: &str = r#""contributors":null,"favorited":false,"retweeted":false"#;
const SAME_FOR_ALL_USERS: &str = concat!(
    r##""translator_type":"none","protected":false,"utc_offset":null,"time_zone":null,"lang":null,"##,
    r##""contributors_enabled":false,"is_translator":false,"profile_background_color":"F5F8FA","##,
    r##""profile_background_image_url":"","profile_background_tile":false,"profile_link_color":"1DA1F2","##,
    r##""profile_text_color":"333333","profile_use_background_image":true,"default_profile":true,"##,
    r##""default_profile_image":false,"following":null,"follow_request_sent":null,"notifications":null,"##,
    r##""withheld_in_countries":[]"##
);

impl Renderer<'_> {
    pub(super) fn status_line(&self, what: &What, json: &mut Json) {
        let beside = self.world.beside(what);
        match *what {
            What::Post { post, at_ms, .. } => {
                json.open('{');
                self.status(post, at_ms / 1000, Form::Line, beside.quoted, json);
                json.field("timestamp_ms", &at_ms.to_string()).close('}');
            }
            What::Repost { repost, .. } => self.retweet(repost, &beside, json),
            _ => {}
        }
    }

    /// A status that was asked for: `full_text`, no time of its own, and numeric ids as a program has them that knows
    /// floating-point numbers alone.
    pub(crate) fn asked(&self, post: u32, has_text_ids: bool) -> String {
        let mut json = Json::new(Escaping::Ascii);
        json.open('{');
        let second = self.world.posts[post as usize].at_ms / 1000;
        self.status(post, second, Form::Asked, None, &mut json);
        json.close('}');
        let line = json.finish();
        if has_text_ids { line } else { crate::spoil::with_value(&line, "id_str", None) }
    }

    fn retweet(&self, number: u32, beside: &Beside, json: &mut Json) {
        let repost = &self.world.reposts[number as usize];
        let second = repost.at_ms / 1000;
        let words = self.wrapper(repost.of);
        json.open('{').field("created_at", &v1_time(second)).id("id", repost.id);
        json.field("text", &words.written).field("source", &client(self.client_of(repost.by)));
        json.truth("truncated", false);
        answers_nothing(json);
        self.user(repost.by, second, json);
        json.null("geo").null("coordinates").null("place").raw(SAME_FOR_ALL);
        if let Some(shown) = beside.retweeted {
            json.key("retweeted_status").open('{');
            self.status(shown.post, second, Form::Inside(shown.view), beside.quoted, json);
            json.close('}');
        }
        let quoted = beside.quoted.filter(|_| repost.id.is_multiple_of(2));
        json.truth("is_quote_status", quoted.is_some());
        if let Some(quoted) = quoted {
            self.quoted(quoted.post, Some(quoted), second, json);
        }
        counts(json, super::world::Counts { likes: 0, replies: 0, reposts: 0, quotes: 0 });
        json.key("entities");
        self.entities(&words, second, json);
        json.field("filter_level", "low").field("lang", tag(self.world.posts[repost.of as usize].lang));
        json.field("timestamp_ms", &repost.at_ms.to_string()).close('}');
    }

    /// The text of a retweet: who is retweeted, and the beginning of what they said.
    pub(super) fn wrapper(&self, of: u32) -> Words {
        let post = &self.world.posts[of as usize];
        Words::retweet(post.author, &self.world.handle(post.author), &self.words(of))
    }

    pub(super) fn client_of(&self, user: u32) -> u8 {
        self.world.users[user as usize].client
    }

    /// The fields of a status, without the braces.
    fn status(&self, number: u32, second: u64, form: Form, quoted: Option<Shown>, json: &mut Json) {
        let post = &self.world.posts[number as usize];
        let whole = self.words(number);
        let is_cut = form != Form::Asked && whole.is_cut_in_v1();
        let cut = is_cut.then(|| whole.cut(post.id));
        let words = cut.as_ref().unwrap_or(&whole);
        json.field("created_at", &v1_time(post.at_ms / 1000));
        match form {
            Form::Asked => json.number("id", rounded(post.id)).field("id_str", &post.id.to_string()),
            _ => json.id("id", post.id),
        };
        json.field(if form == Form::Asked { "full_text" } else { "text" }, &words.written);
        if is_cut || !words.is_all_shown() {
            range(json, words.shown);
        }
        json.field("source", &client(self.client_of(post.author))).truth("truncated", is_cut);
        match self.world.post(post.parent) {
            Some(parent) => {
                let user = self.world.users[parent.author as usize].id;
                json.id("in_reply_to_status_id", parent.id).id("in_reply_to_user_id", user);
                json.field("in_reply_to_screen_name", &self.world.handle(parent.author));
            }
            None => answers_nothing(json),
        }
        self.user(post.author, second, json);
        self.place_of(number, json);
        json.raw(SAME_FOR_ALL);
        json.truth("is_quote_status", post.quote != NONE);
        if post.quote != NONE {
            self.quoted(post.quote, quoted, second, json);
        }
        if is_cut && form != Form::Inside(View::Cut) {
            json.key("extended_tweet").open('{').field("full_text", &whole.written);
            range(json, whole.shown);
            json.key("entities");
            self.entities(&whole, second, json);
            json.close('}');
        }
        counts(json, self.world.counts(number, second));
        json.key("entities");
        self.entities(words, second, json);
        if post.withheld {
            let country = self.world.country_of_post(post.id);
            json.key("withheld_in_countries").open('[').string(country).close(']');
        }
        if post.edited_from != NONE {
            self.edit_history(number, json);
        }
        if !words.links.is_empty() || post.has_media {
            json.truth("possibly_sensitive", false);
        }
        // Streams alone say how they chose it.
        if form != Form::Asked {
            json.field("filter_level", "low");
        }
        json.field("lang", tag(post.lang));
    }

    fn quoted(&self, post: u32, shown: Option<Shown>, second: u64, json: &mut Json) {
        let quoted = &self.world.posts[post as usize];
        json.id("quoted_status_id", quoted.id);
        if let Some(shown) = shown {
            json.key("quoted_status").open('{');
            self.status(post, second, Form::Inside(shown.view), None, json);
            json.close('}');
        }
    }

    fn edit_history(&self, post: u32, json: &mut Json) {
        let versions = self.world.versions(post);
        let id = |post: &u32| self.world.posts[*post as usize].id.to_string();
        json.key("edit_history").open('{');
        if let Some(first) = versions.first() {
            json.field("initial_tweet_id", &id(first));
        }
        json.key("edit_tweet_ids").open('[');
        for version in &versions {
            json.string(&id(version));
        }
        json.close(']').close('}');
    }

    fn place_of(&self, number: u32, json: &mut Json) {
        let post = &self.world.posts[number as usize];
        if post.has_point {
            let (latitude, longitude) = self.world.point(number);
            for (key, first, second) in
                [("geo", &latitude, &longitude), ("coordinates", &longitude, &latitude)]
            {
                json.key(key).open('{').field("type", "Point").key("coordinates").open('[');
                json.raw(first).raw(second).close(']').close('}');
            }
        } else {
            json.null("geo").null("coordinates");
        }
        if post.has_place {
            let [id, name, full_name, country_code, country] = self.world.place(number);
            json.key("place").open('{').field("id", id);
            json.field("url", &format!("https://api.twitter.com/1.1/geo/id/{id}.json"));
            json.field("place_type", "city").field("name", name).field("full_name", full_name);
            json.field("country_code", country_code).field("country", country).close('}');
        } else {
            json.null("place");
        }
    }

    fn user(&self, user: u32, second: u64, json: &mut Json) {
        let account = &self.world.users[user as usize];
        let Profile { handle, name, bio, location, followers, following, posts } =
            self.world.profile(user, second);
        json.key("user").open('{').id("id", account.id).field("name", &name).field("screen_name", &handle);
        match location {
            Some(location) => json.field("location", location),
            None => json.null("location"),
        };
        if bio.is_empty() {
            json.null("description")
        } else {
            json.field("description", &bio)
        };
        json.null("url").truth("verified", account.verified).number("followers_count", followers);
        json.number("friends_count", following).number("statuses_count", posts);
        json.field("created_at", &v1_time(account.joined_s)).truth("geo_enabled", account.tells_place);
        let image = format!("https://pbs.twimg.com/profile_images/{}/face_normal.jpg", account.id);
        json.field("profile_image_url_https", &image).raw(SAME_FOR_ALL_USERS).close('}');
    }

    fn entities(&self, words: &Words, second: u64, json: &mut Json) {
        json.open('{').key("hashtags").open('[');
        for (tag, span) in &words.tags {
            json.open('{').field("text", tag);
            indices(json, *span);
            json.close('}');
        }
        json.close(']').key("urls").open('[');
        for link in words.links.iter().chain(&words.permalink) {
            self.link(link, json);
            json.close('}');
        }
        json.close(']').key("user_mentions").open('[');
        for &(user, span) in &words.mentions {
            let profile = self.world.profile(user, second);
            json.open('{').field("screen_name", &profile.handle).field("name", &profile.name);
            json.id("id", self.world.users[user as usize].id);
            indices(json, span);
            json.close('}');
        }
        json.close(']').key("symbols").open('[').close(']');
        if let Some(media) = &words.media {
            json.key("media").open('[');
            self.link(media, json);
            let address = format!("https://pbs.twimg.com/media/{}.jpg", &media.short[13..]);
            json.field("media_url_https", &address).field("type", "photo").close('}').close(']');
        }
        json.close('}');
    }

    fn link(&self, link: &Link, json: &mut Json) {
        json.open('{').field("url", &link.short).field("expanded_url", &link.target);
        json.field("display_url", link.target.trim_start_matches("https://"));
        indices(json, link.span);
    }
}

/// A number as a floating-point number has it: the last digits of a long one are lost.
fn rounded(id: u64) -> u64 {
    id as f64 as u64
}

fn client(number: u8) -> String {
    let (address, name) = CLIENTS[usize::from(number)];
    format!("<a href=\"{address}\" rel=\"nofollow\">{name}</a>")
}

fn answers_nothing(json: &mut Json) {
    json.null("in_reply_to_status_id").null("in_reply_to_status_id_str").null("in_reply_to_user_id");
    json.null("in_reply_to_user_id_str").null("in_reply_to_screen_name");
}

fn counts(json: &mut Json, counts: super::world::Counts) {
    json.number("quote_count", counts.quotes).number("reply_count", counts.replies);
    json.number("retweet_count", counts.reposts).number("favorite_count", counts.likes);
}

fn range(json: &mut Json, span: Span) {
    json.key("display_text_range").raw(&format!("[{},{}]", span.0, span.1));
}

fn indices(json: &mut Json, span: Span) {
    json.key("indices").raw(&format!("[{},{}]", span.0, span.1));
}

/// The network's words for why it does not show a post: title, type and detail.
pub(super) fn problem(reason: u8, id: u64) -> (&'static str, String, String) {
    let (title, kind, detail) = UNAVAILABLE[usize::from(reason)];
    (title, format!("https://api.twitter.com/2/problems/{kind}"), detail.replace("{}", &id.to_string()))
}
