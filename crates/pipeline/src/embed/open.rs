//! From the name of a model and its settings to an embedder that is ready.

use std::path::{Path, PathBuf};
use std::time::Duration;

use populi_embed::hub::{HubParams, fetch};
use populi_embed::{
    Embedder, Fingerprint, Server, ServerParams, TokenTable, Transformer, TransformerParams, VectorCache,
};

use super::model::{Model, short_name};
use crate::{Error, Result};

/// How a model is reached and asked. What is not given has the default of the model.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ModelSettings {
    /// Of a server: the name by which it knows the model.
    pub server_model: Option<String>,
    /// Of a server: numbers that its vectors are to be shortened to, which only some models can do. Default: as they are.
    pub dimensions: Option<usize>,
    /// Of a server: the environment variable that holds its key. Default: `OPENAI_API_KEY` for `api.openai.com`, else
    /// `POPULI_EMBED_KEY`, else no key.
    pub key_env: Option<String>,
    /// Of a server: texts of a request, at most. Default 64.
    pub batch: Option<usize>,
    /// Of a server: requests under way at the same time. Default 4.
    pub connections: Option<usize>,
    /// Of a server: requests that start in a minute, at most. Default: no limit.
    pub requests_per_minute: Option<u32>,
    /// Of a server: seconds for a request and its answer. Default 60.
    pub timeout: Option<u64>,
    /// Of a server and a transformer: stands before every text, as `query: ` of the e5 models. Default: what the model's folder
    /// says, or nothing.
    pub prefix: Option<String>,
    /// Of a transformer: tokens that it reads of a text, at most. Default: what its folder says.
    pub max_tokens: Option<usize>,
    /// Of a model of the hub: a branch, tag or commit. Default `main`.
    pub revision: Option<String>,
    /// Of a model of the hub: whether nothing is asked of the network, so that the model has to be there already. Default false.
    pub offline: bool,
}

/// A model that is ready.
pub(super) enum Opened {
    /// It makes a vector faster than one can be read.
    Quick(Box<dyn Embedder>),
    /// It computes for milliseconds.
    Slow(Box<dyn Embedder>),
    /// A server has it.
    Server(Box<Server>),
}

impl Opened {
    pub(super) fn embedder(&self) -> &dyn Embedder {
        match self {
            Self::Quick(embedder) | Self::Slow(embedder) => &**embedder,
            Self::Server(server) => &**server,
        }
    }

    /// Whether its vectors are worth to be kept.
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self, Self::Quick(_))
    }

    /// Refuses a server that has another model under the name of the one whose vectors are in the cache.
    pub(super) fn check(&self, cache: &dyn VectorCache) -> Result<()> {
        match self {
            Self::Quick(_) | Self::Slow(_) => Ok(()),
            Self::Server(server) => Ok(server.check_model(cache)?),
        }
    }
}

/// What reads a model.
enum Kind {
    /// The program itself.
    BuiltIn,
    /// A file of `populi distill`.
    Table,
    /// A folder of sentence-transformers.
    Folder,
    /// The hub, which gives such a folder.
    Hub,
    Server,
}

impl ModelSettings {
    /// Refuses settings that mean nothing to the model.
    pub(super) fn check(&self, model: &Model) -> Result<()> {
        let kind = kind_of(model)?;
        let (is_server, is_hub) = (matches!(kind, Kind::Server), matches!(kind, Kind::Hub));
        let is_transformer = is_hub || matches!(kind, Kind::Folder);
        let given = [
            ("server_model", self.server_model.is_some(), is_server, "a server"),
            ("dimensions", self.dimensions.is_some(), is_server, "a server"),
            ("key_env", self.key_env.is_some(), is_server, "a server"),
            ("batch", self.batch.is_some(), is_server, "a server"),
            ("connections", self.connections.is_some(), is_server, "a server"),
            ("requests_per_minute", self.requests_per_minute.is_some(), is_server, "a server"),
            ("timeout", self.timeout.is_some(), is_server, "a server"),
            ("prefix", self.prefix.is_some(), is_server || is_transformer, "a server or a transformer"),
            ("max_tokens", self.max_tokens.is_some(), is_transformer, "a transformer"),
            ("revision", self.revision.is_some(), is_hub, "a model of the hub"),
            ("offline", self.offline, is_hub, "a model of the hub"),
        ];
        match given.into_iter().find(|(_, is_given, has_it, _)| *is_given && !has_it) {
            Some((setting, _, _, of)) => Err(Error::NoSuchSetting { setting, of, model: model.to_string() }),
            None => Ok(()),
        }
    }

