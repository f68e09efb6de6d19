//! What comes of good answers, and of wrong ones.

use std::time::Duration;

use populi_embed::{Embedder, MemoryCache, Server, ServerParams, ServerUsage, embed_cached};
use serde_json::{Value, json};

use super::{after_the_first, connect, input, params, right, row};
use crate::local_server::{LocalServer, Reply, Seen};

/// An answer with this `data`.
fn data(data: &Value) -> Reply {
    Reply::new(200, json!({"data": data}).to_string())
}

#[test]
fn rows_are_in_the_order_of_the_texts_over_any_connections() {
    let texts = ["one", "", "two", "three", " \n", "four", "ünf 🦊", "one"];
    for (connections, batch) in [(1, 2), (3, 2), (4, 1), (2, 64)] {
        let late = |n, seen: &Seen| right(seen).late(Duration::from_millis(20 * u64::from(n == 0)));
        let local = after_the_first(late);
        let server = Server::new(ServerParams { connections, batch, ..params(&local) }).unwrap();
        assert_eq!((server.n_dims(), server.texts_per_call()), (3, connections * batch));
        let vectors = server.embed(&texts).unwrap();
        for (text, got) in texts.iter().zip(vectors.rows()) {
            let expected = if text.trim().is_empty() { [0.0; 3] } else { row(text) };
            assert_eq!(got, expected, "{text:?}");
        }

        let seen = local.seen();
        assert!(seen.iter().all(|seen| seen.url == "/v1/embeddings" && input(seen).len() <= batch));
        let mut sent: Vec<String> = seen[1..].iter().flat_map(input).collect();
        sent.sort();
        assert_eq!(sent, ["four", "one", "one", "three", "two", "ünf 🦊"]);
        let n_requests = seen.len() as u64;
        assert_eq!(server.usage(), ServerUsage { n_requests, n_retries: 0, n_texts: 7, n_tokens: 7 });
    }
}

#[test]
fn nothing_to_embed_asks_nothing() {
    let local = LocalServer::start(|_, seen| right(seen));
    let server = connect(&local);
    assert_eq!(server.embed(&[]).unwrap().n_rows(), 0);
    assert_eq!(server.embed(&["", "\t"]).unwrap().values(), [0.0; 6]);
    assert_eq!(local.seen().len(), 1);
}

#[test]
fn a_request_says_model_format_prefix_and_dimensions() {
    let local = LocalServer::start(|_, seen| right(seen));
    let with = |dimensions, prefix: &str| {
        Server::new(ServerParams { dimensions, prefix: prefix.to_owned(), ..params(&local) })
    };
    with(None, "").unwrap();
    let server = with(Some(3), "query: ").unwrap();
    assert_eq!(server.embed(&["fox"]).unwrap().values(), row("query: fox"));

    let bodies: Vec<Value> =
        local.seen().iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect();
    assert_eq!(bodies[0].get("dimensions"), None);
    assert_eq!(
        bodies[2],
        json!({"model": "m", "input": ["query: fox"], "encoding_format": "float", "dimensions": 3})
    );

    let error = with(Some(2), "").unwrap_err().to_string();
    assert!(error.contains("expected 2 numbers, got 3"), "{error}");
}

#[test]
fn a_vector_of_zeros_stays_one() {
    let local = after_the_first(|_, _| data(&json!([{"index": 0, "embedding": [0, 0, 0]}])));
    assert_eq!(connect(&local).embed(&["a"]).unwrap().values(), [0.0; 3]);
}

