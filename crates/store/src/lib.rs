//! Where rows live: runs, buckets, parts, the manifest and atomic publishing.
