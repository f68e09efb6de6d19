//! Which files of a repository a sentence-transformers encoder needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Files beside weights and tokenizer that say how the encoder works; a model may lack each.
const OPTIONAL: [&str; 3] = ["sentence_bert_config.json", "tokenizer_config.json", "special_tokens_map.json"];
const WEIGHTS: &str = "model.safetensors";
const WEIGHTS_INDEX: &str = "model.safetensors.index.json";
/// Weights as a pickle, which runs code when it is read.
const PICKLE: &str = "pytorch_model.bin";
const PICKLE_INDEX: &str = "pytorch_model.bin.index.json";

/// The files of one repository at one commit.
pub(super) trait Files {
    /// Whether there is a file of this name.
    fn has(&self, name: &str) -> bool;

    /// Where the file is on this machine, which may mean to fetch it; `None` where there is no such file.
    fn bring(&self, name: &str) -> Result<Option<PathBuf>>;

    /// An error about this repository.
    fn error(&self, reason: String, remedy: &str) -> Error;

    /// What to do where a file is missing that every encoder has.
    fn remedy_for_missing(&self) -> &'static str;
}

/// Brings every file that the encoder needs.
pub(super) fn bring_encoder(files: &dyn Files) -> Result<()> {
    let modules: Vec<Module> = match files.bring("modules.json")? {
        Some(path) => read_json(&path)?,
        None => vec![],
    };
    files.bring("config_sentence_transformers.json")?;
    let root = modules.iter().find(|module| module.is_transformer()).map_or("", |module| &module.path);
    bring_required(files, &inside(root, "config.json")?)?;
    bring_required(files, &inside(root, "tokenizer.json")?)?;
    for name in OPTIONAL {
        files.bring(&inside(root, name)?)?;
    }
    bring_weights(files, root)?;
    for module in modules.iter().filter(|module| !module.is_transformer()) {
        files.bring(&inside(&module.path, "config.json")?)?;
        if files.bring(&inside(&module.path, WEIGHTS)?)?.is_none()
            && files.has(&inside(&module.path, PICKLE)?)
        {
            return Err(only_pickles(files));
        }
    }
    Ok(())
}

/// An entry of `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    class: String,
}

impl Module {
    fn is_transformer(&self) -> bool {
        self.class.rsplit('.').next() == Some("Transformer")
    }
}

/// Which shard holds which tensor.
#[derive(Deserialize)]
struct Shards {
    weight_map: BTreeMap<String, String>,
}

fn bring_weights(files: &dyn Files, root: &str) -> Result<()> {
    if files.bring(&inside(root, WEIGHTS)?)?.is_some() {
        return Ok(());
    }
    let Some(index) = files.bring(&inside(root, WEIGHTS_INDEX)?)? else {
        let has_pickle = files.has(&inside(root, PICKLE)?) || files.has(&inside(root, PICKLE_INDEX)?);
        return Err(if has_pickle { only_pickles(files) } else { missing(files, WEIGHTS) });
    };
    let shards: Shards = read_json(&index)?;
    let names: BTreeSet<String> = shards.weight_map.into_values().collect();
    if names.is_empty() {
        return Err(bad_file(&index, "expected the names of shards in weight_map, got none"));
    }
    names.iter().try_for_each(|name| bring_required(files, &inside(root, name)?))
}

fn bring_required(files: &dyn Files, name: &str) -> Result<()> {
    files.bring(name)?.map(|_| ()).ok_or_else(|| missing(files, name))
}

fn missing(files: &dyn Files, name: &str) -> Error {
    files.error(format!("expected the file {name}, got none"), files.remedy_for_missing())
}

fn only_pickles(files: &dyn Files) -> Error {
    files.error(
        format!("expected weights as {WEIGHTS}, got only pickles, which run code when they are read and are never read here"),
        "choose a model with safetensors, or convert this one with save_pretrained of sentence-transformers and give its folder",
    )
}

/// `folder/name`, where that is below the repository.
fn inside(folder: &str, name: &str) -> Result<String> {
    let path =
        if folder.is_empty() { name.to_owned() } else { format!("{}/{name}", folder.trim_end_matches('/')) };
    let is_below = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_)));
    let is_plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if is_below && is_plain && !path.is_empty() {
        return Ok(path);
    }
    Err(bad_file(
        Path::new(&path),
        "expected the name of a file below the model's folder, made of letters, digits, '-', '_', '.' and '/'",
    ))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let file = File::open(path).map_err(|error| bad_file(path, &error.to_string()))?;
    serde_json::from_reader(BufReader::new(file)).map_err(|error| bad_file(path, &error.to_string()))
}

