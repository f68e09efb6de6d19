//! From one line of Jetstream to one event.

use populi_model::{
    AccountStatus, Body, Event, Id, Operation, Platform, Profile, Reason, RecordKind, Timestamp, Version,
};

use super::post::PostParts;
use super::wire::{self, Record, Text};
use super::{Originals, at_uri, revision};
use crate::json;
use crate::sink::{Defect, Ledger, Sink};

/// The longest name that a collection may have (an NSID has at most 317 characters).
const MAX_COLLECTION_BYTES: usize = 317;

/// The network's times that are taken: the years 1 to 9999, in microseconds.
const TIMES_US: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// Reads events, and keeps a buffer from one to the next.
pub(super) struct EventReader {
    originals: Originals,
    record_id: String,
}

/// What every event has, whatever it is about.
struct Envelope<'a> {
    offset: u64,
    actor: Id<'a>,
    received_at: Timestamp,
}

impl EventReader {
    pub fn new(originals: Originals) -> Self {
        Self { originals, record_id: String::new() }
    }

    /// Reads the event in `text`, which begins at `offset`, and counts it as taken or ignored; an error is why it is
    /// neither.
    pub fn read<S: Sink + ?Sized>(
        &mut self,
        text: &str,
        offset: u64,
        ledger: &mut Ledger<'_, S>,
    ) -> Result<(), Defect> {
        let event: wire::Event<'_> =
            serde_json::from_str(text).map_err(|error| json::defect_of(&error, text, text))?;
        match event.kind.as_ref().map(Text::as_str) {
            Some("commit") => self.read_commit(text, offset, &event, ledger),
            Some("identity") => {
                let notice = event.identity.as_ref().ok_or_else(|| absent("identity", "an object"))?;
                let handle = notice.handle.as_ref().map(Text::as_str);
                Envelope::open(&event, offset)?.give_notice(
                    Body::Handle(handle),
                    handle.unwrap_or(""),
                    ledger,
                );
                Ok(())
            }
            Some("account") => {
                let notice = event.account.as_ref().ok_or_else(|| absent("account", "an object"))?;
                let status = status_of(notice)?;
                Envelope::open(&event, offset)?.give_notice(Body::Status(status), status.name(), ledger);
                Ok(())
            }
            Some(other) => {
                Err(no_event(format!("kind: expected commit, identity or account, got {other:?}")))
            }
            None => Err(no_event("an object without a kind".to_owned())),
        }
    }

    fn read_commit<S: Sink + ?Sized>(
        &mut self,
        text: &str,
        offset: u64,
        event: &wire::Event<'_>,
        ledger: &mut Ledger<'_, S>,
    ) -> Result<(), Defect> {
        let commit =
            event.commit.as_ref().ok_or_else(|| no_event("kind commit without a commit".to_owned()))?;
        let collection = commit.collection.as_ref().map_or("", Text::as_str);
        let Some(kind) = commit.kind() else {
            return ignore(collection, ledger);
        };
        let envelope = Envelope::open(event, offset)?;
        let rkey = id_part("commit.rkey", commit.rkey.as_ref())?;
        let operation = operation_of(commit)?;
        let record_id = if kind.is_of_the_account() {
            envelope.actor
        } else {
            at_uri::write(&mut self.record_id, envelope.actor.text, collection, rkey);
            Id::new(&self.record_id)
        };
        let mut version = Version {
            revision: revision::of_commit(commit.rev.as_ref().map(Text::as_str), envelope.received_at),
            content: 0,
        };
        if operation == Operation::Delete {
            let gone = envelope.event(record_id, operation, version, Body::Gone(kind), ledger);
            ledger.take(&gone);
            return Ok(());
        }
        let read_late;
        let record = match commit.record.as_ref().ok_or_else(|| absent("commit.record", "an object"))? {
            record if record.is_of(kind) => record,
            _ => {
                let raw = raw_record(text)?;
                read_late = Record::read(kind, raw).map_err(|error| json::defect_of(&error, raw, text))?;
                &read_late
            }
        };
        let cid = commit.cid.as_ref().map_or("", Text::as_str);
        let original = match self.originals {
            Originals::Keep => Some((cid, raw_record(text)?.as_bytes())),
            Originals::Drop => None,
        };
        let content = if cid.is_empty() { raw_record(text)? } else { cid };
        version.content = Version::content_of(content.as_bytes());
        let take = |body: Body<'_>, ledger: &mut Ledger<'_, S>| {
            let event = envelope.event(record_id, operation, version, body, ledger);
            ledger.take(&Event { original, ..event });
        };
        take_record(kind, record, text, ledger, take)
    }
}

/// Makes of a record what it says, and takes that.
pub(super) fn take_record<S: Sink + ?Sized>(
    kind: RecordKind,
    record: &Record<'_>,
    whole: &str,
    ledger: &mut Ledger<'_, S>,
    take: impl Fn(Body<'_>, &mut Ledger<'_, S>),
) -> Result<(), Defect> {
    match record {
        Record::Post(post) => {
            let parts = PostParts::read(post, whole)?;
            for warning in &parts.warnings {
                ledger.tally.warn(warning);
            }
            take(Body::Post(Box::new(parts.post())), ledger);
        }
        Record::Reaction(reaction) => {
            let uri = reaction.subject.as_ref().and_then(|subject| subject.uri.as_ref());
            let subject = at_uri::subject(subject_id("commit.record.subject.uri", uri)?);
            let body = if kind == RecordKind::Like { Body::Like(subject) } else { Body::Repost(subject) };
            take(body, ledger);
        }
        Record::Relation(relation) => {
            let account = Id::new(subject_id("commit.record.subject", relation.subject.as_ref())?);
            let body = if kind == RecordKind::Follow { Body::Follow(account) } else { Body::Block(account) };
            take(body, ledger);
        }
        Record::Profile(profile) => {
            let (name, bio) = (said(profile.name.as_ref()), said(profile.bio.as_ref()));
            take(Body::Profile(Box::new(Profile { name, bio, ..Profile::default() })), ledger);
        }
        Record::Unread => return Err(absent("commit.record", "a record of a known collection")),
    }
    Ok(())
}

