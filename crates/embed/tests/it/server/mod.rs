//! Vectors from an OpenAI-compatible server that answers well, late, wrongly or not at all.

mod answers;
mod keys;
mod retries;

use std::time::Duration;

use populi_embed::{Server, ServerParams};
use serde_json::{Value, json};

use crate::local_server::{LocalServer, Reply, Seen};

/// The vector that the model of these tests has for `text`; never of length 1.
fn vector(text: &str) -> [f32; 3] {
    [text.chars().count() as f32, text.bytes().map(f32::from).sum(), -2.5]
}

/// The row that must come of it.
fn row(text: &str) -> [f32; 3] {
    let vector = vector(text);
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    vector.map(|value| (f64::from(value) / length) as f32)
}

/// The texts of a request.
fn input(seen: &Seen) -> Vec<String> {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The right answer, with its items in another order than the texts.
fn right(seen: &Seen) -> Reply {
    let texts = input(seen);
    let items = texts
        .iter()
        .enumerate()
        .map(|(i, text)| json!({"object": "embedding", "index": i, "embedding": vector(text)}));
    let data: Vec<Value> = items.rev().collect();
    let usage = json!({"prompt_tokens": texts.len(), "total_tokens": texts.len()});
    Reply::new(200, json!({"object": "list", "data": data, "model": "m", "usage": usage}).to_string())
}

/// Answers the first request, which [`Server::new`] makes, rightly, and what follows, counted from 0, as told.
fn after_the_first(reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> LocalServer {
    LocalServer::start(move |n, seen| if n == 0 { right(seen) } else { reply(n - 1, seen) })
}

/// Parameters with waits of milliseconds, for one connection.
fn params(server: &LocalServer) -> ServerParams {
    ServerParams {
        connections: 1,
        retries: 3,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(30),
        timeout: Duration::from_secs(30),
        ..ServerParams::new(server.url(), "m")
    }
}

fn connect(server: &LocalServer) -> Server {
    Server::new(params(server)).unwrap()
}
