//! Which page does a report give? Writes `report.html`, `map.png` and `map.svg` of a made-up corpus to a folder.
//!
//! `cargo run --release -p populi-plot --example page -- FOLDER [AUTHORS] [TEXTS.json]`
//!
//! TEXTS.json is a JSON array of strings that take the place of handles, posts, terms and labels, to see how the page
//! bears hostile text.

use std::error::Error;
use std::fs;
use std::path::Path;

use populi_plot::{
    Accounting, Activity, ActivityCount, Agreement, Bin, Cluster, Conversations, Exemplar, LargeConversation,
    NamedTally, Point, Report, Size, Tally, Unit, map_png, map_svg, page,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Label, terms and two posts of each cluster.
const TOPICS: [(&str, &str, &str, &str); 12] = [
    (
        "city cycling",
        "bike lane, commute, helmet, gravel, tram",
        "The new lane on Harbour Street finally has a kerb. My commute is ten minutes shorter.",
        "Gravel tyres in February: yes or no?",
    ),
    (
        "home bread",
        "sourdough, starter, crumb, rye, proof",
        "Day 9 of the starter. It doubled overnight and now lives in the fridge.",
        "Rye at 80 % hydration is soup, do not believe the book.",
    ),
    (
        "astronomy",
        "telescope, nebula, aperture, seeing, comet",
        "Clear skies at last: forty minutes on the Veil nebula through light pollution.",
        "The comet is visible to the naked eye tonight, look west after sunset.",
    ),
    (
        "football",
        "derby, offside, keeper, penalty, league",
        "That was never offside and everybody in the stand knew it.",
        "Our keeper saved two penalties and still nobody sings his name.",
    ),
    (
        "gardening",
        "tomato, compost, slugs, seedlings, mulch",
        "Slugs 14, lettuce 0.",
        "Pot up the tomato seedlings before they get leggy.",
    ),
    (
        "synthesizers",
        "patch, modular, oscillator, drone, filter",
        "One oscillator, one filter, two hours gone.",
        "New patch: slow drone with a broken clock.",
    ),
    (
        "local politics",
        "council, budget, zoning, hearing, ballot",
        "The council moved the hearing to Tuesday at noon, when nobody can come.",
        "Read the zoning proposal before you share the headline.",
    ),
    (
        "chess",
        "endgame, blitz, opening, rook, rating",
        "Lost a won rook endgame again. Rating back to where it was in March.",
        "Blitz is not chess and I cannot stop.",
    ),
    (
        "film cameras",
        "35mm, darkroom, grain, lens, developer",
        "Found a roll from 2009 in the drawer. Developed it tonight: mostly ducks.",
        "Grain is not noise, it is the picture.",
    ),
    (
        "open maps",
        "survey, tags, building, hiking trail, import",
        "Surveyed every bench in the park, 112 of them.",
        "Please do not import before you ask the local group.",
    ),
    (
        "Sprachkurs Deutsch",
        "Dativ, Wortschatz, üben, Präposition, Aussprache",
        "Heute habe ich den Dativ verstanden. Morgen vergesse ich ihn wieder.",
        "Wie übt ihr die Aussprache?",
    ),
    (
        "night shift nurses",
        "ward, shift, handover, coffee, rota",
        "Third night in a row, the coffee machine is the best colleague.",
        "Handover took an hour because the printer is from 1998.",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: page FOLDER [AUTHORS] [TEXTS.json]")?;
    let n_authors = arguments.next().map_or(Ok(2_000), |n| n.parse())?;
    let mut report = made_up(n_authors);
    if let Some(path) = arguments.next() {
        replace_texts(&mut report, &serde_json::from_slice::<Vec<String>>(&fs::read(path)?)?);
    }
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("report.html"), page(&report)?)?;
    fs::write(folder.join("map.png"), map_png(&report, Size::default())?)?;
    fs::write(folder.join("map.svg"), map_svg(&report, Size::default())?)?;
    Ok(())
}

/// A report with plausible numbers for `n_authors` authors, one in eight of them noise.
fn made_up(n_authors: usize) -> Report {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut clusters: Vec<Cluster> = TOPICS.iter().zip(0..).map(|(topic, id)| cluster(topic, id)).collect();
    let mut points = Vec::with_capacity(n_authors);
    for index in 0..n_authors {
        // The square makes some clusters several times larger than others.
        let topic = (uniform(&mut rng).powi(2) * TOPICS.len() as f32) as usize;
        let is_noise = uniform(&mut rng) < 0.125;
        let turn = topic as f32 * 2.399;
        let (reach, spread) =
            (1.0 + topic as f32 * 0.33, if is_noise { 2.0 } else { 0.28 + 0.05 * (topic % 4) as f32 });
        let n_posts = (1.0 / (0.004 + uniform(&mut rng))) as u64 + 3;
        let (_, _, first, second) = TOPICS[topic];
        points.push(Point {
            x: reach * turn.cos() * 1.5 + normal(&mut rng) * spread,
            y: reach * turn.sin() + normal(&mut rng) * spread * (0.6 + 0.1 * (topic % 5) as f32),
            cluster: (!is_noise).then_some(topic as u32),
            label: format!("@{}{index}", ["ada", "noor", "kim", "joão", "mei", "sam"][index % 6]),
            hover: if index % 2 == 0 { first.into() } else { second.into() },
            n_posts,
        });
        if !is_noise {
            clusters[topic].size_authors += 1;
            clusters[topic].size_posts += n_posts;
        }
    }
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.size_authors));
    let n_posts = points.iter().map(|point| point.n_posts).sum();
    Report {
        title: "Harbour town, spring".into(),
        corpus_name: "harbour-town".into(),
        generated_with: "populi 0.1.0".into(),
        seed: 42,
        n_posts,
        n_authors: n_authors as u64 + 311,
        unit: Unit::Authors,
        map_method: "PCA of 256-d author vectors".into(),
        n_points_total: n_authors as u64,
        points,
        clusters,
        agreement: Some(Agreement { ari: 0.812, ami: 0.847, label_column: "community".into() }),
        activity: activity(&mut rng),
        languages: named(&[("en", 61_204), ("de", 9_120), ("pt", 4_011), ("ja", 2_950), ("fr", 1_733), ("unknown", 1_204), ("ar", 611)]),
        actions: named(&[("post", 40_118), ("like", 30_542), ("reply", 21_377), ("repost", 11_903), ("quote", 2_904), ("follow", 1_544)]),
        conversations: conversations(),
        accounting: accounting(),
        notes: vec!["311 authors have fewer than 5 posts and are not on the map.".into()],
        recipe: "[embed]\nmodel = \"static-256\"\n\n[map]\nmethod = \"pca\"\nseed = 42\n\n[cluster]\nmethod = \"hdbscan\"\nmin_cluster_size = 25\n".into(),
        ..Report::default()
    }
}

