//! A server of embeddings, as a user has one: the binary asks it over HTTP.

use std::collections::HashSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tiny_http::{Response, Server};

use super::{array, digest, english, ingest};
use crate::program::{FAILED, Folder};

/// The key that must stand nowhere.
const KEY: &str = "sk-a-key-that-nobody-may-see";

/// Numbers of a vector.
const N_DIMS: usize = 8;

/// A server on this machine, until it is dropped.
struct Embeddings {
    server: Arc<Server>,
    asked: Arc<Mutex<Asked>>,
    /// While true, requests beyond those that it was started for are turned away.
    stalls: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a server was asked.
#[derive(Default)]
struct Asked {
    /// Texts whose vectors were sent back, in the order of the requests.
    answered: Vec<String>,
    /// Requests that were turned away because it stalls.
    n_refused: usize,
    /// What stood in the headers.
    keys: HashSet<String>,
}

impl Embeddings {
    /// Answers `n_before_stall` texts; then it turns requests away until it is told to go on.
    fn start(n_before_stall: usize) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let (asked, stalls) =
            (Arc::new(Mutex::new(Asked::default())), Arc::new(AtomicBool::new(n_before_stall < usize::MAX)));
        let thread = {
            let (server, asked, stalls) = (Arc::clone(&server), Arc::clone(&asked), Arc::clone(&stalls));
            std::thread::spawn(move || {
                for mut request in server.incoming_requests() {
                    let mut body = String::new();
                    request.as_reader().read_to_string(&mut body).unwrap();
                    let body: Value = serde_json::from_str(&body).unwrap();
                    let texts: Vec<String> = body["input"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|text| text.as_str().unwrap().to_owned())
                        .collect();
                    let mut asked = asked.lock().unwrap();
                    let key = request.headers().iter().find(|header| header.field.equiv("Authorization"));
                    asked.keys.extend(key.map(|header| header.value.to_string()));
                    if stalls.load(Ordering::SeqCst) && asked.answered.len() + texts.len() > n_before_stall {
                        asked.n_refused += 1;
                        drop(asked);
                        // With 500, so that it is tried again.
                        continue;
                    }
                    let data: Vec<Value> = texts
                        .iter()
                        .enumerate()
                        .map(|(i, text)| json!({ "object": "embedding", "index": i, "embedding": vector(text) }))
                        .collect();
                    asked.answered.extend(texts);
                    drop(asked);
                    let answer = json!({ "object": "list", "model": body["model"], "data": data });
                    // Who was killed does not read it.
                    let _ = request.respond(Response::from_string(answer.to_string()));
                }
            })
        };
        Self { server, asked, stalls, thread: Some(thread) }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }

    fn n_answered(&self) -> usize {
        self.asked.lock().unwrap().answered.len()
    }

    /// The texts of posts that were answered: what is asked to know the model stands in no post.
    fn answered(&self, posts: &[String]) -> Vec<String> {
        let answered = self.asked.lock().unwrap().answered.clone();
        answered.into_iter().filter(|text| posts.contains(text)).collect()
    }
}

impl Drop for Embeddings {
    fn drop(&mut self) {
        self.server.unblock();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// The vector that the server has for a text, of length 1.
fn vector(text: &str) -> Vec<f32> {
    let hash = blake3::hash(text.as_bytes());
    let values: Vec<f32> = hash.as_bytes()[..N_DIMS].iter().map(|byte| f32::from(*byte) - 127.5).collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().map(|value| value / length).collect()
}

#[test]
fn a_server_embeds_a_corpus_once_and_its_key_stands_nowhere() {
    let folder = Folder::new();
    ingest(&folder, "a.csv", 0, &[english(150), english(150)].concat());
    let server = Embeddings::start(usize::MAX);
    let line =
        format!("embed --model {} --server-model mini/model-1 --key-env MY_KEY --batch 16", server.url());
    let run = || {
        let mut command = folder.command(line.split_whitespace().chain(["--json"]));
        command.env("MY_KEY", KEY).output().unwrap()
    };
    let output = run();
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["table"], &found["n_dims"], &found["n_embedded"]),
        (&json!("vectors/model_1"), &json!(N_DIMS), &json!(150))
    );
    assert_eq!(server.answered(&english(150)).len(), 150, "equal texts are asked for once");
    assert_eq!(server.asked.lock().unwrap().keys, HashSet::from([format!("Bearer {KEY}")]));
    let row = folder.row("corpus", "SELECT vector FROM vectors_model_1 v JOIN posts p ON p.post_key = v.post_key WHERE p.post_id = 'table:3'");
    for (got, expected) in row["vector"].as_array().unwrap().iter().zip(vector(&english(4)[3])) {
        assert!((got.as_f64().unwrap() - f64::from(expected)).abs() < 1e-6, "{row}");
    }

