//! The ids of our WordPiece are those of the `tokenizers` crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use populi_embed::WordPiece;
use proptest::prelude::*;
use rayon::prelude::*;
use serde_json::{Value, json};
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Tokenizer};

/// Ours, and the one that it is compared with.
struct Pair {
    ours: WordPiece,
    reference: Tokenizer,
}

impl Pair {
    fn of_json(json: &[u8]) -> Self {
        let mut reference = Tokenizer::from_bytes(json).unwrap();
        reference.with_padding(None).with_truncation(None).unwrap();
        Self { ours: WordPiece::from_tokenizer_json(json).unwrap(), reference }
    }

    /// Ours and the reference's.
    fn ids(&self, text: &str) -> (Vec<u32>, Vec<u32>) {
        let mut ours = vec![];
        self.ours.encode(text, &mut ours);
        (ours, self.reference.encode_fast(text, false).unwrap().get_ids().to_vec())
    }

    fn compare(&self, text: &str) {
        let (ours, expected) = self.ids(text);
        assert!(ours == expected, "{text:?}: got {ours:?}, expected {expected:?}");
    }

    /// Known words and words, by the reference's normaliser, pre-tokeniser and vocabulary.
    fn known_words(&self, text: &str) -> (u64, u64) {
        let with_added = self.reference.get_added_vocabulary();
        let mut pieces: PreTokenizedString =
            with_added.extract_and_normalize(self.reference.get_normalizer(), text);
        self.reference.get_pre_tokenizer().unwrap().pre_tokenize(&mut pieces).unwrap();
        let splits = pieces.get_splits(OffsetReferential::Original, OffsetType::Byte);
        let words =
            splits.iter().filter(|split| split.2.is_none() && split.0.chars().any(char::is_alphabetic));
        let known = words.clone().filter(|split| self.reference.token_to_id(split.0).is_some());
        (known.count() as u64, words.count() as u64)
    }
}

/// How the fixtures normalise: as uncased and as cased models do, and each step alone.
const NORMALISERS: [[Option<bool>; 4]; 6] = [
    // clean_text, handle_chinese_chars, strip_accents, lowercase
    [Some(true), Some(true), None, Some(true)],
    [Some(true), Some(true), None, Some(false)],
    [Some(true), Some(false), Some(false), Some(true)],
    [Some(false), Some(true), Some(true), Some(false)],
    [Some(false), Some(false), Some(true), Some(true)],
    [Some(false), Some(false), Some(false), Some(false)],
];

/// A `tokenizer.json` whose vocabulary tells characters apart: nearly every one that a text can become is a token, at the
/// start of a word and inside one. Some words and pieces beside them; two added tokens are looked for in normalised text.
fn fixture(normaliser: [Option<bool>; 4]) -> Vec<u8> {
    let mut tokens: Vec<String> =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<S>", "<mask>"].map(str::to_owned).to_vec();
    let words =
        ["the", "play", "##ing", "##ed", "un", "##aff", "##able", "hello", "##llo", "Hello", "가", "naïve"];
    tokens.extend(words.map(str::to_owned));
    let ranges = [
        0x21..0x3400,
        0xa000..0xac00,
        0xd7b0..0xe000,
        0xf900..0x1_0000,
        0x1_0000..0x1_4000,
        0x1_6800..0x2_0000,
    ];
    for c in ranges.into_iter().flatten().chain([0x4e00, 0x4e2d, 0x5b57]).filter_map(char::from_u32) {
        // What is no character of a text, and some that are: a word with one of them is unknown.
        if !c.is_whitespace() && !(c as u32).is_multiple_of(41) {
            tokens.extend([c.to_string(), format!("##{c}")]);
        }
    }
    let vocab: serde_json::Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect();
    assert_eq!(vocab.len(), tokens.len(), "no token twice");
    let added = (0..7).map(|id| {
        json!({"id": id, "content": tokens[id], "single_word": false, "lstrip": id == 6, "rstrip": false,
            "normalized": id >= 5, "special": true})
    });
    let [clean_text, handle_chinese_chars, strip_accents, lowercase] = normaliser;
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": {"type": "BertNormalizer", "clean_text": clean_text,
            "handle_chinese_chars": handle_chinese_chars, "strip_accents": strip_accents, "lowercase": lowercase},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": null, "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    json.to_string().into_bytes()
}

/// One pair a normaliser; the first is that of MiniLM.
static PAIRS: LazyLock<Vec<Pair>> =
    LazyLock::new(|| NORMALISERS.iter().map(|normaliser| Pair::of_json(&fixture(*normaliser))).collect());

