//! The page and figures as a caller sees them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use populi_plot::{
    Accounting, Activity, ActivityCount, Bin, Choice, Cluster, ClusterStability, Conversations, CurvePoint,
    Error, Exemplar, LargeConversation, MAX_POINTS, NamedTally, Point, Report, Size, Spread, Stability,
    Tally, map_png, map_svg, page,
};

/// Texts that break out of HTML, JSON, scripts, attributes, templates or XML where they are not escaped.
const NAUGHTY: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "<!--<script>alert(2)",
    "\"><img src=x onerror=alert(3)>",
    "' onmouseover='alert(4)",
    "<svg/onload=alert(5)>",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "\u{2028}\u{2029}\u{0}\u{1b}\u{202e}txt",
    "&lt;b&gt; &amp; ]]> <a href=\"https://outside.example/\">x</a>",
    "javascript:alert(6)",
];

/// A report in which every text is `text`.
fn report_of(text: &str, n_points: usize) -> Report {
    let text = || text.to_owned();
    let tally = Tally {
        n_in: 1_205,
        stored: 1_200,
        quarantined: vec![(text(), 3)],
        ignored: vec![(text(), 2)],
        ..Tally::default()
    };
    let named = || vec![NamedTally { name: text(), tally: tally.clone() }];
    let point = |index: usize| Point {
        x: (index % 317) as f32,
        y: (index / 317) as f32,
        cluster: (!index.is_multiple_of(3)).then_some(8),
        label: text(),
        hover: text(),
        n_posts: 6,
    };
    Report {
        title: text(),
        corpus_name: text(),
        generated_with: text(),
        map_method: text(),
        points: (0..n_points).map(point).collect(),
        clusters: vec![Cluster {
            id: 8,
            label: text(),
            size_authors: 2,
            size_posts: 12,
            terms: vec![(text(), 0.5)],
            exemplars: vec![Exemplar { author: text(), text: text() }; 2],
        }],
        choice: Some(Choice {
            k: 3,
            n_units: 1_234,
            at_the_end: true,
            curve: vec![
                CurvePoint { k: 2, silhouette: 0.25, eligible: false },
                CurvePoint { k: 3, silhouette: 0.5, eligible: true },
            ],
        }),
        stability: Some(Stability {
            n_bootstraps: 20,
            n_drawn: 1_234,
            ari: Spread { mean: 0.8125, low: 0.75, high: 0.9 },
            shuffled_ari: Spread { mean: 0.001, low: -0.01, high: 0.01 },
            clusters: vec![ClusterStability { id: 8, jaccard: Some(0.7), shuffled_jaccard: Some(0.125) }],
        }),
        activity: Activity { bin: Bin::Day, counts: vec![ActivityCount { start_us: 0, kind: text(), n: 1 }] },
        languages: vec![(text(), 1)],
        actions: vec![(text(), 1)],
        conversations: Conversations {
            largest: vec![LargeConversation { id: text(), text: text(), ..LargeConversation::default() }],
            ..Conversations::default()
        },
        accounting: Accounting { total: tally.clone(), by_class: named(), by_file: named() },
        notes: vec![text()],
        recipe: text(),
        ..Report::default()
    }
}

/// The page without the scripts and styles that come with the program.
fn own_markup(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(start) = rest.find("<script>").into_iter().chain(rest.find("<style>")).min() {
        let end = if rest[start..].starts_with("<script>") { "</script>" } else { "</style>" };
        out.push_str(&rest[..start]);
        rest = rest[start..].split_once(end).unwrap().1;
    }
    out + rest
}

/// What the page's script reads.
fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn hostile_text_adds_no_element_and_no_attribute() {
    let plain = page(&report_of("plain", 3)).unwrap();
    for text in NAUGHTY {
        let html = page(&report_of(text, 3)).unwrap();
        assert_eq!(html.matches("<script").count(), plain.matches("<script").count(), "{text:?}");
        assert_eq!(skeleton(&html), skeleton(&plain), "{text:?}");
        assert_eq!(data(&html)["map"]["label"][0], text, "the script reads the text as it was");
        assert_eq!(data(&html)["activity"]["kinds"][0], text);
    }
}

/// The brackets and quotes of the markup before the data: escaped text adds none.
fn skeleton(html: &str) -> String {
    own_markup(html).split_once("id=\"data\">").unwrap().0.matches(['<', '>', '"']).collect()
}

#[test]
fn the_page_asks_nothing_of_the_network() {
    let html = page(&report_of("https://outside.example/a.js", 3)).unwrap();
    let markup = own_markup(&html);
    for attribute in ["src=", "action=", "srcset=", "poster=", "@import", "url("] {
        assert!(!markup.contains(attribute), "{attribute}");
    }
    for rest in markup.split("href=\"").skip(1) {
        assert!(rest.starts_with('#') || rest.starts_with("data:,\""), "{}", &rest[..40]);
    }
    assert!(!html.contains("cdn.plot.ly/plotly") && !html.contains("jsdelivr"));
    assert!(markup.contains("default-src 'none'") && !markup.contains("script-src 'unsafe-inline'"));
    assert!(html.len() < 6_000_000, "MathJax is left out: {}", html.len());
}

