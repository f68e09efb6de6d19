//! A record of DAG-CBOR as the JSON that Jetstream shows of it.
//!
//! Source: the AT protocol's data model, "JSON representation": content ids are `{"$link": …}`, bytes
//! `{"$bytes": …}` in base 64 without padding.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ipld_core::ipld::Ipld;
use populi_model::{Reason, Timestamp};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_ipld_dagcbor::DecodeError;

use crate::json;
use crate::sink::Defect;

/// A record, decoded.
pub(super) struct Decoded {
    /// The record as JSON, its keys in alphabetical order.
    pub json: String,
    /// When it was made, as it says itself.
    pub created_at: Option<Timestamp>,
}

/// Decodes a record.
///
/// # Errors
/// When the block is no DAG-CBOR in its one canonical form, or is nested too deep.
pub(super) fn decode(block: &[u8]) -> Result<Decoded, Defect> {
    let value: Ipld = serde_ipld_dagcbor::from_slice(block).map_err(defect_of)?;
    let json = serde_json::to_string(&Json(&value)).map_err(|error| {
        Defect::new(Reason::BadCbor, format!("no JSON says what the block says: {error}"))
    })?;
    json::check_depth(json.as_bytes())?;
    let created_at = match &value {
        Ipld::Map(fields) => match fields.get("createdAt") {
            Some(Ipld::String(text)) => Timestamp::parse_rfc3339(text).ok(),
            _ => None,
        },
        _ => None,
    };
    Ok(Decoded { json, created_at })
}

/// Why a block was not decoded.
pub(super) fn defect_of<E: fmt::Debug>(error: DecodeError<E>) -> Defect
where
    DecodeError<E>: fmt::Display,
{
    match error {
        DecodeError::DepthOverflow { .. } => {
            let detail = format!("arrays and maps are nested more than {} deep", json::MAX_DEPTH);
            Defect::new(Reason::TooDeep, detail)
        }
        error => Defect::new(Reason::BadCbor, format!("the block is no DAG-CBOR: {error}")),
    }
}

/// A value that is written as JSON. Recursion ends with that of the decoder, which allows 128 levels.
struct Json<'v>(&'v Ipld);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tagged = |serializer: S, tag: &str, value: &str| {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(tag, value)?;
            map.end()
        };
        match self.0 {
            Ipld::Null => serializer.serialize_unit(),
            Ipld::Bool(value) => serializer.serialize_bool(*value),
            Ipld::Integer(value) => serializer.serialize_i128(*value),
            Ipld::Float(value) => serializer.serialize_f64(*value),
            Ipld::String(value) => serializer.serialize_str(value),
            Ipld::Bytes(value) => tagged(serializer, "$bytes", &STANDARD_NO_PAD.encode(value)),
            Ipld::Link(value) => tagged(serializer, "$link", &value.to_string()),
            Ipld::List(values) => serializer.collect_seq(values.iter().map(Json)),
            Ipld::Map(fields) => serializer.collect_map(fields.iter().map(|(key, value)| (key, Json(value)))),
        }
    }
}
