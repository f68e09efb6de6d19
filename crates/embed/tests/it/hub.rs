//! Models from a hub on this machine, which speaks as the real one does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use populi_embed::Secret;
use populi_embed::hub::{HubParams, fetch};
use serde_json::{Value, json};

use crate::local_server::{LocalServer, Reply, Seen};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const ID: &str = "owner/model";
const MODULES: &str = r#"[{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]"#;

/// What is on the hub; tests change it while it is served.
#[derive(Clone, Default)]
struct Content {
    files: BTreeMap<String, Vec<u8>>,
    commit: String,
    /// Where this is set, a request without it is refused.
    token: Option<String>,
    /// How many of the next downloads end in the middle.
    n_short: usize,
    /// How many bytes more than a file has the hub tells.
    excess: usize,
    /// The server of large files, to which the hub sends on.
    large_files: Option<String>,
}

impl Content {
    fn encoder() -> Self {
        let names =
            ["config.json", "tokenizer.json", "1_Pooling/config.json", "README.md", "pytorch_model.bin"];
        let mut files: BTreeMap<String, Vec<u8>> =
            names.map(|name| (name.to_owned(), format!("{{\"is\": \"{name}\"}}").into_bytes())).into();
        files.insert("modules.json".to_owned(), MODULES.into());
        files.insert("model.safetensors".to_owned(), (0..=255).cycle().take(70_000).collect());
        Self { files, commit: COMMIT.to_owned(), ..Self::default() }
    }

    /// The name of a file's content in the cache.
    fn etag(name: &str, content: &[u8]) -> String {
        let digits = content
            .iter()
            .chain(name.as_bytes())
            .fold(7u64, |hash, byte| hash * 31 % 999_983 + u64::from(*byte));
        format!("{digits:040x}")
    }

    fn reply(&mut self, seen: &Seen) -> Reply {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        if bearer.is_some() && seen.header("authorization") != bearer.as_deref() {
            return Reply::new(401, "");
        }
        let path = seen.url.split('?').next().unwrap();
        if path == format!("/api/models/{ID}/revision/main")
            || path == format!("/api/models/{ID}/revision/{}", self.commit)
        {
            let siblings: Vec<Value> =
                self.files.iter().map(|(name, content)| self.listed(name, content)).collect();
            return Reply::new(200, json!({"id": ID, "sha": self.commit, "siblings": siblings}).to_string());
        }
        let prefix = format!("/{ID}/resolve/{}/", self.commit);
        let Some((name, content)) =
            path.strip_prefix(&prefix).and_then(|name| self.files.get_key_value(name))
        else {
            return Reply::new(404, "");
        };
        let etag = Self::etag(name, content);
        match &self.large_files {
            Some(host) if name.ends_with(".safetensors") => Reply::new(302, "")
                .with_header("Location", format!("{host}/large/{name}"))
                .with_header("x-linked-etag", format!("\"{etag}\""))
                .with_header("x-repo-commit", self.commit.clone()),
            _ => {
                let reply = part_of(content, seen, &mut self.n_short);
                reply
                    .with_header("ETag", format!("\"{etag}\""))
                    .with_header("x-repo-commit", self.commit.clone())
            }
        }
    }

    fn listed(&self, name: &str, content: &[u8]) -> Value {
        let size = content.len() + self.excess;
        json!({"rfilename": name, "size": size, "blobId": Self::etag(name, content)})
    }
}

/// The bytes of `content` that were asked for; where more than one is asked for and `n_short` is not 0, half of them.
fn part_of(content: &[u8], seen: &Seen, n_short: &mut usize) -> Reply {
    let range = seen.header("range").unwrap().strip_prefix("bytes=").unwrap();
    let (start, end) = range.split_once('-').unwrap();
    let start: usize = start.parse().unwrap();
    if start >= content.len() {
        return Reply::new(416, "");
    }
    let mut end = end.parse().map_or(content.len(), |last: usize| last + 1);
    if *n_short > 0 && end - start > 1 {
        *n_short -= 1;
        end = start.midpoint(end);
    }
    let range = format!("bytes {start}-{}/{}", end - 1, content.len());
    Reply::new(206, &content[start..end]).with_header("Content-Range", range)
}

