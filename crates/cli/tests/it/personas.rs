//! Persona clusters against the planted communities of a world, a classifier that knows the true distributions, a baseline
//! and a control. `bench/personas.py` asks the same of a larger world.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::program::{FAILED, Folder};

/// The adjusted Rand index, from its definition.
fn ari(a: &[usize], b: &[usize]) -> f64 {
    let pairs = |n: usize| (n * n.saturating_sub(1)) as f64 / 2.0;
    let count = |of: &dyn Fn(usize) -> (usize, usize)| -> f64 {
        let mut sizes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        (0..a.len()).for_each(|i| *sizes.entry(of(i)).or_default() += 1);
        sizes.into_values().map(pairs).sum()
    };
    let (both, in_a, in_b) = (count(&|i| (a[i], b[i])), count(&|i| (a[i], 0)), count(&|i| (0, b[i])));
    let expected = in_a * in_b / pairs(a.len());
    (both - expected) / (0.5 * (in_a + in_b) - expected)
}

/// Another order, the same every time.
fn shuffled<T: Clone>(items: &[T]) -> Vec<T> {
    let (mut items, mut state) = (items.to_vec(), 1_u64);
    for i in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(i, (state >> 33) as usize % (i + 1));
    }
    items
}

/// The Bayes classifier: the community whose posterior is the highest, given the words in the slots of an author's posts.
struct Bayes {
    log_prior: Vec<f64>,
    log_shares: BTreeMap<String, Vec<f64>>,
    /// The text between the slots of each sentence, the longest sentences first.
    patterns: Vec<Vec<String>>,
}

impl Bayes {
    fn new(tastes: &Value) -> Self {
        let logs = |shares: &Value| -> Vec<f64> {
            shares.as_array().unwrap().iter().map(|share| share.as_f64().unwrap().ln()).collect()
        };
        let words = tastes["words"].as_object().unwrap();
        let mut patterns: Vec<Vec<String>> = ["post_patterns", "reply_patterns"]
            .iter()
            .flat_map(|name| tastes[name].as_array().unwrap())
            .map(|pattern| pattern.as_str().unwrap().split("{}").map(str::to_owned).collect())
            .collect();
        patterns.sort_by_key(|pieces| std::cmp::Reverse(pieces.iter().map(String::len).sum::<usize>()));
        Self {
            log_prior: logs(&tastes["prior"]),
            log_shares: words.iter().map(|(word, shares)| (word.clone(), logs(shares))).collect(),
            patterns,
        }
    }

    fn community(&self, texts: &[String]) -> usize {
        let mut score = self.log_prior.clone();
        for word in texts.iter().flat_map(|text| self.slots(&text.to_lowercase())) {
            score.iter_mut().zip(&self.log_shares[&word]).for_each(|(score, log)| *score += log);
        }
        (0..score.len()).max_by(|&a, &b| score[a].total_cmp(&score[b])).unwrap()
    }

    /// The words in the slots of the sentences of a text. A sentence that was read is taken out.
    fn slots(&self, text: &str) -> Vec<String> {
        let (mut text, mut found) = (text.to_owned(), Vec::new());
        for pieces in &self.patterns {
            let mut from = 0;
            while let Some(start) = text[from..].find(&pieces[0]).map(|at| from + at) {
                from = start + 1;
                if let Some((end, words)) = self.sentence(&text, start, pieces) {
                    found.extend(words);
                    text.replace_range(start..end, "\n");
                }
                while !text.is_char_boundary(from.min(text.len())) {
                    from += 1;
                }
                from = from.min(text.len());
            }
        }
        found
    }

    /// Reads a sentence at `start`: its end, and the words in its slots.
    fn sentence(&self, text: &str, start: usize, pieces: &[String]) -> Option<(usize, Vec<String>)> {
        let (mut at, mut words) = (start + pieces[0].len(), Vec::new());
        for piece in &pieces[1..] {
            let fits = |word: &&String| {
                text[at..].strip_prefix(word.as_str()).is_some_and(|rest| rest.starts_with(piece))
            };
            let word = self.log_shares.keys().filter(fits).max_by_key(|word| word.len())?;
            words.push(word.clone());
            at += word.len() + piece.len();
        }
        Some((at, words))
    }
}