fn bad_file(path: &Path, reason: &str) -> Error {
    Error::ModelFile {
        path: path.to_owned(),
        reason: reason.to_owned(),
        remedy: "delete it to fetch it anew, or choose another model".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use std::cell::RefCell;
    use std::fs;

    use super::*;

    /// A repository as a folder; remembers what was brought.
    struct Folder {
        path: PathBuf,
        brought: RefCell<Vec<String>>,
    }

    impl Files for Folder {
        fn has(&self, name: &str) -> bool {
            self.path.join(name).exists()
        }

        fn bring(&self, name: &str) -> Result<Option<PathBuf>> {
            Ok(self.has(name).then(|| {
                self.brought.borrow_mut().push(name.to_owned());
                self.path.join(name)
            }))
        }

        fn error(&self, reason: String, remedy: &str) -> Error {
            Error::Hub { id: String::new(), endpoint: String::new(), reason, remedy: remedy.to_owned() }
        }

        fn remedy_for_missing(&self) -> &'static str {
            "choose another"
        }
    }

    /// What is brought of a repository with these files, sorted.
    fn brought(files: &[(&str, &str)]) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let folder = Folder { path: folder.path().to_owned(), brought: RefCell::default() };
        bring_encoder(&folder)?;
        let mut names = folder.brought.into_inner();
        names.sort();
        Ok(names)
    }

    fn modules(entries: &[(&str, &str)]) -> String {
        let entries: Vec<String> = entries
            .iter()
            .map(|(class, path)| format!(r#"{{"type": "x.{class}", "path": "{path}"}}"#))
            .collect();
        format!("[{}]", entries.join(","))
    }

    #[test]
    fn only_what_an_encoder_needs_is_brought() {
        let modules = modules(&[
            ("Transformer", ""),
            ("Pooling", "1_Pooling"),
            ("Dense", "2_Dense"),
            ("Normalize", "3_Normalize"),
        ]);
        let names = brought(&[
            ("modules.json", &modules),
            ("config.json", "{}"),
            ("tokenizer.json", "{}"),
            ("model.safetensors", ""),
            ("1_Pooling/config.json", "{}"),
            ("2_Dense/config.json", "{}"),
            ("2_Dense/model.safetensors", ""),
            ("2_Dense/pytorch_model.bin", ""),
            ("sentence_bert_config.json", "{}"),
            ("pytorch_model.bin", ""),
            ("onnx/model.onnx", ""),
            ("README.md", ""),
        ]);
        let expected = [
            "1_Pooling/config.json",
            "2_Dense/config.json",
            "2_Dense/model.safetensors",
            "config.json",
            "model.safetensors",
            "modules.json",
            "sentence_bert_config.json",
            "tokenizer.json",
        ];
        assert_eq!(names.unwrap(), expected);
    }

    #[test]
    fn a_transformer_may_have_a_folder_of_its_own_and_shards() {
        let index =
            r#"{"weight_map": {"a": "s-1.safetensors", "b": "s-2.safetensors", "c": "s-1.safetensors"}}"#;
        let names = brought(&[
            ("modules.json", &modules(&[("Transformer", "0_Transformer")])),
            ("0_Transformer/config.json", "{}"),
            ("0_Transformer/tokenizer.json", "{}"),
            ("0_Transformer/model.safetensors.index.json", index),
            ("0_Transformer/s-1.safetensors", ""),
            ("0_Transformer/s-2.safetensors", ""),
        ]);
        let n_of = |end: &str| names.as_ref().unwrap().iter().filter(|name| name.ends_with(end)).count();
        assert_eq!((n_of("s-1.safetensors"), n_of("s-2.safetensors")), (1, 1));
    }

    #[test]
    fn what_is_missing_is_named() {
        let whole = [("config.json", "{}"), ("tokenizer.json", "{}"), ("model.safetensors", "")];
        assert_eq!(brought(&whole).unwrap().len(), 3);
        for i in 0..whole.len() {
            let rest: Vec<_> = whole.iter().copied().filter(|file| *file != whole[i]).collect();
            let error = brought(&rest).unwrap_err().to_string();
            assert!(error.contains(whole[i].0) && error.ends_with("choose another"), "{error}");
        }
    }

    #[test]
    fn pickles_are_refused() {
        let core = [("config.json", "{}"), ("tokenizer.json", "{}")];
        let dense = modules(&[("Dense", "2_Dense")]);
        for more in [
            &[("pytorch_model.bin", "")][..],
            &[("pytorch_model.bin.index.json", "{}")],
            &[("model.safetensors", ""), ("modules.json", &dense), ("2_Dense/pytorch_model.bin", "")],
        ] {
            let error = brought(&[&core, more].concat()).unwrap_err().to_string();
            assert!(error.contains("pickles") && error.contains("convert"), "{error}");
        }
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let core = [("config.json", "{}"), ("tokenizer.json", "{}")];
        for path in ["..", "../x", "a/../../x", "/etc", "a b", "a\\\\..\\\\b", "a?b"] {
            let list = modules(&[("Pooling", path)]);
            let files = [&core[..], &[("model.safetensors", ""), ("modules.json", &list)]].concat();
            let error = brought(&files).unwrap_err().to_string();
            assert!(error.contains("below the model's folder"), "{path}: {error}");
            let index = format!(r#"{{"weight_map": {{"a": "{path}"}}}}"#);
            assert!(brought(&[&core[..], &[(WEIGHTS_INDEX, &index)]].concat()).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_no_list_of_modules_is_an_error_that_names_the_file() {
        for content in ["", "{}", r#"[{"path": 3}]"#] {
            let error = brought(&[("modules.json", content)]).unwrap_err().to_string();
            assert!(error.contains("modules.json"), "{error}");
        }
    }
}
