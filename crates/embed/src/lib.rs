//! From text to vector, behind one trait.
//!
//! An [`Embedder`] turns texts into rows of a [`Matrix`](populi_geometry::Matrix), so that texts about the same things point the same way. A
//! backend is one file that implements the trait; [`Lexical`] is the one that needs no download and knows any script.
//! [`embed_cached`] puts a [`VectorCache`] before any of them.
//!
//! Nothing here knows what vectors are for.

mod cache;
mod distil;
mod embedder;
mod error;
pub mod hub;
mod lexical;
mod secret;
mod server;
mod token_table;
mod transformer;
mod wordpiece;

pub use cache::{FileCache, MemoryCache, Settled, TextKey, VectorCache, embed_cached, embed_watched};
pub use distil::{DistilParams, Distillation, distil, token_vectors};
pub use embedder::{Embedder, Fingerprint};
pub use error::{Error, Result};
pub use lexical::{Feature, Lexical, LexicalParams, TextSample};
pub use secret::Secret;
pub use server::{Server, ServerParams, ServerUsage};
pub use token_table::{Nearness, TableCard, TokenTable};
pub use transformer::{Transformer, TransformerParams};
pub use wordpiece::{AddedToken, WordPiece, WordPieceParams};
