//! gzip (RFC 1952): every member of a stream, one after another.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::CHUNK_BYTES;
use super::layer::{Counted, Meter, damaged};

/// The content of all members.
///
/// Zeros after the last member are padding, as tapes leave it; any other bytes there are damage.
pub(super) struct Members<R> {
    state: State<R>,
}

enum State<R> {
    Between(Counted<R>),
    Within(Box<GzDecoder<Counted<R>>>, Meter),
    Done,
}

impl<R: BufRead> Members<R> {
    pub fn new(container: R) -> Self {
        Self { state: State::Between(Counted::new(container)) }
    }
}

impl<R: BufRead> Read for Members<R> {
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
                State::Between(container) => next_member(container)?,
                State::Within(mut member, mut meter) => {
                    meter.check(member.get_ref().n_bytes)?;
                    let result = member.read(buffer);
                    let position = member.get_ref().n_bytes;
                    match result.map_err(|error| meter.explain(error, position))? {
                        0 => State::Between(member.into_inner()),
                        n => {
                            meter.add(n);
                            self.state = State::Within(member, meter);
                            return Ok(n);
                        }
                    }
                }
            }
        }
    }
}

/// Opens the member that begins here, or ends the stream.
fn next_member<R: BufRead>(mut container: Counted<R>) -> io::Result<State<R>> {
    let position = container.n_bytes;
    loop {
        let here = container.n_bytes;
        let n_zeros = match container.fill_buf()? {
            [] => return Ok(State::Done),
            [0x1f, ..] if here == position => break,
            chunk @ [0, ..] if position > 0 => chunk.iter().take_while(|byte| **byte == 0).count(),
            _ => {
                return Err(damaged("gzip", "corrupt", here, "expected another member or the end"));
            }
        };
        container.consume(n_zeros);
    }
    Ok(State::Within(Box::new(GzDecoder::new(container)), Meter::new("gzip", position)))
}
