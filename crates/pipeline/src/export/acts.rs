//! Every act of the corpus becomes a line or is left out for a reason.

use std::collections::BTreeMap;

use populi_dataset::blueprint::Act;
use populi_model::table::{ActKind, ActMessage};
use populi_model::{Key, Operation};
use populi_store::Snapshot;

use super::gather::Gathered;
use super::lines::{Line, LineSpool, What};
use crate::Result;
use crate::progress::{Progress, stop_if_asked};
use crate::visible::HiddenAccounts;

/// Why an act has no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LeftOut {
    /// Who did it is in no cluster.
    NotClustered,
    /// The account of who did it is hidden or gone.
    HiddenAuthor,
    /// The post that it made or changed is gone.
    Deleted,
    /// The post that it made or changed is withheld in some country.
    Withheld,
    /// What it was done to is not there to be shown, or withheld in some country.
    NoContext,
    /// Nobody knows when.
    NoTime,
    /// An edit of which one of the two texts was never seen.
    UnknownText,
    /// It was done to a profile, which cannot be shown.
    Profile,
    /// The cluster has too few authors.
    SmallGroup,
}

impl LeftOut {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NotClustered => "not_clustered",
            Self::HiddenAuthor => "hidden_author",
            Self::Deleted => "deleted",
            Self::Withheld => "withheld",
            Self::NoContext => "no_context",
            Self::NoTime => "no_time",
            Self::UnknownText => "unknown_text",
            Self::Profile => "profile",
            Self::SmallGroup => "small_group",
        }
    }
}

/// The acts, sorted out: `n_acts` = lines of all clusters + left out.
pub(super) struct Acts {
    pub(super) n_acts: u64,
    pub(super) left_out: BTreeMap<LeftOut, u64>,
    pub(super) lines: LineSpool,
    /// Lines by author.
    pub(super) n_lines: Vec<u64>,
    /// Lines by cluster and act.
    pub(super) n_by_act: Vec<BTreeMap<Act, u64>>,
}

impl Acts {
    /// Reads all acts, those of one record together.
    pub(super) fn of(
        snapshot: &Snapshot,
        gathered: &Gathered,
        lines: LineSpool,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let hidden = HiddenAccounts::of(snapshot)?;
        let mut acts = Self {
            n_acts: 0,
            left_out: BTreeMap::new(),
            lines,
            n_lines: vec![0; gathered.authors.len()],
            n_by_act: vec![BTreeMap::new(); gathered.authors.n_clusters()],
        };
        let mut record: Vec<ActMessage<'static>> = Vec::new();
        for act in snapshot.rows::<ActMessage<'static>>() {
            let mut act = act?;
            act.operation = operation_of(act.operation, act.kind);
            if record.first().is_some_and(|first| first.record_key != act.record_key) {
                acts.take(&record, gathered, &hidden)?;
                record.clear();
            }
            record.push(act);
            progress.advance(1);
            stop_if_asked(progress)?;
        }
        acts.take(&record, gathered, &hidden)?;
        Ok(acts)
    }

    /// Takes all acts of a record, in the order of its history.
    fn take(
        &mut self,
        record: &[ActMessage<'_>],
        gathered: &Gathered,
        hidden: &HiddenAccounts,
    ) -> Result<()> {
        let begins = begin_of_history(record);
        for place in 0..record.len() {
            self.n_acts += 1;
            let line = clustered(&record[place], gathered, hidden).and_then(|(actor, cluster)| {
                Ok((cluster, RecordActs { record, begins, gathered }.line(place, actor)?))
            });
            match line {
                Ok((cluster, line)) => {
                    self.lines.push(cluster, &line)?;
                    self.n_lines[line.actor as usize] += 1;
                    *self.n_by_act[cluster as usize].entry(line.act).or_default() += 1;
                }
                Err(reason) => *self.left_out.entry(reason).or_default() += 1,
            }
        }
        Ok(())
    }
}

