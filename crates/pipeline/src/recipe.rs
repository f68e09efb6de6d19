//! `populi.toml`: every setting of a run, under the names of the flags.
//!
//! Everything has a default but the input, and an unknown name is an error, so that a misspelt setting is never
//! silently ignored. Relative paths are relative to the recipe's folder.

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clean::{CleanParams, Finding};
use crate::embed::{Model, ModelSettings};
use crate::ingest::{ColumnRef, Header, TableParams};
use crate::personas::{K, MapMethod, Method, PersonaParams};
use crate::select::SelectParams;
use crate::{Error, Result};

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Where the corpus is. Default `corpus`, in the recipe's folder.
    #[serde(default = "default_corpus")]
    pub corpus: PathBuf,
    /// Decides everything that is drawn at random. Default 1.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Which posts the steps after ingest see, where they do not say so themselves. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectParams>,
    /// What to read.
    pub ingest: IngestRecipe,
    /// What of the posts is left out of what is made of them. Default: nothing is looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean: Option<CleanRecipe>,
    /// How texts become vectors.
    #[serde(default)]
    pub embed: EmbedRecipe,
    /// How authors are clustered.
    #[serde(default)]
    pub personas: PersonaRecipe,
    /// What the page says.
    #[serde(default)]
    pub report: ReportRecipe,
}

/// What a run reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestRecipe {
    /// What the files are: `bluesky`, `blueprint` or `text`.
    pub from: From,
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// The share of records that are not blank and may be quarantined. Default 0.01.
    #[serde(default = "default_max_quarantine")]
    pub max_quarantine: f64,
    /// Bytes of content without packing that may be read. Default: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Whether untouched records are kept. Default false.
    #[serde(default)]
    pub originals: bool,
    /// Of Twitter: the number of the account whose export posts without an author are from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<u64>,
    /// Buckets that accounts fall into. Default 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<NonZeroU16>,
    /// For `text`: the column of the text, by name or number from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Column>,
    /// For `text`: the column of the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Column>,
    /// For `text`: the column of the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_column: Option<Column>,
    /// For `text`: the column of the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Column>,
    /// For `text`: the column of the id of the answered post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Column>,
    /// For `text`: the column of the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang_column: Option<Column>,
    /// For `text`: the column of a known label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Column>,
    /// For `text`: whether the first row names the columns; guessed where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// For `text`: the format of times, as of `strftime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// For `text`: the IANA time zone of times that name none. Default `UTC`.
    #[serde(default = "default_tz")]
    pub tz: String,
    /// What is taken in at all. Default: everything. `select` of the whole recipe has no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectParams>,
}

/// What input files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// Jetstream events.
    Bluesky,
    /// Threads under pseudonyms, in either style of BluePrint.
    Blueprint,
    /// Twitter, in any of its formats.
    Twitter,
    /// Any table of posts.
    Text,
}

/// A column by its number from 1, or by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By number, from 1.
    Number(usize),
    /// By name.
    Name(String),
}

/// What of the posts is left out of what is made of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CleanRecipe {
    /// Characters that the body of a post has at least. Default 1.
    pub min_length: u32,
    /// The similarity from which on two texts are near-duplicates. Default 0.8.
    pub near_duplicate: f64,
    /// Posts a day that an author writes at most. Default 144.
    pub max_posts_per_day: f64,
    /// The share of an author's posts that may say nearly the same as another one of theirs. Default 0.5.
    pub max_repeated: f64,
    /// Clients that post by themselves, beside those that are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub automated_client: Vec<String>,
    /// Findings that are told but leave no post out, such as `duplicate`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Finding>,
    /// Which posts are looked at. Default: `select` of the whole recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectParams>,
}

impl Default for CleanRecipe {
    fn default() -> Self {
        let CleanParams {
            min_length,
            near_duplicate,
            max_posts_per_day,
            max_repeated,
            automated_client,
            allow,
        } = CleanParams::default();
        Self {
            min_length,
            near_duplicate,
            max_posts_per_day,
            max_repeated,
            automated_client,
            allow,
            select: None,
        }
    }
}

impl CleanRecipe {
    /// What the stage is asked for.
    #[must_use]
    pub fn params(&self) -> CleanParams {
        CleanParams {
            min_length: self.min_length,
            near_duplicate: self.near_duplicate,
            max_posts_per_day: self.max_posts_per_day,
            max_repeated: self.max_repeated,
            automated_client: self.automated_client.clone(),
            allow: self.allow.clone(),
        }
    }
}

