//! The tables that ingest fills.
//!
//! Within a bucket the rows of every table stand in the order of the records that they come from, accounts first, so
//! that all tables of a bucket can be merged with new events in one pass.

use std::borrow::Cow;

use super::{ActKind, Text, table};
use crate::{AccountStatus, Class, Key, MediaKind, Operation, Platform, Reason, RecordKind, Timestamp};

table! {
    /// One post, reply or quote: the version that stands.
    "posts" PostRow<'a> {
        /// The key of `post_id`.
        post_key: Key,
        /// The post's id.
        post_id: Text<'a>,
        /// The network.
        platform: Platform,
        /// The author's id; null in tables without authors.
        author_id: Option<Text<'a>>,
        /// The key of `author_id`.
        author_key: Option<Key>,
        /// The author's clock; null where it was unreadable.
        created_at: Option<Timestamp>,
        /// The network's clock: the smallest seen of this version.
        received_at: Option<Timestamp>,
        /// The text as it was written.
        text: Text<'a>,
        /// The languages that the author declared.
        declared_lang: Vec<Text<'a>>,
        /// The post that this one answers.
        reply_to: Option<Text<'a>>,
        /// The key of `reply_to`.
        reply_to_key: Option<Key>,
        /// The declared first post of the conversation.
        root: Option<Text<'a>>,
        /// The key of `root`.
        root_key: Option<Key>,
        /// The post that this one quotes.
        quote_of: Option<Text<'a>>,
        /// The key of `quote_of`.
        quote_of_key: Option<Key>,
        /// Hashtags without `#`.
        hashtags: Vec<Text<'a>>,
        /// Ids of mentioned accounts.
        mentions: Vec<Text<'a>>,
        /// Linked addresses.
        urls: Vec<Text<'a>>,
        /// Likes as the dump counts them.
        like_count: Option<i64>,
        /// Replies as the dump counts them.
        reply_count: Option<i64>,
        /// Reposts as the dump counts them.
        repost_count: Option<i64>,
        /// Quotes as the dump counts them.
        quote_count: Option<i64>,
        /// When the counts were shown; null where the dump does not tell.
        counted_at: Option<Timestamp>,
        /// The network's own id of the conversation.
        conversation_id: Option<Text<'a>>,
        /// The program that it was written with.
        client: Option<Text<'a>>,
        /// Where it was written, as `latitude,longitude`.
        geo: Option<Text<'a>>,
        /// Countries in which it is withheld.
        withheld_in: Vec<Text<'a>>,
        /// Of a later step of an edited post, the first one.
        edit_of: Option<Text<'a>>,
        /// The key of `edit_of`.
        edit_of_key: Option<Key>,
        /// The character of the text where its body begins, without the mentions before it.
        body_start: Option<u32>,
        /// The character of the text behind its body.
        body_end: Option<u32>,
        /// Ids of rows of `media`, in order.
        media_ids: Vec<Text<'a>>,
        /// Whether this is a later version than the first.
        edited: bool,
        /// The platform's revision of this version.
        revision: u64,
        /// The content hash of this version.
        content: u64,
    }
}

table! {
    /// One user: the latest profile, handle and status known.
    "accounts" AccountRow<'a> {
        /// The key of `account_id`.
        account_key: Key,
        /// The account's id.
        account_id: Text<'a>,
        /// The network.
        platform: Platform,
        /// The handle of the latest notice that told one.
        handle: Option<Text<'a>>,
        /// The revision of that notice.
        handle_revision: Option<u64>,
        /// The display name.
        name: Option<Text<'a>>,
        /// The self-description.
        bio: Option<Text<'a>>,
        /// The revision of the profile that stands.
        profile_revision: Option<u64>,
        /// The content hash of the profile that stands.
        profile_content: Option<u64>,
        /// Followers as the dump counts them.
        follower_count: Option<i64>,
        /// Followed accounts as the dump counts them.
        following_count: Option<i64>,
        /// Whether the platform vouches for the account.
        verified: Option<bool>,
        /// Posts as the dump counts them.
        post_count: Option<i64>,
        /// Where the account says that it is.
        location: Option<Text<'a>>,
        /// When the account was made.
        joined_at: Option<Timestamp>,
        /// The number up to which posts may not say where they were written.
        geo_scrubbed_up_to: Option<u64>,
        /// Countries in which all that the account wrote is withheld.
        withheld_in: Vec<Text<'a>>,
        /// The status of the latest notice; active where there was none.
        status: AccountStatus,
        /// The revision of that notice.
        status_revision: Option<u64>,
        /// When the account was last deleted: what it wrote before is blanked.
        deleted_at: Option<Timestamp>,
    }
}

