//! bzip2: blocks of at most 900 KB, each of which is given whole or not at all.

use std::io;

use bzip2::{Decompress, Status};

use super::codec::{Broken, Codec, Step};

/// One stream of bzip2, with its checksums.
pub(super) struct Bzip2(Decompress);

impl Codec for Bzip2 {
    const NAME: &'static str = "bzip2";

    fn begins_with(first: u8) -> bool {
        first == b'B'
    }

    fn next_member(_: Option<Self>) -> io::Result<Self> {
        Ok(Self(Decompress::new(false)))
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let (n_in, n_out) = (self.0.total_in(), self.0.total_out());
        let outcome = self.0.decompress(input, output);
        Step {
            // Never more than the slices hold.
            n_read: (self.0.total_in() - n_in) as usize,
            n_given: (self.0.total_out() - n_out) as usize,
            outcome: match outcome {
                Ok(Status::StreamEnd) => Ok(true),
                Ok(Status::MemNeeded) => Err(Broken::corrupt("its blocks ask for more memory than there is")),
                Ok(_) => Ok(false),
                Err(error) => Err(Broken::corrupt(error)),
            },
        }
    }
}
