//! Keywords against a naive oracle: texts and entries cut into units, compared one by one.

use populi_text::keyword::Keywords;
use proptest::prelude::*;

/// Pieces that texts are put together from: words that begin alike, signs, spaces, scripts without spaces.
const PIECES: [&str; 26] = [
    "flood",
    "floods",
    "Flood",
    "FLOOD",
    "high",
    "water",
    "é",
    "e",
    "STRASSE",
    "straße",
    "洪水",
    "水",
    "タ",
    "한",
    "7",
    "_",
    " ",
    "  \n",
    "-",
    ".",
    "'",
    "#",
    "🌊",
    "@flood",
    "@high.water",
    "@high-",
];

/// Entries that may be in a list.
const ENTRIES: [&str; 24] = [
    "flood",
    "flood*",
    "high water",
    "high water*",
    "é",
    "e",
    "strasse",
    "洪水",
    "水",
    "水*",
    "タ",
    "한7",
    "7*",
    "#flood",
    "#flood*",
    "#洪水",
    "#7",
    "@flood",
    "@high",
    "@high*",
    "@high.water",
    "🌊",
    "high-water",
    "e'e",
];

/// What a text consists of, as far as the ends of words go: characters, and handles whole.
fn units(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('ß', "ss");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars: Vec<char> = text.chars().collect();
    let mut units: Vec<String> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let mut unit = chars[i].to_string();
        if chars[i] == '@' {
            if i > 0 && chars[i - 1].is_ascii_alphanumeric() {
                unit = "at".to_owned() + "\u{0}";
            } else {
                let run =
                    chars[i + 1..].iter().take_while(|c| c.is_ascii_alphanumeric() || "_.-".contains(**c));
                let run: String = run.collect();
                let run = run.trim_end_matches(['.', '-']);
                i += run.len();
                unit += run;
            }
        }
        units.push(unit);
        i += 1;
    }
    units
}

/// Whether a unit makes words with its neighbours. A handle does with what comes behind it, being read to its end.
fn joins(unit: &str) -> bool {
    let last = unit.chars().next_back().unwrap();
    let is_spaced = !"洪水タ한".contains(last);
    (last.is_alphanumeric() || last == '_') && is_spaced
}

fn opens(unit: &str) -> bool {
    !unit.starts_with('@') && joins(unit)
}

/// Whether a word may begin or end before the unit at `i`.
fn ends(units: &[String], i: usize) -> bool {
    i == 0 || i == units.len() || !(joins(&units[i - 1]) && opens(&units[i]))
}

fn oracle(entry: &str, text: &str) -> bool {
    let (entry, is_open) = entry.strip_suffix('*').map_or((entry, false), |entry| (entry, true));
    let (text, wanted) = (units(text), units(entry));
    let n = wanted.len();
    (0..text.len()).any(|i| {
        let Some(found) = text.get(i..i + n) else { return false };
        let is_handle = entry.starts_with('@');
        let is_equal = if is_handle && is_open { found[0].starts_with(&wanted[0]) } else { found == wanted };
        is_equal && ends(&text, i) && (is_open || ends(&text, i + n))
    })
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..12)
        .prop_map(|pieces| pieces.concat())
}

fn list() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(proptest::sample::select(ENTRIES.to_vec()), 1..6)
}

fn is_in(list: &str, text: &str, tags: &[String]) -> bool {
    Keywords::read(list).unwrap().matches(text, tags, &mut String::new())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn an_entry_matches_where_the_oracle_finds_it(entry in proptest::sample::select(ENTRIES.to_vec()), text in text()) {
        prop_assert_eq!(is_in(entry, &text, &[]), oracle(entry, &text), "{} in {:?}", entry, text);
    }

    #[test]
    fn a_list_matches_where_one_of_its_entries_does(list in list(), text in text()) {
        let any = list.iter().any(|entry| is_in(entry, &text, &[]));
        prop_assert_eq!(is_in(&list.join("\n"), &text, &[]), any);
    }

    #[test]
    fn a_tag_of_the_post_counts_as_one_in_the_text(list in list(), text in text(), tag in "[a-z洪水]{1,6}|flood|Flood") {
        let in_text = is_in(&list.join("\n"), &format!("{text} #{tag}"), &[]);
        prop_assert_eq!(is_in(&list.join("\n"), &text, &[tag]), in_text);
    }
}

#[test]
fn any_text_is_taken() {
    let list = "flood\n#flood*\n@flood\n洪水\nhigh water";
    for text in [
        "\u{1}flood\u{1}".to_owned(),
        "\u{2}".repeat(1000),
        "h\u{301}".repeat(10_000),
        "@".repeat(10_000),
        "#".repeat(10_000),
        "\u{200D}".repeat(10_000),
        "\u{FDFA}".repeat(1_000),
        format!("h{}i", "\u{301}".repeat(100_000)),
    ] {
        let is_found = is_in(list, &text, &[]);
        assert_eq!(is_found, text.contains("flood"), "{:?}", &text[..20.min(text.len())]);
    }
}

/// Thousands of entries that overlap cost no more than one: the first match ends the search, and none needs a check.
#[test]
fn nested_entries_are_looked_for_at_once() {
    let list: String = (1..2_000).map(|n| "a".repeat(n) + "\n").collect();
    assert!(!is_in(&list, &"a".repeat(100_000), &[]));
    assert!(is_in(&list, &format!("{} aaa", "a".repeat(100_000)), &[]));
}