/// The untouched record of the commit in `text`: a second pass, for where the first did not read it or its own bytes
/// are wanted.
fn raw_record(text: &str) -> Result<&str, Defect> {
    let event: wire::EventOfRecord<'_> =
        serde_json::from_str(text).map_err(|error| json::defect_of(&error, text, text))?;
    let record = event.commit.and_then(|commit| commit.record);
    record.map(|record| record.get()).ok_or_else(|| absent("commit.record", "an object"))
}

impl<'a> Envelope<'a> {
    /// The account and the time, without which an event cannot be placed.
    fn open(event: &'a wire::Event<'_>, offset: u64) -> Result<Self, Defect> {
        let did = id_part("did", event.did.as_ref())?;
        let received_at = time_of(event.time_us.map(|time| time.get()))?;
        Ok(Self { offset, actor: Id::new(did), received_at })
    }

    fn event<S: Sink + ?Sized>(
        &self,
        record: Id<'a>,
        operation: Operation,
        version: Version,
        body: Body<'a>,
        ledger: &Ledger<'_, S>,
    ) -> Event<'a> {
        Event {
            origin: ledger.origin(self.offset),
            platform: Platform::Bluesky,
            record,
            actor: Some(self.actor),
            operation,
            version,
            received_at: Some(self.received_at),
            authored_at: None,
            body,
            original: None,
        }
    }

    /// Takes a notice on the account that says `what`.
    fn give_notice<S: Sink + ?Sized>(&self, body: Body<'a>, what: &str, ledger: &mut Ledger<'_, S>) {
        let revision = revision::of_time(self.received_at);
        let version = Version { revision, content: Version::content_of(what.as_bytes()) };
        let notice = self.event(self.actor, Operation::Notice, version, body, ledger);
        ledger.take(&notice);
    }
}

/// Counts a commit of a collection that is not taken.
fn ignore<S: Sink + ?Sized>(collection: &str, ledger: &mut Ledger<'_, S>) -> Result<(), Defect> {
    match collection.len() {
        0 => Err(Defect::new(Reason::MissingId, "commit.collection: expected a name, got nothing")),
        n if n > MAX_COLLECTION_BYTES => Err(no_event(format!("commit.collection: a name of {n} bytes"))),
        _ => {
            ledger.ignore(collection);
            Ok(())
        }
    }
}

fn operation_of(commit: &wire::Commit<'_>) -> Result<Operation, Defect> {
    match commit.operation.as_ref().map(Text::as_str) {
        Some("create") => Ok(Operation::Create),
        Some("update") => Ok(Operation::Update),
        Some("delete") => Ok(Operation::Delete),
        other => {
            let got = other.unwrap_or("nothing");
            Err(no_event(format!("commit.operation: expected create, update or delete, got {got:?}")))
        }
    }
}

fn status_of(notice: &wire::Account<'_>) -> Result<AccountStatus, Defect> {
    if notice.active.ok_or_else(|| absent("account.active", "true or false"))? {
        return Ok(AccountStatus::Active);
    }
    Ok(match notice.status.as_ref().map_or("", Text::as_str) {
        "deactivated" => AccountStatus::Deactivated,
        "suspended" => AccountStatus::Suspended,
        "takendown" => AccountStatus::TakenDown,
        "deleted" => AccountStatus::Deleted,
        _ => AccountStatus::Inactive,
    })
}

/// A part of an id: not empty, and without the slash that parts are joined by.
fn id_part<'a>(field: &str, text: Option<&'a Text<'_>>) -> Result<&'a str, Defect> {
    let part = subject_id(field, text)?;
    if part.contains('/') {
        return Err(Defect::new(Reason::MissingId, format!("{field}: expected an id, got {part:?}")));
    }
    Ok(part)
}

/// The id of what a record is about.
fn subject_id<'a>(field: &str, text: Option<&'a Text<'_>>) -> Result<&'a str, Defect> {
    text.map(Text::as_str)
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Defect::new(Reason::MissingId, format!("{field}: expected an id, got nothing")))
}

fn time_of(time_us: Option<&str>) -> Result<Timestamp, Defect> {
    let number = time_us.and_then(|number| number.parse().ok()).filter(|time| TIMES_US.contains(time));
    number.map(Timestamp).ok_or_else(|| {
        let got = time_us.unwrap_or("nothing");
        let expected = "microseconds since 1970, in the years 1 to 9999";
        Defect::new(Reason::BadTime, format!("time_us: expected {expected}, got {got}"))
    })
}

/// A text, where there is any.
pub(super) fn said<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(Text::as_str).filter(|text| !text.is_empty())
}

/// A field without which the record cannot be read.
pub(super) fn absent(field: &str, expected: &str) -> Defect {
    Defect::new(Reason::WrongType, format!("{field}: expected {expected}, got nothing"))
}

fn no_event(detail: String) -> Defect {
    Defect::new(Reason::NotAnEvent, detail)
}
