//! Which hub, which cache, which token.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::Uri;

use crate::error::{Error, Result};
use crate::secret::{Secret, is_loopback};

/// The hub where nobody names another.
const HUB: &str = "https://huggingface.co";

/// How models are fetched from the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubParams {
    /// A branch, a tag or a commit id. Default `main`.
    pub revision: String,
    /// Whether only the cache is asked. Default: no.
    pub offline: bool,
    /// The address of the hub. Default `https://huggingface.co`.
    pub endpoint: String,
    /// The folder with `models--…`.
    pub cache: PathBuf,
    /// Before the first retry; doubles with every further one, and up to as much again is added at random. Default 500 ms.
    pub first_wait: Duration,
    /// For gated and private models. It is sent to the hub alone, not to where the hub sends on to, and only where a model asks for one. Default:
    /// none.
    pub token: Option<Secret>,
}

impl HubParams {
    /// The defaults, with a cache and without a token.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            revision: "main".to_owned(),
            offline: false,
            endpoint: HUB.to_owned(),
            cache: cache.into(),
            first_wait: Duration::from_millis(500),
            token: None,
        }
    }

    /// What the environment says, as for Python's `huggingface_hub`: `HF_HUB_CACHE`, `HF_HOME` and `XDG_CACHE_HOME` place the cache,
    /// `HF_ENDPOINT` the hub, `HF_HUB_OFFLINE` forbids requests. The token is that of `HF_TOKEN`, or for `https://huggingface.co` alone
    /// that of the file that logging in leaves (`HF_TOKEN_PATH`).
    ///
    /// # Errors
    ///
    /// [`Error::Param`] where nothing says where the cache is.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(std::env::home_dir().as_deref(), |name| std::env::var(name).ok())
    }

    /// The token, where it can be sent without others reading it.
    pub(super) fn token_to_send(&self) -> Option<&Secret> {
        let uri: Uri = self.endpoint.parse().ok()?;
        let is_private = uri.scheme_str() == Some("https") || uri.host().is_some_and(is_loopback);
        self.token.as_ref().filter(|_| is_private)
    }

    /// Whether there is a token that is not sent, for it would go unencrypted.
    pub(super) fn has_unsent_token(&self) -> bool {
        self.token.is_some() && self.token_to_send().is_none()
    }

    fn from_variables(user: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let home = variable("HF_HOME").map(PathBuf::from).or_else(|| {
            let caches = variable("XDG_CACHE_HOME").map(PathBuf::from);
            Some(caches.or_else(|| Some(user?.join(".cache")))?.join("huggingface"))
        });
        let cache = variable("HF_HUB_CACHE").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join("hub")));
        let mut params = Self::new(cache.ok_or(Error::Param {
            name: "HF_HOME",
            got: "not set".to_owned(),
            must_be: "a folder, where there is no home folder",
        })?);

        if let Some(endpoint) = variable("HF_ENDPOINT") {
            params.endpoint = endpoint.trim_end_matches('/').to_owned();
        }
        params.offline = variable("HF_HUB_OFFLINE").is_some_and(|value| is_true(&value));
        params.token = variable("HF_TOKEN").as_deref().and_then(Secret::new).or_else(|| {
            // Logging in was at this hub and no other.
            let file = variable("HF_TOKEN_PATH").map(PathBuf::from).or_else(|| Some(home?.join("token")))?;
            let is_hub = params.endpoint == HUB;
            Secret::new(&is_hub.then(|| std::fs::read_to_string(file).ok())??)
        });
        Ok(params)
    }
}

/// What Python's `huggingface_hub` takes for yes.
fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<HubParams> {
        HubParams::from_variables(Some(Path::new("/home/me")), |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_cache_is_where_python_has_it() {
        for (variables, cache) in [
            (&[][..], "/home/me/.cache/huggingface/hub"),
            (&[("XDG_CACHE_HOME", "/x")], "/x/huggingface/hub"),
            (&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/h")], "/h/hub"),
            (&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")], "/c"),
            (&[("HF_HOME", "")], "/home/me/.cache/huggingface/hub"),
        ] {
            assert_eq!(from(variables).unwrap().cache, Path::new(cache), "{variables:?}");
        }
        assert!(HubParams::from_variables(None, |_| None).is_err());
    }

    #[test]
    fn offline_and_the_endpoint_are_read() {
        let params = from(&[("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://localhost:5/")]).unwrap();
        assert!(params.offline);
        assert_eq!(params.endpoint, "http://localhost:5");
        assert!(!from(&[("HF_HUB_OFFLINE", "0")]).unwrap().offline);
        assert_eq!(from(&[]).unwrap().endpoint, HUB);
    }

    #[test]
    fn a_token_is_hidden_and_stays_with_its_hub() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "of-login\n").unwrap();
        let home = ("HF_HOME", folder.path().to_str().unwrap());
        let token =
            |variables: &[_]| from(variables).unwrap().token_to_send().map(|token| token.expose().to_owned());

        assert_eq!(token(&[home]).as_deref(), Some("of-login"));
        assert_eq!(token(&[home, ("HF_ENDPOINT", "https://mirror.example")]), None);
        assert_eq!(token(&[home, ("HF_TOKEN", "given")]).as_deref(), Some("given"));
        let mirror = |url| token(&[("HF_TOKEN", "given"), ("HF_ENDPOINT", url)]);
        assert_eq!(mirror("https://mirror.example").as_deref(), Some("given"));
        assert_eq!(mirror("http://localhost:5").as_deref(), Some("given"));
        assert_eq!(mirror("http://mirror.example"), None);
        let params = from(&[("HF_TOKEN", "given")]).unwrap();
        assert!(!format!("{params:?}").contains("given"));
    }
}
