//! Vectors from a table: a text is the weighted sum of a row a token, of length 1. No network, no matrix product.
//!
//! The rows are made by [`distil`](crate::distil()) from a transformer. They are kept as bytes with a scale a row, into which
//! the weight of the token is folded; a table of 30,000 tokens and 256 dimensions is 8 MB, in one file ([`file`]) that is
//! used where it lies. The way of a text: its first [`TextSample::MAX_BYTES`](crate::TextSample::MAX_BYTES) bytes are cut
//! into tokens ([`WordPiece`]), and the rows are summed in `f32` in the order of the tokens ([`sum`]).

mod card;
mod embedded;
mod file;
mod quantise;
mod sum;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::Path;

use populi_geometry::{Level, Matrix};
use rayon::prelude::*;

use crate::embedder::{Embedder, Fingerprint};
use crate::error::{Error, Result, require};
use crate::lexical::readable;
use crate::wordpiece::WordPiece;
use sum::NormalisedSum;

pub use card::{Nearness, TableCard};

/// Texts that one task embeds. Moves no bit.
const TEXTS_PER_TASK: usize = 256;

/// Raised where equal files give other vectors than before.
const VERSION: &[u8] = b"token table 1";

/// A row a token: an [`Embedder`] that needs microseconds a text.
///
/// ```
/// use populi_embed::{Embedder, TableCard, TokenTable, WordPieceParams};
/// use populi_geometry::Matrix;
///
/// let vocabulary = ["[UNK]", "red", "fox"].map(str::to_owned).to_vec();
/// let mut rows = Matrix::zeros(3, 16);
/// rows.row_mut(1)[0] = 3.0;
/// rows.row_mut(2)[1] = 4.0;
/// let table = TokenTable::new(vocabulary, WordPieceParams::default(), &rows, TableCard::default())?;
/// let vectors = table.embed(&["Red fox!", "hello"])?;
/// assert!((vectors.row(0)[0] - 0.6).abs() < 1e-6 && (vectors.row(0)[1] - 0.8).abs() < 1e-6);
/// assert_eq!(vectors.row(1), [0.0; 16]);
/// # Ok::<(), populi_embed::Error>(())
/// ```
#[derive(Debug)]
pub struct TokenTable {
    /// The whole file.
    bytes: Cow<'static, [u8]>,
    /// Where the rows stand in it.
    rows: Range<usize>,
    n_dims: usize,
    scales: Vec<f32>,
    tokenizer: WordPiece,
    card: TableCard,
    fingerprint: Fingerprint,
}

impl TokenTable {
    /// A table of `rows [n_tokens, n_dims]`, the weights folded in, as bytes: each row is divided by its largest entry and
    /// rounded to ±127ths. Rows of the unknown and the added tokens become zeros: they say nothing of a text.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] where `n_dims` is not a multiple of 16, the vocabulary has another length than the rows, or a value
    /// is not finite; what [`WordPiece::new`] says.
    pub fn new(
        vocabulary: Vec<String>,
        params: crate::WordPieceParams,
        rows: &Matrix,
        card: TableCard,
    ) -> Result<Self> {
        let (n_tokens, n_dims) = (rows.n_rows(), rows.n_cols());
        require(n_dims > 0 && n_dims % 16 == 0, "n_dims", n_dims, "a multiple of 16")?;
        require(n_tokens == vocabulary.len(), "rows", n_tokens, "as many as tokens")?;
        let tokenizer = WordPiece::new(vocabulary, params)?;
        let (bytes, scales) = quantise::quantise(rows, tokenizer.special_ids())?;
        let description = file::Description { tokenizer: tokenizer.params().clone(), card };
        let file = file::encode(&bytes, n_dims, &scales, tokenizer.vocabulary(), &description)
            .map_err(|got| Error::Param { name: "rows", got, must_be: "of a size that fits the file" })?;
        Self::from_bytes(file)
    }

