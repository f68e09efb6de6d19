//! Count and digest of the rows of a part, from what lies in the file alone.
//!
//! Written from docs/format.md, not from the row types: the columns and their types are those of the file. So it holds for
//! tables that this version does not know too, and a mistake of the writer does not repeat itself here.

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Field, Float32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    UInt32Type, UInt64Type,
};
use populi_model::{RowHasher, TableDigest};

use crate::error::{Error, Result};
use crate::part::read_batches;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 4 * 1024;

/// Adds the canonical bytes of a row's value.
type AddValue<'a> = Box<dyn Fn(usize, &mut RowHasher) + 'a>;

/// Counts and digests the rows of a part.
pub(super) fn digest_of(path: &Path) -> Result<(u64, TableDigest)> {
    let mut hasher = RowHasher::default();
    let mut digest = TableDigest::default();
    let mut n_rows = 0;
    for batch in read_batches(path, None, BATCH_ROWS)? {
        let batch = batch?;
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            columns.push(column(field, array).ok_or_else(|| Error::Damaged {
                path: path.to_owned(),
                reason: format!("no table has a column such as {}: {}", field.name(), field.data_type()),
            })?);
        }
        for row in 0..batch.num_rows() {
            columns.iter().for_each(|add| add(row, &mut hasher));
            digest.add_row(&hasher.finish_row());
        }
        n_rows += batch.num_rows() as u64;
    }
    Ok((n_rows, digest))
}

/// A column: of one that may be null, first whether there is a value.
fn column<'a>(field: &Field, array: &'a ArrayRef) -> Option<AddValue<'a>> {
    let add = values(array)?;
    if !field.is_nullable() {
        return Some(add);
    }
    Some(Box::new(move |row, hasher| {
        hasher.presence(array.is_valid(row));
        if array.is_valid(row) {
            add(row, hasher);
        }
    }))
}

/// The values of an array; `None` where no table has such.
fn values(array: &ArrayRef) -> Option<AddValue<'_>> {
    macro_rules! number {
        ($kind:ty) => {{
            let array = array.as_primitive_opt::<$kind>()?;
            Box::new(move |row, hasher| hasher.fixed(&array.value(row).to_le_bytes()))
        }};
    }
    Some(match array.data_type() {
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::Timestamp(TimeUnit::Microsecond, _) => number!(TimestampMicrosecondType),
        DataType::Boolean => {
            let array = array.as_boolean_opt()?;
            Box::new(move |row, hasher| hasher.fixed(&[u8::from(array.value(row))]))
        }
        DataType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary_opt()?;
            Box::new(move |row, hasher| hasher.fixed(array.value(row)))
        }
        DataType::Utf8 => {
            let array = array.as_string_opt::<i32>()?;
            Box::new(move |row, hasher| hasher.variable(array.value(row).as_bytes()))
        }
        DataType::Binary => {
            let array = array.as_binary_opt::<i32>()?;
            Box::new(move |row, hasher| hasher.variable(array.value(row)))
        }
        DataType::List(_) => {
            let array = array.as_list_opt::<i32>()?;
            let add = values(array.values())?;
            Box::new(move |row, hasher| {
                let ends = array.value_offsets();
                let items = ends[row] as usize..ends[row + 1] as usize;
                hasher.fixed(&(items.len() as u64).to_le_bytes());
                items.for_each(|item| add(item, hasher));
            })
        }
        _ => return None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use populi_model::table::{PostRow, VectorRow};
    use populi_model::{Key, Platform, Timestamp};

    use super::*;
    use crate::part::PartWriter;

    /// A row with every kind of column, some of them null.
    fn post(number: u64) -> PostRow<'static> {
        PostRow {
            post_key: Key::of("p"),
            post_id: format!("p{number}").into(),
            platform: Platform::Bluesky,
            author_id: (number > 1).then(|| "ann".into()),
            author_key: (number > 1).then(|| Key::of("ann")),
            created_at: Some(Timestamp(number as i64)),
            received_at: None,
            text: "".into(),
            declared_lang: vec!["en".into(), "".into()],
            reply_to: None,
            reply_to_key: None,
            root: None,
            root_key: None,
            quote_of: None,
            quote_of_key: None,
            hashtags: Vec::new(),
            mentions: Vec::new(),
            urls: Vec::new(),
            like_count: Some(-3),
            reply_count: None,
            repost_count: None,
            quote_count: None,
            counted_at: None,
            conversation_id: None,
            client: None,
            geo: None,
            withheld_in: vec!["DE".into()],
            edit_of: None,
            edit_of_key: None,
            body_start: Some(2),
            body_end: None,
            media_ids: vec!["m".into()],
            edited: number == 2,
            revision: u64::MAX,
            content: 0,
        }
    }

    #[test]
    fn rows_have_the_digest_that_the_writer_gave_them() {
        let corpus = tempfile::tempdir().unwrap();
        let mut part = PartWriter::create::<PostRow<'_>>(corpus.path(), "posts", Some(1), "test").unwrap();
        (0..3).for_each(|number| part.push(&post(number)).unwrap());
        let entry = part.publish().unwrap();
        assert_eq!(digest_of(&corpus.path().join(&entry.file)).unwrap(), (3, entry.digest));

        let mut part = PartWriter::create::<VectorRow>(corpus.path(), "vectors/x", None, "test").unwrap();
        for vector in [vec![0.5, -1.0], Vec::new(), vec![f32::NAN]] {
            part.push(&VectorRow { post_key: Key::of("p"), text_key: Key::of("t"), vector }).unwrap();
        }
        let entry = part.publish().unwrap();
        assert_eq!(digest_of(&corpus.path().join(&entry.file)).unwrap(), (3, entry.digest));
    }

    #[test]
    fn the_digest_of_one_row_is_what_the_format_says() {
        let corpus = tempfile::tempdir().unwrap();
        let mut part = PartWriter::create::<VectorRow>(corpus.path(), "vectors/x", None, "test").unwrap();
        let (post_key, text_key) = (Key([1; 16]), Key([2; 16]));
        part.push(&VectorRow { post_key, text_key, vector: vec![1.0] }).unwrap();
        let entry = part.publish().unwrap();
        let bytes = [&[1; 16][..], &[2; 16], &1u64.to_le_bytes(), &1f32.to_le_bytes()].concat();
        let mut expected = *blake3::hash(&bytes).as_bytes();
        // The digest is written with the most significant digits first; the hash is read as little-endian.
        expected.reverse();
        let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest_of(&corpus.path().join(&entry.file)).unwrap().1.to_string(), expected);
    }
}
