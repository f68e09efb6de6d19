//! The room from outside: c-TF-IDF by hand and against a naive oracle, languages, hostile texts, real texts.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking and say what they skip"
)]

mod ctfidf;
mod keywords;
mod languages;
mod near_duplicates;
mod texts;
mod tweet_text;
