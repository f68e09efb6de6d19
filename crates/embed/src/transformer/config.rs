//! What the JSON files of a model folder say: the shape of the network, its pooling, how much of a text it sees.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// What the model folder says, checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Config {
    /// Where `config.json`, the tokenizer and the weights are: the folder, or the one in it that `modules.json` names.
    pub folder: PathBuf,
    pub family: Family,
    pub activation: Activation,
    pub pooling: Pooling,
    pub n_dims: usize,
    pub n_layers: usize,
    pub n_heads: usize,
    /// Width of the feed-forward layers.
    pub n_hidden: usize,
    pub n_words: usize,
    /// Rows of the table of positions.
    pub n_positions: usize,
    /// Rows of the table of token types.
    pub n_types: usize,
    pub pad_id: u32,
    pub norm_epsilon: f32,
    /// Tokens of a text that are looked at, special ones counted.
    pub max_tokens: usize,
    /// Whether texts are lowercased before the tokenizer sees them.
    pub lowercases: bool,
    /// What the folder wants before each text.
    pub prefix: String,
}

/// Which of the three published networks it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Devlin et al. 2019.
    Bert,
    /// Liu et al. 2019 and Conneau et al. 2020: BERT whose positions begin behind that of padding.
    Roberta,
    /// Song et al. 2020: like RoBERTa, without token types, with a bias for each relative position.
    Mpnet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// x Φ(x).
    Gelu,
    /// The greater of x and 0.
    Relu,
}

/// How the rows of tokens become the row of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    Mean,
    FirstToken,
}

impl Config {
    /// Reads a folder of sentence-transformers, or a plain one of transformers, which is pooled by the mean.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let modules = Modules::read(folder)?;
        let path = modules.network.join("config.json");
        let network: NetworkFile = read_json(&path)?;
        let family = network.family(&path)?;
        let activation = network.activation(&path)?;
        network.check(&path)?;
        let sentence: SentenceFile = read_optional(&modules.network.join("sentence_bert_config.json"))?;
        let tokenizer: TokenizerFile = read_optional(&modules.network.join("tokenizer_config.json"))?;
        let pad_id = match family {
            Family::Bert => network.pad_token_id.unwrap_or(0),
            Family::Roberta => network.pad_token_id.unwrap_or(1),
            // The original takes 1 whatever the file says.
            Family::Mpnet => 1,
        };
        let mut config = Self {
            pooling: modules.pooling,
            prefix: read_optional::<PromptsFile>(&folder.join("config_sentence_transformers.json"))?
                .default(),
            family,
            activation,
            n_dims: network.hidden_size,
            n_layers: network.num_hidden_layers,
            n_heads: network.num_attention_heads,
            n_hidden: network.intermediate_size,
            n_words: network.vocab_size,
            n_positions: network.max_position_embeddings,
            n_types: if family == Family::Mpnet { 0 } else { network.type_vocab_size },
            pad_id,
            norm_epsilon: network.layer_norm_eps,
            max_tokens: 0,
            lowercases: sentence.do_lower_case,
            folder: modules.network,
        };
        let most = config.most_tokens();
        config.max_tokens = sentence.max_seq_length.or(tokenizer.most()).unwrap_or(most).min(most);
        if config.prefix.is_empty() && is_e5(folder, network.name_or_path.as_deref()) {
            "query: ".clone_into(&mut config.prefix);
        }
        if !config.prefix.is_empty() && !modules.pools_prefix {
            let reason = "pooling leaves out the prompt (include_prompt is false), which is not supported";
            return Err(bad_file(folder, reason, "choose another model, or set an empty prefix there"));
        }
        Ok(config)
    }

    /// Tokens for which there are positions.
    pub(super) fn most_tokens(&self) -> usize {
        self.n_positions.saturating_sub(self.first_position())
    }

    /// The position of the first token.
    pub(super) fn first_position(&self) -> usize {
        match self.family {
            Family::Bert => 0,
            Family::Roberta | Family::Mpnet => self.pad_id as usize + 1,
        }
    }

    /// Whether attention adds a bias for the distance of two tokens.
    pub(super) fn has_relative_biases(&self) -> bool {
        self.family == Family::Mpnet
    }

    /// All that vectors depend on beside prefix, length, weights and tokenizer, one line. Sizes are those of the weights.
    pub(super) fn identity(&self) -> String {
        format!(
            "{:?} {:?} {:?} layers {} heads {} types {} epsilon {:e} padding {} lowercase {}",
            self.family,
            self.activation,
            self.pooling,
            self.n_layers,
            self.n_heads,
            self.n_types > 0,
            self.norm_epsilon,
            self.pad_id,
            self.lowercases
        )
    }
}

