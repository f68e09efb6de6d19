//! The verb that removes every trace of an account or record from a corpus, and keeps them out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use populi_model::Platform;
use populi_model::table::AccountHandle;
use populi_store::{Corpus, Forgetting, PAGES, Snapshot, aside};
use serde::Serialize;

use crate::error::io;
use crate::progress::{Progress, Unit};
use crate::run::beside;
use crate::{Error, Result};

/// Whom and what to forget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForgetParams {
    /// Accounts: a DID, `table:<author>`, `blueprint:<user>`, or `@handle`.
    pub authors: Vec<String>,
    /// Records: an at-URI, `table:<post>`, or `blueprint:<post>`.
    pub records: Vec<String>,
    /// Only say what would go.
    pub dry_run: bool,
}

/// What [`forget`] did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ForgetSummary {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// What went.
    #[serde(flatten)]
    pub forgetting: Forgetting,
    /// Pages and pictures beside the corpus, which were made before, and those that were not finished.
    pub beside: Vec<PathBuf>,
}

/// The collection of profiles, which are kept with their accounts.
const PROFILES: &str = "app.bsky.actor.profile";

/// Forgets. An ingest that was interrupted between reading and merging is merged first.
///
/// Time: two passes over the tables that ingest fills, and the writing of those parts that hold anything of them, in parallel.
/// Memory: a batch and a row group a thread, and 16 bytes a record of theirs.
///
/// # Errors
/// When an id is none, a handle is unknown or of several accounts, or the corpus cannot be read or written. Nothing is
/// changed then.
pub fn forget(corpus: &mut Corpus, params: &ForgetParams, progress: &dyn Progress) -> Result<ForgetSummary> {
    if corpus.has_pending_runs() {
        if params.dry_run {
            return Err(Error::Interrupted { path: corpus.folder().to_owned() });
        }
        progress.begin("merge", Some(u64::from(corpus.manifest().n_buckets)), Unit::Steps);
        corpus.reduce(&|_| progress.advance(1))?;
        progress.end();
    }
    let ids = resolve(&corpus.snapshot(), params)?;
    progress.begin("forget", Some(2 * u64::from(corpus.manifest().n_buckets)), Unit::Steps);
    let advance = || progress.advance(1);
    let forgetting =
        if params.dry_run { corpus.would_forget(&ids, &advance)? } else { corpus.forget(&ids, &advance)? };
    progress.end();
    let folder = beside(corpus.folder());
    // A kill may have left one half written.
    let pages = PAGES.into_iter().map(|page| folder.join(page)).flat_map(|page| [aside(&page), page]);
    let beside = pages.filter(|page| page.exists()).collect();
    Ok(ForgetSummary { dry_run: params.dry_run, forgetting, beside })
}

/// The authors and records of a file, one a line: `author ID`, `record ID`, or an id whose form tells what it is.
///
/// # Errors
/// When the file cannot be read, or a line tells neither.
pub fn read_ids(path: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let text = std::fs::read_to_string(path).map_err(io("read", path))?;
    let (mut authors, mut records) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let is_of_a_record = line.strip_prefix("at://").is_some_and(|rest| rest.contains('/'));
        match line.split_once(char::is_whitespace) {
            Some(("author", id)) => authors.push(id.trim().to_owned()),
            Some(("record", id)) => records.push(id.trim().to_owned()),
            None if is_of_a_record => records.push(line.to_owned()),
            None if ["@", "did:", "at://"].iter().any(|start| line.starts_with(start)) => {
                authors.push(line.to_owned());
            }
            _ => {
                let reason = format!(
                    "expected in {}: a DID, an at-URI, @handle, or `author` or `record` and an id",
                    path.display()
                );
                return Err(Error::WhoIsThat { id: line.to_owned(), reason });
            }
        }
    }
    Ok((authors, records))
}