/// The real model, where there is one.
static MINILM: LazyLock<Option<Pair>> = LazyLock::new(|| {
    let folder = std::env::var_os("POPULI_MINILM");
    if folder.is_none() {
        eprintln!("skipped: POPULI_MINILM does not name the folder of a model");
    }
    folder.map(|folder| Pair::of_json(&std::fs::read(Path::new(&folder).join("tokenizer.json")).unwrap()))
});

fn every_pair() -> impl Iterator<Item = &'static Pair> {
    PAIRS.iter().chain(MINILM.as_ref())
}

#[test]
fn every_character_alone_and_among_others() {
    let pairs: Vec<&Pair> = [&PAIRS[0], &PAIRS[1]].into_iter().chain(MINILM.as_ref()).collect();
    let in_context = |c| format!("a{c}b {c} e{c}\u{301}\u{302e}{c}\u{323}\n");
    // Nothing is assigned there but private use, tags and selectors of variants, which are no parts of words.
    let among_few = |c| format!("a{c}b {c}\n");
    let compare = |first: u32, last: u32| {
        // Many in a text, because a call of the reference costs more than a character.
        let characters = (first..last).filter_map(char::from_u32);
        let text: String = if first < 0x4_0000 {
            characters.map(in_context).collect()
        } else {
            characters.map(among_few).collect()
        };
        pairs.iter().for_each(|pair| pair.compare(&text));
    };
    (0..0x11_0000u32 / 32).into_par_iter().for_each(|block| compare(block * 32, block * 32 + 32));
}

#[test]
fn what_is_special_about_texts() {
    let long = |n: usize| "é".repeat(n);
    for text in [
        "".to_owned(),
        " \t\n\u{a0}\u{2028}\u{85} ".to_owned(),
        "playing unaffable, Hello-hello".to_owned(),
        "[SEP] [sep] [SEP][MASK]x[CLS]y [[SEP]] [UNK]".to_owned(),
        "<s><S><MASK> <mask>\u{301} <\u{338}S> ＜s＞ ≮s> a<s>b".to_owned(),
        "e\u{301}\u{302e}\u{323}\u{302e}\u{34f}\u{302f}\u{301}".to_owned(),
        "\u{1d157}\u{1d165}\u{1d15f}\u{1d16d}\u{302e}[SEP]\u{302e}\u{301}".to_owned(),
        "İstanbul ŉ ﬁ ß ẞ Σας ΌΣΟΣ \u{37e} ≠ ≮ \u{1fef} \u{2000}".to_owned(),
        "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇩🇪 ❤️ 1️⃣".to_owned(),
        "안녕하세요 각 \u{1100}\u{1161}\u{11a8}".to_owned(),
        "中文字a中,文\u{301}中 ｆｕｌｌ 豈\u{fa0e}".to_owned(),
        "\u{0}a\u{fffd}b\u{ad}c\u{200d}d\u{feff}e\u{e000}f\u{7f}g".to_owned(),
        format!("{} {} {}", long(99), long(100), long(101)),
        format!("{}\u{301} {}", "e\u{301}".repeat(100), "e\u{301}".repeat(101)),
        "x".repeat(100_000),
        "\u{302e}".repeat(3000) + &"\u{301}".repeat(3000),
    ] {
        every_pair().for_each(|pair| pair.compare(&text));
    }
}

/// Characters and pieces over which tokenisers stumble, from many scripts.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[SEP]",
        "[MASK]",
        "[sep]",
        "<s>",
        "<S>",
        "<mask>",
        "<MASK>",
        "[",
        "]",
        "<",
        "##ing",
        "playing",
        "Hello",
        "the",
        "unaffable",
        "naïve",
        "İ",
        "ß",
        "ﬁ",
        "ŉ",
        "\u{37e}",
        "≠",
        "≮",
        "\u{302e}",
        "\u{302f}",
        "\u{1d165}",
        "\u{1d15f}",
        "\u{34f}",
        "\u{3099}",
        "\u{8d4}",
        "\u{1dfb}",
        "\u{1e000}",
        "👩‍👩‍👧",
        "👍🏽",
        "🏳️‍🌈",
        "🇩🇪",
        "\u{200d}",
        "\u{fe0f}",
        "中",
        "豈",
        "\u{3000}",
        "\u{a0}",
        "\u{85}",
        "\0",
        "\u{fffd}",
        "\u{ad}",
        "\u{e000}",
        "\t",
        "\r\n",
        "@user",
        "https://t.co/aB3",
        "#tag",
        "...",
    ]);
    let of = |first: char, last: char| prop::char::range(first, last).prop_map(String::from);
    let piece = prop_oneof![
        4 => "[ -~]{0,6}",
        2 => of('a', 'z'),
        2 => pieces.prop_map(str::to_owned),
        2 => of('\u{300}', '\u{36f}'),
        1 => of('\u{c0}', '\u{24f}'),
        1 => of('\u{370}', '\u{52f}'),
        1 => of('\u{590}', '\u{6ff}'),
        1 => of('\u{900}', '\u{e7f}'),
        1 => of('\u{1100}', '\u{11ff}'),
        1 => of('\u{1e00}', '\u{206f}'),
        1 => of('\u{3040}', '\u{30ff}'),
        1 => of('\u{ac00}', '\u{d7a3}'),
        1 => of('\u{f900}', '\u{ffff}'),
        1 => of('\u{1d100}', '\u{1d1ff}'),
        1 => of('\u{1f300}', '\u{1faff}'),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_texts(text in any_text()) {
        for pair in every_pair() {
            let (ours, expected) = pair.ids(&text);
            prop_assert_eq!(ours, expected);
            prop_assert_eq!(pair.ours.known_words(&text), pair.known_words(&text));
        }
    }

    #[test]
    fn texts_of_any_characters(text in any::<String>()) {
        for pair in every_pair() {
            let (ours, expected) = pair.ids(&text);
            prop_assert_eq!(ours, expected);
        }
    }
}