/// A baseline: TF-IDF of words with one document an author, length 1, and Lloyd's k-means, the best of some starts.
fn baseline(documents: &[String], k: usize) -> Vec<usize> {
    let words = |text: &str| -> Vec<String> {
        let split = text.split(|c: char| !c.is_alphanumeric());
        split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let mut n_documents: BTreeMap<String, usize> = BTreeMap::new();
    for document in documents {
        let mut distinct = words(document);
        distinct.sort();
        distinct.dedup();
        distinct.into_iter().for_each(|word| *n_documents.entry(word).or_default() += 1);
    }
    let columns: BTreeMap<&String, usize> = n_documents.keys().zip(0..).collect();
    let idf: Vec<f64> =
        n_documents.values().map(|&n| (documents.len() as f64 / n as f64).ln() + 1.0).collect();
    let vector = |document: &String| {
        let mut vector = vec![0.0_f64; idf.len()];
        words(document).iter().for_each(|word| vector[columns[word]] += 1.0);
        vector
            .iter_mut()
            .zip(&idf)
            .filter(|(tf, _)| **tf > 0.0)
            .for_each(|(tf, idf)| *tf = (1.0 + tf.ln()) * idf);
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|value| *value /= length);
        vector
    };
    let vectors: Vec<Vec<f64>> = documents.iter().map(vector).collect();
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
    let run = |start: usize| {
        let mut centres: Vec<Vec<f64>> =
            (0..k).map(|c| vectors[(start * 37 + c * 101) % vectors.len()].clone()).collect();
        let mut labels = vec![0; vectors.len()];
        for _ in 0..20 {
            for (label, vector) in labels.iter_mut().zip(&vectors) {
                *label = (0..k)
                    .min_by(|&a, &b| distance(vector, &centres[a]).total_cmp(&distance(vector, &centres[b])))
                    .unwrap();
            }
            for (c, centre) in centres.iter_mut().enumerate() {
                let members: Vec<&Vec<f64>> =
                    labels.iter().zip(&vectors).filter(|(label, _)| **label == c).map(|(_, v)| v).collect();
                if !members.is_empty() {
                    let mean = |j: usize| members.iter().map(|v| v[j]).sum::<f64>() / members.len() as f64;
                    *centre = (0..idf.len()).map(mean).collect();
                }
            }
        }
        let inertia: f64 = labels.iter().zip(&vectors).map(|(&label, v)| distance(v, &centres[label])).sum();
        (inertia, labels)
    };
    (0..3).map(run).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

/// A world, taken in and embedded.
fn world(users: u32, days: u32, communities: u32) -> Folder {
    let folder = Folder::new();
    folder.ok(&format!(
        "simulate bluesky --users {users} --days {days} --communities {communities} --seed 7 --out world"
    ));
    folder.ok("ingest bluesky world/jetstream --max-quarantine 1 --quiet");
    folder.ok("embed --model lexical --quiet");
    folder
}

/// The community that each author of a world was made for, by author id.
fn planted(folder: &Folder) -> BTreeMap<String, usize> {
    let table = folder.read_text("world/truth/communities.tsv");
    let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| (row[0].to_owned(), row[1].parse().unwrap())).collect()
}

/// The cluster of each author that has one, by author id.
fn clusters(folder: &Folder) -> BTreeMap<String, usize> {
    let rows = folder.rows(
        "corpus",
        "SELECT DISTINCT posts.author_id AS id, clusters.cluster AS cluster
         FROM clusters JOIN posts ON posts.author_key = clusters.unit_key
         WHERE clusters.cluster IS NOT NULL",
    );
    rows.iter()
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row["cluster"].as_u64().unwrap() as usize))
        .collect()
}

fn sizes(clusters: &BTreeMap<String, usize>) -> Vec<usize> {
    let mut sizes = vec![0; clusters.values().max().map_or(0, |most| most + 1)];
    clusters.values().for_each(|&cluster| sizes[cluster] += 1);
    sizes
}

