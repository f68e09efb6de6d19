//! Models of the Hugging Face hub as folders: fetched once, then found in the cache that all programs of the hub share.
//!
//! The way of a fetch: what the revision stands for and which files there are (`remote.rs`), which of them an encoder needs
//! (`encoder.rs`), each into the cache unless it is there. Offline, the same list is looked up in the cache alone (`cached.rs`).

mod cached;
mod download;
mod encoder;
mod params;
mod remote;

use std::path::PathBuf;

use self::cached::Cached;
use self::encoder::bring_encoder;
pub use self::params::HubParams;
use self::remote::{Remote, Unlisted};
use crate::error::{Error, Result};

/// The folder of a sentence-transformers encoder from the hub: `id` is `owner/name`. Only files that the encoder needs are fetched: its
/// configuration, `tokenizer.json`, its modules, and weights as safetensors; never pickles.
///
/// The folder is the snapshot in the hub's standard cache, so that what Python fetched is found and the other way round. A
/// broken download goes on where it stopped. One small request tells whether the revision has moved; a full commit id whose files are
/// all there needs none. Where the hub cannot be reached, what the cache has of the revision is taken.
///
/// # Errors
///
/// [`Error::Param`] for an id or a revision that cannot be one; [`Error::Hub`] where the hub or the cache does not have what is needed, with what
/// to do; [`Error::ModelFile`] for a file that names no modules or shards, or places outside of its folder.
pub fn fetch(id: &str, params: &HubParams) -> Result<PathBuf> {
    check_id(id)?;
    check_revision(&params.revision)?;
    if params.offline {
        return Cached::find(id, params)?.complete();
    }
    if is_commit(&params.revision)
        && let Ok(folder) = Cached::find(id, params).and_then(|cached| cached.complete())
    {
        return Ok(folder);
    }
    match Remote::list(id, params) {
        Ok(remote) => {
            bring_encoder(&remote)?;
            remote.publish()
        }
        Err(Unlisted::Unreachable(error)) => {
            Cached::find(id, params).and_then(|cached| cached.complete()).map_err(|_| error)
        }
        Err(Unlisted::Refused(error)) => Err(error),
    }
}

/// An error about the model `id`.
fn hub_error(id: &str, params: &HubParams, reason: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::Hub {
        id: id.to_owned(),
        endpoint: params.endpoint.clone(),
        reason: reason.into(),
        remedy: remedy.into(),
    }
}

/// Ids become parts of URLs and of paths.
fn check_id(id: &str) -> Result<()> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !part.contains("..")
    };
    let must_be = match () {
        () if id.contains("://") => "owner/name, without the address of the hub",
        () if id.split('/').count() <= 2 && id.split('/').all(is_part) => return Ok(()),
        () => "a model of the hub as owner/name, or a folder that exists",
    };
    Err(Error::Param { name: "id", got: format!("{id:?}"), must_be })
}

fn check_revision(revision: &str) -> Result<()> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.contains("..")
            && part != "."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    if revision.split('/').all(is_part) {
        return Ok(());
    }
    let must_be = "a branch, a tag or a commit id";
    Err(Error::Param { name: "revision", got: format!("{revision:?}"), must_be })
}

/// Whether it is a commit id in full.
fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn ids_are_of_the_hub() {
        for id in ["bert-base-uncased", "sentence-transformers/all-MiniLM-L6-v2", "a_1/b.c", "_x/y"] {
            check_id(id).unwrap();
        }
        for id in [
            "", "/", "a/", "/a", "a/b/c", "./a", "../a", "a/..", "a/b..c", "~/a", "a b/c", r"a\b", "a/-b",
            "a/b?x", "ä/b",
        ] {
            let error = check_id(id).unwrap_err().to_string();
            assert!(error.contains("folder that exists"), "{id}: {error}");
        }
        let error = check_id("https://huggingface.co/a/b").unwrap_err().to_string();
        assert!(error.contains("without the address"), "{error}");
    }

    #[test]
    fn revisions_stay_in_their_folder() {
        for revision in ["main", "v1.0", "refs/pr/3", "0123456789abcdef0123456789abcdef01234567"] {
            check_revision(revision).unwrap();
        }
        for revision in ["", "..", "a/../b", "/a", "a/", "a b", ".", r"a\b", "a?b", "a#b"] {
            assert!(check_revision(revision).is_err(), "{revision}");
        }
    }
}
