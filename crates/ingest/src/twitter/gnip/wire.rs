//! Activities as Gnip wrote them, in so far as they are kept.

use super::super::wire::{Entities, List, Number, Point};
use crate::object::{Loose, Text, objects};

objects! {
    /// A post, or the act of sharing one.
    Activity {
        b"id" => id: Loose<Text<'a>>;
        b"verb" => verb: Loose<Text<'a>>;
        b"actor" => actor: Actor<'a>;
        b"body" => body: Text<'a>;
        b"object" => object: Box<Activity<'a>>;
        b"long_object" => long: Long<'a>;
        b"postedTime" => posted_at: Loose<Text<'a>>;
        b"display_text_range" => range: List<i64>;
        b"twitter_entities" => entities: Loose<Entities<'a>>;
        b"twitter_extended_entities" => extended_entities: Loose<Entities<'a>>;
        b"twitter_quoted_status" => quoted: Box<Activity<'a>>;
        b"inReplyTo" => reply_to: Loose<Link<'a>>;
        b"generator" => generator: Loose<Link<'a>>;
        b"location" => location: Loose<Location<'a>>;
        b"geo" => geo: Loose<Point<'a>>;
        b"twitter_lang" => lang: Loose<Text<'a>>;
        b"twitter_filter_level" => filter_level: Loose<Text<'a>>;
        b"favoritesCount" => likes: Loose<i64>;
        b"retweetCount" => reposts: Loose<i64>;
        b"timestamp_ms" => timestamp_ms: Loose<Number>;
    }

    /// The whole of a post whose text was cut for old programs.
    Long {
        b"body" => body: Text<'a>;
        b"display_text_range" => range: List<i64>;
        b"twitter_entities" => entities: Loose<Entities<'a>>;
        b"twitter_extended_entities" => extended_entities: Loose<Entities<'a>>;
    }

    /// An account.
    Actor {
        b"id" => id: Loose<Text<'a>>;
        b"preferredUsername" => handle: Loose<Text<'a>>;
        b"displayName" => name: Loose<Text<'a>>;
        b"summary" => bio: Loose<Text<'a>>;
        b"location" => location: Loose<Location<'a>>;
        b"postedTime" => joined_at: Loose<Text<'a>>;
        b"followersCount" => followers: Loose<i64>;
        b"friendsCount" => following: Loose<i64>;
        b"statusesCount" => posts: Loose<i64>;
        b"verified" => verified: Loose<bool>;
    }

    /// Something that has an address: a post, a program.
    Link {
        b"link" => link: Loose<Text<'a>>;
        b"displayName" => name: Loose<Text<'a>>;
    }

    /// A place.
    Location {
        b"displayName" => name: Loose<Text<'a>>;
        b"twitter_country_code" => country_code: Loose<Text<'a>>;
        b"link" => link: Loose<Text<'a>>;
    }
}