table! {
    /// One act in time. Its id is (record_id, operation, revision, kind).
    "actions" ActionRow<'a> {
        /// The key of `record_id`.
        record_key: Key,
        /// The record that the act made, changed or took away; for a profile the account.
        record_id: Text<'a>,
        /// What was done to the record.
        operation: Operation,
        /// The platform's revision of the act.
        revision: u64,
        /// The content hash of what the act says.
        content: u64,
        /// What the account did.
        kind: ActKind,
        /// Who did it.
        actor_id: Option<Text<'a>>,
        /// The key of `actor_id`.
        actor_key: Option<Key>,
        /// The post that it was done to.
        target_post: Option<Text<'a>>,
        /// The key of `target_post`.
        target_key: Option<Key>,
        /// The account that it was done to, or the author of the post where the post's id tells it.
        target_account: Option<Text<'a>>,
        /// Of an act that takes another back: the revision of the create of the same record, where it was seen.
        undoes: Option<u64>,
        /// Of an update: the text before it, where that version was seen and the post stands.
        prior_text: Option<Text<'a>>,
        /// Of an update: the revision that had `prior_text`.
        prior_revision: Option<u64>,
        /// The content hash of the version that had `prior_text`.
        prior_content: Option<u64>,
        /// When: the network's clock (the smallest seen), or the author's where there is none.
        at: Option<Timestamp>,
    }
}

table! {
    /// A post known to be deleted, never its text: it keeps threads whole and a late copy out.
    "tombstones" TombstoneRow<'a> {
        /// The key of `record_id`.
        record_key: Key,
        /// The deleted post.
        record_id: Text<'a>,
        /// Its author.
        author_id: Option<Text<'a>>,
        /// The key of `author_id`.
        author_key: Option<Key>,
        /// What it was.
        kind: RecordKind,
        /// The post that it answered, where a version of it was seen.
        reply_to: Option<Text<'a>>,
        /// The key of `reply_to`.
        reply_to_key: Option<Key>,
        /// Its declared root, where a version of it was seen.
        root: Option<Text<'a>>,
        /// The key of `root`.
        root_key: Option<Key>,
        /// The network's own id of its conversation, where a version of it was seen.
        conversation_id: Option<Text<'a>>,
        /// Of a later step of an edited post the key of the first one, where a version of it was seen.
        edit_of_key: Option<Key>,
        /// When it was deleted.
        deleted_at: Option<Timestamp>,
        /// The revision of the version that told `reply_to` and `root`; null where none was ever seen.
        seen_revision: Option<u64>,
        /// The content hash of that version.
        seen_content: Option<u64>,
    }
}

table! {
    /// A follow relation as known at the end.
    "edges" EdgeRow<'a> {
        /// Who follows.
        follower_id: Text<'a>,
        /// The key of `follower_id`.
        follower_key: Key,
        /// Who is followed.
        followed_id: Text<'a>,
        /// The key of `followed_id`.
        followed_key: Key,
        /// When this follower first followed this account.
        first_seen: Option<Timestamp>,
        /// When the latest follow that still stands was made.
        last_seen: Option<Timestamp>,
    }
}

table! {
    /// One image, video or card of a post that stands.
    "media" MediaRow<'a> {
        /// The key of the post.
        post_key: Key,
        /// Its place in the post, from 0.
        ordinal: u32,
        /// `<post id>#media-<ordinal>`.
        media_id: Text<'a>,
        /// What it is.
        kind: MediaKind,
        /// Where it is to be had.
        url: Option<Text<'a>>,
        /// The native id of its content.
        content_id: Option<Text<'a>>,
        /// The author's description of it.
        alt: Option<Text<'a>>,
    }
}

table! {
    /// What an input brought beside the columns of `posts`.
    "attributes" AttributeRow<'a> {
        /// The key of the post.
        post_key: Key,
        /// The column's name.
        name: Text<'a>,
        /// Its value.
        value: Text<'a>,
    }
}

table! {
    /// A post that the network says it does not show, whether or not it was seen elsewhere.
    "unavailable" UnavailableRow<'a> {
        /// The key of `post_id`.
        post_key: Key,
        /// The post.
        post_id: Text<'a>,
        /// Why, in the network's words.
        reason: Text<'a>,
        /// When the network said so.
        at: Option<Timestamp>,
    }
}

table! {
    /// One input record that was taken, or was found inside one: where it was read and what it counted as.
    "sources" SourceRow {
        /// The record that it speaks of; of profiles and notices the account.
        record_key: Key,
        /// The network.
        platform: Platform,
        /// What the record is.
        kind: RecordKind,
        /// What was done to it.
        operation: Operation,
        /// The platform's revision.
        revision: u64,
        /// The content hash.
        content: u64,
        /// The file: 128 bits of its BLAKE3 hash.
        file_hash: Key,
        /// Where in its decoded content.
        offset: u64,
        /// What it counted as.
        class: Class,
    }
}

table! {
    /// The untouched record of a version that stands, where originals are kept.
    "originals" OriginalRow<'a> {
        /// The record; of a profile the account.
        record_key: Key,
        /// What it is.
        kind: RecordKind,
        /// The native id of its content.
        content_id: Option<Text<'a>>,
        /// Its bytes as they were read.
        bytes: Cow<'a, [u8]>,
    }
}

table! {
    /// An input record that was not taken.
    "quarantine" QuarantineRow<'a> {
        /// The file as the user named it.
        file: Text<'a>,
        /// 128 bits of the file's BLAKE3 hash.
        file_hash: Key,
        /// Where in its decoded content.
        offset: u64,
        /// Its line, from 1.
        line: u64,
        /// Why.
        reason: Reason,
        /// What was wrong: expected and got.
        detail: Text<'a>,
        /// Its first bytes.
        head: Cow<'a, [u8]>,
    }
}
