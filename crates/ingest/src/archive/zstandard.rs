//! Zstandard (RFC 8878): a frame, or a skippable one, which gives nothing.

use std::io;

use populi_model::Reason;
use zstd::stream::raw::{Decoder, Operation};
use zstd::zstd_safe::{InBuffer, OutBuffer};

use super::codec::{Broken, Codec, Step};

/// What the library says of a window larger than 128 MiB, the most that it takes without being asked to.
const TOO_LARGE_A_WINDOW: &str = "Frame requires too much memory for decoding";

/// Bytes of the header of a block.
const BLOCK_HEADER_BYTES: usize = 3;

/// One frame.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// How many bytes the decoder can use at once.
    n_wanted: usize,
}

impl Codec for Zstd {
    const NAME: &'static str = "zstd";

    fn begins_with(first: u8) -> bool {
        matches!(first, 0x28 | 0x50..=0x5f)
    }

    fn next_member(previous: Option<Self>) -> io::Result<Self> {
        let decoder = previous.map_or_else(Decoder::new, |frame| Ok(frame.decoder))?;
        Ok(Self { decoder, n_wanted: BLOCK_HEADER_BYTES })
    }

    /// The decoder is never given a block and the header after it at once: where that header is damaged it would keep
    /// the block for itself.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        let n_input = match self.n_wanted {
            n @ 0..=BLOCK_HEADER_BYTES => n.max(1),
            n => n - BLOCK_HEADER_BYTES,
        };
        let mut input = InBuffer::around(&input[..n_input.min(input.len())]);
        let mut output = OutBuffer::around(output);
        let outcome = self.decoder.run(&mut input, &mut output);
        let (n_read, n_given) = (input.pos(), output.pos());
        let outcome = match outcome {
            Ok(n_wanted) => {
                self.n_wanted = n_wanted;
                Ok(n_wanted == 0)
            }
            Err(error) if error.to_string().contains(TOO_LARGE_A_WINDOW) => Err(Broken {
                reason: Reason::ContainerLimit,
                why: "it asks for a window of more than 128 MiB: unpack it with `zstd -dc --long=31`"
                    .to_owned(),
            }),
            Err(error) => Err(Broken::corrupt(error)),
        };
        Step { n_read, n_given, outcome }
    }
}
