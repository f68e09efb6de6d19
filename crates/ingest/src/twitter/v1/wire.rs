//! Statuses of API v1.1, in so far as they are kept.

use super::super::wire::{Entities, IdText, List, Number, Point};
use crate::object::{Loose, Text, objects};

objects! {
    /// A post or a retweet.
    Status {
        b"created_at" => created_at: Loose<Text<'a>>;
        b"id" => id: Loose<Number>;
        b"id_str" => id_str: IdText<'a>;
        b"text" => text: Text<'a>;
        b"full_text" => full_text: Text<'a>;
        b"display_text_range" => range: List<i64>;
        b"truncated" => truncated: Loose<bool>;
        b"extended_tweet" => extended: Extended<'a>;
        b"source" => source: Loose<Text<'a>>;
        b"user" => user: User<'a>;
        b"in_reply_to_status_id" => reply_to: Loose<Number>;
        b"in_reply_to_status_id_str" => reply_to_str: IdText<'a>;
        b"in_reply_to_user_id" => reply_to_user: Loose<Number>;
        b"in_reply_to_user_id_str" => reply_to_user_str: IdText<'a>;
        b"in_reply_to_screen_name" => reply_to_handle: Loose<Text<'a>>;
        b"retweeted_status" => retweeted: Box<Status<'a>>;
        b"quoted_status" => quoted: Box<Status<'a>>;
        b"quoted_status_id" => quoted_id: Loose<Number>;
        b"quoted_status_id_str" => quoted_id_str: IdText<'a>;
        b"quoted_status_permalink" => quoted_link: Loose<QuotedLink<'a>>;
        b"is_quote_status" => is_quote: Loose<bool>;
        b"entities" => entities: Loose<Entities<'a>>;
        b"extended_entities" => extended_entities: Loose<Entities<'a>>;
        b"favorite_count" => likes: Loose<i64>;
        b"reply_count" => replies: Loose<i64>;
        b"retweet_count" => reposts: Loose<i64>;
        b"quote_count" => quotes: Loose<i64>;
        b"possibly_sensitive" => possibly_sensitive: Loose<bool>;
        b"filter_level" => filter_level: Loose<Text<'a>>;
        b"lang" => lang: Loose<Text<'a>>;
        b"place" => place: Loose<Place<'a>>;
        b"coordinates" => coordinates: Loose<Point<'a>>;
        b"geo" => geo: Loose<Point<'a>>;
        b"timestamp_ms" => timestamp_ms: Loose<Number>;
        b"withheld_in_countries" => withheld_in: List<Text<'a>>;
        b"withheld_copyright" => withheld_copyright: Loose<bool>;
        b"edit_history" => edits: Loose<EditHistory<'a>>;
        b"conversation_id_str" => conversation: IdText<'a>;
    }

    /// The whole of a post whose text was cut for old programs.
    Extended {
        b"full_text" => full_text: Text<'a>;
        b"display_text_range" => range: List<i64>;
        b"entities" => entities: Loose<Entities<'a>>;
        b"extended_entities" => extended_entities: Loose<Entities<'a>>;
    }

    /// An account.
    User {
        b"id" => id: Loose<Number>;
        b"id_str" => id_str: IdText<'a>;
        b"screen_name" => handle: Loose<Text<'a>>;
        b"name" => name: Loose<Text<'a>>;
        b"description" => bio: Loose<Text<'a>>;
        b"location" => location: Loose<Text<'a>>;
        b"created_at" => created_at: Loose<Text<'a>>;
        b"followers_count" => followers: Loose<i64>;
        b"friends_count" => following: Loose<i64>;
        b"statuses_count" => posts: Loose<i64>;
        b"verified" => verified: Loose<bool>;
    }

    /// The short link that stands for a quoted post.
    QuotedLink {
        b"url" => url: Loose<Text<'a>>;
    }

    /// Where a post says that it was written.
    Place {
        b"id" => id: Loose<Text<'a>>;
        b"full_name" => full_name: Loose<Text<'a>>;
        b"country_code" => country_code: Loose<Text<'a>>;
    }

    /// The steps of an edited post.
    EditHistory {
        b"initial_tweet_id" => first: IdText<'a>;
        b"edit_tweet_ids" => all: List<Text<'a>>;
    }
}
