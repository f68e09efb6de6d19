//! What is tried again, how often, and how fast.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use populi_embed::{Embedder, Server, ServerParams};
use serde_json::json;

use super::{after_the_first, connect, params, right, row};
use crate::local_server::{LocalServer, Reply};

#[test]
fn what_passes_is_waited_for() {
    for reply in [
        Reply::new(429, r#"{"error": {"message": "slow down"}}"#),
        Reply::new(429, "").with_header("Retry-After", "0"),
        Reply::new(429, "").with_header("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"),
        Reply::new(500, "oops"),
        Reply::new(503, "loading").with_header("Retry-After", "soon"),
        Reply::new(408, ""),
    ] {
        let status = reply.status;
        let local = after_the_first(move |n, seen| if n < 2 { reply.clone() } else { right(seen) });
        let server = connect(&local);
        assert_eq!(server.embed(&["a"]).unwrap().values(), row("a"), "{status}");
        assert_eq!((local.seen().len(), server.usage().n_retries), (4, 2), "{status}");
    }
}

#[test]
fn a_server_may_ask_for_silence_up_to_a_limit() {
    let busy = Reply::new(429, "").with_header("Retry-After", "3600");
    let local = after_the_first(move |n, seen| if n == 0 { busy.clone() } else { right(seen) });
    let server = connect(&local);
    let start = Instant::now();
    server.embed(&["a"]).unwrap();
    // Not the millisecond of the first wait, and not the hour either.
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(local.seen().len(), 3);
}

#[test]
fn what_does_not_pass_is_told_after_all_retries() {
    let local = after_the_first(|_, _| Reply::new(500, r#"{"error": "CUDA out of memory"}"#));
    let error = connect(&local).embed(&["a"]).unwrap_err().to_string();
    assert!(error.contains("500") && error.contains("CUDA out of memory"), "{error}");
    assert!(error.contains("4 attempts") && error.contains("kept"), "{error}");
    assert_eq!(local.seen().len(), 5);
}

#[test]
fn what_cannot_pass_is_told_at_once() {
    for (status, remedy) in
        [(401, "key"), (403, "key"), (404, "name of the model"), (410, "OpenAI-compatible")]
    {
        let local = after_the_first(move |_, _| Reply::new(status, r#"{"detail": "no way"}"#));
        let error = connect(&local).embed(&["a", "b"]).unwrap_err().to_string();
        assert!(error.contains("no way") && error.contains(remedy), "{error}");
        assert_eq!(local.seen().len(), 2, "{status}");
    }
}

#[test]
fn an_answer_that_comes_too_late_is_asked_for_again() {
    // The first answer is held back until the text is asked for again.
    let (tell, told) = mpsc::channel();
    let told = Mutex::new(told);
    let local = after_the_first(move |n, seen| {
        let _ = match n {
            0 => told.lock().unwrap().recv_timeout(Duration::from_secs(60)).map_err(drop),
            _ => tell.send(()).map_err(drop),
        };
        right(seen)
    });
    // On a slow machine later answers may come too late as well.
    let patient = ServerParams { timeout: Duration::from_secs(1), retries: 30, ..params(&local) };
    let server = Server::new(patient).unwrap();
    assert_eq!(server.embed(&["a"]).unwrap().values(), row("a"));
    assert!(server.usage().n_retries >= 1);
}

#[test]
fn a_lost_connection_is_made_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        for (n, stream) in listener.incoming().take(4).enumerate() {
            let mut stream = stream.unwrap();
            let n_texts = read_request(&stream);
            let data: Vec<_> = (0..n_texts).map(|i| json!({"index": i, "embedding": [3, 4]})).collect();
            let body = json!({"data": data}).to_string();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            match n {
                // Before the answer, and in the middle of it.
                1 => {}
                2 => stream.write_all(format!("{head}{}", &body[..9]).as_bytes()).unwrap(),
                _ => stream.write_all(format!("{head}{body}").as_bytes()).unwrap(),
            }
        }
    });
    let waits = ServerParams { first_wait: Duration::from_millis(1), ..ServerParams::new(url, "m") };
    let server = Server::new(waits).unwrap();
    assert_eq!(server.embed(&["a", "b"]).unwrap().values(), [0.6, 0.8, 0.6, 0.8]);
    assert_eq!(server.usage().n_retries, 2);
    serving.join().unwrap();
}

#[test]
fn a_server_that_is_not_there_is_told_soon() {
    let url = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let first_wait = Duration::from_millis(1);
    let error =
        Server::new(ServerParams { first_wait, ..ServerParams::new(&url, "m") }).unwrap_err().to_string();
    assert!(error.contains(&url) && error.contains("3 attempts"), "{error}");
}

#[test]
fn a_server_that_is_busy_at_first_is_waited_for() {
    let local = LocalServer::start(|n, seen| if n < 3 { Reply::new(503, "loading") } else { right(seen) });
    assert_eq!(connect(&local).usage().n_retries, 3);
}

#[test]
fn the_rate_is_kept_by_all_connections_together() {
    let local = LocalServer::start(|_, seen| right(seen));
    let start = Instant::now();
    let rate = ServerParams { requests_per_minute: Some(1200), connections: 4, batch: 1, ..params(&local) };
    let server = Server::new(rate).unwrap();
    server.embed(&["a", "b", "c", "d", "e"]).unwrap();
    // Six requests start at least 50 ms apart.
    assert!(start.elapsed() >= Duration::from_millis(250));
    assert_eq!(local.seen().len(), 6);
}

#[test]
fn parameters_out_of_their_range_are_refused() {
    let good = ServerParams::new("http://127.0.0.1:9", "m");
    for (name, wrong) in [
        ("batch", ServerParams { batch: 0, ..good.clone() }),
        ("batch_chars", ServerParams { batch_chars: 0, ..good.clone() }),
        ("connections", ServerParams { connections: 0, ..good.clone() }),
        ("requests_per_minute", ServerParams { requests_per_minute: Some(0), ..good.clone() }),
        ("dimensions", ServerParams { dimensions: Some(0), ..good.clone() }),
        ("timeout", ServerParams { timeout: Duration::ZERO, ..good.clone() }),
        ("base_url", ServerParams { base_url: "h".to_owned(), ..good.clone() }),
    ] {
        let error = Server::new(wrong).unwrap_err().to_string();
        assert!(error.contains(&format!("parameter {name} is")), "{error}");
    }
}

/// Reads one request to its end and counts its texts.
fn read_request(stream: &TcpStream) -> usize {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    body["input"].as_array().unwrap().len()
}