/// How texts become vectors.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbedRecipe {
    /// The model: `auto`, `static`, `lexical`, a folder, an id of the hub, or a URL. Default `auto`.
    pub model: Model,
    /// Of a server: the name by which it knows the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_model: Option<String>,
    /// Of a server: numbers that its vectors are to be shortened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<usize>,
    /// Of a server: the environment variable that holds its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Of a server: texts of a request, at most. Default 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Of a server: requests under way at the same time. Default 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<usize>,
    /// Of a server: requests that start in a minute, at most. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Of a server: seconds for a request and its answer. Default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Of a server and a transformer: stands before every text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Of a transformer: tokens that it reads of a text, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<usize>,
    /// Of a model of the hub: a branch, tag or commit. Default `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Of a model of the hub: whether nothing is asked of the network. Default false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub offline: bool,
    /// Which posts get a vector. Default: `select` of the whole recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectParams>,
}

impl EmbedRecipe {
    /// How the model is reached and asked.
    #[must_use]
    pub fn settings(&self) -> ModelSettings {
        ModelSettings {
            server_model: self.server_model.clone(),
            dimensions: self.dimensions,
            key_env: self.key_env.clone(),
            batch: self.batch,
            connections: self.connections,
            requests_per_minute: self.requests_per_minute,
            timeout: self.timeout,
            prefix: self.prefix.clone(),
            max_tokens: self.max_tokens,
            revision: self.revision.clone(),
            offline: self.offline,
        }
    }
}

/// How authors are clustered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonaRecipe {
    /// Posts with text that an author must have. Default 2.
    pub min_posts: u32,
    /// Clusters: a number, or `"auto"` for the number from 2 to 64 at which they are best apart. Default `"auto"`.
    pub k: K,
    /// How clusters are found: `kmeans`, the default, or `hdbscan`.
    pub cluster: Method,
    /// Authors that every cluster has at least. Default 1 for `kmeans`, 10 for `hdbscan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_size: Option<usize>,
    /// For `kmeans`: authors that every cluster has at most. Default: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<usize>,
    /// For `hdbscan`: neighbours that decide how dense a place is. Default: `min_size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_samples: Option<usize>,
    /// For `hdbscan`: the share of authors that may be noise. Default 0.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_noise: Option<f64>,
    /// How the map is made: `umap`, the default, or `pca`.
    pub map: MapMethod,
    /// Resamples that the stability of the clusters is measured on; 0 for none. Default 20.
    pub bootstraps: usize,
    /// Seeded restarts of k-means. Default 5.
    pub n_init: usize,
    /// Which posts count. Default: `select` of the whole recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectParams>,
}

impl Default for PersonaRecipe {
    fn default() -> Self {
        let PersonaParams {
            min_posts,
            cluster,
            k,
            min_size,
            max_size,
            min_samples,
            max_noise,
            map,
            bootstraps,
            n_init,
            seed: _,
        } = PersonaParams::default();
        Self {
            min_posts,
            cluster,
            k,
            min_size,
            max_size,
            min_samples,
            max_noise,
            map,
            bootstraps,
            n_init,
            select: None,
        }
    }
}

/// What the page says.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportRecipe {
    /// Its title. Default: the name of the corpus's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Which posts it is about. Default: `select` of the whole recipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<SelectParams>,
}

fn default_corpus() -> PathBuf {
    "corpus".into()
}

fn default_seed() -> u64 {
    1
}

fn default_max_quarantine() -> f64 {
    0.01
}

fn default_tz() -> String {
    "UTC".to_owned()
}

impl Recipe {
    /// A recipe that reads Jetstream files and leaves everything else at its default.
    #[must_use]
    pub fn of_bluesky(corpus: PathBuf, paths: Vec<PathBuf>) -> Self {
        Self {
            corpus,
            seed: default_seed(),
            select: None,
            ingest: IngestRecipe {
                from: From::Bluesky,
                paths,
                max_quarantine: default_max_quarantine(),
                max_bytes: None,
                originals: false,
                owner: None,
                buckets: None,
                text: None,
                id: None,
                author_column: None,
                time: None,
                reply_to: None,
                lang_column: None,
                label: None,
                header: None,
                time_format: None,
                tz: default_tz(),
                select: None,
            },
            clean: None,
            embed: EmbedRecipe::default(),
            personas: PersonaRecipe::default(),
            report: ReportRecipe::default(),
        }
    }

