//! Hashtags, mentions, links and media, as API v1.1 and Gnip write them.

use std::borrow::Cow;

use populi_model::{Media, MediaKind};

use super::status::{Mention, Status};
use super::text;
use super::wire::{self, Entities, IdField, Link, Medium, MentionEntity, Numbers, elements, said};
use crate::object::Loose;

/// A text as it was delivered, and what the network found in it.
#[derive(Clone, Copy)]
pub(super) struct View<'w> {
    /// With HTML entities.
    pub text: &'w str,
    /// The stretch that the network displays, in characters of that text.
    pub range: Option<(usize, usize)>,
    pub entities: Option<&'w Loose<Entities<'w>>>,
    /// Of a post with media, all of them.
    pub extended_entities: Option<&'w Loose<Entities<'w>>>,
    /// Whether the text begins with mentions of those whom it answers.
    pub is_reply: bool,
    pub numbers: Numbers,
    /// The short link that stands for the quoted post.
    pub quoted_link: Option<&'w str>,
}

/// Fills in the text of a post and what stands in it; its numbers must be known.
pub(super) fn fill<'w>(status: &mut Status<'w>, view: View<'w>) {
    let entities = view.entities.and_then(Loose::as_ref);
    if view.entities.is_some_and(Loose::is_odd) || entities.is_some_and(has_odd_part) {
        status.warnings.push("bad_entities");
    }
    let extended = view.extended_entities.and_then(Loose::as_ref);
    let media = extended.filter(|extended| extended.media.is_some()).or(entities);
    let media = || elements(media.and_then(|entities| entities.media.as_ref()));
    let links = || elements(entities.and_then(|entities| entities.urls.as_ref()));
    status.text = text::unescape(view.text);
    status.body = match view.range {
        Some((start, end)) => {
            let [start, end] = [start, end].map(|offset| text::unescaped_offset(view.text, offset));
            (text::offset_of(start), text::offset_of(end))
        }
        None => {
            let (own, quoted) = (status.id, status.quote_of.map(|quote| quote.post));
            text::body_of(&status.text, view.is_reply, |word| {
                view.quoted_link == Some(word)
                    || media().any(|medium| said(medium.url.as_ref()) == Some(word))
                    || links().any(|link| {
                        said(link.url.as_ref()) == Some(word) && leads_to(target(link), own, quoted)
                    })
            })
        }
    };
    status.urls = links().filter_map(target).collect();
    status.media = media().filter_map(medium).collect();
    if let Some(entities) = entities {
        status.hashtags =
            elements(entities.hashtags.as_ref()).filter_map(|tag| said(tag.text.as_ref())).collect();
        status.mentions = elements(entities.mentions.as_ref())
            .filter_map(|mention| mentioned(mention, view.numbers))
            .collect();
    }
}

/// The account that a mention is of.
pub(super) fn mentioned<'w>(mention: &'w MentionEntity<'_>, numbers: Numbers) -> Option<Mention<'w>> {
    let id = IdField::of(mention.id_str.as_ref(), mention.id.as_ref(), numbers).known();
    id.map(Mention::Account).or_else(|| said(mention.handle.as_ref()).map(Mention::Handle))
}

/// The post that a link in this stretch of the text leads to, where one does.
pub(super) fn linked_post(stretch: &str, view: View<'_>) -> Option<u64> {
    let links = view.entities.and_then(Loose::as_ref).and_then(|entities| entities.urls.as_ref());
    let mut shown = elements(links).filter(|link| {
        said(link.url.as_ref()).is_some_and(|url| stretch.split_whitespace().any(|word| word == url))
    });
    shown.find_map(|link| post_of_address(target(link)?))
}

/// Whether an address is that of one of these posts.
pub(super) fn leads_to(address: Option<&str>, own: u64, quoted: Option<u64>) -> bool {
    let post = address.and_then(post_of_address);
    post.is_some() && (post == Some(own) || post == quoted)
}

/// The post that an address shows: `…/status/<digits>`, whatever follows.
pub(super) fn post_of_address(address: &str) -> Option<u64> {
    let (_, behind) = address.split_once("/status/").or_else(|| address.split_once("/statuses/"))?;
    let digits = behind.split(|letter: char| !letter.is_ascii_digit()).next()?;
    super::id::number(digits)
}

/// A photo's or a film's kind by the name that the network has for it.
pub(super) fn media_kind(name: &str) -> Option<MediaKind> {
    match name {
        "photo" => Some(MediaKind::Image),
        "video" | "animated_gif" => Some(MediaKind::Video),
        _ => None,
    }
}

/// The address of the best file of a film, the first of equally good ones.
pub(super) fn best_variant<'w>(variants: Option<&'w wire::List<wire::Variant<'w>>>) -> Option<&'w str> {
    let mut best = None;
    for variant in elements(variants) {
        let bitrate = variant.bitrate.as_ref().or(variant.bit_rate.as_ref()).and_then(Loose::as_ref);
        // A playlist has none, and is no file.
        if let (Some(bitrate), Some(url)) = (bitrate, said(variant.url.as_ref()))
            && best.is_none_or(|(most, _)| bitrate > most)
        {
            best = Some((bitrate, url));
        }
    }
    best.map(|(_, url)| url)
}

/// The program's name in the link that API v1.1 writes.
pub(super) fn client(source: &str) -> Option<Cow<'_, str>> {
    let name = match source.strip_prefix("<a ").and_then(|link| link.strip_suffix("</a>")) {
        Some(link) => link.split_once('>')?.1,
        None => source,
    };
    Some(text::unescape(name)).filter(|name| !name.is_empty())
}

fn target<'w>(link: &'w Link<'_>) -> Option<&'w str> {
    said(link.expanded_url.as_ref()).or_else(|| said(link.url.as_ref()))
}

fn medium<'w>(medium: &'w Medium<'_>) -> Option<Media<'w>> {
    let kind = media_kind(said(medium.kind.as_ref())?)?;
    let still = || said(medium.media_url_https.as_ref()).or_else(|| said(medium.media_url.as_ref()));
    let video = medium.video.as_ref().and_then(Loose::as_ref);
    let url = best_variant(video.and_then(|video| video.variants.as_ref())).or_else(still);
    Some(Media { kind, content_id: said(medium.id_str.as_ref()), url, alt: said(medium.alt.as_ref()) })
}

fn has_odd_part(entities: &Entities<'_>) -> bool {
    wire::is_odd(entities.hashtags.as_ref())
        || wire::is_odd(entities.urls.as_ref())
        || wire::is_odd(entities.mentions.as_ref())
        || wire::is_odd(entities.media.as_ref())
}
