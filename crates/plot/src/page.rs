//! The report page: one HTML file.

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::palette::{Colour, NOISE, Shape, mark};
use crate::report::total;
use crate::{
    Activity, Agreement, Error, HOVER_CHARS, LargeConversation, MAX_POINTS, Report, Stability, Unit, quality,
    sample, script, tables,
};

/// Kinds of act that the activity chart tells apart; rarer ones are summed as `other`.
const MAX_KINDS: usize = 8;

/// The page as HTML, complete in itself: it makes no request, runs only its own scripts and works without a server.
///
/// Shows at most [`MAX_POINTS`] points, chosen by the report's seed, and says so. A report without points or clusters
/// gives a page that says why. Same report, same bytes. Cost: time and memory linear in the report; the page is 5 MB
/// of plotting script (left out where there is nothing to plot) and up to about 350 bytes a point.
///
/// # Errors
/// As [`Report::check`]; the other errors are faults of the build.
pub fn page(report: &Report) -> Result<String, Error> {
    report.check()?;
    let chosen = sample(report.points.len(), MAX_POINTS, report.seed);
    let activity = ActivityData::new(&report.activity);
    let has_plots = !chosen.is_empty() || !activity.start_ms.is_empty();
    let plotting = if has_plots { script::plotly()? } else { String::new() };
    let scripts = if has_plots { vec![plotting.as_str(), script::PAGE] } else { vec![script::PAGE] };
    let data = Data { map: MapData::new(report, &chosen), activity, curve: quality::curve(report) };
    let view = View {
        policy: script::policy(scripts),
        plotting: &plotting,
        page_script: script::PAGE,
        data: script::embeddable(&serde_json::to_string(&data)?),
        has_activity: !data.activity.start_ms.is_empty(),
        ..View::new(report, &chosen)
    };
    Ok(environment()?.get_template("report.html")?.render(Serde(&view))?)
}

/// What the templates read: the report without its points, and its numbers as rows and bars.
#[derive(Default, Serialize)]
struct View<'a> {
    title: &'a str,
    corpus_name: &'a str,
    generated_with: &'a str,
    seed: u64,
    unit: &'static str,
    n_posts: u64,
    n_authors: u64,
    n_quarantined: u64,
    notes: &'a [String],
    recipe: &'a str,
    map_method: &'a str,
    n_shown: usize,
    n_points_total: u64,
    n_noise: usize,
    noise: Colour,
    agreement: Option<&'a Agreement>,
    clusters: Vec<tables::ClusterRow<'a>>,
    why_no_clusters: Option<&'a str>,
    choice: Option<quality::ChoiceView>,
    stability: Option<&'a Stability>,
    stability_rows: Vec<quality::StabilityRow<'a>>,
    has_activity: bool,
    bin: &'static str,
    languages: Vec<tables::Bar>,
    actions: Vec<tables::Bar>,
    n_conversations: u64,
    n_conversation_posts: u64,
    n_replies: u64,
    n_missing_parents: u64,
    missing_percent: Option<f64>,
    sizes: Vec<tables::Bar>,
    depths: Vec<tables::Bar>,
    largest: &'a [LargeConversation],
    accounting: tables::AccountingView,
    policy: String,
    plotting: &'a str,
    page_script: &'static str,
    data: String,
}

impl<'a> View<'a> {
    /// All but the scripts and their data.
    fn new(report: &'a Report, chosen: &[usize]) -> Self {
        let talk = &report.conversations;
        Self {
            title: &report.title,
            corpus_name: &report.corpus_name,
            generated_with: &report.generated_with,
            seed: report.seed,
            unit: report.unit.plural(),
            n_posts: report.n_posts,
            n_authors: report.n_authors,
            n_quarantined: report.accounting.total.n_quarantined(),
            notes: &report.notes,
            recipe: &report.recipe,
            map_method: &report.map_method,
            n_shown: chosen.len(),
            n_points_total: report.n_points_total.max(report.points.len() as u64),
            n_noise: chosen.iter().filter(|&&index| report.points[index].cluster.is_none()).count(),
            noise: NOISE,
            agreement: report.agreement.as_ref(),
            clusters: tables::clusters(report),
            why_no_clusters: report.why_no_clusters.as_deref(),
            choice: quality::choice(report),
            stability: report.stability.as_ref(),
            stability_rows: quality::stability(report),
            bin: report.activity.bin.noun(),
            languages: tables::bars(&report.languages),
            actions: tables::bars(&report.actions),
            n_conversations: talk.n_conversations,
            n_conversation_posts: talk.n_posts,
            n_replies: talk.n_replies,
            n_missing_parents: talk.n_missing_parents,
            missing_percent: (talk.n_replies > 0)
                .then(|| talk.n_missing_parents as f64 / talk.n_replies as f64 * 100.0),
            sizes: tables::histogram(&talk.sizes),
            depths: tables::histogram(&talk.depths),
            largest: &talk.largest,
            accounting: tables::accounting(&report.accounting),
            ..Self::default()
        }
    }
}

/// The templates; names that end in `.html` are escaped.
fn environment() -> Result<Environment<'static>, Error> {
    let mut templates = Environment::new();
    templates.add_filter("thousands", tables::thousands);
    templates.add_filter("percent", |value: f64| format!("{value:.1}"));
    templates.add_template("report.html", include_str!("../templates/report.html"))?;
    templates.add_template("map.html", include_str!("../templates/map.html"))?;
    templates.add_template("clusters.html", include_str!("../templates/clusters.html"))?;
    templates.add_template("stability.html", include_str!("../templates/stability.html"))?;
    templates.add_template("conversations.html", include_str!("../templates/conversations.html"))?;
    templates.add_template("accounting.html", include_str!("../templates/accounting.html"))?;
    templates.add_template("parts.html", include_str!("../templates/parts.html"))?;
    templates.add_template("report.css", include_str!("../templates/report.css"))?;
    Ok(templates)
}

