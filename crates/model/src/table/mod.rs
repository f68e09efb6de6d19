//! The tables of a corpus: what a row is, how it lies in Arrow, and how it is read back.
//!
//! Each table is a row type that implements [`Row`]. docs/format.md describes every column; the order of columns
//! there, here and in the files is the same.

mod base;
mod column;
mod derived;
mod view;

use std::any::Any;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

pub use base::{
    AccountRow, ActionRow, AttributeRow, EdgeRow, MediaRow, OriginalRow, PostRow, QuarantineRow, SourceRow,
    TombstoneRow, UnavailableRow,
};
pub use column::{ActKind, Column, Text, UnknownValue};
pub use derived::{
    CleaningRow, ClusterRow, ConversationRow, FeatureRow, InstructionRow, LabelRow, LanguageRow, MapRow,
    PersonaRow, ThreadShapeRow, VectorRow,
};
pub use view::{AccountFigures, AccountWithheld, PostOwner, PostTurn, TombstoneOwner};
pub use view::{
    AccountHandle, AccountName, AccountStanding, ActMessage, ActOnRecord, ActOwner, ActTarget, ActTime,
    ActVersion, PostAsking, PostBody, PostCard, PostClauses, PostFacts, PostLink, PostMessage, PostQuote,
    PostStep, PostText, SourceClass, SourceSighting, TombstoneFacts, TombstoneLink, TombstoneStep,
    UnavailableReason,
};

use crate::RowHasher;

/// One row of a table.
pub trait Row: Sized {
    /// The folder and SQL name of the table.
    const TABLE: &'static str;

    /// The Arrow schema of the table.
    fn schema() -> SchemaRef;
    /// Empty builders, one a column, with room for about `n_rows`.
    fn builders(n_rows: usize) -> Builders;
    /// Adds this row.
    fn append(&self, builders: &mut Builders);
    /// Turns the builders into arrays, in column order, and empties them.
    fn finish(builders: &mut Builders) -> Vec<ArrayRef>;
    /// Finds the columns of a batch by name.
    ///
    /// # Errors
    /// When a column is missing or has another type than [`Row::schema`] says.
    fn columns(batch: &RecordBatch) -> Result<Vec<ArrayRef>, ColumnMismatch>;
    /// Reads one row of what [`Row::columns`] found.
    ///
    /// # Errors
    /// When a column holds a name that this version does not know.
    fn read(columns: &[ArrayRef], row: usize) -> Result<Self, UnknownValue>;
    /// Adds the row's canonical bytes: every column in order.
    fn hash(&self, hasher: &mut RowHasher);
    /// About how many bytes the row takes in memory.
    fn n_bytes(&self) -> usize;
}

/// The Arrow builders of a table: a tuple of each column's [`Column::Builder`], so that one look at its type serves a
/// whole row.
pub type Builders = Box<dyn Any + Send>;

/// A batch that does not have the columns of its table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "table {table}: column {column} should be {expected}, got {got}; the corpus is damaged or of another version"
)]
pub struct ColumnMismatch {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Its Arrow type in this version.
    pub expected: String,
    /// What the batch has.
    pub got: String,
}

/// Gathers rows of one table into batches.
pub struct BatchBuilder {
    schema: SchemaRef,
    builders: Builders,
    empty: fn(usize) -> Builders,
    finish: fn(&mut Builders) -> Vec<ArrayRef>,
    n_rows: usize,
    n_bytes: usize,
}

impl BatchBuilder {
    /// A builder for the table of `R`.
    #[must_use]
    pub fn new<R: Row>() -> Self {
        Self {
            schema: R::schema(),
            builders: R::builders(0),
            empty: R::builders,
            finish: R::finish,
            n_rows: 0,
            n_bytes: 0,
        }
    }

    /// Adds a row of the table that this builder was made for.
    pub fn push<R: Row>(&mut self, row: &R) {
        row.append(&mut self.builders);
        self.n_rows += 1;
        self.n_bytes += row.n_bytes();
    }

