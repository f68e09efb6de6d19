//! Posts and envelopes of API v2, in so far as they are kept; posts as twarc flattens them too.

use serde::de::IgnoredAny;

use super::super::wire::{IdText, List, Point, Variant};
use crate::object::{Loose, Raw, Text, objects};

objects! {
    /// A line of a stream, or a page of what was asked for.
    Envelope {
        b"data" => data: Raw<'a>;
        b"includes" => includes: Loose<Includes<'a>>;
        b"errors" => errors: List<Problem<'a>>;
        b"matching_rules" => matching_rules: IgnoredAny;
        b"meta" => meta: IgnoredAny;
        b"__twarc" => twarc: Loose<Twarc<'a>>;
    }

    /// What the data of an envelope refer to.
    Includes {
        b"users" => users: Loose<Vec<Raw<'a>>>;
        b"tweets" => posts: Loose<Vec<Raw<'a>>>;
        b"media" => media: List<Medium<'a>>;
        b"places" => places: List<Place<'a>>;
    }

    /// Why something that was asked for, or is referred to, is not shown.
    Problem {
        b"resource_type" => resource_type: Loose<Text<'a>>;
        b"resource_id" => resource_id: IdText<'a>;
        b"value" => value: IdText<'a>;
        b"title" => title: Loose<Text<'a>>;
    }

    /// What the program twarc notes about its requests.
    Twarc {
        b"retrieved_at" => retrieved_at: Loose<Text<'a>>;
    }

    /// A post or a retweet; or a count or an account, which have other fields; or a reference to a post, which when
    /// flattened is the post itself.
    Tweet {
        b"type" => kind: Loose<Text<'a>>;
        b"id" => id: IdText<'a>;
        b"text" => text: Text<'a>;
        b"note_tweet" => note: Loose<Note<'a>>;
        b"author_id" => author_id: IdText<'a>;
        b"author" => author: Loose<User<'a>>;
        b"created_at" => created_at: Loose<Text<'a>>;
        b"conversation_id" => conversation: IdText<'a>;
        b"in_reply_to_user_id" => reply_to_user: IdText<'a>;
        b"referenced_tweets" => referenced: Loose<Vec<Raw<'a>>>;
        b"edit_history_tweet_ids" => edits: List<Text<'a>>;
        b"entities" => entities: Loose<Entities<'a>>;
        b"attachments" => attachments: Loose<Attachments<'a>>;
        b"public_metrics" => metrics: Loose<PostMetrics<'a>>;
        b"lang" => lang: Loose<Text<'a>>;
        b"source" => source: Loose<Text<'a>>;
        b"possibly_sensitive" => possibly_sensitive: Loose<bool>;
        b"reply_settings" => reply_settings: Loose<Text<'a>>;
        b"geo" => geo: Loose<Geo<'a>>;
        b"withheld" => withheld: Loose<Withheld<'a>>;
        b"username" => username: Loose<Text<'a>>;
        b"tweet_count" => tweet_count: Loose<i64>;
        b"matching_rules" => matching_rules: IgnoredAny;
        b"__twarc" => twarc: Loose<Twarc<'a>>;
    }

    /// The whole of a post that is longer than others may be.
    Note {
        b"text" => text: Loose<Text<'a>>;
        b"entities" => entities: Loose<Entities<'a>>;
    }

    /// What the network found in a text.
    Entities {
        b"hashtags" => hashtags: List<Hashtag<'a>>;
        b"urls" => urls: List<Link<'a>>;
        b"mentions" => mentions: List<Mention<'a>>;
    }

    /// A word behind `#`.
    Hashtag {
        b"tag" => tag: Loose<Text<'a>>;
    }

    /// A shortened link.
    Link {
        b"url" => url: Loose<Text<'a>>;
        b"expanded_url" => expanded_url: Loose<Text<'a>>;
        b"display_url" => display_url: Loose<Text<'a>>;
        b"media_key" => media_key: Loose<Text<'a>>;
    }

    /// A mention of an account.
    Mention {
        b"id" => id: IdText<'a>;
        b"username" => username: Loose<Text<'a>>;
    }

    /// What hangs on a post; flattened, with the media themselves.
    Attachments {
        b"media_keys" => media_keys: List<Text<'a>>;
        b"media" => media: List<Medium<'a>>;
    }

    /// A picture or a film.
    Medium {
        b"media_key" => media_key: Loose<Text<'a>>;
        b"type" => kind: Loose<Text<'a>>;
        b"url" => url: Loose<Text<'a>>;
        b"preview_image_url" => preview: Loose<Text<'a>>;
        b"alt_text" => alt: Loose<Text<'a>>;
        b"variants" => variants: List<Variant<'a>>;
    }

    /// How often others reacted.
    PostMetrics {
        b"like_count" => likes: Loose<i64>;
        b"reply_count" => replies: Loose<i64>;
        b"retweet_count" => reposts: Loose<i64>;
        b"quote_count" => quotes: Loose<i64>;
    }

    /// Where a post was written; flattened, with the place itself.
    Geo {
        b"coordinates" => coordinates: Loose<Point<'a>>;
        b"place_id" => place_id: Loose<Text<'a>>;
        b"id" => id: Loose<Text<'a>>;
        b"full_name" => full_name: Loose<Text<'a>>;
        b"country_code" => country_code: Loose<Text<'a>>;
    }

    /// A place.
    Place {
        b"id" => id: Loose<Text<'a>>;
        b"full_name" => full_name: Loose<Text<'a>>;
        b"country_code" => country_code: Loose<Text<'a>>;
    }

    /// Where a post is not shown.
    Withheld {
        b"country_codes" => countries: List<Text<'a>>;
        b"copyright" => copyright: Loose<bool>;
    }

    /// An account.
    User {
        b"id" => id: IdText<'a>;
        b"username" => handle: Loose<Text<'a>>;
        b"name" => name: Loose<Text<'a>>;
        b"description" => bio: Loose<Text<'a>>;
        b"location" => location: Loose<Text<'a>>;
        b"created_at" => created_at: Loose<Text<'a>>;
        b"verified" => verified: Loose<bool>;
        b"public_metrics" => metrics: Loose<UserMetrics<'a>>;
    }

    /// What the network counts of an account.
    UserMetrics {
        b"followers_count" => followers: Loose<i64>;
        b"following_count" => following: Loose<i64>;
        b"tweet_count" => posts: Loose<i64>;
    }
}
