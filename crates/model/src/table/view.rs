//! Rows with only the columns that a step needs: reading them costs only these.

use super::{Text, table};
use crate::table::ActKind;
use crate::{AccountStatus, Class, Key, Operation, Platform, RecordKind, Timestamp};

table! {
    /// Who answers whom, of a post.
    "posts" PostLink {
        /// The post.
        post_key: Key,
        /// Its author.
        author_key: Option<Key>,
        /// The post that it answers.
        reply_to_key: Option<Key>,
        /// Its declared root.
        root_key: Option<Key>,
    }
}

table! {
    /// Which step of its editing a post is.
    "posts" PostStep {
        /// The post.
        post_key: Key,
        /// When it was written.
        created_at: Option<Timestamp>,
        /// Of a later step, the first one.
        edit_of_key: Option<Key>,
    }
}

table! {
    /// Who answered whom, of a deleted post.
    "tombstones" TombstoneLink {
        /// The deleted post.
        record_key: Key,
        /// The post that it answered.
        reply_to_key: Option<Key>,
        /// Its declared root.
        root_key: Option<Key>,
        /// The revision of a version that was seen.
        seen_revision: Option<u64>,
    }
}

table! {
    /// Which step of its editing a deleted post was.
    "tombstones" TombstoneStep<'a> {
        /// The deleted post.
        record_key: Key,
        /// Its id.
        record_id: Text<'a>,
        /// Of a later step, the first one.
        edit_of_key: Option<Key>,
    }
}

table! {
    /// When and by whom a post was written, and what it answers, by id.
    "posts" PostFacts<'a> {
        /// The post.
        post_key: Key,
        /// Its author.
        author_key: Option<Key>,
        /// The author's clock.
        created_at: Option<Timestamp>,
        /// The network's clock.
        received_at: Option<Timestamp>,
        /// The post that it answers.
        reply_to: Option<Text<'a>>,
        /// The key of `reply_to`.
        reply_to_key: Option<Key>,
    }
}

table! {
    /// By whom a deleted post was written, and what it answered, by id.
    "tombstones" TombstoneFacts<'a> {
        /// The deleted post.
        record_key: Key,
        /// Its id.
        record_id: Text<'a>,
        /// Its author.
        author_key: Option<Key>,
        /// The post that it answered.
        reply_to: Option<Text<'a>>,
        /// The key of `reply_to`.
        reply_to_key: Option<Key>,
    }
}

table! {
    /// What a post quotes.
    "posts" PostQuote {
        /// The post that it quotes.
        quote_of_key: Option<Key>,
    }
}

table! {
    /// What was done to which post.
    "actions" ActTarget {
        /// The record that the act made or took away.
        record_key: Key,
        /// What was done.
        kind: ActKind,
        /// The post that it was done to.
        target_key: Option<Key>,
    }
}

table! {
    /// How a record was found.
    "sources" SourceSighting {
        /// The record.
        record_key: Key,
        /// What it is.
        kind: RecordKind,
        /// What was done to it.
        operation: Operation,
    }
}

table! {
    /// Why the network does not show a post.
    "unavailable" UnavailableReason<'a> {
        /// The post.
        post_key: Key,
        /// Why, in the network's words.
        reason: Text<'a>,
    }
}

table! {
    /// What a post says, and who says it.
    "posts" PostText<'a> {
        /// The post.
        post_key: Key,
        /// Its author.
        author_key: Option<Key>,
        /// Its text.
        text: Text<'a>,
    }
}

table! {
    /// What a post says, when, who says it, and through which program.
    "posts" PostBody<'a> {
        /// The post.
        post_key: Key,
        /// Its author.
        author_key: Option<Key>,
        /// The author's clock.
        created_at: Option<Timestamp>,
        /// The network's clock.
        received_at: Option<Timestamp>,
        /// Its text.
        text: Text<'a>,
        /// The program that it was written with.
        client: Option<Text<'a>>,
        /// Where its body begins.
        body_start: Option<u32>,
        /// Where its body ends.
        body_end: Option<u32>,
    }
}

table! {
    /// What a post says, and whether it answers another.
    "posts" PostAsking<'a> {
        /// The post.
        post_key: Key,
        /// Its author.
        author_key: Option<Key>,
        /// Its text.
        text: Text<'a>,
        /// The post that it answers.
        reply_to_key: Option<Key>,
        /// Hashtags without `#`.
        hashtags: Vec<Text<'a>>,
    }
}

table! {
    /// What a post says, when, and who says it, with ids for people.
    "posts" PostCard<'a> {
        /// The post.
        post_key: Key,
        /// Its id.
        post_id: Text<'a>,
        /// Its author's id.
        author_id: Option<Text<'a>>,
        /// Its author.
        author_key: Option<Key>,
        /// The author's clock.
        created_at: Option<Timestamp>,
        /// Its text.
        text: Text<'a>,
    }
}

table! {
    /// What a post says, when, and who says it, with what pseudonyms are made of.
    "posts" PostMessage<'a> {
        /// The post.
        post_key: Key,
        /// The network.
        platform: Platform,
        /// Its author's id.
        author_id: Option<Text<'a>>,
        /// Its author.
        author_key: Option<Key>,
        /// The author's clock.
        created_at: Option<Timestamp>,
        /// The network's clock.
        received_at: Option<Timestamp>,
        /// Its text.
        text: Text<'a>,
        /// Whether this is a later version than the first.
        edited: bool,
        /// Countries in which it is withheld.
        withheld_in: Vec<Text<'a>>,
    }
}

