//! The options that say which model makes vectors: the same in a corpus and of a file.

use clap::Args;
use populi_pipeline::embed::{Model, ModelSettings};

/// Where help lists them.
const HEADING: &str = "Model";

/// Which model.
#[derive(Args, Debug)]
pub struct ModelOptions {
    /// auto, static, lexical, a folder of sentence-transformers, a table of `populi distill`, an id of the Hugging Face hub
    /// (owner/name), or the URL of a server
    #[arg(long, value_name = "MODEL", default_value_t = Model::Auto, help_heading = HEADING)]
    model: Model,
    /// Of a server: the name by which it knows the model
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    server_model: Option<String>,
    /// Of a server: numbers that its vectors are to be shortened to, which only some models can do
    #[arg(long, value_name = "N", help_heading = HEADING)]
    dimensions: Option<usize>,
    /// Of a server: the environment variable that holds its key [default: OPENAI_API_KEY for api.openai.com, else
    /// POPULI_EMBED_KEY, else no key]
    #[arg(long, value_name = "VARIABLE", help_heading = HEADING)]
    key_env: Option<String>,
    /// Of a server: texts of a request, at most [default: 64]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    batch: Option<usize>,
    /// Of a server: requests under way at the same time [default: 4]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    connections: Option<usize>,
    /// Of a server: requests that start in a minute, at most [default: any number]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    requests_per_minute: Option<u32>,
    /// Of a server: seconds for a request and its answer [default: 60]
    #[arg(long, value_name = "SECONDS", help_heading = HEADING)]
    timeout: Option<u64>,
    /// Of a server and a transformer: stands before every text, such as 'query: ' for the e5 models
    #[arg(long, value_name = "TEXT", help_heading = HEADING)]
    prefix: Option<String>,
    /// Of a transformer: tokens that it reads of a text, at most [default: what its folder says]
    #[arg(long, value_name = "N", help_heading = HEADING)]
    max_tokens: Option<usize>,
    /// Of the hub: a branch, tag or commit of the model [default: main]
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    revision: Option<String>,
    /// Of the hub: take the model from the cache and ask nothing of the network
    #[arg(long, help_heading = HEADING)]
    offline: bool,
}

impl ModelOptions {
    /// The model, and how it is reached and asked.
    pub fn into_parts(self) -> (Model, ModelSettings) {
        let settings = ModelSettings {
            server_model: self.server_model,
            dimensions: self.dimensions,
            key_env: self.key_env,
            batch: self.batch,
            connections: self.connections,
            requests_per_minute: self.requests_per_minute,
            timeout: self.timeout,
            prefix: self.prefix,
            max_tokens: self.max_tokens,
            revision: self.revision,
            offline: self.offline,
        };
        (self.model, settings)
    }
}
