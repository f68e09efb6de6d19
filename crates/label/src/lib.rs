//! From clusters to names: keywords and exemplars.
//!
//! | module | question |
//! |---|---|
//! | [`keyword`] | how is a cluster called, given the terms that set it apart? |
//! | [`exemplar`] | which few of its posts show what it is about? |
//!
//! Both are deterministic. How the clusters were made is not known here.

pub mod exemplar;
pub mod keyword;

mod error;

pub use error::{Error, Result};
