//! Results as files that `numpy.load` reads.

use std::io::{self, Write};
use std::path::Path;

use populi_store::publish_written;

use super::header::{MAGIC, tuple};
use crate::Result;

/// Values begin at a multiple of this, so that a map of the file has them in place.
const ALIGNMENT: usize = 64;
/// Digits that the first axis may grow to in place: NumPy leaves room for as many.
const GROWTH_DIGITS: usize = 21;

/// A value that is written with 4 bytes.
pub(crate) trait Element: Copy {
    /// Its type as NumPy writes it.
    const DTYPE: &'static str;
    /// Little-endian.
    fn bytes(self) -> [u8; 4];
}

impl Element for f32 {
    const DTYPE: &'static str = "<f4";
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

impl Element for i32 {
    const DTYPE: &'static str = "<i4";
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

/// Numbers of rows and clusters. They are below 2^31, since [`super::Vectors`] takes no more rows, so they are written as `int32`.
impl Element for u32 {
    const DTYPE: &'static str = "<i4";
    fn bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

/// Writes an array in C order, byte for byte as `numpy.save` does. The file is the old one or the new one, never half of one.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn write<T: Element>(path: &Path, shape: &[usize], values: &[T]) -> Result<()> {
    let body = |file: &mut dyn Write| -> io::Result<()> {
        file.write_all(&head(T::DTYPE, shape))?;
        write_values(file, values)
    };
    Ok(publish_written(path, body)?)
}

/// The same for values that come part by part, so that they are never in memory at once.
///
/// # Errors
/// When the disk refuses, or that of the first part that could not be made. The file is then as it was.
pub(crate) fn write_parts<T: Element>(
    path: &Path,
    shape: &[usize],
    parts: impl IntoIterator<Item = Result<Vec<T>>>,
) -> Result<()> {
    let mut failure = None;
    let body = |file: &mut dyn Write| -> io::Result<()> {
        file.write_all(&head(T::DTYPE, shape))?;
        for part in parts {
            match part {
                Ok(values) => write_values(file, &values)?,
                Err(error) => {
                    failure = Some(error);
                    return Err(io::Error::other("the values end"));
                }
            }
        }
        Ok(())
    };
    let written = publish_written(path, body);
    match failure {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}

fn write_values<T: Element>(file: &mut dyn Write, values: &[T]) -> io::Result<()> {
    let mut bytes = Vec::new();
    for part in values.chunks(1 << 16) {
        bytes.clear();
        bytes.extend(part.iter().flat_map(|value| value.bytes()));
        file.write_all(&bytes)?;
    }
    Ok(())
}

fn head(dtype: &str, shape: &[usize]) -> Vec<u8> {
    let mut text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {}, }}", tuple(shape));
    let digits = shape.first().map_or(GROWTH_DIGITS, |axis| axis.to_string().len());
    let room = GROWTH_DIGITS - digits.min(GROWTH_DIGITS);
    let before = MAGIC.len() + 4;
    let end = (before + text.len() + room + 1).next_multiple_of(ALIGNMENT);
    text.extend(std::iter::repeat_n(' ', end - before - text.len() - 1));
    text.push('\n');
    // Some hundred bytes at most: two axes.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [MAGIC, &[1, 0], &length.to_le_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_byte_for_byte_those_of_numpy() {
        // As numpy.save of NumPy 2.4.6 writes them.
        for (dtype, shape, text) in [
            ("<f4", &[3, 4][..], "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"),
            ("<i4", &[5], "{'descr': '<i4', 'fortran_order': False, 'shape': (5,), }"),
            ("<f4", &[1_000_000, 2], "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 2), }"),
        ] {
            let expected = [b"\x93NUMPY\x01\x00v\x00", format!("{text:<117}\n").as_bytes()].concat();
            assert_eq!(head(dtype, shape), expected, "{text}");
        }
        // Where the text grows, so does the head, and values begin at a multiple of 64 bytes all the same.
        assert_eq!(head("<f4", &[usize::MAX, usize::MAX, usize::MAX]).len(), 192);
    }
}