table! {
    /// What was done to what, and when.
    "actions" ActMessage<'a> {
        /// The record that the act made, changed or took away.
        record_key: Key,
        /// What was done to the record.
        operation: Operation,
        /// The platform's revision of the act.
        revision: u64,
        /// What the account did.
        kind: ActKind,
        /// Who did it.
        actor_key: Option<Key>,
        /// The post that it was done to.
        target_key: Option<Key>,
        /// The account that it was done to.
        target_account: Option<Text<'a>>,
        /// When.
        at: Option<Timestamp>,
    }
}

table! {
    /// The versions of posts.
    "actions" ActVersion<'a> {
        /// The record that the act made, changed or took away.
        record_key: Key,
        /// What was done to the record.
        operation: Operation,
        /// The platform's revision of the act.
        revision: u64,
        /// What the account did.
        kind: ActKind,
        /// Of an update: the text before it.
        prior_text: Option<Text<'a>>,
        /// Of an update: the revision that had `prior_text`.
        prior_revision: Option<u64>,
        /// When.
        at: Option<Timestamp>,
    }
}

table! {
    /// Whether an account's posts are to be seen.
    "accounts" AccountStanding {
        /// The account.
        account_key: Key,
        /// Its status.
        status: AccountStatus,
    }
}

table! {
    /// What an account is called.
    "accounts" AccountName<'a> {
        /// The account.
        account_key: Key,
        /// Its handle.
        handle: Option<Text<'a>>,
        /// Its display name.
        name: Option<Text<'a>>,
    }
}

table! {
    /// Which account has which handle, with what pseudonyms are made of.
    "accounts" AccountHandle<'a> {
        /// The account.
        account_key: Key,
        /// Its id.
        account_id: Text<'a>,
        /// The network.
        platform: Platform,
        /// Its handle.
        handle: Option<Text<'a>>,
    }
}

table! {
    /// Whose record it is.
    "actions" ActOwner<'a> {
        /// The record.
        record_key: Key,
        /// Its id.
        record_id: Text<'a>,
        /// Who acted on it.
        actor_key: Option<Key>,
    }
}

table! {
    /// What kind of act, and when.
    "actions" ActTime {
        /// What was done.
        kind: ActKind,
        /// Who did it.
        actor_key: Option<Key>,
        /// When.
        at: Option<Timestamp>,
    }
}

table! {
    /// What kind of act, when, and on which record.
    "actions" ActOnRecord {
        /// The record that the act made, changed or took away.
        record_key: Key,
        /// What was done.
        kind: ActKind,
        /// Who did it.
        actor_key: Option<Key>,
        /// When.
        at: Option<Timestamp>,
    }
}

table! {
    /// What an input record of a file counted as.
    "sources" SourceClass {
        /// The file.
        file_hash: Key,
        /// What it counted as.
        class: Class,
    }
}

table! {
    /// What the clauses of a selection ask of a post.
    "posts" PostClauses<'a> {
        /// The post.
        post_key: Key,
        /// Its author's id.
        author_id: Option<Text<'a>>,
        /// Its author.
        author_key: Option<Key>,
        /// The author's clock.
        created_at: Option<Timestamp>,
        /// The network's clock.
        received_at: Option<Timestamp>,
        /// Its text.
        text: Text<'a>,
        /// The languages that the author declared.
        declared_lang: Vec<Text<'a>>,
        /// Hashtags without `#`.
        hashtags: Vec<Text<'a>>,
        /// Ids of mentioned accounts.
        mentions: Vec<Text<'a>>,
    }
}

table! {
    /// What a turn of a conversation is made of.
    "posts" PostTurn<'a> {
        /// The post.
        post_key: Key,
        /// Its id.
        post_id: Text<'a>,
        /// The network.
        platform: Platform,
        /// Its author's id.
        author_id: Option<Text<'a>>,
        /// Its author.
        author_key: Option<Key>,
        /// The author's clock.
        created_at: Option<Timestamp>,
        /// The network's clock.
        received_at: Option<Timestamp>,
        /// Its text.
        text: Text<'a>,
        /// The languages that the author declared.
        declared_lang: Vec<Text<'a>>,
        /// Countries in which it is withheld.
        withheld_in: Vec<Text<'a>>,
        /// The character of the text where its body begins.
        body_start: Option<u32>,
        /// The character of the text behind its body.
        body_end: Option<u32>,
    }
}

table! {
    /// That there is a post, and whose.
    "posts" PostOwner {
        /// The post.
        post_key: Key,
        /// The network.
        platform: Platform,
        /// Its author.
        author_key: Option<Key>,
    }
}

table! {
    /// A deleted post, and whose it was.
    "tombstones" TombstoneOwner<'a> {
        /// The deleted post.
        record_key: Key,
        /// Its id.
        record_id: Text<'a>,
        /// Its author's id.
        author_id: Option<Text<'a>>,
        /// Its author.
        author_key: Option<Key>,
    }
}

table! {
    /// Where all that an account wrote is withheld.
    "accounts" AccountWithheld<'a> {
        /// The account.
        account_key: Key,
        /// The countries.
        withheld_in: Vec<Text<'a>>,
    }
}

table! {
    /// What a dump counts of an account.
    "accounts" AccountFigures {
        /// The account.
        account_key: Key,
        /// Its followers.
        follower_count: Option<i64>,
        /// Whether the platform vouches for it.
        verified: Option<bool>,
        /// Its posts.
        post_count: Option<i64>,
    }
}
