//! One file of a model into the cache, which is laid out as all programs of the hub have it: `blobs/` has contents under the names that
//! the hub gives them, `snapshots/` links to them under the names of files.
//!
//! The hub is asked where the file is before its bytes are asked for, because it sends on to other hosts for large ones, which the
//! token is not for.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::CacheRepo;
use hf_hub::api::sync::ApiError;
use ureq::http::header::{AUTHORIZATION, ETAG, LOCATION, RANGE};
use ureq::http::uri::InvalidUri;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

use crate::secret::Secret;

/// Redirects of the hub to itself that are followed, as for a model that has another name now.
const MAX_REDIRECTS: usize = 5;

type Result<T> = std::result::Result<T, ApiError>;

/// Where the bytes of a file are, and what its content is called in the cache.
struct Place {
    url: Uri,
    /// Whether this is the hub that was asked, which may have the token.
    is_hub: bool,
    etag: String,
}

/// Brings what is at `url`, and links `path`, which is in the folder of a snapshot `depth` folders below the model's, to it. A `.part` of it is
/// gone on with.
pub(super) fn download(
    url: &str,
    token: Option<&Secret>,
    cache: &CacheRepo,
    path: &Path,
    depth: usize,
) -> Result<()> {
    let place = place(url, token)?;
    let blob = cache.blob_path(&place.etag);
    for parent in [blob.parent(), path.parent()].into_iter().flatten() {
        fs::create_dir_all(parent)?;
    }
    let lock = blob.with_extension("lock");
    let locked = File::create(&lock)?;
    locked.try_lock().map_err(|_| ApiError::LockAcquisition(lock))?;
    if !blob.is_file() {
        let part = blob.with_extension("part");
        append(&place, token, &part)?;
        fs::rename(&part, &blob)?;
    }
    drop(locked);
    // Should it be a link to what was deleted.
    let _ = fs::remove_file(path);
    let up: PathBuf = std::iter::repeat_n("..", depth).collect();
    Ok(std::os::unix::fs::symlink(up.join("blobs").join(&place.etag), path)?)
}

/// Asks the hub for one byte, and reads where it sends.
fn place(url: &str, token: Option<&Secret>) -> Result<Place> {
    let agent: Agent = Agent::config_builder().max_redirects(0).build().into();
    let mut url: Uri = url.parse().map_err(|error: InvalidUri| Box::new(ureq::Error::Http(error.into())))?;
    for _ in 0..MAX_REDIRECTS {
        let answer = get(&agent, &url, token, "bytes=0-0")?;
        if !answer.status().is_redirection() {
            return Ok(Place { url, is_hub: true, etag: etag(&answer)? });
        }
        let location = header(&answer, LOCATION.as_str()).ok_or(ApiError::MissingHeader("location"))?;
        let next = match location.starts_with('/') {
            true => format!("{}://{}{location}", url.scheme_str().unwrap_or_default(), host(&url)),
            false => location.to_owned(),
        };
        let next: Uri = next.parse().map_err(|_| ApiError::InvalidHeader("location"))?;
        if next.scheme() != url.scheme() || host(&next) != host(&url) {
            return Ok(Place { url: next, is_hub: false, etag: etag(&answer)? });
        }
        url = next;
    }
    Err(ApiError::RequestError(Box::new(ureq::Error::TooManyRedirects)))
}

/// Adds to `part` what it lacks of the file.
fn append(place: &Place, token: Option<&Secret>, part: &Path) -> Result<()> {
    let mut file = File::options().append(true).create(true).open(part)?;
    let start = file.metadata()?.len();
    // Where the file is elsewhere, that host may send on as it likes: there is no token.
    let config = Agent::config_builder();
    let agent: Agent = if place.is_hub { config.max_redirects(0) } else { config }.build().into();
    let answer = get(&agent, &place.url, token.filter(|_| place.is_hub), &format!("bytes={start}-"))?;
    match answer.status().as_u16() {
        206 => {}
        // All of it, whatever was asked for.
        200 => file.set_len(0)?,
        _ => return Err(ApiError::InvalidResume),
    }
    io::copy(&mut answer.into_body().into_reader(), &mut file)?;
    Ok(file.sync_all()?)
}

fn get(agent: &Agent, url: &Uri, token: Option<&Secret>, range: &str) -> Result<Response<Body>> {
    let mut request = agent.get(url).header(RANGE, range);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
    }
    Ok(request.call().map_err(Box::new)?)
}

/// Host and port; nothing of a URL without a host.
fn host(url: &Uri) -> &str {
    url.authority().map_or("", |authority| authority.as_str())
}

/// The name of the content. It becomes a name in the cache.
fn etag(answer: &Response<Body>) -> Result<String> {
    let etag = header(answer, "x-linked-etag").or_else(|| header(answer, ETAG.as_str()));
    let etag = etag.ok_or(ApiError::MissingHeader("etag"))?.trim_start_matches("W/").trim_matches('"');
    let is_name = !etag.is_empty() && etag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name { Ok(etag.to_owned()) } else { Err(ApiError::InvalidHeader("etag")) }
}

fn header<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}
