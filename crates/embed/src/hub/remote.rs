//! A model on the hub: what its revision is, which files it has, and how they come into the cache.
//!
//! The request for the list and the layout of the cache are `hf-hub`'s, a file comes by `download.rs`. All files are of one commit, a
//! download of another size than the hub told is thrown away, and a token is only used where one is asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use backon::{BlockingRetryable, ExponentialBuilder};
use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use serde::Deserialize;

use super::download::download;
use super::encoder::Files;
use super::{HubParams, hub_error, is_commit};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Times that a request is sent again after a lost connection or an error of the hub.
const RETRIES: usize = 4;

/// The files of one model at one commit.
pub(super) struct Remote<'a> {
    id: &'a str,
    params: &'a HubParams,
    commit: String,
    files: BTreeMap<String, Listed>,
}

/// Why there is no list of files.
pub(super) enum Unlisted {
    /// The hub could not be asked.
    Unreachable(Error),
    /// It was asked, and said no.
    Refused(Error),
}

/// What the hub tells of a model.
#[derive(Deserialize)]
struct Listing {
    sha: String,
    siblings: Vec<Listed>,
}

/// What the hub tells of a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    rfilename: String,
    /// Bytes.
    size: Option<u64>,
    /// The name of the content in the cache where it is small.
    blob_id: Option<String>,
    lfs: Option<LargeFile>,
}

#[derive(Deserialize)]
struct LargeFile {
    /// The name of the content in the cache.
    sha256: Option<String>,
}

impl<'a> Remote<'a> {
    /// Asks the hub which commit the revision is, and which files it has. One request, two where a token is needed.
    pub(super) fn list(id: &'a str, params: &'a HubParams) -> std::result::Result<Self, Unlisted> {
        let unreachable = |error: ApiError| {
            let remedy = "check the network and HF_ENDPOINT, or give a folder that has the model";
            hub_error(id, params, error.to_string(), remedy)
        };
        let repo = Repo::with_revision(id.to_owned(), RepoType::Model, params.revision.clone());
        let listing = with_token_if_asked(params.token_to_send(), |token| {
            listing(&api(params, token)?.repo(repo.clone()))
        });
        let Listing { sha: commit, siblings } = listing.map_err(|error| match status_of(&error) {
            Some(status @ (401 | 403 | 404)) => Unlisted::Refused(refused(id, params, status)),
            _ => Unlisted::Unreachable(unreachable(error)),
        })?;
        if !is_commit(&commit) {
            let reason = format!("expected a commit id of 40 hexadecimal digits, got {commit:?}");
            return Err(Unlisted::Refused(hub_error(id, params, reason, "check HF_ENDPOINT")));
        }
        Ok(Self {
            id,
            params,
            files: siblings.into_iter().map(|file| (file.rfilename.clone(), file)).collect(),
            commit,
        })
    }

    /// Notes in the cache which commit the revision is, now that its files are there. Gives their folder.
    pub(super) fn publish(&self) -> Result<PathBuf> {
        if self.params.revision != self.commit {
            let repo = Repo::with_revision(self.id.to_owned(), RepoType::Model, self.params.revision.clone());
            let cache = Cache::new(self.params.cache.clone());
            cache.repo(repo).create_ref(&self.commit).map_err(|error| self.cache_error(&error))?;
        }
        Ok(self.folder())
    }

    /// Where the files of this commit are.
    fn folder(&self) -> PathBuf {
        Cache::new(self.params.cache.clone()).repo(self.repo()).pointer_path(&self.commit)
    }

    fn repo(&self) -> Repo {
        Repo::new(self.id.to_owned(), RepoType::Model)
    }

    /// Fetches one file, unless it is there: another program may have brought it meanwhile.
    fn download(&self, file: &Listed, path: &Path) -> std::result::Result<(), ApiError> {
        if is_whole(path, file) {
            return Ok(());
        }
        self.drop_finished_part(file);
        let url = format!(
            "{}/{}/resolve/{}/{}",
            self.params.endpoint.trim_end_matches('/'),
            self.id,
            self.commit,
            file.rfilename
        );
        let cache = Cache::new(self.params.cache.clone()).repo(self.repo());
        // `snapshots`, the commit, and the folders in it.
        let depth = 1 + Path::new(&file.rfilename).components().count();
        with_token_if_asked(self.params.token_to_send(), |token| download(&url, token, &cache, path, depth))?;
        if is_whole(path, file) {
            return Ok(());
        }
        // The content and the link to it: both are wrong.
        if let Ok(content) = path.canonicalize() {
            let _ = fs::remove_file(content);
        }
        let _ = fs::remove_file(path);
        Err(ApiError::InvalidResume)
    }

