//! Rows of numbers: the input of everything.

use std::path::Path;

use half::f16;
use populi_geometry::MatrixView;
use populi_simd::MappedFile;

use super::decode::Layout;
use super::fault::Fault;
use super::header::{Header, Kind};
use crate::error::io;
use crate::{Error, Result};

/// An array of floats with two axes, `[n_rows, n_cols]`, every value finite.
///
/// A file of little-endian `f4` in C order is used where it lies: its pages come and go with the system's memory, and no
/// private memory is taken. Anything else is converted, which takes 4 bytes a value.
#[derive(Debug)]
pub(crate) struct Vectors {
    n_rows: usize,
    n_cols: usize,
    dtype: String,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Mapped { file: MappedFile, from: usize },
    Converted(Vec<f32>),
}

impl Vectors {
    /// Reads the head of a file, converts the values where they cannot be used as they lie, and looks at every value once.
    ///
    /// # Errors
    /// When the file cannot be read, or is not such an array: [`Fault`].
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = map(path)?;
        Self::of(file).map_err(|fault| Error::Npy { path: path.to_owned(), fault })
    }

    fn of(file: MappedFile) -> std::result::Result<Self, Fault> {
        let header = Header::read(file.bytes())?;
        let (n_rows, n_cols) = rows_and_columns(&header)?;
        let layout = Layout::of(&header, n_rows, n_cols);
        let in_place = file.as_f32(header.from).filter(|_| layout.is_in_rows() && header.dtype.name == "<f4");
        let converted = match in_place {
            Some(_) => None,
            None => Some(convert(&header, &file.bytes()[header.from..], layout)?),
        };
        let values = in_place.or(converted.as_deref()).unwrap_or_default();
        if let Some(at) = not_finite(n_cols, values) {
            let (row, column) = (at / n_cols, at % n_cols);
            let wide = header.dtype.size == 8;
            let value = if wide {
                layout.f64_at(&file.bytes()[header.from..], row, column)
            } else {
                values[at].into()
            };
            return Err(if value.is_finite() {
                Fault::TooLarge { row, column, value }
            } else {
                Fault::NotFinite { row, column, value }
            });
        }
        let from = header.from;
        let values = converted.map_or_else(|| Values::Mapped { file, from }, Values::Converted);
        Ok(Self { n_rows, n_cols, dtype: header.dtype.name, values })
    }

    /// The rows.
    ///
    /// # Errors
    /// None for rows that were opened.
    pub(crate) fn view(&self) -> Result<MatrixView<'_>> {
        Ok(MatrixView::new(self.n_rows, self.n_cols, self.values())?)
    }

    /// Number of rows.
    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub(crate) fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// The type in the file, as NumPy writes it.
    pub(crate) fn dtype(&self) -> &str {
        &self.dtype
    }

    /// Whether the values are used where they lie in the file.
    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self.values, Values::Mapped { .. })
    }

    fn values(&self) -> &[f32] {
        match &self.values {
            // They were there when the file was opened, and neither it nor the place has changed.
            Values::Mapped { file, from } => file.as_f32(*from).unwrap_or_default(),
            Values::Converted(values) => values,
        }
    }
}

/// Maps a file.
///
/// # Errors
/// When it is not there, is no file, or cannot be read.
pub(super) fn map(path: &Path) -> Result<MappedFile> {
    // Asked before it is opened: to open a pipe is to wait for its other end.
    if !std::fs::metadata(path).map_err(io("read", path))?.is_file() {
        let got = "something that is no file, such as a folder or a pipe".to_owned();
        let fault = Fault::NotNpy { got, remedy: "give the path of a file on the disk" };
        return Err(Error::Npy { path: path.to_owned(), fault });
    }
    MappedFile::open(path).map_err(io("read", path))
}

fn rows_and_columns(header: &Header) -> std::result::Result<(usize, usize), Fault> {
    let shape = header.shape_in_words();
    match header.shape[..] {
        [0, _] | [_, 0] => Err(Fault::Empty { shape }),
        [n_rows, _] if n_rows > i32::MAX as usize => Err(Fault::TooManyRows { n_rows }),
        [n_rows, n_cols] => Ok((n_rows, n_cols)),
        [] | [_] => Err(Fault::Shape {
            shape,
            expected: "two axes, (rows, columns)".to_owned(),
            remedy: "where each value is a row, save a.reshape(-1, 1)",
        }),
        _ => Err(Fault::Shape {
            shape,
            expected: "two axes, (rows, columns)".to_owned(),
            remedy: "where the first axis counts rows, save a.reshape(len(a), -1)",
        }),
    }
}

fn convert(header: &Header, bytes: &[u8], layout: Layout) -> std::result::Result<Vec<f32>, Fault> {
    match (header.dtype.kind, header.dtype.size) {
        (Some(Kind::Float), 2) => Ok(layout.rows(bytes, |bytes| f16::from_le_bytes(bytes).to_f32())),
        (Some(Kind::Float), 4) => Ok(layout.rows(bytes, f32::from_le_bytes)),
        (Some(Kind::Float), 8) => Ok(layout.rows(bytes, |bytes| f64::from_le_bytes(bytes) as f32)),
        _ => {
            let (got, expected) = (header.dtype.name.clone(), "floats of 2, 4 or 8 bytes (f2, f4, f8)");
            Err(Fault::Dtype { got, expected, remedy: "numpy.float32" })
        }
    }
}

/// The place of the first value that is NaN or infinite.
fn not_finite(n_cols: usize, values: &[f32]) -> Option<usize> {
    match MatrixView::new(values.len() / n_cols, n_cols, values).and_then(|view| view.check()) {
        Err(populi_geometry::Error::NotFinite { row, column, .. }) => Some(row * n_cols + column),
        _ => None,
    }
}