    /// Rows since the last batch.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// About how many bytes the rows since the last batch take.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// The rows so far as one batch; the builder is empty after it.
    ///
    /// # Errors
    /// When rows of another table were pushed.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays = (self.finish)(&mut self.builders);
        // The next batch will be about as long.
        self.builders = (self.empty)(self.n_rows);
        self.n_rows = 0;
        self.n_bytes = 0;
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }
}

/// All rows of a batch, in order.
///
/// # Errors
/// When the batch lacks a column of the table; each item fails when its row holds an unknown name.
pub fn read_rows<R: Row>(
    batch: &RecordBatch,
) -> Result<impl Iterator<Item = Result<R, UnknownValue>>, ColumnMismatch> {
    let columns = R::columns(batch)?;
    let n_rows = batch.num_rows();
    Ok((0..n_rows).map(move |row| R::read(&columns, row)))
}

/// Columns that parts of the formats 1 and 2 do not have.
const SINCE_FORMAT_3: [(&str, &str); 16] = [
    ("posts", "counted_at"),
    ("posts", "conversation_id"),
    ("posts", "client"),
    ("posts", "geo"),
    ("posts", "withheld_in"),
    ("posts", "edit_of"),
    ("posts", "edit_of_key"),
    ("posts", "body_start"),
    ("posts", "body_end"),
    ("accounts", "post_count"),
    ("accounts", "location"),
    ("accounts", "joined_at"),
    ("accounts", "geo_scrubbed_up_to"),
    ("accounts", "withheld_in"),
    ("tombstones", "conversation_id"),
    ("tombstones", "edit_of_key"),
];

/// Whether parts that an earlier version wrote may lack a column, which is null or empty there.
#[must_use]
pub fn is_since_format_3(table: &str, column: &str) -> bool {
    SINCE_FORMAT_3.contains(&(table, column))
}

/// A column of a batch, by name and type.
fn find_column<C: Column>(
    batch: &RecordBatch,
    table: &'static str,
    column: &'static str,
) -> Result<ArrayRef, ColumnMismatch> {
    let mismatch = |got: String| ColumnMismatch { table, column, expected: C::data_type().to_string(), got };
    let Some(array) = batch.column_by_name(column) else {
        return if is_since_format_3(table, column) {
            Ok(arrow::array::new_null_array(&C::data_type(), batch.num_rows()))
        } else {
            Err(mismatch("no such column".to_owned()))
        };
    };
    if array.as_any().is::<C::Array>() && *array.data_type() == C::data_type() {
        Ok(Arc::clone(array))
    } else {
        Err(mismatch(array.data_type().to_string()))
    }
}

/// Reads a value of a column that [`find_column`] found.
fn read_value<C: Column>(array: &ArrayRef, row: usize) -> Result<C, UnknownValue> {
    match array.as_any().downcast_ref::<C::Array>() {
        Some(array) => C::value(array, row),
        None => Err(UnknownValue { column: "of another type", got: array.data_type().to_string() }),
    }
}

