//! zip: by its directory where it is a file, and through the headers of its members where it streams by or its directory
//! is cut or damaged.
//!
//! Both read the members in the order in which they lie, each once. No zip library does so: they hold the names of all
//! members, cannot read lengths that are told only behind the content, and stop at the first damage.

mod directory;
mod header;
mod member;
mod stream;

use std::io::{BufReader, Read, Seek};

use super::Damage;
use super::layer::{Counted, Layer};
use super::walk::{Place, Walk};
use crate::Error;

use directory::{Directory, Found};
use stream::End;

/// Reads the members of an archive that is a file, from its beginning on.
pub(super) fn walk_file<S: Read + Seek>(
    walk: &mut Walk<'_>,
    mut zip: Counted<BufReader<S>>,
    place: &Place<'_>,
) -> Result<(), Error> {
    let found = match Directory::find(&mut zip) {
        Ok(found) => found,
        Err(error) => return walk.failed(error, place),
    };
    let damage = match found {
        Found::Directory(directory) => return directory.walk(walk, &mut zip, place),
        Found::TooLarge => None,
        Found::Damaged(damage) => Some(damage),
    };
    if let Err(error) = zip.go_to(0) {
        return walk.failed(error, place);
    }
    // The headers lead to the damage, which is told there, unless it is one that only the directory shows.
    match (stream::walk(walk, &mut zip, place)?, damage) {
        (End::Clean, Some(damage)) => walk.lost(damage, place, None),
        _ => Ok(()),
    }
}

/// Reads the members of an archive that streams by.
pub(super) fn walk_stream(
    walk: &mut Walk<'_>,
    mut zip: Counted<Layer<'_>>,
    place: &Place<'_>,
) -> Result<(), Error> {
    stream::walk(walk, &mut zip, place).map(|_| ())
}

fn corrupt(position: u64, why: &str) -> Damage {
    Damage::corrupt("zip", position, why)
}

fn truncated(position: u64) -> Damage {
    Damage::truncated("zip", position)
}
