//! API v2: lines of its streams, pages of what was asked for, and posts as twarc flattens them.
//!
//! The unit is an element of `data`. What `includes` holds is shown beside all of them.

mod post;
mod wire;

use populi_model::{Operation, Reason, Tally};

use super::event::{Sighting, embed, embed_unavailable, take};
use super::wire::{IdField, elements, said};
use super::{Record, id, time};
use crate::json;
use crate::object::{Loose, Raw};
use crate::sink::{Defect, Ledger, Sink};
use post::{Context, Parsed};

/// Reads an envelope and takes what its data hold, each element by itself.
///
/// # Errors
/// When nothing of it was counted.
pub(super) fn read_envelope<S: Sink + ?Sized>(
    record: Record<'_>,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    let envelope: wire::Envelope<'_> = serde_json::from_str(record.text)
        .map_err(|error| json::defect_of(&error, record.text, record.text))?;
    let data = elements_of(envelope.data, record.text)?;
    let includes = envelope.includes.as_ref().and_then(Loose::as_ref);
    if envelope.includes.as_ref().is_some_and(Loose::is_odd) {
        ledger.tally.warn("bad_includes");
    }
    let users = includes.map_or_else(Vec::new, |includes| read_users(includes, ledger.tally));
    let included = includes.map_or_else(Vec::new, |includes| read_included(includes, ledger.tally));
    let context = Context::of(includes, &users, &included);
    let direct: Vec<Result<Parsed<'_>, Defect>> =
        data.iter().map(|element| Parsed::read(element.get(), record.text)).collect();
    let has_notes = envelope.meta.is_some() || envelope.twarc.is_some();
    let is_line_of_stream = envelope.data.is_some_and(|data| data.get().starts_with('{'))
        && (envelope.matching_rules.is_some() || !has_notes);
    let posts = || direct.iter().flatten().chain(&included);
    let sighting = Sighting {
        seen_ms: retrieved_ms(envelope.twarc.as_ref()).or_else(|| {
            let newest = posts().filter_map(|post| id::snowflake_ms(post.id().known()?)).max();
            newest.map(|newest| newest.saturating_add(u64::from(!is_line_of_stream)))
        }),
        ..sighting(record, is_line_of_stream)
    };
    for (element, post) in data.iter().zip(&direct) {
        let part = record.part(element.get());
        let outcome = match post {
            Ok(post) => read_element(
                post,
                &context,
                &Sighting { offset: part.offset, record: part.text.as_bytes(), ..sighting },
                ledger,
            ),
            Err(defect) => Err(defect.clone()),
        };
        if let Err(defect) = outcome {
            ledger.quarantine(part.offset, part.line, &defect, part.text.as_bytes());
        }
    }
    if data.is_empty() {
        ledger.ignore(if envelope.errors.is_some() { "errors" } else { "empty_page" });
    }
    show_included(&direct, &included, &context, &sighting, ledger);
    show_unavailable(&envelope, &sighting, ledger);
    Ok(())
}

/// Reads a post that stands by itself, with its author and the posts that it refers to inside it.
pub(super) fn read_post<S: Sink + ?Sized>(
    record: Record<'_>,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    let post = Parsed::read(record.text, record.text)?;
    let sighting = Sighting {
        seen_ms: retrieved_ms(post.wire.twarc.as_ref()),
        ..sighting(record, post.wire.matching_rules.is_some())
    };
    read_element(&post, &Context::default(), &sighting, ledger)
}

fn sighting(record: Record<'_>, is_of_stream: bool) -> Sighting<'_> {
    Sighting {
        offset: record.offset,
        operation: if is_of_stream { Operation::Create } else { Operation::Seen },
        seen_ms: None,
        received_at: None,
        record: record.text.as_bytes(),
        keeps_original: record.keeps_original,
    }
}

/// When twarc asked, where it says so.
fn retrieved_ms(twarc: Option<&Loose<wire::Twarc<'_>>>) -> Option<u64> {
    let time = time::parse(said(twarc?.as_ref()?.retrieved_at.as_ref())?)?;
    u64::try_from(time.0 / 1000).ok()
}

/// The elements of `data`, which is one of them or an array of them.
fn elements_of<'r>(data: Option<Raw<'r>>, whole: &str) -> Result<Vec<Raw<'r>>, Defect> {
    match data {
        None => Ok(Vec::new()),
        Some(data) if data.get().starts_with('{') => Ok(vec![data]),
        Some(data) => {
            serde_json::from_str(data.get()).map_err(|error| json::defect_of(&error, data.get(), whole))
        }
    }
}