/// `config.json`.
#[derive(Deserialize)]
struct NetworkFile {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "bert_epsilon")]
    layer_norm_eps: f32,
    #[serde(default = "gelu")]
    hidden_act: String,
    pad_token_id: Option<u32>,
    position_embedding_type: Option<String>,
    relative_attention_num_buckets: Option<usize>,
    #[serde(rename = "_name_or_path")]
    name_or_path: Option<String>,
}

fn two() -> usize {
    2
}

fn bert_epsilon() -> f32 {
    1e-12
}

fn gelu() -> String {
    "gelu".to_owned()
}

impl NetworkFile {
    fn family(&self, path: &Path) -> Result<Family> {
        match self.model_type.as_str() {
            "bert" => Ok(Family::Bert),
            "roberta" | "xlm-roberta" | "camembert" => Ok(Family::Roberta),
            "mpnet" => Ok(Family::Mpnet),
            other => Err(bad_file(
                path,
                format!(
                    "model_type is {other:?}, but must be bert, roberta, xlm-roberta, camembert or mpnet"
                ),
                "choose a model of these families, or serve this one behind a URL",
            )),
        }
    }

    fn activation(&self, path: &Path) -> Result<Activation> {
        match self.hidden_act.as_str() {
            "gelu" | "gelu_python" => Ok(Activation::Gelu),
            "relu" => Ok(Activation::Relu),
            other => Err(bad_file(
                path,
                format!("hidden_act is {other:?}, but must be gelu or relu"),
                "choose another model, or serve this one behind a URL",
            )),
        }
    }

    /// What no tensor will show to be wrong.
    fn check(&self, path: &Path) -> Result<()> {
        let download = "download the model again";
        let (n_dims, n_heads) = (self.hidden_size, self.num_attention_heads);
        if n_dims == 0 || n_heads == 0 || !n_dims.is_multiple_of(n_heads) {
            let reason = format!("hidden_size {n_dims} is not a multiple of num_attention_heads {n_heads}");
            return Err(bad_file(path, reason, download));
        }
        if self.num_hidden_layers == 0 {
            return Err(bad_file(
                path,
                "num_hidden_layers is 0, but must be at least 1".to_owned(),
                download,
            ));
        }
        if !(self.layer_norm_eps >= 0.0 && self.layer_norm_eps.is_finite()) {
            let reason = format!("layer_norm_eps is {}, but must be a small number", self.layer_norm_eps);
            return Err(bad_file(path, reason, download));
        }
        let other = "choose another model, or serve this one behind a URL";
        if let Some(kind) = self.position_embedding_type.as_deref().filter(|&kind| kind != "absolute") {
            let reason = format!("position_embedding_type is {kind:?}, but only absolute is supported");
            return Err(bad_file(path, reason, other));
        }
        if let Some(n) = self.relative_attention_num_buckets.filter(|&n| n != super::relative::N_BUCKETS) {
            let reason = format!("relative_attention_num_buckets is {n}, but only 32 is supported");
            return Err(bad_file(path, reason, other));
        }
        Ok(())
    }
}