#[test]
fn a_wrong_answer_is_asked_for_once_more_and_then_told() {
    let item = |index: usize, embedding: Value| json!({"index": index, "embedding": embedding});
    let good = |index| item(index, json!([1, 2, 3]));
    for (reply, expected) in [
        (Reply::new(200, "<html>busy</html>"), "expected JSON"),
        (Reply::new(200, ""), "expected JSON"),
        (Reply::new(200, r#"{"data": [{"index": 0, "embedding": [NaN, 1, 2]}]}"#), "expected JSON"),
        (Reply::new(200, r#"{"error": {"message": "no such model"}}"#), "no such model"),
        (data(&json!([good(0)])), "expected 2 vectors, got 1"),
        (data(&json!([good(0), good(1), good(2)])), "expected 2 vectors, got 3"),
        (data(&json!([good(0), good(0)])), "got 0 twice"),
        (data(&json!([good(0), {"embedding": [1, 2, 3]}])), "got one without"),
        (data(&json!([good(0), item(1, json!([1, 2]))])), "vector 1: expected 3 numbers, got 2"),
        (
            data(&json!([item(0, json!([1, 2, 3, 4])), item(1, json!([1, 2, 3, 4]))])),
            "expected 3 numbers, got 4",
        ),
        (
            data(&json!([good(0), item(1, json!([1, null, 2]))])),
            "vector 1, number 1: expected a number, got null",
        ),
        (Reply::new(200, " ".repeat(2 << 20)), "expected an answer of at most"),
    ] {
        let local = after_the_first(move |_, _| reply.clone());
        let server = connect(&local);
        let error = server.embed(&["a", "b"]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(&local.url()), "{expected}: {error}");
        assert_eq!(local.seen().len(), 3, "{expected}");
    }
}

#[test]
fn one_wrong_answer_costs_nothing_but_a_request() {
    let local = after_the_first(|n, seen| if n == 0 { Reply::new(200, "busy") } else { right(seen) });
    let server = connect(&local);
    assert_eq!(server.embed(&["a"]).unwrap().values(), row("a"));
    assert_eq!(server.usage().n_retries, 1);
}

#[test]
fn a_server_that_takes_fewer_texts_gets_fewer() {
    let few = |_, seen: &Seen| match input(seen).len() {
        5.. => Reply::new(413, r#"{"error": "batch size 8 > maximum allowed batch size 4"}"#),
        _ => right(seen),
    };
    let local = after_the_first(few);
    let texts: Vec<String> = (0..21).map(|i| format!("text {i}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let server = Server::new(ServerParams { batch: 8, ..params(&local) }).unwrap();
    let vectors = server.embed(&texts).unwrap();
    assert!(texts.iter().zip(vectors.rows()).all(|(text, got)| got == row(text)));
    let n_too_long = local.seen().iter().filter(|seen| input(seen).len() > 4).count();
    assert_eq!(n_too_long, 1);

    let n_before = local.seen().len();
    server.embed(&texts).unwrap();
    assert_eq!(local.seen().len() - n_before, 21usize.div_ceil(4));
}

#[test]
fn a_text_that_is_refused_is_named_by_place_and_length_alone() {
    let refuse = |_, seen: &Seen| match input(seen).iter().any(|text| text.contains("secret")) {
        true => Reply::new(400, r#"{"error": {"message": "maximum context length is 9"}}"#),
        false => right(seen),
    };
    let local = after_the_first(refuse);
    let error = connect(&local).embed(&["a", "b", "", "my secret life", "c"]).unwrap_err().to_string();
    assert!(error.contains("text 3 of 5 (14 characters)"), "{error}");
    assert!(error.contains("maximum context length is 9") && error.contains("shorten"), "{error}");
    assert!(!error.contains("life"), "{error}");
}

#[test]
fn what_the_cache_has_is_not_asked_for_again() {
    let local = LocalServer::start(|_, seen| right(seen));
    let cache = MemoryCache::default();
    embed_cached(&connect(&local), &cache, &["a", "b"]).unwrap();
    embed_cached(&connect(&local), &cache, &["b", "c", "a"]).unwrap();
    let sent: Vec<Vec<String>> = local.seen().iter().map(input).collect();
    assert_eq!([&sent[1], &sent[3]], [&vec!["a", "b"], &vec!["c"]]);
    assert_eq!(sent.len(), 4);
}

#[test]
fn another_model_under_the_same_name_is_noticed() {
    let cache = MemoryCache::default();
    // The same model, slightly less exact the second time; then another one.
    let local = LocalServer::start(|n, _| {
        let vector = [json!([1, 2, 3]), json!([1.001, 2, 2.999]), json!([3, -2, 1])][n].clone();
        data(&json!([{"index": 0, "embedding": vector}]))
    });
    let [first, second, third] = [(); 3].map(|()| connect(&local));
    assert_eq!(first.fingerprint(), third.fingerprint());
    first.check_model(&cache).unwrap();
    first.check_model(&cache).unwrap();
    second.check_model(&cache).unwrap();
    let error = third.check_model(&cache).unwrap_err().to_string();
    assert!(error.contains("no longer the model") && error.contains("another cache"), "{error}");
}

#[test]
fn the_fingerprint_is_of_what_decides_the_vectors() {
    let local = LocalServer::start(|_, seen| right(seen));
    let of = |params: ServerParams| Server::new(params).unwrap().fingerprint();
    let base = of(params(&local));
    let same = ServerParams { base_url: local.url() + "/v1/", batch: 3, connections: 2, ..params(&local) };
    assert_eq!(of(same), base);
    for other in [
        ServerParams { model: "n".to_owned(), ..params(&local) },
        ServerParams { prefix: "query: ".to_owned(), ..params(&local) },
        ServerParams { dimensions: Some(3), ..params(&local) },
        ServerParams { base_url: local.url() + "/v2", ..params(&local) },
    ] {
        assert_ne!(of(other.clone()), base, "{other:?}");
    }
}
