//! Turns what a line says into the line that the network would have sent.

use jiff::Timestamp;

use super::damage::Flaw;
use super::params::Api;
use super::words::{Words, Writer};
use super::world::{MESSAGES, Target, What, World};
use crate::json::{Escaping, Json};
use crate::random::mix;

/// Writes lines; equal ones have equal bytes.
pub(crate) struct Renderer<'a> {
    pub(super) world: &'a World,
    pub(super) writer: Writer<'a>,
}

impl<'a> Renderer<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, writer: Writer::new(world) }
    }

    /// What a post says.
    pub(crate) fn words(&self, post: u32) -> Words {
        self.writer.words(post)
    }

    /// Adds a line with its end.
    pub(crate) fn line(&self, what: &What, to: &mut Vec<u8>) {
        match *what {
            What::Blank => {}
            What::Damaged { flaw, post } => {
                let inside = super::world::Inside::Whole;
                let at_ms = self.world.posts[post as usize].at_ms;
                let good = self.json(&What::Post { post, at_ms, inside });
                to.extend(Flaw::ALL[usize::from(flaw)].apply(&good));
            }
            _ => to.extend(self.json(what).into_bytes()),
        }
        to.extend(b"\r\n");
    }

    fn json(&self, what: &What) -> String {
        let mut json = Json::new(Escaping::Web);
        match what {
            What::Post { .. } | What::Repost { .. } if self.world.api == Api::V2 => {
                self.envelope(what, &mut json);
            }
            What::Post { .. } | What::Repost { .. } => self.status_line(what, &mut json),
            _ => self.notice(what, &mut json),
        }
        json.finish()
    }

    fn notice(&self, what: &What, json: &mut Json) {
        let world = self.world;
        let user = |user: u32| world.users[user as usize].id;
        let stamp = |json: &mut Json, at_ms: u64| {
            json.field("timestamp_ms", &at_ms.to_string());
        };
        json.open('{');
        match *what {
            What::Delete { target, at_ms } => {
                let (id, author) = match target {
                    Target::Post(post) => (world.posts[post as usize].id, world.posts[post as usize].author),
                    Target::Repost(repost) => {
                        (world.reposts[repost as usize].id, world.reposts[repost as usize].by)
                    }
                    Target::Unknown { id, user } => (id, user),
                };
                json.key("delete").open('{').key("status").open('{');
                json.id("id", id).id("user_id", user(author)).close('}');
                stamp(json, at_ms);
                json.close('}');
            }
            What::ScrubGeo { user: who, up_to } => {
                json.key("scrub_geo")
                    .open('{')
                    .id("user_id", user(who))
                    .id("up_to_status_id", up_to)
                    .close('}');
            }
            What::PostWithheld { post, at_ms } => {
                let post = &world.posts[post as usize];
                json.key("status_withheld").open('{');
                // As numbers alone: in a stream they are exact.
                json.number("id", post.id).number("user_id", user(post.author));
                json.key("withheld_in_countries").open('[').string(world.country_of_post(post.id)).close(']');
                stamp(json, at_ms);
                json.close('}');
            }
            What::UserWithheld { user: who, at_ms } => {
                json.key("user_withheld").open('{').number("id", user(who));
                json.key("withheld_in_countries").open('[').string(world.country_of_user(who)).close(']');
                stamp(json, at_ms);
                json.close('}');
            }
            What::Message { kind, at_ms } => {
                json.key(MESSAGES[usize::from(kind)]).open('{');
                match kind {
                    0 => json.number("track", at_ms % 9999),
                    1 => json.number("code", 4).field("stream_name", "sample").field("reason", "stalled"),
                    _ => json.field("code", "FALLING_BEHIND").number("percent_full", 60),
                };
                stamp(json, at_ms);
                json.close('}');
            }
            What::Post { .. } | What::Repost { .. } | What::Blank | What::Damaged { .. } => {}
        }
        json.close('}');
    }
}

impl World {
    /// The country in which a post is withheld, where it is.
    pub(crate) fn country_of_post(&self, id: u64) -> &'static str {
        COUNTRIES[(mix(self.seed, id) % 4) as usize]
    }

    /// The country in which all of an account is withheld, where it is.
    pub(crate) fn country_of_user(&self, user: u32) -> &'static str {
        COUNTRIES[(mix(self.seed, u64::from(user) ^ 0x7769) % 4) as usize]
    }

    /// Where a post was written, as latitude and longitude.
    pub(crate) fn point(&self, post: u32) -> (String, String) {
        let salt = mix(self.seed ^ 0x6765, u64::from(post));
        // A last digit that is not 0, so that there is one way to write the number.
        let degrees = |salt: u64, most: u64| {
            let sign = if salt & 1 == 0 { "" } else { "-" };
            format!("{sign}{}.{:03}7", 1 + (salt >> 1) % most, (salt >> 20) % 1000)
        };
        (degrees(salt, 70), degrees(salt >> 24, 170))
    }

    /// The place that a post names: id, name, full name, code and name of the country.
    pub(crate) fn place(&self, post: u32) -> &'static [&'static str; 5] {
        &PLACES[(mix(self.seed ^ 0x706c, u64::from(post)) % 3) as usize]
    }
}

const COUNTRIES: [&str; 4] = ["DE", "TR", "IN", "XY"];

const PLACES: [[&str; 5]; 3] = [
    ["a6c257c61f294ec1", "Greensboro", "Greensboro, NC", "US", "United States"],
    ["07d9c9fd2b887000", "Évora", "Évora, Portugal", "PT", "Portugal"],
    ["5a110d312052166f", "Leeds & Bradford", "Leeds & Bradford, England", "GB", "United Kingdom"],
];

/// `Mon Oct 10 20:19:24 +0000 2022`.
pub(super) fn v1_time(seconds: u64) -> String {
    moment(seconds, "%a %b %d %H:%M:%S +0000 %Y")
}

/// `2022-10-10T20:19:24.000Z`.
pub(super) fn v2_time(seconds: u64) -> String {
    moment(seconds, "%Y-%m-%dT%H:%M:%S.000Z")
}

/// A moment as the pattern says; the world's moments are all in range.
pub(super) fn moment(seconds: u64, pattern: &str) -> String {
    let time = Timestamp::from_second(seconds as i64).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime(pattern).to_string()
}