/// A hub that serves `content`, as it is when it is asked.
fn hub(content: Content) -> (LocalServer, Arc<Mutex<Content>>) {
    let content = Arc::new(Mutex::new(content));
    let served = Arc::clone(&content);
    (LocalServer::start(move |_, seen| served.lock().unwrap().reply(seen)), content)
}

fn params(hub: &LocalServer, cache: &Path) -> HubParams {
    HubParams { endpoint: hub.url(), first_wait: Duration::from_millis(1), ..HubParams::new(cache) }
}

fn with_token(params: HubParams, token: &str) -> HubParams {
    HubParams { token: Secret::new(token), ..params }
}

/// Files below `folder`, by name.
fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// How often each file was asked for, the request for its size included.
fn n_requests(hub: &LocalServer, name: &str) -> usize {
    hub.seen().iter().filter(|seen| seen.url.ends_with(name)).count()
}

#[test]
fn an_encoder_is_fetched_once_and_found_without_the_hub() {
    let cache = tempfile::tempdir().unwrap();
    let content = Content::encoder();
    let (local, _) = hub(content.clone());
    let params = params(&local, cache.path());
    let folder = fetch(ID, &params).unwrap();
    assert_eq!(folder, cache.path().join(format!("models--owner--model/snapshots/{COMMIT}")));
    let mut expected = content.files;
    expected.retain(|name, _| name != "README.md" && name != "pytorch_model.bin");
    assert_eq!(files_in(&folder), expected);

    let n_before = local.seen().len();
    assert_eq!(fetch(ID, &params).unwrap(), folder);
    assert_eq!(local.seen().len(), n_before + 1, "only whether the revision has moved");
    let pinned = HubParams { revision: COMMIT.to_owned(), ..params.clone() };
    assert_eq!(fetch(ID, &pinned).unwrap(), folder);
    assert_eq!(local.seen().len(), n_before + 1, "a commit never moves");

    drop(local);
    assert_eq!(fetch(ID, &HubParams { offline: true, ..params.clone() }).unwrap(), folder);
    assert_eq!(fetch(ID, &params).unwrap(), folder, "a hub that cannot be reached");
}

#[test]
fn what_python_fetched_is_found() {
    let cache = tempfile::tempdir().unwrap();
    let repository = cache.path().join("models--owner--model");
    let snapshot = repository.join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::write(snapshot.join(name), "{}").unwrap();
    }
    let params = HubParams { offline: true, ..HubParams::new(cache.path()) };
    let error = fetch(ID, &params).unwrap_err().to_string();
    assert!(
        error.contains("revision main is not in the cache") && error.contains("HF_HUB_OFFLINE"),
        "{error}"
    );
    let pinned = HubParams { revision: COMMIT.to_owned(), ..params.clone() };
    assert_eq!(fetch(ID, &pinned).unwrap(), snapshot);
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), COMMIT).unwrap();
    assert_eq!(fetch(ID, &params).unwrap(), snapshot);

    fs::remove_file(snapshot.join("tokenizer.json")).unwrap();
    let error = fetch(ID, &params).unwrap_err().to_string();
    assert!(error.contains("expected the file tokenizer.json, got none"), "{error}");
}

#[test]
fn a_revision_that_moves_gives_a_folder_of_one_commit() {
    let cache = tempfile::tempdir().unwrap();
    let (local, content) = hub(Content::encoder());
    let params = params(&local, cache.path());
    let old = fetch(ID, &params).unwrap();
    {
        let mut content = content.lock().unwrap();
        content.commit = "f".repeat(40);
        content.files.insert("tokenizer.json".to_owned(), b"{\"new\": 1}".to_vec());
    }
    let new = fetch(ID, &params).unwrap();
    assert_eq!(fs::read(new.join("tokenizer.json")).unwrap(), b"{\"new\": 1}");
    assert_eq!(files_in(&new).keys().collect::<Vec<_>>(), files_in(&old).keys().collect::<Vec<_>>());
}

