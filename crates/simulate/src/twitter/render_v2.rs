//! Posts and retweets as envelopes of API v2: as the stream sent them, and as pages that were asked for.

use super::people::CLIENTS;
use super::render::{Renderer, moment, v2_time};
use super::render_v1::problem;
use super::words::{Link, Words, tag};
use super::world::{Counts, NONE, Page, Repost, What};
use crate::json::{Escaping, Json};

impl Renderer<'_> {
    pub(super) fn envelope(&self, what: &What, json: &mut Json) {
        let beside = self.world.beside(what);
        let inside = [beside.retweeted, beside.quoted, beside.parent].into_iter().flatten();
        let inside: Vec<u32> = inside.map(|shown| shown.post).collect();
        json.open('{').key("data");
        let (author, second) = match *what {
            What::Post { post, at_ms, .. } => {
                self.data(post, at_ms / 1000, json);
                (self.world.posts[post as usize].author, at_ms / 1000)
            }
            What::Repost { repost, .. } => {
                let repost = &self.world.reposts[repost as usize];
                self.retweeted(repost, json);
                (repost.by, repost.at_ms / 1000)
            }
            _ => return,
        };
        self.includes(vec![author], &inside, second, json);
        self.errors(beside.error.as_slice(), json);
        json.key("matching_rules")
            .open('[')
            .open('{')
            .field("id", "1")
            .field("tag", "sample")
            .close('}')
            .close(']');
        json.close('}');
    }

    /// An answer with many posts, as twarc2 writes it.
    pub(crate) fn page(&self, page: &Page) -> String {
        let second = page.at_ms / 1000;
        let mut json = Json::new(Escaping::Minimal);
        json.open('{').key("data").open('[');
        for &post in &page.posts {
            self.data(post, second, &mut json);
        }
        json.close(']');
        let quoted: Vec<u32> = page.quoted(self.world);
        let mut authors: Vec<u32> = Vec::new();
        for &post in &page.posts {
            let author = self.world.posts[post as usize].author;
            if !authors.contains(&author) {
                authors.push(author);
            }
        }
        self.includes(authors, &quoted, second, &mut json);
        self.errors(&page.missing, &mut json);
        json.key("__twarc")
            .open('{')
            .field("url", "https://api.twitter.com/2/tweets")
            .field("version", "2.13.0");
        json.field("retrieved_at", &moment(second, "%Y-%m-%dT%H:%M:%S+00:00")).close('}').close('}');
        json.finish()
    }

    fn includes(&self, mut authors: Vec<u32>, inside: &[u32], second: u64, json: &mut Json) {
        for &post in inside {
            let author = self.world.posts[post as usize].author;
            if !authors.contains(&author) {
                authors.push(author);
            }
        }
        json.key("includes").open('{').key("users").open('[');
        for user in authors {
            self.account(user, second, json);
        }
        json.close(']');
        if !inside.is_empty() {
            json.key("tweets").open('[');
            for &post in inside {
                self.data(post, second, json);
            }
            json.close(']');
        }
        json.close('}');
    }

    fn errors(&self, missing: &[u32], json: &mut Json) {
        if missing.is_empty() {
            return;
        }
        json.key("errors").open('[');
        for &post in missing {
            let post = &self.world.posts[post as usize];
            let (title, kind, detail) = problem(post.unavailable.unwrap_or(0), post.id);
            let id = post.id.to_string();
            json.open('{').field("value", &id).field("detail", &detail).field("title", title);
            json.field("resource_type", "tweet").field("parameter", "referenced_tweets.id");
            json.field("resource_id", &id).field("type", &kind).close('}');
        }
        json.close(']');
    }

    fn data(&self, number: u32, second: u64, json: &mut Json) {
        let post = &self.world.posts[number as usize];
        let words = self.words(number);
        let conversation = self.world.posts[post.root as usize].id.to_string();
        json.open('{').field("id", &post.id.to_string());
        json.field("author_id", &self.world.users[post.author as usize].id.to_string());
        json.field("conversation_id", &conversation).field("created_at", &v2_time(post.at_ms / 1000));
        json.key("edit_history_tweet_ids").open('[');
        for version in self.world.versions(number) {
            json.string(&self.world.posts[version as usize].id.to_string());
        }
        json.close(']').field("text", &words.written);
        self.entities_v2(&words, json);
        if post.has_media {
            json.key("attachments").open('{').key("media_keys").open('[');
            json.string(&format!("3_{}", post.id - 1)).close(']').close('}');
        }
        self.geo_v2(number, json);
        if let Some(parent) = self.world.post(post.parent) {
            json.field("in_reply_to_user_id", &self.world.users[parent.author as usize].id.to_string());
        }
        let referenced = [("replied_to", post.parent), ("quoted", post.quote)];
        if post.parent != NONE || post.quote != NONE {
            json.key("referenced_tweets").open('[');
            for (kind, post) in referenced.into_iter().filter(|(_, post)| *post != NONE) {
                let id = self.world.posts[post as usize].id.to_string();
                json.open('{').field("type", kind).field("id", &id).close('}');
            }
            json.close(']');
        }
        if post.withheld {
            json.key("withheld").open('{').truth("copyright", false).key("country_codes").open('[');
            json.string(self.world.country_of_post(post.id)).close(']').close('}');
        }
        json.field("lang", tag(post.lang))
            .truth("possibly_sensitive", false)
            .field("reply_settings", "everyone");
        json.field("source", CLIENTS[usize::from(self.client_of(post.author))].1);
        metrics(json, self.world.counts(number, second));
        json.close('}');
    }

    fn retweeted(&self, repost: &Repost, json: &mut Json) {
        let of = &self.world.posts[repost.of as usize];
        let words = self.wrapper(repost.of);
        let id = repost.id.to_string();
        json.open('{').field("id", &id);
        json.field("author_id", &self.world.users[repost.by as usize].id.to_string());
        json.field("conversation_id", &id).field("created_at", &v2_time(repost.at_ms / 1000));
        json.key("edit_history_tweet_ids").open('[').string(&id).close(']').field("text", &words.written);
        self.entities_v2(&words, json);
        json.key("referenced_tweets").open('[').open('{').field("type", "retweeted");
        json.field("id", &of.id.to_string()).close('}').close(']');
        json.field("lang", tag(of.lang))
            .truth("possibly_sensitive", false)
            .field("reply_settings", "everyone");
        json.field("source", CLIENTS[usize::from(self.client_of(repost.by))].1);
        metrics(json, Counts { likes: 0, replies: 0, reposts: 0, quotes: 0 });
        json.close('}');
    }

    fn entities_v2(&self, words: &Words, json: &mut Json) {
        json.key("entities").open('{').key("mentions").open('[');
        for &(user, (start, end)) in &words.mentions {
            json.open('{').number("start", start.into()).number("end", end.into());
            json.field("username", &self.world.handle(user));
            json.field("id", &self.world.users[user as usize].id.to_string()).close('}');
        }
        json.close(']').key("hashtags").open('[');
        for (tag, (start, end)) in &words.tags {
            json.open('{')
                .number("start", (*start).into())
                .number("end", (*end).into())
                .field("tag", tag)
                .close('}');
        }
        json.close(']').key("urls").open('[');
        for link in words.links.iter().chain(&words.permalink).chain(&words.media) {
            let Link { short, target, span: (start, end) } = link;
            json.open('{').number("start", (*start).into()).number("end", (*end).into()).field("url", short);
            json.field("expanded_url", target).field("display_url", target.trim_start_matches("https://"));
            json.close('}');
        }
        json.close(']').close('}');
    }

    fn geo_v2(&self, number: u32, json: &mut Json) {
        let post = &self.world.posts[number as usize];
        if !(post.has_point || post.has_place) {
            return;
        }
        json.key("geo").open('{');
        if post.has_point {
            let (latitude, longitude) = self.world.point(number);
            json.key("coordinates").open('{').field("type", "Point").key("coordinates").open('[');
            json.raw(&longitude).raw(&latitude).close(']').close('}');
        }
        if post.has_place {
            json.field("place_id", self.world.place(number)[0]);
        }
        json.close('}');
    }

    fn account(&self, user: u32, second: u64, json: &mut Json) {
        let account = &self.world.users[user as usize];
        let profile = self.world.profile(user, second);
        json.open('{').field("id", &account.id.to_string()).field("name", &profile.name);
        json.field("username", &profile.handle).field("description", &profile.bio);
        if let Some(location) = profile.location {
            json.field("location", location);
        }
        json.truth("verified", account.verified).truth("protected", false);
        json.field("created_at", &v2_time(account.joined_s)).key("public_metrics").open('{');
        json.number("followers_count", profile.followers).number("following_count", profile.following);
        json.number("tweet_count", profile.posts).number("listed_count", 0).close('}').close('}');
    }
}

fn metrics(json: &mut Json, counts: Counts) {
    json.key("public_metrics").open('{').number("retweet_count", counts.reposts);
    json.number("reply_count", counts.replies).number("like_count", counts.likes);
    json.number("quote_count", counts.quotes).close('}');
}
