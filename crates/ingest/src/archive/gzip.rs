//! gzip (RFC 1952), and deflate alone (RFC 1951).

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::codec::{Broken, Codec, Step};

/// One member of gzip, with its header and checksum.
pub(super) struct Gzip(Decompress);

/// Deflate without any header.
pub(super) struct Deflate(Decompress);

impl Codec for Gzip {
    const NAME: &'static str = "gzip";

    fn begins_with(first: u8) -> bool {
        first == 0x1f
    }

    fn next_member(_: Option<Self>) -> io::Result<Self> {
        Ok(Self(Decompress::new_gzip(15)))
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        inflate(&mut self.0, input, output)
    }
}

impl Codec for Deflate {
    const NAME: &'static str = "zip";

    fn begins_with(_: u8) -> bool {
        true
    }

    fn next_member(_: Option<Self>) -> io::Result<Self> {
        Ok(Self(Decompress::new(false)))
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        inflate(&mut self.0, input, output)
    }
}

fn inflate(decoder: &mut Decompress, input: &[u8], output: &mut [u8]) -> Step {
    let (n_in, n_out) = (decoder.total_in(), decoder.total_out());
    let outcome = decoder.decompress(input, output, FlushDecompress::None);
    Step {
        // Never more than the slices hold.
        n_read: (decoder.total_in() - n_in) as usize,
        n_given: (decoder.total_out() - n_out) as usize,
        outcome: outcome.map(|status| status == Status::StreamEnd).map_err(Broken::corrupt),
    }
}
