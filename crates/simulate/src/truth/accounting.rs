//! The accounting: every line counted once, in sum and for every file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bluesky::event::{Act, IGNORED, World};
use crate::bluesky::files::DumpFile;
use crate::bluesky::lines::{Content, Line};

/// What a taken or ignored event counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Stored,
    Superseded,
    Deletes,
    Notices,
    Duplicates,
    Ignored,
}

/// Totals, and the same for each file by its path.
#[derive(Debug, Serialize)]
pub(crate) struct Accounting {
    #[serde(flatten)]
    pub(crate) total: Tally,
    files: BTreeMap<String, FileTally>,
}

/// `in = stored + superseded + deletes + notices + duplicates + ignored + quarantined + blank`, in lines.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    r#in: u64,
    stored: u64,
    superseded: u64,
    deletes: u64,
    notices: u64,
    pub(crate) duplicates: u64,
    ignored: u64,
    quarantined: u64,
    pub(crate) blank: u64,
    ignored_by_kind: BTreeMap<&'static str, u64>,
    ignored_by_operation: BTreeMap<String, u64>,
    quarantined_by_reason: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct FileTally {
    #[serde(flatten)]
    tally: Tally,
    bytes: u64,
    blake3: String,
}

impl Tally {
    pub(crate) fn lines(&self) -> u64 {
        self.r#in
    }

    pub(crate) fn quarantined(&self) -> u64 {
        self.quarantined
    }

    fn add(&mut self, world: &World, line: &Line, classes: &[Class]) {
        self.r#in += 1;
        let number = match line.content {
            Content::Event(number) => number as usize,
            Content::Blank(_) => {
                self.blank += 1;
                return;
            }
            Content::Bad { flaw, .. } => {
                self.quarantined += 1;
                *self.quarantined_by_reason.entry(flaw.reason()).or_default() += 1;
                return;
            }
        };
        match classes[number] {
            Class::Stored => self.stored += 1,
            Class::Superseded => self.superseded += 1,
            Class::Deletes => self.deletes += 1,
            Class::Notices => self.notices += 1,
            Class::Duplicates => self.duplicates += 1,
            Class::Ignored => self.ignored += 1,
        }
        if let Act::Ignored { collection, operation, .. } = world.events[number].act {
            let collection = IGNORED[usize::from(collection)];
            *self.ignored_by_kind.entry(collection).or_default() += 1;
            let kind = format!("{collection} {}", operation.name());
            *self.ignored_by_operation.entry(kind).or_default() += 1;
        }
    }
}

pub(super) fn account(world: &World, lines: &[Line], files: &[DumpFile], classes: &[Class]) -> Accounting {
    let mut total = Tally::default();
    let mut by_file = BTreeMap::new();
    for file in files {
        let mut tally = Tally::default();
        for line in &lines[file.lines.clone()] {
            tally.add(world, line, classes);
            total.add(world, line, classes);
        }
        let entry = FileTally { tally, bytes: file.bytes, blake3: file.hash.to_hex().to_string() };
        by_file.insert(file.path.clone(), entry);
    }
    Accounting { total, files: by_file }
}