    let n_asked = server.n_answered();
    let second = run();
    assert_eq!(serde_json::from_slice::<Value>(&second.stdout).unwrap()["work"], "up_to_date");
    assert_eq!(server.n_answered(), n_asked, "what is done asks for nothing");
    for bytes in
        [&output.stdout, &output.stderr, &second.stdout, &second.stderr, &folder.read("corpus/manifest.json")]
    {
        assert!(!String::from_utf8_lossy(bytes).contains(KEY));
    }
    let grep =
        std::process::Command::new("grep").args(["-rl", KEY]).arg(folder.path("corpus")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "");
}

#[test]
fn killed_while_it_asks_it_goes_on_and_asks_for_nothing_twice() {
    let folder = Folder::new();
    let texts = english(600);
    ingest(&folder, "a.csv", 0, &texts);
    let copy = std::process::Command::new("cp")
        .arg("-r")
        .args([folder.path("corpus"), folder.path("whole")])
        .status();
    assert!(copy.unwrap().success());
    let server = Embeddings::start(300);
    let line = format!("embed --model {} --server-model m --batch 10 --connections 1", server.url());

    let mut child = folder
        .command(line.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // What is asked for next shows that all before is kept.
    let mut n_waits = 0;
    while server.asked.lock().unwrap().n_refused == 0 {
        std::thread::sleep(Duration::from_millis(20));
        n_waits += 1;
        assert!(n_waits < 6000, "{} texts were answered", server.n_answered());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let n_before = server.answered(&texts).len();
    assert!(0 < n_before && n_before < texts.len(), "{n_before}");

    server.stalls.store(false, Ordering::SeqCst);
    let found = folder.ok_json(&line);
    assert_eq!(
        (&found["n_from_cache"], &found["n_embedded"]),
        (&json!(n_before), &json!(texts.len() - n_before))
    );
    let mut answered = server.answered(&texts);
    answered.sort();
    let mut expected = texts.clone();
    expected.sort();
    assert_eq!(answered, expected, "each text once, over both runs");

    folder.ok(&format!("{line} --corpus whole"));
    assert_eq!(digest(&folder, "corpus", "vectors/m"), digest(&folder, "whole", "vectors/m"));
    assert_eq!(folder.read("corpus/manifest.json"), folder.read("whole/manifest.json"));
}

#[test]
fn a_file_through_a_server_and_a_server_that_is_not_there() {
    let folder = Folder::new();
    let texts = english(40);
    folder.write("a.txt", texts.join("\n"));
    let url = {
        let server = Embeddings::start(usize::MAX);
        let found = folder
            .ok_json(&format!("embed a.txt --out a.npy --model {} --server-model m --batch 7", server.url()));
        assert_eq!(
            (&found["n_texts"], &found["n_dims"], &found["n_from_cache"]),
            (&json!(40), &json!(N_DIMS), &json!(0))
        );
        for (row, text) in array(&folder.read("a.npy")).iter().zip(&texts) {
            assert!(
                row.iter().zip(vector(text)).all(|(got, expected)| (got - expected).abs() < 1e-6),
                "{text}"
            );
        }
        server.url()
    };
    let answer = folder.run(["embed", "a.txt", "--out", "b.npy", "--model", &url, "--server-model", "m"]);
    assert_eq!(answer.code, FAILED);
    assert!(answer.stderr.contains(&url) && !folder.path("b.npy").exists(), "{answer:?}");
}
