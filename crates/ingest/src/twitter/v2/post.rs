//! A post of API v2, with what its envelope includes, as what all formats have in common.

use std::borrow::Cow;

use populi_model::{Counts, Media, MediaKind, Timestamp};

use super::super::entities::{best_variant, leads_to, media_kind};
use super::super::geo::{self, Order};
use super::super::status::{EVERYWHERE, Mention, Reference, Status, User};
use super::super::wire::{IdField, count, elements, flag, missing_id, said, text_id};
use super::super::{id, text, time};
use super::wire;
use crate::json;
use crate::object::{Loose, Text};
use crate::sink::Defect;

/// A post, and the posts that it refers to, which when flattened are whole.
pub(super) struct Parsed<'a> {
    /// Its bytes.
    pub text: &'a str,
    pub wire: wire::Tweet<'a>,
    referenced: Vec<Parsed<'a>>,
    has_odd_reference: bool,
}

/// What an envelope includes.
#[derive(Default)]
pub(super) struct Context<'c> {
    /// By their numbers.
    users: &'c [(u64, wire::User<'c>)],
    posts: &'c [Parsed<'c>],
    includes: Option<&'c wire::Includes<'c>>,
}

impl<'c> Context<'c> {
    /// Users and posts must be ordered by their numbers.
    pub fn of(
        includes: Option<&'c wire::Includes<'c>>,
        users: &'c [(u64, wire::User<'c>)],
        posts: &'c [Parsed<'c>],
    ) -> Self {
        Self { users, posts, includes }
    }

    fn user(&self, id: u64) -> Option<&'c wire::User<'c>> {
        let at = self.users.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.users[at].1)
    }

    fn user_of_handle(&self, handle: &str) -> Option<u64> {
        let has_handle = |user: &wire::User<'_>| {
            said(user.handle.as_ref()).is_some_and(|name| name.eq_ignore_ascii_case(handle))
        };
        self.users.iter().find(|(_, user)| has_handle(user)).map(|(id, _)| *id)
    }

    fn post(&self, id: u64) -> Option<&'c Parsed<'c>> {
        let at = self.posts.binary_search_by_key(&Some(id), |post| post.id().known()).ok()?;
        Some(&self.posts[at])
    }

    fn medium(&self, key: &str) -> Option<&'c wire::Medium<'c>> {
        let mut media = elements(self.includes?.media.as_ref());
        media.find(|medium| said(medium.media_key.as_ref()) == Some(key))
    }

    fn place(&self, id: &str) -> Option<&'c wire::Place<'c>> {
        elements(self.includes?.places.as_ref()).find(|place| said(place.id.as_ref()) == Some(id))
    }
}

impl<'a> Parsed<'a> {
    /// Reads a post that lies in the record `whole`.
    pub fn read(text: &'a str, whole: &str) -> Result<Self, Defect> {
        let wire: wire::Tweet<'a> =
            serde_json::from_str(text).map_err(|error| json::defect_of(&error, text, whole))?;
        let all = wire.referenced.as_ref().and_then(Loose::as_ref);
        let n_all = all.map_or(0, Vec::len);
        let referenced: Vec<_> =
            all.into_iter().flatten().filter_map(|raw| Self::read(raw.get(), whole).ok()).collect();
        let has_odd_reference =
            referenced.len() < n_all || wire.referenced.as_ref().is_some_and(Loose::is_odd);
        Ok(Self { text, wire, referenced, has_odd_reference })
    }

    pub fn id(&self) -> IdField {
        text_id(self.wire.id.as_ref())
    }

    pub fn author_id(&self) -> IdField {
        match text_id(self.wire.author_id.as_ref()) {
            IdField::Absent => text_id(self.author().and_then(|author| author.id.as_ref())),
            told => told,
        }
    }

    /// What the post says.
    pub fn status<'w>(&'w self, context: &Context<'w>) -> Result<Status<'w>, Defect> {
        let id = match self.id() {
            IdField::Is(id) => id,
            other => return Err(missing_id("id", "the post", other)),
        };
        let author = match self.author_id() {
            IdField::Is(author) => author,
            other => return Err(missing_id("author_id", "the account that wrote the post", other)),
        };
        let profile = self.author().or_else(|| context.user(author));
        let mut status = Status { id, author: user(author, profile), ..Status::default() };
        self.fill_time(&mut status);
        self.fill_references(&mut status, context);
        if status.repost_of.is_none() {
            self.fill_text(&mut status, context);
            self.fill_media(&mut status, context);
            self.fill_particulars(&mut status);
            self.fill_place(&mut status, context);
        }
        Ok(status)
    }

