//! The head of a `.npy` file: which values, in which order and shape, from which byte on.

use std::fmt;

use super::fault::Fault;

/// The first bytes of every `.npy` file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Bytes that a description may have: as many as NumPy reads.
const MAX_BYTES: usize = 10_000;
/// Characters of what was found instead that are shown.
const SHOWN: usize = 24;

/// What the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    Signed,
    /// Truth values are counted among them: 0 and 1.
    Unsigned,
}

/// The type of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dtype {
    /// As NumPy writes it: `<f4`.
    pub(super) name: String,
    /// None for what is no number that can be read here: complex numbers, texts, times.
    pub(super) kind: Option<Kind>,
    /// Bytes of a value.
    pub(super) size: usize,
    pub(super) is_big_endian: bool,
}

/// What a file says of its array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(super) dtype: Dtype,
    /// Whether the first axis runs fastest.
    pub(super) is_fortran: bool,
    pub(super) shape: Vec<usize>,
    /// The byte at which the values begin.
    pub(super) from: usize,
}

impl Header {
    /// Reads the head of a file, and checks that the file is as long as it says.
    pub(super) fn read(file: &[u8]) -> Result<Self, Fault> {
        let (text, at) = description(file)?;
        let mut literal = Literal { text, start: at, at: 0 };
        let (dtype, is_fortran, shape) = literal.dictionary()?;
        let header = Self { dtype, is_fortran, shape, from: at + text.len() };
        header.check_length(file.len())?;
        Ok(header)
    }

    /// The shape as NumPy writes it.
    pub(super) fn shape_in_words(&self) -> String {
        tuple(&self.shape)
    }

