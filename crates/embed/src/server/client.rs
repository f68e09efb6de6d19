//! One request until it is answered: what is tried again, when, and what is not.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderMap, HeaderValue, Response};
use ureq::{Agent, Body};

use super::address::Address;
use super::answer::{message_of, quoted, shortened};
use super::pace::{Halt, Pace};
use super::{ServerParams, ServerUsage};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Times that an answer which makes no sense is asked for again: a proxy may have answered in the server's place, but a
/// server that gives the wrong vectors will give them again.
const RETRIES_OF_NONSENSE: usize = 1;
/// Bytes of the body of a refusal that are read, at most.
const MAX_REFUSAL: u64 = 64 << 10;

/// Sends requests to one address: keeps the rate, tries again, counts, and hides the key.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    address: Address,
    key: Option<Secret>,
    /// The key as the header that carries it; its `Debug` does not show it.
    authorization: Option<HeaderValue>,
    pace: Pace,
    retries: usize,
    first_wait: Duration,
    longest_wait: Duration,
    ledger: Ledger,
}

/// Why a request has no vectors.
pub(super) enum Failure {
    /// The server will not have what was sent, but may have less of it. Nothing else is worth a second try.
    Refused { reason: String },
    /// For good.
    Final(Error),
    /// Another connection failed meanwhile.
    Stopped,
}

/// What one attempt came to, where it did not come to vectors.
enum Trouble {
    /// No answer, or not all of one.
    Unanswered {
        reason: String,
    },
    /// An answer that says to come again, after `wait` where it says when.
    Busy {
        reason: String,
        wait: Option<Duration>,
    },
    /// An answer that makes no sense.
    Nonsense {
        reason: String,
    },
    Refused {
        reason: String,
    },
    Fatal {
        reason: String,
        remedy: String,
    },
}

/// Counts of all requests, whichever thread sends them.
#[derive(Debug, Default)]
struct Ledger {
    n_requests: AtomicU64,
    n_retries: AtomicU64,
    n_texts: AtomicU64,
    n_tokens: AtomicU64,
}

impl Client {
    pub(super) fn new(params: &ServerParams, address: Address, key: Option<Secret>) -> Result<Self> {
        let authorization = key.as_ref().map(|key| bearer(key, &address)).transpose()?;
        let config = Agent::config_builder()
            // Answers of every status are read here, for their messages. A redirect is an answer too: a key goes where the
            // user sent it and nowhere else.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(params.timeout))
            .max_idle_connections_per_host(params.connections)
            .user_agent(concat!("populi/", env!("CARGO_PKG_VERSION")));
        // What is meant for this machine does not go through somebody's proxy.
        let config = if address.is_loopback() { config.proxy(None) } else { config };
        Ok(Self {
            agent: config.build().new_agent(),
            address,
            key,
            authorization,
            pace: Pace::new(params.requests_per_minute),
            retries: params.retries,
            first_wait: params.first_wait,
            longest_wait: params.longest_wait,
            ledger: Ledger::default(),
        })
    }

