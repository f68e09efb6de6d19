//! The bytes of members on their way from the thread that reads an archive to those that decode them.
//!
//! All pipes together hold at most [`MAX_BYTES`]. The reading thread waits where they are full; it hands
//! members over in order, so whoever waits for bytes waits for those of the member that is being read, and
//! one of the two can always go on.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use populi_ingest::archive::Damage;

/// Bytes of packed members that are held for decoding.
const MAX_BYTES: usize = 64 << 20;

/// What all pipes hold.
#[derive(Default)]
pub(super) struct Pipes {
    n_bytes: Mutex<usize>,
    has_room: Condvar,
}

impl Pipes {
    fn n_bytes(&self) -> MutexGuard<'_, usize> {
        self.n_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pipe without anything in it: where its bytes go in and where they come out.
pub(super) fn pipe(pipes: &Arc<Pipes>) -> (Inlet, Outlet) {
    let (sender, chunks) = channel();
    (Inlet { sender, pipes: Arc::clone(pipes) }, Outlet { chunks, chunk: None, n_read: 0 })
}

/// Where bytes go in.
pub(super) struct Inlet {
    sender: Sender<Result<Chunk, Damage>>,
    pipes: Arc<Pipes>,
}

/// Where they come out.
pub(super) struct Outlet {
    chunks: Receiver<Result<Chunk, Damage>>,
    chunk: Option<Chunk>,
    n_read: usize,
}

/// Some bytes, which count as held until they are dropped.
struct Chunk {
    bytes: Vec<u8>,
    pipes: Arc<Pipes>,
}

impl Inlet {
    /// Puts bytes in, and waits for room before. Where nobody reads them any more they are dropped.
    pub(super) fn send(&self, bytes: Vec<u8>) {
        let mut n_held = self.pipes.n_bytes();
        while *n_held > 0 && *n_held + bytes.len() > MAX_BYTES {
            n_held = self.pipes.has_room.wait(n_held).unwrap_or_else(PoisonError::into_inner);
        }
        *n_held += bytes.len();
        drop(n_held);
        // A reader that went away read as much as it wanted; what is returned is dropped and counts no more.
        let _ = self.sender.send(Ok(Chunk { bytes, pipes: Arc::clone(&self.pipes) }));
    }

    /// Ends the bytes with damage.
    pub(super) fn fail(self, damage: Damage) {
        let _ = self.sender.send(Err(damage));
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        *self.pipes.n_bytes() -= self.bytes.len();
        self.pipes.has_room.notify_all();
    }
}

impl Read for Outlet {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(chunk) = &self.chunk {
                let rest = &chunk.bytes[self.n_read..];
                if !rest.is_empty() {
                    let n = rest.len().min(buffer.len());
                    buffer[..n].copy_from_slice(&rest[..n]);
                    self.n_read += n;
                    return Ok(n);
                }
            }
            // What was read is held no more while the next bytes are waited for.
            self.chunk = None;
            (self.chunk, self.n_read) = match self.chunks.recv() {
                Ok(Ok(chunk)) => (Some(chunk), 0),
                Ok(Err(damage)) => return Err(damage.into_error()),
                Err(_) => return Ok(0),
            };
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_no_more_are_held_than_allowed() {
        let pipes = Arc::new(Pipes::default());
        let (inlet, mut outlet) = pipe(&pipes);
        let n_chunks = 3 * MAX_BYTES / (1 << 20);
        std::thread::scope(|scope| {
            scope.spawn(move || (0..n_chunks).for_each(|i| inlet.send(vec![i as u8; 1 << 20])));
            let mut buffer = vec![0; 1 << 20];
            for i in 0..n_chunks {
                outlet.read_exact(&mut buffer).unwrap();
                assert!(buffer.iter().all(|byte| *byte == i as u8));
                assert!(*pipes.n_bytes() <= MAX_BYTES);
            }
            assert_eq!(outlet.read(&mut buffer).unwrap(), 0);
        });
        assert_eq!(*pipes.n_bytes(), 0);
    }

    #[test]
    fn nobody_waits_for_a_reader_that_went_away() {
        let pipes = Arc::new(Pipes::default());
        let (inlet, outlet) = pipe(&pipes);
        inlet.send(vec![0; MAX_BYTES]);
        drop(outlet);
        inlet.send(vec![0; 1]);
        assert_eq!(*pipes.n_bytes(), 0);
    }
}
