//! The first records of a table, by columns: what guesses rest on.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::columns::{Choice, Role, is_text_name, normal_name};
use super::document::{Cell, Document};
use super::kind::{Kind, look_at_records, look_at_rows, most_common};
use super::params::{Header, TableParams};

/// How many members of JSON objects are columns; later ones are attributes all the same, behind those.
const MAX_MEMBERS: usize = 1000;

/// The first rows of a table.
pub(super) struct Sample {
    pub(super) columns: Vec<String>,
    /// Whether the first row of the input holds the columns' names.
    pub(super) has_header: bool,
    /// Whether later records may bring columns that are not known yet, as JSON objects may.
    pub(super) has_open_columns: bool,
    /// The values of each row, as many as there are columns; nested values are missing.
    pub(super) rows: Vec<Vec<Option<String>>>,
    has_names: bool,
    /// How many nested values columns have that have any.
    n_nested: HashMap<usize, usize>,
}

impl Sample {
    /// A sample of a table whose columns have names.
    pub(super) fn of_rows(columns: Vec<String>, rows: Vec<Vec<Option<String>>>) -> Self {
        let n_nested = HashMap::new();
        Self { columns, has_header: false, has_open_columns: false, rows, has_names: true, n_nested }
    }

    /// The first records in the beginning of an input.
    pub(super) fn of(kind: Kind, head: &[u8], params: &TableParams) -> Self {
        match kind {
            Kind::Lines | Kind::Delimited { .. } => Self::of_fields(kind, head, params),
            Kind::JsonLines | Kind::JsonArray => Self::of_documents(kind, head),
        }
    }

    fn of_fields(kind: Kind, head: &[u8], params: &TableParams) -> Self {
        let mut rows: Vec<Vec<Option<String>>> = Vec::new();
        look_at_rows(kind, head, |fields| {
            rows.push(fields.iter().map(|field| Some((*field).to_owned())).collect());
        });
        let has_header = match params.header {
            Header::Present => !rows.is_empty(),
            Header::Absent => false,
            Header::Guess => params.names_a_column() && !rows.is_empty() || looks_like_header(&rows),
        };
        let header = if has_header { Some(rows.remove(0)) } else { None };
        let mut width = match &header {
            Some(header) => header.len(),
            None if kind == Kind::Lines => 1,
            None => most_common(&mut rows.iter().map(Vec::len).collect::<Vec<_>>()).0,
        };
        rows.retain(|row| row.len() == width);
        let is_last_empty =
            |row: &Vec<Option<String>>| row.last().is_some_and(|cell| cell.as_deref() == Some(""));
        if width > 1 && header.as_ref().is_none_or(is_last_empty) && rows.iter().all(is_last_empty) {
            width -= 1;
            rows.iter_mut().for_each(|row| row.truncate(width));
        }
        let names = header.unwrap_or_default().into_iter().flatten();
        let names = names.chain(std::iter::repeat(String::new())).take(width).enumerate();
        let columns =
            names.map(|(i, name)| if name.trim().is_empty() { numbered(i) } else { name }).collect();
        Self { has_header, has_names: has_header, ..Self::of_rows(columns, rows) }
    }

    fn of_documents(kind: Kind, head: &[u8]) -> Self {
        let mut objects = Self { has_open_columns: true, ..Self::of_rows(Vec::new(), Vec::new()) };
        let mut places = HashMap::new();
        let mut arrays: Vec<Vec<Option<Cell<'static>>>> = Vec::new();
        let mut texts = Vec::new();
        look_at_records(kind, head, |record| match Document::parse(record) {
            Ok(Document::Object(members)) => objects.add_object(members, &mut places),
            Ok(Document::Array(cells)) => {
                arrays.push(cells.into_iter().map(|cell| cell.map(Cell::into_owned)).collect());
            }
            Ok(Document::Text(text)) => texts.push(vec![Some(text.into_owned())]),
            Ok(Document::Other(_)) | Err(_) => {}
        });
        if !objects.rows.is_empty() {
            let width = objects.columns.len();
            objects.rows.iter_mut().for_each(|row| row.resize(width, None));
            return objects;
        }
        if arrays.is_empty() {
            return Self { has_open_columns: true, ..Self::of_rows(vec!["text".to_owned()], texts) };
        }
        let width = most_common(&mut arrays.iter().map(Vec::len).collect::<Vec<_>>()).0;
        let mut sample = Self::of_rows((0..width).map(numbered).collect(), Vec::new());
        sample.has_names = false;
        for cells in arrays.into_iter().filter(|cells| cells.len() == width) {
            let row = cells.into_iter().enumerate().map(|(i, cell)| sample.value(i, cell)).collect();
            sample.rows.push(row);
        }
        sample
    }

    fn add_object(
        &mut self,
        members: Vec<(Cow<'_, str>, Option<Cell<'_>>)>,
        places: &mut HashMap<String, usize>,
    ) {
        let mut row = vec![None; self.columns.len()];
        for (name, cell) in members {
            let column = match places.get(&*name) {
                Some(column) => *column,
                None if self.columns.len() == MAX_MEMBERS => continue,
                None => {
                    places.insert(name.to_string(), self.columns.len());
                    row.push(None);
                    self.columns.push(name.into_owned());
                    self.columns.len() - 1
                }
            };
            row[column] = self.value(column, cell);
        }
        self.rows.push(row);
    }

