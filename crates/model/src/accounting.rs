//! What became of every input record.
//!
//! `in = stored + superseded + deletes + notices + duplicates + ignored + quarantined + blank`, in sum and for
//! every file. The first five are [`Class`]es and counted over the table `sources`; the others are counted while a
//! file is read, in a [`Tally`]. Of what a selection leaves out, updates of posts alone have a row in `sources`, because
//! they take an earlier version away; they too count as ignored. What was found inside another record has rows of the class
//! `embedded`, outside the equation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a taken input record counts as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The version that stands.
    Stored,
    /// An older version, or one whose record was deleted or undone.
    Superseded,
    /// A delete.
    Deletes,
    /// A notice about an account.
    Notices,
    /// The same event again.
    Duplicates,
    /// An update of a post that a selection left out; in the equation it is ignored.
    LeftOut,
    /// Found inside another record, and not counted: that one is.
    Embedded,
}

impl Class {
    /// Every class, in the order of the equation.
    pub const ALL: [Self; 7] = [
        Self::Stored,
        Self::Superseded,
        Self::Deletes,
        Self::Notices,
        Self::Duplicates,
        Self::LeftOut,
        Self::Embedded,
    ];

    /// The name in the `class` column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Superseded => "superseded",
            Self::Deletes => "deletes",
            Self::Notices => "notices",
            Self::Duplicates => "duplicates",
            Self::LeftOut => "left_out",
            Self::Embedded => "embedded",
        }
    }

    /// The class of a name, as a corpus holds it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal $(or $old:literal)?,)+) => {
        /// Why an input record was not taken: a closed list.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[doc = $doc])+ $(#[serde(alias = $old)])? $variant,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The reason of a code that is written no more.
            fn of_old_code(code: &str) -> Option<Self> {
                match code { $($($old => Some(Self::$variant),)?)+ _ => None }
            }

            /// The code in the `reason` column.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What the code means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii_start()),+ }
            }
        }
    };
}

reasons! {
    /// The line is no JSON document: cut short, or wrong somewhere.
    BadJson = "bad_json",
    /// The line is a JSON document, but not an object.
    NotAnObject = "not_an_object",
    /// The line is a JSON object, but no event of this platform.
    NotAnEvent = "not_an_event",
    /// A field that we keep has another type than the platform gives it.
    WrongType = "wrong_type",
    /// The event does not say which record or account it is about.
    MissingId = "missing_id",
    /// The network's time is missing, no integer, or outside the years 1 to 9999.
    BadTime = "bad_time",
    /// The record is not UTF-8.
    InvalidUtf8 = "invalid_utf8",
    /// A NUL byte stands in the record (an escaped one is text and welcome).
    RawNul = "raw_nul",
    /// A field that we keep holds half a surrogate pair, which is no character.
    LoneSurrogate = "lone_surrogate",
    /// The record is longer than 8 MiB.
    LineTooLong = "line_too_long",
    /// Arrays and objects are nested more than 128 deep.
    TooDeep = "too_deep",
    /// The line was left by a merge that was never finished.
    ConflictMarker = "conflict_marker",
    /// A container ends here before its content does; what came before was read.
    TruncatedContainer = "truncated_container",
    /// A container is damaged here; what came before was read.
    CorruptContainer = "corrupt_container" or "damaged_container",
    /// The content unpacks to more than 200 times its size, is packed more than 5 times over, or has more members than can be numbered.
    ContainerLimit = "container_limit",
    /// The content is of a kind that is not read: no text, encrypted, or packed in a way that is not known.
    UnsupportedContent = "unsupported_content",
    /// The block of an export is no DAG-CBOR: cut short, or wrong somewhere.
    BadCbor = "bad_cbor",
    /// The block of an export has other bytes than its content id says, or an id of a kind that cannot be checked.
    WrongContentId = "wrong_content_id",
    /// The export names a block that is not in it.
    MissingBlock = "missing_block",
    /// The commit or the tree of the export is not made as that of a repository.
    BadRepository = "bad_repository",
    /// A quoted field of the table is never closed.
    UnclosedQuote = "unclosed_quote",
    /// The row has another number of fields than the table's header.
    FieldCount = "field_count",
    /// The row has no text where the text column should be.
    MissingText = "missing_text",
}

/// A code that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown code {code:?}: expected one of {expected}")]
pub struct ParseCodeError {
    code: String,
    expected: String,
}

