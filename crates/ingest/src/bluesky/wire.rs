//! Jetstream events and AT protocol records as they lie in the JSON, in so far as they are kept.
//!
//! Nothing here decides what a field means.
//! Sources: github.com/bluesky-social/jetstream (README), the `app.bsky` lexicons of github.com/bluesky-social/atproto.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use populi_model::RecordKind;

use super::at_uri;
use crate::object::objects;
pub(super) use crate::object::{Raw, Text};

/// The record of a commit. Where the collection was read before it, as in all that Jetstream writes, the record is read
/// on the way; else it is read in a second pass.
#[derive(Debug)]
pub(super) enum Record<'a> {
    Post(Box<Post<'a>>),
    Reaction(Reaction<'a>),
    Relation(Relation<'a>),
    Profile(Profile<'a>),
    /// One that was passed over.
    Unread,
}

impl<'a> Record<'a> {
    /// Reads a record as the collections of its kind have it.
    pub fn read(kind: RecordKind, record: &'a str) -> Result<Self, serde_json::Error> {
        let reader = &mut serde_json::Deserializer::from_str(record);
        Ok(match kind {
            RecordKind::Post => Self::Post(Deserialize::deserialize(reader)?),
            RecordKind::Like | RecordKind::Repost => Self::Reaction(Deserialize::deserialize(reader)?),
            RecordKind::Follow | RecordKind::Block => Self::Relation(Deserialize::deserialize(reader)?),
            RecordKind::Profile => Self::Profile(Deserialize::deserialize(reader)?),
            RecordKind::Identity | RecordKind::Account => Self::Unread,
        })
    }

    /// Whether this was read as a record of this kind.
    pub fn is_of(&self, kind: RecordKind) -> bool {
        match kind {
            RecordKind::Post => matches!(self, Self::Post(_)),
            RecordKind::Like | RecordKind::Repost => matches!(self, Self::Reaction(_)),
            RecordKind::Follow | RecordKind::Block => matches!(self, Self::Relation(_)),
            RecordKind::Profile => matches!(self, Self::Profile(_)),
            RecordKind::Identity | RecordKind::Account => false,
        }
    }
}

impl<'a> Commit<'a> {
    /// The kind of record that is committed; `None` for collections that are not taken.
    pub fn kind(&self) -> Option<RecordKind> {
        at_uri::kind_of(self.collection.as_ref()?.as_str())
    }

    fn next_record<'de: 'a, A: MapAccess<'de>>(&self, map: &mut A) -> Result<Option<Record<'a>>, A::Error> {
        Ok(match self.kind() {
            Some(RecordKind::Post) => map.next_value::<Option<_>>()?.map(Record::Post),
            Some(RecordKind::Like | RecordKind::Repost) => {
                map.next_value::<Option<_>>()?.map(Record::Reaction)
            }
            Some(RecordKind::Follow | RecordKind::Block) => {
                map.next_value::<Option<_>>()?.map(Record::Relation)
            }
            Some(RecordKind::Profile) => map.next_value::<Option<_>>()?.map(Record::Profile),
            Some(RecordKind::Identity | RecordKind::Account) | None => {
                map.next_value::<Option<IgnoredAny>>()?.map(|_| Record::Unread)
            }
        })
    }
}

objects! {
    /// One line of Jetstream.
    Event {
        b"did" => did: Text<'a>;
        b"time_us" => time_us: Raw<'a>;
        b"kind" => kind: Text<'a>;
        b"commit" => commit: Commit<'a>;
        b"identity" => identity: Identity<'a>;
        b"account" => account: Account<'a>;
    }

    /// A change of one record of an account.
    Commit {
        b"rev" => rev: Text<'a>;
        b"operation" => operation: Text<'a>;
        b"collection" => collection: Text<'a>;
        b"rkey" => rkey: Text<'a>;
        b"record" => record: Record<'a>, by next_record;
        b"cid" => cid: Text<'a>;
    }

    /// The same line, of which only the untouched record is wanted.
    EventOfRecord {
        b"commit" => commit: CommitOfRecord<'a>;
    }

    /// The commit in it.
    CommitOfRecord {
        b"record" => record: Raw<'a>;
    }

    /// What a notice says of an account's handle.
    Identity {
        b"handle" => handle: Text<'a>;
    }

    /// What a notice says of an account's status.
    Account {
        b"active" => active: bool;
        b"status" => status: Text<'a>;
    }

    /// `app.bsky.feed.post`.
    Post {
        b"text" => text: Text<'a>;
        b"createdAt" => created_at: Raw<'a>;
        b"langs" => langs: Raw<'a>;
        b"reply" => reply: Reply<'a>;
        b"embed" => embed: Raw<'a>;
        b"facets" => facets: Raw<'a>;
        b"tags" => tags: Raw<'a>;
    }

    /// What a reply answers.
    Reply {
        b"parent" => parent: Reference<'a>;
        b"root" => root: Reference<'a>;
    }

    /// A reference to a version of a record.
    Reference {
        b"uri" => uri: Text<'a>;
    }

    /// `app.bsky.feed.like` and `app.bsky.feed.repost`.
    Reaction {
        b"subject" => subject: Reference<'a>;
    }

    /// `app.bsky.graph.follow` and `app.bsky.graph.block`.
    Relation {
        b"subject" => subject: Text<'a>;
    }

    /// `app.bsky.actor.profile`.
    Profile {
        b"displayName" => name: Text<'a>;
        b"description" => bio: Text<'a>;
    }

    /// A stretch of the text that means more than it says.
    Facet {
        b"features" => features: Vec<Feature<'a>>;
    }

    /// What such a stretch means.
    Feature {
        b"$type" => kind: Text<'a>;
        b"did" => did: Text<'a>;
        b"uri" => uri: Text<'a>;
        b"tag" => tag: Text<'a>;
    }

    /// What a post shows below its text; which fields it has depends on its type.
    Embed {
        b"$type" => kind: Text<'a>;
        b"record" => record: Raw<'a>;
        b"media" => media: Raw<'a>;
        b"images" => images: Raw<'a>;
        b"video" => video: Blob<'a>;
        b"alt" => alt: Text<'a>;
        b"external" => external: Card<'a>;
    }

    /// The `record` of `app.bsky.embed.recordWithMedia`, which wraps that of `app.bsky.embed.record`.
    WrappedReference {
        b"record" => record: Reference<'a>;
    }

    /// A picture.
    Image {
        b"image" => image: Blob<'a>;
        b"alt" => alt: Text<'a>;
    }

    /// A card of an outside page.
    Card {
        b"uri" => uri: Text<'a>;
        b"title" => title: Text<'a>;
        b"description" => description: Text<'a>;
    }

    /// Content kept apart from its record; the oldest records name it by `cid`.
    Blob {
        b"ref" => reference: Link<'a>;
        b"cid" => cid: Text<'a>;
    }

    /// A content id.
    Link {
        b"$link" => cid: Text<'a>;
    }
}
