//! Exports of single repositories: CAR files become events.
//!
//! An export holds all that an account has at one revision: a commit, a tree of keys (`<collection>/<rkey>`), and the
//! records that the keys name. Each record is one input record; the commit and the nodes of the tree are none. A record
//! becomes an event of the same meaning as Jetstream's, in the same words, with the operation
//! [`Operation::Seen`]: it was there at the commit's revision. What is absent was not deleted.
//!
//! Every block is checked against its content id (SHA-256). Blocks may lie in any order, and some may be missing:
//! what needs a bad or missing block is put aside by its name, and where the file is cut or damaged all that is whole
//! before is read. The signature of the commit is not checked: the account's key is not in the file.
//!
//! Cost: two readings of the file, and its SHA-256. Memory: 80 bytes a block, and the file itself where it is packed
//! (at most 1 GiB, and half as much again while it grows). An export of a million records and 300 MB took 10 CPU-seconds
//! with the merge, and 200 MB of memory (450 MB packed; `populi ingest bluesky` on a shared 2-core EPYC). Determinism: a
//! pure function of the content and the file's key.
//!
//! # Limits
//! Blocks of 8 MiB, 65536 of them that are not sound, records nested 128 deep, trees 129 deep, each node once; and as one block may be named by many keys,
//! records of at most 200 times the file's size after the first 10 MB.

mod blocks;
mod car;
mod record;
mod tree;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use ipld_core::cid::Cid;
use populi_model::{Event, Id, Operation, Platform, Reason, RecordKind, Tally, Version};

use super::wire::Record;
use super::{Originals, at_uri, event, revision};
use crate::Error;
use crate::archive::{MAX_RATIO, RATIO_FREE_BYTES};
use crate::json;
use crate::sink::{Defect, Ledger, Sink, SourceFile};
use blocks::{BadBlock, Blocks, Found, Scan};
use tree::{Commit, Leaf, MAX_DEPTH, Node};

/// Bytes of a file that are read at a time.
const READ_BYTES: usize = 256 << 10;

/// How many bytes it takes to know an export.
pub const HEAD_BYTES: usize = 16;

/// Whether content that begins with `head` is an export.
#[must_use]
pub fn is_export(head: &[u8]) -> bool {
    car::is_car(head)
}

/// Reads an export that is packed or comes in on a stream; its blocks are held in memory. The offsets of its records
/// begin with `first_offset`.
///
/// # Errors
/// When the system fails. What is wrong with the export is put aside.
pub fn read_export<S: Sink + ?Sized>(
    content: impl BufRead,
    first_offset: u64,
    file: &SourceFile<'_>,
    originals: Originals,
    sink: &mut S,
    tally: &mut Tally,
) -> Result<(), Error> {
    read(content, None, first_offset, originals, Ledger { file, sink, tally })
}

/// Reads an export that lies in `plain` as it is; its blocks are read where they lie.
///
/// # Errors
/// When the system fails. What is wrong with the export is put aside.
pub fn read_export_file<S: Sink + ?Sized>(
    plain: &File,
    file: &SourceFile<'_>,
    originals: Originals,
    sink: &mut S,
    tally: &mut Tally,
) -> Result<(), Error> {
    let blocks = plain.try_clone().map_err(|error| cannot_read(file, 0, error))?;
    let content = BufReader::with_capacity(READ_BYTES, plain);
    read(content, Some(blocks), 0, originals, Ledger { file, sink, tally })
}

fn read<S: Sink + ?Sized>(
    content: impl BufRead,
    blocks: Option<File>,
    first_offset: u64,
    originals: Originals,
    ledger: Ledger<'_, S>,
) -> Result<(), Error> {
    let file = ledger.file;
    let scan = blocks::scan(content, blocks).map_err(|error| cannot_read(file, 0, error))?;
    let n_bytes = scan.n_bytes;
    let mut reader = Reader {
        ledger,
        first_offset,
        originals,
        n_told: 0,
        bytes_left: RATIO_FREE_BYTES.max(MAX_RATIO * n_bytes),
    };
    reader.read(scan).map_err(|error| cannot_read(file, n_bytes, error))
}

fn cannot_read(file: &SourceFile<'_>, offset: u64, source: io::Error) -> Error {
    Error::of_read(file.name, offset, source)
}

