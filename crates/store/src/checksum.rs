//! The BLAKE3 of a file's bytes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that are read at a time.
const READ_BYTES: usize = 256 << 10;

/// Length and hash of a file. Time: one pass; memory: one buffer.
pub(crate) fn checksum_of(path: &Path) -> io::Result<(u64, blake3::Hash)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut n_bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((n_bytes, hasher.finalize())),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                n_bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
