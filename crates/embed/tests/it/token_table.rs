//! A table of tokens: its vectors, its file, and what is no table.

use populi_embed::{AddedToken, Embedder, Error, TableCard, TextSample, TokenTable, WordPieceParams};
use populi_geometry::Matrix;
use proptest::prelude::*;

const N_DIMS: usize = 32;

/// Words, pieces and an ideograph, with rows that tell them apart.
fn table() -> TokenTable {
    let vocabulary = ["[UNK]", "[SEP]", "red", "fox", "##es", "a", "中", "!"].map(str::to_owned).to_vec();
    let added = vec![AddedToken { token: "[SEP]".to_owned(), is_normalised: false }];
    let value = |i: usize| ((i * i * 37 % 101) as f32 - 50.0) / (1.0 + (i / N_DIMS) as f32);
    let rows = Matrix::from_vec(8, N_DIMS, (0..8 * N_DIMS).map(value).collect()).unwrap();
    let card = TableCard { teacher: "by hand".to_owned(), ..TableCard::default() };
    TokenTable::new(vocabulary, WordPieceParams { added, ..WordPieceParams::default() }, &rows, card).unwrap()
}

fn row(table: &TokenTable, text: &str) -> Vec<f32> {
    table.embed(&[text]).unwrap().into_values()
}

#[test]
fn rows_have_length_one_or_are_zero() {
    let table = table();
    for text in ["red", "Red FOXES!", "a中a", "foxes [SEP] unknown"] {
        let length: f32 = row(&table, text).iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-5, "{text}: {length}");
    }
    for text in ["", "  ", "[SEP]", "qqq [UNK] 字", "\u{fffd}\u{200d}"] {
        assert_eq!(row(&table, text), [0.0; N_DIMS], "{text}");
    }
}

#[test]
fn rounding_to_bytes_hardly_turns_a_vector() {
    // Sums of eight numbers that look random are spread as rows of components are, with few large ones.
    let noise = |i: usize| ((i * 2_654_435_761) >> 9 & 0xffff) as f32 / 32768.0 - 1.0;
    let value = |i: usize| (0..8).map(|j| noise(i * 8 + j)).sum::<f32>() / (1.0 + (i / 256) as f32);
    let rows = Matrix::from_vec(27, 256, (0..27 * 256).map(value).collect()).unwrap();
    let words = (b'a'..=b'z').map(|letter| char::from(letter).to_string());
    let vocabulary = std::iter::once("[UNK]".to_owned()).chain(words).collect();
    let table = TokenTable::new(vocabulary, WordPieceParams::default(), &rows, TableCard::default()).unwrap();
    for text in ["a", "z", "q w e r t y", "a b c d e f g h i j k l m n o p q r s t u v w x y z"] {
        let mut exact = vec![0f64; 256];
        for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
            let row = rows.row(usize::from(letter - b'a') + 1);
            exact.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        let length = exact.iter().map(|value| value * value).sum::<f64>().sqrt();
        let cosine =
            row(&table, text).iter().zip(&exact).map(|(&a, b)| f64::from(a) * b).sum::<f64>() / length;
        assert!(cosine > 0.9999 && cosine < 1.00001, "{text}: {cosine}");
    }
}

#[test]
fn special_and_unknown_tokens_weigh_nothing() {
    let table = table();
    assert_eq!(row(&table, "red fox"), row(&table, "red [SEP] qqq fox [UNK]"));
}

#[test]
fn long_texts_are_read_up_to_a_limit() {
    let table = table();
    let start = "red ".repeat(TextSample::MAX_BYTES / 4);
    assert_eq!(row(&table, &start), row(&table, &(start.clone() + &"fox ".repeat(25_000))));
    assert_eq!(
        table.known_words(&(start + "fox")),
        (TextSample::MAX_BYTES as u64 / 4, TextSample::MAX_BYTES as u64 / 4)
    );
}

#[test]
fn same_bits_whatever_the_batch_and_the_threads() {
    let table = table();
    let words = ["red", "foxes", "中", "qqq", "!", "a", "[SEP]", "ünknown"];
    let texts: Vec<String> = (0..1000)
        .map(|i| (0..i % 40).map(|j| words[(i * 7 + j * j) % words.len()]).collect::<Vec<_>>().join(" "))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| table.embed(&texts).unwrap())
    };
    let together = run(1);
    assert!(together == run(3) && together == run(8));
    for (text, vector) in texts.iter().zip(together.rows()) {
        assert_eq!(row(&table, text), vector, "{text}");
    }
}

