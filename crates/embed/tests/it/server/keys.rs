//! A key goes to its server and nowhere else.

use populi_embed::{Embedder, Server, ServerParams};
use serde_json::json;

use super::{params, right};
use crate::local_server::{LocalServer, Reply};

/// A variable that cargo sets for every test: its value plays the key, so that no test has to change the environment.
const VARIABLE: &str = "CARGO_MANIFEST_DIR";

fn key() -> String {
    std::env::var(VARIABLE).unwrap()
}

fn with_key(server: &LocalServer) -> ServerParams {
    ServerParams { key_variable: Some(VARIABLE.to_owned()), ..params(server) }
}

#[test]
fn the_key_is_sent_and_shown_nowhere() {
    let local = LocalServer::start(|_, seen| right(seen));
    let server = Server::new(with_key(&local)).unwrap();
    server.embed(&["a"]).unwrap();
    let bearer = format!("Bearer {}", key());
    assert!(local.seen().iter().all(|seen| seen.header("authorization") == Some(&bearer)));
    assert!(!format!("{server:?}").contains(&key()));
    let without = ServerParams { key_variable: None, ..params(&local) };
    assert_eq!(server.fingerprint(), Server::new(without).unwrap().fingerprint());
}

#[test]
fn a_server_that_repeats_the_key_does_not_give_it_away() {
    let echo = format!("{}{}", "x".repeat(290), key());
    for reply in [
        Reply::new(400, json!({"error": {"message": format!("bad key {}", key())}}).to_string()),
        // Cut in the middle of the key, were it cut first.
        Reply::new(401, json!({"detail": echo}).to_string()),
        Reply::new(500, format!("trace: Bearer {}", key())),
        Reply::new(302, "").with_header("Location", format!("https://h/?key={}", key())),
        Reply::new(200, json!({"error": key()}).to_string()),
        Reply::new(200, json!({"data": key()}).to_string()),
    ] {
        let status = reply.status;
        let local = LocalServer::start(move |_, _| reply.clone());
        let error = Server::new(with_key(&local)).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&key()[..key().len() / 2]), "{status}: {shown}");
        assert!(shown.contains("[redacted]"), "{status}: {shown}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let other = LocalServer::start(|_, seen| right(seen));
        let to = other.url() + "/v1/embeddings";
        let reply = Reply::new(status, "").with_header("Location", to.clone());
        let local = LocalServer::start(move |_, _| reply.clone());
        let error = Server::new(with_key(&local)).unwrap_err().to_string();
        assert!(error.contains(&to) && error.contains("not followed"), "{error}");
        assert_eq!((local.seen().len(), other.seen().len()), (1, 0), "{status}");
    }
}

#[test]
fn a_key_is_not_sent_unencrypted() {
    let params = ServerParams::new("http://192.0.2.1/v1", "m");
    let error = Server::new(ServerParams { key_variable: Some(VARIABLE.to_owned()), ..params }).unwrap_err();
    assert!(error.to_string().contains("unencrypted"), "{error}");
    assert!(!format!("{error} {error:?}").contains(&key()));
}