    /// A part of a download that has all its bytes, but was stopped before it got its name, cannot be resumed: there is nothing left
    /// to ask for.
    fn drop_finished_part(&self, file: &Listed) {
        let Some(size) = file.size else { return };
        let content = file.lfs.as_ref().and_then(|large| large.sha256.as_ref()).or(file.blob_id.as_ref());
        let Some(name) = content.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())) else {
            return;
        };
        let part =
            Cache::new(self.params.cache.clone()).repo(self.repo()).blob_path(name).with_extension("part");
        if fs::metadata(&part).is_ok_and(|part| part.len() >= size) {
            let _ = fs::remove_file(part);
        }
    }

    fn cache_error(&self, error: &std::io::Error) -> Error {
        let reason = format!("the cache {} cannot be written: {error}", self.params.cache.display());
        hub_error(self.id, self.params, reason, "make room or set HF_HOME to another folder")
    }
}

impl Files for Remote<'_> {
    fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    fn bring(&self, name: &str) -> Result<Option<PathBuf>> {
        let Some(file) = self.files.get(name) else { return Ok(None) };
        let path = self.folder().join(name);
        let waits = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.params.first_wait)
            .with_max_times(RETRIES);
        let download = || self.download(file, &path);
        download.retry(waits).when(may_pass).call().map_err(|error| match (status_of(&error), &error) {
            (Some(status @ (401 | 403 | 404)), _) => refused(self.id, self.params, status),
            (_, ApiError::LockAcquisition(lock)) => self.error(
                format!("another program is fetching {name} ({})", lock.display()),
                "try again when it is done",
            ),
            _ => self.error(
                format!("{name} could not be fetched: {error}"),
                "try again: what came is kept and resumed; check the network and the room on the disk",
            ),
        })?;
        Ok(Some(path))
    }

    fn error(&self, reason: String, remedy: &str) -> Error {
        hub_error(self.id, self.params, reason, remedy)
    }

    fn remedy_for_missing(&self) -> &'static str {
        "choose a model that sentence-transformers saved, with tokenizer.json and model.safetensors"
    }
}

fn api(params: &HubParams, token: Option<&Secret>) -> std::result::Result<Api, ApiError> {
    ApiBuilder::from_cache(Cache::new(params.cache.clone()))
        .with_endpoint(params.endpoint.trim_end_matches('/').to_owned())
        .with_token(token.map(|token| token.expose().to_owned()))
        .with_progress(false)
        .build()
}

fn listing(repo: &ApiRepo) -> std::result::Result<Listing, ApiError> {
    // With the sizes of the files.
    let response = repo.info_request().query("blobs", "true").call().map_err(Box::new)?;
    Ok(response.into_body().read_json().map_err(Box::new)?)
}

/// Tries without the token first. Most models need none, and one that has expired would be refused where none is needed.
fn with_token_if_asked<T>(
    token: Option<&Secret>,
    ask: impl Fn(Option<&Secret>) -> std::result::Result<T, ApiError>,
) -> std::result::Result<T, ApiError> {
    match (ask(None), token) {
        (Err(error), Some(_)) if matches!(status_of(&error), Some(401 | 403 | 404)) => ask(token),
        (answer, _) => answer,
    }
}

/// The status of an answer that was no good.
fn status_of(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::RequestError(error) => match **error {
            ureq::Error::StatusCode(status) => Some(status),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a second try may be better.
fn may_pass(error: &ApiError) -> bool {
    match error {
        ApiError::RequestError(error) => match &**error {
            ureq::Error::StatusCode(status) => matches!(status, 408 | 429 | 500..),
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
            _ => false,
        },
        ApiError::IoError(_) | ApiError::LockAcquisition(_) | ApiError::InvalidResume => true,
        _ => false,
    }
}

/// Whether the file is there, with as many bytes as the hub tells.
fn is_whole(path: &Path, file: &Listed) -> bool {
    fs::metadata(path).is_ok_and(|found| file.size.is_none_or(|size| size == found.len()))
}

/// The hub does not tell a model that does not exist from one that is private.
fn refused(id: &str, params: &HubParams, status: u16) -> Error {
    let reason =
        format!("HTTP status {status}: no such model, no revision {}, or it needs a token", params.revision);
    let remedy = if params.has_unsent_token() {
        "check the id; the token is not sent, because this address is not encrypted: use https"
    } else {
        "check the id; where the model is gated or private, accept its terms on the hub and set HF_TOKEN"
    };
    hub_error(id, params, reason, remedy)
}
