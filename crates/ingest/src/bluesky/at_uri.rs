//! Names of records and of their collections: `at://<authority>/<collection>/<rkey>`.

use populi_model::{Id, RecordKind, Subject};

/// The collection of posts.
pub(super) const POSTS: &str = "app.bsky.feed.post";

/// The post that a URI names, and its author where the URI is an at-URI. Any other id is taken as it is.
pub(super) fn subject(uri: &str) -> Subject<'_> {
    let account =
        uri.strip_prefix("at://").and_then(|rest| rest.split('/').next()).filter(|name| !name.is_empty());
    Subject { post: Id::new(uri), account }
}

/// Whether a URI may name a post: an at-URI says so, any other id does not say otherwise.
pub(super) fn may_name_a_post(uri: &str) -> bool {
    uri.strip_prefix("at://").is_none_or(|rest| rest.split('/').nth(1) == Some(POSTS))
}

/// The kind of record that a collection holds; `None` for collections that are not taken.
pub(super) fn kind_of(collection: &str) -> Option<RecordKind> {
    Some(match collection.strip_prefix("app.bsky.")? {
        "feed.like" => RecordKind::Like,
        "feed.post" => RecordKind::Post,
        "feed.repost" => RecordKind::Repost,
        "graph.follow" => RecordKind::Follow,
        "graph.block" => RecordKind::Block,
        "actor.profile" => RecordKind::Profile,
        _ => return None,
    })
}

/// Writes the at-URI of a record into `uri`.
pub(super) fn write(uri: &mut String, authority: &str, collection: &str, rkey: &str) {
    uri.clear();
    for part in ["at://", authority, "/", collection, "/", rkey] {
        uri.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_read_from_at_uris_only() {
        assert_eq!(subject("at://did:plc:x/app.bsky.feed.post/3k").account, Some("did:plc:x"));
        assert_eq!(subject("at://did:plc:x").account, Some("did:plc:x"));
        assert_eq!(subject("at:///x").account, None);
        assert_eq!(subject("838a1b6ca881").account, None);
        assert_eq!(subject("https://example.org/x").account, None);
    }

    #[test]
    fn lists_and_feeds_are_no_posts() {
        assert!(may_name_a_post("at://did:plc:x/app.bsky.feed.post/3k"));
        assert!(may_name_a_post("838a1b6ca881"));
        assert!(!may_name_a_post("at://did:plc:x/app.bsky.feed.generator/3k"));
        assert!(!may_name_a_post("at://did:plc:x/app.bsky.feed.postgate/3k"));
        assert!(!may_name_a_post("at://did:plc:x"));
    }

    #[test]
    fn writes_over_what_was_there() {
        let mut uri = "old".to_owned();
        write(&mut uri, "did:plc:x", POSTS, "3k");
        assert_eq!(uri, "at://did:plc:x/app.bsky.feed.post/3k");
    }
}
