//! What a selection is asked for with: the flags, and the tables `select` of a recipe.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use populi_model::Timestamp;
use populi_text::language_code;
use serde::{Deserialize, Deserializer, Serialize};

use super::authors::Authors;
use super::keywords::KeywordList;
use super::{Selection, wrong};
use crate::Result;

/// The clauses of a selection as they are written; what is not given leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectParams {
    /// From this time on: RFC 3339, or a date (its first moment, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// In one of these languages: ISO 639 codes.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub lang: Vec<String>,
    /// With a word, phrase, hashtag or handle of this list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<PathBuf>,
    /// By an account of this list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<PathBuf>,
}

impl SelectParams {
    /// Reads times and lists.
    ///
    /// # Errors
    /// When a time, a code or an entry of a list is none, the two times leave nothing between them, or a list cannot be read.
    pub fn load(&self) -> Result<Selection> {
        let since = self.since.as_deref().map(|text| time_of("--since", text)).transpose()?;
        let until = self.until.as_deref().map(|text| time_of("--until", text)).transpose()?;
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            let got = until.to_string();
            return Err(wrong("--until", got, format!("it has to be later than --since, which is {since}")));
        }
        let langs = languages(&self.lang)?;
        let keywords =
            self.keyword.as_deref().map(|path| KeywordList::read(&text_of("--keyword", path, "")?, path));
        let authors =
            self.author.as_deref().map(|path| Authors::read(&text_of("--author", path, A_COLUMN)?, path));
        Ok(Selection { since, until, langs, keywords: keywords.transpose()?, authors: authors.transpose()? })
    }

    /// The two lists that it names, to be made relative to something else.
    pub(crate) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.keyword.iter_mut().chain(self.author.iter_mut())
    }
}

/// The ISO 639 codes of the languages that are written there, with commas between them or one by one.
///
/// # Errors
/// When one of them is no language.
pub fn languages(written: &[String]) -> Result<BTreeSet<&'static str>> {
    let mut langs = BTreeSet::new();
    for lang in written.iter().flat_map(|langs| langs.split(',')) {
        langs.extend(language_code::members(code_of(lang.trim())?));
    }
    Ok(langs)
}

/// A language, or several, as recipes may write them.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

fn time_of(what: &'static str, text: &str) -> Result<Timestamp> {
    let whole = if text.len() == "2026-03-01".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse_rfc3339(&whole).map_err(|_| {
        wrong(what, text, "expected a date such as 2026-03-01 (UTC), or a time such as 2026-03-01T12:30:00Z")
    })
}

fn code_of(text: &str) -> Result<&'static str> {
    if let Some(code) = language_code::of_tag(text) {
        return Ok(code);
    }
    let named = |code: &'static str| match language_code::name(code) {
        Some(name) => format!("{code} ({name})"),
        None => code.to_owned(),
    };
    let near: Vec<String> = language_code::near(text).into_iter().map(named).collect();
    let hint = match near.as_slice() {
        [] => {
            "such as en (English) or de (German); a table's column of languages is --lang-column".to_owned()
        }
        near => format!("perhaps {}", near.join(", ")),
    };
    Err(wrong("--lang", text, format!("expected an ISO 639 code, {hint}")))
}

/// What may have been meant where there is no such list.
const A_COLUMN: &str = " (a table's column of authors is --author-column)";

fn text_of(what: &'static str, path: &Path, hint: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        wrong(what, path.display().to_string(), format!("cannot read a list from there: {error}{hint}"))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn times(since: &str, until: &str) -> Result<Selection> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SelectParams { since: some(since), until: some(until), ..SelectParams::default() }.load()
    }

    #[test]
    fn times_are_dates_or_rfc_3339() {
        let found = times("2026-03-01", "2026-03-01T02:00:00+01:00").unwrap();
        assert_eq!((found.since.unwrap().to_string().as_str()), "2026-03-01T00:00:00Z");
        assert_eq!((found.until.unwrap().to_string().as_str()), "2026-03-01T01:00:00Z");
        for bad in ["yesterday", "2026-3-1", "2026-02-30", "2026-03-01 12:00", "01/03/2026", "1740787200"] {
            let error = times(bad, "").unwrap_err().to_string();
            assert!(error.contains(bad) && error.contains("--since"), "{error}");
        }
        assert!(times("2026-03-01", "2026-03-01").unwrap_err().to_string().contains("later than --since"));
        assert!(times("", "").unwrap().is_everything());
    }

    #[test]
    fn languages_are_codes_and_what_is_none_is_told_with_near_ones() {
        let langs = |langs: &[&str]| {
            let lang = langs.iter().map(|&lang| lang.to_owned()).collect();
            SelectParams { lang, ..SelectParams::default() }.load().map(|found| found.langs)
        };
        assert_eq!(Vec::from_iter(langs(&["de,nld", "EN"]).unwrap()), ["de", "en", "nl"]);
        assert_eq!(Vec::from_iter(langs(&["no"]).unwrap()), ["nb", "nn", "no"]);
        let error = langs(&["german"]).unwrap_err().to_string();
        assert!(error.contains("german") && error.contains("de (German)"), "{error}");
        assert!(langs(&["en,"]).is_err());
    }

    #[test]
    fn a_recipe_may_name_one_language_or_many() {
        let read = |text: &str| toml::from_str::<SelectParams>(text).unwrap().lang;
        assert_eq!(read("lang = 'en'"), ["en"]);
        assert_eq!(read("lang = ['en', 'de']"), ["en", "de"]);
        assert!(toml::from_str::<SelectParams>("language = 'en'").is_err());
    }
}