#[test]
fn an_empty_report_gives_a_page_that_says_why() {
    let why = "no author qualifies because none has 5 posts";
    let report = Report { why_no_clusters: Some(why.into()), ..Report::default() };
    let html = page(&report).unwrap();
    assert!(html.contains(why));
    assert!(html.len() < 60_000, "nothing to plot, no plotting script: {}", html.len());
    let svg = map_svg(&report, Size::default()).unwrap();
    let drawn: Vec<_> = roxmltree::Document::parse(&svg)
        .unwrap()
        .descendants()
        .filter(|n| n.has_tag_name("text"))
        .filter_map(|n| n.text().map(str::to_owned))
        .collect();
    assert!(drawn.contains(&why.to_owned()), "{drawn:?}");
    assert!(page(&Report::default()).unwrap().contains("There is nothing to map."));
}

#[test]
fn the_choice_of_k_and_the_stability_are_told_and_drawn() {
    let html = page(&report_of("x", 3)).unwrap();
    let curve = &data(&html)["curve"];
    assert_eq!((curve["k"].to_string(), curve["chosen"].to_string()), ("[2,3]".into(), "3".into()));
    assert_eq!(curve["silhouette"].to_string(), "[0.25,0.5]");
    for said in ["0.812", "0.70", "0.12", "doubtful", "still rises at its end", "a cluster is too small"] {
        assert!(html.contains(said), "{said}");
    }
    let without = Report { choice: None, stability: None, ..report_of("x", 3) };
    assert!(!page(&without).unwrap().contains("id=\"stability\""));
}

#[test]
fn a_page_shows_at_most_fifty_thousand_points_and_says_so() {
    let report = report_of("x", MAX_POINTS + 1_000);
    let html = page(&report).unwrap();
    assert_eq!(data(&html)["map"]["x"].as_array().unwrap().len(), MAX_POINTS);
    assert!(html.contains("A sample of 50,000 of 51,000 authors, drawn with seed 0."));
    assert_eq!(html, page(&report).unwrap());
    let other = page(&Report { seed: 1, ..report.clone() }).unwrap();
    assert_ne!(data(&html)["map"]["x"], data(&other)["map"]["x"]);
}

#[test]
fn points_that_the_caller_has_sampled_are_called_a_sample() {
    let html = page(&Report { n_points_total: 9_000, ..report_of("x", 10) }).unwrap();
    assert!(html.contains("A sample of 10 of 9,000 authors"));
}

#[test]
fn the_accounting_says_whether_it_adds_up() {
    let mut report = report_of("x", 0);
    assert!(page(&report).unwrap().contains("✓ adds up"));
    report.accounting.total.n_in += 1;
    let html = page(&report).unwrap();
    assert!(!html.contains("✓ adds up") && html.contains("does not add up"));
}

#[test]
fn figures_have_their_size_and_the_same_bytes_twice() {
    let report = report_of("a cluster", 400);
    let size = Size { width_px: 640, height_px: 480 };
    let png = map_png(&report, size).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!((&png[16..20], &png[20..24]), (&640_u32.to_be_bytes()[..], &480_u32.to_be_bytes()[..]));
    assert_eq!(png, map_png(&report, size).unwrap());

    let svg = map_svg(&report, size).unwrap();
    assert_eq!(svg, map_svg(&report, size).unwrap());
    let xml = roxmltree::Document::parse(&svg).unwrap();
    assert_eq!(xml.root_element().attribute("viewBox"), Some("0 0 640 480"));
    // A circle for each point and one in the legend.
    assert_eq!(xml.descendants().filter(|n| n.has_tag_name("circle")).count(), 401);
}

#[test]
fn figures_bear_hostile_text_and_degenerate_points() {
    for text in NAUGHTY {
        let report = report_of(text, 2);
        assert!(map_png(&report, Size::default()).is_ok(), "{text:?}");
        let svg = map_svg(&report, Size::default()).unwrap();
        let xml = roxmltree::Document::parse(&svg).unwrap();
        assert!(!xml.descendants().any(|n| n.has_tag_name("script") || n.has_tag_name("img")));
    }
    let mut report = report_of("same place", 1);
    report.points = vec![report.points[0].clone(); 5];
    assert!(!map_svg(&report, Size::default()).unwrap().contains("NaN"));
    report.points[0].x = f32::MAX;
    report.points[1].x = f32::MIN;
    assert!(!map_svg(&report, Size::default()).unwrap().contains("NaN"));
}

#[test]
fn a_size_that_cannot_be_drawn_is_refused() {
    let size = Size { width_px: 10, height_px: 480 };
    assert!(matches!(map_png(&Report::default(), size), Err(Error::FigureSize { width_px: 10, .. })));
}

#[test]
fn a_report_can_be_kept_as_json() {
    let report = report_of("text", 4);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}
