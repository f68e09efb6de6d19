//! Where the elements of a JSON array begin and end.
//!
//! Only brackets, quotes and commas are looked at, so that an element that is no JSON does not cost the others: it
//! ends at its comma, and is found wrong when it is read. A raw line end inside a string, which JSON forbids, ends
//! the string, so that a missing quote costs few elements.

use std::io::{self, Read};

use memchr::memchr3;
use populi_model::Reason;

use super::records::{End, Found};
use super::window::Window;
use crate::lines::MAX_LINE_BYTES;
use crate::sink::Defect;

/// What may come next, between elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Next {
    /// The bracket that opens the array.
    #[default]
    Open,
    /// The first element, or the bracket that closes the array.
    First,
    /// An element.
    Element,
    /// Nothing: the array was closed.
    Nothing,
    /// Nothing, and what came in spite of it was told.
    Told,
}

/// Where in an element a scan stands.
#[derive(Clone, Copy, Default)]
struct Inside {
    depth: u64,
    is_string: bool,
    is_escaped: bool,
}

/// Finds the elements of an array.
#[derive(Default)]
pub(super) struct ArrayScan {
    next: Next,
    inside: Inside,
}

impl ArrayScan {
    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Option<Found>> {
        loop {
            let Some(first) = pass_over_blanks(window)? else {
                return Ok(self.end_of_input());
            };
            self.next = match (self.next, first) {
                (Next::Open, b'[') => Next::First,
                (Next::First, b']') => Next::Nothing,
                (Next::First | Next::Element, _) => return self.element(window).map(Some),
                (Next::Open, _) => {
                    return Ok(Some(
                        self.no_element(window, "expected an array, or a JSON document on every line"),
                    ));
                }
                // As a script ends that assigns the array.
                (Next::Nothing, b';') => Next::Nothing,
                (Next::Nothing, _) => {
                    return Ok(Some(
                        self.no_element(window, "expected nothing after the array's closing bracket"),
                    ));
                }
                (Next::Told, _) => Next::Told,
            };
            window.consume(1);
        }
    }

    /// Passes on through an element that is too long, or through what follows the array: how many of these bytes,
    /// and whether it ends with them.
    pub(super) fn rest(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.next == Next::Told {
            return (bytes.len(), false);
        }
        match self.inside.end_in(bytes, 0) {
            Some(end) => {
                self.next = after(bytes[end]);
                (end + 1, true)
            }
            None => (bytes.len(), false),
        }
    }

    fn element<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Found> {
        self.inside = Inside::default();
        let mut n_seen = 0;
        loop {
            let bytes = &window.unread()[..window.unread().len().min(MAX_LINE_BYTES + 1)];
            if let Some(end) = self.inside.end_in(bytes, n_seen) {
                self.next = after(bytes[end]);
                let n_bytes = bytes[..end].trim_ascii_end().len();
                let defect = (n_bytes == 0).then(|| {
                    Defect::new(Reason::BadJson, "expected an element between the array's commas, got none")
                });
                return Ok(Found { n_bytes, n_consumed: end + 1, defect, end: End::Whole });
            }
            n_seen = bytes.len();
            if n_seen > MAX_LINE_BYTES {
                let detail = format!("the element has more than the {MAX_LINE_BYTES} bytes that are read");
                let defect = Some(Defect::new(Reason::LineTooLong, detail));
                self.next = Next::Element;
                return Ok(Found { n_bytes: n_seen, n_consumed: n_seen, defect, end: End::Later });
            }
            if !window.fill()? {
                self.next = Next::Told;
                let n_bytes = window.unread().trim_ascii_end().len();
                return Ok(Found {
                    n_bytes,
                    n_consumed: n_seen,
                    defect: Some(not_closed()),
                    end: End::Input,
                });
            }
        }
    }

    /// Everything that follows, as one record.
    fn no_element<R: Read>(&mut self, window: &Window<R>, expected: &str) -> Found {
        self.next = Next::Told;
        let n_bytes = window.unread().len().min(MAX_LINE_BYTES);
        Found {
            n_bytes,
            n_consumed: 0,
            defect: Some(Defect::new(Reason::BadJson, expected)),
            end: End::Later,
        }
    }

    /// A missing closing bracket is a record of its own where no element is cut.
    fn end_of_input(&mut self) -> Option<Found> {
        let is_cut = matches!(self.next, Next::First | Next::Element);
        self.next = Next::Told;
        is_cut.then(|| Found { n_bytes: 0, n_consumed: 0, defect: Some(not_closed()), end: End::Input })
    }
}

impl Inside {
    /// The comma or bracket that ends the element, looked for in `bytes` from `start` on.
    fn end_in(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let mut i = start;
        while i < bytes.len() {
            if std::mem::take(&mut self.is_escaped) {
                i += 1;
                continue;
            }
            if self.is_string {
                i += memchr3(b'"', b'\\', b'\n', &bytes[i..])?;
                self.is_escaped = bytes[i] == b'\\';
                self.is_string = self.is_escaped;
            } else {
                match bytes[i] {
                    b'"' => self.is_string = true,
                    b'[' | b'{' => self.depth += 1,
                    b',' | b']' if self.depth == 0 => return Some(i),
                    b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
            i += 1;
        }
        None
    }
}

fn after(end: u8) -> Next {
    if end == b',' { Next::Element } else { Next::Nothing }
}

fn not_closed() -> Defect {
    Defect::new(Reason::BadJson, "the input ends before the array's closing bracket")
}

/// The first byte that is no white space, at the front of the window; `None` at the end of the input.
fn pass_over_blanks<R: Read>(window: &mut Window<R>) -> io::Result<Option<u8>> {
    loop {
        let n_blank = window.unread().len() - window.unread().trim_ascii_start().len();
        window.consume(n_blank);
        if let Some(first) = window.unread().first() {
            return Ok(Some(*first));
        }
        if !window.fill()? {
            return Ok(None);
        }
    }
}
