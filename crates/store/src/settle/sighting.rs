//! Sightings: records found in an export of their account.
//!
//! An export tells that a record was there at its revision, and what it said; when it was made, and by which act, only
//! the network's own events tell. So a sighting adds nothing where the version right before it in the history says the
//! same: it is *folded* into that version, as one more copy of it. Else it is a version of its own.
//!
//! What is told here must be a function of the set of events, although tables keep no more than [`super`] says. So it is
//! made of facts that more events can only turn one way:
//!
//! - Of a post, the first version ever known is the act that made it, at the author's time; every later sighting is an
//!   update at an unknown time. Whether there is an earlier version is never unlearned, whether a delete lies between is.
//! - What was there before its account was deleted is blanked, and so is every later sighting that says the same.

use std::collections::BTreeMap;

use populi_model::table::{ActKind, ActionRow};
use populi_model::{Operation, RecordKind, Timestamp};

use super::known::{Known, acts_of, earliest};

/// Folds sightings into the versions that they show again, and gives the others their acts.
pub(super) fn fold_sightings(known: Vec<Known<'_>>) -> Vec<Known<'_>> {
    if known.iter().all(|event| event.operation != Operation::Seen) {
        return known;
    }
    let mut versions: Vec<Known<'_>> = Vec::with_capacity(known.len());
    let mut times = FirstTimes::default();
    for mut event in known {
        if event.operation == Operation::Seen {
            event.seen_at = times.of_sighting(&event);
            // Notices of an account stand between the versions of its profile.
            let before = versions.iter_mut().rfind(|before| before.kind == event.kind);
            // Of what a selection left out, if only of a copy, texts may be lost: so nothing is folded into it.
            if let Some(before) = before.filter(|before| before.is_write() && !before.was_left_out())
                && before.version.content == event.version.content
            {
                times.add(&event);
                let seen_at = earliest(before.seen_at, event.seen_at);
                if seen_at != before.seen_at {
                    before.seen_at = seen_at;
                    times.add(before);
                }
                before.folded.push(event);
                continue;
            }
        }
        times.add(&event);
        versions.push(event);
    }
    for i in 0..versions.len() {
        if versions[i].operation == Operation::Seen {
            let acts = acts_of_sighting(i, &versions);
            let is_first = is_first_version(i, &versions);
            versions[i].acts_as_seen = acts;
            versions[i].at = versions[i].at.filter(|_| is_first);
        }
    }
    versions
}

/// When the network first had what versions say, by kind and content: kept, so that a record in a thousand exports costs no
/// more than a thousand sightings.
#[derive(Default)]
struct FirstTimes(BTreeMap<(RecordKind, u64), Option<Timestamp>>);

impl FirstTimes {
    fn add(&mut self, version: &Known<'_>) {
        if !version.is_write() {
            return;
        }
        for content in version.contents() {
            let first = self.0.entry((version.kind, content)).or_default();
            *first = earliest(*first, version.network_time());
        }
    }

    /// When the network had a sighting at the latest: at its own revision, or when it had what says the same.
    fn of_sighting(&self, sighting: &Known<'_>) -> Option<Timestamp> {
        let own = sighting.platform.time_of_revision(sighting.version.revision);
        let same = sighting.contents().filter_map(|content| self.0.get(&(sighting.kind, content)));
        same.copied().fold(own, earliest)
    }
}

fn is_first_version(i: usize, versions: &[Known<'_>]) -> bool {
    versions[..i].iter().all(|before| !is_version_of(before, versions[i].kind))
}

fn is_version_of(event: &Known<'_>, kind: RecordKind) -> bool {
    event.kind == kind && event.is_write()
}

/// The acts of the sighting at `i`: as its event or the tables have them, or those of another version of the record.
fn acts_of_sighting<'a>(i: usize, versions: &[Known<'a>]) -> Vec<ActionRow<'a>> {
    let sighting = &versions[i];
    let own = match &sighting.event {
        Some(event) => acts_of(event, sighting.at),
        None => sighting.acts.clone(),
    };
    if sighting.kind != RecordKind::Post {
        // Such an act says all that its record says.
        let acts = if own.is_empty() { acts_with(sighting.version.content, versions) } else { own };
        return acts.into_iter().map(|act| as_seen(act, sighting)).collect();
    }
    if is_first_version(i, versions) {
        return own;
    }
    let any = own.into_iter().next().or_else(|| versions.iter().flat_map(every_act).next());
    let update = |act| ActionRow {
        kind: ActKind::Update,
        target_post: None,
        target_key: None,
        target_account: None,
        ..as_seen(act, sighting)
    };
    any.map(update).into_iter().collect()
}

/// The acts of the first version of the record that says the same.
fn acts_with<'a>(content: u64, versions: &[Known<'a>]) -> Vec<ActionRow<'a>> {
    versions.iter().flat_map(every_act).find(|act| act.content == content).into_iter().collect()
}

/// The acts of a version as its event has them and as the tables have them.
fn every_act<'a>(version: &Known<'a>) -> Vec<ActionRow<'a>> {
    let acts_of_copy = |copy: &Known<'a>| {
        let mut acts = copy.event.as_ref().map(|event| acts_of(event, copy.at)).unwrap_or_default();
        acts.extend_from_slice(&copy.acts);
        acts
    };
    version.with_folded().flat_map(acts_of_copy).collect()
}

fn as_seen<'a>(act: ActionRow<'a>, sighting: &Known<'_>) -> ActionRow<'a> {
    ActionRow {
        operation: Operation::Seen,
        revision: sighting.version.revision,
        content: sighting.version.content,
        ..act
    }
}
