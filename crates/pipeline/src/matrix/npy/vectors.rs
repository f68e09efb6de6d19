//! Rows of numbers: the input of everything.

use std::path::Path;

use half::f16;
use populi_geometry::{MatrixView, Real};
use populi_simd::MappedFile;
use serde::Serialize;

use super::decode::Layout;
use super::fault::Fault;
use super::header::{Header, Kind};
use crate::error::io;
use crate::{Error, Result};

/// An array of floats with two axes, `[n_rows, n_cols]`, every value finite.
///
/// A file of little-endian `f4` in C order is used where it lies: its pages come and go with the system's memory, and no
/// private memory is taken. Anything else is converted, which takes 4 bytes a value (8 as `f64`).
#[derive(Debug)]
pub(crate) struct Vectors<T = f32> {
    n_rows: usize,
    n_cols: usize,
    dtype: String,
    values: Values<T>,
}

#[derive(Debug)]
enum Values<T> {
    Mapped { file: MappedFile, from: usize },
    Converted(Vec<T>),
}

/// What a summary tells of vectors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// Their type in the file, as NumPy writes it.
    pub dtype: String,
    /// Whether they were used where they lie in the file; else they were converted, at 4 bytes a value.
    pub is_mapped: bool,
    /// Vectors.
    pub n_rows: usize,
    /// Numbers of a vector.
    pub n_cols: usize,
}

/// The types that vectors are worked on in.
pub(crate) trait Float: Real + Default {
    /// The values where they lie in the file, if they lie there as they are wanted in memory.
    fn in_place<'a>(file: &'a MappedFile, header: &Header, layout: Layout) -> Option<&'a [Self]>;
    /// The values from where they were seen to lie in place.
    fn mapped(file: &MappedFile, from: usize) -> &[Self];
    /// The values, made of those in the file.
    fn convert(header: &Header, bytes: &[u8], layout: Layout) -> std::result::Result<Vec<Self>, Fault>;
}

impl Float for f32 {
    fn in_place<'a>(file: &'a MappedFile, header: &Header, layout: Layout) -> Option<&'a [Self]> {
        file.as_f32(header.from).filter(|_| layout.is_in_rows() && header.dtype.name == "<f4")
    }

    fn mapped(file: &MappedFile, from: usize) -> &[Self] {
        file.as_f32(from).unwrap_or_default()
    }

    fn convert(header: &Header, bytes: &[u8], layout: Layout) -> std::result::Result<Vec<Self>, Fault> {
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
}

/// Only where digits beyond those of `f32` count, and only of files that have them.
impl Float for f64 {
    fn in_place<'a>(_: &'a MappedFile, _: &Header, _: Layout) -> Option<&'a [Self]> {
        None
    }

    fn mapped(_: &MappedFile, _: usize) -> &[Self] {
        &[]
    }

    fn convert(header: &Header, bytes: &[u8], layout: Layout) -> std::result::Result<Vec<Self>, Fault> {
        match (header.dtype.kind, header.dtype.size) {
            (Some(Kind::Float), 8) => Ok(layout.rows(bytes, f64::from_le_bytes)),
            _ => Ok(f32::convert(header, bytes, layout)?.into_iter().map(f64::from).collect()),
        }
    }
}

impl<T: Float> Vectors<T> {
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
        let bytes = &file.bytes()[header.from..];
        let in_place = T::in_place(&file, &header, layout);
        let converted = match in_place {
            Some(_) => None,
            None => Some(T::convert(&header, bytes, layout)?),
        };
        let values = in_place.or(converted.as_deref()).unwrap_or_default();
        if let Some(at) = not_finite(n_cols, values) {
            let (row, column) = (at / n_cols, at % n_cols);
            let is_wide = header.dtype.size == 8;
            let value = if is_wide { layout.f64_at(bytes, row, column) } else { values[at].to_f64() };
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
    pub(crate) fn view(&self) -> Result<MatrixView<'_, T>> {
        let values = match &self.values {
            // They were there when the file was opened, and neither it nor the place has changed.
            Values::Mapped { file, from } => T::mapped(file, *from),
            Values::Converted(values) => values,
        };
        Ok(MatrixView::new(self.n_rows, self.n_cols, values)?)
    }

    /// What a summary tells of them.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            dtype: self.dtype.clone(),
            is_mapped: matches!(self.values, Values::Mapped { .. }),
            n_rows: self.n_rows,
            n_cols: self.n_cols,
        }
    }
}

/// Vectors with all the digits that they have in the file.
#[derive(Debug)]
pub(crate) enum Floats {
    Single(Vectors<f32>),
    /// Of a file of `f8`.
    Double(Vectors<f64>),
}

impl Floats {
    /// As [`Vectors::open`], `f8` without rounding.
    ///
    /// # Errors
    /// When the file cannot be read, or is not such an array: [`Fault`].
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let is_wide = |file: &MappedFile| {
            Header::read(file.bytes())
                .is_ok_and(|header| (header.dtype.kind, header.dtype.size) == (Some(Kind::Float), 8))
        };
        let named = |fault| Error::Npy { path: path.to_owned(), fault };
        let file = map(path)?;
        if is_wide(&file) {
            Vectors::of(file).map(Self::Double).map_err(named)
        } else {
            Vectors::of(file).map(Self::Single).map_err(named)
        }
    }

    /// What a summary tells of them.
    pub(crate) fn facts(&self) -> Facts {
        match self {
            Self::Single(vectors) => vectors.facts(),
            Self::Double(vectors) => vectors.facts(),
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

/// The place of the first value that is NaN or infinite.
fn not_finite<T: Real>(n_cols: usize, values: &[T]) -> Option<usize> {
    match MatrixView::new(values.len() / n_cols, n_cols, values).and_then(|view| view.check()) {
        Err(populi_geometry::Error::NotFinite { row, column, .. }) => Some(row * n_cols + column),
        _ => None,
    }
}
