//! Each verb finds what was planted, and tells what it did.

use serde_json::Value;

use super::{Array, GROUPS, N, folder, partition, truth};
use crate::program::{FAILED, Folder};

/// Checks what every summary says.
fn check_summary(summary: &Value, verb: &str) {
    assert_eq!(summary["verb"], verb);
    assert_eq!((&summary["n_rows"], &summary["n_cols"]), (&N.into(), &8.into()), "{summary}");
    assert_eq!((&summary["dtype"], &summary["is_mapped"]), (&"<f4".into(), &true.into()), "{summary}");
    assert!(["scalar", "avx2", "avx512"].contains(&summary["simd"].as_str().unwrap()), "{summary}");
    assert!(summary["threads"].as_u64().unwrap() >= 1 && summary["seed"] == 1, "{summary}");
    assert!(summary["method"].is_string() && summary["parameters"].is_object(), "{summary}");
    let timings = &summary["timings"];
    for part in ["read_s", "compute_s", "write_s"] {
        assert!(timings[part].as_f64().unwrap() >= 0.0, "{summary}");
    }
    let stages = timings["stages"].as_array().unwrap();
    let seconds: f64 = stages.iter().map(|stage| stage["seconds"].as_f64().unwrap()).sum();
    assert!(!stages.is_empty() && seconds <= timings["compute_s"].as_f64().unwrap(), "{summary}");
}

#[test]
fn knn_finds_the_nearest_rows_in_their_order() {
    let folder = Folder::new();
    folder.write("line.npy", Array::f4(&[[0.0_f32], [1.0], [3.0], [7.0], [7.0]]).npy());
    folder.ok("matrix knn line.npy --k 2 --out near.npy --out-distances far.npy");
    let near = Array::read(&folder, "near.npy");
    assert_eq!(near.shape, [5, 2]);
    assert_eq!(near.integers(), [1, 2, 0, 2, 1, 0, 4, 2, 3, 2]);
    assert_eq!(Array::read(&folder, "far.npy").floats(), [1.0, 3.0, 1.0, 2.0, 2.0, 3.0, 0.0, 4.0, 0.0, 4.0]);
}

#[test]
fn knn_keeps_to_the_groups_and_tells_its_recall() {
    let folder = folder();
    let summary = folder.ok_json("matrix knn in.npy --k 10 --method exact --out near.npy");
    check_summary(&summary, "knn");
    assert_eq!((&summary["method"], &summary["quality"]["recall"]), (&"exact".into(), &1.0.into()));
    assert_eq!((&summary["quality"]["k"], &summary["quality"]["is_target_met"]), (&10.into(), &true.into()));
    assert_eq!(summary["parameters"]["metric"], "euclidean");
    let near = Array::read(&folder, "near.npy").integers();
    assert!(near.iter().enumerate().all(|(at, id)| (at / 10) % GROUPS == *id as usize % GROUPS));
}

#[test]
fn knn_of_cosine_does_not_see_lengths_and_the_inner_product_does() {
    let folder = Folder::new();
    folder.write("rays.npy", Array::f4(&[[1.0, 0.0], [5.0, 0.1], [0.0, 2.0], [2.0, 0.5]]).npy());
    let nearest = |metric: &str| {
        folder.ok(&format!("matrix knn rays.npy --k 1 --metric {metric} --out {metric}.npy"));
        Array::read(&folder, &format!("{metric}.npy")).integers()
    };
    assert_eq!(nearest("euclidean"), [3, 3, 0, 0]);
    assert_eq!(nearest("cosine"), [1, 0, 3, 1]);
    assert_eq!(nearest("inner-product"), [1, 3, 3, 1]);
}

#[test]
fn more_neighbours_than_there_are_rows_give_all_others_and_that_is_told() {
    let folder = Folder::new();
    folder.write("three.npy", Array::f4(&[[0.0_f32], [1.0], [3.0]]).npy());
    let answer = folder.ok("matrix knn three.npy --k 9 --out near.npy");
    assert!(answer.stdout.contains("There are no 9 other rows."), "{answer:?}");
    assert_eq!(Array::read(&folder, "near.npy").integers(), [1, 2, 0, 2, 1, 0]);
    folder.write("one.npy", Array::f4(&[[1.0_f32]]).npy());
    folder.ok("matrix knn one.npy --out none.npy");
    assert_eq!(Array::read(&folder, "none.npy").shape, [1, 0]);
}