    /// The table of a file that is in memory; a borrowed one is not copied. Checks every byte: some milliseconds, and tens
    /// for the vocabulary.
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`] where the bytes are not a table, or were cut or changed.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self> {
        Self::of_file(bytes.into(), Path::new("token table in memory"))
    }

    /// The table of a file that is part of the program.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_static(bytes: &'static [u8]) -> Result<Self> {
        Self::from_bytes(bytes)
    }

    /// Reads a file that [`write`](Self::write) wrote.
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`] where it cannot be read or is not a whole table.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |error: io::Error| wrong_file(path, error.to_string(), "name a table");
        let file = File::open(path).map_err(failed)?;
        let n_bytes = file.metadata().map_err(failed)?.len();
        let mut bytes = Vec::new();
        (&file).take(file::HEADER as u64).read_to_end(&mut bytes).map_err(failed)?;
        // Before the rest is read: it may be any file, of any length.
        file::decode_header(&bytes, n_bytes).map_err(|reason| wrong_file(path, reason, "name a table"))?;
        (&file).take(n_bytes).read_to_end(&mut bytes).map_err(failed)?;
        Self::of_file(bytes.into(), path)
    }

    fn of_file(bytes: Cow<'static, [u8]>, path: &Path) -> Result<Self> {
        let remedy = "copy or make the table again";
        let contents = file::decode(&bytes).map_err(|reason| wrong_file(path, reason, remedy))?;
        let tokenizer = WordPiece::new(contents.vocabulary, contents.description.tokenizer)
            .map_err(|error| wrong_file(path, error.to_string(), remedy))?;
        Ok(Self {
            rows: contents.rows,
            n_dims: contents.n_dims,
            scales: contents.scales,
            tokenizer,
            card: contents.description.card,
            fingerprint: Fingerprint::of(&[VERSION, &contents.hash]),
            bytes,
        })
    }

    /// Writes the file of the table: aside, under a name that nobody has, flushed, then in its place, so that it is there as a
    /// whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`] where that fails.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_aside(&self.bytes, path).map_err(|error| {
            wrong_file(path, error.to_string(), "choose a folder that can be written and has room")
        })
    }

    /// How texts are cut into tokens.
    #[must_use]
    pub fn tokenizer(&self) -> &WordPiece {
        &self.tokenizer
    }

    /// Where the table comes from.
    #[must_use]
    pub fn card(&self) -> &TableCard {
        &self.card
    }

    /// The file of the table.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many words of the part of `text` that is read are single entries of the vocabulary, and how many words it has:
    /// see [`WordPiece::known_words`]. Where few are known the vectors say little.
    #[must_use]
    pub fn known_words(&self, text: &str) -> (u64, u64) {
        self.tokenizer.known_words(readable(text))
    }
}

impl Embedder for TokenTable {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn n_dims(&self) -> usize {
        self.n_dims
    }

    fn embed(&self, texts: &[&str]) -> Result<Matrix> {
        let level = Level::best();
        let mut values = vec![[0.0; 16]; texts.len() * self.n_dims / 16];
        let rows = &self.bytes[self.rows.clone()];
        let blocks = values.par_chunks_mut(TEXTS_PER_TASK * self.n_dims / 16);
        blocks.zip(texts.par_chunks(TEXTS_PER_TASK)).for_each_init(Vec::new, |ids, (block, texts)| {
            for (text, to) in texts.iter().zip(block.chunks_mut(self.n_dims / 16)) {
                ids.clear();
                self.tokenizer.encode(readable(text), ids);
                level.run(NormalisedSum { rows, scales: &self.scales, ids, to });
            }
        });
        Ok(Matrix::from_vec(texts.len(), self.n_dims, values.into_flattened())?)
    }
}

fn write_aside(bytes: &[u8], path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Readable by whom the user lets read, not by the user alone as temporary files are.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut aside = builder.tempfile_in(folder)?;
    aside.write_all(bytes)?;
    aside.as_file().sync_all()?;
    aside.persist(path)?;
    File::open(folder)?.sync_all()
}

fn wrong_file(path: &Path, reason: String, remedy: &str) -> Error {
    Error::ModelFile { path: path.to_owned(), reason, remedy: remedy.to_owned() }
}
