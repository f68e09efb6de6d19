//! What the reading of Twitter's dumps promises.

mod damage;
mod documents;
mod formats;
mod notices;
mod pages;
mod reading;
mod statuses;