    /// Reads a recipe.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, has an unknown name, a value of the wrong type, or a setting of another source.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(crate::error::io("read the recipe", path))?;
        let mut recipe: Self = toml::from_str(&text)
            .map_err(|error| Error::Recipe { path: path.to_owned(), reason: error.to_string() })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        recipe.corpus = folder.join(&recipe.corpus);
        for input in &mut recipe.ingest.paths {
            *input = folder.join(&*input);
        }
        for list in recipe.selections_mut().flat_map(SelectParams::paths_mut) {
            *list = folder.join(&*list);
        }
        // A name that is nothing in the recipe's folder may be an id of the hub.
        if let Model::Named(name) = &mut recipe.embed.model
            && folder.join(&*name).exists()
        {
            *name = folder.join(&*name).to_string_lossy().into_owned();
        }
        match recipe.ingest.setting_of_another_source() {
            None => Ok(recipe),
            Some((name, source)) => {
                let reason = format!("[ingest] {name} is for from = \"{source}\" only: take it out");
                Err(Error::Recipe { path: path.to_owned(), reason })
            }
        }
    }

    /// What a stage after ingest selects: its own `select`, else that of the whole recipe, else everything.
    #[must_use]
    pub fn select_of<'a>(&'a self, own: &'a Option<SelectParams>) -> SelectParams {
        own.as_ref().or(self.select.as_ref()).cloned().unwrap_or_default()
    }

    fn selections_mut(&mut self) -> impl Iterator<Item = &mut SelectParams> {
        let stages = [&mut self.ingest.select, &mut self.embed.select, &mut self.personas.select];
        let clean = self.clean.as_mut().map(|clean| &mut clean.select);
        stages.into_iter().chain([&mut self.report.select, &mut self.select]).chain(clean).flatten()
    }

    /// The recipe as TOML, with every setting that has a value.
    ///
    /// # Errors
    /// When a path is not Unicode.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self)
            .map_err(|error| Error::Recipe { path: "populi.toml".into(), reason: error.to_string() })
    }

    /// What the page quotes: everything that decides the output, without the paths of this machine.
    ///
    /// # Errors
    /// Never for a recipe that was read.
    pub fn to_toml_without_paths(&self) -> Result<String> {
        let name = |path: &PathBuf| path.file_name().map_or_else(|| path.clone(), PathBuf::from);
        let mut recipe = self.clone();
        recipe.corpus = name(&recipe.corpus);
        recipe.ingest.paths = recipe.ingest.paths.iter().map(name).collect();
        for list in recipe.selections_mut().flat_map(SelectParams::paths_mut) {
            *list = name(list);
        }
        if let Model::Named(model) = &mut recipe.embed.model
            && Path::new(model).exists()
        {
            *model = name(&PathBuf::from(&*model)).to_string_lossy().into_owned();
        }
        recipe.to_toml()
    }
}

