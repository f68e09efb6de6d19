//! What the reading of Twitter's dumps promises.

mod pages;
mod reading;
