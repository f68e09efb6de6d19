//! Zstandard (RFC 8878): every frame of a stream, one after another; skippable frames give nothing.

use std::io::{self, BufRead, Read};

use zstd::stream::read::Decoder;

use super::CHUNK_BYTES;
use super::layer::{Counted, Meter};

/// The content of all frames.
pub(super) struct Frames<R: BufRead> {
    state: State<R>,
}

enum State<R: BufRead> {
    Between(Counted<R>),
    Within(Decoder<'static, Counted<R>>, Meter),
    Done,
}

impl<R: BufRead> Frames<R> {
    pub fn new(container: R) -> Self {
        Self { state: State::Between(Counted::new(container)) }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // So little that the meter is looked at often, however much is asked for.
        let n_wanted = buffer.len().min(CHUNK_BYTES);
        let buffer = &mut buffer[..n_wanted];
        loop {
            // A state that an error leaves behind is Done: nothing is read after damage.
            self.state = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Between(mut container) => {
                    if container.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let meter = Meter::new("zstd", container.n_bytes);
                    State::Within(Decoder::with_buffer(container)?.single_frame(), meter)
                }
                State::Within(mut frame, mut meter) => {
                    meter.check(frame.get_ref().n_bytes)?;
                    let result = frame.read(buffer);
                    let position = frame.get_ref().n_bytes;
                    match result.map_err(|error| meter.explain(error, position))? {
                        0 => State::Between(frame.finish()),
                        n => {
                            meter.add(n);
                            self.state = State::Within(frame, meter);
                            return Ok(n);
                        }
                    }
                }
            }
        }
    }
}
