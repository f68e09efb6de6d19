//! A table of word pieces from a transformer and the texts of some files.
//!
//! The teacher's vectors of the texts are nearly all of the work, so they are kept as they come: after an interruption, and with other
//! settings of the fit, only what is new is computed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use populi_embed::{
    DistilParams, Distillation, Embedder, Nearness, TableCard, TokenTable, WordPiece, token_vectors,
};
use serde::Serialize;

use super::file::beside;
use super::model::short_name;
use super::open::Opened;
use super::{Model, ModelSettings, cache, embed_chunk, lines};
use crate::export::Existing;
use crate::ingest::ColumnRef;
use crate::matrix::stages::Stages;
use crate::progress::{Progress, Unit};
use crate::{Error, Result};

/// What to make a table of, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct DistilFileParams {
    /// The teacher: a folder of sentence-transformers or an id of the hub, of a family with WordPiece.
    pub teacher: Model,
    /// How the teacher is reached and asked.
    pub settings: ModelSettings,
    /// Files of texts; none for a table of the tokens alone.
    pub texts: Vec<PathBuf>,
    /// The column of tables that holds the texts. Default: guessed.
    pub text: Option<ColumnRef>,
    /// Where the table goes.
    pub out: PathBuf,
    /// What to do with a table that is there already.
    pub existing: Existing,
    /// Where the teacher's vectors are kept. Default: the name of the output with `.cache` behind it.
    pub cache: Option<PathBuf>,
    /// What people should know of the table: the texts and their licences, quality, limits.
    pub notes: String,
    /// How the table is made.
    pub params: DistilParams,
}

/// What [`distil_file`] made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DistilSummary {
    /// The table.
    pub output: PathBuf,
    /// Its bytes.
    pub n_bytes: u64,
    /// Its fingerprint as a model.
    pub fingerprint: String,
    /// The teacher.
    pub teacher: String,
    /// The teacher's fingerprint.
    pub teacher_fingerprint: String,
    /// Rows: tokens of the vocabulary.
    pub n_tokens: usize,
    /// Columns.
    pub n_dims: usize,
    /// Texts that were given.
    pub n_texts: u64,
    /// Texts that it was fitted on: those that were not held out, and made-up ones.
    pub n_fitted: u64,
    /// Different texts whose vectors by the teacher were kept by an earlier run.
    pub n_from_cache: u64,
    /// How many of the teacher's 10 nearest held-out texts are among those of the table before any fit, as a share.
    pub plain_neighbours: f64,
    /// How near the table was to the teacher on texts that were held out: after the linear map, then after each pass.
    pub held_out: Vec<Nearness>,
    /// Where the teacher's vectors are.
    pub cache: PathBuf,
}

/// Makes a table of word pieces that gives vectors like those of a transformer, thousands of times as fast.
///
/// Time: that of the teacher on every token, the texts and the made-up ones, some 15 minutes of a core with the defaults and a small transformer; then
/// a minute for the fit. Memory: the texts, and 4 bytes a dimension of the teacher and text.
///
/// # Errors
/// When the teacher is no transformer with WordPiece or cannot be read, a text cannot be read (with its line), a parameter is out of its
/// range, or the output cannot be written.
pub fn distil_file(params: &DistilFileParams, progress: &dyn Progress) -> Result<DistilSummary> {
    params.params.check()?;
    params.settings.check(&params.teacher)?;
    check_output(&params.out, params.existing)?;
    progress.begin("read", None, Unit::Steps);
    let mut texts = Vec::new();
    for path in &params.texts {
        texts.extend(lines::read(path, params.text.as_ref())?.texts);
    }
    let (folder, teacher) = params.settings.open_transformer(&params.teacher)?;
    let tokenizer = WordPiece::open(&folder.join("tokenizer.json"))?;
    progress.end();

    let given: Vec<&str> = texts.iter().map(String::as_str).collect();
    let work = Distillation::new(&tokenizer, &given, &params.params)?;
    let stages = Stages::new(progress);
    let token_vectors = token_vectors(&teacher, &tokenizer, &stages)?;
    stages.finish();
    let card = TableCard {
        teacher: short_name(&params.teacher.to_string()),
        teacher_fingerprint: teacher.fingerprint().to_string(),
        notes: params.notes.clone(),
        ..TableCard::default()
    };
    let teacher = Opened::Slow(Box::new(teacher));
    let cache = params.cache.clone().unwrap_or_else(|| beside(&params.out));
    let kept = cache::open_in(&cache, &teacher)?;
    let wanted = work.texts();
    progress.begin("texts through the teacher", Some(wanted.len() as u64), Unit::Rows);
    let mut n_embedded = 0;
    let text_vectors = embed_chunk(teacher.embedder(), Some(&kept), &wanted, &mut n_embedded, progress)?;
    progress.end();

    let stages = Stages::new(progress);
    let table = work.finish(&token_vectors, &text_vectors, card, &stages)?;
    stages.finish();
    table.write(&params.out)?;
    let n_distinct = wanted.iter().collect::<HashSet<_>>().len() as u64;
    Ok(DistilSummary {
        output: params.out.clone(),
        n_bytes: table.bytes().len() as u64,
        fingerprint: table.fingerprint().to_string(),
        teacher: table.card().teacher.clone(),
        teacher_fingerprint: table.card().teacher_fingerprint.clone(),
        n_tokens: table.tokenizer().vocabulary().len(),
        n_dims: table.n_dims(),
        n_texts: given.len() as u64,
        n_fitted: table.card().n_texts,
        n_from_cache: n_distinct - n_embedded,
        plain_neighbours: table.card().plain_neighbours,
        held_out: table.card().held_out.clone(),
        cache,
    })
}

/// Refuses, before the work, what may not be replaced: a table that is there, unless that was asked for, and anything else.
fn check_output(path: &Path, existing: Existing) -> Result<()> {
    let refuse = |reason| Err(Error::Output { path: path.to_owned(), reason });
    if path.is_dir() || path.file_name().is_none() {
        return refuse("this is a folder: name a file in it");
    }
    match (path.exists(), existing) {
        (false, _) => Ok(()),
        (true, Existing::Refuse) => {
            refuse("there is a file already: choose another name, or replace it with --overwrite")
        }
        (true, Existing::Replace) if TokenTable::open(path).is_ok() => Ok(()),
        (true, Existing::Replace) => {
            refuse("there is a file that is no table, so it is left as it is: choose another name")
        }
    }
}
