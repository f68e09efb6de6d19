//! What a walk hands over: content, and members that are still packed.

use std::io::{self, BufRead, Read};

use populi_model::Reason;

use super::{ByteLimit, Damage};

/// A stretch of content without packing: of a file, or of one member in its containers.
///
/// Its reads end with an error that carries [`Damage`] where the content is cut short.
pub struct Content<'a> {
    /// The name: of the file as the user named it, with `!` and the member's own name for every archive that it lies in.
    pub name: &'a str,
    /// What the offsets of its records begin with: 0 for the content of a file that is no archive, so that (file,
    /// offset) names one record of the file whatever it lies in.
    pub first_offset: u64,
    /// Whether it lies in an archive.
    pub is_member: bool,
    pub(super) reader: &'a mut dyn BufRead,
    pub(super) limit: &'a ByteLimit,
    pub(super) depth: usize,
    /// How much it may hold, and how much was read of it.
    pub(super) max_bytes: u64,
    pub(super) n_given: u64,
    /// What went wrong when its beginning was looked at.
    pub(super) failure: Option<io::Error>,
}

impl Content<'_> {
    /// Its first bytes, as many as its format is known by; none where there are none, for which the reads that follow
    /// tell why.
    pub fn head(&mut self) -> &[u8] {
        match self.reader.fill_buf() {
            Ok(head) => head,
            Err(error) => {
                self.failure = Some(error);
                &[]
            }
        }
    }

    /// How to go on with it elsewhere.
    #[must_use]
    pub fn resume(&self) -> Resume {
        Resume { first_offset: self.first_offset, depth: self.depth }
    }

    fn check(&mut self) -> io::Result<()> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.limit.check()?;
        if self.n_given < self.max_bytes {
            return Ok(());
        }
        let message = format!("the member holds more than {} bytes", self.max_bytes);
        Err(Damage::new(Reason::ContainerLimit, message).into_error())
    }

    fn count(&mut self, n_bytes: usize) {
        self.n_given += n_bytes as u64;
        self.limit.add(n_bytes as u64);
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let n = self.reader.read(buffer)?;
        self.count(n);
        Ok(n)
    }
}

impl BufRead for Content<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.reader.fill_buf()
    }

    fn consume(&mut self, n_bytes: usize) {
        self.count(n_bytes);
        self.reader.consume(n_bytes);
    }
}

/// A member of an archive as it lies there, to be decoded elsewhere with [`super::walk_sealed`].
pub struct Sealed<'a> {
    /// Its name, as of [`Content`].
    pub name: &'a str,
    /// How to go on with it.
    pub resume: Resume,
    /// Its bytes. They may end with [`Damage`], which belongs to them.
    pub reader: &'a mut dyn BufRead,
}

/// Where a walk stands at a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    pub(super) first_offset: u64,
    pub(super) depth: usize,
}
