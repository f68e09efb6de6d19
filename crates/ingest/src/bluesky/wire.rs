//! Jetstream events and AT protocol records as they lie in the JSON, in so far as they are kept.
//!
//! Strings are borrowed from the input where they hold no escape. A field that is `null` counts as absent; of a key
//! that stands twice the last counts; other keys are skipped unread. Nothing here decides what a field means.
//! Sources: github.com/bluesky-social/jetstream (README), the `app.bsky` lexicons of github.com/bluesky-social/atproto.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use populi_model::RecordKind;

use super::at_uri;

/// A string, borrowed where it can be.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.0
    }
}

/// A part of the JSON that is read later, or by other rules.
pub(super) type Raw<'a> = &'a RawValue;

/// The next value of a map: by its type, or by a method of the object that is being read.
macro_rules! next {
    ($object:ident, $map:ident) => {
        $map.next_value()
    };
    ($object:ident, $map:ident, $read:ident) => {
        $object.$read(&mut $map)
    };
}

/// A struct that is read from an object, field by key. Derived code will not do: it refuses a key that stands twice,
/// takes arrays for objects, and refuses half a surrogate pair in a key that nobody keeps.
macro_rules! objects {
    ($($(#[doc = $doc:literal])+ $name:ident { $($key:literal => $field:ident: $type:ty $(, by $read:ident)?;)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub $field: Option<$type>,)+
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[allow(non_camel_case_types, reason = "named like the fields that they stand for")]
                enum Field { $($field,)+ Unknown }

                impl<'de> Deserialize<'de> for Field {
                    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        deserializer.deserialize_bytes(FieldVisitor)
                    }
                }

                struct FieldVisitor;

                impl Visitor<'_> for FieldVisitor {
                    type Value = Field;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a key")
                    }

                    fn visit_bytes<E>(self, key: &[u8]) -> Result<Field, E> {
                        $(if key == $key.as_bytes() { return Ok(Field::$field); })+
                        Ok(Field::Unknown)
                    }
                }

                struct ObjectVisitor<'a>(PhantomData<&'a ()>);

                impl<'de: 'a, 'a> Visitor<'de> for ObjectVisitor<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name<'a>, A::Error> {
                        let mut object = $name::default();
                        while let Some(field) = map.next_key()? {
                            match field {
                                $(Field::$field => object.$field = next!(object, map $(, $read)?)?,)+
                                Field::Unknown => { map.next_value::<IgnoredAny>()?; }
                            }
                        }
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(ObjectVisitor(PhantomData))
            }
        }
    )+};
}

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
        "did" => did: Text<'a>;
        "time_us" => time_us: Raw<'a>;
        "kind" => kind: Text<'a>;
        "commit" => commit: Commit<'a>;
        "identity" => identity: Identity<'a>;
        "account" => account: Account<'a>;
    }

    /// A change of one record of an account.
    Commit {
        "rev" => rev: Text<'a>;
        "operation" => operation: Text<'a>;
        "collection" => collection: Text<'a>;
        "rkey" => rkey: Text<'a>;
        "record" => record: Record<'a>, by next_record;
        "cid" => cid: Text<'a>;
    }

    /// The same line, of which only the untouched record is wanted.
    EventOfRecord {
        "commit" => commit: CommitOfRecord<'a>;
    }

    /// The commit in it.
    CommitOfRecord {
        "record" => record: Raw<'a>;
    }

    /// What a notice says of an account's handle.
    Identity {
        "handle" => handle: Text<'a>;
    }

    /// What a notice says of an account's status.
    Account {
        "active" => active: bool;
        "status" => status: Text<'a>;
    }

    /// `app.bsky.feed.post`.
    Post {
        "text" => text: Text<'a>;
        "createdAt" => created_at: Raw<'a>;
        "langs" => langs: Raw<'a>;
        "reply" => reply: Reply<'a>;
        "embed" => embed: Raw<'a>;
        "facets" => facets: Raw<'a>;
        "tags" => tags: Raw<'a>;
    }

    /// What a reply answers.
    Reply {
        "parent" => parent: Reference<'a>;
        "root" => root: Reference<'a>;
    }

    /// A reference to a version of a record.
    Reference {
        "uri" => uri: Text<'a>;
    }

    /// `app.bsky.feed.like` and `app.bsky.feed.repost`.
    Reaction {
        "subject" => subject: Reference<'a>;
    }

    /// `app.bsky.graph.follow` and `app.bsky.graph.block`.
    Relation {
        "subject" => subject: Text<'a>;
    }

    /// `app.bsky.actor.profile`.
    Profile {
        "displayName" => name: Text<'a>;
        "description" => bio: Text<'a>;
    }

    /// A stretch of the text that means more than it says.
    Facet {
        "features" => features: Vec<Feature<'a>>;
    }

    /// What such a stretch means.
    Feature {
        "$type" => kind: Text<'a>;
        "did" => did: Text<'a>;
        "uri" => uri: Text<'a>;
        "tag" => tag: Text<'a>;
    }

    /// What a post shows below its text; which fields it has depends on its type.
    Embed {
        "$type" => kind: Text<'a>;
        "record" => record: Raw<'a>;
        "media" => media: Raw<'a>;
        "images" => images: Raw<'a>;
        "video" => video: Blob<'a>;
        "alt" => alt: Text<'a>;
        "external" => external: Card<'a>;
    }

    /// The `record` of `app.bsky.embed.recordWithMedia`, which wraps that of `app.bsky.embed.record`.
    WrappedReference {
        "record" => record: Reference<'a>;
    }

    /// A picture.
    Image {
        "image" => image: Blob<'a>;
        "alt" => alt: Text<'a>;
    }

    /// A card of an outside page.
    Card {
        "uri" => uri: Text<'a>;
        "title" => title: Text<'a>;
        "description" => description: Text<'a>;
    }

    /// Content kept apart from its record; the oldest records name it by `cid`.
    Blob {
        "ref" => reference: Link<'a>;
        "cid" => cid: Text<'a>;
    }

    /// A content id.
    Link {
        "$link" => cid: Text<'a>;
    }
}
