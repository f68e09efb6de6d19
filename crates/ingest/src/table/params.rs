//! What the user says about a table.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::columns::Role;
use super::time::TimeReader;
use crate::Error;

/// A column, as the user names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ColumnRef {
    /// By its name in the header, or the key of its JSON objects. Letter case matters only where two names differ in
    /// nothing else.
    Name(String),
    /// By its place, from 1.
    Number(usize),
}

impl FromStr for ColumnRef {
    type Err = Infallible;

    /// Digits are a place, anything else a name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.parse() {
            Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Number(number),
            _ => Self::Name(text.to_owned()),
        })
    }
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// Whether the first row of a CSV or TSV holds the names of the columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Header {
    /// It is guessed from the first rows, unless a column is given by name (then there is one).
    #[default]
    Guess,
    /// It does.
    Present,
    /// It is a row like the others.
    Absent,
}

/// How to read a table. What is not given is guessed; [`super::Mapping`] tells what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableParams {
    /// The column of the text.
    pub text: Option<ColumnRef>,
    /// The column of the post's id; without one, posts are named by file and row.
    pub id: Option<ColumnRef>,
    /// The column of the author's id or name; without one, posts have no author.
    pub author: Option<ColumnRef>,
    /// The column of the time.
    pub time: Option<ColumnRef>,
    /// The column of the id of the post that a post answers.
    pub reply_to: Option<ColumnRef>,
    /// The column of the language.
    pub lang: Option<ColumnRef>,
    /// The column of the label, which is kept as the attribute `label`.
    pub label: Option<ColumnRef>,
    /// Whether there is a header.
    pub header: Header,
    /// The times' format, as of `strftime`; without one, the formats listed at [`super`] are read.
    pub time_format: Option<String>,
    /// The IANA time zone of times that name none. Default: `UTC`.
    pub time_zone: String,
    /// What stands between two fields; without one, comma, tab or semicolon is guessed.
    pub delimiter: Option<u8>,
}

impl Default for TableParams {
    fn default() -> Self {
        Self {
            text: None,
            id: None,
            author: None,
            time: None,
            reply_to: None,
            lang: None,
            label: None,
            header: Header::Guess,
            time_format: None,
            time_zone: "UTC".to_owned(),
            delimiter: None,
        }
    }
}

impl TableParams {
    /// Whether these can be used at all, whatever the table.
    ///
    /// # Errors
    /// When a place is 0, a column is given by name together with [`Header::Absent`], the delimiter is a quote or
    /// the end of a line, the time zone is unknown, or the time format cannot tell a day.
    pub fn check(&self) -> Result<(), Error> {
        for role in Role::ALL {
            let option = role.name();
            let wrong = match self.column(role) {
                Some(ColumnRef::Number(0)) => format!("--{option} 0: columns are counted from 1"),
                Some(ColumnRef::Name(name)) if self.header == Header::Absent => format!(
                    "--{option} {name}: a table without a header has no column names, give the column's number"
                ),
                _ => continue,
            };
            return Err(Error::TableParams(wrong));
        }
        if let Some(delimiter @ (b'"' | b'\n' | b'\r' | 128..)) = self.delimiter {
            return Err(Error::TableParams(format!(
                "delimiter {:?}: expected an ASCII character that is no quote and no line end",
                char::from(delimiter)
            )));
        }
        TimeReader::new(self.time_format.as_deref(), &self.time_zone).map(|_| ())
    }

    /// The column that is given for a role.
    pub(super) fn column(&self, role: Role) -> Option<&ColumnRef> {
        match role {
            Role::Text => self.text.as_ref(),
            Role::Id => self.id.as_ref(),
            Role::Author => self.author.as_ref(),
            Role::Time => self.time.as_ref(),
            Role::ReplyTo => self.reply_to.as_ref(),
            Role::Lang => self.lang.as_ref(),
            Role::Label => self.label.as_ref(),
        }
    }

    /// Whether a column is given by its name.
    pub(super) fn names_a_column(&self) -> bool {
        Role::ALL.into_iter().any(|role| matches!(self.column(role), Some(ColumnRef::Name(_))))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn digits_are_places() {
        let column = |text: &str| text.parse::<ColumnRef>().unwrap();
        assert_eq!(column("12"), ColumnRef::Number(12));
        for name in ["text", "", "+1", "1a", "99999999999999999999999"] {
            assert_eq!(column(name), ColumnRef::Name(name.to_owned()));
        }
    }

    #[test]
    fn checks_what_no_table_can_mend() {
        let name = |name: &str| Some(ColumnRef::Name(name.to_owned()));
        let good = TableParams { text: name("text"), delimiter: Some(b'|'), ..TableParams::default() };
        good.check().unwrap();
        let bad = [
            TableParams { id: Some(ColumnRef::Number(0)), ..TableParams::default() },
            TableParams { text: name("text"), header: Header::Absent, ..TableParams::default() },
            TableParams { delimiter: Some(b'"'), ..TableParams::default() },
            TableParams { delimiter: Some(200), ..TableParams::default() },
            TableParams { time_zone: "Atlantis/Centre".to_owned(), ..TableParams::default() },
            TableParams { time_format: Some("%H:%M".to_owned()), ..TableParams::default() },
        ];
        for params in bad {
            assert!(params.check().is_err(), "{params:?}");
        }
    }
}
