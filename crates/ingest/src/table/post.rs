//! From a row to the event of its post.

use std::borrow::Cow;
use std::collections::HashMap;

use populi_model::{Body, Event, Id, Key, Operation, Platform, Post, Reason, Subject, Timestamp, Version};

use super::columns::{Mapping, Role};
use super::document::Cell;
use super::params::TableParams;
use super::time::TimeReader;
use crate::Error;
use crate::sink::{Defect, Ledger, Sink};

/// What a cell of `reply-to` may say instead of nothing, as programs that write tables do.
const NO_REPLY: [&str; 5] = ["null", "NULL", "None", "nan", "NaN"];

/// A record, cut into the table's columns.
pub(super) struct Row<'r> {
    /// A cell for every column of the mapping.
    pub(super) cells: Vec<Option<Cell<'r>>>,
    /// Members of a JSON object that the mapping does not know.
    pub(super) extra: Vec<(Cow<'r, str>, Cell<'r>)>,
}

/// Where a row was read.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) line: u64,
    /// Its number among the input's records, from 0.
    pub(super) row: u64,
}

/// Makes posts of rows.
pub(super) struct PostMaker {
    mapping: Mapping,
    time: TimeReader,
    /// The attribute that each column is kept as. A role's column is none, but the label's, and the time's where a
    /// value is no time.
    attributes: Vec<Option<String>>,
    has_label: bool,
    /// The file that was read last, and what the names of its rows begin with.
    file: (Key, String),
}

impl PostMaker {
    pub(super) fn new(mapping: Mapping, params: &TableParams) -> Result<Self, Error> {
        let time = TimeReader::new(params.time_format.as_deref(), &params.time_zone)?;
        let has_label = mapping.choices.contains_key(&Role::Label);
        let mut used = HashMap::new();
        if has_label {
            used.insert(LABEL.to_owned(), 1);
        }
        let attributes = (0..mapping.columns.len()).map(|column| {
            let mut roles =
                mapping.choices.iter().filter(|(_, choice)| choice.column == column).map(|(role, _)| *role);
            match roles.clone().find(|role| *role == Role::Label).or_else(|| roles.next()) {
                Some(Role::Label) => Some(LABEL.to_owned()),
                None | Some(Role::Time) => Some(unused_name(&mapping.columns[column], &mut used)),
                Some(_) => None,
            }
        });
        Ok(Self {
            time,
            attributes: attributes.collect(),
            has_label,
            file: (Key::default(), file_prefix(Key::default())),
            mapping,
        })
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Hands the row's post on, or says why it has none.
    pub(super) fn take<S: Sink + ?Sized>(
        &mut self,
        row: &Row<'_>,
        place: Place,
        ledger: &mut Ledger<'_, S>,
    ) -> Result<(), Defect> {
        let Some(text) = self.cell(row, Role::Text)? else {
            return Err(Defect::new(
                Reason::MissingText,
                "expected a text in the column of the text, got nothing",
            ));
        };
        let id = self.name(row, Role::Id)?;
        let has_ids = self.mapping.choices.contains_key(&Role::Id);
        let id = match id {
            Some(id) => id,
            None if has_ids => {
                return Err(Defect::new(
                    Reason::MissingId,
                    "expected an id in the column of ids, got nothing",
                ));
            }
            None => self.name_of_row(ledger.file.key, place.row),
        };
        let author = self.name(row, Role::Author)?;
        let reply_to = self.name(row, Role::ReplyTo)?;
        let lang = self.trimmed(row, Role::Lang)?;
        let created_at = self.time(row)?;
        if created_at == Time::Unreadable {
            ledger.tally.warn("bad_created_at");
        }
        if has_ids && is_float(&id[PREFIX.len() + 1..]) {
            ledger.tally.warn("float_id");
        }
        let post = Post {
            created_at: created_at.known(),
            text,
            langs: lang.into_iter().collect(),
            reply_to: reply_to.as_deref().map(|id| Subject { post: Id::new(id), account: None }),
            attributes: self.attributes(row, created_at),
            ..Post::default()
        };
        let content = content_of(&post, author.as_deref());
        ledger.take(&Event {
            origin: ledger.origin(place.offset),
            platform: Platform::Table,
            record: Id::new(&id),
            actor: author.as_deref().map(Id::new),
            operation: Operation::Create,
            version: Version { revision: post.created_at.map_or(0, Timestamp::to_ordered_u64), content },
            received_at: None,
            authored_at: None,
            body: Body::Post(Box::new(post)),
            original: None,
        });
        Ok(())
    }

    /// The id of a post in a table without ids.
    fn name_of_row(&mut self, file: Key, row: u64) -> String {
        if self.file.0 != file {
            self.file = (file, file_prefix(file));
        }
        format!("{}{row}", self.file.1)
    }

    /// The value in the column of a role.
    fn cell<'r>(&self, row: &'r Row<'_>, role: Role) -> Result<Option<&'r str>, Defect> {
        match self.mapping.column(role).and_then(|column| row.cells.get(column)?.as_ref()) {
            None => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Nested(_)) => {
                let column = role.name();
                let detail =
                    format!("expected a text or number in the column of {column}, got an array or object");
                Err(Defect::new(Reason::WrongType, detail))
            }
        }
    }

