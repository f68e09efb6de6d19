//! Whether a corpus is as it was written.

use std::path::Path;

use populi_store::Snapshot;
use populi_store::verify::Verification;

use crate::Result;
use crate::progress::{Progress, Unit};

/// Checks every byte, row and count of the corpus in `folder`; see [`populi_store::verify`].
///
/// # Errors
/// When there is no corpus, or another process changed it meanwhile. Damage is no error but a finding.
pub fn verify(folder: &Path, progress: &dyn Progress) -> Result<Verification> {
    // A manifest that cannot be read is a finding of what follows.
    let n_bytes = Snapshot::open(folder).ok().map(|snapshot| snapshot.n_bytes());
    progress.begin("verify", n_bytes, Unit::Bytes);
    let found = populi_store::verify::verify(folder, &|n| progress.advance(n))?;
    progress.end();
    Ok(found)
}
