//! Results appear as a whole, replace nothing that they must not, and do not depend on the threads.

use super::{Array, folder};
use crate::program::{DONE, FAILED, Folder};

fn fails(folder: &Folder, line: &str, word: &str) {
    let answer = folder.run(line.split_whitespace());
    assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{line}: {answer:?}");
    assert!(answer.stderr.contains(word), "{line}: {answer:?}");
}

#[test]
fn an_array_is_replaced_only_where_that_is_asked_for_and_another_file_never() {
    let folder = folder();
    folder.ok("matrix kmeans in.npy --k 2 --out out.npy");
    let before = folder.read("out.npy");
    fails(&folder, "matrix kmeans in.npy --k 3 --out out.npy", "--overwrite");
    assert_eq!(folder.read("out.npy"), before);
    folder.ok("matrix kmeans in.npy --k 3 --out out.npy --overwrite");
    assert_ne!(folder.read("out.npy"), before);
    folder.write("notes.txt", "mine");
    fails(&folder, "matrix kmeans in.npy --k 3 --out notes.txt --overwrite", "is no .npy array");
    assert_eq!(folder.read_text("notes.txt"), "mine");
}

#[test]
fn nothing_is_written_over_an_input_or_over_another_result() {
    let folder = folder();
    let before = folder.read("in.npy");
    std::os::unix::fs::symlink("in.npy", folder.path("link.npy")).unwrap();
    std::fs::create_dir(folder.path("sub")).unwrap();
    for out in ["in.npy", "./in.npy", "sub/../in.npy", "link.npy"] {
        fails(&folder, &format!("matrix knn in.npy --out {out} --overwrite"), "this is read");
    }
    // A result is written under this name before it gets its own.
    folder.write("x.npy.unpublished", &before);
    fails(&folder, "matrix knn x.npy.unpublished --out x.npy", "this is read");
    fails(&folder, "matrix knn in.npy --out a.npy --out-distances ./a.npy", "cannot be one file");
    fails(&folder, "matrix knn in.npy --out sub", "this is a folder");
    assert_eq!(folder.read("in.npy"), before);
    assert_eq!(folder.read("x.npy.unpublished"), before);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_read() {
    let folder = folder();
    folder.write("file", "");
    // The input is not there either: the output is looked at first.
    fails(&folder, "matrix knn absent.npy --out file/out.npy", "file");
    folder.ok("matrix knn in.npy --out deep/er/out.npy");
    assert_eq!(Array::read(&folder, "deep/er/out.npy").shape, [150, 15]);
}

#[test]
fn a_disk_that_refuses_leaves_the_old_result_and_nothing_aside() {
    let folder = folder();
    folder.ok("matrix kmeans in.npy --k 2 --out out.npy");
    let before = folder.read("out.npy");
    for point in ["output.write", "output.flush", "output.rename"] {
        let mut command =
            folder.command(["matrix", "kmeans", "in.npy", "--k", "3", "--out", "out.npy", "--overwrite"]);
        let output = command.env("POPULI_FAILPOINT", format!("{point}:1:error:ENOSPC")).output().unwrap();
        assert_eq!(output.status.code(), Some(FAILED), "{point}: {output:?}");
        assert_eq!(folder.read("out.npy"), before, "{point}");
        assert!(!folder.path("out.npy.unpublished").exists(), "{point}");
    }
}

#[test]
fn a_program_that_dies_while_it_writes_leaves_the_old_result_and_the_next_run_goes_through() {
    let folder = folder();
    folder.ok("matrix kmeans in.npy --k 2 --out out.npy");
    let before = folder.read("out.npy");
    let line = "matrix kmeans in.npy --k 3 --out out.npy --overwrite";
    let mut command = folder.command(line.split_whitespace());
    let output = command.env("POPULI_FAILPOINT", "output.flush:1:kill").output().unwrap();
    assert_ne!(output.status.code(), Some(DONE));
    assert_eq!(folder.read("out.npy"), before);
    assert!(folder.path("out.npy.unpublished").exists());
    folder.ok(line);
    assert_ne!(folder.read("out.npy"), before);
    assert!(!folder.path("out.npy.unpublished").exists());
}

/// Every verb that writes, with all that it can write.
const VERBS: [(&str, &[&str]); 7] = [
    ("umap in.npy --out out.npy --components 3 --epochs 50", &["out.npy"]),
    ("hdbscan in.npy --out out.npy --out-strengths s.npy --layers l.npy", &["out.npy", "s.npy", "l.npy"]),
    ("kmeans in.npy --out out.npy --k 5 --min-size 25", &["out.npy"]),
    ("dbscan in.npy --out out.npy", &["out.npy"]),
    ("knn in.npy --out out.npy --out-distances far.npy --method approximate", &["out.npy", "far.npy"]),
    ("pca in.npy --out out.npy --components 3", &["out.npy"]),
    ("kmeans in.npy --out out.npy --out-centres centres.npy --k auto", &["out.npy", "centres.npy"]),
];

#[test]
fn the_threads_move_no_byte() {
    for (line, files) in VERBS {
        let read = |threads: usize| -> Vec<Vec<u8>> {
            let folder = folder();
            let report = folder.ok_json(&format!("matrix {line} --threads {threads} --seed 3"));
            assert_eq!(report["threads"], threads, "{line}");
            files.iter().map(|name| folder.read(name)).collect()
        };
        let alone = read(1);
        assert!(read(2) == alone && read(7) == alone, "{line}");
    }
}