    fn author(&self) -> Option<&wire::User<'a>> {
        self.wire.author.as_ref().and_then(Loose::as_ref)
    }

    fn fill_time(&self, status: &mut Status<'_>) {
        let told = self.wire.created_at.as_ref().map(|text| time::parse(text.as_ref()?.as_str()));
        if told == Some(None) {
            status.warnings.push("bad_created_at");
        }
        status.created_at = told.flatten().or_else(|| Timestamp::of_snowflake(status.id));
    }

    /// What the post answers, quotes or shows again, the conversation that it is part of, and what it was before.
    fn fill_references<'w>(&'w self, status: &mut Status<'w>, context: &Context<'w>) {
        let wire = &self.wire;
        if self.has_odd_reference {
            status.warnings.push("bad_referenced_tweets");
        }
        let reply_to_user = text_id(wire.reply_to_user.as_ref()).known();
        for referenced in &self.referenced {
            let Some(post) = referenced.id().known() else {
                status.warnings.push("bad_referenced_tweets");
                continue;
            };
            let author = |of: &Parsed<'_>| of.author_id().known();
            let account = author(referenced).or_else(|| author(context.post(post)?));
            match said(referenced.wire.kind.as_ref()) {
                Some("replied_to") => {
                    status.reply_to = Some(Reference { post, account: reply_to_user.or(account) });
                }
                Some("quoted") => status.quote_of = Some(Reference { post, account }),
                Some("retweeted") => status.repost_of = Some(Reference { post, account }),
                _ => status.warnings.push("bad_referenced_tweets"),
            }
            // Flattened.
            if referenced.wire.text.is_some() {
                match referenced.status(context) {
                    Ok(shown) => status.shown.push(shown),
                    Err(_) => status.warnings.push("included_without_author"),
                }
            }
        }
        if let Some(account) = reply_to_user {
            status.attributes.push(("in_reply_to_user_id", Cow::Owned(account.to_string())));
        }
        status.conversation = text_id(wire.conversation.as_ref()).known();
        let first = elements(wire.edits.as_ref()).next().and_then(|first| id::number(first.as_str()));
        status.edit_of = first.filter(|first| *first != status.id);
    }

    fn fill_text<'w>(&'w self, status: &mut Status<'w>, context: &Context<'w>) {
        let note = self.wire.note.as_ref().and_then(Loose::as_ref);
        let note = note.filter(|note| said(note.text.as_ref()).is_some());
        let written = note
            .and_then(|note| said(note.text.as_ref()))
            .or_else(|| self.wire.text.as_ref().map(Text::as_str))
            .unwrap_or_default();
        let entities = note.and_then(|note| note.entities.as_ref()).or(self.wire.entities.as_ref());
        if entities.is_some_and(Loose::is_odd) {
            status.warnings.push("bad_entities");
        }
        let entities = entities.and_then(Loose::as_ref);
        let links = || elements(entities.and_then(|entities| entities.urls.as_ref()));
        status.text = text::unescape(written);
        let (own, quoted) = (status.id, status.quote_of.map(|quote| quote.post));
        status.body = text::body_of(&status.text, status.reply_to.is_some(), |word| {
            let leads_away = |link: &wire::Link<'_>| {
                !is_of_media(link) && !leads_to(said(link.expanded_url.as_ref()), own, quoted)
            };
            links().any(|link| said(link.url.as_ref()) == Some(word) && !leads_away(link))
        });
        let target =
            |link: &'w wire::Link<'_>| said(link.expanded_url.as_ref()).or_else(|| said(link.url.as_ref()));
        status.urls = links().filter(|link| !is_of_media(link)).filter_map(target).collect();
        if let Some(entities) = entities {
            let tags = elements(entities.hashtags.as_ref());
            status.hashtags = tags.filter_map(|tag| said(tag.tag.as_ref())).collect();
            let mentions = elements(entities.mentions.as_ref());
            status.mentions = mentions.filter_map(|mention| mentioned(mention, context)).collect();
        }
    }

    fn fill_media<'w>(&'w self, status: &mut Status<'w>, context: &Context<'w>) {
        let Some(attachments) = self.wire.attachments.as_ref().and_then(Loose::as_ref) else { return };
        let whole = || elements(attachments.media.as_ref());
        let keys = elements(attachments.media_keys.as_ref()).map(Text::as_str);
        status.media = keys
            .filter_map(|key| {
                let here = whole().find(|medium| said(medium.media_key.as_ref()) == Some(key));
                medium(key, here.or_else(|| context.medium(key)))
            })
            .collect();
        if status.media.is_empty() {
            status.media =
                whole().filter_map(|whole| medium(said(whole.media_key.as_ref())?, Some(whole))).collect();
        }
    }

    fn fill_particulars<'w>(&'w self, status: &mut Status<'w>) {
        let wire = &self.wire;
        status.lang = said(wire.lang.as_ref()).filter(|lang| *lang != "und");
        if let Some(metrics) = wire.metrics.as_ref().and_then(Loose::as_ref) {
            status.counts = Counts {
                likes: count(metrics.likes.as_ref()),
                replies: count(metrics.replies.as_ref()),
                reposts: count(metrics.reposts.as_ref()),
                quotes: count(metrics.quotes.as_ref()),
            };
        }
        status.client = said(wire.source.as_ref()).map(text::unescape);
        if let Some(withheld) = wire.withheld.as_ref().and_then(Loose::as_ref) {
            status.withheld_in = elements(withheld.countries.as_ref()).map(Text::as_str).collect();
            if flag(withheld.copyright.as_ref()) == Some(true) {
                status.withheld_in.push(EVERYWHERE);
            }
        }
        if let Some(sensitive) = flag(wire.possibly_sensitive.as_ref()) {
            let value = Cow::Borrowed(if sensitive { "true" } else { "false" });
            status.attributes.push(("possibly_sensitive", value));
        }
        if let Some(settings) = said(wire.reply_settings.as_ref()) {
            status.attributes.push(("reply_settings", Cow::Borrowed(settings)));
        }
    }

    fn fill_place<'w>(&'w self, status: &mut Status<'w>, context: &Context<'w>) {
        let Some(geo) = self.wire.geo.as_ref().and_then(Loose::as_ref) else { return };
        if let Some(coordinates) =
            geo.coordinates.as_ref().and_then(Loose::as_ref).and_then(|p| p.coordinates)
        {
            status.geo = geo::point(coordinates, Order::LongitudeFirst);
            if status.geo.is_none() {
                status.warnings.push("bad_coordinates");
            }
        }
        let id = said(geo.place_id.as_ref()).or_else(|| said(geo.id.as_ref()));
        let place = id.and_then(|id| context.place(id));
        let name = place.and_then(|place| said(place.full_name.as_ref()));
        let country = place.and_then(|place| said(place.country_code.as_ref()));
        let name = name.or_else(|| said(geo.full_name.as_ref())).map(text::unescape);
        let country = country.or_else(|| said(geo.country_code.as_ref()));
        status.attributes.extend(name.map(|name| ("place", name)));
        status.attributes.extend(id.map(|id| ("place_id", Cow::Borrowed(id))));
        status.attributes.extend(country.map(|country| ("country_code", Cow::Borrowed(country))));
    }
}

