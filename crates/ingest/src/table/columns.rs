//! Which column is what: given, known by its name, or, for the text and a label before it, by its content.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::params::{ColumnRef, TableParams};
use super::sample::{Sample, numbered};
use super::time::TimeReader;
use crate::Error;

/// The last column that can be given by number in a table of which no row could be looked at.
const MAX_UNSEEN: usize = 1000;

/// What a column can be to a post.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// The text.
    Text,
    /// The post's native id.
    Id,
    /// The author's native id or name.
    Author,
    /// The time.
    Time,
    /// The native id of the post that this one answers.
    ReplyTo,
    /// The language.
    Lang,
    /// A label, kept as the attribute `label`.
    Label,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Id, Self::Author, Self::Time, Self::ReplyTo, Self::Lang, Self::Label];

    /// The name of the option that gives its column, without dashes before it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Id => "id",
            Self::Author => "author",
            Self::Time => "time",
            Self::ReplyTo => "reply-to",
            Self::Lang => "lang",
            Self::Label => "label",
        }
    }

    /// The column names that it is known by, the best first: without case, and without what is no letter or digit.
    pub(super) fn known_names(self) -> &'static [&'static str] {
        match self {
            Self::Text => &[
                "text",
                "fulltext",
                "tweettext",
                "tweet",
                "content",
                "body",
                "message",
                "post",
                "comment",
                "review",
                "sentence",
                "utterance",
            ],
            Self::Id => &["id", "idstr", "tweetid", "postid", "statusid", "messageid", "commentid"],
            Self::Author => &[
                "authorid",
                "author",
                "userid",
                "user",
                "username",
                "screenname",
                "handle",
                "accountid",
                "account",
            ],
            Self::Time => &[
                "createdat",
                "createddate",
                "createdutc",
                "timestamp",
                "datetime",
                "time",
                "date",
                "postedat",
                "publishedat",
            ],
            Self::ReplyTo => &[
                "inreplytostatusid",
                "inreplytostatusidstr",
                "inreplytoid",
                "inreplyto",
                "replytoid",
                "replyto",
                "parentid",
            ],
            Self::Lang => &["lang", "language"],
            Self::Label => &["label", "category", "class", "intent", "topic", "sentiment"],
        }
    }
}

/// How a column was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// The user gave it.
    Given,
    /// It has one of the names that such columns have.
    ByName,
    /// Its values look like it.
    ByContent,
}

/// A column and how it was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Its place, from 0.
    pub column: usize,
    /// How it was chosen.
    pub how: How,
}

/// Which column became what, to be shown to the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// The names of the columns: of the header, of the JSON objects' keys in the order of first sight, or `column_1`
    /// and so on where a column has no name.
    pub columns: Vec<String>,
    /// The columns that have a role. The text is missing only where no record could be looked at.
    pub choices: BTreeMap<Role, Choice>,
    /// What the user should know besides.
    pub notes: Vec<String>,
}

impl Mapping {
    /// The place of a role's column, from 0.
    #[must_use]
    pub fn column(&self, role: Role) -> Option<usize> {
        self.choices.get(&role).map(|choice| choice.column)
    }

    /// The columns that are kept as attributes under their names: all that have no role.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        let has_role = |column| self.choices.values().any(|choice| choice.column == column);
        self.columns.iter().enumerate().filter(move |(i, _)| !has_role(*i)).map(|(_, name)| name.as_str())
    }

    /// Chooses the columns of the table named `table` by what the user gave and by a sample.
    pub(super) fn choose(params: &TableParams, sample: &mut Sample, table: &str) -> Result<Self, Error> {
        let mut choices = given(params, sample, table)?;
        let mut notes = Vec::new();
        if sample.rows.is_empty() {
            notes.push(
                "no record at the beginning could be read: columns are known by their names only".to_owned(),
            );
        }
        for role in Role::ALL {
            if !choices.contains_key(&role)
                && let Some(column) = by_name(role, sample, &choices)
            {
                if role == Role::Id && !names_posts(sample, column, choices.get(&Role::Text)) {
                    notes.push(format!(
                        "{} is not the posts' id, as posts with different texts share it or most have none; --id {} takes \
                         it nevertheless",
                        sample.columns[column], sample.columns[column]
                    ));
                    continue;
                }
                choices.insert(role, Choice { column, how: How::ByName });
            }
        }
        if !choices.contains_key(&Role::Text)
            && let Some(column) =
                sample.longest_text(|column| choices.values().any(|choice| choice.column == column))
        {
            choices.insert(Role::Text, Choice { column, how: How::ByContent });
        }
        let has_text = choices.contains_key(&Role::Text);
        if !has_text && !sample.rows.is_empty() {
            return Err(Error::NoTextColumn { name: table.to_owned(), columns: listed(&sample.columns) });
        }
        if !choices.contains_key(&Role::Label) && sample.has_leading_labels(choices.get(&Role::Text)) {
            choices.insert(Role::Label, Choice { column: 0, how: How::ByContent });
        }
        notes.extend(doubts(params, sample, &choices)?);
        Ok(Self { columns: sample.columns.clone(), choices, notes })
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (role, choice) in &self.choices {
            let how = match choice.how {
                How::Given => "given",
                How::ByName => "by its name",
                How::ByContent => "by its content",
            };
            let name = self.columns.get(choice.column).map_or("", String::as_str);
            writeln!(f, "{:<9} {name} (column {}, {how})", role.name(), choice.column + 1)?;
        }
        let attributes: Vec<_> = self.attributes().collect();
        if !attributes.is_empty() {
            writeln!(f, "{:<9} {}", "kept", attributes.join(", "))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{:<9} {note}", "note"))
    }
}

