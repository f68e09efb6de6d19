//! A real HTTP server on this machine, which answers as a test tells it and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tiny_http::{Header, Response};

/// Requests that are answered at the same time.
const N_THREADS: usize = 6;

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Path and query.
    pub url: String,
    /// By name in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How long the server thinks.
    pub delay: Duration,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn late(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// Serves until it is dropped. At most four connections may be open at a time: `tiny_http` has as many threads waiting, and may put a
/// fifth connection behind one that stays open.
pub struct LocalServer {
    server: Arc<tiny_http::Server>,
    threads: Vec<JoinHandle<()>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl LocalServer {
    /// `reply` gets the number of the request, from 0, and the request.
    pub fn start(reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
        let (seen, reply) = (Arc::new(Mutex::new(Vec::new())), Arc::new(reply));
        let serve = || {
            let (server, seen, reply) = (Arc::clone(&server), Arc::clone(&seen), Arc::clone(&reply));
            thread::spawn(move || {
                while let Ok(mut request) = server.recv() {
                    let mut body = String::new();
                    request.as_reader().read_to_string(&mut body).unwrap();
                    let header = |header: &Header| {
                        (header.field.to_string().to_ascii_lowercase(), header.value.to_string())
                    };
                    let headers = request.headers().iter().map(header).collect();
                    let one = Seen { url: request.url().to_owned(), headers, body };
                    let n = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(one.clone());
                        seen.len() - 1
                    };
                    let reply = reply(n, &one);
                    thread::sleep(reply.delay);
                    let mut response = Response::from_data(reply.body).with_status_code(reply.status);
                    for (name, value) in reply.headers {
                        response.add_header(Header::from_bytes(name, value).unwrap());
                    }
                    // The other side may have gone away; that is its test.
                    let _ = request.respond(response);
                }
            })
        };
        let threads = (0..N_THREADS).map(|_| serve()).collect();
        Self { server, threads, seen }
    }

    /// Without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }

    /// Every request so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.threads.iter().for_each(|_| self.server.unblock());
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}