#[test]
fn planted_communities_are_found_as_well_as_knowing_the_distributions_allows() {
    let folder = world(700, 8, 5);
    let found = folder.ok_json("personas --lang en --quiet");
    let clusters = clusters(&folder);
    let planted = planted(&folder);
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in folder.rows(
        "corpus",
        "SELECT posts.author_id AS id, posts.text AS text FROM posts
         JOIN languages ON languages.post_key = posts.post_key WHERE languages.lang = 'en'",
    ) {
        let id = row["id"].as_str().unwrap();
        if clusters.contains_key(id) {
            texts.entry(id.to_owned()).or_default().push(row["text"].as_str().unwrap().to_owned());
        }
    }
    let truth: Vec<usize> = clusters.keys().map(|id| planted[id]).collect();
    let labels: Vec<usize> = clusters.values().copied().collect();
    let bayes = Bayes::new(&serde_json::from_slice(&folder.read("world/truth/tastes.json")).unwrap());
    let known: Vec<usize> = texts.values().map(|texts| bayes.community(texts)).collect();
    let documents: Vec<String> = texts.values().map(|texts| texts.join(" ")).collect();

    let (best, ours) = (ari(&truth, &known), ari(&truth, &labels));
    let plain = ari(&truth, &baseline(&documents, 5));
    let control = ari(&truth, &shuffled(&labels));
    let all = format!(
        "{} authors: Bayes {best:.3}, personas {ours:.3}, TF-IDF {plain:.3}, shuffled {control:.3}",
        truth.len()
    );
    assert!(best > 0.7 && best < 0.999, "neither hopeless nor trivial: {all}");
    assert!(ours >= 0.9 * best, "{all}");
    assert!(plain < 0.9 * best, "{all}");
    assert!(control.abs() < 0.03, "{all}");
    let k = found["k"].as_u64().unwrap();
    assert!((3..=7).contains(&k), "{found}");
    assert_eq!(found["choice"]["curve"].as_array().unwrap().len(), 63);
    assert_eq!(found["choice"]["k"], k);
    let stability = &found["stability"];
    assert!(stability["ari"]["mean"].as_f64().unwrap() > 0.85, "{stability}");
    assert!(stability["shuffled_ari"]["mean"].as_f64().unwrap().abs() < 0.02, "{stability}");
    for cluster in stability["clusters"].as_array().unwrap() {
        let jaccard = |name: &str| cluster[name].as_f64().unwrap();
        assert!(jaccard("jaccard") > 2.0 * jaccard("shuffled_jaccard"), "{stability}");
    }

    folder.ok("report");
    let page = folder.read_text("report.html");
    assert!(page.contains("How many clusters, and how stable") && page.contains("id=\"curve-plot\""));
    assert!(folder.read_text("choice-of-k.svg").contains("was chosen"));
    let status = folder.status("corpus");
    folder.ok("personas --lang en --quiet --threads 1");
    assert_eq!(folder.status("corpus"), status);
}

