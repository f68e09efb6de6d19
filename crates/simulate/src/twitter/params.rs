//! What a caller may choose about a Twitter world, and what it learns once the world is written.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Options of [`twitter`](crate::twitter). The default is a world of 2,000 tweets, written in a fraction of a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwitterParams {
    /// Tweets, replies, quotes and retweets that the stream shows: 200 to 100,000,000. Notices, copies and noise come on
    /// top. Default 2,000.
    pub tweets: usize,
    /// What decides everything: the same options and seed give the same bytes. Default 1.
    pub seed: u64,
    /// In which shape a line shows a tweet. Default v1.
    pub api: Api,
    /// What the members lie in. Default tar.
    pub container: Container,
    /// How a member is packed. Default gz.
    pub compression: Compression,
    /// The share of all lines that say nothing: blank, limits and other messages, and damaged ones; 0 to 0.5. Default 0.01.
    pub noise: f64,
    /// Members that end in the middle, as if their writer had been killed. Default 0.
    pub cut_files: usize,
}

impl Default for TwitterParams {
    fn default() -> Self {
        Self {
            tweets: 2000,
            seed: 1,
            api: Api::V1,
            container: Container::Tar,
            compression: Compression::Gz,
            noise: 0.01,
            cut_files: 0,
        }
    }
}

impl TwitterParams {
    /// Says which option is out of range.
    ///
    /// # Errors
    /// [`Error::Option`] names the first option that is out of range, what it was and what is possible.
    pub fn check(&self) -> Result<()> {
        let fail = |option, got: String, expected| Err(Error::Option { option, got, expected });
        if !(200..=100_000_000).contains(&self.tweets) {
            return fail("tweets", self.tweets.to_string(), "200 to 100,000,000 tweets");
        }
        if !(0.0..=0.5).contains(&self.noise) {
            return fail("noise", self.noise.to_string(), "a share from 0 to 0.5");
        }
        Ok(())
    }
}

/// The shape of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// A status of API v1.1, with what it shows inside it.
    V1,
    /// An envelope of API v2: `data`, `includes`, `errors`.
    V2,
}

/// What the members of an archive lie in. Days are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// A tar a day.
    Tar,
    /// A tar a month, of tars a day.
    Nested,
    /// A zip a day.
    Zip,
    /// One gzipped tar, of tars a day.
    #[serde(rename = "tar.gz")]
    TarGz,
    /// Plain folders.
    Dir,
}

/// How a member is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// gzip, about 8 : 1.
    Gz,
    /// bzip2, about 12 : 1, in about ten times the time.
    Bz2,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TwitterSummary {
    /// Tweets, replies, quotes and retweets in the stream, without copies.
    pub tweets: u64,
    /// Members of all archives.
    pub members: usize,
    /// Files under `stream/`.
    pub files: usize,
    /// Lines in these files.
    pub lines: u64,
    /// Their size, unpacked.
    pub unpacked_bytes: u64,
    /// Size of the files on disk.
    pub bytes: u64,
    /// Posts that stand once the stream is read, those shown inside others too.
    pub posts: u64,
    /// Posts known to be deleted.
    pub tombstones: u64,
    /// Lines that a reader must quarantine.
    pub bad: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_names_the_option() {
        assert!(TwitterParams::default().check().is_ok());
        let wrong = [
            (TwitterParams { tweets: 199, ..TwitterParams::default() }, "tweets is 199"),
            (TwitterParams { noise: f64::NAN, ..TwitterParams::default() }, "noise is NaN"),
        ];
        for (params, start) in wrong {
            let said = params.check().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.starts_with(start), "{said}");
        }
    }
}
