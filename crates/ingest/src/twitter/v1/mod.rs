//! Statuses of API v1.1: of the streams, of hydrated collections, and, without their authors, of account exports.

mod wire;

use std::borrow::Cow;

use populi_model::{Counts, Operation, Reason, Timestamp};

use super::entities::{self, View};
use super::event::{Sighting, take};
use super::geo::{self, Order};
use super::status::{EVERYWHERE, Reference, Status, USUAL_FILTER_LEVEL, User};
use super::wire::{IdField, Numbers, count, elements, flag, missing_id, number, offsets, said};
use super::{Record, id, text, time};
use crate::json;
use crate::object::{Loose, Text};
use crate::sink::{Defect, Ledger, Sink};

/// Reads a status and takes it.
pub(super) fn read<S: Sink + ?Sized>(record: Record<'_>, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    let wire: wire::Status<'_> = serde_json::from_str(record.text)
        .map_err(|error| json::defect_of(&error, record.text, record.text))?;
    let is_of_stream = is_of_stream(&wire);
    // Programs that pass streams on may keep `filter_level` and round; nobody else has the time of receipt.
    let numbers = if wire.timestamp_ms.is_some() { Numbers::Exact } else { Numbers::Rounded };
    let status = status(&wire, numbers, record.owner)?;
    let received_ms = number(wire.timestamp_ms.as_ref());
    let sighting = Sighting {
        offset: record.offset,
        operation: if is_of_stream { Operation::Create } else { Operation::Seen },
        seen_ms: received_ms,
        received_at: received_ms.and_then(time::of_ms),
        record: record.text.as_bytes(),
        keeps_original: record.keeps_original,
    };
    take(&status, &sighting, ledger);
    Ok(())
}

/// Whether a status comes from a stream: those of before 2013 do not say so, but lack what statuses have since 2015, too.
fn is_of_stream(wire: &wire::Status<'_>) -> bool {
    wire.timestamp_ms.is_some()
        || wire.filter_level.is_some()
        || (wire.is_quote.is_none() && wire.full_text.is_none() && wire.range.is_none())
}

/// A status with all that it shows.
fn status<'w>(
    wire: &'w wire::Status<'w>,
    numbers: Numbers,
    owner: Option<u64>,
) -> Result<Status<'w>, Defect> {
    let own = IdField::of(wire.id_str.as_ref(), wire.id.as_ref(), numbers);
    let IdField::Is(own) = own else {
        return Err(missing_id("id_str", "the post", own));
    };
    let author = match (&wire.user, owner) {
        (Some(author), _) => user(author, numbers)?,
        (None, Some(id)) => User { id, ..User::default() },
        (None, None) => {
            let detail = "user: expected the account that wrote the post, got nothing (posts of an account's export \
                          do not name it: say whose export it is with --owner)";
            return Err(Defect::new(Reason::MissingId, detail));
        }
    };
    let mut status = Status { id: own, author, ..Status::default() };
    if let Some(retweeted) = wire.retweeted.as_deref() {
        status.created_at = created_at(wire, &mut status);
        show_retweeted(&mut status, wire, retweeted, numbers);
        return if status.repost_of.is_some() {
            Ok(status)
        } else {
            Err(Defect::new(
                Reason::MissingId,
                "retweeted_status.id_str: expected the id of a post, got nothing",
            ))
        };
    }
    let view_text = wire.extended.as_ref().and_then(|extended| extended.full_text.as_ref());
    let text = view_text.or(wire.full_text.as_ref()).or(wire.text.as_ref());
    let text = text.ok_or_else(|| Defect::new(Reason::WrongType, "text: expected a string, got nothing"))?;
    status.created_at = created_at(wire, &mut status);
    references(&mut status, wire, numbers);
    let extended = wire.extended.as_ref().filter(|_| view_text.is_some());
    let view = View {
        text: text.as_str(),
        range: offsets(match extended {
            Some(extended) => extended.range.as_ref(),
            // Of a cut text the network displays the link to the whole, too.
            None if wire.full_text.is_none() && flag(wire.truncated.as_ref()) == Some(true) => None,
            None => wire.range.as_ref(),
        }),
        entities: extended.and_then(|extended| extended.entities.as_ref()).or(wire.entities.as_ref()),
        extended_entities: extended
            .and_then(|extended| extended.extended_entities.as_ref())
            .or(wire.extended_entities.as_ref()),
        is_reply: status.reply_to.is_some(),
        numbers,
        quoted_link: wire
            .quoted_link
            .as_ref()
            .and_then(Loose::as_ref)
            .and_then(|link| said(link.url.as_ref())),
    };
    entities::fill(&mut status, view);
    fill_particulars(&mut status, wire);
    Ok(status)
}

