//! Any text at all: nothing panics, and what is promised of the output holds.

use std::path::Path;

use populi_text::clean::clean;
use populi_text::ctfidf::{Document, Params, top_terms};
use populi_text::edges::body;
use populi_text::language::detect;
use populi_text::near_duplicate::{Sketches, normalised};
use populi_text::words::{MAX_WORD_CHARS, words};
use proptest::prelude::*;

/// Runs everything on a text and checks what holds for all.
fn check(text: &str) {
    let cleaned = clean(text);
    assert_eq!(cleaned.trim(), cleaned, "of {text:?}");
    assert!(!cleaned.contains("  ") && !cleaned.contains(['\n', '\t', '\u{200B}']), "of {text:?}");
    let body = body(text, None, None);
    assert_eq!(body.trim(), body, "of {text:?}");
    let compared = normalised(text);
    assert_eq!(Sketches::sketch(&compared).is_some(), !compared.is_empty(), "of {text:?}");
    let found = words(text);
    assert!(
        found.iter().all(|word| !word.is_empty() && word.chars().count() <= MAX_WORD_CHARS),
        "of {text:?}"
    );
    if let Some(found) = detect(text) {
        assert!((0.0..=1.0).contains(&found.confidence) && (2..=3).contains(&found.lang.len()));
    }
    let document = |author| Document { class: 0, text, lang: None, author: Some(author) };
    for term in &top_terms([document(1), document(2)], &Params::default()).unwrap()[0].terms {
        assert!(term.score > 0.0 && term.text.chars().any(char::is_alphabetic), "{term:?} of {text:?}");
    }
}

#[test]
fn naughty_strings() {
    for text in [
        "",
        "\0",
        "\u{FEFF}",
        "undefined",
        "1E+02",
        "Ω≈ç√∫˜µ≤≥÷",
        "田中さんにあげて下さい",
        "ﷺ",
        "ثم نفس سقطت",
        "\u{202E}right to left",
        "T̢̫̥o͉̺͜ ̫i͔n̮v͕o͖k̙e̢",
        "🏳️‍🌈👨‍👩‍👧‍👦🇨🇦",
        "<script>alert(1)</script>",
        "%s%n &#0; &#x110000; &amp",
        "@",
        "#",
        "@@@###",
        "https://",
        "www.",
        "a@b",
        "@.",
        "RT @",
        "RT @x",
        "İstanbul ŞIK",
        "ß ﬃ ǅ",
        "\u{1F468}\u{200D}",
        "////....----",
    ] {
        check(text);
    }
}

#[test]
fn the_big_list_of_naughty_strings() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/adversarial/blns.json");
    let Ok(list) = std::fs::read_to_string(file) else {
        eprintln!("skipped: adversarial/blns.json is not there");
        return;
    };
    let list: Vec<String> = serde_json::from_str(&list).unwrap();
    list.iter().for_each(|text| check(text));
}

#[test]
fn a_megabyte_of_anything() {
    for unit in [
        "a",
        "a.",
        "@",
        "#",
        "@a.",
        "http://",
        "&amp;",
        "&",
        "学",
        "👩\u{200D}",
        "e\u{301}",
        "a@",
        "www.",
        " ",
    ] {
        check(&unit.repeat((1 << 20) / unit.len()));
    }
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    /// Pieces of links, handles and marks in any arrangement.
    #[test]
    fn any_arrangement_of_marks(parts in prop::collection::vec(
        prop::sample::select(vec!["@", "#", "http://", "www.", "a", ".", "com", "/", " ", "RT ", "&amp;", "学", ":", "b.social", "-"]), 0..12)
    ) {
        let text = parts.concat();
        check(&text);
        prop_assert!(!clean(&text).contains("http://a"), "{}", text);
    }

    /// A second cleaning finds nothing left, where no entity or hash sign hides a mark.
    #[test]
    fn cleaning_is_done_once(text in "[a-c@./: \u{5B66}]{0,24}") {
        let once = clean(&text);
        prop_assert_eq!(clean(&once), once);
    }
}
