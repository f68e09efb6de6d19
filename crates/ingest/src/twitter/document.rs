//! Content that is not one record a line: arrays, pretty-printed objects, and the scripts of account exports.
//!
//! An export is made of scripts that assign an array: `window.YTD.tweets.part0 = [ … ]`, in old ones
//! `Grailbird.data.tweets_2013_05 = [ … ]`. What is assigned tells the kind of its elements.

use std::io::{self, Read};

use populi_model::{Reason, Tally};

use super::{Originals, Record, export, read_record};
use crate::Error;
use crate::json;
use crate::record_lines;
use crate::sink::{Defect, Ledger, Sink, SourceFile};
use crate::table::{Kind, records::Records, window::Window};

/// The longest object that is read where it is not an element of an array.
const MAX_OBJECT_BYTES: usize = 64 << 20;

/// The longest name that a script may assign to.
const MAX_NAME_BYTES: usize = 256;

/// Bytes of a byte-order mark.
const MARK_BYTES: usize = 3;

/// How scripts of exports begin.
const SCRIPT_STARTS: [&[u8]; 2] = [b"window.", b"Grailbird."];

/// Whether content that begins with `head` is to be read with [`read_content`] rather than line by line: a script of an
/// export, an array, or an object that goes on over several lines.
#[must_use]
pub fn is_document(head: &[u8]) -> bool {
    let head = record_lines::without_mark(head).trim_ascii_start();
    if SCRIPT_STARTS.iter().any(|start| head.starts_with(start)) {
        return true;
    }
    match head.first() {
        Some(b'[') => true,
        Some(b'{') => is_cut_by_layout(head),
        _ => false,
    }
}

/// Whether the first line ends where a printer breaks an object, and the second begins as a printer goes on: a line that
/// was cut ends anywhere, and the next one begins a new object.
fn is_cut_by_layout(head: &[u8]) -> bool {
    let Some(newline) = memchr::memchr(b'\n', head) else { return false };
    let (first, second) = (head[..newline].trim_ascii_end(), &head[newline + 1..]);
    let next = second.trim_ascii_start().first();
    match first.last() {
        Some(b'[' | b':') => next.is_some(),
        Some(b'{' | b',') => next.is_some_and(|next| *next != b'{'),
        _ => false,
    }
}

/// Reads content that [`is_document`] knows; its first byte has the offset `first_offset`.
///
/// Each element of an array is a record, as is each object that is none; pages of API v2 hold several. Elements of
/// exports that are no posts are ignored, by their kind. Posts of an export name no author: they are put aside unless
/// the content tells whose export it is, or `owner` does.
///
/// Memory: the longest element (8 MiB at most) or object (64 MiB at most), a few times over.
///
/// # Errors
/// When the system fails to read. What came before has been handed on.
pub fn read_content<S: Sink + ?Sized>(
    reader: impl Read,
    first_offset: u64,
    file: &SourceFile<'_>,
    originals: Originals,
    owner: Option<u64>,
    sink: &mut S,
    tally: &mut Tally,
) -> Result<(), Error> {
    let mut window = Window::new(reader);
    window.move_to(first_offset);
    let mut reading = Reading {
        window,
        part: None,
        owner,
        keeps_original: originals == Originals::Keep,
        ledger: Ledger { file, sink, tally },
    };
    reading.read_all().map_err(|source| Error::of_read(file.name, reading.window.offset(), source))
}

/// Content under way.
struct Reading<'l, R, S: ?Sized> {
    window: Window<R>,
    /// The part of an export that is being read.
    part: Option<String>,
    /// Whose export it is.
    owner: Option<u64>,
    keeps_original: bool,
    ledger: Ledger<'l, S>,
}