/// Whether a link stands for a picture or a film of the post.
fn is_of_media(link: &wire::Link<'_>) -> bool {
    link.media_key.is_some()
        || said(link.display_url.as_ref()).is_some_and(|shown| shown.starts_with("pic.twitter.com/"))
}

fn mentioned<'w>(mention: &'w wire::Mention<'_>, context: &Context<'_>) -> Option<Mention<'w>> {
    let handle = said(mention.username.as_ref());
    let known = text_id(mention.id.as_ref()).known();
    let known = known.or_else(|| context.user_of_handle(handle?));
    known.map(Mention::Account).or_else(|| handle.map(Mention::Handle))
}

/// A medium by its key, which is `<kind>_<id>`, and what is included of it.
fn medium<'w>(key: &'w str, medium: Option<&'w wire::Medium<'_>>) -> Option<Media<'w>> {
    let (prefix, content_id) = key.split_once('_')?;
    let named = medium.and_then(|medium| media_kind(said(medium.kind.as_ref())?));
    let kind = named.unwrap_or(if prefix == "3" { MediaKind::Image } else { MediaKind::Video });
    let url = medium.and_then(|medium| {
        let still = || said(medium.url.as_ref()).or_else(|| said(medium.preview.as_ref()));
        best_variant(medium.variants.as_ref()).or_else(still)
    });
    let alt = medium.and_then(|medium| said(medium.alt.as_ref()));
    Some(Media { kind, content_id: Some(content_id), url, alt })
}

fn user<'w>(id: u64, wire: Option<&'w wire::User<'_>>) -> User<'w> {
    let Some(wire) = wire else {
        return User { id, ..User::default() };
    };
    let plain = |field| said(field).map(text::unescape);
    let metrics = wire.metrics.as_ref().and_then(Loose::as_ref);
    User {
        id,
        handle: said(wire.handle.as_ref()),
        name: plain(wire.name.as_ref()),
        bio: plain(wire.bio.as_ref()),
        location: plain(wire.location.as_ref()),
        joined_at: said(wire.created_at.as_ref()).and_then(time::parse),
        followers: metrics.and_then(|metrics| count(metrics.followers.as_ref())),
        following: metrics.and_then(|metrics| count(metrics.following.as_ref())),
        posts: metrics.and_then(|metrics| count(metrics.posts.as_ref())),
        verified: flag(wire.verified.as_ref()),
    }
}