    /// The name of a model for people and tables, without the folder or the server that it came from.
    pub(super) fn name_of(&self, model: &Model) -> String {
        match model {
            Model::Server(url) => short_name(self.server_model.as_deref().unwrap_or(url)),
            Model::Named(name) => short_name(name),
            built_in => built_in.to_string(),
        }
    }

    /// What decides the vectors of a server, as far as can be known without asking it.
    pub(super) fn identity_of_server(&self, url: &str) -> String {
        let dimensions = self.dimensions.map_or_else(String::new, |n| n.to_string());
        let [model, prefix] =
            [&self.server_model, &self.prefix].map(|text| text.as_deref().unwrap_or_default());
        Fingerprint::of(&[url, model, prefix, &dimensions].map(str::as_bytes)).to_string()
    }

    /// Opens a model that needs no fit.
    ///
    /// Time: a transformer's weights are read and packed, some tenths of a second; the hub may have to be asked for them first; a server is
    /// asked for one vector.
    ///
    /// # Errors
    /// When there is no such model, a file of it is missing or damaged, or the hub or server does not answer.
    pub(super) fn open(&self, model: &Model) -> Result<Opened> {
        let (kind, name) = (kind_of(model)?, model.to_string());
        let path = Path::new(&name);
        Ok(match kind {
            Kind::BuiltIn => Opened::Quick(Box::new(TokenTable::embedded()?)),
            Kind::Table => Opened::Quick(Box::new(TokenTable::open(path)?)),
            Kind::Folder => Opened::Slow(Box::new(self.transformer(path)?)),
            Kind::Hub => Opened::Slow(Box::new(self.transformer(&self.fetched(&name)?)?)),
            Kind::Server => Opened::Server(Box::new(Server::new(self.server(&name)?)?)),
        })
    }

    /// Opens a transformer as that, and says where it lies.
    ///
    /// # Errors
    /// As [`open`](Self::open); also for any other model.
    pub(super) fn open_transformer(&self, model: &Model) -> Result<(PathBuf, Transformer)> {
        let name = model.to_string();
        let folder = match kind_of(model)? {
            Kind::Folder => PathBuf::from(&name),
            Kind::Hub => self.fetched(&name)?,
            Kind::BuiltIn | Kind::Table | Kind::Server => {
                let reason = "expected a folder of sentence-transformers, or an id of the hub (owner/name)";
                return Err(Error::NoModel { name, reason: reason.to_owned() });
            }
        };
        let transformer = self.transformer(&folder)?;
        Ok((folder, transformer))
    }

    /// The folder of a model of the hub.
    fn fetched(&self, id: &str) -> Result<PathBuf> {
        let mut params = HubParams::from_env()?;
        params.offline |= self.offline;
        if let Some(revision) = &self.revision {
            params.revision.clone_from(revision);
        }
        Ok(fetch(id, &params)?)
    }

    fn transformer(&self, folder: &Path) -> Result<Transformer> {
        let params = TransformerParams { prefix: self.prefix.clone(), max_tokens: self.max_tokens };
        Ok(Transformer::open(folder, &params)?)
    }

    fn server(&self, url: &str) -> Result<ServerParams> {
        let Some(model) = &self.server_model else {
            let reason =
                "a server may have many models: name one with --server-model (server_model in a recipe)";
            return Err(Error::NoModel { name: url.to_owned(), reason: reason.to_owned() });
        };
        let defaults = ServerParams::new(url, model);
        Ok(ServerParams {
            prefix: self.prefix.clone().unwrap_or_default(),
            dimensions: self.dimensions,
            batch: self.batch.unwrap_or(defaults.batch),
            connections: self.connections.unwrap_or(defaults.connections),
            requests_per_minute: self.requests_per_minute,
            key_variable: self.key_env.clone(),
            timeout: self.timeout.map_or(defaults.timeout, Duration::from_secs),
            ..defaults
        })
    }
}

