//! Long inputs are put down where the user asked to stop, and what was finished by then is kept.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use populi_pipeline::embed::{EmbedParams, embed};
use populi_pipeline::export::{Existing, ExportParams, KeySource, Style, export_personas};
use populi_pipeline::ingest::{IngestSummary, Limits, Source, TableParams, ingest};
use populi_pipeline::languages::languages;
use populi_pipeline::personas::{K, PersonaParams, personas};
use populi_pipeline::progress::{Progress, Unit};
use populi_pipeline::select::Selection;
use populi_pipeline::threads::threads;
use populi_pipeline::{Error, Quiet};
use populi_store::{Corpus, CorpusParams};
use tempfile::TempDir;

/// Asks to stop when more than so many bytes were read.
struct StopAfter {
    max_bytes: u64,
    n_bytes: AtomicU64,
    is_reading: AtomicBool,
}

impl StopAfter {
    fn new(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes as u64, n_bytes: AtomicU64::new(0), is_reading: AtomicBool::new(false) }
    }

    fn n_bytes(&self) -> u64 {
        self.n_bytes.load(Ordering::SeqCst)
    }
}

impl Progress for StopAfter {
    fn begin(&self, stage: &str, _: Option<u64>, _: Unit) {
        self.is_reading.store(stage == "read", Ordering::SeqCst);
    }

    fn advance(&self, n: u64) {
        if self.is_reading.load(Ordering::SeqCst) {
            self.n_bytes.fetch_add(n, Ordering::SeqCst);
        }
    }

    fn end(&self) {}

    fn note(&self, _: &str) {}

    fn is_stopped(&self) -> bool {
        self.n_bytes() > self.max_bytes
    }
}

/// Long lines, which no source has any posts in.
fn lines(n_bytes: usize, from: usize) -> Vec<u8> {
    let mut lines = b"text\n".to_vec();
    for i in from.. {
        if lines.len() >= n_bytes {
            break;
        }
        let noise = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        lines.extend_from_slice(format!("{noise:020}{}\n", "x".repeat(2000)).as_bytes());
    }
    lines
}

fn gz(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn take(folder: &Path, source: &Source, progress: &dyn Progress) -> Result<IngestSummary, Error> {
    let params = CorpusParams { n_buckets: 2.try_into().ok(), keeps_originals: None };
    let mut corpus = Corpus::open_or_create(&folder.join("corpus"), params).unwrap();
    let (selection, limits) = (Selection::default(), Limits::default());
    ingest(&mut corpus, source, &selection, &[folder.join("in")], limits, progress)
}

fn stops_in_the_second_of(inputs: [Vec<u8>; 2], source: &Source) {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    // Beginnings are read twice.
    let progress = StopAfter::new(inputs[0].len() + 1024);
    for (name, input) in ["a", "b"].into_iter().zip(inputs) {
        std::fs::write(folder.path().join("in").join(name), input).unwrap();
    }
    let outcome = take(folder.path(), source, &progress);
    assert!(matches!(outcome, Err(Error::Stopped)), "{outcome:?}");
    let summary = take(folder.path(), source, &Quiet).unwrap();
    assert_eq!(
        (summary.n_known, summary.n_read),
        (1, 1),
        "what was finished is kept, and the rest is read again"
    );
}

/// What one thread reads from its beginning to its end.
#[test]
fn a_long_file_is_put_down_and_the_one_before_it_kept() {
    // The first is a unit of its own; of the second more than a batch is read.
    stops_in_the_second_of([lines(9 << 20, 0), gz(&lines(20 << 20, 5000), 1)], &Source::Bluesky);
    let table = Source::Table(Box::new(TableParams { text: "text".parse().ok(), ..TableParams::default() }));
    stops_in_the_second_of([lines(9 << 20, 0), lines(20 << 20, 5000)], &table);
}

#[test]
fn a_long_member_is_not_handed_over_to_its_end() {
    let folder = TempDir::new().unwrap();
    let member = gz(&lines(12 << 20, 0), 0);
    let mut header = tar::Header::new_gnu();
    header.set_size(member.len() as u64);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "member.gz", member.as_slice()).unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/dump.tar"), archive.into_inner().unwrap()).unwrap();
    let progress = StopAfter::new(2 << 20);
    let outcome = take(folder.path(), &Source::Bluesky, &progress);
    assert!(matches!(outcome, Err(Error::Stopped)), "{outcome:?}");
    assert!(progress.n_bytes() < 4 << 20, "{} of {} bytes were read", progress.n_bytes(), member.len());
    let summary = take(folder.path(), &Source::Bluesky, &Quiet).unwrap();
    assert_eq!((summary.n_known, summary.n_read), (0, 1), "nothing of it was kept");
}

/// Asks to stop as soon as a stage is at work.
struct StopIn(&'static str, AtomicBool);

impl Progress for StopIn {
    fn begin(&self, stage: &str, _: Option<u64>, _: Unit) {
        self.1.fetch_or(stage == self.0, Ordering::SeqCst);
    }

    fn advance(&self, _: u64) {}

    fn end(&self) {}

    fn note(&self, _: &str) {}

    fn is_stopped(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }
}

#[test]
fn an_export_that_is_stopped_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let table = "author,text,time\nann,green apples,1700000000\nann,sweet pears,1700000001\nbob,fast trains,1700000002\n";
    std::fs::write(folder.path().join("in/posts.csv"), table).unwrap();
    let column = |name: &str| name.parse().ok();
    let params = TableParams {
        text: column("text"),
        author: column("author"),
        time: column("time"),
        ..TableParams::default()
    };
    take(folder.path(), &Source::Table(Box::new(params)), &Quiet).unwrap();
    let mut corpus = Corpus::open(&folder.path().join("corpus")).unwrap();
    let everything = Selection::default();
    threads(&mut corpus, &Quiet).unwrap();
    embed(&mut corpus, &EmbedParams::default(), &everything, &Quiet).unwrap();
    languages(&mut corpus, &Quiet).unwrap();
    let params = PersonaParams { min_posts: 1, k: K::Fixed(1), bootstraps: 0, ..PersonaParams::default() };
    personas(&mut corpus, &params, &everything, &Quiet).unwrap();

    let params = ExportParams {
        out: folder.path().join("out"),
        style: Style::Released,
        context: ExportParams::CONTEXT,
        min_group: 1,
        existing: Existing::Refuse,
        key: Some(KeySource::Published),
    };
    for stage in ["posts", "acts", "times", "clusters"] {
        let progress = StopIn(stage, AtomicBool::new(false));
        let outcome = export_personas(&corpus.snapshot(), &params, &progress);
        assert!(matches!(outcome, Err(Error::Stopped)), "{stage}: {outcome:?}");
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["corpus", "in"], "{stage}");
    }
    let card = export_personas(&corpus.snapshot(), &params, &Quiet).unwrap();
    assert_eq!(card.n_lines(), 3);
}
