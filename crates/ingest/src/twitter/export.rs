//! Parts of the export that an account's owner can ask for.

use super::wire::{IdText, text_id};
use super::{Record, v1};
use crate::json;
use crate::object::{Loose, Raw, objects};
use crate::sink::{Defect, Ledger, Sink};

/// The kind of an element that stands by itself, without the name of its part.
const POST: &str = "tweet";

objects! {
    /// An element of the posts, or of what is known of the account.
    Element {
        b"tweet" => post: Raw<'a>;
        b"account" => account: Loose<Account<'a>>;
    }

    /// Whose export it is.
    Account {
        b"accountId" => id: IdText<'a>;
    }
}

/// The part that a script assigns: `tweets` of `window.YTD.tweets.part0` and of `Grailbird.data.tweets_2013_05`.
pub(super) fn part_of(name: &str) -> &str {
    let mut words = name.split('.');
    let (first, second, third) = (words.next(), words.next(), words.next());
    match (first, second, third) {
        (Some("window"), Some("YTD"), Some(part)) => part,
        (Some("Grailbird"), Some("data"), Some(part)) if part.starts_with("tweets_") => "tweets",
        _ => name,
    }
}

/// Whether the elements of a part are posts that stand. Those of `deleted_tweets` do not.
pub(super) fn holds_posts(part: &str) -> bool {
    matches!(part, "tweet" | "tweets")
}

/// Counts an element of another part as ignored, and gives the account whose export it is where it tells that.
pub(super) fn read_other<S: Sink + ?Sized>(
    part: &str,
    text: &str,
    ledger: &mut Ledger<'_, S>,
) -> Result<Option<u64>, Defect> {
    let element: Element<'_> =
        serde_json::from_str(text).map_err(|error| json::defect_of(&error, text, text))?;
    ledger.ignore(part);
    let account = element.account.as_ref().and_then(Loose::as_ref);
    Ok(account.and_then(|account| text_id(account.id.as_ref()).known()))
}

/// Reads a post in the wrapper that exports put around it.
pub(super) fn read_post<S: Sink + ?Sized>(
    record: Record<'_>,
    ledger: &mut Ledger<'_, S>,
) -> Result<(), Defect> {
    let element: Element<'_> = serde_json::from_str(record.text)
        .map_err(|error| json::defect_of(&error, record.text, record.text))?;
    match element.post {
        Some(post) => v1::read(record.part(post.get()), ledger),
        None => {
            ledger.ignore(POST);
            Ok(())
        }
    }
}
