//! From text to vector, behind one trait.