#[test]
fn clusters_keep_to_the_sizes_that_are_asked_for_and_labels_differ() {
    let folder = world(120, 2, 3);
    let of = |options: &str| {
        let found = folder.ok_json(&format!("personas --quiet {options}"));
        let sizes = sizes(&clusters(&folder));
        assert_eq!(found["k"], sizes.len());
        (found, sizes)
    };
    let (found, all) = of("--k 12");
    assert_eq!((&found["density"], &found["choice"]), (&Value::Null, &Value::Null));
    assert_eq!(all.len(), 12);
    assert!(all.iter().any(|&size| size < 5), "there is something to bound: {all:?}");
    let labels = folder.rows("corpus", "SELECT DISTINCT label FROM labels");
    assert_eq!(labels.len(), 12, "{labels:?}");
    folder.ok("report");
    assert!(!folder.path("choice-of-k.svg").exists(), "k was given");

    for options in ["--k 12 --min-size 5", "--k 12 --min-size 5 --max-size 12", "--min-size 8"] {
        let (_, sizes) = of(options);
        let least = if options.contains("--k") { 5 } else { 8 };
        assert!(sizes.iter().all(|&size| size >= least), "{options}: {sizes:?}");
        assert!(
            !options.contains("--max-size") || sizes.iter().all(|&size| size <= 12),
            "{options}: {sizes:?}"
        );
        assert!(!options.contains("--k") || sizes.len() == 12, "no cluster goes: {sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), all.iter().sum::<usize>(), "nobody is lost");
    }
    let (found, _) = of("--k 3 --bootstraps 0 --map pca");
    assert_eq!((&found["stability"], &found["map"]["method"]), (&Value::Null, &json!("pca")));
    let answer = folder.run("personas --min-size 1000".split_whitespace());
    assert!(answer.code == FAILED && answer.stderr.contains("--min-size"), "{answer:?}");
    let answer = folder.run("personas --k many".split_whitespace());
    assert!(answer.code == FAILED && answer.stderr.contains("a number from 1 on, or auto"), "{answer:?}");
    for (options, setting) in [
        ("--cluster hdbscan --k 4", "k is no setting of hdbscan"),
        ("--cluster hdbscan --max-size 4", "max_size is no setting of hdbscan"),
        ("--max-noise 0.1", "max_noise is no setting of kmeans"),
        ("--min-samples 4", "min_samples is no setting of kmeans"),
        ("--cluster hdbscan --max-noise 1.5", "max_noise"),
        ("--k 12 --min-size 100", "100"),
    ] {
        let answer = folder.run(format!("personas {options}").split_whitespace());
        assert!(answer.code == FAILED && answer.stderr.contains(setting), "{options}: {answer:?}");
    }
}

#[test]
fn density_leaves_no_more_noise_than_asked_for_and_says_who_was_assigned() {
    let folder = world(700, 8, 5);
    let rows = |sql: &str| folder.rows("corpus", sql);
    let of = |max_noise: &str| {
        let found =
            folder.ok_json(&format!("personas --lang en --cluster hdbscan --max-noise {max_noise} --quiet"));
        let counted = rows(
            "SELECT count(*) AS n, count(cluster) AS n_clustered, count(raw_cluster) AS n_raw,
                    count(CASE WHEN assigned THEN 1 END) AS n_assigned, min(strength) AS weakest,
                    max(strength) AS strongest, count(DISTINCT cluster) AS k
             FROM clusters",
        );
        let count = |name: &str| counted[0][name].as_u64().unwrap();
        assert_eq!(found["n_units"], count("n"));
        assert_eq!(found["k"], count("k"));
        assert_eq!(found["density"]["n_assigned"], count("n_assigned"));
        assert_eq!(found["density"]["n_noise"], count("n") - count("n_clustered"));
        assert_eq!(count("n_clustered"), count("n_raw") + count("n_assigned"), "only noise is assigned");
        assert!(
            counted[0]["weakest"].as_f64().unwrap() >= 0.0
                && counted[0]["strongest"].as_f64().unwrap() <= 1.0
        );
        let wrong = "SELECT * FROM clusters WHERE (assigned AND (raw_cluster IS NOT NULL OR cluster IS NULL))
                     OR ((NOT assigned) AND (raw_cluster IS DISTINCT FROM cluster))
                     OR ((cluster IS NULL) <> (centrality IS NULL))";
        assert_eq!(rows(wrong).len(), 0);
        let share = (count("n") - count("n_clustered")) as f64 / count("n") as f64;
        assert!(share <= max_noise.parse().unwrap(), "{share}: {found}");
        found
    };
    let found = of("0");
    assert_eq!(found["density"]["n_noise"], 0);
    assert!(found["k"].as_u64().unwrap() >= 2, "{found}");
    let clusters = clusters(&folder);
    let planted = planted(&folder);
    let truth: Vec<usize> = clusters.keys().map(|id| planted[id]).collect();
    let agreement = ari(&truth, &clusters.values().copied().collect::<Vec<_>>());
    assert!(agreement > 0.3, "far from chance: {agreement}");

    let found = of("0.3");
    assert!(found["density"]["n_assigned"].as_u64().is_some(), "{found}");
    folder.ok("report");
    assert!(folder.read_text("report.html").contains("UMAP with 15 neighbours"));
    let status = folder.status("corpus");
    folder.ok("personas --lang en --cluster hdbscan --max-noise 0.3 --quiet --threads 1");
    assert_eq!(folder.status("corpus"), status);
}

#[test]
fn every_known_label_is_compared_whatever_bucket_its_post_lies_in() {
    let folder = Folder::new();
    // Posts about two things; the label of every fifth author is that of the other thing.
    let label = |user: usize| (user + usize::from(user.is_multiple_of(5))) % 2;
    let lines: String = (0..60)
        .map(|user| {
            let text = ["green apples and sweet pears", "fast trains on long rails"][user % 2];
            let message =
                json!({ "user_id": user.to_string(), "relative_integer_time": user + 1, "text": text });
            json!({ "thread": [message], "cluster_id": label(user) }).to_string() + "\n"
        })
        .collect();
    folder.write("labelled.jsonl", lines);
    folder.ok("ingest blueprint labelled.jsonl --buckets 16 --quiet");
    folder.ok("embed --model lexical --quiet");
    let found = folder.ok_json("personas --k 2 --min-posts 1 --bootstraps 0 --quiet");
    let clusters = clusters(&folder);
    assert_eq!(clusters.len(), 60);
    let user = |id: &String| id.strip_prefix("blueprint:").unwrap().parse::<usize>().unwrap();
    let known: Vec<usize> = clusters.keys().map(user).map(label).collect();
    let expected = ari(&known, &clusters.values().copied().collect::<Vec<_>>());
    assert!((0.1..0.9).contains(&expected), "neither hopeless nor trivial: {expected}");
    assert!((found["ari"].as_f64().unwrap() - expected).abs() < 1e-9, "{expected}: {found}");
}
