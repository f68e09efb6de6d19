//! Acts over time and by kind, for the page.

use std::collections::{BTreeMap, HashSet};

use populi_model::table::{ActKind, ActTime};
use populi_plot::{Activity, ActivityCount, Bin};
use populi_store::Snapshot;

use crate::Result;

/// What accounts did.
pub(super) struct Gathered {
    pub(super) activity: Activity,
    pub(super) by_kind: Vec<(String, u64)>,
    pub(super) n_actors: u64,
}

/// Reads the acts twice: once for the span of time, which decides the bins, once to fill them.
pub(super) fn gather(snapshot: &Snapshot) -> Result<Gathered> {
    let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
    let mut by_kind: BTreeMap<ActKind, u64> = BTreeMap::new();
    let mut actors = HashSet::new();
    for act in snapshot.rows::<ActTime>() {
        let act = act?;
        *by_kind.entry(act.kind).or_default() += 1;
        actors.extend(act.actor_key);
        if let Some(at) = act.at {
            first_us = first_us.min(at.0);
            last_us = last_us.max(at.0);
        }
    }
    let bin = Bin::for_span(first_us.min(last_us), last_us);
    let mut counts: BTreeMap<(i64, ActKind), u64> = BTreeMap::new();
    for act in snapshot.rows::<ActTime>() {
        let act = act?;
        if let Some(at) = act.at {
            *counts.entry((bin.start_of(at.0), act.kind)).or_default() += 1;
        }
    }
    let counts = counts
        .into_iter()
        .map(|((start_us, kind), n)| ActivityCount { start_us, kind: kind.name().to_owned(), n })
        .collect();
    let mut by_kind: Vec<(String, u64)> =
        by_kind.into_iter().map(|(kind, n)| (kind.name().to_owned(), n)).collect();
    by_kind.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(Gathered { activity: Activity { bin, counts }, by_kind, n_actors: actors.len() as u64 })
}