    fn value(&mut self, column: usize, cell: Option<Cell<'_>>) -> Option<String> {
        match cell? {
            Cell::Text(text) => Some(text.into_owned()),
            Cell::Nested(_) => {
                *self.n_nested.entry(column).or_default() += 1;
                None
            }
        }
    }

    /// A column that no sampled row has, and its place.
    pub(super) fn add_column(&mut self, name: &str) -> usize {
        self.columns.push(name.to_owned());
        self.rows.iter_mut().for_each(|row| row.push(None));
        self.columns.len() - 1
    }

    /// Whether the column holds arrays and objects rather than texts and numbers.
    pub(super) fn is_nested(&self, column: usize) -> bool {
        self.n_nested.get(&column).is_some_and(|n_nested| *n_nested > self.values(column).count())
    }

    /// The column's values.
    pub(super) fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row[column].as_deref())
    }

    /// Whether the column holds numbers and nothing else.
    pub(super) fn is_numeric(&self, column: usize) -> bool {
        let mut values = self.values(column).filter(|value| !value.is_empty()).peekable();
        values.peek().is_some() && values.all(is_number)
    }

    /// The column with the longest texts on average, the first of equals, among those that are not `taken`.
    ///
    /// In most of its values there must be white space or a letter outside ASCII, which names and codes have not;
    /// unless all other columns are numbers.
    pub(super) fn longest_text(&self, taken: impl Fn(usize) -> bool) -> Option<usize> {
        let is_prose = |value: &str| !value.is_ascii() || value.trim().contains(char::is_whitespace);
        let columns = (0..self.columns.len()).filter(|column| !taken(*column) && !self.is_nested(*column));
        let mut columns: Vec<_> = columns.filter(|column| !self.is_numeric(*column)).collect();
        if columns.len() > 1 {
            columns.retain(|column| {
                let n_values = self.values(*column).filter(|value| !value.is_empty()).count();
                let n_prose = self.values(*column).filter(|value| is_prose(value)).count();
                n_prose > 0 && n_prose * 2 >= n_values
            });
        }
        // All columns have the same number of rows, so the sum orders them as the mean does.
        let length = |column: &usize| self.values(*column).map(|value| value.chars().count()).sum::<usize>();
        columns.into_iter().rev().max_by_key(length).or((self.columns.len() == 1).then_some(0))
    }

    /// Whether this is a table of two columns without names, of which the second is the text and the first small
    /// whole numbers that repeat.
    pub(super) fn has_leading_labels(&self, text: Option<&Choice>) -> bool {
        let is_small =
            |value: &str| (1..=4).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
        if self.has_names || self.columns.len() != 2 || text.is_none_or(|text| text.column != 1) {
            return false;
        }
        let distinct: HashSet<_> = self.values(0).collect();
        self.values(0).all(is_small) && distinct.len() * 2 <= self.rows.len()
    }
}

/// Whether a first row of fields holds a name that we know, and nothing that is no name.
pub(super) fn is_known_header<N: AsRef<str>>(names: &[N]) -> bool {
    let is_known = |name: &N| {
        let name = normal_name(name.as_ref());
        Role::ALL.iter().any(|role| role.known_names().contains(&name.as_str()))
    };
    are_names(names) && names.iter().any(is_known)
}

/// Whether these could be the names of columns: distinct, short, on one line, and no numbers.
fn are_names<N: AsRef<str>>(cells: &[N]) -> bool {
    let distinct: HashSet<_> = cells.iter().map(AsRef::as_ref).collect();
    let mut cells_in_order = cells.iter().map(AsRef::as_ref);
    distinct.len() == cells.len()
        && cells_in_order.all(|name: &str| name.len() <= 64 && !name.contains('\n') && !is_number(name))
}

/// The name of a column without one.
pub(super) fn numbered(column: usize) -> String {
    format!("column_{}", column + 1)
}

fn is_number(value: &str) -> bool {
    value.trim().parse::<f64>().is_ok()
}

/// Whether the first row holds names: distinct, short, no numbers, as many as the other rows have fields; and one of
/// them is a name that we know, or stands over a column of numbers. A single column has a name only where it is one
/// that texts have.
fn looks_like_header(rows: &[Vec<Option<String>>]) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    let names: Vec<_> = first.iter().flatten().map(String::as_str).collect();
    if let [name] = names[..] {
        return is_text_name(name);
    }
    let width = most_common(&mut rest.iter().map(Vec::len).collect::<Vec<_>>()).0;
    let is_over_numbers = |column: usize| {
        let mut values = rest.iter().filter(|row| row.len() == width).flat_map(|row| &row[column]).peekable();
        !names[column].trim().is_empty() && values.peek().is_some() && values.all(|value| is_number(value))
    };
    is_known_header(&names) || (are_names(&names) && width == names.len() && (0..width).any(is_over_numbers))
}
