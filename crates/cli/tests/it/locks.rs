//! One writer at a time.

use std::fs::File;

use crate::jetstream::{post, text};
use crate::program::{DONE, FAILED, Folder};

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let folder = Folder::new();
    folder.write("dump", post("did:plc:ann", "1", 1, &text("hello")));
    folder.ok("ingest bluesky dump");
    folder.write("more", post("did:plc:ann", "2", 2, &text("hello again")));

    let lock = File::options().write(true).open(folder.path("corpus/lock")).unwrap();
    lock.lock().unwrap();
    for line in ["ingest bluesky more", "threads", "embed", "personas"] {
        let answer = folder.run(line.split_whitespace());
        assert_eq!(answer.code, FAILED, "{line}: {answer:?}");
        assert!(answer.stderr.contains("another process"), "{line}: {answer:?}");
        assert_eq!(answer.stdout, "", "{line}");
    }
    assert_eq!(folder.status("corpus")["total"]["in"], 1);
    assert_eq!(folder.rows("corpus", "SELECT text FROM posts").len(), 1);

    lock.unlock().unwrap();
    assert_eq!(folder.run(["ingest", "bluesky", "more"]).code, DONE);
    assert_eq!(folder.status("corpus")["total"]["in"], 2);
}
