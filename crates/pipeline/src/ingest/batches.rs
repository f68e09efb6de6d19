//! Inputs cut into pieces of work of about equal size.
//!
//! A *unit* is what is committed together: a large file, or many small files. A *batch* is what one thread turns into
//! one run: some blocks of a large file, or all of a unit of small files. Both depend on the inputs only, so runs are
//! the same at any number of threads.

use populi_ingest::bluesky::repository::is_export;
use populi_ingest::lines::Block;

use super::Prepared;
use crate::Result;

/// Bytes of lines in a batch, about; a run of it is held in memory while it is sorted.
pub(super) const BATCH_BYTES: usize = 16 << 20;

/// Blocks that become one run, or more where there are exports too.
pub(super) struct Batch {
    /// The unit that it belongs to.
    pub(super) unit: usize,
    /// Its place in the unit.
    pub(super) number: usize,
    /// Blocks, each with the number of its file.
    pub(super) blocks: Vec<(usize, Block)>,
    /// Files that are exports of repositories: each is read as a whole.
    pub(super) exports: Vec<usize>,
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
            if begins_export(&block) {
                batch.exports.push(file);
                n_bytes +=
                    usize::try_from(prepared.shard.input().n_bytes).unwrap_or(usize::MAX).min(BATCH_BYTES);
                break;
            }
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

/// Whether a content begins with this block and is an export of a repository: known before its lines mean anything.
fn begins_export(block: &Block) -> bool {
    let head = match &block.fault {
        Some(fault) if block.bytes.is_empty() => &fault.head,
        _ => &block.bytes,
    };
    block.offset == 0 && is_export(head)
}

impl Batch {
    fn new(unit: usize) -> Self {
        Self {
            unit,
            number: 0,
            blocks: Vec::new(),
            exports: Vec::new(),
            ended: Vec::new(),
            is_last: false,
            n_bytes_on_disk: 0,
        }
    }

    fn next_in_unit(&self) -> Self {
        Self { number: self.number + 1, ..Self::new(self.unit) }
    }
}