#[test]
fn pca_finds_the_axes_of_a_line() {
    let folder = Folder::new();
    folder.write("line.npy", Array::f4(&[[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]]).npy());
    let summary = folder.ok_json("matrix pca line.npy --components 1 --out map.npy");
    assert_eq!(Array::read(&folder, "map.npy").floats(), [-2.0, 0.0, 2.0]);
    assert_eq!(summary["quality"]["explained_variance"], serde_json::json!([4.0]));
    assert_eq!(summary["quality"]["explained_share"], serde_json::json!([1.0]));
    let mixture = self::folder();
    let summary = mixture.ok_json("matrix pca in.npy --out map.npy");
    check_summary(&summary, "pca");
    assert_eq!(Array::read(&mixture, "map.npy").shape, [N, 2]);
    // Two directions tell three groups apart.
    let shares = summary["quality"]["explained_share"].as_array().unwrap();
    assert!(shares.iter().map(|share| share.as_f64().unwrap()).sum::<f64>() > 0.95, "{summary}");
}

#[test]
fn kmeans_finds_the_groups_and_their_number() {
    let folder = folder();
    let summary = folder.ok_json("matrix kmeans in.npy --k auto --out labels.npy --out-centres centres.npy");
    check_summary(&summary, "kmeans");
    assert_eq!(partition(&Array::read(&folder, "labels.npy").integers()), truth());
    let quality = &summary["quality"];
    assert_eq!((&quality["n_clusters"], &quality["sizes"]), (&3.into(), &serde_json::json!([50, 50, 50])));
    assert!(quality["choice"]["curve"].as_array().unwrap().len() > 10, "{summary}");
    let centres = Array::read(&folder, "centres.npy");
    assert_eq!(centres.shape, [3, 8]);
    assert!(centres.floats().iter().all(|value| value.abs() < 0.5 || (value - 14.0).abs() < 0.5));
    let fixed = folder.ok_json("matrix kmeans in.npy --k 3 --out fixed.npy");
    assert_eq!(folder.read("fixed.npy"), folder.read("labels.npy"));
    assert_eq!(fixed["quality"]["choice"], Value::Null);
    let inertia = |summary: &Value| summary["quality"]["inertia"].as_f64().unwrap();
    assert!((inertia(&fixed) / inertia(&summary) - 1.0).abs() < 1e-9);
}

#[test]
fn parameters_out_of_their_range_fail_and_write_nothing() {
    let folder = folder();
    for (line, word) in [
        ("knn in.npy --k 0 --out out.npy", "k is 0"),
        ("knn in.npy --target-recall 1.5 --out out.npy", "target_recall is 1.5"),
        ("pca in.npy --components 9 --out out.npy", "n_components is 9"),
        ("kmeans in.npy --k 151 --out out.npy", "151"),
        ("kmeans in.npy --k 3 --n-init 0 --out out.npy", "n_init is 0"),
        ("kmeans in.npy --k 3 --max-iter 0 --out out.npy", "max_iter is 0"),
    ] {
        let answer = folder.run(format!("matrix {line}").split_whitespace());
        assert_eq!(answer.code, FAILED, "{line}: {answer:?}");
        assert!(answer.stderr.contains(word), "{line}: {answer:?}");
        assert!(!folder.path("out.npy").exists(), "{line}");
    }
}

#[test]
fn without_json_a_few_lines_say_what_was_found() {
    let folder = folder();
    let answer = folder.ok("matrix kmeans in.npy --k 3 --out labels.npy --threads 2");
    assert_eq!(answer.stderr, "");
    for word in
        ["150 rows of 8 columns (<f4, in place)", "3 clusters of 50, 50, 50 rows", "2 threads", "labels.npy"]
    {
        assert!(answer.stdout.contains(word), "{word}: {answer:?}");
    }
}
