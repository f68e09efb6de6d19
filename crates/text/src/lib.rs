//! What texts are made of: tokens, language, stop words, class-based TF-IDF.
