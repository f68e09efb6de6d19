//! Inputs cut into pieces of work of about equal size.
//!
//! A *unit* is what is committed together: a large file, or many small files. A *batch* is what one thread turns into
//! one run: some blocks of a large file, or all of a unit of small files. Both depend on the inputs only, so runs are
//! the same at any number of threads.

use populi_ingest::lines::Block;

use super::Prepared;
use crate::Result;

/// Bytes of lines in a batch, about; a run of it is held in memory while it is sorted.
pub(super) const BATCH_BYTES: usize = 16 << 20;

/// Blocks that become one run.
pub(super) struct Batch {
    /// The unit that it belongs to.
    pub(super) unit: usize,
    /// Its place in the unit.
    pub(super) number: usize,
    /// Blocks, each with the number of its file.
    pub(super) blocks: Vec<(usize, Block)>,
    /// Files that end in this batch.
    pub(super) ended: Vec<usize>,
    /// Whether it is the last of its unit.
    pub(super) is_last: bool,
    /// Bytes on disk of the files that end here, for showing how far the stage is.
    pub(super) n_bytes_on_disk: u64,
}

/// Reads the inputs and hands over batches, in order, until `send` says that nobody takes them any more.
pub(super) fn cut(inputs: &[Prepared], mut send: impl FnMut(Batch) -> bool) -> Result<()> {
    let mut batch = Batch::new(0);
    let mut n_bytes = 0;
    for (file, prepared) in inputs.iter().enumerate() {
        for block in prepared.input.blocks()? {
            let block = block?;
            n_bytes += block.bytes.len();
            batch.blocks.push((file, block));
            if n_bytes >= BATCH_BYTES {
                // What a small file before this one brought along ends here too, in the same unit.
                let next = batch.next_in_unit();
                if !send(std::mem::replace(&mut batch, next)) {
                    return Ok(());
                }
                n_bytes = 0;
            }
        }
        batch.ended.push(file);
        batch.n_bytes_on_disk += prepared.shard.input().n_bytes;
        let is_last_file = file + 1 == inputs.len();
        if is_last_file || batch.number > 0 || n_bytes >= BATCH_BYTES / 2 {
            batch.is_last = true;
            let next = Batch::new(batch.unit + 1);
            if !send(std::mem::replace(&mut batch, next)) {
                return Ok(());
            }
            n_bytes = 0;
        }
    }
    Ok(())
}

impl Batch {
    fn new(unit: usize) -> Self {
        Self { unit, number: 0, blocks: Vec::new(), ended: Vec::new(), is_last: false, n_bytes_on_disk: 0 }
    }

    fn next_in_unit(&self) -> Self {
        Self { number: self.number + 1, ..Self::new(self.unit) }
    }
}
