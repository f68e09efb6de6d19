//! Asking a transformer.

use populi_geometry::{Matrix, Progress};

use crate::embedder::Embedder;
use crate::error::{Result, require};
use crate::transformer::Transformer;
use crate::wordpiece::WordPiece;

/// The teacher's vector of each token of the vocabulary alone between the special tokens of its template,
/// `[n_tokens, d]`, pooled its way: what [`Distillation::finish`](crate::Distillation::finish) wants of the tokens.
///
/// # Errors
///
/// [`Error::Param`](crate::Error::Param) where `tokenizer` is another's; what the teacher says.
pub fn token_vectors(
    teacher: &Transformer,
    tokenizer: &WordPiece,
    progress: &dyn Progress,
) -> Result<Matrix> {
    let (of_teacher, tokens) = (teacher.vocabulary(), tokenizer.vocabulary());
    let differs = tokens.iter().enumerate().find(|(id, token)| of_teacher.get(*id) != Some(token));
    let got = differs.map_or(String::new(), |(id, token)| format!("one whose token {id} is {token:?}"));
    require(
        differs.is_none(),
        "tokenizer",
        got,
        "that of the teacher: read the tokenizer.json of its folder",
    )?;

    // An empty text is the template alone; its last token comes after the text.
    let template = teacher.ids(&[""])?.concat();
    let (before, after) = template.split_at(template.len().saturating_sub(1));
    progress.stage("tokens through the teacher", tokens.len() as u64);
    let mut values = Vec::with_capacity(tokens.len() * teacher.n_dims());
    let ids: Vec<u32> = (0..tokens.len() as u32).collect();
    for part in ids.chunks(teacher.texts_per_call()) {
        let sequences: Vec<Vec<u32>> = part.iter().map(|&id| [before, &[id], after].concat()).collect();
        values.extend(teacher.embed_ids(&sequences)?.into_values());
        progress.advance(part.len() as u64);
    }
    Ok(Matrix::from_vec(tokens.len(), teacher.n_dims(), values)?)
}

/// The teacher's vectors of texts, `[n_texts, d]`.
pub(super) fn text_vectors(
    teacher: &dyn Embedder,
    texts: &[&str],
    progress: &dyn Progress,
) -> Result<Matrix> {
    progress.stage("texts through the teacher", texts.len() as u64);
    let mut values = Vec::with_capacity(texts.len() * teacher.n_dims());
    for part in texts.chunks(teacher.texts_per_call()) {
        values.extend(teacher.embed(part)?.into_values());
        progress.advance(part.len() as u64);
    }
    Ok(Matrix::from_vec(texts.len(), teacher.n_dims(), values)?)
}
