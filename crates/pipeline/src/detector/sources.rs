//! Files of texts as sources: a text a line, a column of a table, the prompts of conversations, or lists of JSON.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use populi_detector::{Side, Source};
use populi_ingest::archive::Decoded;
use serde_json::Value;

use crate::embed::lines;
use crate::error::io;
use crate::ingest::ColumnRef;
use crate::{Error, Result};

/// The ending by which the texts of TweetEval are told from their labels.
const TWEETEVAL_TEXTS: &str = "_text.txt";

/// Endings of the files of a folder that hold texts.
const ENDINGS: [&str; 6] = ["txt", "csv", "tsv", "json", "jsonl", "parquet"];

/// A file or folder of texts as the user names it: `[NAME=]PATH[:COLUMN]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The source that it is part of. Default: the file's name without endings, or the folder's.
    pub name: Option<String>,
    /// The file, or a folder of them.
    pub path: PathBuf,
    /// The column of the texts, of a table. Default: guessed.
    pub column: Option<ColumnRef>,
}

impl FromStr for NamedFile {
    type Err = String;

    fn from_str(given: &str) -> std::result::Result<Self, String> {
        let (name, path) = match given.split_once('=') {
            Some((name, path))
                if !name.is_empty() && !name.contains(['/', '\\']) && !Path::new(given).exists() =>
            {
                (Some(name.to_owned()), path)
            }
            _ => (None, given),
        };
        let (path, column) = match path.rsplit_once(':') {
            Some((file, column)) if !Path::new(path).exists() && Path::new(file).is_file() => {
                (file, Some(column.parse().map_err(|error| format!("{error}"))?))
            }
            _ => (path, None),
        };
        if path.is_empty() {
            return Err("expected FILE, NAME=FILE or FILE:COLUMN".to_owned());
        }
        Ok(Self { name, path: path.into(), column })
    }
}

impl NamedFile {
    /// What the source is called.
    fn source_name(&self) -> String {
        let last = |path: &Path| {
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        };
        let of_path = || {
            let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
            let name = last(&path);
            let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or(&name).to_owned();
            if path.is_dir() { name } else { stem }
        };
        self.name.clone().unwrap_or_else(of_path)
    }
}

/// Reads the sources of a side. Files that are given the same name make one source.
///
/// # Errors
/// When a file cannot be read as texts, or two files have the same name by chance.
pub(super) fn read(files: &[NamedFile], side: Side) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    let mut hashes: Vec<blake3::Hasher> = Vec::new();
    for file in files {
        let name = file.source_name();
        let known = sources.iter().position(|source| source.name == name);
        if known.is_some() && file.name.is_none() {
            let reason = format!(
                "another file is called {name:?} too: name the source of each, as in NAME={}",
                file.path.display()
            );
            return Err(Error::Examples { path: file.path.clone(), reason });
        }
        let at = known.unwrap_or_else(|| {
            sources.push(Source { name, side, hash: String::new(), texts: Vec::new() });
            hashes.push(blake3::Hasher::new());
            sources.len() - 1
        });
        for path in files_of(&file.path)? {
            hashes[at].update(&fs::read(&path).map_err(io("read", &path))?);
            sources[at].texts.extend(texts(&path, file.column.as_ref())?);
        }
    }
    sources
        .iter_mut()
        .zip(hashes)
        .for_each(|(source, hash)| source.hash = hash.finalize().to_hex().to_string());
    Ok(sources)
}

/// The file, or those of a folder that hold texts, in the order of their names.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(io("list", path))? {
        found.push(entry.map_err(io("list", path))?.path());
    }
    found.sort();
    let name = |path: &PathBuf| {
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    if found.iter().any(|path| name(path).ends_with(TWEETEVAL_TEXTS)) {
        found.retain(|path| name(path).ends_with(TWEETEVAL_TEXTS));
    }
    found.retain(|path| {
        path.is_file() && name(path).split('.').skip(1).any(|ending| ENDINGS.contains(&ending))
    });
    if found.is_empty() {
        let reason = format!(
            "there is no file of texts in this folder: expected one that ends in {}",
            ENDINGS.join(", ")
        );
        return Err(Error::Examples { path: path.to_owned(), reason });
    }
    Ok(found)
}

/// The texts of a file, known by its content: prompts of conversations, lists of JSON, else as `populi embed FILE` reads them.
fn texts(path: &Path, column: Option<&ColumnRef>) -> Result<Vec<String>> {
    let head = head(path)?;
    let refuse = |reason: String| Error::Examples { path: path.to_owned(), reason };
    if column.is_none() && head.starts_with('{') && is_conversation(&head) {
        return prompts(&content(path)?).map_err(|(line, reason)| refuse(format!("line {line}: {reason}")));
    }
    if column.is_none() && (head.starts_with('[') && head[1..].trim_start().starts_with(['[', '"'])) {
        return listed(&content(path)?).map_err(refuse);
    }
    Ok(lines::read(path, column)?.texts)
}

/// The beginning of a file's decoded content, without white space before it.
fn head(path: &Path) -> Result<String> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(io("open", path))?;
    Decoded::new(file).take(4096).read_to_end(&mut head).map_err(io("read", path))?;
    let head = String::from_utf8_lossy(&head).into_owned();
    Ok(head.trim_start_matches('\u{feff}').trim_start().to_owned())
}

fn content(path: &Path) -> Result<String> {
    let mut content = String::new();
    let file = File::open(path).map_err(io("open", path))?;
    Decoded::new(file).read_to_string(&mut content).map_err(io("read", path))?;
    Ok(content)
}