/// The ids as the corpus holds them.
fn resolve(snapshot: &Snapshot, params: &ForgetParams) -> Result<BTreeSet<String>> {
    let mut handles = Handles { snapshot, by_handle: None };
    let mut ids = BTreeSet::new();
    for author in &params.authors {
        ids.insert(handles.author(author)?);
    }
    for record in &params.records {
        ids.insert(handles.record(record)?);
    }
    Ok(ids)
}

/// Turns handles into ids; the accounts are read where there is a handle.
struct Handles<'a> {
    snapshot: &'a Snapshot,
    by_handle: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl Handles<'_> {
    fn author(&mut self, id: &str) -> Result<String> {
        if let Some(handle) = id.strip_prefix('@') {
            return self.account_of(handle, id);
        }
        match id.strip_prefix("at://") {
            Some(rest) if rest.trim_end_matches('/').contains('/') => {
                Err(wrong(id, "this names a record: give it with --record"))
            }
            Some(rest) => self.authority(rest.trim_end_matches('/'), id),
            None if is_id(id) => Ok(id.to_owned()),
            None => Err(wrong(
                id,
                "expected the id of an account: a DID (did:…), @handle, or table:<author> or blueprint:<user> as the \
                 column author_id of `posts` has it",
            )),
        }
    }

    fn record(&mut self, id: &str) -> Result<String> {
        let Some(rest) = id.strip_prefix("at://") else {
            return if has_prefix(id) {
                Ok(id.to_owned())
            } else {
                Err(wrong(
                    id,
                    "expected the id of a record: an at-URI (at://did:…/collection/key), or table:<post> or \
                     blueprint:<post> as the column post_id of `posts` has it; accounts go with --author",
                ))
            };
        };
        match rest.split('/').collect::<Vec<_>>()[..] {
            [_, PROFILES, _] => {
                Err(wrong(id, "a profile is kept with its account: forget the account, with --author"))
            }
            [authority, collection, key] if ![authority, collection, key].contains(&"") => {
                let account = self.authority(authority, id)?;
                Ok(format!("at://{account}/{collection}/{key}"))
            }
            _ => Err(wrong(id, "expected at://account/collection/key")),
        }
    }

    /// The DID that stands before a record's collection, where a handle may stand too.
    fn authority(&mut self, name: &str, given: &str) -> Result<String> {
        if is_id(name) { Ok(name.to_owned()) } else { self.account_of(name, given) }
    }

    fn account_of(&mut self, handle: &str, given: &str) -> Result<String> {
        let by_handle = match &mut self.by_handle {
            Some(known) => known,
            none => none.insert(accounts_by_handle(self.snapshot)?),
        };
        let accounts = by_handle.get(&handle.to_ascii_lowercase()).into_iter().flatten();
        let accounts: Vec<&String> = accounts.collect();
        match accounts[..] {
            [account] => Ok(account.clone()),
            [] => Err(wrong(
                given,
                "no account of this corpus has this handle: name the account by its id, which is remembered even if the \
                 corpus has not seen it",
            )),
            _ => {
                let list: Vec<&str> = accounts.iter().map(|account| account.as_str()).collect();
                Err(wrong(
                    given,
                    &format!("several accounts have this handle: name one of {}", list.join(", ")),
                ))
            }
        }
    }
}

fn accounts_by_handle(snapshot: &Snapshot) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut by_handle: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for account in snapshot.rows::<AccountHandle<'static>>() {
        let account = account?;
        if let Some(handle) = account.handle {
            by_handle.entry(handle.to_ascii_lowercase()).or_default().insert(account.account_id.into_owned());
        }
    }
    Ok(by_handle)
}

/// Whether this is an id as a corpus holds it, of an account or of a row of a table or a message of a thread.
fn is_id(id: &str) -> bool {
    is_longer_than(id, "did:") || has_prefix(id)
}

fn has_prefix(id: &str) -> bool {
    Platform::id_prefixes().any(|prefix| is_longer_than(id, prefix))
}

fn is_longer_than(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| !rest.trim().is_empty())
}

fn wrong(id: &str, reason: &str) -> Error {
    Error::WhoIsThat { id: id.to_owned(), reason: reason.to_owned() }
}