impl IngestRecipe {
    /// A setting that is given and means nothing to the source, and the source that it is for.
    fn setting_of_another_source(&self) -> Option<(&'static str, &'static str)> {
        let of_text = [
            ("text", self.text.is_some()),
            ("id", self.id.is_some()),
            ("author_column", self.author_column.is_some()),
            ("time", self.time.is_some()),
            ("reply_to", self.reply_to.is_some()),
            ("lang_column", self.lang_column.is_some()),
            ("label", self.label.is_some()),
            ("header", self.header.is_some()),
            ("time_format", self.time_format.is_some()),
            ("tz", self.tz != default_tz()),
        ];
        let given =
            |settings: &[(&'static str, bool)]| settings.iter().find(|(_, is_given)| *is_given).copied();
        let of_others = match self.from {
            From::Bluesky | From::Blueprint | From::Twitter => {
                given(&of_text).map(|(name, _)| (name, "text"))
            }
            From::Text => given(&[("originals", self.originals)]).map(|(name, _)| (name, "bluesky")),
        };
        let is_of_twitter = self.from == From::Twitter;
        of_others.or_else(|| {
            given(&[("owner", self.owner.is_some() && !is_of_twitter)]).map(|(name, _)| (name, "twitter"))
        })
    }

    /// How to read a table.
    #[must_use]
    pub fn table_params(&self) -> TableParams {
        let column = |column: &Option<Column>| {
            column.as_ref().map(|column| match column {
                Column::Number(number) => ColumnRef::Number(*number),
                Column::Name(name) => ColumnRef::Name(name.clone()),
            })
        };
        TableParams {
            text: column(&self.text),
            id: column(&self.id),
            author: column(&self.author_column),
            time: column(&self.time),
            reply_to: column(&self.reply_to),
            lang: column(&self.lang_column),
            label: column(&self.label),
            header: match self.header {
                None => Header::Guess,
                Some(true) => Header::Present,
                Some(false) => Header::Absent,
            },
            time_format: self.time_format.clone(),
            time_zone: self.tz.clone(),
            delimiter: None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Recipe> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("populi.toml");
        std::fs::write(&path, text).unwrap();
        let recipe = Recipe::load(&path)?;
        assert!(recipe.corpus.starts_with(folder.path()));
        Ok(recipe)
    }

    #[test]
    fn everything_but_the_input_has_a_default() {
        let recipe = load("[ingest]\nfrom = 'bluesky'\npaths = ['dump']\n").unwrap();
        assert_eq!((recipe.seed, recipe.personas.min_posts, recipe.ingest.max_quarantine), (1, 2, 0.01));
        assert!(load("seed = 3\n").is_err());
    }

    #[test]
    fn a_misspelt_setting_is_an_error_that_names_it() {
        let text = "[ingest]\nfrom = 'bluesky'\npaths = ['dump']\n[personas]\nmin_post = 3\n";
        let error = load(text).unwrap_err().to_string();
        assert!(error.contains("min_post") && error.contains("min_posts"), "{error}");
    }

    #[test]
    fn settings_of_another_source_are_refused_by_name() {
        let error = load("[ingest]\nfrom = 'bluesky'\npaths = ['d']\nlabel = 'x'\n").unwrap_err().to_string();
        assert!(error.contains("label") && error.contains("text"), "{error}");
        let error =
            load("[ingest]\nfrom = 'text'\npaths = ['d']\noriginals = true\n").unwrap_err().to_string();
        assert!(error.contains("originals") && error.contains("bluesky"), "{error}");
    }

    #[test]
    fn a_stage_selects_by_its_own_table_else_by_that_of_the_recipe() {
        let recipe = load(
            "[select]\nsince = '2026-03-01'\nkeyword = 'words.txt'\n[ingest]\nfrom = 'bluesky'\npaths = ['d']\n\
             [personas.select]\nlang = 'en'\n",
        )
        .unwrap();
        assert_eq!(recipe.select_of(&recipe.personas.select).lang, ["en"]);
        assert_eq!(recipe.select_of(&recipe.personas.select).since, None);
        let of_report = recipe.select_of(&recipe.report.select);
        assert_eq!(of_report.since.as_deref(), Some("2026-03-01"));
        assert_eq!(of_report.keyword, Some(recipe.corpus.parent().unwrap().join("words.txt")));
        assert_eq!(recipe.ingest.select, None);
        let quoted = recipe.to_toml_without_paths().unwrap();
        assert!(quoted.contains("\"words.txt\""), "{quoted}");
    }

    #[test]
    fn a_model_of_the_recipes_folder_is_one_and_other_names_are_left_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mini")).unwrap();
        let path = folder.path().join("populi.toml");
        let load = |embed: &str| {
            std::fs::write(&path, format!("[ingest]\nfrom = 'bluesky'\npaths = ['d']\n[embed]\n{embed}"))
                .unwrap();
            Recipe::load(&path).unwrap()
        };
        let recipe = load("model = 'mini'\nprefix = 'query: '\n");
        assert_eq!(recipe.embed.model.to_string(), folder.path().join("mini").to_str().unwrap());
        assert_eq!(recipe.embed.settings().prefix.as_deref(), Some("query: "));
        assert!(recipe.to_toml_without_paths().unwrap().contains("model = \"mini\""));
        assert_eq!(load("model = 'owner/mini'\n").embed.model, Model::Named("owner/mini".into()));
        assert_eq!(load("").embed.model, Model::Auto);
    }

    #[test]
    fn k_is_a_number_or_auto() {
        let of =
            |k: &str| load(&format!("[ingest]\nfrom = 'bluesky'\npaths = ['dump']\n[personas]\nk = {k}\n"));
        assert_eq!(of("\"auto\"").unwrap().personas.k, K::Auto);
        assert_eq!(of("7").unwrap().personas.k, K::Fixed(7));
        for wrong in ["0", "-1", "\"many\"", "2.5"] {
            let error = of(wrong).unwrap_err().to_string();
            assert!(error.contains("auto"), "{wrong}: {error}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let mut recipe = Recipe::of_bluesky("c".into(), vec!["d".into()]);
        recipe.personas.k = K::Fixed(4);
        recipe.personas.select =
            Some(SelectParams { lang: vec!["en".to_owned()], ..SelectParams::default() });
        recipe.ingest.select = Some(SelectParams { author: Some("a".into()), ..SelectParams::default() });
        recipe.ingest.label = Some(Column::Number(2));
        let back: Recipe = toml::from_str(&recipe.to_toml().unwrap()).unwrap();
        assert_eq!(back, recipe);
    }
}
