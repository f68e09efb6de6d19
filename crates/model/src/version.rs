//! Which of two versions of one record is the later.

use serde::{Deserialize, Serialize};

/// Where an event stands in the history of its record.
///
/// Ordered by the platform's own revision, ties by content: receipt times differ from server to server and decide
/// nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Version {
    /// The platform's revision as a number that grows. Bluesky: the value of the commit's TID; where there is none,
    /// the event's `time_us` in the same units. Tables: the row's time.
    pub revision: u64,
    /// A 64-bit hash of what the version says: zero for a delete.
    pub content: u64,
}

impl Version {
    /// The 64-bit content hash of these bytes: the first 8 bytes of BLAKE3, never zero.
    #[must_use]
    pub fn content_of(bytes: &[u8]) -> u64 {
        let hash = blake3::hash(bytes);
        let mut prefix = [0; 8];
        prefix.copy_from_slice(&hash.as_bytes()[..8]);
        u64::from_be_bytes(prefix).max(1)
    }
}
