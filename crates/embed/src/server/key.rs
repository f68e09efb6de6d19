//! Which key goes to which server.

use super::address::Address;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Holds the key for any server but OpenAI's, where the user names no other variable.
const OWN_VARIABLE: &str = "POPULI_EMBED_KEY";
/// Holds the key for [`OPENAI_HOST`], where the user names no other variable.
const OPENAI_VARIABLE: &str = "OPENAI_API_KEY";
const OPENAI_HOST: &str = "api.openai.com";

/// The key for `address`, or that there is none.
///
/// A variable that the user named must be set. Where none is named, `OPENAI_API_KEY` is for `api.openai.com` alone, and
/// `POPULI_EMBED_KEY` for every server, so that a key that other programs need goes nowhere by accident.
pub(super) fn for_address(
    named: Option<&str>,
    address: &Address,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Secret>> {
    let read = |name: &str| variable(name).as_deref().and_then(Secret::new);
    let (name, key) = match named {
        Some(name) => (name, Some(read(name).ok_or_else(|| not_set(name))?)),
        None if address.host() == OPENAI_HOST && read(OPENAI_VARIABLE).is_some() => {
            (OPENAI_VARIABLE, read(OPENAI_VARIABLE))
        }
        None => (OWN_VARIABLE, read(OWN_VARIABLE)),
    };
    if key.is_some() && !address.is_private() {
        return Err(Error::Server {
            url: address.to_string(),
            reason: format!("the key in {name} would go over the network unencrypted"),
            remedy: "use https, a tunnel to 127.0.0.1, or unset the variable where the server needs no key"
                .to_owned(),
        });
    }
    Ok(key)
}

/// Shows `name` only where it looks like the name of a variable: somebody may have given the key itself.
fn not_set(name: &str) -> Error {
    let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    Error::Param {
        name: "key_variable",
        got: if is_name { name } else { "(not shown: it may be the key itself)" }.to_owned(),
        must_be: "the name of an environment variable that is set and holds the key",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    /// The key for `url` where the environment has `OPENAI_API_KEY`, `POPULI_EMBED_KEY`, `MINE` and an empty `EMPTY`.
    fn key(named: Option<&str>, url: &str) -> Result<Option<String>> {
        let variable = |name: &str| match name {
            "OPENAI_API_KEY" => Some("openai".to_owned()),
            "POPULI_EMBED_KEY" => Some("own".to_owned()),
            "MINE" => Some("mine".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let key = for_address(named, &Address::new(url)?, variable)?;
        Ok(key.map(|key| key.expose().to_owned()))
    }

    #[test]
    fn the_key_of_openai_goes_to_openai_alone() {
        assert_eq!(key(None, "https://api.openai.com").unwrap().as_deref(), Some("openai"));
        for other in ["https://api.openai.com.example.com", "https://example.com", "http://localhost:1"] {
            assert_eq!(key(None, other).unwrap().as_deref(), Some("own"), "{other}");
        }
        assert_eq!(key(Some("MINE"), "https://api.openai.com").unwrap().as_deref(), Some("mine"));
    }

    #[test]
    fn a_named_variable_must_be_set() {
        for name in ["ABSENT", "EMPTY"] {
            assert!(key(Some(name), "https://h").unwrap_err().to_string().contains(name));
        }
    }

    #[test]
    fn a_key_in_the_place_of_its_name_is_not_shown() {
        let error = key(Some("sk-sesame"), "https://h").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
    }

    #[test]
    fn no_key_goes_over_the_network_unencrypted() {
        for (named, url) in [(None, "http://h"), (Some("MINE"), "http://h"), (None, "http://api.openai.com")]
        {
            let error = key(named, url).unwrap_err().to_string();
            assert!(error.contains("unencrypted") && error.contains("https"), "{error}");
        }
    }

    #[test]
    fn no_variable_no_key() {
        let address = Address::new("http://h").unwrap();
        assert_eq!(for_address(None, &address, |_| None).unwrap(), None);
    }
}
