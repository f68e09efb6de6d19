//! What a post says: text, thread, quote, facets and media.

use std::borrow::Cow;

use populi_model::{Counts, Id, Media, MediaKind, Post, Subject, Timestamp};
use serde::Deserialize;

use super::at_uri;
use super::event::{absent, said};
use super::wire::{self, Raw, Text};
use crate::json::lenient;
use crate::sink::Defect;

/// The parts of a post, read but for the hashing of ids. They own what was escaped in the JSON.
pub(super) struct PostParts<'a> {
    text: &'a str,
    reply: Option<(&'a str, Option<&'a str>)>,
    created_at: Option<Timestamp>,
    langs: Vec<Text<'a>>,
    tags: Vec<Text<'a>>,
    features: Vec<wire::Feature<'a>>,
    quoted: Option<Text<'a>>,
    media: Vec<Medium<'a>>,
    /// What was odd and left out, by the names that warnings are counted under.
    pub warnings: Vec<&'static str>,
}

/// One medium of a post.
struct Medium<'a> {
    kind: MediaKind,
    content_id: Option<Text<'a>>,
    url: Option<Text<'a>>,
    alt: Cow<'a, str>,
}

impl<'a> PostParts<'a> {
    /// Reads a post that lies in the record `whole`.
    ///
    /// # Errors
    /// When there is no text, a reply does not say what it answers, or a field that is kept holds half a surrogate
    /// pair.
    pub fn read(wire: &'a wire::Post<'a>, whole: &str) -> Result<Self, Defect> {
        let text = wire.text.as_ref().ok_or_else(|| absent("commit.record.text", "a string"))?.as_str();
        let reply = wire.reply.as_ref().map(|reply| -> Result<_, Defect> {
            let parent = uri_of(reply.parent.as_ref())
                .ok_or_else(|| absent("commit.record.reply.parent.uri", "the id of a post"))?;
            Ok((parent, uri_of(reply.root.as_ref())))
        });
        let mut parts = Self {
            text,
            reply: reply.transpose()?,
            created_at: None,
            langs: Vec::new(),
            tags: Vec::new(),
            features: Vec::new(),
            quoted: None,
            media: Vec::new(),
            warnings: Vec::new(),
        };
        parts.created_at = wire.created_at.and_then(|raw| parts.time(raw));
        parts.langs = parts.take(wire.langs, whole, "bad_langs")?.unwrap_or_default();
        parts.tags = parts.take(wire.tags, whole, "bad_tags")?.unwrap_or_default();
        if let Some(facets) = wire.facets {
            parts.read_facets(facets, whole)?;
        }
        if let Some(embed) = parts.take(wire.embed, whole, "bad_embed")? {
            parts.read_embed(embed, whole)?;
        }
        Ok(parts)
    }

