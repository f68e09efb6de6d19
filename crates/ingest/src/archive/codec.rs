//! Takes off one layer of compression: every member of a stream, one after another.

use std::io::{self, BufRead, Read};

use populi_model::Reason;

use super::layer::{Counted, Meter};
use super::{CHUNK_BYTES, Damage, MAX_RATIO};

/// A way of compressing: decodes one member from its first byte to its last.
pub(super) trait Codec: Sized {
    /// Its name in messages.
    const NAME: &'static str;

    /// Whether a member may begin with this byte.
    fn begins_with(first: u8) -> bool;

    /// Ready for the member after that of `previous`.
    fn next_member(previous: Option<Self>) -> io::Result<Self>;

    /// Decodes as far as `input` and `output` allow.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step;
}

/// What one step of a codec did, whether it went well or not.
pub(super) struct Step {
    pub n_read: usize,
    pub n_given: usize,
    /// Whether the member is over.
    pub outcome: Result<bool, Broken>,
}

/// Why a member cannot be decoded any further.
pub(super) struct Broken {
    pub reason: Reason,
    pub why: String,
}

impl Broken {
    pub fn corrupt(why: impl ToString) -> Self {
        Self { reason: Reason::CorruptContainer, why: why.to_string() }
    }
}

/// A member that is being decoded, and how much it gave.
pub(super) struct Member<C> {
    codec: C,
    meter: Meter,
}

/// What was read of a member.
pub(super) struct Given {
    pub n_bytes: usize,
    /// What the reading ends with, after these bytes.
    pub end: Option<Result<(), Damage>>,
}

impl<C: Codec> Member<C> {
    /// A member that begins at the byte `start` of its container.
    pub fn new(codec: C, start: u64) -> Self {
        Self { codec, meter: Meter::new(start) }
    }

    /// Decodes on. What a codec made before it failed is given.
    pub fn read<R: BufRead>(&mut self, container: &mut Counted<R>, buffer: &mut [u8]) -> io::Result<Given> {
        loop {
            let input = container.look()?;
            let is_at_end = input.is_empty();
            let step = self.codec.step(input, buffer);
            container.pass(step.n_read);
            let position = container.n_bytes;
            let end = match step.outcome {
                Err(broken) => Some(Err(Damage::container(C::NAME, broken.reason, position, &broken.why))),
                Ok(_) if self.meter.adds_too_much(step.n_given, position) => {
                    Some(Err(too_much(C::NAME, position)))
                }
                Ok(true) => Some(Ok(())),
                Ok(false) if step.n_given > 0 => None,
                Ok(false) if is_at_end => Some(Err(Damage::truncated(C::NAME, position))),
                Ok(false) if step.n_read > 0 => continue,
                Ok(false) => {
                    Some(Err(Damage::corrupt(C::NAME, position, "it cannot be decoded any further")))
                }
            };
            return Ok(Given { n_bytes: step.n_given, end });
        }
    }

    pub fn into_codec(self) -> C {
        self.codec
    }
}

fn too_much(name: &str, position: u64) -> Damage {
    let message = format!(
        "the {name} container unpacks to more than {MAX_RATIO} times its size at byte {position} of it"
    );
    Damage::new(Reason::ContainerLimit, message)
}

/// The content of all members of a stream.
///
/// Zeros after the last member are padding, as tapes leave it; any other bytes there are damage.
pub(super) struct Members<R, C> {
    container: Counted<R>,
    state: State<C>,
}

enum State<C> {
    Between(Option<C>),
    Within(Member<C>),
    Failed(Damage),
    Done,
}

impl<R: BufRead, C: Codec> Members<R, C> {
    pub fn new(container: R) -> Self {
        Self { container: Counted::new(container), state: State::Between(None) }
    }

    /// Opens the member that begins here, or ends the stream.
    fn next_member(&mut self, previous: Option<C>) -> io::Result<State<C>> {
        let is_first = previous.is_none();
        loop {
            let n_zeros = match self.container.look()? {
                [] => return Ok(State::Done),
                [first, ..] if C::begins_with(*first) => {
                    return Ok(State::Within(Member::new(C::next_member(previous)?, self.container.n_bytes)));
                }
                chunk @ [0, ..] if !is_first => chunk.iter().take_while(|byte| **byte == 0).count(),
                _ => {
                    let why = "expected another member or the end";
                    return Ok(State::Failed(Damage::corrupt(C::NAME, self.container.n_bytes, why)));
                }
            };
            self.container.pass(n_zeros);
        }
    }
}

impl<R: BufRead, C: Codec> Read for Members<R, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // So little that the meter is looked at often, however much is asked for.
        let n_wanted = buffer.len().min(CHUNK_BYTES);
        let buffer = &mut buffer[..n_wanted];
        loop {
            // A state that an error leaves behind is Done: nothing is read after damage.
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Failed(damage) => return Err(damage.into_error()),
                State::Between(previous) => self.state = self.next_member(previous)?,
                State::Within(mut member) => {
                    let given = member.read(&mut self.container, buffer)?;
                    self.state = match given.end {
                        None => State::Within(member),
                        Some(Ok(())) => State::Between(Some(member.into_codec())),
                        Some(Err(damage)) => State::Failed(damage),
                    };
                    if given.n_bytes > 0 {
                        return Ok(given.n_bytes);
                    }
                }
            }
        }
    }
}