fn cluster(&(label, terms, first, second): &(&str, &str, &str, &str), id: u32) -> Cluster {
    let weight = |rank: usize| 1.0 / (1.0 + rank as f32);
    Cluster {
        id,
        label: label.into(),
        terms: terms.split(", ").enumerate().map(|(rank, term)| (term.to_owned(), weight(rank))).collect(),
        exemplars: [("@ada12", first), ("@kim3", second)]
            .map(|(author, text)| Exemplar { author: author.into(), text: text.into() })
            .into(),
        ..Cluster::default()
    }
}

/// Ninety days with weekends, one burst and four kinds of act.
fn activity(rng: &mut ChaCha8Rng) -> Activity {
    let first_us = 1_709_251_200_000_000;
    let bin = Bin::for_span(first_us, first_us + 90 * Bin::Day.width_us());
    let mut counts = Vec::new();
    for day in 0..90_i64 {
        let busy = if day % 7 < 2 { 0.6 } else { 1.0 } + if (50..54).contains(&day) { 1.4 } else { 0.0 };
        for (kind, usual) in [("post", 440.0), ("like", 330.0), ("reply", 230.0), ("repost", 130.0)] {
            let n = (usual * busy * (0.8 + 0.4 * uniform(rng))) as u64;
            counts.push(ActivityCount { start_us: first_us + day * bin.width_us(), kind: kind.into(), n });
        }
    }
    Activity { bin, counts }
}

