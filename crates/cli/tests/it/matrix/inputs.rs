//! Arrays of every type and order are read alike, and what is no such array is told.

use super::{Array, folder, mixture};
use crate::program::{Answer, FAILED, Folder};

/// Small numbers, that every type of float holds exactly.
const ROWS: [[f32; 3]; 4] = [[0.0, 1.0, -2.5], [3.0, 4.0, 0.5], [6.0, -7.0, 8.0], [0.25, 10.0, 11.0]];

fn pca(folder: &Folder, name: &str) -> Answer {
    folder.run(["matrix", "pca", name, "--out", "out.npy", "--overwrite", "--json"])
}

/// The bytes of a half-precision float that holds the value exactly.
fn half(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 0xff) as i32;
    let narrow = if exponent == 0 { 0 } else { ((exponent - 112) as u32) << 10 | bits >> 13 & 0x3ff };
    ((bits >> 16 & 0x8000 | narrow) as u16).to_le_bytes()
}

#[test]
fn every_type_of_float_and_every_order_gives_the_same_bytes() {
    let folder = Folder::new();
    let of = |dtype: &str, bytes: Vec<u8>| Array { dtype: dtype.to_owned(), shape: vec![4, 3], bytes };
    let values = || ROWS.iter().flatten().copied();
    let columns = || (0..3).flat_map(|column| ROWS.map(|row| row[column]));
    let files = [
        ("f4", true, Array::f4(&ROWS).npy()),
        ("f2", false, of("<f2", values().flat_map(half).collect()).npy()),
        ("f8", false, of("<f8", values().flat_map(|value| f64::from(value).to_le_bytes()).collect()).npy()),
        ("big", false, of(">f4", values().flat_map(f32::to_be_bytes).collect()).npy()),
        ("big8", false, of(">f8", values().flat_map(|value| f64::from(value).to_be_bytes()).collect()).npy()),
        ("fortran", false, of("<f4", columns().flat_map(f32::to_le_bytes).collect()).npy_in("True")),
        ("fortran2", false, of("<f2", columns().flat_map(half).collect()).npy_in("True")),
    ];
    let mut expected = None;
    for (name, is_mapped, file) in files {
        folder.write(&format!("{name}.npy"), file);
        let answer = pca(&folder, &format!("{name}.npy"));
        assert_eq!(answer.code, 0, "{name}: {answer:?}");
        assert_eq!(answer.json()["is_mapped"], is_mapped, "{name}");
        let out = folder.read("out.npy");
        assert_eq!(*expected.get_or_insert_with(|| out.clone()), out, "{name}");
    }
}

#[test]
fn a_header_that_leaves_the_values_unaligned_is_read_all_the_same() {
    let folder = Folder::new();
    folder.write("aligned.npy", Array::f4(&ROWS).npy());
    let text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 3)}";
    let head = [&b"\x93NUMPY\x01\x00"[..], &(text.len() as u16).to_le_bytes(), text].concat();
    assert_ne!(head.len() % 4, 0);
    folder.write("odd.npy", [head, Array::f4(&ROWS).bytes].concat());
    assert_eq!(pca(&folder, "aligned.npy").json()["is_mapped"], true);
    let aligned = folder.read("out.npy");
    assert_eq!(pca(&folder, "odd.npy").json()["is_mapped"], false);
    assert_eq!(folder.read("out.npy"), aligned);
}

