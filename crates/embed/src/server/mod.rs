//! A model behind an OpenAI-compatible server: `POST {base}/embeddings`.
//!
//! The way of a call: texts with nothing in them are left out, the others cut into batches ([`batch`]); each batch is sent by
//! one of a few connections and tried again where that can help ([`client`]), no faster than the rate allows ([`pace`]); the answer is
//! checked ([`answer`]) and its rows go to the places of their texts.

mod address;
mod answer;
mod batch;
mod client;
mod key;
mod pace;

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use populi_geometry::Matrix;
use serde::Serialize;

use self::address::Address;
use self::answer::{Rows, read_rows};
use self::client::{Client, Failure};
use self::pace::Halt;
use crate::cache::{TextKey, VectorCache};
use crate::embedder::{Embedder, Fingerprint};
use crate::error::{Error, Result};

/// Raised where the same parameters and the same server give other vectors.
const VERSION: u32 = 1;
/// Retries of a first request that nobody answers: a wrong address should not take a minute to tell.
const UNANSWERED_PROBES: usize = 2;
/// Below this cosine, two vectors of one text are of two models. One model in half precision was measured at 0.9999.
const MIN_COSINE_OF_PROBE: f64 = 0.99;
/// Numbers of a vector before its width is known, at most.
const MAX_DIMS: usize = 1 << 16;
/// Bytes of a number in JSON, at most, with room for indentation.
const MAX_BYTES_OF_NUMBER: usize = 64;
/// Bytes of an answer beside its numbers, at most.
const MAX_BYTES_OF_FRAME: usize = 1 << 20;

/// Where a [`Server`] is, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerParams {
    /// The server: `https://api.openai.com/v1`, `http://localhost:11434`. A path that ends in `/embeddings` is taken as it is; one
    /// that ends in a version such as `/v1` gets `/embeddings`; any other gets `/v1/embeddings`.
    pub base_url: String,
    /// The name by which the server knows the model.
    pub model: String,
    /// Asks the server to shorten its vectors to so many numbers, which only some models can do. Default: no.
    pub dimensions: Option<usize>,
    /// Stands before every text, as `query: ` of the e5 models. Default: nothing.
    pub prefix: String,
    /// Texts of a request, at most. A server that takes fewer is found out and gets fewer. Default 64.
    pub batch: usize,
    /// Characters of a request, at most; a longer text goes alone. Default 100,000.
    pub batch_chars: usize,
    /// Requests under way at the same time. Default 4.
    pub connections: usize,
    /// Requests that start in a minute, at most, retries included; they are spread evenly. Default: no limit.
    pub requests_per_minute: Option<u32>,
    /// For a request and its answer. Default 60 s.
    pub timeout: Duration,
    /// Times that a request is sent again after 408, 429, 5xx, a lost connection or a timeout. Default 6.
    pub retries: usize,
    /// Before the first retry; doubles with every further one, and up to as much again is added at random. Default 500 ms.
    pub first_wait: Duration,
    /// Before any retry, at most, even where the server asks for more. Default 2 minutes.
    pub longest_wait: Duration,
    /// The name of the environment variable that holds the key. It must be set. Default (`None`): `OPENAI_API_KEY` for
    /// `api.openai.com` and no other server, else `POPULI_EMBED_KEY`, else no key.
    pub key_variable: Option<String>,
}

impl ServerParams {
    /// The defaults for `model` at `base_url`.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            dimensions: None,
            prefix: String::new(),
            batch: 64,
            batch_chars: 100_000,
            connections: 4,
            requests_per_minute: None,
            timeout: Duration::from_secs(60),
            retries: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(120),
            key_variable: None,
        }
    }

    fn check(&self) -> Result<()> {
        let is_zero = [
            ("batch", self.batch == 0),
            ("batch_chars", self.batch_chars == 0),
            ("connections", self.connections == 0),
            ("requests_per_minute", self.requests_per_minute == Some(0)),
            ("dimensions", self.dimensions == Some(0)),
            ("timeout", self.timeout.is_zero()),
        ];
        match is_zero.into_iter().find(|(_, is_zero)| *is_zero) {
            Some((name, _)) => Err(Error::Param { name, got: "0".to_owned(), must_be: "more than 0" }),
            None => Ok(()),
        }
    }
}

/// What a [`Server`] was asked so far, its first request included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerUsage {
    /// Requests sent, retries included.
    pub n_requests: u64,
    /// Requests that had been sent before and had failed.
    pub n_retries: u64,
    /// Texts for which vectors came back.
    pub n_texts: u64,
    /// Tokens that the server says it read for them; 0 where it does not say.
    pub n_tokens: u64,
}

