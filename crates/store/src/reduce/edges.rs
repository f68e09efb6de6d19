//! The follow relations of one bucket, made of its follows.

use std::collections::{BTreeMap, HashSet};

use populi_model::table::{ActKind, EdgeRow};
use populi_model::{Key, Timestamp};

use super::standing::Standing;
use crate::error::Result;
use crate::forget::Forgotten;
use crate::run::Section;
use crate::settle::{FollowSeen, settle_record};
use crate::snapshot::Snapshot;

/// Follow relations while their follows come in.
#[derive(Default)]
pub(crate) struct Edges(BTreeMap<(Key, Key), Edge>);

struct Edge {
    follower_id: String,
    followed_id: String,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    stands: bool,
}

impl Edges {
    /// What the relations of a bucket are without the records in `gone`, and without the forgotten.
    ///
    /// Time: a pass over the bucket. Memory: its follow relations.
    pub(crate) fn without(
        gone: &HashSet<Key>,
        forgotten: &Forgotten,
        snapshot: &Snapshot,
        bucket: u16,
    ) -> Result<Self> {
        let mut edges = Self::default();
        let mut old = Standing::open(snapshot, bucket)?;
        while let Some((section, key)) = old.next_place()? {
            match section {
                Section::Accounts => drop(old.take_account(key)?),
                Section::Quarantine => drop(old.take_quarantine(key)?),
                Section::Records => {
                    let record = old.take_record(key)?;
                    let is_follow = record.actions.iter().any(|act| act.kind == ActKind::Follow);
                    if is_follow && !gone.contains(&key) {
                        let mut settled = settle_record(record, Vec::new(), None);
                        forgotten.blank_record(&mut settled);
                        settled.follows.iter().for_each(|follow| edges.see(follow));
                    }
                }
            }
        }
        Ok(edges)
    }

    pub(crate) fn see(&mut self, follow: &FollowSeen<'_>) {
        let followed_key = Key::of(&follow.followed_id);
        let edge = self.0.entry((follow.follower_key, followed_key)).or_insert_with(|| Edge {
            follower_id: follow.follower_id.clone().into_owned(),
            followed_id: follow.followed_id.clone().into_owned(),
            first_seen: None,
            last_seen: None,
            stands: false,
        });
        edge.first_seen = match (edge.first_seen, follow.at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if follow.stands {
            edge.stands = true;
            edge.last_seen = edge.last_seen.max(follow.at);
        }
    }

    /// Those that stand, in the order of the table.
    pub(crate) fn into_rows(self) -> impl Iterator<Item = EdgeRow<'static>> {
        let standing = self.0.into_iter().filter(|(_, edge)| edge.stands);
        standing.map(|((follower_key, followed_key), edge)| EdgeRow {
            follower_id: edge.follower_id.into(),
            follower_key,
            followed_id: edge.followed_id.into(),
            followed_key,
            first_seen: edge.first_seen,
            last_seen: edge.last_seen,
        })
    }
}