#[test]
fn what_is_no_array_of_vectors_is_told_with_file_place_and_remedy() {
    let folder = Folder::new();
    let whole = mixture().npy();
    let typed = |dtype: &str, shape: &[usize], bytes: Vec<u8>| {
        Array { dtype: dtype.to_owned(), shape: shape.to_vec(), bytes }.npy()
    };
    let one = |value: f64| {
        let mut values = [0.5_f64; 12];
        values[7] = value;
        typed("<f8", &[4, 3], values.iter().flat_map(|value| value.to_le_bytes()).collect())
    };
    let mut infinite = Array::f4(&ROWS);
    infinite.bytes[20..24].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    let files: [(&str, Vec<u8>, &[&str]); 22] = [
        ("empty", vec![], &["an empty file", "numpy.save"]),
        ("text", b"a,b,c\n1,2,3\n".to_vec(), &["begins with \"a,b,c\\n1,\""]),
        ("zip", b"PK\x03\x04...".to_vec(), &["numpy.savez"]),
        ("pickle", b"\x80\x04\x95".to_vec(), &["pickle", "never is"]),
        ("cut", whole[..whole.len() - 1].to_vec(), &["is cut", "(150, 8)", "4928", "4927"]),
        ("cut_head", whole[..60].to_vec(), &["its header", "byte 128", "at 60"]),
        ("longer", [whole.clone(), vec![0; 5]].concat(), &["goes on for 5 bytes", "(150, 8)"]),
        ("objects", typed("|O", &[4, 3], vec![0; 96]), &["object", "pickles", "never", "astype"]),
        (
            "integers",
            typed("<i8", &[4, 3], vec![0; 96]),
            &["dtype <i8", "f2, f4, f8", "a.astype(numpy.float32)"],
        ),
        ("complex", typed("<c8", &[4, 3], vec![0; 96]), &["dtype <c8"]),
        ("texts", typed("<U3", &[4, 3], vec![0; 144]), &["dtype <U3"]),
        ("flat", typed("<f4", &[12], vec![0; 48]), &["shape (12,)", "two axes", "reshape(-1, 1)"]),
        ("deep", typed("<f4", &[2, 2, 3], vec![0; 48]), &["shape (2, 2, 3)", "reshape(len(a), -1)"]),
        ("scalar", typed("<f4", &[], vec![0; 4]), &["shape ()"]),
        ("no_rows", typed("<f4", &[0, 3], vec![]), &["shape (0, 3)", "empty"]),
        ("no_columns", typed("<f4", &[3, 0], vec![]), &["shape (3, 0)", "empty"]),
        ("vast", typed("<f4", &[1 << 40, 1 << 40], vec![0; 48]), &["fit into no file"]),
        ("long", typed("<f4", &[1 << 50, 1], vec![0; 48]), &["is cut"]),
        ("nan", one(f64::NAN), &["row 2, column 1 is NaN", "isfinite"]),
        ("inf", infinite.npy(), &["row 1, column 2 is -inf"]),
        ("large", one(-1e39), &["row 2, column 1 is -1e39", "beyond the 3.4028235e38"]),
        ("version", b"\x93NUMPY\x09\x00\x76\x00".to_vec(), &["version 9.0", "numpy.save"]),
    ];
    for (name, file, words) in files {
        let name = format!("{name}.npy");
        folder.write(&name, file);
        let answer = pca(&folder, &name);
        assert_eq!((answer.code, answer.stdout.as_str()), (FAILED, ""), "{name}: {answer:?}");
        assert!(answer.stderr.starts_with(&format!("populi: {name}: ")), "{answer:?}");
        assert!(words.iter().all(|word| answer.stderr.contains(word)), "{words:?}: {answer:?}");
        assert!(!folder.path("out.npy").exists(), "{name}");
    }
    for name in ["absent.npy", "."] {
        let answer = pca(&folder, name);
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(answer.stderr.contains(name), "{answer:?}");
    }
}

#[test]
fn a_value_that_only_float64_holds_is_rounded_and_one_beyond_float32_is_refused() {
    let folder = Folder::new();
    let of = |value: f64| {
        let bytes = [0.0, value].iter().flat_map(|value| value.to_le_bytes()).collect();
        Array { dtype: "<f8".to_owned(), shape: vec![2, 1], bytes }.npy()
    };
    folder.write("small.npy", of(1e-300));
    folder.write("largest.npy", of(f64::from(f32::MAX)));
    folder.write("beyond.npy", of(f64::from(f32::MAX) * 1.001));
    let line = |name: &str| format!("matrix knn {name}.npy --k 1 --out {name}.out.npy");
    folder.ok(&line("small"));
    assert_eq!(Array::read(&folder, "small.out.npy").integers(), [1, 0]);
    folder.ok(&line("largest"));
    assert_eq!(folder.run(line("beyond").split_whitespace()).code, FAILED);
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = folder();
    let made = std::process::Command::new("mkfifo").arg(folder.path("pipe.npy")).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: there is no mkfifo");
        return;
    }
    let answer = pca(&folder, "pipe.npy");
    assert_eq!(answer.code, FAILED, "{answer:?}");
    assert!(answer.stderr.contains("a folder or a pipe"), "{answer:?}");
}
