//! Activity Streams as Gnip delivered them.

mod wire;

use std::borrow::Cow;

use populi_model::{Counts, Operation, Reason, Timestamp};

use super::entities::{self, View};
use super::event::{Sighting, take};
use super::geo::{self, Order};
use super::status::{Mention, Reference, Status, USUAL_FILTER_LEVEL, User};
use super::wire::{IdField, Numbers, count, flag, missing_id, number, offsets, said};
use super::{Record, id, notice, text, time};
use crate::json;
use crate::object::{Loose, Text};
use crate::sink::{Defect, Ledger, Sink};

/// Reads an activity and takes it.
pub(super) fn read<S: Sink + ?Sized>(record: Record<'_>, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    let activity: wire::Activity<'_> = serde_json::from_str(record.text)
        .map_err(|error| json::defect_of(&error, record.text, record.text))?;
    match said(activity.verb.as_ref()).unwrap_or_default() {
        "post" | "share" => {
            let sighting = Sighting {
                offset: record.offset,
                operation: Operation::Seen,
                seen_ms: None,
                received_at: None,
                record: record.text.as_bytes(),
                keeps_original: record.keeps_original,
            };
            take(&status(&activity)?, &sighting, ledger);
        }
        "delete" => {
            let gone = activity.object.as_deref().map_or(activity.id.as_ref(), |object| object.id.as_ref());
            let post = id_of(gone, "object.id", "the post")?;
            let account = account_of(&activity)?;
            notice::take_delete(post, account, number(activity.timestamp_ms.as_ref()), record, ledger);
        }
        verb => {
            let detail = format!("verb: expected post, share or delete, got {verb:?}");
            return Err(Defect::new(Reason::NotAnEvent, detail));
        }
    }
    Ok(())
}

/// A post or an act, with all that it shows.
fn status<'w>(wire: &'w wire::Activity<'w>) -> Result<Status<'w>, Defect> {
    let id = id_of(wire.id.as_ref(), "id", "the post")?;
    let actor = wire.actor.as_ref().ok_or_else(|| {
        Defect::new(Reason::MissingId, "actor: expected the account that wrote the post, got nothing")
    })?;
    let mut status = Status { id, author: user(actor, account_of(wire)?), ..Status::default() };
    fill_time(&mut status, wire);
    if said(wire.verb.as_ref()) == Some("share") {
        let shared = wire.object.as_deref();
        let post = id_of(shared.and_then(|shared| shared.id.as_ref()), "object.id", "the shared post")?;
        status.repost_of =
            Some(Reference { post, account: shared.and_then(|shared| account_of(shared).ok()) });
        show(&mut status, shared, "bad_retweeted_status");
        return Ok(status);
    }
    if let Some(quoted) = wire.quoted.as_deref() {
        let post = id_of(quoted.id.as_ref(), "twitter_quoted_status.id", "the post").ok();
        status.quote_of = post.map(|post| Reference { post, account: account_of(quoted).ok() });
        show(&mut status, Some(quoted), "bad_quoted_status");
    }
    fill_text(&mut status, wire)?;
    fill_reply(&mut status, wire);
    fill_particulars(&mut status, wire);
    Ok(status)
}

/// Adds a post that stands inside another one, or a warning where it cannot be told.
fn show<'w>(outer: &mut Status<'w>, inner: Option<&'w wire::Activity<'w>>, warning: &'static str) {
    match inner.map(status) {
        Some(Ok(inner)) => outer.shown.push(inner),
        Some(Err(_)) | None => outer.warnings.push(warning),
    }
}

fn fill_time(status: &mut Status<'_>, wire: &wire::Activity<'_>) {
    let told = wire.posted_at.as_ref().map(|text| time::parse(text.as_ref()?.as_str()));
    if told == Some(None) {
        status.warnings.push("bad_created_at");
    }
    status.created_at = told.flatten().or_else(|| Timestamp::of_snowflake(status.id));
}

fn fill_text<'w>(status: &mut Status<'w>, wire: &'w wire::Activity<'w>) -> Result<(), Defect> {
    let long = wire.long.as_ref().and_then(|long| Some((long, long.body.as_ref()?)));
    let text = long.map(|(_, body)| body).or(wire.body.as_ref());
    let text = text.ok_or_else(|| Defect::new(Reason::WrongType, "body: expected a string, got nothing"))?;
    let long = long.map(|(long, _)| long);
    let view = View {
        text: text.as_str(),
        range: offsets(match long {
            Some(long) => long.range.as_ref(),
            None => wire.range.as_ref(),
        }),
        entities: long.and_then(|long| long.entities.as_ref()).or(wire.entities.as_ref()),
        extended_entities: long
            .and_then(|long| long.extended_entities.as_ref())
            .or(wire.extended_entities.as_ref()),
        is_reply: wire.reply_to.is_some(),
        numbers: Numbers::Rounded,
        quoted_link: None,
    };
    entities::fill(status, view);
    // Inside another post the quoted one is not shown: only its link stands there, behind what is displayed.
    if status.quote_of.is_none() && view.range.is_some() {
        let hidden = status.text.chars().skip(status.body.1 as usize).collect::<String>();
        let quoted = entities::linked_post(&hidden, view).filter(|post| *post != status.id);
        status.quote_of = quoted.map(|post| Reference { post, account: None });
    }
    Ok(())
}

