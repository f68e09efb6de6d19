//! What the cache has of a model, without any request.

use std::fs;
use std::path::PathBuf;

use hf_hub::{Cache, Repo, RepoType};

use super::encoder::{Files, bring_encoder};
use super::{HubParams, hub_error, is_commit};
use crate::error::{Error, Result};

/// A snapshot in the cache: a folder named after its commit.
pub(super) struct Cached<'a> {
    id: &'a str,
    params: &'a HubParams,
    folder: PathBuf,
}

impl<'a> Cached<'a> {
    /// The snapshot of the revision, complete or not.
    pub(super) fn find(id: &'a str, params: &'a HubParams) -> Result<Self> {
        let repo = Repo::new(id.to_owned(), RepoType::Model);
        let name_of_commit = params.cache.join(repo.folder_name()).join("refs").join(&params.revision);
        let commit = match fs::read_to_string(name_of_commit) {
            Ok(commit) => commit.trim().to_owned(),
            Err(_) => params.revision.clone(),
        };
        let folder = Cache::new(params.cache.clone()).repo(repo).pointer_path(&commit);
        if is_commit(&commit) && folder.is_dir() {
            return Ok(Self { id, params, folder });
        }
        Err(hub_error(
            id,
            params,
            format!("revision {} is not in the cache {}", params.revision, params.cache.display()),
            REMEDY,
        ))
    }

    /// The folder, where every file is there that the encoder needs.
    pub(super) fn complete(self) -> Result<PathBuf> {
        bring_encoder(&self)?;
        Ok(self.folder)
    }
}

const REMEDY: &str = "fetch it once with a network and without HF_HUB_OFFLINE";

impl Files for Cached<'_> {
    fn has(&self, name: &str) -> bool {
        // Of the file itself, should the name be a link to what was deleted.
        self.folder.join(name).is_file()
    }

    fn bring(&self, name: &str) -> Result<Option<PathBuf>> {
        Ok(self.has(name).then(|| self.folder.join(name)))
    }

    fn error(&self, reason: String, remedy: &str) -> Error {
        hub_error(self.id, self.params, format!("in the cache {}: {reason}", self.folder.display()), remedy)
    }

    fn remedy_for_missing(&self) -> &'static str {
        REMEDY
    }
}
