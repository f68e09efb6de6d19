//! A table that was decoded elsewhere, such as Parquet: its rows come one by one, as texts.

use std::borrow::Cow;

use populi_model::Tally;

use super::columns::Mapping;
use super::document::Cell;
use super::params::TableParams;
use super::post::{Place, PostMaker, Row};
use super::sample::Sample;
use crate::Error;
use crate::sink::{Ledger, Sink, SourceFile};

/// Takes the rows of a table with named columns.
///
/// The caller decodes; numbers come as their digits, times as RFC 3339, lists and structs as JSON. An origin's offset
/// and line are the row's number, from 0 and from 1.
pub struct Rows {
    maker: PostMaker,
    n_rows: u64,
}

impl Rows {
    /// Chooses the columns of the table named `table` by `columns`, their names, and its first rows, of which some
    /// hundred are enough. Nothing of the sample is taken: the rows are pushed from the first on.
    ///
    /// # Errors
    /// When the parameters are wrong, a given column is not there, or no column can be the text.
    pub fn open(
        columns: &[String],
        sample: &[Vec<Option<Cow<'_, str>>>],
        params: &TableParams,
        table: &str,
    ) -> Result<Self, Error> {
        params.check()?;
        let width = columns.len();
        let rows = sample.iter().filter(|row| row.len() == width);
        let rows =
            rows.map(|row| row.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect()).collect();
        let mapping = Mapping::choose(params, &mut Sample::of_rows(columns.to_vec(), rows), table)?;
        Ok(Self { maker: PostMaker::new(mapping, params)?, n_rows: 0 })
    }

    /// Which column became what.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        self.maker.mapping()
    }

    /// Takes the next row: a cell for every column, `None` for a missing value.
    pub fn push<S: Sink + ?Sized>(
        &mut self,
        cells: &[Option<Cow<'_, str>>],
        file: &SourceFile<'_>,
        sink: &mut S,
        tally: &mut Tally,
    ) {
        let mut ledger = Ledger { file, sink, tally };
        let texts = cells.iter().map(Option::as_deref);
        let row = Row {
            cells: texts.map(|text| text.map(|text| Cell::Text(Cow::Borrowed(text)))).collect(),
            extra: Vec::new(),
        };
        let place = Place { offset: self.n_rows, line: self.n_rows + 1, row: self.n_rows };
        self.n_rows += 1;
        if let Err(defect) = self.maker.take(&row, place, &mut ledger) {
            let head: Vec<_> = cells.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
            ledger.quarantine(place.offset, place.line, &defect, head.join("\t").as_bytes());
        }
    }
}