/// Whether lines that begin so are trees or messages of Open Assistant.
fn is_conversation(head: &str) -> bool {
    let has = |key: &str| head.contains(&format!("\"{key}\""));
    (has("message_tree_id") && has("prompt")) || (has("message_id") && has("role"))
}

/// What the prompters of trees or messages say, a JSON value a line, answers to answers within.
fn prompts(content: &str) -> std::result::Result<Vec<String>, (usize, String)> {
    let mut texts = Vec::new();
    for (number, line) in (1..).zip(content.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let value: Value = serde_json::from_str(line).map_err(|error| (number, error.to_string()))?;
        // Without recursion, in the order of the file.
        let mut open = vec![value.get("prompt").unwrap_or(&value)];
        while let Some(message) = open.pop() {
            let is = |key: &str, expected: &Value| message.get(key) == Some(expected);
            if let (true, false, Some(text)) = (
                is("role", &"prompter".into()),
                is("deleted", &true.into()),
                message.get("text").and_then(Value::as_str),
            ) {
                texts.push(text.to_owned());
            }
            open.extend(message.get("replies").and_then(Value::as_array).into_iter().flatten().rev());
        }
    }
    Ok(texts)
}

/// A JSON list of texts, or of lists that begin with one.
fn listed(content: &str) -> std::result::Result<Vec<String>, String> {
    let items: Vec<Value> =
        serde_json::from_str(content.trim_start_matches('\u{feff}')).map_err(|error| error.to_string())?;
    let text = |(number, item): (usize, &Value)| {
        let text = item.as_str().or_else(|| item.get(0)?.as_str());
        text.map(str::to_owned)
            .ok_or_else(|| format!("element {} is no text, nor a list that begins with one", number + 1))
    };
    items.iter().enumerate().map(text).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn of(name: &str, content: &str) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        texts(&path, None)
    }

    #[test]
    fn formats_are_known_by_content() {
        assert_eq!(of("a.txt", "one\ntwo\n").unwrap(), ["one", "two"]);
        assert_eq!(of("a.csv", "text,category\nhow do I,x\n\"a, b\",y\n").unwrap(), ["how do I", "a, b"]);
        assert_eq!(of("a.json", "[\n[\n\"one\",\n\"label\"\n], [\"two\", \"x\"]]").unwrap(), ["one", "two"]);
        assert_eq!(of("a.json", "[\"one\", \"two\"]").unwrap(), ["one", "two"]);
        assert_eq!(of("a.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n").unwrap(), ["one", "two"]);
        assert!(of("a.json", "[\"one\", 2]").unwrap_err().to_string().contains("element 2"));
        assert!(of("a.json", "[\"one\"").is_err());
    }

    #[test]
    fn of_conversations_the_prompters_are_read_in_order() {
        let tree = r#"{"message_tree_id": "t", "tree_state": "ready_for_export", "prompt": {"message_id": "t", "role": "prompter", "text": "first",
            "replies": [{"role": "assistant", "text": "no", "replies": [{"role": "prompter", "text": "second", "replies": []}]},
                        {"role": "assistant", "text": "no", "replies": [{"role": "prompter", "text": "third"}, {"role": "prompter", "text": "gone", "deleted": true}]}]}}"#
            .replace('\n', " ");
        assert_eq!(
            of("t.jsonl", &format!("{tree}\n\n{tree}\n")).unwrap(),
            ["first", "second", "third", "first", "second", "third"]
        );
        let message = r#"{"message_id": "m", "parent_id": null, "role": "prompter", "text": "alone"}"#;
        assert_eq!(of("m.jsonl", message).unwrap(), ["alone"]);
        assert!(of("m.jsonl", &format!("{message}\n{{")).unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn names_and_columns_stand_around_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.b.csv");
        fs::write(&path, "id,body\n1,one\n").unwrap();
        let given = format!("mine={}:body", path.display());
        let named: NamedFile = given.parse().unwrap();
        assert_eq!((named.name.as_deref(), &named.path), (Some("mine"), &path));
        assert_eq!(texts(&named.path, named.column.as_ref()).unwrap(), ["one"]);
        let plain: NamedFile = path.display().to_string().parse().unwrap();
        assert_eq!((plain.source_name().as_str(), &plain.column), ("a", &None));
        assert!("x=".parse::<NamedFile>().is_err());
    }

    #[test]
    fn of_a_folder_of_tweeteval_the_texts_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let task = folder.path().join("irony");
        fs::create_dir(&task).unwrap();
        for (name, content) in [
            ("train_text.txt", "a\nb\n"),
            ("train_labels.txt", "0\n1\n"),
            ("val_text.txt", "c\n"),
            ("mapping.txt", "0 no\n"),
        ] {
            fs::write(task.join(name), content).unwrap();
        }
        let named = NamedFile { name: None, path: task.clone(), column: None };
        let found = read(std::slice::from_ref(&named), Side::Negative).unwrap();
        assert_eq!(
            (found[0].name.as_str(), found[0].texts.as_slice()),
            ("irony", &["a".to_owned(), "b".into(), "c".into()][..])
        );
        let error = read(&[named.clone(), named.clone()], Side::Negative).unwrap_err().to_string();
        assert!(error.contains("another file is called \"irony\""), "{error}");
        let both = [
            NamedFile { name: Some("x".into()), ..named.clone() },
            NamedFile { name: Some("x".into()), ..named },
        ];
        assert_eq!(read(&both, Side::Negative).unwrap()[0].texts.len(), 6);
    }
}