/// Declares a table: the row type and how it lies in Arrow.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $table:literal $row:ident $(<$lt:lifetime>)? {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $row $(<$lt>)? {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        impl $(<$lt>)? $crate::table::Row for $row $(<$lt>)? {
            const TABLE: &'static str = $table;

            fn schema() -> arrow::datatypes::SchemaRef {
                use $crate::table::Column;
                std::sync::Arc::new(arrow::datatypes::Schema::new(vec![
                    $(arrow::datatypes::Field::new(
                        stringify!($field),
                        <$type as Column>::data_type(),
                        <$type as Column>::NULLABLE,
                    ),)+
                ]))
            }

            fn builders(n_rows: usize) -> $crate::table::Builders {
                Box::new(($(<$type as $crate::table::Column>::builder(n_rows),)+))
            }

            fn append(&self, builders: &mut $crate::table::Builders) {
                type Columns $(<$lt>)? = ($(<$type as $crate::table::Column>::Builder,)+);
                if let Some(($($field,)+)) = builders.downcast_mut::<Columns>() {
                    $($crate::table::Column::append(&self.$field, $field);)+
                }
            }

            fn finish(builders: &mut $crate::table::Builders) -> Vec<arrow::array::ArrayRef> {
                type Columns $(<$lt>)? = ($(<$type as $crate::table::Column>::Builder,)+);
                match builders.downcast_mut::<Columns>() {
                    Some(($($field,)+)) => vec![$(<$type as $crate::table::Column>::finish($field),)+],
                    None => Vec::new(),
                }
            }

            fn columns(
                batch: &arrow::array::RecordBatch,
            ) -> Result<Vec<arrow::array::ArrayRef>, $crate::table::ColumnMismatch> {
                Ok(vec![
                    $($crate::table::find_column::<$type>(batch, $table, stringify!($field))?,)+
                ])
            }

            fn read(
                columns: &[arrow::array::ArrayRef],
                row: usize,
            ) -> Result<Self, $crate::table::UnknownValue> {
                let mut columns = columns.iter();
                Ok(Self {
                    $($field: match columns.next() {
                        Some(column) => $crate::table::read_value::<$type>(column, row)?,
                        None => return Err($crate::table::UnknownValue {
                            column: stringify!($field),
                            got: "no such column".to_owned(),
                        }),
                    },)+
                })
            }

            fn hash(&self, hasher: &mut $crate::RowHasher) {
                $($crate::table::Column::hash(&self.$field, hasher);)+
            }

            fn n_bytes(&self) -> usize {
                0 $(+ $crate::table::Column::n_bytes(&self.$field))+
            }
        }
    };
}
use table;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{Class, Key, Operation, RecordKind};

    fn source(offset: u64) -> SourceRow {
        SourceRow {
            record_key: Key::of("at://did:plc:x/app.bsky.feed.post/1"),
            platform: crate::Platform::Bluesky,
            kind: RecordKind::Post,
            operation: Operation::Create,
            revision: 7,
            content: 9,
            file_hash: Key::of("file"),
            offset,
            class: Class::Stored,
        }
    }

    fn tombstone() -> TombstoneRow<'static> {
        TombstoneRow {
            record_key: Key::of("r"),
            record_id: "r".into(),
            author_id: None,
            author_key: Some(Key::of("a")),
            kind: RecordKind::Post,
            reply_to: Some("p".into()),
            reply_to_key: Some(Key::of("p")),
            root: None,
            root_key: None,
            conversation_id: None,
            edit_of_key: None,
            deleted_at: None,
            seen_revision: Some(3),
            seen_content: None,
        }
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let mut builder = BatchBuilder::new::<TombstoneRow<'_>>();
        builder.push(&tombstone());
        assert_eq!(builder.n_rows(), 1);
        let batch = builder.finish().unwrap();
        assert_eq!(builder.n_rows(), 0);
        let rows: Vec<TombstoneRow<'_>> = read_rows(&batch).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows, [tombstone()]);
    }

    #[test]
    fn a_missing_column_is_named() {
        let mut builder = BatchBuilder::new::<SourceRow>();
        builder.push(&source(0));
        let batch = builder.finish().unwrap();
        let error = read_rows::<PostRow<'_>>(&batch).err().unwrap().to_string();
        assert!(error.contains("posts") && error.contains("post_key"), "{error}");
    }

    #[test]
    fn an_unknown_name_is_an_error_not_a_guess() {
        let mut builder = BatchBuilder::new::<SourceRow>();
        builder.push(&source(0));
        let batch = builder.finish().unwrap();
        let mut arrays = batch.columns().to_vec();
        arrays[2] = Arc::new(arrow::array::StringArray::from(vec!["poem"]));
        let batch = RecordBatch::try_new(batch.schema(), arrays).unwrap();
        let error = read_rows::<SourceRow>(&batch).unwrap().next().unwrap().unwrap_err();
        assert!(error.to_string().contains("poem"), "{error}");
    }

    #[test]
    fn equal_rows_hash_alike_and_others_do_not() {
        let mut hasher = RowHasher::default();
        let mut hash = |row: &SourceRow| {
            row.hash(&mut hasher);
            hasher.finish_row()
        };
        assert_eq!(hash(&source(1)), hash(&source(1)));
        assert_ne!(hash(&source(1)), hash(&source(2)));
    }
}