/// What reads a model: of a name that is there as a folder or a file that one, else the hub where it can be an id of it.
fn kind_of(model: &Model) -> Result<Kind> {
    let name = match model {
        Model::Auto | Model::Static | Model::Lexical => return Ok(Kind::BuiltIn),
        Model::Server(name) | Model::Named(name) => name,
    };
    if name.contains("://") && name.contains(['@', '?', '#']) {
        let reason = "the URL of a server has no user, query or fragment here; a key comes from the environment (--key-env)";
        let name = "(a URL that is not shown, for it may hold a key)".to_owned();
        return Err(Error::NoModel { name, reason: reason.to_owned() });
    }
    if matches!(model, Model::Server(_)) {
        return Ok(Kind::Server);
    }
    let path = Path::new(name);
    if path.is_dir() {
        Ok(Kind::Folder)
    } else if path.exists() {
        Ok(Kind::Table)
    } else if is_hub_id(name) {
        Ok(Kind::Hub)
    } else {
        let reason = "there is no folder or file of this name, and an id of the hub is owner/name; expected auto, static, lexical, a \
                      folder of sentence-transformers, a table of `populi distill`, an id such as \
                      sentence-transformers/all-MiniLM-L6-v2, or the URL of a server";
        Err(Error::NoModel { name: name.clone(), reason: reason.to_owned() })
    }
}

/// Whether a name has the form `owner/name`.
fn is_hub_id(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    name.split_once('/').is_some_and(|(owner, model)| is_part(owner) && is_part(model))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_no_model_are_refused_with_what_can() {
        for name in ["statik", "./models/nothing", "/no/such/folder", "a/b/c", "../x/y", "owner/"] {
            let error = ModelSettings::default().check(&name.parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("sentence-transformers"), "{error}");
        }
        assert!(ModelSettings::default().check(&"intfloat/e5-small-v2".parse().unwrap()).is_ok());
    }

    #[test]
    fn settings_of_another_model_are_refused_by_name() {
        let settings = ModelSettings { prefix: Some("query: ".into()), ..ModelSettings::default() };
        let error = settings.check(&Model::Lexical).unwrap_err().to_string();
        assert!(error.contains("prefix") && error.contains("lexical"), "{error}");
        assert!(settings.check(&Model::Server("http://localhost:1".into())).is_ok());
        let settings = ModelSettings { offline: true, ..ModelSettings::default() };
        assert!(settings.check(&Model::Server("http://localhost:1".into())).is_err());
        assert!(settings.check(&Model::Named("intfloat/e5-small-v2".into())).is_ok());
    }

    #[test]
    fn a_url_that_may_hold_a_key_is_not_shown() {
        let settings = ModelSettings { max_tokens: Some(1), ..ModelSettings::default() };
        for url in ["http://u:sk-1@localhost", "HTTPS://localhost/?key=sk-1", "ftp://u:sk-1@localhost"] {
            let model: Model = url.parse().unwrap();
            for error in [
                settings.check(&model).err(),
                ModelSettings::default().open(&model).err(),
                ModelSettings::default().open_transformer(&model).err(),
            ] {
                let error = error.unwrap().to_string();
                assert!(!error.contains("sk-1") && error.contains("--key-env"), "{error}");
            }
        }
    }

    #[test]
    fn a_server_needs_the_name_of_a_model() {
        let server = Model::Server("http://localhost:1".into());
        let error = ModelSettings::default().open(&server).err().unwrap().to_string();
        assert!(error.contains("--server-model"), "{error}");
    }

    #[test]
    fn what_decides_a_servers_vectors_decides_its_identity() {
        let of = |model: &str, prefix: &str, batch| {
            let settings = ModelSettings {
                server_model: Some(model.into()),
                prefix: Some(prefix.into()),
                batch,
                ..ModelSettings::default()
            };
            settings.identity_of_server("http://localhost:1")
        };
        assert_eq!(of("a", "", None), of("a", "", Some(7)));
        assert_ne!(of("a", "", None), of("b", "", None));
        assert_ne!(of("a", "b", None), of("ab", "", None));
    }
}