impl<R: Read, S: Sink + ?Sized> Reading<'_, R, S> {
    fn read_all(&mut self) -> io::Result<()> {
        self.pass_over_mark()?;
        while let Some(first) = self.first_byte()? {
            match first {
                b'[' => return self.read_array(),
                b'{' => self.read_object()?,
                _ if self.read_assignment()? => {}
                _ => return self.put_rest_aside("expected an array, an object or a script of an export"),
            }
        }
        match self.window.take_damage() {
            Some(damage) => {
                let (offset, line) = (self.window.offset(), self.window.line());
                self.ledger.quarantine(offset, line, &damage, b"");
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn pass_over_mark(&mut self) -> io::Result<()> {
        self.window.fill_to(MARK_BYTES)?;
        let unread = self.window.unread();
        let n_mark_bytes = unread.len() - record_lines::without_mark(unread).len();
        self.window.consume(n_mark_bytes);
        Ok(())
    }

    /// The first byte that is neither white space nor the end of a statement.
    fn first_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            let unread = self.window.unread();
            let at = unread.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b';');
            if let Some(at) = at {
                let first = unread[at];
                self.window.consume(at);
                return Ok(Some(first));
            }
            self.window.consume(unread.len());
            if !self.window.fill()? {
                return Ok(None);
            }
        }
    }

    /// Passes over the left side of an assignment and remembers it; `false` where there is none.
    fn read_assignment(&mut self) -> io::Result<bool> {
        self.window.fill_to(MAX_NAME_BYTES)?;
        let unread = self.window.unread();
        let head = &unread[..unread.len().min(MAX_NAME_BYTES)];
        let Some(equals) = memchr::memchr(b'=', head) else { return Ok(false) };
        let name = head[..equals].trim_ascii();
        let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._$".contains(byte));
        let Some(name) = std::str::from_utf8(name).ok().filter(|name| is_name && !name.is_empty()) else {
            return Ok(false);
        };
        self.part = Some(export::part_of(name).to_owned());
        self.window.consume(equals + 1);
        Ok(true)
    }

    fn read_array(&mut self) -> io::Result<()> {
        let mut records = Records::new(Kind::JsonArray);
        while let Some(record) = records.next(&mut self.window)? {
            let reading = Element {
                part: self.part.as_deref(),
                keeps_original: self.keeps_original,
                offset: record.offset,
                line: record.line,
            };
            reading.read(record.bytes, record.defect, &mut self.owner, &mut self.ledger);
        }
        Ok(())
    }

    /// Reads the object that begins here.
    fn read_object(&mut self) -> io::Result<()> {
        let mut scan = ObjectScan::default();
        let mut n_seen = 0;
        let end = loop {
            let unread = self.window.unread();
            if let Some(end) = scan.end_in(&unread[n_seen..]) {
                break Some(n_seen + end);
            }
            n_seen = unread.len();
            if n_seen > MAX_OBJECT_BYTES {
                let detail = format!("the object has more than the {MAX_OBJECT_BYTES} bytes that are read");
                return self.put_aside_to_the_end(&Defect::new(Reason::LineTooLong, detail));
            }
            if !self.window.fill()? {
                break None;
            }
        };
        // What is cut is found wrong where it is read, if not for the damage that cuts it.
        let defect = if end.is_none() { self.window.take_damage() } else { None };
        let n_bytes = end.unwrap_or(n_seen);
        let element = Element {
            part: self.part.as_deref(),
            keeps_original: self.keeps_original,
            offset: self.window.offset(),
            line: self.window.line(),
        };
        element.read(&self.window.unread()[..n_bytes], defect, &mut self.owner, &mut self.ledger);
        self.window.consume(n_bytes);
        Ok(())
    }

    fn put_rest_aside(&mut self, expected: &str) -> io::Result<()> {
        self.put_aside_to_the_end(&Defect::new(Reason::BadJson, expected))
    }

    /// Puts all that follows aside as one record, and reads to the end.
    fn put_aside_to_the_end(&mut self, defect: &Defect) -> io::Result<()> {
        let (offset, line) = (self.window.offset(), self.window.line());
        self.ledger.quarantine(offset, line, defect, self.window.unread());
        loop {
            let n_unread = self.window.unread().len();
            self.window.consume(n_unread);
            if !self.window.fill()? {
                return Ok(());
            }
        }
    }
}