/// Takes an element of `data`, or counts it as of a kind that is not taken.
fn read_element<S: Sink + ?Sized>(
    post: &Parsed<'_>,
    context: &Context<'_>,
    sighting: &Sighting<'_>,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    let wire = &post.wire;
    match (&wire.text, &wire.tweet_count, &wire.username) {
        (Some(_), _, _) => take(&post.status(context)?, sighting, ledger),
        (None, Some(_), _) => ledger.ignore("count"),
        (None, None, Some(_)) => ledger.ignore("user"),
        (None, None, None) => {
            return Err(Defect::new(Reason::NotAnEvent, "an element of data without a text"));
        }
    }
    Ok(())
}

fn read_users<'a>(includes: &wire::Includes<'a>, tally: &mut Tally) -> Vec<(u64, wire::User<'a>)> {
    let all = includes.users.as_ref().and_then(Loose::as_ref).into_iter().flatten();
    let mut users: Vec<_> = all
        .filter_map(|raw| {
            let user: Option<wire::User<'a>> = serde_json::from_str(raw.get()).ok();
            let known = user.and_then(|user| Some((super::wire::text_id(user.id.as_ref()).known()?, user)));
            if known.is_none() {
                tally.warn("bad_included_user");
            }
            known
        })
        .collect();
    users.sort_by_key(|(id, _)| *id);
    users
}

/// The posts of `includes` that can be told, each once, by their numbers.
fn read_included<'a>(includes: &wire::Includes<'a>, tally: &mut Tally) -> Vec<Parsed<'a>> {
    let all = includes.posts.as_ref().and_then(Loose::as_ref).into_iter().flatten();
    let mut posts: Vec<_> = all
        .filter_map(|raw| match Parsed::read(raw.get(), raw.get()) {
            Ok(post) if post.author_id() != IdField::Absent => Some(post),
            Ok(_) => {
                tally.warn("included_without_author");
                None
            }
            Err(_) => {
                tally.warn("bad_included_post");
                None
            }
        })
        .collect();
    posts.sort_by_key(|post| post.id().known());
    posts.dedup_by_key(|post| post.id().known());
    posts
}

/// Hands on the included posts that are not among the data.
fn show_included<S: Sink + ?Sized>(
    direct: &[Result<Parsed<'_>, Defect>],
    included: &[Parsed<'_>],
    context: &Context<'_>,
    sighting: &Sighting<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    let mut known: Vec<_> = direct.iter().flatten().filter_map(|post| post.id().known()).collect();
    known.sort_unstable();
    for post in included {
        if post.id().known().is_some_and(|id| known.binary_search(&id).is_ok()) {
            continue;
        }
        match post.status(context) {
            Ok(status) => {
                embed(&status, &Sighting { record: post.text.as_bytes(), ..*sighting }, ledger);
            }
            Err(_) => ledger.tally.warn("bad_included_post"),
        }
    }
}

/// Hands on which posts the network does not show, and why.
fn show_unavailable<S: Sink + ?Sized>(
    envelope: &wire::Envelope<'_>,
    sighting: &Sighting<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    let mut told = Vec::new();
    for problem in elements(envelope.errors.as_ref()) {
        if said(problem.resource_type.as_ref()) != Some("tweet") {
            continue;
        }
        let ids = [&problem.resource_id, &problem.value];
        let post = ids.into_iter().find_map(|id| super::wire::text_id(id.as_ref()).known());
        let Some(post) = post else {
            ledger.tally.warn("bad_error");
            continue;
        };
        if !told.contains(&post) {
            told.push(post);
            let reason = said(problem.title.as_ref()).unwrap_or("unknown");
            embed_unavailable(post, reason, sighting, ledger);
        }
    }
}