#[test]
fn a_download_that_broke_off_goes_on_where_it_stopped() {
    // In the middle, and after the last byte, where there is nothing left to ask for.
    for n_bytes in [30_000, 70_000] {
        let cache = tempfile::tempdir().unwrap();
        let content = Content::encoder();
        let weights = &content.files["model.safetensors"];
        let blobs = cache.path().join("models--owner--model/blobs");
        fs::create_dir_all(&blobs).unwrap();
        let part = blobs.join(Content::etag("model.safetensors", weights) + ".part");
        fs::write(part, &weights[..n_bytes]).unwrap();
        let (local, _) = hub(content.clone());
        let folder = fetch(ID, &params(&local, cache.path())).unwrap();
        assert_eq!(&fs::read(folder.join("model.safetensors")).unwrap(), weights);
        let is_resumed = local.seen().iter().any(|seen| seen.header("range") == Some("bytes=30000-"));
        assert_eq!(is_resumed, n_bytes == 30_000);
    }
}

#[test]
fn a_download_that_ends_early_is_made_again() {
    let cache = tempfile::tempdir().unwrap();
    let (local, content) = hub(Content { n_short: 3, ..Content::encoder() });
    let folder = fetch(ID, &params(&local, cache.path())).unwrap();
    let content = content.lock().unwrap();
    assert_eq!(content.n_short, 0);
    assert!(files_in(&folder).iter().all(|(name, bytes)| &content.files[name] == bytes));
}

#[test]
fn a_file_of_another_size_than_told_is_not_kept() {
    let cache = tempfile::tempdir().unwrap();
    let (local, content) = hub(Content { excess: 1, ..Content::encoder() });
    let params = params(&local, cache.path());
    let error = fetch(ID, &params).unwrap_err().to_string();
    assert!(error.contains("modules.json could not be fetched"), "{error}");
    assert!(fetch(ID, &HubParams { offline: true, ..params.clone() }).is_err());
    content.lock().unwrap().excess = 0;
    fetch(ID, &params).unwrap();
}

#[test]
fn large_files_come_from_where_the_hub_sends_and_no_token_goes_along() {
    let cache = tempfile::tempdir().unwrap();
    let content = Content::encoder();
    let weights = content.files["model.safetensors"].clone();
    let large = LocalServer::start(move |_, seen| part_of(&weights, seen, &mut 0));
    let (local, _) = hub(Content { large_files: Some(large.url()), ..content.clone() });
    let folder = fetch(ID, &with_token(params(&local, cache.path()), "sesame")).unwrap();
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), content.files["model.safetensors"]);
    assert!(!large.seen().is_empty());
    for seen in local.seen().iter().chain(&large.seen()) {
        assert_eq!(seen.header("authorization"), None, "nobody asked for a token: {}", seen.url);
    }
}

#[test]
fn a_token_is_used_where_one_is_asked_for() {
    let cache = tempfile::tempdir().unwrap();
    let (local, _) = hub(Content { token: Some("sesame".to_owned()), ..Content::encoder() });
    let anonymous = params(&local, cache.path());
    let error = fetch(ID, &anonymous).unwrap_err().to_string();
    assert!(error.contains("401") && error.contains("HF_TOKEN"), "{error}");
    let wrong = with_token(anonymous.clone(), "mustard");
    let error = fetch(ID, &wrong).unwrap_err();
    assert!(!format!("{error} {error:?} {wrong:?}").contains("mustard"), "{error}");
    fetch(ID, &with_token(anonymous, "sesame")).unwrap();
}

#[test]
fn a_token_does_not_follow_to_other_hosts() {
    let cache = tempfile::tempdir().unwrap();
    let content = Content::encoder();
    let weights = content.files["model.safetensors"].clone();
    let large = LocalServer::start(move |_, seen| part_of(&weights, seen, &mut 0));
    let token = Some("sesame".to_owned());
    let (local, _) = hub(Content { large_files: Some(large.url()), token, ..content.clone() });
    let folder = fetch(ID, &with_token(params(&local, cache.path()), "sesame")).unwrap();
    assert_eq!(fs::read(folder.join("model.safetensors")).unwrap(), content.files["model.safetensors"]);
    assert!(local.seen().iter().any(|seen| seen.header("authorization") == Some("Bearer sesame")));
    assert!(!large.seen().is_empty());
    for seen in large.seen() {
        assert_eq!(seen.header("authorization"), None, "{}", seen.url);
    }
}