    /// Posts `body` until `read` makes something of the answer, or there is no point in going on. `read` gets at most
    /// `max_bytes` and says what is wrong otherwise. `max_unanswered` bounds the retries of requests
    /// that nobody answers; the parameters bound all.
    pub(super) fn post<T>(
        &self,
        body: &[u8],
        max_bytes: u64,
        max_unanswered: usize,
        halt: &Halt,
        read: impl Fn(&[u8]) -> std::result::Result<T, String>,
    ) -> std::result::Result<T, Failure> {
        let mut waits = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_max_times(self.retries)
            .build();
        let (mut n_attempts, mut n_unanswered, mut n_nonsense) = (0, 0, 0);
        loop {
            if !self.pace.wait(halt) {
                return Err(Failure::Stopped);
            }
            count(&self.ledger.n_requests, 1);
            n_attempts += 1;
            let trouble = match self.attempt(body, max_bytes, &read) {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let wait = match &trouble {
                Trouble::Unanswered { .. } if n_unanswered < max_unanswered => {
                    n_unanswered += 1;
                    waits.next()
                }
                Trouble::Busy { wait, .. } => {
                    let wait = wait.unwrap_or_default().min(self.longest_wait);
                    // The server means everybody.
                    self.pace.be_silent(wait);
                    waits.next().map(|next| next.max(wait))
                }
                Trouble::Nonsense { .. } if n_nonsense < RETRIES_OF_NONSENSE => {
                    n_nonsense += 1;
                    waits.next()
                }
                _ => None,
            };
            let Some(wait) = wait else { return Err(self.failure(trouble, n_attempts)) };
            count(&self.ledger.n_retries, 1);
            if !halt.sleep(wait.min(self.longest_wait)) {
                return Err(Failure::Stopped);
            }
        }
    }

    /// What an error about this server looks like; the key is in none.
    pub(super) fn error(&self, reason: &str, remedy: &str) -> Error {
        Error::Server {
            url: self.address.to_string(),
            reason: self.redact(reason),
            remedy: remedy.to_owned(),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Adds what one answer was worth.
    pub(super) fn count_answer(&self, n_texts: usize, n_tokens: u64) {
        count(&self.ledger.n_texts, n_texts as u64);
        count(&self.ledger.n_tokens, n_tokens);
    }

    pub(super) fn usage(&self) -> ServerUsage {
        let Ledger { n_requests, n_retries, n_texts, n_tokens } = &self.ledger;
        let [n_requests, n_retries, n_texts, n_tokens] =
            [n_requests, n_retries, n_texts, n_tokens].map(|counter| counter.load(Ordering::Relaxed));
        ServerUsage { n_requests, n_retries, n_texts, n_tokens }
    }

    fn attempt<T>(
        &self,
        body: &[u8],
        max_bytes: u64,
        read: impl Fn(&[u8]) -> std::result::Result<T, String>,
    ) -> std::result::Result<T, Trouble> {
        let mut request = self.agent.post(self.address.to_string()).content_type("application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let response = request.send(body).map_err(|error| self.unsent(&error))?;
        if !response.status().is_success() {
            return Err(self.refusal(response));
        }
        let mut answer = Vec::new();
        // One byte more than allowed tells an answer that is too long. The bound is on what comes out of a compressed body.
        let mut reader = response.into_body().into_reader().take(max_bytes.saturating_add(1));
        reader.read_to_end(&mut answer).map_err(|error| self.unsent(&error.into()))?;
        if answer.len() as u64 > max_bytes {
            return Err(Trouble::Nonsense {
                reason: format!("expected an answer of at most {max_bytes} bytes, got more"),
            });
        }
        read(&answer).map_err(|reason| Trouble::Nonsense { reason })
    }

    /// No answer, or not all of one.
    fn unsent(&self, error: &ureq::Error) -> Trouble {
        use ureq::Error as E;
        let remedy = |remedy: &str| Trouble::Fatal { reason: error.to_string(), remedy: remedy.to_owned() };
        match error {
            E::Timeout(_) => Trouble::Unanswered { reason: "no complete answer in time".to_owned() },
            E::HostNotFound => remedy("check the name of the host, and that this machine has a network"),
            E::Tls(_) | E::Pem(_) | E::Rustls(_) => remedy("check the certificate, and https against http"),
            E::Http(_) | E::BadUri(_) | E::InvalidProxyUrl => {
                remedy("check the URL, and the variables of the proxy")
            }
            _ => Trouble::Unanswered { reason: error.to_string() },
        }
    }

    /// An answer whose status is not good.
    fn refusal(&self, response: Response<Body>) -> Trouble {
        let status = response.status().as_u16();
        let wait = retry_after(response.headers(), Timestamp::now());
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        // Without its message, a refusal is still one.
        let _ = response.into_body().into_reader().take(MAX_REFUSAL).read_to_end(&mut body);
        // Before it is cut, lest half a key be left.
        let message = self.redact(&message_of(&body));
        let reason = format!("HTTP status {status}{}", quoted(&message));
        let fatal = |remedy: &str| Trouble::Fatal { reason: reason.clone(), remedy: remedy.to_owned() };
        match status {
            300..400 => Trouble::Fatal {
                reason: format!(
                    "HTTP status {status}, a redirect to {}, which is not followed",
                    shortened(&self.redact(location.as_deref().unwrap_or("nowhere")))
                ),
                remedy: "give the URL that the server really has".to_owned(),
            },
            408 | 429 | 500.. => Trouble::Busy { reason, wait },
            400 | 413 | 422 => Trouble::Refused { reason },
            401 | 403 if self.key.is_some() => fatal("check the key, and what it may be used for"),
            401 | 403 => fatal("name the environment variable that holds the key of this server"),
            404 => fatal("check the URL and the name of the model"),
            _ => fatal("check the URL, and that it is an OpenAI-compatible server"),
        }
    }

    fn failure(&self, trouble: Trouble, n_attempts: usize) -> Failure {
        let times = if n_attempts == 1 { String::new() } else { format!(" ({n_attempts} attempts)") };
        Failure::Final(match trouble {
            Trouble::Refused { reason } => return Failure::Refused { reason },
            Trouble::Fatal { reason, remedy } => self.error(&format!("{reason}{times}"), &remedy),
            Trouble::Unanswered { reason } | Trouble::Busy { reason, .. } => self.error(
                &format!("{reason}{times}"),
                "try again later: what was embedded is kept; fewer connections, a rate limit or a longer timeout may help",
            ),
            Trouble::Nonsense { reason } => self.error(
                &format!("{}{times}", shortened(&self.redact(&reason))),
                "check that the URL and the model are for embeddings",
            ),
        })
    }

    fn redact(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |key| key.redact(text))
    }
}

fn bearer(key: &Secret, address: &Address) -> Result<HeaderValue> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(|_| Error::Server {
            url: address.to_string(),
            reason: "the key has characters that no HTTP header can carry".to_owned(),
            remedy: "check the environment variable that holds it".to_owned(),
        })?;
    value.set_sensitive(true);
    Ok(value)
}

fn count(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

/// How long the server asks to wait: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let then = rfc2822::parse(value).ok()?.timestamp();
            Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::from_second(784_111_777).unwrap(); // Sun, 06 Nov 1994 08:49:37 GMT
        for (value, wait) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", Some(3)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("99999999999999999999999", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), wait.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_not_shown() {
        let key = Secret::new("ses\name").unwrap();
        let error = bearer(&key, &Address::new("https://h").unwrap()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ame\""), "{error}");
        assert!(format!("{error}").contains("no HTTP header"), "{error}");
    }
}
