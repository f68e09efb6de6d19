//! What a stream says beside its posts: deletes and other notices, which are to be obeyed, and messages to the reader.

use populi_model::{Body, Event, Operation, Platform, Reason, RecordKind, Version};

use super::Record;
use super::id::{self, NetworkId};
use super::time;
use super::wire::{IdField, IdText, List, Number, Numbers, elements, missing_id, number};
use crate::json;
use crate::object::{Loose, Text, objects};
use crate::sink::{Defect, Ledger, Sink};

/// Messages that say nothing about posts or accounts.
pub(super) const MESSAGES: [&str; 4] = ["limit", "disconnect", "warning", "info"];

objects! {
    /// A line of a stream that is no post: one of these.
    Notice {
        b"delete" => delete: Delete<'a>;
        b"scrub_geo" => scrub_geo: ScrubGeo<'a>;
        b"status_withheld" => status_withheld: Withheld<'a>;
        b"user_withheld" => user_withheld: Withheld<'a>;
        b"timestamp_ms" => timestamp_ms: Loose<Number>;
    }

    /// A post or a retweet is gone.
    Delete {
        b"status" => status: Deleted<'a>;
        b"timestamp_ms" => timestamp_ms: Loose<Number>;
    }

    /// Which one.
    Deleted {
        b"id" => id: Loose<Number>;
        b"id_str" => id_str: IdText<'a>;
        b"user_id" => user_id: Loose<Number>;
        b"user_id_str" => user_id_str: IdText<'a>;
    }

    /// Where an account was is to be forgotten.
    ScrubGeo {
        b"user_id" => user_id: Loose<Number>;
        b"user_id_str" => user_id_str: IdText<'a>;
        b"up_to_status_id" => up_to: Loose<Number>;
        b"up_to_status_id_str" => up_to_str: IdText<'a>;
        b"timestamp_ms" => timestamp_ms: Loose<Number>;
    }

    /// A post, or all of an account, is not shown in some countries.
    Withheld {
        b"id" => id: Loose<Number>;
        b"id_str" => id_str: IdText<'a>;
        b"user_id" => user_id: Loose<Number>;
        b"user_id_str" => user_id_str: IdText<'a>;
        b"withheld_in_countries" => countries: List<Text<'a>>;
        b"timestamp_ms" => timestamp_ms: Loose<Number>;
    }
}

/// Reads a notice and takes it.
pub(super) fn read<S: Sink + ?Sized>(record: Record<'_>, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    let notice: Notice<'_> = serde_json::from_str(record.text)
        .map_err(|error| json::defect_of(&error, record.text, record.text))?;
    // Notices come from streams only, which send integers whole.
    let id_of = |field, text: &Option<IdText<'_>>, number: &Option<Loose<Number>>, of| match IdField::of(
        text.as_ref(),
        number.as_ref(),
        Numbers::Exact,
    ) {
        IdField::Is(number) => Ok(number),
        other => Err(missing_id(field, of, other)),
    };
    let at_ms = |inner: &Option<Loose<Number>>| number(inner.as_ref().or(notice.timestamp_ms.as_ref()));
    if let Some(delete) = &notice.delete {
        let post = delete
            .status
            .as_ref()
            .ok_or_else(|| Defect::new(Reason::MissingId, "delete.status: expected a post, got nothing"))?;
        let account = id_of("delete.status.user_id_str", &post.user_id_str, &post.user_id, "the account")?;
        let post = id_of("delete.status.id_str", &post.id_str, &post.id, "the post")?;
        take_delete(post, account, at_ms(&delete.timestamp_ms), record, ledger);
    } else if let Some(scrub) = &notice.scrub_geo {
        let account = id_of("scrub_geo.user_id_str", &scrub.user_id_str, &scrub.user_id, "the account")?;
        let up_to = id_of("scrub_geo.up_to_status_id_str", &scrub.up_to_str, &scrub.up_to, "the last post")?;
        let told = Told { post: None, account, at_ms: at_ms(&scrub.timestamp_ms), about: up_to };
        told.give(Operation::Notice, Body::GeoScrubbed(up_to), record, ledger);
    } else if let Some(withheld) = &notice.status_withheld {
        let post = id_of("status_withheld.id", &withheld.id_str, &withheld.id, "the post")?;
        let account =
            id_of("status_withheld.user_id", &withheld.user_id_str, &withheld.user_id, "the account")?;
        let told = Told { post: Some(post), account, at_ms: at_ms(&withheld.timestamp_ms), about: post };
        told.give(Operation::Notice, Body::PostWithheld(countries(withheld)), record, ledger);
    } else if let Some(withheld) = &notice.user_withheld {
        let account = id_of("user_withheld.id", &withheld.id_str, &withheld.id, "the account")?;
        let told = Told { post: None, account, at_ms: at_ms(&withheld.timestamp_ms), about: 0 };
        told.give(Operation::Notice, Body::AccountWithheld(countries(withheld)), record, ledger);
    } else {
        return Err(Defect::new(Reason::NotAnEvent, "a notice without what it says"));
    }
    Ok(())
}

/// Takes that a post is gone, or a retweet; `at_ms` is when that was told.
pub(super) fn take_delete<S: Sink + ?Sized>(
    post: u64,
    account: u64,
    at_ms: Option<u64>,
    record: Record<'_>,
    ledger: &mut Ledger<'_, S>,
) {
    let told = Told { post: Some(post), account, at_ms, about: post };
    told.give(Operation::Delete, Body::Gone(RecordKind::Post), record, ledger);
}

fn countries<'w>(withheld: &'w Withheld<'_>) -> Vec<&'w str> {
    elements(withheld.countries.as_ref()).map(Text::as_str).collect()
}

/// What a notice is about, and when it was given.
struct Told {
    post: Option<u64>,
    account: u64,
    at_ms: Option<u64>,
    /// The post after which it was given, where it does not say when.
    about: u64,
}

impl Told {
    fn give<S: Sink + ?Sized>(
        &self,
        operation: Operation,
        body: Body<'_>,
        record: Record<'_>,
        ledger: &mut Ledger<'_, S>,
    ) {
        let revision =
            self.at_ms.or_else(|| Some(id::snowflake_ms(self.about)?.saturating_add(1))).unwrap_or(0);
        let content = match operation {
            Operation::Delete => 0,
            _ => Version::content_of(record.text.as_bytes()),
        };
        let account = NetworkId::of_account(self.account);
        let post = self.post.map(NetworkId::of_post);
        ledger.take(&Event {
            origin: ledger.origin(record.offset),
            platform: Platform::Twitter,
            record: post.as_ref().unwrap_or(&account).id(),
            actor: Some(account.id()),
            operation,
            version: Version { revision, content },
            received_at: self.at_ms.and_then(time::of_ms),
            authored_at: None,
            body,
            original: None,
        });
    }
}