/// Where an element lies, and what it is part of.
struct Element<'e> {
    part: Option<&'e str>,
    keeps_original: bool,
    offset: u64,
    line: u64,
}

impl Element<'_> {
    /// Gives the element exactly one outcome.
    fn read<S: Sink + ?Sized>(
        &self,
        bytes: &[u8],
        defect: Option<Defect>,
        owner: &mut Option<u64>,
        ledger: &mut Ledger<'_, S>,
    ) {
        let outcome = match defect {
            Some(defect) => Err(defect),
            None => self.take(bytes, owner, ledger),
        };
        if let Err(defect) = outcome {
            ledger.quarantine(self.offset, self.line, &defect, bytes);
        }
    }

    fn take<S: Sink + ?Sized>(
        &self,
        bytes: &[u8],
        owner: &mut Option<u64>,
        ledger: &mut Ledger<'_, S>,
    ) -> Result<(), Defect> {
        let text = json::text_of(bytes)?;
        json::check_no_nul(bytes)?;
        json::check_depth(bytes)?;
        let (offset, line, keeps_original) = (self.offset, self.line, self.keeps_original);
        let record = Record { text, offset, line, keeps_original, owner: *owner };
        match self.part {
            Some(part) if !export::holds_posts(part) => {
                *owner = export::read_other(part, text, ledger)?.or(*owner);
                Ok(())
            }
            _ => read_record(record, ledger),
        }
    }
}

/// Finds the end of an object: brackets and quotes alone are looked at.
#[derive(Default)]
struct ObjectScan {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
}

impl ObjectScan {
    /// Bytes to behind the bracket that closes the object, if it is among these.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if std::mem::take(&mut self.is_escaped) {
                continue;
            }
            match (byte, self.is_string) {
                (b'"', _) => self.is_string = !self.is_string,
                (b'\\', true) => self.is_escaped = true,
                (b'{' | b'[', false) => self.depth += 1,
                (b'}' | b']', false) => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_from_lines() {
        for head in [
            "window.YTD.tweets.part0 = [ {",
            "Grailbird.data.tweets_2013_05 = \n [ {",
            "\u{feff} [\n{}",
            "[{\"id\":1}]",
            "{\n  \"data\": [",
            "{\"data\": [\n{\"id\"",
            "{\"data\":\n{\"id\"",
            "{ \"a\": 1,\r\n  \"b\"",
        ] {
            assert!(is_document(head.as_bytes()), "{head}");
        }
        for head in [
            "",
            "\n",
            "{\"created_at\":\"x\"}\n{\"created_at\":\"y\"}\n",
            "{\"text\":\"cut he\n{\"text\":\"y\"}\n",
            "{\"a\":1,\n{\"created_at\":\"y\"}\n",
            "{\"a\":1",
            "{}",
            "hello",
            "\r\n{\"delete\":{}}\n",
        ] {
            assert!(!is_document(head.as_bytes()), "{head}");
        }
    }

    #[test]
    fn objects_end_at_their_own_bracket() {
        for (text, end) in [
            (r#"{"a":"}\"}","b":[{}]} x"#, Some(21)),
            ("{}{}", Some(2)),
            (r#"{"a":"\\"}"#, Some(10)),
            (r#"{"a":"#, None),
        ] {
            assert_eq!(ObjectScan::default().end_in(text.as_bytes()), end, "{text}");
            // Cut in two at any place it is the same.
            for at in 0..text.len() {
                let mut scan = ObjectScan::default();
                let found = scan.end_in(&text.as_bytes()[..at]);
                let found = found.or_else(|| Some(at + scan.end_in(&text.as_bytes()[at..])?));
                assert_eq!(found, end, "{text} at {at}");
            }
        }
    }
}
