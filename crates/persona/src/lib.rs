//! From posts to author vectors and persona clusters.