#[test]
fn known_words_by_hand() {
    let ours = &PAIRS[0].ours;
    assert_eq!(ours.known_words("The playing PLAY, 2024 -- the! 中文 [SEP] \u{300}"), (4, 6));
    assert_eq!(ours.known_words(""), (0, 0));
    assert_eq!(ours.known_words(&"a".repeat(5000)), (0, 1));
}

/// Real texts beside the repository: lines of text and tables, and all strings of JSON.
fn real_texts() -> Vec<String> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let mut files = vec![];
    for folder in
        ["text", "conversations", "twitter", "adversarial/blns.json", "bluesky/record_examples.json"]
    {
        find_files(&data.join(folder), &mut files);
    }
    files.sort();
    let mut texts = BTreeSet::new();
    for file in &files {
        let content = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => strings_of(&content, &mut texts),
            Some("jsonl") => content.lines().for_each(|line| strings_of(line, &mut texts)),
            Some("txt" | "csv" | "tsv") | None => texts.extend(content.lines().map(str::to_owned)),
            _ => {}
        }
    }
    // As many as are compared in a few seconds, from all over.
    let step = texts.len() / 20_000 + 1;
    texts.into_iter().step_by(step).collect()
}

fn find_files(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| find_files(&entry.unwrap().path(), files));
    } else if path.is_file() {
        files.push(path.to_owned());
    }
}

fn strings_of(json: &str, texts: &mut BTreeSet<String>) {
    let mut open: Vec<Value> = serde_json::from_str(json).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => _ = texts.insert(text),
            Value::Array(values) => open.extend(values),
            Value::Object(fields) => open.extend(fields.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

#[test]
fn real_texts_have_the_same_ids() {
    let texts = real_texts();
    if texts.is_empty() {
        eprintln!("skipped: there is no folder shared/data beside the repository");
    }
    for pair in PAIRS.iter().take(1).chain(MINILM.as_ref()) {
        texts.par_iter().for_each(|text| pair.compare(text));
    }
}

#[test]
fn other_tokenizers_are_refused() {
    let right: Value = serde_json::from_slice(&fixture(NORMALISERS[0])).unwrap();
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 8] = [
        (|json| json["model"]["type"] = json!("BPE"), "model: expected WordPiece, got BPE"),
        (|json| json["normalizer"] = Value::Null, "normalizer: expected BertNormalizer, got none"),
        (
            |json| json["pre_tokenizer"]["type"] = json!("Whitespace"),
            "pre_tokenizer: expected BertPreTokenizer",
        ),
        (|json| json["model"]["vocab"] = json!({"[UNK]": 0, "a": 2}), "vocabulary: expected id 1, got 2"),
        (|json| json["model"]["unk_token"] = json!("?!?"), "every special token"),
        (|json| json["added_tokens"][0]["single_word"] = json!(true), "whole words only"),
        (|json| json["added_tokens"][0]["id"] = json!(9), "belongs to another token"),
        (|json| *json = json!([1, 2]), "tokenizer.json: "),
    ];
    for (change, expected) in cases {
        let mut json = right.clone();
        change(&mut json);
        let error = WordPiece::from_tokenizer_json(json.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(
        WordPiece::open(Path::new("no/such/file")).unwrap_err().to_string().starts_with("no/such/file: ")
    );
}
