//! What texts are made of: tokens, language, stop words, class-based TF-IDF.
//!
//! | module | question |
//! |---|---|
//! | [`clean`] | what of a post's text is for reading by machine? |
//! | [`edges`] | what of a post is its body, without whom it goes to and what hangs on it? |
//! | [`near_duplicate`] | which texts say nearly the same? |
//! | [`spam`] | how often, how much of the same and through which program does an author post? |
//! | [`tweet_text`] | which mentions, hashtags and links are in it, by the grammar of Twitter? |
//! | [`words`] | which words are in it, and where do phrases end? |
//! | [`stop_words`] | which of them name nothing? |
//! | [`language`] | which language is it in, and how sure is that? |
//! | [`language_code`] | which language does a code or tag name? |
//! | [`keyword`] | does it say one of many words, phrases, hashtags or handles? |
//! | [`ctfidf`] | which words and pairs set a class of texts apart from the others? |
//!
//! Pure functions over `&str`: this room never knows where posts are kept. Every function takes any text (empty, hostile,
//! a megabyte without a space) in time linear in its length, without panicking, and gives the same answer everywhere.

pub mod clean;
pub mod ctfidf;
pub mod edges;
pub mod keyword;
pub mod language;
pub mod language_code;
pub mod near_duplicate;
pub mod spam;
pub mod stop_words;
pub mod tweet_text;
pub mod words;

mod error;

pub use error::{Error, Result};
