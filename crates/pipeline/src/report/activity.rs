//! Acts over time and by kind, for the page.

use std::collections::{BTreeMap, HashSet};

use populi_model::table::{ActKind, ActOnRecord, ActTime};
use populi_plot::{Activity, ActivityCount, Bin};

use super::Shown;
use crate::Result;

/// What accounts did.
pub(super) struct Gathered {
    pub(super) activity: Activity,
    pub(super) by_kind: Vec<(String, u64)>,
    pub(super) n_actors: u64,
}

/// Reads the acts twice: once for the span of time, which decides the bins, once to fill them.
pub(super) fn gather(shown: &Shown<'_>) -> Result<Gathered> {
    let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
    let mut by_kind: BTreeMap<ActKind, u64> = BTreeMap::new();
    let mut actors = HashSet::new();
    for act in acts(shown) {
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
    for act in acts(shown) {
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

/// The acts that the page is about: those that make a post where the post is, the others where their author and time are.
fn acts<'a>(shown: &'a Shown<'_>) -> Box<dyn Iterator<Item = Result<ActTime>> + 'a> {
    if shown.keys.is_none() {
        return Box::new(shown.snapshot.rows::<ActTime>().map(|act| Ok(act?)));
    }
    let is_shown = |act: &ActOnRecord| match act.kind {
        ActKind::Post | ActKind::Reply | ActKind::Quote | ActKind::Update => shown.holds(&act.record_key),
        _ => shown.selection.leaves_out_act(act.actor_key, act.at).is_none(),
    };
    let acts = shown.snapshot.rows::<ActOnRecord>();
    let acts = acts.filter(move |act| act.as_ref().map_or(true, is_shown));
    Box::new(acts.map(|act| {
        act.map(|act| ActTime { kind: act.kind, actor_key: act.actor_key, at: act.at }).map_err(Into::into)
    }))
}