/// What an act did to its record. A sighting counts as what it shows: that the record was made, or changed.
pub(super) fn operation_of(operation: Operation, kind: ActKind) -> Operation {
    match (operation, kind) {
        (Operation::Seen, ActKind::Update) => Operation::Update,
        (Operation::Seen, _) => Operation::Create,
        (operation, _) => operation,
    }
}

/// The number and the cluster of who acted.
fn clustered(
    act: &ActMessage<'_>,
    gathered: &Gathered,
    hidden: &HiddenAccounts,
) -> std::result::Result<(u32, u32), LeftOut> {
    if hidden.hides(act.actor_key) {
        return Err(LeftOut::HiddenAuthor);
    }
    let actor = act.actor_key.and_then(|key| gathered.authors.number(key)).ok_or(LeftOut::NotClustered)?;
    Ok((actor, gathered.authors.cluster(actor).ok_or(LeftOut::NotClustered)?))
}

/// Where the acts begin that made the record what it is: what came before the last create or delete is gone.
fn begin_of_history(record: &[ActMessage<'_>]) -> usize {
    let last = record.iter().rposition(|act| act.operation != Operation::Update);
    last.map_or(0, |last| match record[last].operation {
        // A reply that quotes is two acts of one version.
        Operation::Create => {
            record.iter().position(|act| act.revision == record[last].revision).unwrap_or(last)
        }
        _ => last + 1,
    })
}

/// All acts of one record.
struct RecordActs<'a> {
    record: &'a [ActMessage<'a>],
    begins: usize,
    gathered: &'a Gathered,
}

