//! Turns an event into the line that Jetstream would have sent.

use super::event::{Act, Event, IGNORED, Operation, POST, PROFILE, Relation, World};
use super::ids;
use super::society::{display_name, handle};
use crate::json::{Escaping, Json};
use crate::random::{Purpose, Stream, mix};
use crate::taste::{Kind, Taste};

/// Writes lines; the words of a record depend on its number alone, so every copy of an event has the same content.
pub(crate) struct Renderer<'a> {
    pub(super) world: &'a World,
    pub(super) taste: Taste,
}

impl<'a> Renderer<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, taste: Taste::new() }
    }

    /// The line of an event, without its end.
    pub(crate) fn line(&self, event: &Event) -> String {
        let did = self.did(event.account);
        let mut json = Json::new(self.escaping(event));
        json.open('{').field("did", did).number("time_us", event.time_us);
        match event.act {
            Act::Identity { edition } => {
                json.field("kind", "identity").key("identity").open('{').field("did", did);
                if let Some(handle) = handle(event.account, edition) {
                    json.field("handle", &handle);
                }
                self.close_notice(&mut json, event);
            }
            Act::Status(status) => {
                let active = status == super::event::Status::Active;
                json.field("kind", "account").key("account").open('{');
                json.key("active").raw(if active { "true" } else { "false" }).field("did", did);
                if !active {
                    json.field("status", status.name());
                }
                self.close_notice(&mut json, event);
            }
            _ => {
                json.field("kind", "commit").key("commit").open('{');
                self.commit(&mut json, event);
                json.close('}').close('}');
            }
        }
        json.finish()
    }

    pub(super) fn did(&self, account: u32) -> &str {
        &self.world.accounts[account as usize].did
    }

    fn escaping(&self, event: &Event) -> Escaping {
        let salt = mix(event.rev, u64::from(event.account));
        if salt.is_multiple_of(40) { Escaping::Ascii } else { Escaping::Minimal }
    }

    fn close_notice(&self, json: &mut Json, event: &Event) {
        let seen_us = event.time_us - 15_000;
        json.number("seq", 5_900_000_000 + (event.time_us - self.world.start_us) / 700);
        json.field("time", &moment(seen_us, "%Y-%m-%dT%H:%M:%S%.3fZ")).close('}').close('}');
    }

    fn commit(&self, json: &mut Json, event: &Event) {
        let mut rev = String::new();
        ids::push_tid(&mut rev, event.rev);
        json.field("rev", &rev);
        match event.act {
            Act::PutPost { body, operation } => {
                let post = self.world.bodies[body as usize].post;
                head(json, operation, POST, &tid_text(self.world.posts[post as usize].rkey));
                json.key("record");
                self.post_record(json, body);
                let content = self.world.bodies[body as usize].content;
                json.field("cid", &self.post_cid(post, content));
            }
            Act::DeletePost { post } => {
                let rkey = self.world.posts[post as usize].rkey;
                head(json, Operation::Delete, POST, &tid_text(rkey));
            }
            Act::Put { kind, rkey, subject } => {
                head(json, Operation::Create, kind.collection(), &tid_text(rkey));
                self.relation(json, kind, rkey, subject);
                json.field("cid", &record_cid(event.account, rkey));
            }
            Act::Delete { kind, rkey } => head(json, Operation::Delete, kind.collection(), &tid_text(rkey)),
            Act::PutProfile { edition, operation } => {
                head(json, operation, PROFILE, "self");
                self.profile(json, event.account, edition);
                json.field("cid", &record_cid(event.account, event.rev));
            }
            Act::DeleteProfile => head(json, Operation::Delete, PROFILE, "self"),
            Act::Ignored { collection, operation, rkey } => {
                let collection = IGNORED[usize::from(collection)];
                head(json, operation, collection, &tid_text(rkey));
                if operation != Operation::Delete {
                    self.ignored_record(json, event.account, collection, rkey);
                    json.field("cid", &record_cid(event.account, rkey));
                }
            }
            // Notices are no commits.
            Act::Identity { .. } | Act::Status(_) => {}
        }
    }

    fn relation(&self, json: &mut Json, kind: Relation, rkey: u64, subject: u32) {
        json.key("record").open('{').field("$type", kind.collection());
        json.field("createdAt", &milliseconds(ids::tid_time_us(rkey)));
        match kind {
            Relation::Follow | Relation::Block => {
                json.field("subject", self.did(subject));
            }
            Relation::Like | Relation::Repost => {
                json.key("subject");
                self.strong_ref(json, subject);
                if mix(rkey, 1).is_multiple_of(30) {
                    let via = self.world.posts[subject as usize];
                    json.key("via").open('{').field("cid", &record_cid(via.account, rkey));
                    let uri = ids::uri(self.did(via.account), Relation::Repost.collection(), via.rkey);
                    json.field("uri", &uri).close('}');
                }
            }
        }
        json.close('}');
    }

    /// A reference to a post by URI and content.
    pub(super) fn strong_ref(&self, json: &mut Json, post: u32) {
        let uri = self.post_uri(post);
        json.open('{').field("cid", &self.post_cid(post, 0)).field("uri", &uri).close('}');
    }

    fn post_uri(&self, post: u32) -> String {
        let post = &self.world.posts[post as usize];
        ids::uri(self.did(post.account), POST, post.rkey)
    }

    fn post_cid(&self, post: u32, content: u32) -> String {
        let post = &self.world.posts[post as usize];
        record_cid(post.account, post.rkey ^ u64::from(content))
    }

    fn profile(&self, json: &mut Json, account: u32, edition: u32) {
        let number = u64::from(account) * 64 + u64::from(edition);
        let mut random = Stream::new(self.world.seed, Purpose::Profile, number);
        json.key("record").open('{').field("$type", PROFILE);
        if random.chance(0.7) {
            json.key("avatar");
            blob(json, "image/jpeg", number);
        }
        if random.chance(0.8) {
            let joined_us = self.world.start_us - random.between(1, 1 << 45);
            json.field("createdAt", &milliseconds(joined_us));
        }
        let mut bio = String::new();
        if random.chance(0.85) {
            let community = usize::from(self.world.accounts[account as usize].community);
            self.taste.sentence(Kind::Bio, community, &mut random, &mut bio, &mut Vec::new());
            if random.chance(0.2) {
                bio.push_str("\nhttps://example.com/about");
            }
        }
        json.field("description", &bio);
        if let Some(name) = display_name(account, edition) {
            json.field("displayName", &name);
        }
        json.close('}');
    }

    /// A plausible record of a collection that nobody reads.
    fn ignored_record(&self, json: &mut Json, account: u32, collection: &str, rkey: u64) {
        json.key("record").open('{').field("$type", collection);
        json.field("createdAt", &milliseconds(ids::tid_time_us(rkey)));
        match collection {
            "app.bsky.feed.threadgate" => {
                let rule = r#"[{"$type":"app.bsky.feed.threadgate#followingRule"}]"#;
                json.key("allow").raw(rule).field("post", &ids::uri(self.did(account), POST, rkey));
            }
            "app.bsky.feed.postgate" => {
                json.key("detachedEmbeddingUris").raw("[]");
                json.field("post", &ids::uri(self.did(account), POST, rkey));
            }
            "app.bsky.graph.list" => {
                json.field("name", "people to read").field("purpose", "app.bsky.graph.defs#curatelist");
            }
            "app.bsky.graph.listitem" => {
                let list = ids::uri(self.did(account), "app.bsky.graph.list", rkey - (1 << 40));
                json.field("list", &list).field("subject", self.did(0));
            }
            "fm.teal.alpha.feed.play" => {
                json.field("trackName", "Untitled").key("artistNames").raw(r#"["Nobody"]"#);
            }
            _ => {
                json.field("text", "a record of another application");
            }
        }
        json.close('}');
    }
}

fn head(json: &mut Json, operation: Operation, collection: &str, rkey: &str) {
    json.field("operation", operation.name()).field("collection", collection).field("rkey", rkey);
}

/// An uploaded file.
pub(super) fn blob(json: &mut Json, mime: &str, salt: u64) {
    json.open('{').field("$type", "blob");
    json.key("ref").open('{').field("$link", &ids::cid("afkrei", mix(salt, 9))).close('}');
    json.field("mimeType", mime).number("size", 20_000 + mix(salt, 10) % 900_000).close('}');
}

fn record_cid(account: u32, salt: u64) -> String {
    ids::cid("afyrei", mix(u64::from(account), salt))
}

fn tid_text(rkey: u64) -> String {
    let mut text = String::with_capacity(13);
    ids::push_tid(&mut text, rkey);
    text
}

pub(super) fn milliseconds(time_us: u64) -> String {
    moment(time_us, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// A moment in UTC; times of this world are always in range.
pub(super) fn moment(time_us: u64, format: &str) -> String {
    jiff::Timestamp::from_microsecond(time_us as i64).unwrap_or_default().strftime(format).to_string()
}
