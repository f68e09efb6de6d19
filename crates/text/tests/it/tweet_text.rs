//! Entities of posts: the cases that Twitter published, and any text.

use std::path::Path;

use populi_text::tweet_text::{Entity, EntityKind, MAX_URL_CHARS, entities};
use proptest::prelude::*;
use saphyr::{LoadableYamlNode, Yaml};

/// A section of the file, what it is about, and how a case names what is expected.
type Section = (&'static str, &'static [EntityKind], fn(&Entity<'_>) -> String);

const SECTIONS: [Section; 10] = [
    ("mentions", &[EntityKind::Mention], plain),
    ("mentions_with_indices", &[EntityKind::Mention], placed),
    ("mentions_or_lists_with_indices", &[EntityKind::Mention, EntityKind::List], placed),
    ("urls", &[EntityKind::Url], plain),
    ("urls_with_indices", &[EntityKind::Url], placed),
    ("urls_with_directional_markers", &[EntityKind::Url], placed),
    ("tco_urls_with_params", &[EntityKind::Url], plain),
    ("hashtags", &[EntityKind::Hashtag], plain),
    ("hashtags_from_astral", &[EntityKind::Hashtag], plain),
    ("hashtags_with_indices", &[EntityKind::Hashtag], placed),
];

fn plain(entity: &Entity<'_>) -> String {
    entity.text.to_owned()
}

fn placed(entity: &Entity<'_>) -> String {
    let (name, list) = match entity.kind {
        EntityKind::List => entity.text.split_once('/').unwrap(),
        _ => (entity.text, ""),
    };
    let list = if list.is_empty() { String::new() } else { format!("/{list}") };
    format!("{name}{list} at {}-{}", entity.start, entity.end)
}

/// An expected entity of a case, in the words of [`plain`] and [`placed`].
fn expected(case: &Yaml<'_>) -> String {
    if let Some(text) = case.as_str() {
        return text.to_owned();
    }
    let text_of = |name: &str| case.as_mapping_get(name).and_then(Yaml::as_str).unwrap_or("");
    let name = ["screen_name", "url", "hashtag"].map(text_of).concat();
    let place = case.as_mapping_get("indices").and_then(Yaml::as_sequence).unwrap();
    let place: Vec<i64> = place.iter().map(|number| number.as_integer().unwrap()).collect();
    format!("{name}{} at {}-{}", text_of("list_slug"), place[0], place[1])
}

#[test]
fn the_cases_of_twitter_pass() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/twitter/conformance/extract.yml");
    let Ok(file) = std::fs::read_to_string(Path::new(path)) else {
        eprintln!("skipped: no ../shared/data/twitter/conformance/extract.yml beside the repository");
        return;
    };
    let file = Yaml::load_from_str(&file).unwrap();
    let tests = file[0].as_mapping_get("tests").unwrap();
    let mut n_cases = 0;
    let mut failed = Vec::new();
    for (section, kinds, said) in SECTIONS {
        for case in tests.as_mapping_get(section).and_then(Yaml::as_sequence).unwrap() {
            let text = case.as_mapping_get("text").and_then(Yaml::as_str).unwrap();
            let wanted: Vec<String> = case
                .as_mapping_get("expected")
                .and_then(Yaml::as_sequence)
                .unwrap()
                .iter()
                .map(expected)
                .collect();
            let found: Vec<String> =
                entities(text).iter().filter(|entity| kinds.contains(&entity.kind)).map(said).collect();
            n_cases += 1;
            if found != wanted {
                failed.push(format!("{section}: {text:?}: expected {wanted:?}, found {found:?}"));
            }
        }
    }
    eprintln!("{n_cases} cases of extract.yml, {} of them failed", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(n_cases >= 160, "{n_cases}");
}

#[test]
fn a_few_texts_by_hand() {
    for (text, expected) in [
        ("", vec![]),
        ("plain. text", vec![]),
        ("mail a@b.example", vec![]),
        ("rt @ann: see example.org/a", vec!["ann at 3-7", "example.org/a at 13-26"]),
        ("🐝 ＠ann ＃東京 x", vec!["ann at 2-6", "東京 at 7-10"]),
        ("@ann/friends #1 #a1", vec!["ann/friends at 0-12", "a1 at 16-19"]),
        ("so rt@ann", vec![]),
        ("so\nrt:@ann", vec!["ann at 6-10"]),
    ] {
        assert_eq!(entities(text).iter().map(placed).collect::<Vec<_>>(), expected, "of {text:?}");
    }
}

#[test]
fn long_runs_hold_no_entity_and_take_no_time() {
    for text in
        ["@a.".repeat(200_000), "a".repeat(1 << 20), "http://a.co/(".repeat(50_000), "#".repeat(1 << 20)]
    {
        assert!(text.len() > MAX_URL_CHARS);
        assert_eq!(entities(&text), [], "of {:?}", &text[..20]);
    }
    assert_eq!(entities(&"@ann ".repeat(20_000)).len(), 20_000);
}

proptest! {
    #[test]
    fn entities_lie_in_the_text_one_after_another(text in "([ @#./:a-c]|http://|t\\.co|\\PC){0,40}") {
        let chars: Vec<char> = text.chars().collect();
        let mut end = 0;
        for entity in entities(&text) {
            prop_assert!(end <= entity.start && entity.start < entity.end && entity.end <= chars.len());
            let shown: String = chars[entity.start..entity.end].iter().collect();
            prop_assert!(shown.ends_with(entity.text) && !entity.text.is_empty());
            end = entity.end;
        }
    }
}
