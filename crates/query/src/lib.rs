//! SQL over the corpus.