/// A hub that answers downloads with `reply`, and all else rightly.
fn hub_that_sends(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> LocalServer {
    let content = Mutex::new(Content::encoder());
    LocalServer::start(move |_, seen| match seen.url.contains("/resolve/") {
        true => reply(seen),
        false => content.lock().unwrap().reply(seen),
    })
}

#[test]
fn a_redirect_of_the_hub_to_itself_is_followed_with_the_token() {
    let cache = tempfile::tempdir().unwrap();
    let content = Content { token: Some("sesame".to_owned()), ..Content::encoder() };
    let files = content.files.clone();
    let content = Mutex::new(content);
    let local = LocalServer::start(move |_, seen| {
        if let Some(name) = seen.url.strip_prefix("/moved/") {
            let url = format!("/{ID}/resolve/{COMMIT}/{name}");
            return content.lock().unwrap().reply(&Seen { url, ..seen.clone() });
        }
        match seen.url.split_once(&format!("/resolve/{COMMIT}/")) {
            Some((_, name)) if seen.header("authorization").is_some() => {
                Reply::new(307, "").with_header("Location", format!("/moved/{name}"))
            }
            _ => content.lock().unwrap().reply(seen),
        }
    });
    let folder = fetch(ID, &with_token(params(&local, cache.path()), "sesame")).unwrap();
    assert_eq!(fs::read(folder.join("tokenizer.json")).unwrap(), files["tokenizer.json"]);
}

#[test]
fn wrong_redirects_and_names_are_errors() {
    let to =
        |location: &str| Reply::new(302, "").with_header("Location", location).with_header("ETag", "\"a\"");
    for (reply, expected) in [
        (Reply::new(302, ""), "location is missing"),
        (to("http://[/"), "location is invalid"),
        (to("/round/resolve/and/round"), "too many redirects"),
        (Reply::new(206, "{"), "etag is missing"),
        (Reply::new(206, "{").with_header("ETag", "\"../../escaped\""), "etag is invalid"),
        (Reply::new(206, "{").with_header("ETag", "\"\""), "etag is invalid"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("a/b/c");
        let local = hub_that_sends(move |_| reply.clone());
        let error = fetch(ID, &params(&local, &cache)).unwrap_err().to_string();
        assert!(error.to_lowercase().contains(expected), "{expected}: {error}");
        assert_eq!(files_in(folder.path()), BTreeMap::new(), "{expected}");
    }
}

#[test]
fn what_the_hub_does_not_have_is_said_with_what_to_do() {
    let cache = tempfile::tempdir().unwrap();
    let (local, content) = hub(Content::encoder());
    let params = params(&local, cache.path());
    for (id, revision) in [("owner/other", "main"), (ID, "v9")] {
        let error = fetch(id, &HubParams { revision: revision.to_owned(), ..params.clone() })
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("404") && error.contains("check the id") && error.contains(revision),
            "{error}"
        );
    }
    content.lock().unwrap().files.remove("model.safetensors");
    let error = fetch(ID, &params).unwrap_err().to_string();
    assert!(error.contains("only pickles") && error.contains("convert"), "{error}");
    assert_eq!(n_requests(&local, "pytorch_model.bin"), 0);
    content.lock().unwrap().files.remove("tokenizer.json");
    let error = fetch(ID, &params).unwrap_err().to_string();
    assert!(error.contains("expected the file tokenizer.json, got none"), "{error}");
    assert!(fetch(ID, &HubParams { offline: true, ..params }).is_err(), "half a model is none");
}

#[test]
fn names_that_climb_stay_out() {
    let cache = tempfile::tempdir().unwrap();
    let mut content = Content::encoder();
    content
        .files
        .insert("modules.json".to_owned(), br#"[{"type": "x.Pooling", "path": "../../../.."}]"#.to_vec());
    content.files.insert("../../../../config.json".to_owned(), b"{}".to_vec());
    let (local, _) = hub(content);
    let error = fetch(ID, &params(&local, cache.path())).unwrap_err().to_string();
    assert!(error.contains("below the model's folder"), "{error}");
    assert!(!local.seen().iter().any(|seen| seen.url.contains("..")));
}

#[test]
fn no_hub_and_no_cache_is_an_error_that_says_so() {
    let cache = tempfile::tempdir().unwrap();
    let (local, _) = hub(Content::encoder());
    let params = params(&local, cache.path());
    drop(local);
    let error = fetch(ID, &params).unwrap_err().to_string();
    assert!(error.contains(&params.endpoint) && error.contains("HF_ENDPOINT"), "{error}");
}
