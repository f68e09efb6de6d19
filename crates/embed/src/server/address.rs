//! Where the requests of a server go, from whatever form of its URL the user has.

use std::fmt;

use ureq::http::Uri;

use crate::error::{Error, Result};
use crate::secret;

/// The last part of every address.
const EMBEDDINGS: &str = "/embeddings";

/// The normalised URL of `POST …/embeddings`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    is_https: bool,
    /// Lower case, IPv6 in brackets.
    host: String,
    /// Only where it is not the scheme's own.
    port: Option<u16>,
    /// From the first slash to `/embeddings`.
    path: String,
}

impl Address {
    /// Reads a base URL. A path that ends in `/embeddings` stands as it is; one that ends in a version (`/v1`) gets
    /// `/embeddings`; any other gets `/v1/embeddings`. Slashes at the end do not matter.
    pub(super) fn new(base_url: &str) -> Result<Self> {
        // An error shows the URL only where it cannot hold a password or a key.
        if base_url.contains(['@', '?', '#']) {
            return Err(param(
                "(not shown: it may hold a key)",
                "a URL without user, query or fragment; a key belongs in an environment variable",
            ));
        }
        let wrong = || param(base_url, "a URL such as http://localhost:8080/v1");
        let uri: Uri = base_url.trim().parse().map_err(|_| wrong())?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?.to_ascii_lowercase();
        let port = uri.port_u16().filter(|&port| port != if is_https { 443 } else { 80 });
        Ok(Self { is_https, host, port, path: path_of_embeddings(uri.path()) })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether nobody else can read what is sent there.
    pub(super) fn is_private(&self) -> bool {
        self.is_https || self.is_loopback()
    }

    /// Whether it is this machine.
    pub(super) fn is_loopback(&self) -> bool {
        secret::is_loopback(&self.host)
    }

    /// Host, port and path: what tells two servers apart. `http` and `https` of one host are the same server.
    pub(super) fn identity(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}{}", self.host, self.path),
            None => format!("{}{}", self.host, self.path),
        }
    }
}

/// The URL.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_https { "https" } else { "http" }, self.identity())
    }
}

fn path_of_embeddings(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_version =
        last.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    match () {
        () if path.ends_with(EMBEDDINGS) => path.to_owned(),
        () if is_version => format!("{path}{EMBEDDINGS}"),
        () => format!("{path}/v1{EMBEDDINGS}"),
    }
}

fn param(got: &str, must_be: &'static str) -> Error {
    Error::Param { name: "base_url", got: got.to_owned(), must_be }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn every_form_of_a_url_is_one_address() {
        for form in ["http://H:80", "http://h/", "http://h/v1", "http://h/v1/", "http://h:80/v1/embeddings//"]
        {
            assert_eq!(Address::new(form).unwrap().to_string(), "http://h/v1/embeddings", "{form}");
        }
        for (form, url) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"),
            ("https://h:443/api", "https://h/api/v1/embeddings"),
            ("https://h:80/v2", "https://h:80/v2/embeddings"),
            ("https://h/v1beta/openai/embeddings", "https://h/v1beta/openai/embeddings"),
            ("http://[::1]:8080", "http://[::1]:8080/v1/embeddings"),
            ("http://h/v", "http://h/v/v1/embeddings"),
        ] {
            assert_eq!(Address::new(form).unwrap().to_string(), url, "{form}");
        }
    }

    #[test]
    fn the_scheme_is_no_part_of_the_identity() {
        let identity = |url| Address::new(url).unwrap().identity();
        assert_eq!(identity("http://h/v1"), identity("https://h"));
        assert_ne!(identity("http://h:1/v1"), identity("http://h:2/v1"));
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for form in ["", "h", "localhost:8080", "ftp://h", "http://", "/v1", "file:///v1"] {
            assert!(Address::new(form).is_err(), "{form}");
        }
    }

    #[test]
    fn a_url_that_may_hold_a_key_is_refused_and_not_shown() {
        for form in ["https://me:sesame@h/v1", "https://h/v1?key=sesame", "https://h/v1#sesame"] {
            let error = Address::new(form).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
        }
    }

    #[test]
    fn private_is_https_or_this_machine() {
        for (url, private) in [
            ("https://h", true),
            ("http://h", false),
            ("http://localhost:1", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:5", true),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false),
            ("http://192.168.0.2", false),
        ] {
            assert_eq!(Address::new(url).unwrap().is_private(), private, "{url}");
        }
    }
}