#[test]
fn a_file_gives_back_the_table() {
    let table = table();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.bin");
    table.write(&path).unwrap();
    table.write(&path).unwrap();
    let again = TokenTable::open(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(again.card(), table.card());
    assert_eq!(again.fingerprint(), table.fingerprint());
    assert_eq!(again.tokenizer().vocabulary(), table.tokenizer().vocabulary());
    assert_eq!(again.n_dims(), N_DIMS);
    assert_eq!(row(&again, "red foxes!"), row(&table, "red foxes!"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        assert_eq!(mode(&path), mode(&plain), "as any file that the user makes");
    }
    let error = table.write(&folder.path().join("missing/table.bin")).unwrap_err();
    assert!(matches!(error, Error::ModelFile { .. }), "{error}");
    assert!(TokenTable::open(&folder.path().join("none")).is_err());
}

#[test]
fn what_is_cut_or_changed_is_refused() {
    let bytes = table().bytes().to_vec();
    for end in 0..bytes.len() {
        assert!(TokenTable::from_bytes(bytes[..end].to_vec()).is_err(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let error = TokenTable::from_bytes(changed).unwrap_err();
        assert!(matches!(error, Error::ModelFile { .. }), "changed at {at}: {error}");
    }
    let mut longer = bytes;
    longer.push(0);
    let error = TokenTable::from_bytes(longer).unwrap_err().to_string();
    assert!(error.contains("bytes long, expected"), "{error}");
}

#[test]
fn no_file_beside_a_table_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("table.bin.part");
    std::fs::write(&theirs, "theirs").unwrap();
    table().write(&folder.path().join("table.bin")).unwrap();
    assert_eq!(std::fs::read(&theirs).unwrap(), b"theirs");
    // Neither where writing fails: a folder is in its place.
    let place = folder.path().join("folder");
    std::fs::create_dir_all(place.join("full")).unwrap();
    assert!(table().write(&place).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// A terabyte of zeros that takes no room, behind a table.
#[cfg(target_os = "linux")]
#[test]
fn what_is_no_table_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge");
    for start in [&b"no table"[..], table().bytes()] {
        std::fs::write(&path, start).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let error = TokenTable::open(&path).unwrap_err().to_string();
        assert!(
            error.contains("not a token table") || error.contains("is 1099511627776 bytes long"),
            "{error}"
        );
    }
}

#[test]
fn sizes_that_overflow_are_refused() {
    let mut bytes = b"POPULITT\x01\0\0\0".to_vec();
    bytes.resize(64, 0xff);
    let error = TokenTable::from_bytes(bytes).unwrap_err().to_string();
    assert!(error.contains("is 64 bytes long, expected 18446744099479355449"), "{error}");
}

#[test]
fn scales_have_bounds() {
    let whole = table();
    let place = 64 + 8 * N_DIMS + 4 * 2;
    let with = |scale: f32| {
        let mut bytes = whole.bytes().to_vec();
        bytes[place..place + 4].copy_from_slice(&scale.to_le_bytes());
        let hash = blake3::hash(&[&bytes[..32], &bytes[64..]].concat());
        bytes[32..64].copy_from_slice(hash.as_bytes());
        TokenTable::from_bytes(bytes)
    };
    for scale in [1e-12, 1.0, 1e8] {
        let squares: f32 = row(&with(scale).unwrap(), "red").iter().map(|value| value * value).sum();
        assert!((squares - 1.0).abs() < 1e-5, "{scale:e}: {squares}");
    }
    assert_eq!(row(&with(0.0).unwrap(), "red"), [0.0; N_DIMS]);
    for scale in [1e-12_f32.next_down(), -1e-12, 1e8_f32.next_up(), -1.0, f32::NAN, f32::INFINITY] {
        let error = with(scale).unwrap_err().to_string();
        assert!(error.contains("expected 0 or 1e-12 to 1e8"), "{scale}: {error}");
    }
}

#[test]
fn wrong_rows_are_errors() {
    let make = |n_rows: usize, n_cols: usize, value: f32| {
        let rows = Matrix::from_vec(n_rows, n_cols, vec![value; n_rows * n_cols]).unwrap();
        let vocabulary = ["[UNK]", "a"].map(str::to_owned).to_vec();
        TokenTable::new(vocabulary, WordPieceParams::default(), &rows, TableCard::default())
    };
    assert!(make(2, 16, 1.0).is_ok());
    for (n_rows, n_cols, value) in [(2, 0, 1.0), (2, 15, 1.0), (3, 16, 1.0), (2, 16, f32::NAN), (2, 16, 1e38)]
    {
        assert!(make(n_rows, n_cols, value).is_err(), "{n_rows} {n_cols} {value}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_gives_a_finite_row(text in any::<String>()) {
        let table = table();
        prop_assert!(row(&table, &text).iter().all(|value| value.is_finite()));
    }

    #[test]
    fn any_bytes_are_refused(header in prop::collection::vec(any::<u8>(), 0..200), sizes in prop::array::uniform4(prop_oneof![0u32..300, any::<u32>()])) {
        let mut bytes = b"POPULITT\x01\0\0\0".to_vec();
        bytes.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        bytes.extend(header);
        prop_assert!(TokenTable::from_bytes(bytes).is_err());
    }
}