/// `sentence_bert_config.json`.
#[derive(Deserialize, Default)]
struct SentenceFile {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

/// `tokenizer_config.json`.
#[derive(Deserialize, Default)]
struct TokenizerFile {
    /// 1e30 where nobody set it.
    model_max_length: Option<f64>,
}

impl TokenizerFile {
    fn most(&self) -> Option<usize> {
        self.model_max_length.filter(|most| (1.0..1e9).contains(most)).map(|most| most as usize)
    }
}

/// `config_sentence_transformers.json`.
#[derive(Deserialize, Default)]
struct PromptsFile {
    #[serde(default)]
    prompts: std::collections::BTreeMap<String, Option<String>>,
    default_prompt_name: Option<String>,
}

impl PromptsFile {
    fn default(mut self) -> String {
        self.default_prompt_name.and_then(|name| self.prompts.remove(&name)).flatten().unwrap_or_default()
    }
}

/// What `modules.json` says.
struct Modules {
    network: PathBuf,
    pooling: Pooling,
    pools_prefix: bool,
}

#[derive(Deserialize)]
struct ModuleEntry {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Modules {
    fn read(folder: &Path) -> Result<Self> {
        let mut modules = Self { network: folder.to_owned(), pooling: Pooling::Mean, pools_prefix: true };
        let path = folder.join("modules.json");
        if !path.exists() {
            return Ok(modules);
        }
        for (at, entry) in read_json::<Vec<ModuleEntry>>(&path)?.iter().enumerate() {
            if !Path::new(&entry.path).components().all(|part| matches!(part, Component::Normal(_))) {
                let reason = format!("module path {:?} leads out of the folder", entry.path);
                return Err(bad_file(&path, reason, "download the model again"));
            }
            let inner = folder.join(&entry.path);
            match (at, entry.kind.rsplit('.').next().unwrap_or_default()) {
                (0, "Transformer") => modules.network = inner,
                (1, "Pooling") => {
                    let path = inner.join("config.json");
                    let file: PoolingFile = read_json(&path)?;
                    modules.pools_prefix = file.include_prompt;
                    modules.pooling = file.pooling(&path)?;
                }
                (2.., "Normalize") => {}
                _ => {
                    let reason = format!(
                        "module {at} is {:?}; supported are Transformer, then Pooling, then Normalize",
                        entry.kind
                    );
                    return Err(bad_file(
                        &path,
                        reason,
                        "choose another model, or serve this one behind a URL",
                    ));
                }
            }
        }
        Ok(modules)
    }
}

/// `1_Pooling/config.json`, of any version.
#[derive(Deserialize)]
struct PoolingFile {
    pooling_mode: Option<OneOrMore>,
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
    #[serde(default = "yes")]
    include_prompt: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl PoolingFile {
    fn pooling(self, path: &Path) -> Result<Pooling> {
        let names = match self.pooling_mode {
            Some(OneOrMore::One(name)) => vec![name],
            Some(OneOrMore::More(names)) => names,
            None => [
                (self.pooling_mode_cls_token, "cls"),
                (self.pooling_mode_max_tokens, "max"),
                (self.pooling_mode_mean_tokens, "mean"),
                (self.pooling_mode_mean_sqrt_len_tokens, "mean_sqrt_len_tokens"),
                (self.pooling_mode_weightedmean_tokens, "weightedmean"),
                (self.pooling_mode_lasttoken, "lasttoken"),
            ]
            .iter()
            .filter(|(chosen, _)| *chosen)
            .map(|(_, name)| (*name).to_owned())
            .collect(),
        };
        match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["mean"] => Ok(Pooling::Mean),
            ["cls"] => Ok(Pooling::FirstToken),
            _ => Err(bad_file(
                path,
                format!("pooling is {}, but must be mean or cls", names.join(" and ")),
                "choose another model, or serve this one behind a URL",
            )),
        }
    }
}

/// Whether it is a model of the E5 family (Wang et al. 2022), by its name: they were trained with a prefix before each
/// text. Those that take instructions were trained with others.
fn is_e5(folder: &Path, name: Option<&str>) -> bool {
    let has = |name: &str, word: &str| {
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part.eq_ignore_ascii_case(word))
    };
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let own = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    // A cache of the hub names the folder above `snapshots` after the model.
    let above = folder.parent().filter(|path| path.ends_with("snapshots")).and_then(Path::parent);
    let names = [name.map(str::to_owned), own(&folder), above.and_then(own)];
    names.iter().flatten().any(|name| has(name, "e5") && !has(name, "instruct"))
}

/// A file of a model that is not what it should be.
pub(super) fn bad_file(path: &Path, reason: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::ModelFile { path: path.to_owned(), reason: reason.into(), remedy: remedy.into() }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = read_bytes(path)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        bad_file(path, format!("not the JSON expected: {error}"), "download the model again")
    })
}

fn read_optional<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    if path.exists() { read_json(path) } else { Ok(T::default()) }
}

/// The bytes of a file that has to be there.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let remedy = "give the folder of a sentence-transformers model, or download the model again";
        bad_file(path, format!("cannot be read: {error}"), remedy)
    })
}
