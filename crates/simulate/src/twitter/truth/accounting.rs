//! The accounting: every line, and every element of a page, counted once, in sum and for every file.
//!
//! `in = stored + superseded + deletes + notices + duplicates + ignored + quarantined + blank`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Read;
use super::seen::Seen;
use crate::twitter::archive::DumpFile;
use crate::twitter::damage::Flaw;
use crate::twitter::world::{MESSAGES, What, World};

/// Totals, and the same for each file by its path.
#[derive(Debug, Serialize)]
pub(crate) struct Accounting {
    #[serde(flatten)]
    pub(crate) total: Tally,
    files: BTreeMap<String, FileTally>,
}

#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Tally {
    pub(crate) r#in: u64,
    stored: u64,
    superseded: u64,
    deletes: u64,
    notices: u64,
    duplicates: u64,
    ignored: u64,
    pub(crate) quarantined: u64,
    blank: u64,
    ignored_by_kind: BTreeMap<&'static str, u64>,
    quarantined_by_reason: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct FileTally {
    #[serde(flatten)]
    tally: Tally,
    bytes: u64,
    blake3: String,
    /// Members that end in the middle; what is told here counts all that was to be in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cut_members: Vec<String>,
}

pub(super) fn account(
    world: &World,
    seen: &Seen,
    files: &[DumpFile],
    asked: &[DumpFile],
    read: Read,
) -> Accounting {
    let mut tallies = vec![Tally::default(); files.len()];
    // Of equal lines the one in the file with the smallest hash counts, and in it the first.
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&file| files[file].hash.as_bytes());
    let mut known = std::collections::BTreeSet::new();
    for file in order {
        for member in &files[file].members {
            for line in &world.lines[member.lines.clone()] {
                // Lines that say nothing are no copies of each other.
                let says_nothing =
                    matches!(line.what, What::Blank | What::Damaged { .. } | What::Message { .. });
                let is_copy = !says_nothing && !known.insert(line.what);
                tallies[file].line(seen, &line.what, is_copy);
            }
        }
    }
    let mut accounting = Accounting { total: Tally::default(), files: BTreeMap::new() };
    for (file, tally) in files.iter().zip(tallies) {
        accounting.add(file, tally);
    }
    if read == Read::All {
        for (file, tally) in asked.iter().zip(hydrated(world, seen)) {
            accounting.add(file, tally);
        }
    }
    accounting
}

/// Of the pages and of the statuses.
fn hydrated(world: &World, seen: &Seen) -> [Tally; 2] {
    let (mut pages, mut statuses) = (Tally::default(), Tally::default());
    for page in &world.hydrated.pages {
        page.posts.iter().for_each(|&post| pages.direct(seen, post, page.at_ms));
    }
    for &post in &world.hydrated.statuses {
        statuses.direct(seen, post, world.posts[post as usize].at_ms);
    }
    for _ in &world.hydrated.without_id {
        statuses.quarantine("missing_id");
    }
    [pages, statuses]
}

impl Accounting {
    fn add(&mut self, file: &DumpFile, tally: Tally) {
        self.total.add(&tally);
        let cut = file.members.iter().filter(|member| member.is_cut);
        let entry = FileTally {
            tally,
            bytes: file.bytes,
            blake3: file.hash.to_hex().to_string(),
            cut_members: cut.map(|member| member.name.clone()).collect(),
        };
        self.files.insert(file.path.clone(), entry);
    }
}

impl Tally {
    fn line(&mut self, seen: &Seen, what: &What, is_copy: bool) {
        match *what {
            _ if is_copy => {
                self.r#in += 1;
                self.duplicates += 1;
            }
            What::Post { post, at_ms, .. } => self.direct(seen, post, at_ms),
            What::Repost { repost, .. } => self.stored(!seen.deleted_reposts.contains_key(&repost)),
            What::Delete { .. } => {
                self.r#in += 1;
                self.deletes += 1;
            }
            What::ScrubGeo { .. } | What::PostWithheld { .. } | What::UserWithheld { .. } => {
                self.r#in += 1;
                self.notices += 1;
            }
            What::Message { kind, .. } => {
                self.r#in += 1;
                self.ignored += 1;
                *self.ignored_by_kind.entry(MESSAGES[usize::from(kind)]).or_default() += 1;
            }
            What::Blank => {
                self.r#in += 1;
                self.blank += 1;
            }
            What::Damaged { flaw, .. } => self.quarantine(Flaw::ALL[usize::from(flaw)].reason()),
        }
    }

    /// A record of a post's own: the newest of them stands, if nothing was deleted.
    fn direct(&mut self, seen: &Seen, post: u32, at_ms: u64) {
        self.stored(seen.stands(post) && seen.posts[post as usize].last_direct_ms == at_ms);
    }

    fn stored(&mut self, stands: bool) {
        self.r#in += 1;
        *if stands { &mut self.stored } else { &mut self.superseded } += 1;
    }

    fn quarantine(&mut self, reason: &'static str) {
        self.r#in += 1;
        self.quarantined += 1;
        *self.quarantined_by_reason.entry(reason).or_default() += 1;
    }

    fn add(&mut self, other: &Tally) {
        self.r#in += other.r#in;
        self.stored += other.stored;
        self.superseded += other.superseded;
        self.deletes += other.deletes;
        self.notices += other.notices;
        self.duplicates += other.duplicates;
        self.ignored += other.ignored;
        self.quarantined += other.quarantined;
        self.blank += other.blank;
        for (kind, n) in &other.ignored_by_kind {
            *self.ignored_by_kind.entry(kind).or_default() += n;
        }
        for (reason, n) in &other.quarantined_by_reason {
            *self.quarantined_by_reason.entry(reason).or_default() += n;
        }
    }
}
