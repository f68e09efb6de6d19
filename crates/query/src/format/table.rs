//! Aligned columns for people.

use std::fmt::Write as _;
use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use unicode_width::UnicodeWidthChar;

use super::BatchWriter;
use crate::error::{Error, Result};

/// What stands where a text was cut.
const ELLIPSIS: char = '…';

/// How a table for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableParams {
    /// Columns of the terminal that one cell may take before it is cut, 1 or more. Default: 60.
    pub max_cell_width: usize,
}

impl Default for TableParams {
    fn default() -> Self {
        Self { max_cell_width: 60 }
    }
}

impl TableParams {
    /// Checks the ranges.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    pub fn check(&self) -> Result<()> {
        if self.max_cell_width == 0 {
            let expected = "1 or more";
            return Err(Error::Parameter { name: "max_cell_width", expected, got: self.max_cell_width });
        }
        Ok(())
    }
}

/// A formatted cell and the columns of the terminal that it takes.
struct Cell {
    text: String,
    width: usize,
}

/// Writes a header, a line, aligned rows, and the number of rows.
///
/// Widths are those of the widest cell so far, so rows are written batch by batch: a column of a later batch may be
/// wider, never cut for an earlier one's sake.
pub(super) struct TableWriter<'a> {
    output: &'a mut dyn Write,
    params: TableParams,
    header: Vec<Cell>,
    is_number: Vec<bool>,
    widths: Vec<usize>,
    n_rows: u64,
}

impl<'a> TableWriter<'a> {
    pub(super) fn new(schema: &SchemaRef, params: TableParams, output: &'a mut dyn Write) -> Result<Self> {
        params.check()?;
        let header: Vec<Cell> =
            schema.fields().iter().map(|field| cell(field.name(), params.max_cell_width)).collect();
        Ok(Self {
            output,
            params,
            is_number: schema.fields().iter().map(|field| field.data_type().is_numeric()).collect(),
            widths: header.iter().map(|cell| cell.width).collect(),
            header,
            n_rows: 0,
        })
    }

    fn write_header(&mut self) -> Result<()> {
        let header = std::mem::take(&mut self.header);
        self.write_row(&header)?;
        let rules: Vec<String> = self.widths.iter().map(|&width| "─".repeat(width + 2)).collect();
        Ok(writeln!(self.output, "{}", rules.join("┼"))?)
    }

    fn write_row(&mut self, cells: &[Cell]) -> Result<()> {
        let mut line = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let padding = " ".repeat(self.widths[column].saturating_sub(cell.width));
            let (left, right) =
                if self.is_number[column] { (padding.as_str(), "") } else { ("", padding.as_str()) };
            let bar = if column == 0 { "" } else { "│" };
            // Writing into a string cannot fail.
            let _ = write!(line, "{bar} {left}{}{right} ", cell.text);
        }
        Ok(writeln!(self.output, "{}", line.trim_end())?)
    }

    fn cells(&self, batch: &RecordBatch) -> Result<Vec<Vec<Cell>>> {
        let options = FormatOptions::default();
        let columns = batch.columns().iter().map(|column| {
            let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
            let cells = (0..column.len()).map(|row| {
                let text = formatter.value(row).try_to_string()?;
                Ok(cell(&text, self.params.max_cell_width))
            });
            cells.collect()
        });
        columns.collect::<std::result::Result<_, _>>().map_err(Error::of_writer)
    }
}

impl BatchWriter for TableWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut columns = self.cells(batch)?;
        for (width, cells) in self.widths.iter_mut().zip(&columns) {
            *width = cells.iter().map(|cell| cell.width).max().unwrap_or(0).max(*width);
        }
        if self.n_rows == 0 && batch.num_rows() > 0 {
            self.write_header()?;
        }
        let mut columns: Vec<_> = columns.iter_mut().map(|cells| cells.drain(..)).collect();
        for _ in 0..batch.num_rows() {
            let row: Vec<Cell> = columns.iter_mut().filter_map(Iterator::next).collect();
            self.write_row(&row)?;
        }
        self.n_rows += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if self.n_rows == 0 {
            self.write_header()?;
        }
        let rows = if self.n_rows == 1 { "row" } else { "rows" };
        Ok(writeln!(self.output, "({} {rows})", self.n_rows)?)
    }
}

/// Writes the plans of `EXPLAIN`, whose cells are texts of many lines, one below the other.
pub(super) struct PlanWriter<'a> {
    output: &'a mut dyn Write,
}

impl<'a> PlanWriter<'a> {
    pub(super) fn new(output: &'a mut dyn Write) -> Self {
        Self { output }
    }
}

impl BatchWriter for PlanWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let options = FormatOptions::default();
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                let formatter =
                    ArrayFormatter::try_new(column.as_ref(), &options).map_err(Error::of_writer)?;
                let text = formatter.value(row).try_to_string().map_err(Error::of_writer)?;
                for line in text.lines() {
                    // Escapes what a name in the query may hold, line by line.
                    writeln!(self.output, "{}", cell(line, usize::MAX).text)?;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A text on one line and at most `max_width` columns wide. Characters that would move the cursor, or turn the
/// direction of what follows, are shown as escapes.
fn cell(text: &str, max_width: usize) -> Cell {
    let mut shown = Cell { text: String::new(), width: 0 };
    // Where the text must end if an ellipsis is to follow: byte and width.
    let mut cut = (0, 0);
    for character in text.chars() {
        let before = shown.text.len();
        if is_shown_as_escape(character) {
            shown.text.extend(character.escape_default());
            shown.width += shown.text.len() - before;
        } else {
            shown.text.push(character);
            shown.width += character.width().unwrap_or(0);
        }
        if shown.width > max_width {
            shown.text.truncate(cut.0);
            shown.text.push(ELLIPSIS);
            shown.width = cut.1 + 1;
            return shown;
        }
        if shown.width < max_width {
            cut = (shown.text.len(), shown.width);
        }
    }
    shown
}

fn is_shown_as_escape(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, max_width: usize) -> (String, usize) {
        let cell = cell(text, max_width);
        (cell.text, cell.width)
    }

    #[test]
    fn a_text_that_fits_is_whole() {
        assert_eq!(shown("", 3), (String::new(), 0));
        assert_eq!(shown("abc", 3), ("abc".to_owned(), 3));
        assert_eq!(shown("日本", 4), ("日本".to_owned(), 4));
    }

    #[test]
    fn a_longer_text_is_cut_to_the_width() {
        assert_eq!(shown("abcd", 3), ("ab…".to_owned(), 3));
        assert_eq!(shown("日本語", 4), ("日…".to_owned(), 3));
        assert_eq!(shown("日本", 1), ("…".to_owned(), 1));
    }

    #[test]
    fn control_and_direction_characters_are_escapes() {
        assert_eq!(shown("a\nb\0", 60).0, "a\\nb\\u{0}");
        assert_eq!(shown("\x1b[31mred", 60).0, "\\u{1b}[31mred");
        assert_eq!(shown("\u{202e}abc", 60).0, "\\u{202e}abc");
    }

    #[test]
    fn an_escape_is_never_cut_in_two() {
        assert_eq!(shown("ab\u{1b}cd", 5).0, "ab…");
    }
}