impl std::str::FromStr for Reason {
    type Err = ParseCodeError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().copied().find(|reason| reason.code() == code);
        known.or_else(|| Self::of_old_code(code)).ok_or_else(|| ParseCodeError {
            code: code.to_owned(),
            expected: Self::ALL.iter().map(|reason| reason.code()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// What was counted while one input was read.
///
/// `records = taken + quarantined + ignored + blank`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Input records: lines, elements of an array, rows.
    pub records: u64,
    /// Records with nothing in them.
    pub blank: u64,
    /// Records that became events.
    pub taken: u64,
    /// Records of kinds that we do not take, by kind.
    pub ignored: BTreeMap<String, u64>,
    /// Records that were put aside, by reason.
    pub quarantined: BTreeMap<Reason, u64>,
    /// Things worth telling that lost nothing but a field, by what they are (such as `bad_created_at`).
    pub warnings: BTreeMap<String, u64>,
}

impl Tally {
    /// The kind as which records of people are ignored that asked to be forgotten.
    pub const FORGOTTEN: &'static str = "forgotten";

    /// Counts one ignored record of a kind.
    pub fn ignore(&mut self, kind: &str) {
        bump(&mut self.ignored, kind);
    }

    /// Counts one quarantined record.
    pub fn quarantine(&mut self, reason: Reason) {
        *self.quarantined.entry(reason).or_default() += 1;
    }

    /// Counts one warning.
    pub fn warn(&mut self, what: &str) {
        bump(&mut self.warnings, what);
    }

    /// Counts `n` taken records as ignored, because they are forgotten.
    pub fn forget_taken(&mut self, n: u64) {
        let n = n.min(self.taken);
        self.taken -= n;
        self.ignore_forgotten(n);
    }

    /// Counts `n` quarantined records as ignored, because they are forgotten.
    pub fn forget_quarantined(&mut self, reason: Reason, n: u64) {
        let Some(left) = self.quarantined.get_mut(&reason) else { return };
        let n = n.min(*left);
        *left -= n;
        if *left == 0 {
            self.quarantined.remove(&reason);
        }
        self.ignore_forgotten(n);
    }

    fn ignore_forgotten(&mut self, n: u64) {
        if n > 0 {
            *self.ignored.entry(Self::FORGOTTEN.to_owned()).or_default() += n;
        }
    }

    /// All that was quarantined.
    #[must_use]
    pub fn n_quarantined(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// All that was ignored.
    #[must_use]
    pub fn n_ignored(&self) -> u64 {
        self.ignored.values().sum()
    }

    /// Adds what another part of the input counted.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.blank += other.blank;
        self.taken += other.taken;
        for (kind, n) in &other.ignored {
            *self.ignored.entry(kind.clone()).or_default() += n;
        }
        for (reason, n) in &other.quarantined {
            *self.quarantined.entry(*reason).or_default() += n;
        }
        for (what, n) in &other.warnings {
            *self.warnings.entry(what.clone()).or_default() += n;
        }
    }
}

/// Counts `name` without a new string where it is known already.
fn bump(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(n) = counts.get_mut(name) {
        *n += 1;
    } else {
        counts.insert(name.to_owned(), 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_read_back() {
        for reason in Reason::ALL {
            assert_eq!(reason.code().parse(), Ok(*reason));
            assert!(!reason.meaning().is_empty());
        }
        // As a corpus may hold it that an earlier version wrote.
        assert_eq!("damaged_container".parse(), Ok(Reason::CorruptContainer));
        let error = "nonsense".parse::<Reason>().expect_err("no such code").to_string();
        assert!(error.contains("nonsense") && error.contains("bad_json"), "{error}");
    }

    #[test]
    fn what_is_forgotten_stays_in_the_count() {
        let mut tally = Tally { records: 4, taken: 3, ..Tally::default() };
        tally.quarantine(Reason::BadJson);
        tally.forget_taken(2);
        tally.forget_quarantined(Reason::BadJson, 1);
        tally.forget_quarantined(Reason::BadTime, 1);
        assert_eq!((tally.taken, tally.n_ignored(), tally.n_quarantined()), (1, 3, 0));
        assert_eq!(tally.records, tally.taken + tally.n_ignored() + tally.n_quarantined());
        assert!(tally.quarantined.is_empty(), "no reason with a count of none");
    }

    #[test]
    fn tallies_add_up() {
        let mut a = Tally { records: 3, taken: 1, ..Tally::default() };
        a.ignore("x");
        a.quarantine(Reason::BadJson);
        let mut b = a.clone();
        b.add(&a);
        assert_eq!((b.records, b.taken, b.n_ignored(), b.n_quarantined()), (6, 2, 2, 2));
    }
}
