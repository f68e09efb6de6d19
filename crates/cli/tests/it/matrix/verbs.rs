//! Each verb finds what was planted, and tells what it did.

use serde_json::Value;

use super::{Array, GROUPS, N, folder, partition, truth};
use crate::program::{DONE, FAILED, Folder};

/// The labels of the mixture, as an array.
fn labels(folder: &Folder, name: &str, values: &[i32]) {
    folder.write(name, Array::i4(&[values.len()], values).npy());
}

fn close(value: &Value, expected: f64) {
    let got = value.as_f64().unwrap();
    assert!((got - expected).abs() < 1e-9, "{got} is not {expected}");
}

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
fn umap_keeps_the_groups_apart_and_takes_a_graph_that_is_known() {
    let folder = folder();
    let summary = folder.ok_json("matrix umap in.npy --out map.npy");
    check_summary(&summary, "umap");
    let map = Array::read(&folder, "map.npy");
    assert_eq!(map.shape, [N, 2]);
    assert!(map.floats().iter().all(|value| value.is_finite()));
    let quality = &summary["quality"];
    assert_eq!((&quality["n_neighbors"], &quality["n_epochs"]), (&15.into(), &500.into()), "{summary}");
    assert_eq!((&quality["recall"], &quality["n_parts"]), (&1.0.into(), &3.into()), "{summary}");
    // k-means on the map finds the groups, and rows have the neighbours that they had.
    folder.ok("matrix kmeans map.npy --k 3 --out labels.npy");
    assert_eq!(partition(&Array::read(&folder, "labels.npy").integers()), truth());
    let score = folder.ok_json("matrix score in.npy --map map.npy");
    assert!(score["quality"]["map"]["trustworthiness"].as_f64().unwrap() > 0.9, "{score}");

    // The row itself is counted among its neighbors here, and not by knn.
    folder.ok("matrix knn in.npy --k 14 --out near.npy --out-distances far.npy");
    let given = folder.ok_json("matrix umap in.npy --knn near.npy --knn-distances far.npy --out given.npy");
    assert_eq!(folder.read("given.npy"), folder.read("map.npy"));
    assert_eq!(given["quality"]["recall"], Value::Null);
    let other = folder.ok_json(
        "matrix umap in.npy --components 5 --neighbors 8 --min-dist 0 --spread 2 --epochs 30 --init pca --metric cosine \
         --negative-sample-rate 3 --learning-rate 0.5 --seed 4 --out five.npy",
    );
    assert_eq!(Array::read(&folder, "five.npy").shape, [N, 5]);
    let used = &other["parameters"];
    assert_eq!(
        (&used["metric"], &used["neighbors"], &used["epochs"]),
        (&"cosine".into(), &8.into(), &30.into())
    );
    assert_eq!(
        (&used["min_dist"], &used["spread"], &used["init"]),
        (&0.0.into(), &2.0.into(), &"pca".into())
    );
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
fn dbscan_finds_the_groups_with_and_without_a_distance() {
    let folder = folder();
    let summary = folder.ok_json("matrix dbscan in.npy --eps 2.5 --out given.npy");
    check_summary(&summary, "dbscan");
    assert_eq!(partition(&Array::read(&folder, "given.npy").integers()), truth(), "{summary}");
    let quality = &summary["quality"];
    assert_eq!((&quality["n_clusters"], &quality["n_noise"]), (&3.into(), &0.into()));
    assert_eq!((&quality["eps"], &quality["is_eps_found"]), (&2.5.into(), &false.into()));
    // The knee leaves a few rows at the rims out.
    let summary = folder.ok_json("matrix dbscan in.npy --out found.npy");
    let found = Array::read(&folder, "found.npy").integers();
    let wrong = found.iter().zip(truth()).filter(|(label, group)| **label != *group && **label != -1);
    assert_eq!(wrong.count(), 0, "{summary}");
    assert!(summary["quality"]["noise_share"].as_f64().unwrap() < 0.1, "{summary}");
    assert_eq!(summary["quality"]["is_eps_found"], true);
    // Nobody is within so little of anybody.
    let summary = folder.ok_json("matrix dbscan in.npy --eps 0.001 --out none.npy");
    assert_eq!(
        (&summary["quality"]["n_clusters"], &summary["quality"]["noise_share"]),
        (&0.into(), &1.0.into())
    );
    assert_eq!(Array::read(&folder, "none.npy").integers(), [-1; N]);
}

#[test]
fn kmeans_keeps_to_the_sizes_that_are_asked_for() {
    let folder = folder();
    let line = "matrix kmeans in.npy --k 3 --min-size 30 --max-size 52 --out labels.npy --overwrite";
    let summary = folder.ok_json(line);
    assert_eq!(partition(&Array::read(&folder, "labels.npy").integers()), truth());
    assert_eq!(
        (&summary["method"], &summary["quality"]["n_displaced"]),
        (&"constrained k-means".into(), &0.into())
    );
    let tight =
        folder.ok_json("matrix kmeans in.npy --k 4 --min-size 37 --max-size 38 --out labels.npy --overwrite");
    assert_eq!(tight["quality"]["sizes"], serde_json::json!([38, 38, 37, 37]), "{tight}");
    assert!(tight["quality"]["n_displaced"].as_u64().unwrap() > 0, "{tight}");
    let answer = folder.run("matrix kmeans in.npy --k 4 --max-size 37 --out none.npy".split_whitespace());
    assert!(answer.code == FAILED && answer.stderr.contains("cannot have n = 150 rows"), "{answer:?}");
}

#[test]
fn hdbscan_finds_the_groups_and_the_row_that_is_in_none() {
    let folder = Folder::new();
    // The mixture and a row far from all.
    let mut points = super::mixture();
    points.bytes.extend([-99.0_f32; 8].iter().flat_map(|value| value.to_le_bytes()));
    points.shape[0] += 1;
    folder.write("in.npy", points.npy());
    let line = "matrix hdbscan in.npy --min-cluster-size 20 --out labels.npy --out-strengths strengths.npy --layers layers.npy";
    let summary = folder.ok_json(line);
    let labels = Array::read(&folder, "labels.npy").integers();
    assert_eq!((partition(&labels[..N]), labels[N]), (truth(), -1), "{summary}");
    let quality = &summary["quality"];
    assert_eq!((&quality["n_clusters"], &quality["n_noise"]), (&3.into(), &1.into()), "{summary}");
    assert_eq!((&summary["method"], &summary["parameters"]["selection"]), (&"kd-tree".into(), &"eom".into()));
    let strengths = Array::read(&folder, "strengths.npy");
    assert_eq!(strengths.shape, [N + 1]);
    assert!(strengths.floats()[..N].iter().all(|strength| *strength > 0.0 && *strength <= 1.0));
    assert_eq!(strengths.floats()[N], 0.0);
    let layers = Array::read(&folder, "layers.npy");
    let n_layers = quality["layers"].as_array().unwrap().len();
    assert_eq!(layers.shape, [N + 1, n_layers]);
    assert_eq!(quality["layers"][0]["n_clusters"], 3);
    let finest: Vec<i32> = layers.integers().into_iter().step_by(n_layers).collect();
    assert_eq!(partition(&finest[..N]), truth());
    // With no noise allowed, the row joins what is nearest to it.
    let summary = folder.ok_json("matrix hdbscan in.npy --min-cluster-size 20 --max-noise 0 --out all.npy");
    assert_eq!((&summary["quality"]["n_noise"], &summary["quality"]["n_assigned"]), (&0.into(), &1.into()));
    assert!(Array::read(&folder, "all.npy").integers()[N] >= 0);
}

#[test]
fn hdbscan_takes_a_graph_of_our_own_or_one_in_which_rows_name_themselves() {
    let folder = folder();
    folder.ok("matrix knn in.npy --k 10 --out near.npy --out-distances far.npy");
    let line = "matrix hdbscan in.npy --min-cluster-size 20 --min-samples 5 --overwrite --out labels.npy";
    let given = format!("{line} --knn near.npy --knn-distances far.npy");
    let summary = folder.ok_json(&given);
    assert_eq!(
        (&summary["method"], &summary["quality"]["named_themselves"]),
        (&"graph".into(), &false.into())
    );
    let labels = Array::read(&folder, "labels.npy");
    assert_eq!(partition(&labels.integers()), truth());
    let with_itself = |values: &[u8], own: &dyn Fn(usize) -> [u8; 4]| -> Vec<u8> {
        let rows = values.chunks_exact(40).enumerate();
        rows.flat_map(|(row, values)| [&own(row), values].concat()).collect()
    };
    let (near, far) = (Array::read(&folder, "near.npy"), Array::read(&folder, "far.npy"));
    let near = with_itself(&near.bytes, &|row| (row as i32).to_le_bytes());
    let far = with_itself(&far.bytes, &|_| [0; 4]);
    let write = |name: &str, dtype: &str, bytes: &[u8]| {
        let array = Array { dtype: dtype.to_owned(), shape: vec![N, 11], bytes: bytes.to_vec() };
        folder.write(name, array.npy());
    };
    write("near.npy", "<i4", &near);
    write("far.npy", "<f4", &far);
    assert_eq!(folder.ok_json(&given)["quality"]["named_themselves"], true);
    assert_eq!(folder.read("labels.npy"), labels.npy());

    let fails = |word: &str| {
        let answer = folder.run(given.split_whitespace());
        assert!(answer.code == FAILED && answer.stderr.contains(word), "{word}: {answer:?}");
    };
    write("near.npy", "<i4", &[&near[..48], &150_i32.to_le_bytes(), &near[52..]].concat());
    fails("near.npy: row 1, column 1 is 150 (both from 0): expected the number of a row, from 0 to 149");
    write("near.npy", "<i4", &[&near[..48], &1_i32.to_le_bytes(), &near[52..]].concat());
    fails("near.npy: row 1, column 1 is 1 (both from 0): expected another row");
    write("near.npy", "<i4", &near);
    write("far.npy", "<f4", &[&far[..8], &9e9_f32.to_le_bytes(), &far[12..]].concat());
    fails("far.npy: row 0, column 3 is");
    folder.write("far.npy", Array::f4(&[[0.0_f32; 3]; N]).npy());
    fails("far.npy: shape (150, 3): expected (150, 11)");
    let answer = folder.run(format!("{line} --knn near.npy").split_whitespace());
    assert!(answer.code == FAILED && answer.stderr.contains("--knn-distances"), "{answer:?}");
}

#[test]
fn score_of_clusters_is_what_the_definitions_say() {
    let folder = Folder::new();
    folder.write("in.npy", Array::f4(&[[0.0_f32], [2.0], [9.0], [11.0], [50.0]]).npy());
    labels(&folder, "labels.npy", &[0, 0, 1, 1, -1]);
    labels(&folder, "truth.npy", &[7, 7, 5, 5, 5]);
    let summary =
        folder.ok_json("matrix score in.npy --labels labels.npy --truth truth.npy --out silhouettes.npy");
    let clusters = &summary["quality"]["clusters"];
    close(&clusters["silhouette"], 0.775); // (0.8 + 0.75) / 2
    close(&clusters["davies_bouldin"], 2.0 / 9.0);
    close(&clusters["calinski_harabasz"], 4.0 * 4.5 * 4.5 / (4.0 / 2.0));
    assert_eq!((&clusters["n_clusters"], &clusters["n_noise"]), (&2.into(), &1.into()));
    let silhouettes = Array::read(&folder, "silhouettes.npy").floats();
    assert_eq!(silhouettes[..4], [0.8, 0.75, 0.75, 0.8]);
    assert!(silhouettes[4].is_nan());
    // Without noise the two agree; with it, 2 of 10 pairs are together in both, 2 in the labels, 4 in the truth.
    let quality = &summary["quality"];
    close(&quality["agreement_without_noise"]["ari"], 1.0);
    close(&quality["agreement_without_noise"]["v_measure"], 1.0);
    close(&quality["agreement"]["ari"], (2.0 - 0.8) / (3.0 - 0.8));
    close(&quality["agreement"]["homogeneity"], 1.0);
    assert_eq!((&quality["agreement"]["n_rows"], &quality["map"]), (&5.into(), &Value::Null));
}

#[test]
fn score_of_a_map_is_1_for_a_turned_copy_and_less_for_a_shuffled_one() {
    let folder = folder();
    folder.ok("matrix pca in.npy --components 8 --out turned.npy");
    folder.ok("matrix kmeans in.npy --k 3 --out labels.npy");
    let summary = folder.ok_json("matrix score in.npy --map turned.npy --labels labels.npy --k 5");
    check_summary(&summary, "score");
    let map = &summary["quality"]["map"];
    assert!(map["trustworthiness"].as_f64().unwrap() > 0.9999, "{summary}");
    assert!(map["preservation"].as_f64().unwrap() > 0.999 && map["n_sampled"] == N, "{summary}");
    let mut shuffled = Array::read(&folder, "turned.npy");
    shuffled.bytes.rotate_right(32);
    folder.write("shuffled.npy", shuffled.npy());
    let summary = folder.ok_json("matrix score in.npy --map shuffled.npy --k 5 --sample 40");
    let map = &summary["quality"]["map"];
    assert!(map["trustworthiness"].as_f64().unwrap() < 0.9, "{summary}");
    assert!(map["preservation"].as_f64().unwrap() < 0.2, "{summary}");
    assert_eq!(
        (&summary["quality"]["map"]["n_sampled"], &summary["method"]),
        (&40.into(), &"sampled".into())
    );
}

#[test]
fn labels_of_any_width_are_read_and_others_refused() {
    let folder = folder();
    let line = "matrix score in.npy --labels labels.npy --sample 20";
    folder.ok("matrix kmeans in.npy --k 3 --out labels.npy");
    let narrow = Array::read(&folder, "labels.npy").integers();
    let expected = folder.ok_json(line)["quality"].clone();
    let of = |dtype: &str, shape: &[usize], bytes: Vec<u8>| {
        folder.write("labels.npy", Array { dtype: dtype.to_owned(), shape: shape.to_vec(), bytes }.npy());
    };
    of("<i8", &[N], narrow.iter().flat_map(|label| i64::from(*label).to_le_bytes()).collect());
    assert_eq!(folder.ok_json(line)["quality"], expected);
    of(">u2", &[N, 1], narrow.iter().flat_map(|label| (*label as u16).to_be_bytes()).collect());
    assert_eq!(folder.ok_json(line)["quality"], expected);
    of("|u1", &[N], narrow.iter().map(|label| *label as u8).collect());
    assert_eq!(folder.ok_json(line)["quality"], expected);
    let fails = |word: &str| {
        let answer = folder.run(line.split_whitespace());
        assert_eq!(answer.code, FAILED, "{answer:?}");
        assert!(
            answer.stderr.starts_with("populi: labels.npy: ") && answer.stderr.contains(word),
            "{answer:?}"
        );
    };
    of("<f4", &[N], vec![0; 4 * N]);
    fails("dtype <f4: expected integers");
    of("<i4", &[N - 1], vec![0; 4 * (N - 1)]);
    fails("shape (149,): expected (150,)");
    of("<i8", &[N], [(1_i64 << 40).to_le_bytes().to_vec(), vec![0; 8 * (N - 1)]].concat());
    fails("row 0, column 0 is 1099511627776");
    of("<i4", &[N], [vec![0; 4 * (N - 1)], (-2_i32).to_le_bytes().to_vec()].concat());
    fails("row 149, column 0 is -2");
    of("<i4", &[N], vec![0; 4 * N]);
    let answer = folder.run(line.split_whitespace());
    assert!(answer.code == DONE && answer.stdout.contains("they need two clusters"), "{answer:?}");
}

#[test]
fn parameters_out_of_their_range_fail_and_write_nothing() {
    let folder = folder();
    for (line, word) in [
        ("knn in.npy --k 0 --out out.npy", "k is 0"),
        ("knn in.npy --target-recall 1.5 --out out.npy", "target_recall is 1.5"),
        ("pca in.npy --components 9 --out out.npy", "n_components is 9"),
        ("umap in.npy --neighbors 1 --out out.npy", "n_neighbors is 1"),
        ("umap in.npy --min-dist 2 --out out.npy", "min_dist is 2"),
        ("umap in.npy --components 0 --out out.npy", "n_components is 0"),
        ("hdbscan in.npy --min-cluster-size 1 --out out.npy", "min_cluster_size is 1"),
        ("hdbscan in.npy --max-noise 2 --out out.npy", "max_noise is 2"),
        ("hdbscan in.npy --metric inner-product --out out.npy", "metric is inner-product"),
        ("kmeans in.npy --k 3 --min-size 0 --out out.npy", "min_size is 0"),
        ("dbscan in.npy --eps 0 --out out.npy", "eps is 0"),
        ("dbscan in.npy --min-samples 0 --out out.npy", "min_samples is 0"),
        ("score in.npy", "--map"),
        ("score in.npy --map in.npy --truth in.npy", "--labels"),
        ("score in.npy --map in.npy --k 75", "k is 75"),
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
