//! How many clusters: a number, or `auto`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many clusters are asked for. Written `auto` or as a number from 1 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum K {
    /// The number at which clusters are best apart.
    #[default]
    Auto,
    /// So many.
    Fixed(usize),
}

/// Text that is no number of clusters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("k is {got:?}: write a number from 1 on, or auto")]
pub struct NotAK {
    got: String,
}

impl FromStr for K {
    type Err = NotAK;

    fn from_str(text: &str) -> Result<Self, NotAK> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(k) if k > 0 => Ok(Self::Fixed(k)),
            _ => Err(NotAK { got: text.to_owned() }),
        }
    }
}

impl fmt::Display for K {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(k) => k.fmt(f),
        }
    }
}

impl Serialize for K {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Fixed(k) => serializer.serialize_u64(*k as u64),
        }
    }
}

impl<'de> Deserialize<'de> for K {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = K;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1 on, or \"auto\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<K, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, k: u64) -> Result<K, E> {
                k.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, k: i64) -> Result<K, E> {
                k.to_string().parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_auto_and_nothing_else() {
        for (text, k) in [("auto", K::Auto), ("1", K::Fixed(1)), ("64", K::Fixed(64))] {
            assert_eq!(text.parse(), Ok(k));
            assert_eq!(k.to_string(), text);
        }
        for text in ["", "0", "-3", "Auto", "2.5", "many"] {
            let error = text.parse::<K>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("auto"), "{error}");
        }
    }
}
