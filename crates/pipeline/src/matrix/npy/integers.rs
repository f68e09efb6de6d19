//! Whole numbers: labels of rows.

use std::path::Path;

use super::decode::Layout;
use super::fault::Fault;
use super::header::{Header, Kind};
use super::vectors::map;
use crate::{Error, Result};

/// The labels of `n_rows` rows: integers of any width, `[n]` or `[n, 1]`, that fit into `int32`. -1 is noise.
///
/// # Errors
/// When the file cannot be read, or holds something else: [`Fault`].
pub(crate) fn labels(path: &Path, n_rows: usize) -> Result<Vec<i32>> {
    let named = |fault| Error::Npy { path: path.to_owned(), fault };
    let file = map(path)?;
    let found = integers(file.bytes(), n_rows, Some(1)).map_err(named)?;
    let label = |(row, value): (usize, &i64)| {
        let expected = "a label that fits into int32 and is -1 (noise) or more".to_owned();
        i32::try_from(*value).ok().filter(|label| *label >= -1).ok_or(Fault::Integer {
            row,
            column: 0,
            value: *value,
            expected,
        })
    };
    found.iter().enumerate().map(label).collect::<std::result::Result<_, _>>().map_err(named)
}

/// Integers of any width, row after row: `n_rows` rows of as many columns as are asked for, or of any number. One axis is a column.
pub(super) fn integers(
    file: &[u8],
    n_rows: usize,
    n_cols: Option<usize>,
) -> std::result::Result<Vec<i64>, Fault> {
    let header = Header::read(file)?;
    let (rows, columns) = match header.shape[..] {
        [rows] => (rows, 1),
        [rows, columns] => (rows, columns),
        _ => (0, 0),
    };
    if rows != n_rows || columns == 0 || n_cols.is_some_and(|n| n != columns) {
        let expected = n_cols.map_or_else(|| format!("({n_rows}, k)"), |_| format!("({n_rows},)"));
        let remedy = "give one row for each row of the vectors, in their order";
        return Err(Fault::Shape { shape: header.shape_in_words(), expected, remedy });
    }
    let layout = Layout::of(&header, rows, columns);
    let bytes = &file[header.from..];
    // Beyond i64 there is nothing that would be in a range.
    let wide = |bytes| i64::try_from(u64::from_le_bytes(bytes)).unwrap_or(i64::MAX);
    Ok(match (header.dtype.kind, header.dtype.size) {
        (Some(Kind::Signed), 1) => layout.rows(bytes, |bytes| i8::from_le_bytes(bytes).into()),
        (Some(Kind::Signed), 2) => layout.rows(bytes, |bytes| i16::from_le_bytes(bytes).into()),
        (Some(Kind::Signed), 4) => layout.rows(bytes, |bytes| i32::from_le_bytes(bytes).into()),
        (Some(Kind::Signed), 8) => layout.rows(bytes, i64::from_le_bytes),
        (Some(Kind::Unsigned), 1) => layout.rows(bytes, |bytes| u8::from_le_bytes(bytes).into()),
        (Some(Kind::Unsigned), 2) => layout.rows(bytes, |bytes| u16::from_le_bytes(bytes).into()),
        (Some(Kind::Unsigned), 4) => layout.rows(bytes, |bytes| u32::from_le_bytes(bytes).into()),
        (Some(Kind::Unsigned), 8) => layout.rows(bytes, wide),
        _ => {
            let (got, expected) = (header.dtype.name.clone(), "integers, such as int32 (i4)");
            return Err(Fault::Dtype { got, expected, remedy: "numpy.int32" });
        }
    })
}
