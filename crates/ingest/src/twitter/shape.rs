//! Which of Twitter's formats a record is in, by the keys of its object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::notice::MESSAGES;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A status of API v1.1.
    V1,
    /// An envelope of API v2.
    V2,
    /// A post of API v2 by itself, as twarc flattens envelopes.
    V2Post,
    /// An activity of Gnip.
    Gnip,
    /// An element of an account's export.
    Export,
    /// A delete or another notice to be obeyed.
    Notice,
    /// A message to whoever reads the stream, of this name.
    Message(&'static str),
    /// None of these.
    Unknown,
}

impl Shape {
    /// What nearly every line of an archive is, told by its first bytes: a status that begins with the day of its time, or a
    /// delete.
    pub fn at_a_glance(text: &str) -> Option<Self> {
        if let Some(time) = text.strip_prefix(r#"{"created_at":""#) {
            return time.starts_with(|first: char| first.is_ascii_uppercase()).then_some(Self::V1);
        }
        text.starts_with(r#"{"delete":{"status":"#).then_some(Self::Notice)
    }

    /// What an object is, in a pass over it.
    pub fn of(text: &str) -> Result<Self, serde_json::Error> {
        let keys: Keys = serde_json::from_str(text)?;
        Ok(keys.shape())
    }
}

/// Which keys an object has.
#[derive(Default)]
struct Keys {
    has_id: bool,
    has_text: bool,
    has_user: bool,
    has_author: bool,
    has_verb: bool,
    has_actor: bool,
    has_tweet: bool,
    is_envelope: bool,
    is_notice: bool,
    message: Option<&'static str>,
}

impl Keys {
    fn shape(&self) -> Shape {
        if !self.has_id && self.is_notice {
            return Shape::Notice;
        }
        if let (false, Some(message)) = (self.has_id, self.message) {
            return Shape::Message(message);
        }
        if self.has_verb && (self.has_actor || self.has_id) {
            return Shape::Gnip;
        }
        if self.has_tweet && !self.has_id {
            return Shape::Export;
        }
        if !self.has_id && self.is_envelope {
            return Shape::V2;
        }
        if self.has_author && !self.has_user {
            return Shape::V2Post;
        }
        if self.has_user || (self.has_id && self.has_text) {
            return Shape::V1;
        }
        Shape::Unknown
    }

    fn note(&mut self, key: &[u8]) {
        match key {
            b"id" | b"id_str" => self.has_id = true,
            b"text" | b"full_text" => self.has_text = true,
            b"user" => self.has_user = true,
            b"author_id" | b"edit_history_tweet_ids" | b"public_metrics" => self.has_author = true,
            b"verb" => self.has_verb = true,
            b"actor" => self.has_actor = true,
            b"tweet" => self.has_tweet = true,
            b"data" | b"includes" | b"errors" | b"meta" => self.is_envelope = true,
            b"delete" | b"scrub_geo" | b"status_withheld" | b"user_withheld" => self.is_notice = true,
            _ => self.message = self.message.or_else(|| MESSAGES.into_iter().find(|m| m.as_bytes() == key)),
        }
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Keys::default();
                while let Some(()) = map.next_key_seed(KeySeed(&mut keys))? {
                    map.next_value::<IgnoredAny>()?;
                }
                Ok(keys)
            }
        }

        deserializer.deserialize_map(KeysVisitor)
    }
}

/// Notes a key without keeping it: it may hold half a surrogate pair.
struct KeySeed<'k>(&'k mut Keys);

impl<'de> serde::de::DeserializeSeed<'de> for KeySeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<(), E> {
        self.0.note(key);
        Ok(())
    }
}