/// What a post answers: Gnip tells the address only, so whose post that is has to be found among whom it mentions.
fn fill_reply<'w>(status: &mut Status<'w>, wire: &'w wire::Activity<'w>) {
    let Some(reply_to) = &wire.reply_to else { return };
    let address = reply_to.as_ref().and_then(|link| said(link.link.as_ref()));
    let Some(post) = address.and_then(entities::post_of_address) else {
        return status.warnings.push("bad_in_reply_to");
    };
    let handle = address.and_then(handle_of_address);
    let is_of = |other: Option<&str>| other.zip(handle).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
    let entities = wire.long.as_ref().and_then(|long| long.entities.as_ref()).or(wire.entities.as_ref());
    let mentions = || entities.and_then(Loose::as_ref).and_then(|entities| entities.mentions.as_ref());
    let mentioned = super::wire::elements(mentions())
        .find(|mention| is_of(said(mention.handle.as_ref())))
        .and_then(|mention| entities::mentioned(mention, Numbers::Rounded));
    let account = match mentioned {
        Some(Mention::Account(account)) => Some(account),
        _ if is_of(status.author.handle) => Some(status.author.id),
        _ => None,
    };
    status.reply_to = Some(Reference { post, account });
    if let Some(account) = account {
        status.attributes.push(("in_reply_to_user_id", Cow::Owned(account.to_string())));
    }
    status.attributes.extend(handle.map(|handle| ("in_reply_to_screen_name", Cow::Borrowed(handle))));
}

/// The handle in the address of a post: `http://twitter.com/<handle>/statuses/<digits>`.
fn handle_of_address(address: &str) -> Option<&str> {
    let (_, path) = address.split_once("://")?.1.split_once('/')?;
    path.split('/').next().filter(|handle| !handle.is_empty())
}

fn fill_particulars<'w>(status: &mut Status<'w>, wire: &'w wire::Activity<'w>) {
    status.lang = said(wire.lang.as_ref()).filter(|lang| *lang != "und");
    status.counts = Counts {
        likes: count(wire.likes.as_ref()),
        reposts: count(wire.reposts.as_ref()),
        ..Counts::default()
    };
    if let Some(coordinates) = wire.geo.as_ref().and_then(Loose::as_ref).and_then(|point| point.coordinates) {
        status.geo = geo::point(coordinates, Order::LatitudeFirst);
        if status.geo.is_none() {
            status.warnings.push("bad_coordinates");
        }
    }
    let attributes = &mut status.attributes;
    let mut add = |name, value: Option<Cow<'w, str>>| attributes.extend(value.map(|value| (name, value)));
    let level = said(wire.filter_level.as_ref()).filter(|level| *level != USUAL_FILTER_LEVEL);
    add("filter_level", level.map(Cow::Borrowed));
    if let Some(place) = wire.location.as_ref().and_then(Loose::as_ref) {
        add("place", said(place.name.as_ref()).map(text::unescape));
        add("place_id", said(place.link.as_ref()).and_then(place_of_address).map(Cow::Borrowed));
        add("country_code", said(place.country_code.as_ref()).map(Cow::Borrowed));
    }
    if let Some(generator) = wire.generator.as_ref().and_then(Loose::as_ref) {
        status.client = said(generator.name.as_ref()).map(text::unescape);
    }
}

/// The id in the address of a place: `https://api.twitter.com/1.1/geo/id/<id>.json`.
fn place_of_address(address: &str) -> Option<&str> {
    address.rsplit('/').next()?.strip_suffix(".json").filter(|id| !id.is_empty())
}

/// The number at the end of a URN such as `tag:search.twitter.com,2005:867468138991964160`.
fn id_of(urn: Option<&Loose<Text<'_>>>, field: &str, of: &str) -> Result<u64, Defect> {
    let number = said(urn).map(|urn| id::number(urn.rsplit(':').next().unwrap_or_default()));
    match number {
        Some(Some(number)) => Ok(number),
        Some(None) => Err(missing_id(field, of, IdField::Unusable)),
        None if urn.is_some_and(Loose::is_odd) => Err(missing_id(field, of, IdField::Unusable)),
        None => Err(missing_id(field, of, IdField::Absent)),
    }
}

fn account_of(wire: &wire::Activity<'_>) -> Result<u64, Defect> {
    id_of(wire.actor.as_ref().and_then(|actor| actor.id.as_ref()), "actor.id", "the account")
}

fn user<'w>(wire: &'w wire::Actor<'w>, id: u64) -> User<'w> {
    let plain = |field| said(field).map(text::unescape);
    let location = wire.location.as_ref().and_then(Loose::as_ref);
    User {
        id,
        handle: said(wire.handle.as_ref()),
        name: plain(wire.name.as_ref()),
        bio: plain(wire.bio.as_ref()),
        location: plain(location.and_then(|location| location.name.as_ref())),
        joined_at: said(wire.joined_at.as_ref()).and_then(time::parse).map(time::to_the_second),
        followers: count(wire.followers.as_ref()),
        following: count(wire.following.as_ref()),
        posts: count(wire.posts.as_ref()),
        verified: flag(wire.verified.as_ref()),
    }
}