    fn check_length(&self, n_bytes: usize) -> Result<(), Fault> {
        let (shape, size) = (self.shape_in_words(), self.dtype.size);
        let expected = self
            .shape
            .iter()
            .try_fold(size, |product, axis| product.checked_mul(*axis))
            .and_then(|values| values.checked_add(self.from))
            .filter(|bytes| *bytes <= isize::MAX as usize)
            .ok_or(Fault::Overflow { shape: shape.clone(), size })?;
        let (expected, got) = (expected as u64, n_bytes as u64);
        match got.cmp(&expected) {
            std::cmp::Ordering::Less => Err(Fault::Cut {
                what: format!("an array of shape {shape} and dtype {}", self.dtype),
                expected,
                got,
            }),
            std::cmp::Ordering::Greater => Err(Fault::Longer { shape, n_bytes: got - expected }),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A shape as NumPy writes it: `(3, 4)`, `(3,)`.
pub(super) fn tuple(shape: &[usize]) -> String {
    let axes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    match axes.as_slice() {
        [one] => format!("({one},)"),
        axes => format!("({})", axes.join(", ")),
    }
}

/// The text that describes the array, and the byte at which it begins.
fn description(file: &[u8]) -> Result<(&str, usize), Fault> {
    if !file.starts_with(MAGIC) {
        return Err(not_npy(file));
    }
    let cut = |what: &str, expected: usize| Fault::Cut {
        what: what.to_owned(),
        expected: expected as u64,
        got: file.len() as u64,
    };
    let &[major, minor] = file.get(6..).and_then(<[u8]>::first_chunk).ok_or_else(|| cut("its version", 8))?;
    let (length, at) = match (major, minor) {
        (1, 0) => {
            let bytes = file.get(8..).and_then(<[u8]>::first_chunk);
            (bytes.map(|bytes| usize::from(u16::from_le_bytes(*bytes))), 10)
        }
        (2 | 3, 0) => {
            let bytes = file.get(8..).and_then(<[u8]>::first_chunk);
            (bytes.map(|bytes| u32::from_le_bytes(*bytes) as usize), 12)
        }
        _ => return Err(Fault::Version { major, minor }),
    };
    let length = length.ok_or_else(|| cut("the length of its header", at))?;
    if length > MAX_BYTES {
        let expected = format!("a header of at most {MAX_BYTES} bytes");
        return Err(Fault::Header { at: 8, expected, got: format!("{length}") });
    }
    let text = file.get(at..at + length).ok_or_else(|| cut("its header", at + length))?;
    let text = std::str::from_utf8(text).map_err(|error| Fault::Header {
        at: at + error.valid_up_to(),
        expected: "text".to_owned(),
        got: "bytes that are none".to_owned(),
    })?;
    Ok((text, at))
}

/// Says what a file is that is no `.npy` file.
fn not_npy(file: &[u8]) -> Fault {
    let known: [(&[u8], &str, &str); 5] = [
        (
            b"PK\x03\x04",
            "a zip archive, as of numpy.savez",
            "save the one array that you need with numpy.save",
        ),
        (
            b"\x80",
            "a pickle of Python, which can run code when it is loaded and so never is",
            "load it where you trust it, and save the array with numpy.save",
        ),
        (b"\x89HDF", "an HDF5 file", "read the array with h5py and save it with numpy.save"),
        (b"PAR1", "a Parquet file", "read its columns into an array and save that with numpy.save"),
        (b"\x1f\x8b", "a file packed by gzip", "unpack it first"),
    ];
    let found = known.iter().find(|(start, _, _)| file.starts_with(start));
    let (got, remedy) = match found {
        Some(&(_, got, remedy)) => (got.to_owned(), remedy),
        None if file.is_empty() => ("an empty file".to_owned(), "save the array again with numpy.save"),
        None => {
            let start = file[..file.len().min(8)].escape_ascii();
            (format!("a file that begins with \"{start}\""), "save the array with numpy.save")
        }
    };
    Fault::NotNpy { got, remedy }
}

/// The part of Python's literals that a header is made of.
struct Literal<'a> {
    text: &'a str,
    /// The byte of the file at which the text begins.
    start: usize,
    at: usize,
}

impl<'a> Literal<'a> {
    /// `{'descr': …, 'fortran_order': …, 'shape': …}`, the keys in any order, each once.
    fn dictionary(&mut self) -> Result<(Dtype, bool, Vec<usize>), Fault> {
        let (mut dtype, mut is_fortran, mut shape) = (None, None, None);
        self.take('{')?;
        while !self.is_next('}') {
            let before = self.at;
            let key = self.string("a key in quotes")?;
            self.take(':')?;
            let is_new = match key {
                "descr" => dtype.replace(self.dtype()?).is_none(),
                "fortran_order" => is_fortran.replace(self.truth()?).is_none(),
                "shape" => shape.replace(self.shape()?).is_none(),
                _ => false,
            };
            if !is_new {
                self.at = before;
                return Err(self.expected("each of 'descr', 'fortran_order' and 'shape' once"));
            }
            if !self.is_next('}') {
                self.take(',')?;
            }
        }
        let (Some(dtype), Some(is_fortran), Some(shape)) = (dtype, is_fortran, shape) else {
            return Err(self.expected("'descr', 'fortran_order' and 'shape' before it"));
        };
        self.take('}')?;
        if !self.rest().is_empty() {
            return Err(self.expected("the end of the header"));
        }
        Ok((dtype, is_fortran, shape))
    }

    /// `'<f4'`. A list describes rows of named columns.
    fn dtype(&mut self) -> Result<Dtype, Fault> {
        if self.rest().starts_with('[') {
            return Err(Fault::Structured);
        }
        let before = self.at;
        let name = self.string("a dtype in quotes")?;
        let mut characters = name.chars();
        let order = characters.next().filter(|order| "<>|=".contains(*order));
        let kind = characters.next();
        let size = characters.as_str().parse::<usize>().ok();
        match (order, kind, size) {
            (Some(_), Some('O'), _) => Err(Fault::Objects),
            (Some(order), Some(kind), size) if size.is_some() || "Mm".contains(kind) => Ok(Dtype {
                name: name.to_owned(),
                kind: match (kind, size) {
                    ('f', Some(2 | 4 | 8)) => Some(Kind::Float),
                    ('i', Some(1 | 2 | 4 | 8)) => Some(Kind::Signed),
                    ('u', Some(1 | 2 | 4 | 8)) | ('b', Some(1)) => Some(Kind::Unsigned),
                    _ => None,
                },
                // Characters have four bytes each; times, whose unit stands behind, have eight.
                size: if kind == 'U' { size.unwrap_or(0).saturating_mul(4) } else { size.unwrap_or(8) },
                is_big_endian: order == '>' || (order == '=' && cfg!(target_endian = "big")),
            }),
            _ => {
                self.at = before;
                Err(self.expected("a dtype such as '<f4'"))
            }
        }
    }

    fn truth(&mut self) -> Result<bool, Fault> {
        for (word, value) in [("True", true), ("False", false)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("True or False"))
    }

    /// `()`, `(3,)`, `(3, 4)`. Python 2 wrote `3L`.
    fn shape(&mut self) -> Result<Vec<usize>, Fault> {
        self.take('(')?;
        let mut shape = Vec::new();
        while !self.is_next(')') {
            let rest = self.rest();
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let axis = rest[..digits].parse().map_err(|_| self.expected("a number from 0 to 2^64 - 1"))?;
            shape.push(axis);
            self.at += digits;
            if self.rest().starts_with('L') {
                self.at += 1;
            }
            if !self.is_next(')') {
                self.take(',')?;
            }
        }
        self.take(')')?;
        Ok(shape)
    }

    /// What stands between two quotes of one kind.
    fn string(&mut self, what: &str) -> Result<&'a str, Fault> {
        let rest = self.rest();
        let inner = ['\'', '"'].into_iter().find_map(|quote| rest.strip_prefix(quote)?.split_once(quote));
        let (inner, _) = inner.ok_or_else(|| self.expected(what))?;
        self.at += inner.len() + 2;
        Ok(inner)
    }

    fn is_next(&mut self, character: char) -> bool {
        self.rest().starts_with(character)
    }

    fn take(&mut self, character: char) -> Result<(), Fault> {
        if !self.is_next(character) {
            return Err(self.expected(&character.to_string()));
        }
        self.at += character.len_utf8();
        Ok(())
    }

    /// What was not read yet, without white space before it.
    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn expected(&mut self, expected: &str) -> Fault {
        let got: String = self.rest().chars().take(SHOWN).collect();
        let got = if got.is_empty() { "its end".to_owned() } else { format!("{:?}", got.trim_end()) };
        Fault::Header { at: self.start + self.at, expected: expected.to_owned(), got }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A file of version 1.0 with this description and so many bytes of values.
    fn file(description: &str, n_bytes: usize) -> Vec<u8> {
        let length = u16::try_from(description.len()).unwrap().to_le_bytes();
        [MAGIC, &[1, 0], &length, description.as_bytes(), &vec![0; n_bytes]].concat()
    }

    fn fault(description: &str, n_bytes: usize) -> String {
        Header::read(&file(description, n_bytes)).unwrap_err().to_string()
    }

    #[test]
    fn headers_as_numpy_of_all_ages_writes_them_are_read() {
        let read = |description: &str, n_bytes| Header::read(&file(description, n_bytes)).unwrap();
        let new = read("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", 24);
        assert_eq!((new.dtype.kind, new.dtype.size, new.shape), (Some(Kind::Float), 4, vec![2, 3]));
        assert!(!new.is_fortran && !new.dtype.is_big_endian);
        let old = read("{\"shape\":(2L,3L),\"fortran_order\":True,\"descr\":\">i8\"}", 48);
        assert_eq!((old.dtype.kind, old.shape), (Some(Kind::Signed), vec![2, 3]));
        assert!(old.is_fortran && old.dtype.is_big_endian);
        assert_eq!(read("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", 3).shape, [3]);
        assert_eq!(read("{'descr': '<f2', 'fortran_order': False, 'shape': (), }", 2).shape, [0usize; 0]);
        assert_eq!(read("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8).dtype.kind, None);
        assert_eq!(read("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", 8).dtype.kind, None);
        let second = [MAGIC, &[2, 0], &55u32.to_le_bytes(), &file("", 0)[10..]].concat();
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}";
        assert_eq!(Header::read(&[&second[..], text.as_bytes(), &[0; 4]].concat()).unwrap().from, 12 + 55);
    }

    #[test]
    fn a_file_cut_at_any_byte_is_told_so() {
        let whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24);
        assert!(Header::read(&whole).is_ok());
        for n_bytes in MAGIC.len()..whole.len() {
            let fault = Header::read(&whole[..n_bytes]).unwrap_err();
            assert!(matches!(fault, Fault::Cut { .. }), "{n_bytes}: {fault}");
        }
        for n_bytes in 0..MAGIC.len() {
            assert!(matches!(Header::read(&whole[..n_bytes]), Err(Fault::NotNpy { .. })));
        }
    }

    #[test]
    fn what_is_wrong_in_a_header_is_named_with_its_place() {
        let f4 = |rest: &str| format!("{{'descr': '<f4', 'fortran_order': False, {rest}");
        for (description, word) in [
            (f4("'shape': (2, 3)"), "expected ,, got its end"),
            (f4("'shape': (2 3)}"), "byte 63, in the header: expected ,, got \"3)}\""),
            (f4("'shape': (-2, 3)}"), "expected a number from 0"),
            (f4("'shape': (99999999999999999999, 3)}"), "expected a number from 0"),
            (f4("'shape': (4,), 'shape': (4,)}"), "each of 'descr', 'fortran_order' and 'shape' once"),
            (f4("'shape': (4,), 'extra': 1}"), "each of 'descr'"),
            (f4("}"), "'descr', 'fortran_order' and 'shape' before it"),
            (f4("'shape': (4,)} and more"), "the end of the header"),
            ("{'descr': 'f4', ".to_owned(), "a dtype such as '<f4'"),
            ("{'descr': '<f4', 'fortran_order': 0".to_owned(), "True or False"),
            ("[1]".to_owned(), "byte 10, in the header: expected {, got \"[1]\""),
            (f4("'shape': (9223372036854775807, 9223372036854775807)}"), "fit into no file"),
            ("{'descr': '|O', ".to_owned(), "pickles"),
            ("{'descr': [('x', '<f4')], ".to_owned(), "structured array"),
        ] {
            let told = fault(&description, 16);
            assert!(told.contains(word), "{description}: {told}");
        }
        assert!(fault(&f4("'shape': (3,)}"), 16).contains("goes on for 4 bytes"));
        assert!(Header::read(&[MAGIC, &[4, 0, 0, 0]].concat()).unwrap_err().to_string().contains("4.0"));
        assert!(Header::read(b"PK\x03\x04rest").unwrap_err().to_string().contains("numpy.savez"));
        assert!(
            Header::read(b"a,b\n1,2\n").unwrap_err().to_string().contains("begins with \"a,b\\n1,2\\n\"")
        );
    }
}