/// Reads the tree of an export and what it names.
struct Reader<'a, S: ?Sized> {
    ledger: Ledger<'a, S>,
    /// What the offsets of records begin with.
    first_offset: u64,
    originals: Originals,
    /// Records and faults that were told so far.
    n_told: u64,
    /// Bytes of records that may still be read.
    bytes_left: u64,
}

/// What the commit says of every record.
struct Repository {
    did: String,
    revision: u64,
}

/// A record while it is read.
struct Place<'a> {
    id: Id<'a>,
    kind: RecordKind,
    cid: &'a Cid,
    offset: u64,
}

impl<S: Sink + ?Sized> Reader<'_, S> {
    fn read(&mut self, scan: Scan) -> io::Result<()> {
        let Scan { roots, mut blocks, fault, .. } = scan;
        if let Some(commit) = self.read_commit(&roots, &mut blocks, fault.is_some())? {
            let revision = revision::of_export(commit.rev.as_deref());
            if revision.is_none() {
                self.ledger.tally.warn("export_without_revision");
            }
            // Without one it is older than all that the network tells now.
            let repository = Repository { did: commit.did, revision: revision.unwrap_or_default() };
            self.walk(&repository, commit.data, &mut blocks)?;
        }
        for bad in blocks.untold() {
            let detail = format!("{}; no record is known to need it", bad.detail);
            self.put_aside(bad.offset, Defect::new(bad.reason, detail), &bad.head);
        }
        if let Some(fault) = fault {
            self.put_aside(fault.offset, Defect::new(fault.reason, fault.detail), &[]);
        }
        Ok(())
    }

    /// The commit that the first root names. Of an export without one, which may be told as a fault, nothing is known.
    fn read_commit(
        &mut self,
        roots: &[Cid],
        blocks: &mut Blocks,
        has_fault: bool,
    ) -> io::Result<Option<Commit>> {
        let Some(root) = roots.first() else {
            if !has_fault {
                self.put_aside(0, Defect::new(Reason::BadRepository, "the CAR names no root"), &[]);
            }
            return Ok(None);
        };
        let what = || format!("the commit {root}");
        let (offset, bytes) = match blocks.get(root)? {
            Found::Sound { offset, bytes } => (offset, bytes),
            lacking => {
                self.put_lacking_aside(lacking, &what(), 0);
                return Ok(None);
            }
        };
        let commit = serde_ipld_dagcbor::from_slice::<Commit>(bytes).map_err(|error| error.to_string());
        let commit = commit.and_then(|commit| match commit.did.as_str() {
            "" => Err("it names no account".to_owned()),
            did if did.contains('/') => Err(format!("expected an account, got {did:?}")),
            _ => Ok(commit),
        });
        match commit {
            Ok(commit) => Ok(Some(commit)),
            Err(error) => {
                let defect = Defect::new(Reason::BadRepository, format!("{} is none: {error}", what()));
                self.put_aside(offset, defect, bytes);
                Ok(None)
            }
        }
    }

    /// Reads all records that the tree below `top` names.
    fn walk(&mut self, repository: &Repository, top: Cid, blocks: &mut Blocks) -> io::Result<()> {
        let mut seen: HashSet<Cid> = HashSet::from([top]);
        let mut to_read = vec![(top, 1, 0)];
        while let Some((node, depth, named_at)) = to_read.pop() {
            let (offset, bytes) = match blocks.get(&node)? {
                Found::Sound { offset, bytes } => (offset, bytes.to_vec()),
                lacking => {
                    self.put_lacking_aside(lacking, &format!("the node {node} of the tree"), named_at);
                    continue;
                }
            };
            let parsed = match serde_ipld_dagcbor::from_slice::<Node<'_>>(&bytes) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let detail = format!("the node {node} of the tree is none: {error}");
                    self.put_aside(offset, Defect::new(Reason::BadRepository, detail), &bytes);
                    continue;
                }
            };
            for leaf in parsed.leaves() {
                if self.read_leaf(repository, &leaf, offset, blocks)?.is_break() {
                    return Ok(());
                }
            }
            for child in parsed.children() {
                let why = if !seen.insert(child) {
                    "names a node that was read before"
                } else if depth == MAX_DEPTH {
                    "lies too deep to have nodes below it"
                } else {
                    to_read.push((child, depth + 1, offset));
                    continue;
                };
                let detail = format!("the node {node} of the tree {why}: {child}");
                self.put_aside(offset, Defect::new(Reason::BadRepository, detail), &[]);
            }
        }
        Ok(())
    }

    /// Reads the record that an entry of the node at `node_offset` names. Breaks off where the export gives too much.
    fn read_leaf(
        &mut self,
        repository: &Repository,
        leaf: &Leaf,
        node_offset: u64,
        blocks: &mut Blocks,
    ) -> io::Result<std::ops::ControlFlow<()>> {
        use std::ops::ControlFlow::{Break, Continue};
        let path = match &leaf.path {
            Ok(path) => path,
            Err(error) => {
                let detail = format!("a key of the tree names no record: {error}");
                self.put_aside(node_offset, Defect::new(Reason::BadRepository, detail), &[]);
                return Ok(Continue(()));
            }
        };
        let Some(kind) = at_uri::kind_of(&path.collection) else {
            self.n_told += 1;
            self.ledger.ignore(&path.collection);
            return Ok(Continue(()));
        };
        let mut uri = String::new();
        at_uri::write(&mut uri, &repository.did, &path.collection, &path.rkey);
        let (offset, bytes) = match blocks.get(&leaf.record)? {
            Found::Sound { offset, bytes } => (offset, bytes),
            lacking => {
                self.put_lacking_aside(lacking, &uri, node_offset);
                return Ok(Continue(()));
            }
        };
        let Some(bytes_left) = self.bytes_left.checked_sub(bytes.len() as u64) else {
            let detail = format!(
                "the export names one block again and again: from {uri} on its records are more than \
                 {MAX_RATIO} times its size"
            );
            self.put_aside(node_offset, Defect::new(Reason::ContainerLimit, detail), &[]);
            return Ok(Break(()));
        };
        self.bytes_left = bytes_left;
        let id = if kind.is_of_the_account() { &repository.did } else { &uri };
        let place = Place { id: Id::new(id), kind, cid: &leaf.record, offset };
        match self.take(repository, &place, bytes) {
            Ok(()) => self.n_told += 1,
            Err(defect) => {
                let detail = format!("{uri}: {}", defect.detail);
                self.put_aside(offset, Defect { detail, ..defect }, bytes);
            }
        }
        Ok(Continue(()))
    }

    /// Makes an event of a record.
    fn take(&mut self, repository: &Repository, place: &Place<'_>, block: &[u8]) -> Result<(), Defect> {
        let decoded = record::decode(block)?;
        let json = decoded.json.as_str();
        let record = Record::read(place.kind, json).map_err(|error| json::defect_of(&error, json, json))?;
        // What Jetstream calls the record by.
        let cid = place.cid.to_string();
        let content = Version::content_of(cid.as_bytes());
        let original = (self.originals == Originals::Keep).then_some((cid.as_str(), json.as_bytes()));
        let offset = self.first_offset + place.offset;
        event::take_record(place.kind, &record, json, &mut self.ledger, |body, ledger| {
            ledger.take(&Event {
                origin: ledger.origin(offset),
                platform: Platform::Bluesky,
                record: place.id,
                actor: Some(Id::new(&repository.did)),
                operation: Operation::Seen,
                version: Version { revision: repository.revision, content },
                received_at: None,
                // A profile says when it was begun, not when it was last changed.
                authored_at: decoded.created_at.filter(|_| place.kind != RecordKind::Profile),
                body,
                original,
            });
        })
    }

    /// Puts aside what needs a block that is bad or missing; `offset` is where it is named.
    fn put_lacking_aside(&mut self, block: Found<'_>, what: &str, offset: u64) {
        match block {
            Found::Bad(BadBlock { offset, reason, detail, head, .. }) => {
                self.put_aside(*offset, Defect::new(*reason, format!("{what}: {detail}")), head);
            }
            _ => {
                let detail = format!("{what}: its block is not in the file");
                self.put_aside(offset, Defect::new(Reason::MissingBlock, detail), &[]);
            }
        }
    }

    fn put_aside(&mut self, offset: u64, defect: Defect, bytes: &[u8]) {
        self.n_told += 1;
        self.ledger.quarantine(self.first_offset + offset, self.n_told, &defect, bytes);
    }
}