/// What the page's script reads.
#[derive(Serialize)]
struct Data<'a> {
    map: MapData<'a>,
    activity: ActivityData,
    curve: quality::CurveData,
}

/// The points as columns: shorter than one object for each.
#[derive(Serialize)]
struct MapData<'a> {
    unit: Unit,
    x: Vec<f32>,
    y: Vec<f32>,
    /// Position in `clusters`, or -1 for noise.
    cluster: Vec<i64>,
    label: Vec<&'a str>,
    hover: Vec<String>,
    n_posts: Vec<u64>,
    clusters: Vec<ClusterData<'a>>,
    noise: Colour,
}

#[derive(Serialize)]
struct ClusterData<'a> {
    label: &'a str,
    terms: Vec<&'a str>,
    colour: Colour,
    shape: Shape,
}

impl<'a> MapData<'a> {
    fn new(report: &'a Report, chosen: &[usize]) -> Self {
        let positions = tables::positions(report);
        let points = || chosen.iter().map(|&index| &report.points[index]);
        let position = |id: Option<u32>| id.and_then(|id| positions.get(&id)).map_or(-1, |&at| at as i64);
        let clusters = report.clusters.iter().enumerate().map(|(at, cluster)| {
            let (colour, shape) = mark(at);
            let terms = cluster.terms.iter().map(|(term, _)| term.as_str()).collect();
            ClusterData { label: &cluster.label, terms, colour, shape }
        });
        Self {
            unit: report.unit,
            x: points().map(|point| point.x).collect(),
            y: points().map(|point| point.y).collect(),
            cluster: points().map(|point| position(point.cluster)).collect(),
            label: points().map(|point| point.label.as_str()).collect(),
            hover: points().map(|point| cut(&point.hover)).collect(),
            n_posts: points().map(|point| point.n_posts).collect(),
            clusters: clusters.collect(),
            noise: NOISE,
        }
    }
}

/// The first [`HOVER_CHARS`] characters of a post.
fn cut(text: &str) -> String {
    match text.char_indices().nth(HOVER_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Counts as one row for each kind and one column for each bin that has an act.
#[derive(Debug, PartialEq, Serialize)]
struct ActivityData {
    width_ms: i64,
    start_ms: Vec<i64>,
    kinds: Vec<String>,
    counts: Vec<Vec<u64>>,
    colours: Vec<Colour>,
}

impl ActivityData {
    fn new(activity: &Activity) -> Self {
        let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
        let mut columns: BTreeMap<i64, usize> = BTreeMap::new();
        for count in activity.counts.iter().filter(|count| count.n > 0) {
            let sum = totals.entry(&count.kind).or_default();
            *sum = total([*sum, count.n].into_iter());
            columns.insert(count.start_us, 0);
        }
        columns.values_mut().enumerate().for_each(|(at, column)| *column = at);
        let mut kinds: Vec<(&str, u64)> = totals.into_iter().collect();
        kinds.sort_by_key(|&(name, n)| (std::cmp::Reverse(n), name));
        let n_own = if kinds.len() > MAX_KINDS { MAX_KINDS - 1 } else { kinds.len() };
        let row_of = |kind: &str| kinds[..n_own].iter().position(|(name, _)| *name == kind).unwrap_or(n_own);
        let mut names: Vec<String> = kinds[..n_own].iter().map(|(name, _)| (*name).to_owned()).collect();
        if n_own < kinds.len() {
            names.push("other".to_owned());
        }
        let mut counts = vec![vec![0_u64; columns.len()]; names.len()];
        for count in activity.counts.iter().filter(|count| count.n > 0) {
            if let Some(&column) = columns.get(&count.start_us) {
                let cell = &mut counts[row_of(&count.kind)][column];
                *cell = cell.saturating_add(count.n);
            }
        }
        Self {
            width_ms: activity.bin.width_us() / 1_000,
            start_ms: columns.into_keys().map(|start_us| start_us.div_euclid(1_000)).collect(),
            colours: (0..names.len()).map(|at| mark(at).0).collect(),
            kinds: names,
            counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActivityCount, Bin};

    #[test]
    fn activity_has_the_commonest_kinds_first_and_sums_the_rest() {
        let count = |start_us, kind: &str, n| ActivityCount { start_us, kind: kind.into(), n };
        let mut counts = vec![count(3_000, "post", 1), count(1_000, "like", 5), count(1_000, "post", 2)];
        let activity = ActivityData::new(&Activity { bin: Bin::Day, counts: counts.clone() });
        assert_eq!(activity.start_ms, [1, 3]);
        assert_eq!(activity.kinds, ["like", "post"]);
        assert_eq!(activity.counts, [[5, 0], [2, 1]]);

        counts.extend((0..8).map(|i| count(3_000, &format!("rare{i}"), 1)));
        let activity = ActivityData::new(&Activity { bin: Bin::Day, counts });
        assert_eq!(activity.kinds.len(), MAX_KINDS);
        assert_eq!(activity.kinds[7], "other");
        assert_eq!(activity.counts[7], [0, 3]);
    }

    #[test]
    fn a_long_post_is_cut_at_a_character() {
        let long = "é".repeat(HOVER_CHARS + 1);
        assert_eq!(cut(&long), format!("{}…", "é".repeat(HOVER_CHARS)));
        assert_eq!(cut("short"), "short");
    }
}
