//! What can be wrong with a `.npy` file.

/// Why a file is not the array that is wanted: what, where, expected and got, and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is something else.
    #[error("expected a .npy file, got {got}: {remedy}")]
    NotNpy {
        /// What it looks like.
        got: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A version of the format that does not exist yet.
    #[error(
        "version {major}.{minor} of the .npy format is not known; 1.0, 2.0 and 3.0 are: write it again with numpy.save"
    )]
    Version {
        /// The first number.
        major: u8,
        /// The second.
        minor: u8,
    },
    /// The description of the array cannot be read.
    #[error("byte {at}, in the header: expected {expected}, got {got}: write it again with numpy.save")]
    Header {
        /// Where, from 0.
        at: usize,
        /// What belongs there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Values that are Python objects.
    #[error(
        "dtype object: such values are pickles, which can run code when they are loaded, so they never are: convert the array \
         with a.astype(numpy.float32) and save it again"
    )]
    Objects,
    /// Rows of named columns.
    #[error(
        "a structured array: expected numbers of one type: make a plain array with \
         numpy.lib.recfunctions.structured_to_unstructured(a) and save that"
    )]
    Structured,
    /// Values of another kind.
    #[error("dtype {got}: expected {expected}: convert the array with a.astype({remedy}) and save it again")]
    Dtype {
        /// As NumPy writes it.
        got: String,
        /// What can be read.
        expected: &'static str,
        /// A type that can.
        remedy: &'static str,
    },
    /// More or fewer axes than wanted.
    #[error("shape {shape}: expected {expected}: {remedy}")]
    Shape {
        /// As NumPy writes it.
        shape: String,
        /// What is wanted.
        expected: String,
        /// What to do.
        remedy: &'static str,
    },
    /// No file can be so large.
    #[error(
        "shape {shape}: so many values of {size} bytes fit into no file: the header is damaged, save the array again"
    )]
    Overflow {
        /// As NumPy writes it.
        shape: String,
        /// Bytes of a value.
        size: usize,
    },
    /// There are no values.
    #[error("shape {shape}: the array is empty, give at least one row and one column")]
    Empty {
        /// As NumPy writes it.
        shape: String,
    },
    /// Rows that cannot be counted with 31 bits.
    #[error("{n_rows} rows are more than the {} that int32 can count: take a part of them", i32::MAX)]
    TooManyRows {
        /// Rows in the file.
        n_rows: usize,
    },
    /// The file ends too early.
    #[error("the file is cut: {what} ends at byte {expected}, the file at {got}: copy or save it again")]
    Cut {
        /// What does not fit in.
        what: String,
        /// Bytes that there should be.
        expected: u64,
        /// Bytes that there are.
        got: u64,
    },
    /// The file goes on.
    #[error("the file goes on for {n_bytes} bytes after its array of shape {shape}: save one array a file")]
    Longer {
        /// As NumPy writes it.
        shape: String,
        /// Bytes after the array.
        n_bytes: u64,
    },
    /// Distances to it mean nothing.
    #[error(
        "row {row}, column {column} is {value} (both from 0): drop or replace rows that are not finite, as with \
         a[numpy.isfinite(a).all(axis=1)]"
    )]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value there.
        value: f64,
    },
    /// Beyond the largest `f32`.
    #[error(
        "row {row}, column {column} is {value:e} (both from 0), beyond the {:e} of float32, in which work is done: scale the array",
        f32::MAX
    )]
    TooLarge {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value there.
        value: f64,
    },
    /// A neighbour that is nearer than the one before it.
    #[error(
        "row {row}, column {column} is {value} (both from 0), after {before}: expected the nearest first: sort each row of \
         distances, and its neighbours with them"
    )]
    Falling {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The distance there.
        value: f32,
        /// The distance before it.
        before: f32,
    },
    /// An integer outside its range.
    #[error("row {row}, column {column} is {value} (both from 0): expected {expected}")]
    Integer {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value there.
        value: i64,
        /// The range.
        expected: String,
    },
}