/// A name as known names are written.
pub(super) fn normal_name(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a text column is known by this name.
pub(super) fn is_text_name(name: &str) -> bool {
    name.len() <= 64 && Role::Text.known_names().contains(&normal_name(name).as_str())
}

fn given(params: &TableParams, sample: &mut Sample, table: &str) -> Result<BTreeMap<Role, Choice>, Error> {
    let mut choices = BTreeMap::new();
    for role in Role::ALL {
        let Some(column) = params.column(role) else {
            continue;
        };
        let found = match column {
            ColumnRef::Number(number) => number.checked_sub(1).filter(|i| *i < sample.columns.len()),
            ColumnRef::Name(name) => find_name(name, &sample.columns),
        };
        // An optional key may be missing from the first objects; a table without a first row has no columns at all.
        let may_come = (sample.has_open_columns && role != Role::Text) || sample.rows.is_empty();
        let column = match (found, column) {
            (Some(found), _) => found,
            (None, ColumnRef::Name(name)) if may_come => sample.add_column(name),
            (None, ColumnRef::Number(number)) if sample.rows.is_empty() && *number <= MAX_UNSEEN => {
                (sample.columns.len()..*number).for_each(|column| _ = sample.add_column(&numbered(column)));
                number - 1
            }
            _ => {
                return Err(Error::NoSuchColumn {
                    name: table.to_owned(),
                    option: role.name(),
                    column: column.to_string(),
                    columns: listed(&sample.columns),
                });
            }
        };
        choices.insert(role, Choice { column, how: How::Given });
    }
    Ok(choices)
}

/// The first columns' names.
fn listed(columns: &[String]) -> String {
    const MAX_LISTED: usize = 50;
    let names = columns.iter().take(MAX_LISTED).map(String::as_str);
    let rest = columns.len().saturating_sub(MAX_LISTED);
    let more = (rest > 0).then(|| format!("and {rest} more"));
    names.chain(more.as_deref()).collect::<Vec<_>>().join(", ")
}

fn find_name(name: &str, columns: &[String]) -> Option<usize> {
    columns
        .iter()
        .position(|column| column == name)
        .or_else(|| columns.iter().position(|column| column.to_lowercase() == name.to_lowercase()))
}

fn by_name(role: Role, sample: &Sample, choices: &BTreeMap<Role, Choice>) -> Option<usize> {
    let is_free = |column: usize| !choices.values().any(|choice| choice.column == column);
    let names: Vec<_> = sample.columns.iter().map(|name| normal_name(name)).collect();
    let known = role.known_names().iter();
    known
        .flat_map(|known| names.iter().enumerate().filter(move |(_, name)| name == known))
        .map(|(i, _)| i)
        .find(|i| is_free(*i) && !sample.is_nested(*i) && !(role == Role::Text && sample.is_numeric(*i)))
}

/// Whether no two sampled posts of different texts share a value of the column, and most have one.
fn names_posts(sample: &Sample, column: usize, text: Option<&Choice>) -> bool {
    let mut texts = HashMap::new();
    let n_named = sample.values(column).filter(|id| !id.is_empty()).count();
    n_named * 2 >= sample.rows.len()
        && sample.rows.iter().all(|row| {
            let text = text.and_then(|text| row[text.column].as_deref());
            let Some(id) = row[column].as_deref().filter(|id| !id.is_empty()) else {
                return true;
            };
            *texts.entry(id).or_insert(text) == text
        })
}

/// What may go wrong with these choices.
fn doubts(
    params: &TableParams,
    sample: &Sample,
    choices: &BTreeMap<Role, Choice>,
) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    if let Some(time) = choices.get(&Role::Time) {
        let reader = TimeReader::new(params.time_format.as_deref(), &params.time_zone)?;
        let mut values =
            sample.values(time.column).map(str::trim).filter(|value| !value.is_empty()).peekable();
        if let Some(first) = values.peek().copied()
            && values.all(|value| reader.read(value).is_none())
        {
            notes.push(format!(
                "{} is left out of the posts' time and kept as an attribute: no value is a time of which day and \
                 month are certain, such as {first:?}; say how to read it with --time-format, for example \
                 \"%m/%d/%y %H:%M\"",
                sample.columns[time.column]
            ));
        }
    }
    if choices.contains_key(&Role::ReplyTo) && !choices.contains_key(&Role::Id) {
        notes.push("replies name posts by an id, but no column holds the posts' ids: give --id".to_owned());
    }
    if !choices.contains_key(&Role::Author) {
        notes.push("no column holds the author: later steps look at posts, not at people".to_owned());
    }
    Ok(notes)
}