    /// The post, with its ids hashed.
    pub fn post(&self) -> Post<'_> {
        let mut post = Post {
            created_at: self.created_at,
            text: self.text,
            langs: self.langs.iter().map(Text::as_str).collect(),
            reply_to: self.reply.map(|(parent, _)| at_uri::subject(parent)),
            root: self.reply.and_then(|(_, root)| root).map(Id::new),
            quote_of: self.quote(),
            media: self.media.iter().map(Medium::model).collect(),
            counts: Counts::default(),
            ..Post::default()
        };
        for feature in &self.features {
            match feature.meaning() {
                Some(Meaning::Mention(did)) => post.mentions.push(did),
                Some(Meaning::Link(uri)) => post.urls.push(uri),
                Some(Meaning::Tag(tag)) => post.hashtags.extend(bare_tag(tag)),
                Some(Meaning::Missing) | None => {}
            }
        }
        post.hashtags.extend(self.tags.iter().filter_map(|tag| bare_tag(tag.as_str())));
        post
    }

    fn quote(&self) -> Option<Subject<'_>> {
        let uri = said(self.quoted.as_ref())?;
        at_uri::may_name_a_post(uri).then(|| at_uri::subject(uri))
    }

    /// Reads a field that may be odd, at the cost of the field and one `warning`.
    fn take<T: Deserialize<'a>>(
        &mut self,
        field: Option<Raw<'a>>,
        whole: &str,
        warning: &'static str,
    ) -> Result<Option<T>, Defect> {
        let Some(field) = field else { return Ok(None) };
        let value = lenient(field.get(), whole)?;
        if value.is_none() {
            self.warnings.push(warning);
        }
        Ok(value)
    }

    fn time(&mut self, raw: Raw<'a>) -> Option<Timestamp> {
        let text: Option<Text<'_>> = serde_json::from_str(raw.get()).ok();
        let time = text.and_then(|text| Timestamp::parse_rfc3339(text.as_str()).ok());
        if time.is_none() {
            self.warnings.push("bad_created_at");
        }
        time
    }

    fn read_facets(&mut self, facets: Raw<'a>, whole: &str) -> Result<(), Defect> {
        // All at once if none is odd, else one by one.
        if let Some(facets) = lenient::<Vec<wire::Facet<'a>>>(facets.get(), whole)? {
            facets.into_iter().for_each(|facet| self.read_facet(facet));
            return Ok(());
        }
        for facet in self.take::<Vec<Raw<'a>>>(Some(facets), whole, "bad_facet")?.unwrap_or_default() {
            if let Some(facet) = self.take(Some(facet), whole, "bad_facet")? {
                self.read_facet(facet);
            }
        }
        Ok(())
    }

    fn read_facet(&mut self, facet: wire::Facet<'a>) {
        let Some(features) = facet.features else {
            return self.warnings.push("bad_facet");
        };
        if features.iter().any(|feature| feature.meaning() == Some(Meaning::Missing)) {
            self.warnings.push("bad_facet");
        }
        self.features.extend(features);
    }

    fn read_embed(&mut self, embed: wire::Embed<'a>, whole: &str) -> Result<(), Defect> {
        let reference: Option<wire::Reference<'a>> = match kind_of(&embed) {
            "record" => self.take(embed.record, whole, "bad_embed")?,
            "recordWithMedia" => {
                let wrapped = self.take::<wire::WrappedReference<'a>>(embed.record, whole, "bad_embed")?;
                if let Some(media) = self.take(embed.media, whole, "bad_embed")? {
                    self.read_media(media, whole)?;
                }
                wrapped.and_then(|wrapped| wrapped.record)
            }
            _ => return self.read_media(embed, whole),
        };
        self.quoted = reference.and_then(|reference| reference.uri);
        Ok(())
    }

    /// Reads an embed that is no quote; those of unknown types are left out.
    fn read_media(&mut self, embed: wire::Embed<'a>, whole: &str) -> Result<(), Defect> {
        match kind_of(&embed) {
            "images" => {
                for image in self.take::<Vec<Raw<'a>>>(embed.images, whole, "bad_embed")?.unwrap_or_default()
                {
                    if let Some(image) = self.take::<wire::Image<'a>>(Some(image), whole, "bad_embed")? {
                        self.media.push(Medium::of_blob(MediaKind::Image, image.image, image.alt));
                    }
                }
            }
            "video" => self.media.push(Medium::of_blob(MediaKind::Video, embed.video, embed.alt)),
            "external" => self.media.extend(embed.external.map(Medium::of_card)),
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Medium<'a> {
    fn of_blob(kind: MediaKind, blob: Option<wire::Blob<'a>>, alt: Option<Text<'a>>) -> Self {
        let content_id = blob.and_then(|blob| blob.reference.and_then(|link| link.cid).or(blob.cid));
        Self { kind, content_id, url: None, alt: alt.map(Cow::from).unwrap_or_default() }
    }

    /// A card: its title, and its description on the next line.
    fn of_card(card: wire::Card<'a>) -> Self {
        let [title, description] =
            [card.title, card.description].map(|text| text.map(Cow::from).unwrap_or_default());
        let alt = match (title.is_empty(), description.is_empty()) {
            (_, true) => title,
            (true, false) => description,
            (false, false) => format!("{title}\n{description}").into(),
        };
        Self { kind: MediaKind::External, content_id: None, url: card.uri, alt }
    }

    fn model(&self) -> Media<'_> {
        Media {
            kind: self.kind,
            content_id: said(self.content_id.as_ref()),
            url: said(self.url.as_ref()),
            alt: Some(self.alt.as_ref()).filter(|alt| !alt.is_empty()),
        }
    }
}

/// What a feature of a facet means.
#[derive(PartialEq, Eq)]
enum Meaning<'a> {
    Mention(&'a str),
    Link(&'a str),
    Tag(&'a str),
    /// Its type is known, and what that type is for is not there.
    Missing,
}

impl wire::Feature<'_> {
    /// What the feature means; `None` for types that are not known.
    fn meaning(&self) -> Option<Meaning<'_>> {
        Some(match self.kind.as_ref()?.as_str() {
            "app.bsky.richtext.facet#mention" => {
                said(self.did.as_ref()).map_or(Meaning::Missing, Meaning::Mention)
            }
            "app.bsky.richtext.facet#link" => said(self.uri.as_ref()).map_or(Meaning::Missing, Meaning::Link),
            "app.bsky.richtext.facet#tag" => said(self.tag.as_ref()).map_or(Meaning::Missing, Meaning::Tag),
            _ => return None,
        })
    }
}

/// The last part of an embed's type, where it is one of Bluesky's.
fn kind_of<'e>(embed: &'e wire::Embed<'_>) -> &'e str {
    embed.kind.as_ref().and_then(|kind| kind.as_str().strip_prefix("app.bsky.embed.")).unwrap_or_default()
}

fn uri_of<'a>(reference: Option<&'a wire::Reference<'_>>) -> Option<&'a str> {
    said(reference?.uri.as_ref())
}

/// A hashtag without the sign that some clients leave on it; `None` where nothing else is left.
fn bare_tag(tag: &str) -> Option<&str> {
    let bare = tag.trim().trim_start_matches(['#', '＃']);
    (!bare.is_empty()).then_some(bare)
}