impl RecordActs<'_> {
    /// What the act at a place becomes.
    fn line(&self, place: usize, actor: u32) -> std::result::Result<Line, LeftOut> {
        let act = &self.record[place];
        match act.kind {
            ActKind::Post | ActKind::Reply => self.text(place, actor),
            ActKind::Quote => self.quote(place, actor),
            ActKind::Update => self.update(place, actor),
            ActKind::Delete => self.delete(place, actor),
            ActKind::ProfileUpdate => Err(LeftOut::Profile),
            ActKind::Like => self.on_post(act, Act::Like, actor),
            ActKind::Unlike => self.on_post(act, Act::Unlike, actor),
            ActKind::Repost => self.on_post(act, Act::Repost, actor),
            ActKind::Unrepost => self.on_post(act, Act::Unrepost, actor),
            ActKind::Follow => self.on_account(act, Act::Follow, actor),
            ActKind::Unfollow => self.on_account(act, Act::Unfollow, actor),
            ActKind::Block => self.on_account(act, Act::Block, actor),
            ActKind::Unblock => self.on_account(act, Act::Unblock, actor),
        }
    }

    /// The row of the post that the act at a place belongs to the history of.
    fn own_post(&self, place: usize) -> std::result::Result<u32, LeftOut> {
        let index = &self.gathered.index;
        let row = index.find(self.record[place].record_key).filter(|_| place >= self.begins);
        let row = row.ok_or(LeftOut::Deleted)?;
        match index.is_shown(row) {
            true => Ok(row),
            false if index.is_withheld(row) => Err(LeftOut::Withheld),
            false => Err(LeftOut::NoTime),
        }
    }

    /// A chain that ends in the post.
    fn text(&self, place: usize, actor: u32) -> std::result::Result<Line, LeftOut> {
        let row = self.own_post(place)?;
        let index = &self.gathered.index;
        let act = if index.answers(row) { Act::Reply } else { Act::Post };
        Ok(Line { act, actor, at: index.time(row), what: What::Text(row) })
    }

    fn quote(&self, place: usize, actor: u32) -> std::result::Result<Line, LeftOut> {
        let row = self.own_post(place)?;
        let (act, index) = (&self.record[place], &self.gathered.index);
        let is_told = |other: &ActMessage<'_>| other.kind == ActKind::Reply && other.revision == act.revision;
        let what = match act.target_key.and_then(|key| index.find_shown(key)) {
            Some(quoted) => What::Quote(row, quoted),
            // Its text is in the chain of the reply.
            None if self.record.iter().any(is_told) => return Err(LeftOut::NoContext),
            None => What::Text(row),
        };
        Ok(Line { act: Act::Quote, actor, at: index.time(row), what })
    }

    fn update(&self, place: usize, actor: u32) -> std::result::Result<Line, LeftOut> {
        // What was there before it was never seen: to us this is how the post began.
        if place == self.begins {
            return self.text(place, actor);
        }
        let row = self.own_post(place)?;
        let act = &self.record[place];
        let texts = self.gathered.edits.get(&(row, act.revision)).ok_or(LeftOut::UnknownText)?;
        let at = act.at.ok_or(LeftOut::NoTime)?.0;
        Ok(Line { act: Act::PostUpdate, actor, at, what: What::Edit(row, *texts) })
    }

    fn delete(&self, place: usize, actor: u32) -> std::result::Result<Line, LeftOut> {
        let act = &self.record[place];
        // The record of a profile is the account.
        if Some(act.record_key) == act.actor_key {
            return Err(LeftOut::Profile);
        }
        let before = self.record[..place].iter().rev();
        let versions = before.take_while(|before| before.operation != Operation::Delete);
        let first = versions.last().ok_or(LeftOut::NoContext)?;
        let (written, at) = first.at.zip(act.at).ok_or(LeftOut::NoTime)?;
        let written = self.gathered.index.free_time(actor, written.0);
        Ok(Line { act: Act::PostDelete, actor, at: at.0, what: What::Gone(written) })
    }

    /// An act on a post, which is its context.
    fn on_post(&self, act: &ActMessage<'_>, name: Act, actor: u32) -> std::result::Result<Line, LeftOut> {
        let row = act.target_key.and_then(|key| self.gathered.index.find_shown(key));
        self.on_row(act, name, actor, row)
    }

    /// An act on an account, of which the latest post before it is the context.
    fn on_account(&self, act: &ActMessage<'_>, name: Act, actor: u32) -> std::result::Result<Line, LeftOut> {
        let target = act.target_account.as_deref().and_then(|id| self.gathered.authors.number(Key::of(id)));
        let row = target.zip(act.at).and_then(|(target, at)| self.gathered.index.latest(target, at.0));
        self.on_row(act, name, actor, row)
    }

    fn on_row(
        &self,
        act: &ActMessage<'_>,
        name: Act,
        actor: u32,
        row: Option<u32>,
    ) -> std::result::Result<Line, LeftOut> {
        let at = act.at.ok_or(LeftOut::NoTime)?.0;
        Ok(Line { act: name, actor, at, what: What::Post(row.ok_or(LeftOut::NoContext)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(operation: Operation, revision: u64) -> ActMessage<'static> {
        ActMessage {
            record_key: Key::default(),
            operation,
            revision,
            kind: ActKind::Post,
            actor_key: None,
            target_key: None,
            target_account: None,
            at: None,
        }
    }

    #[test]
    fn history_begins_at_the_last_create_or_after_the_last_delete() {
        use Operation::{Create, Delete, Update};
        for (operations, expected) in [
            (vec![], 0),
            (vec![(Create, 1)], 0),
            (vec![(Create, 1), (Create, 1)], 0),
            (vec![(Update, 1), (Update, 2)], 0),
            (vec![(Create, 1), (Update, 2), (Update, 3)], 0),
            (vec![(Create, 1), (Delete, 2)], 2),
            (vec![(Create, 1), (Delete, 2), (Create, 3), (Create, 3), (Update, 4)], 2),
            (vec![(Create, 1), (Delete, 2), (Update, 3)], 2),
            (vec![(Create, 1), (Create, 2)], 1),
        ] {
            let record: Vec<_> = operations.iter().map(|(op, revision)| act(*op, *revision)).collect();
            assert_eq!(begin_of_history(&record), expected, "{operations:?}");
        }
    }
}