/// The model of a server, as an [`Embedder`].
///
/// **Vectors.** Rows are in the order of the texts, whichever answer comes first, and of length 1. A text of white space alone is not
/// sent, because many servers refuse it, and gets a row of zeros. A server may give slightly other bits on another day or in another batch;
/// a cache keeps what came first.
///
/// **Fingerprint.** Host, port and path of the server, name of the model, the dimensions asked for and those that came, prefix. It cannot
/// know that a server has other weights under the same name: [`check_model`](Self::check_model) does.
///
/// **Keys.** A key comes from the environment, goes to the server that the user named and to no other (redirects are not
/// followed), never unencrypted over a network, and is in no error, fingerprint or `Debug` text.
///
/// **Failures.** 408, 429, 5xx, lost connections and timeouts are retried with growing random waits; `Retry-After` is honoured, by all
/// connections. An answer that makes no sense (not JSON, wrong count, index or width, a value that is no number) is asked for once more.
/// A batch that is refused (400, 413, 422) is sent again in halves: this finds how many texts a server takes at once, and which text it refuses.
/// Anything else is an error at once.
#[derive(Debug)]
pub struct Server {
    params: ServerParams,
    client: Client,
    n_dims: usize,
    /// Length 1.
    probe: Vec<f32>,
    /// Texts that the server was seen to take at once.
    batch: AtomicUsize,
}

impl Server {
    /// The text of the first request. Its vector is what [`check_model`](Self::check_model) compares, so it stands in a cache.
    pub const PROBE: &str = "The quick brown fox jumps over the lazy dog.";