fn conversations() -> Conversations {
    let sizes: Vec<(u64, u64)> =
        (1..240).map(|size| (size, 22_000 / (size * size) + u64::from(size == 239))).collect();
    Conversations {
        n_conversations: sizes.iter().map(|(_, n)| n).sum(),
        n_posts: sizes.iter().map(|(size, n)| size * n).sum(),
        n_replies: 21_377,
        n_missing_parents: 1_905,
        depths: (0..14).map(|depth| (depth, 24_000 >> (depth * 2 / 3 + depth))).collect(),
        largest: [(239, 87, 13), (141, 60, 9), (118, 22, 31)]
            .into_iter()
            .zip(TOPICS)
            .map(|((n_posts, n_authors, depth), topic)| LargeConversation {
                id: format!("at://did:plc:example/app.bsky.feed.post/3k{n_posts}"),
                n_posts,
                n_authors,
                depth,
                text: topic.2.into(),
            })
            .collect(),
        sizes,
    }
}

fn accounting() -> Accounting {
    let tally = |stored, superseded, duplicates, quarantined: &[(&str, u64)]| {
        let mut tally =
            Tally { stored, superseded, duplicates, deletes: stored / 90, blank: 2, ..Tally::default() };
        tally.ignored = named(&[("block", stored / 40), ("listitem", stored / 200)]);
        tally.quarantined = named(quarantined);
        tally.n_in = tally.parts().iter().map(|(_, n)| n).sum();
        tally
    };
    let named_tally = |name: &str, tally| NamedTally { name: name.into(), tally };
    Accounting {
        total: tally(108_388, 412, 1_377, &[("bad_json", 31), ("line_too_long", 2), ("no_time", 118)]),
        by_class: vec![
            named_tally("post", tally(64_399, 400, 900, &[("bad_json", 31), ("no_time", 118)])),
            named_tally("act", tally(43_989, 12, 477, &[("line_too_long", 2)])),
        ],
        by_file: (1..=6)
            .map(|i| {
                named_tally(
                    &format!("firehose-2024-03-{i:02}.jsonl.zst"),
                    tally(18_000 + 97 * i, 60, 200, &[("bad_json", 5)]),
                )
            })
            .collect(),
    }
}

/// Puts given texts in the place of all texts that a stranger could have written.
fn replace_texts(report: &mut Report, texts: &[String]) {
    let mut next = texts.iter().cycle().cloned();
    let mut put = |text: &mut String| *text = next.next().unwrap_or_default();
    for point in &mut report.points {
        put(&mut point.label);
        put(&mut point.hover);
    }
    for cluster in &mut report.clusters {
        put(&mut cluster.label);
        cluster.terms.iter_mut().for_each(|(term, _)| put(term));
        for exemplar in &mut cluster.exemplars {
            put(&mut exemplar.author);
            put(&mut exemplar.text);
        }
        cluster.exemplars.extend((0..40).map(|_| {
            let mut exemplar = Exemplar::default();
            put(&mut exemplar.text);
            exemplar
        }));
    }
    report.activity.counts.iter_mut().for_each(|count| put(&mut count.kind));
    report.languages.iter_mut().chain(&mut report.actions).for_each(|(name, _)| put(name));
    report.conversations.largest.iter_mut().for_each(|row| put(&mut row.text));
    report.accounting.by_file.iter_mut().for_each(|row| put(&mut row.name));
    [&mut report.title, &mut report.corpus_name, &mut report.recipe].into_iter().for_each(put);
}

fn named(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
}

/// From 0 up to 1, without 1.
fn uniform(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// About standard normal: twelve uniform numbers summed.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    (0..12).map(|_| uniform(rng)).sum::<f32>() - 6.0
}
