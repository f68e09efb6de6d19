//! Instructions that the user knows already, to which posts are compared.

use std::path::PathBuf;

use populi_detector::{Detector, KnownInstructions, Side};

use super::sources::{self, NamedFile};
use crate::embed::OpenModel;
use crate::progress::{Progress, Unit};
use crate::{Error, Result};

/// Which instructions, and how many of the nearest count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownParams {
    /// Files of them, as for training.
    pub files: Vec<NamedFile>,
    /// How many of the nearest count. Default 5.
    pub k: usize,
}

impl Default for KnownParams {
    fn default() -> Self {
        Self { files: Vec::new(), k: 5 }
    }
}

/// The instructions with the hash of their files; `None` where no file is given.
pub(super) struct Known {
    pub(super) hash: String,
    texts: Vec<String>,
}

impl Known {
    pub(super) fn read(params: &KnownParams) -> Result<Option<Self>> {
        let mut sources = Vec::new();
        for file in &params.files {
            sources.extend(sources::read(std::slice::from_ref(file), Side::Positive)?);
        }
        if sources.is_empty() {
            return Ok(None);
        }
        let hashes: Vec<String> = sources.iter().map(|source| source.hash.clone()).collect();
        let mut texts: Vec<String> = sources.into_iter().flat_map(|source| source.texts).collect();
        texts.retain(|text| text.chars().any(char::is_alphanumeric));
        if texts.is_empty() {
            let path = params.files.first().map_or_else(PathBuf::new, |file| file.path.clone());
            return Err(Error::Examples {
                path,
                reason: "there is no text in it: expected known instructions".to_owned(),
            });
        }
        Ok(Some(Self { hash: hashes.join(" "), texts }))
    }

    /// Embeds what the detector reads of them.
    pub(super) fn embed(
        &self,
        detector: &Detector,
        k: usize,
        model: &OpenModel,
        progress: &dyn Progress,
    ) -> Result<KnownInstructions> {
        let bodies: Vec<String> = self.texts.iter().map(|text| detector.read(text).body).collect();
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        progress.begin("known instructions", Some(bodies.len() as u64), Unit::Rows);
        let vectors = model.vectors(&bodies, progress)?;
        progress.end();
        Ok(KnownInstructions::new(vectors, k)?)
    }
}