    fn trimmed<'r>(&self, row: &'r Row<'_>, role: Role) -> Result<Option<&'r str>, Defect> {
        let cell = self.cell(row, role)?.map(str::trim).filter(|cell| !cell.is_empty());
        Ok(cell.filter(|cell| role != Role::ReplyTo || !NO_REPLY.contains(cell)))
    }

    /// The id that a role's column names.
    fn name(&self, row: &Row<'_>, role: Role) -> Result<Option<String>, Defect> {
        Ok(self.trimmed(row, role)?.map(|native| [PREFIX, ":", native].concat()))
    }

    fn time(&self, row: &Row<'_>) -> Result<Time, Defect> {
        Ok(match self.trimmed(row, Role::Time)? {
            None => Time::Missing,
            Some(cell) => self.time.read(cell).map_or(Time::Unreadable, Time::Known),
        })
    }

    fn attributes<'r>(&'r self, row: &'r Row<'_>, time: Time) -> Vec<(&'r str, &'r str)> {
        let kept_elsewhere = self.mapping.column(Role::Time).filter(|_| time != Time::Unreadable);
        let known = self.attributes.iter().zip(&row.cells).enumerate();
        let known = known.filter(|(column, _)| Some(*column) != kept_elsewhere);
        let known = known.filter_map(|(_, (name, cell))| Some((name.as_deref()?, cell.as_ref()?.text())));
        let extra = row.extra.iter().map(|(name, cell)| match &**name {
            LABEL if self.has_label => (OTHER_LABEL, cell.text()),
            name => (name, cell.text()),
        });
        known.chain(extra).filter(|(_, value)| !value.is_empty()).collect()
    }
}

fn file_prefix(file: Key) -> String {
    format!("{PREFIX}:{file}:")
}

/// Before native ids.
const PREFIX: &str = "table";

/// The attribute of the column that is the label, and of another one of that name.
const LABEL: &str = "label";
const OTHER_LABEL: &str = "label_2";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    Missing,
    Unreadable,
    Known(Timestamp),
}

impl Time {
    fn known(self) -> Option<Timestamp> {
        match self {
            Self::Known(time) => Some(time),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

/// The name, with a number behind it where it is `used` already, which counts how often.
fn unused_name(name: &str, used: &mut HashMap<String, usize>) -> String {
    let mut unused = name.to_owned();
    while let Some(n) = used.get_mut(&unused) {
        *n += 1;
        unused = format!("{unused}_{n}");
    }
    used.insert(unused.clone(), 1);
    unused
}

/// Whether a whole number went through a program that took it for a float: `9.2e+17`, `123.0`.
fn is_float(id: &str) -> bool {
    id.contains(['.', 'e', 'E']) && id.as_bytes()[0].is_ascii_digit() && id.parse::<f64>().is_ok()
}

/// The hash of what a version of a post says: its fields, each with its length before it.
fn content_of(post: &Post<'_>, author: Option<&str>) -> u64 {
    let mut bytes = Vec::with_capacity(64 + post.text.len());
    let mut add = |value: &str| {
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        bytes.extend_from_slice(value.as_bytes());
    };
    add(post.text);
    add(&post.created_at.map(|time| time.0.to_string()).unwrap_or_default());
    // No id is empty, so that an empty one says that there is none.
    add(author.unwrap_or_default());
    add(post.reply_to.map_or("", |subject| subject.post.text));
    add(post.langs.first().copied().unwrap_or_default());
    // By name, so that the same table with its columns in another order says the same.
    let mut attributes = post.attributes.clone();
    attributes.sort_unstable();
    for (name, value) in attributes {
        add(name);
        add(value);
    }
    Version::content_of(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_columns_is_no_content() {
        let post = |attributes| Post { text: "t", attributes, ..Post::default() };
        let content = |attributes| content_of(&post(attributes), None);
        assert_eq!(content(vec![("a", "1"), ("b", "2")]), content(vec![("b", "2"), ("a", "1")]));
        assert_ne!(content(vec![("a", "1"), ("b", "2")]), content(vec![("a", "2"), ("b", "1")]));
    }
}
