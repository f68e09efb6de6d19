//! From all that is known of one record to the rows that it leaves in the tables.
//!
//! Pure functions, without I/O. What stood and what is new go in together, and the outcome is the same as if every
//! event had been there from the start: settling is a function of the *set* of events. So the order in which files
//! arrive never matters, and neither does how often they arrive.

mod account;
mod known;
mod record;
mod sighting;

pub(crate) use account::{AccountRows, settle_account};
pub(crate) use record::{
    FollowSeen, LoneCreate, RecordRows, SettledRecord, settle_lone_create, settle_record,
};

#[cfg(test)]
mod tests;