/// Makes of a status an act on the one that it shows.
fn show_retweeted<'w>(
    status: &mut Status<'w>,
    wire: &'w wire::Status<'w>,
    retweeted: &'w wire::Status<'w>,
    numbers: Numbers,
) {
    let post = IdField::of(retweeted.id_str.as_ref(), retweeted.id.as_ref(), numbers).known();
    let account = retweeted.user.as_ref().and_then(|user| account_of(user, numbers).known());
    status.repost_of = post.map(|post| Reference { post, account });
    show(status, retweeted, numbers, "bad_retweeted_status");
    if let Some(quoted) = wire.quoted.as_deref() {
        show(status, quoted, numbers, "bad_quoted_status");
    }
}

/// Adds a post that stands inside another one, or a warning where it cannot be told.
fn show<'w>(outer: &mut Status<'w>, inner: &'w wire::Status<'w>, numbers: Numbers, warning: &'static str) {
    match status(inner, numbers, None) {
        Ok(inner) => outer.shown.push(inner),
        Err(_) => outer.warnings.push(warning),
    }
}

/// What a post answers, quotes, and is a later step of.
fn references<'w>(status: &mut Status<'w>, wire: &'w wire::Status<'w>, numbers: Numbers) {
    let reply_to = IdField::of(wire.reply_to_str.as_ref(), wire.reply_to.as_ref(), numbers);
    let reply_to_user = IdField::of(wire.reply_to_user_str.as_ref(), wire.reply_to_user.as_ref(), numbers);
    if reply_to == IdField::Unusable || reply_to_user == IdField::Unusable {
        status.warnings.push("bad_in_reply_to");
    }
    status.reply_to = reply_to.known().map(|post| Reference { post, account: reply_to_user.known() });
    if let Some(account) = reply_to_user.known() {
        status.attributes.push(("in_reply_to_user_id", Cow::Owned(account.to_string())));
    }
    if let Some(handle) = said(wire.reply_to_handle.as_ref()) {
        status.attributes.push(("in_reply_to_screen_name", Cow::Borrowed(handle)));
    }
    let quoted = wire.quoted.as_deref();
    let quoted_id = IdField::of(wire.quoted_id_str.as_ref(), wire.quoted_id.as_ref(), numbers).known();
    let shown_id =
        || quoted.and_then(|quoted| IdField::of(quoted.id_str.as_ref(), quoted.id.as_ref(), numbers).known());
    status.quote_of = quoted_id.or_else(shown_id).map(|post| Reference {
        post,
        account: quoted.and_then(|quoted| account_of(quoted.user.as_ref()?, numbers).known()),
    });
    if let Some(quoted) = quoted {
        show(status, quoted, numbers, "bad_quoted_status");
    }
    status.conversation = IdField::of(wire.conversation.as_ref(), None, numbers).known();
    let edits = wire.edits.as_ref().and_then(Loose::as_ref);
    let first = edits.and_then(|edits| {
        let named = IdField::of(edits.first.as_ref(), None, numbers).known();
        named.or_else(|| id::number(elements(edits.all.as_ref()).next()?.as_str()))
    });
    status.edit_of = first.filter(|first| *first != status.id);
}

