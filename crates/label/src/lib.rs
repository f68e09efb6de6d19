//! From clusters to names: keywords and exemplars.