    /// Makes one small request, which tells the width of the vectors and that URL, model and key are right.
    ///
    /// # Errors
    ///
    /// [`Error::Param`] for a parameter out of its range; [`Error::Server`] where the server cannot be reached, refuses, or answers
    /// something else than a vector. Where nobody answers, after 2 retries.
    pub fn new(params: ServerParams) -> Result<Self> {
        params.check()?;
        let address = Address::new(&params.base_url)?;
        let key =
            key::for_address(params.key_variable.as_deref(), &address, |name| std::env::var(name).ok())?;
        let client = Client::new(&params, address, key)?;
        let batch = AtomicUsize::new(params.batch);
        let mut server =
            Self { n_dims: params.dimensions.unwrap_or(0), params, client, probe: vec![], batch };
        let rows = match server.request(&[Self::PROBE], UNANSWERED_PROBES, &Halt::default()) {
            Ok(rows) => rows,
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Refused { reason }) => {
                return Err(server.client.error(&reason, "check the name of the model and the dimensions"));
            }
            Err(Failure::Stopped) => return Err(server.client.error("the request was stopped", "try again")),
        };
        server.n_dims = rows.n_dims;
        let mut probe = Matrix::from_vec(1, rows.n_dims, rows.values)?;
        probe.l2_normalise_rows();
        server.probe = probe.into_values();
        Ok(server)
    }

    /// What the server was asked so far.
    pub fn usage(&self) -> ServerUsage {
        self.client.usage()
    }

    /// Checks that the server still has the model from which `cache` was filled: the cosine of the vectors of one fixed text, then and
    /// now, is at least 0.99. The first check puts that vector into the cache. No request.
    ///
    /// A rounded vector in the fingerprint would not do: the same model on other hardware gives other last digits, and rounding only moves
    /// the places where that shows.
    ///
    /// # Errors
    ///
    /// [`Error::Server`] where it is another model; what `cache` says.
    pub fn check_model(&self, cache: &dyn VectorCache) -> Result<()> {
        let keys = [TextKey::new(self.fingerprint(), Self::PROBE)];
        let Some(then) = cache.get(&keys)?.into_iter().next().flatten() else {
            return cache.put(&keys, &Matrix::from_vec(1, self.n_dims, self.probe.clone())?);
        };
        let cosine: f64 = then.iter().zip(&self.probe).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        // A server that gives zeros for the probe gave them before.
        if then == self.probe || cosine >= MIN_COSINE_OF_PROBE {
            return Ok(());
        }
        Err(self.client.error(
            &format!(
                "{:?} is no longer the model whose vectors are in the cache: the cosine of one text, then and now, is expected to be at least {MIN_COSINE_OF_PROBE}, and is {cosine:.3}",
                self.params.model
            ),
            "start the model that was there before, or use another cache",
        ))
    }

    /// The vectors of the texts at `chosen`, `[chosen.len() * n_dims]`.
    fn rows_of(
        &self,
        texts: &[&str],
        chosen: &[usize],
        halt: &Halt,
    ) -> std::result::Result<Vec<f32>, Failure> {
        let (left, right) = chosen.split_at(chosen.len().div_ceil(2));
        if chosen.len() > self.batch.load(Ordering::Relaxed) {
            let rows = self.rows_of(texts, left, halt)?;
            return Ok([rows, self.rows_of(texts, right, halt)?].concat());
        }
        let batch: Vec<&str> = chosen.iter().map(|&i| texts[i]).collect();
        match self.request(&batch, usize::MAX, halt) {
            Ok(rows) => Ok(rows.values),
            Err(Failure::Refused { .. }) if chosen.len() > 1 => {
                let rows = self.rows_of(texts, left, halt)?;
                // So many went through, or fewer, which is noted by then.
                self.batch.fetch_min(left.len(), Ordering::Relaxed);
                Ok([rows, self.rows_of(texts, right, halt)?].concat())
            }
            Err(Failure::Refused { reason }) => {
                // Where and how long, but not what: texts are people's.
                let (i, n_chars) = (chosen[0], texts[chosen[0]].chars().count());
                let reason =
                    format!("text {i} of {} ({n_chars} characters) was refused: {reason}", texts.len());
                Err(Failure::Final(
                    self.client.error(&reason, "shorten it, or raise the limit of the server"),
                ))
            }
            Err(failure) => Err(failure),
        }
    }

    fn request(
        &self,
        texts: &[&str],
        max_unanswered: usize,
        halt: &Halt,
    ) -> std::result::Result<Rows, Failure> {
        let input = texts.iter().map(|text| match self.params.prefix.as_str() {
            "" => Cow::Borrowed(*text),
            prefix => Cow::Owned(format!("{prefix}{text}")),
        });
        let body = serde_json::to_vec(&Request {
            model: &self.params.model,
            input: input.collect(),
            encoding_format: "float",
            dimensions: self.params.dimensions,
        })
        .map_err(|error| Failure::Final(Error::Backend(Box::new(error))))?;
        let known_dims = (self.n_dims > 0).then_some(self.n_dims);
        let n_numbers = texts.len().saturating_mul(known_dims.unwrap_or(MAX_DIMS));
        let max_bytes = n_numbers.saturating_mul(MAX_BYTES_OF_NUMBER).saturating_add(MAX_BYTES_OF_FRAME);
        let read = |answer: &[u8]| read_rows(answer, texts.len(), known_dims);
        let rows = self.client.post(&body, max_bytes as u64, max_unanswered, halt, read)?;
        self.client.count_answer(texts.len(), rows.n_tokens);
        Ok(rows)
    }
}

impl Embedder for Server {
    fn fingerprint(&self) -> Fingerprint {
        let ServerParams { model, dimensions, prefix, .. } = &self.params;
        Fingerprint::of(&[
            b"server",
            &VERSION.to_le_bytes(),
            self.client.address().identity().as_bytes(),
            model.as_bytes(),
            &(dimensions.unwrap_or(0) as u64).to_le_bytes(),
            &(self.n_dims as u64).to_le_bytes(),
            prefix.as_bytes(),
        ])
    }

    fn n_dims(&self) -> usize {
        self.n_dims
    }

    fn texts_per_call(&self) -> usize {
        self.params.batch.saturating_mul(self.params.connections)
    }

    fn embed(&self, texts: &[&str]) -> Result<Matrix> {
        let chosen: Vec<usize> = (0..texts.len()).filter(|&i| !texts[i].trim().is_empty()).collect();
        let batches = batch::cut(texts, &chosen, self.batch.load(Ordering::Relaxed), self.params.batch_chars);
        let answers = batch::over_connections(&batches, self.params.connections, |batch, halt| {
            self.rows_of(texts, batch, halt)
        })?;

        let mut vectors = Matrix::zeros(texts.len(), self.n_dims);
        let rows = answers.iter().flat_map(|values| values.chunks_exact(self.n_dims));
        for (&i, row) in chosen.iter().zip(rows) {
            vectors.row_mut(i).copy_from_slice(row);
        }
        vectors.l2_normalise_rows();
        Ok(vectors)
    }
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Vec<Cow<'a, str>>,
    encoding_format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
}