/// What is told about a post beside its text.
fn fill_particulars<'w>(status: &mut Status<'w>, wire: &'w wire::Status<'w>) {
    status.lang = said(wire.lang.as_ref()).filter(|lang| *lang != "und");
    status.counts = Counts {
        likes: count(wire.likes.as_ref()),
        replies: count(wire.replies.as_ref()),
        reposts: count(wire.reposts.as_ref()),
        quotes: count(wire.quotes.as_ref()),
    };
    status.geo = geo(wire, status);
    status.withheld_in = elements(wire.withheld_in.as_ref()).map(Text::as_str).collect();
    if flag(wire.withheld_copyright.as_ref()) == Some(true) {
        status.withheld_in.push(EVERYWHERE);
    }
    let attributes = &mut status.attributes;
    let mut add = |name, value: Option<Cow<'w, str>>| attributes.extend(value.map(|value| (name, value)));
    let of_flag = |flag: bool| Cow::Borrowed(if flag { "true" } else { "false" });
    let truncated = flag(wire.truncated.as_ref());
    // Told where they are more than what nearly every post says.
    add("truncated", truncated.filter(|truncated| *truncated).map(of_flag));
    let is_whole = wire.full_text.is_some() || wire.extended.as_ref().is_some_and(|e| e.full_text.is_some());
    add("text_cut", (truncated == Some(true) && !is_whole).then(|| of_flag(true)));
    add("possibly_sensitive", flag(wire.possibly_sensitive.as_ref()).map(of_flag));
    let level = said(wire.filter_level.as_ref()).filter(|level| *level != USUAL_FILTER_LEVEL);
    add("filter_level", level.map(Cow::Borrowed));
    if let Some(place) = wire.place.as_ref().and_then(Loose::as_ref) {
        add("place", said(place.full_name.as_ref()).map(text::unescape));
        add("place_id", said(place.id.as_ref()).map(Cow::Borrowed));
        add("country_code", said(place.country_code.as_ref()).map(Cow::Borrowed));
    }
    if let Some(source) = said(wire.source.as_ref()) {
        status.client = entities::client(source);
    }
}

fn created_at<'w>(wire: &'w wire::Status<'w>, status: &mut Status<'w>) -> Option<Timestamp> {
    let told = wire.created_at.as_ref().map(|text| time::parse(text.as_ref()?.as_str()));
    if told == Some(None) {
        status.warnings.push("bad_created_at");
    }
    told.flatten().or_else(|| Timestamp::of_snowflake(status.id))
}

/// The point of the GeoJSON field, or else of the older one.
fn geo(wire: &wire::Status<'_>, status: &mut Status<'_>) -> Option<String> {
    let fields = [(&wire.coordinates, Order::LongitudeFirst), (&wire.geo, Order::LatitudeFirst)];
    for (field, order) in fields {
        let Some(coordinates) = field.as_ref().and_then(Loose::as_ref).and_then(|point| point.coordinates)
        else {
            continue;
        };
        if let Some(point) = geo::point(coordinates, order) {
            return Some(point);
        }
        status.warnings.push("bad_coordinates");
    }
    None
}

fn account_of(user: &wire::User<'_>, numbers: Numbers) -> IdField {
    IdField::of(user.id_str.as_ref(), user.id.as_ref(), numbers)
}

fn user<'w>(wire: &'w wire::User<'w>, numbers: Numbers) -> Result<User<'w>, Defect> {
    let id = account_of(wire, numbers);
    let IdField::Is(id) = id else {
        return Err(missing_id("user.id_str", "the account", id));
    };
    let plain = |field| said(field).map(text::unescape);
    Ok(User {
        id,
        handle: said(wire.handle.as_ref()),
        name: plain(wire.name.as_ref()),
        bio: plain(wire.bio.as_ref()),
        location: plain(wire.location.as_ref()),
        joined_at: said(wire.created_at.as_ref()).and_then(time::parse),
        followers: count(wire.followers.as_ref()),
        following: count(wire.following.as_ref()),
        posts: count(wire.posts.as_ref()),
        verified: flag(wire.verified.as_ref()),
    })
}
