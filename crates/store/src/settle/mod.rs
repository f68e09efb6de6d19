//! From all that is known of one record to the rows that it leaves in the tables.
//!
//! Pure functions, without I/O. What stood and what is new go in together, and the outcome is the same as if every
//! event had been there from the start: settling is a function of the *set* of events. So the order in which files
//! arrive never matters, and neither does how often they arrive.
//!
//! Networks that number their revisions have histories ([`record`], [`account`]); of those that do not, sightings are
//! merged column by column ([`merge`]).

mod account;
mod known;
mod merge;
mod record;
mod sighting;

pub(crate) use account::{AccountRows, settle_account};
pub(crate) use merge::{AccountNotices, merge_account, merge_lone, merge_record};
pub(crate) use record::{
    FollowSeen, LoneCreate, RecordRows, SettledRecord, settle_lone_create, settle_record,
};

#[cfg(test)]
mod tests;
