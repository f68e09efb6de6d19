//! What a report says, as plain data.
//!
//! The pipeline fills a [`Report`] from the store; this crate only lays it out. Nothing here knows where a number came
//! from, so a report can be kept as JSON and drawn again later.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Everything a report page shows. Texts are verbatim: the page escapes them, the caller must not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// Name of the corpus.
    pub corpus_name: String,
    /// Program and version that made the numbers, such as `populi 0.1.0`.
    pub generated_with: String,
    /// The seed of the run; also chooses the points where there are more than a page shows.
    pub seed: u64,
    /// Posts in the corpus.
    pub n_posts: u64,
    /// Authors in the corpus.
    pub n_authors: u64,
    /// What one point of the map stands for.
    pub unit: Unit,
    /// How the two coordinates were made, such as `PCA of 256-d author vectors`.
    pub map_method: String,
    /// The points of the map: all of them, or fewer where the caller has sampled already.
    pub points: Vec<Point>,
    /// Points before any sampling. Taken as `points.len()` where smaller than that.
    pub n_points_total: u64,
    /// The clusters, in the order in which they are listed and coloured (largest first reads best).
    pub clusters: Vec<Cluster>,
    /// Why there is no cluster, in one sentence, where `clusters` is empty.
    pub why_no_clusters: Option<String>,
    /// How well the clusters agree with a column of labels, where the corpus has one.
    pub agreement: Option<Agreement>,
    /// How the number of clusters was chosen, where it was.
    pub choice: Option<Choice>,
    /// How stable the clusters are, where it was measured.
    pub stability: Option<Stability>,
    /// Acts over time.
    pub activity: Activity,
    /// Posts by language, largest first; the language is `unknown` where none was found.
    pub languages: Vec<(String, u64)>,
    /// Acts by kind, largest first.
    pub actions: Vec<(String, u64)>,
    /// The conversations.
    pub conversations: Conversations,
    /// What became of every input record.
    pub accounting: Accounting,
    /// Warnings, one sentence each.
    pub notes: Vec<String>,
    /// The recipe (parameters) that made the report, as text.
    pub recipe: String,
}

/// What one point of the map stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// One point for each author.
    #[default]
    Authors,
    /// One point for each post.
    Posts,
}

impl Unit {
    /// The plural noun: `authors` or `posts`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Authors => "authors",
            Self::Posts => "posts",
        }
    }
}

/// One author or post on the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Horizontal coordinate; any unit.
    pub x: f32,
    /// Vertical coordinate; same unit as `x`.
    pub y: f32,
    /// [`Cluster::id`] of the point's cluster, or `None` for noise.
    pub cluster: Option<u32>,
    /// Handle or id of the author.
    pub label: String,
    /// A sample post, shown on hover; cut to [`crate::HOVER_CHARS`] characters.
    pub hover: String,
    /// Posts of the author (1 where the unit is a post).
    pub n_posts: u64,
}

/// One cluster of authors or posts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Number that points refer to; unique in a report.
    pub id: u32,
    /// Short name.
    pub label: String,
    /// Authors in the cluster.
    pub size_authors: u64,
    /// Posts in the cluster.
    pub size_posts: u64,
    /// Terms that set the cluster apart, with their weight, heaviest first.
    pub terms: Vec<(String, f32)>,
    /// Posts that stand for the cluster, best first.
    pub exemplars: Vec<Exemplar>,
}

/// A post that stands for its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemplar {
    /// Handle or id of the author.
    pub author: String,
    /// The post's text, verbatim.
    pub text: String,
}

/// Agreement of the clusters with given labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Adjusted Rand index, at most 1.
    pub ari: f64,
    /// Adjusted mutual information, at most 1.
    pub ami: f64,
    /// Column that holds the given labels.
    pub label_column: String,
}

/// How the number of clusters was chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The k that was chosen.
    pub k: u64,
    /// Authors or posts that were looked at.
    pub n_units: u64,
    /// Whether k is the largest that was tried, because the scores have no peak before.
    pub at_the_end: bool,
    /// The score of every k, rising by k.
    pub curve: Vec<CurvePoint>,
}

/// The score of one k.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Clusters.
    pub k: u64,
    /// Mean simplified silhouette, from -1 to 1.
    pub silhouette: f64,
    /// Whether this k could be chosen: no cluster was too small.
    pub eligible: bool,
}

/// How stable the clusters are when authors (or posts) are drawn anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stability {
    /// Resamples.
    pub n_bootstraps: u64,
    /// Authors or posts drawn for each.
    pub n_drawn: u64,
    /// Adjusted Rand index of the clusters of a resample and those that stand.
    pub ari: Spread,
    /// The same for shuffled labels.
    pub shuffled_ari: Spread,
    /// The clusters, each by its id.
    pub clusters: Vec<ClusterStability>,
}

/// A mean, and between which values nine tenths lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The 5th percentile.
    pub low: f64,
    /// The 95th percentile.
    pub high: f64,
}

/// How stable one cluster is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterStability {
    /// [`Cluster::id`].
    pub id: u32,
    /// Mean Jaccard index of the cluster and the most similar one of a resample.
    pub jaccard: Option<f64>,
    /// The same for shuffled labels.
    pub shuffled_jaccard: Option<f64>,
}

/// Counts of acts by kind over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Width of one bin; [`Bin::for_span`] chooses it.
    pub bin: Bin,
    /// Counts, in any order; a bin without acts may be left out.
    pub counts: Vec<ActivityCount>,
}

/// How many acts of one kind fell into one bin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityCount {
    /// Start of the bin, microseconds since 1970 UTC; see [`Bin::start_of`].
    pub start_us: i64,
    /// Kind of act.
    pub kind: String,
    /// Number of acts.
    pub n: u64,
}

/// Width of a bin of time. Bins are aligned in UTC; weeks start on Monday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bin {
    /// One hour.
    Hour,
    /// One day.
    #[default]
    Day,
    /// Seven days from a Monday.
    Week,
}

impl Bin {
    /// The bin that gives between one and about 800 bars from the first to the last act: an hour up to a week, a day up
    /// to two years, a week beyond. Times in microseconds since 1970 UTC.
    #[must_use]
    pub fn for_span(first_us: i64, last_us: i64) -> Self {
        let span_us = last_us.saturating_sub(first_us);
        if span_us <= Self::Week.width_us() {
            Self::Hour
        } else if span_us <= 731 * Self::Day.width_us() {
            Self::Day
        } else {
            Self::Week
        }
    }

    /// Width in microseconds.
    #[must_use]
    pub fn width_us(self) -> i64 {
        const HOUR_US: i64 = 3_600_000_000;
        match self {
            Self::Hour => HOUR_US,
            Self::Day => 24 * HOUR_US,
            Self::Week => 7 * 24 * HOUR_US,
        }
    }

    /// Start of the bin that holds a time, both in microseconds since 1970 UTC.
    #[must_use]
    pub fn start_of(self, time_us: i64) -> i64 {
        // 1970-01-01 was a Thursday; the Monday before it is three days earlier.
        let origin_us = if self == Self::Week { -3 * Self::Day.width_us() } else { 0 };
        let since_us = time_us.saturating_sub(origin_us);
        time_us.saturating_sub(since_us.rem_euclid(self.width_us()))
    }

    /// The noun: `hour`, `day` or `week`.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// Sizes and depths of the conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversations {
    /// Conversations in the corpus.
    pub n_conversations: u64,
    /// Posts in them.
    pub n_posts: u64,
    /// Replies in them, the whole of which `n_missing_parents` is a part.
    pub n_replies: u64,
    /// Replies whose parent is not in the corpus.
    pub n_missing_parents: u64,
    /// (posts in a conversation, number of such conversations); drawn in bins of doubling width.
    pub sizes: Vec<(u64, u64)>,
    /// (greatest depth of a conversation, number of such conversations); a root alone has depth 0.
    pub depths: Vec<(u64, u64)>,
    /// The largest conversations, largest first.
    pub largest: Vec<LargeConversation>,
}

/// One row of the list of the largest conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeConversation {
    /// Id of the conversation.
    pub id: String,
    /// Posts in it.
    pub n_posts: u64,
    /// Authors in it.
    pub n_authors: u64,
    /// Greatest depth.
    pub depth: u64,
    /// Text of the first post, verbatim, or empty where the root is missing.
    pub text: String,
}

/// What became of every input record, in sum, by class of record and by file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accounting {
    /// All records.
    pub total: Tally,
    /// One tally for each class of record.
    pub by_class: Vec<NamedTally>,
    /// One tally for each input file.
    pub by_file: Vec<NamedTally>,
}

/// A tally with the name of its class or file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTally {
    /// Class of record, or name of the file.
    pub name: String,
    /// Its records.
    pub tally: Tally,
}

/// Counts of input records. The parts sum to `n_in`; the page says so where they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Records read.
    pub n_in: u64,
    /// Versions that stand.
    pub stored: u64,
    /// Older versions, and versions whose record was deleted or undone.
    pub superseded: u64,
    /// Delete events.
    pub deletes: u64,
    /// Account, identity, limit and withheld events.
    pub notices: u64,
    /// The same event again.
    pub duplicates: u64,
    /// Kinds that are not taken, or that a filter left out, by kind.
    pub ignored: Vec<(String, u64)>,
    /// Records that could not be read, by reason.
    pub quarantined: Vec<(String, u64)>,
    /// Blank lines.
    pub blank: u64,
}

impl Tally {
    /// Records of an ignored kind.
    #[must_use]
    pub fn n_ignored(&self) -> u64 {
        total(self.ignored.iter().map(|(_, n)| *n))
    }

    /// Records in quarantine.
    #[must_use]
    pub fn n_quarantined(&self) -> u64 {
        total(self.quarantined.iter().map(|(_, n)| *n))
    }

    /// The parts that must sum to `n_in`, named, in the order of the equation.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, u64); 8] {
        [
            ("stored", self.stored),
            ("superseded", self.superseded),
            ("deletes", self.deletes),
            ("notices", self.notices),
            ("duplicates", self.duplicates),
            ("ignored", self.n_ignored()),
            ("quarantined", self.n_quarantined()),
            ("blank", self.blank),
        ]
    }

    /// Whether the parts sum to `n_in`.
    #[must_use]
    pub fn balances(&self) -> bool {
        total(self.parts().into_iter().map(|(_, n)| n)) == self.n_in
    }
}

impl Report {
    /// Checks that the report can be drawn. Time linear in points, memory linear in clusters.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for a coordinate that is no number, [`Error::RepeatedCluster`] for two clusters of one id,
    /// [`Error::UnknownCluster`] for a point whose cluster is not listed.
    pub fn check(&self) -> Result<(), Error> {
        let mut ids: Vec<u32> = self.clusters.iter().map(|cluster| cluster.id).collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::RepeatedCluster { id: pair[0] });
        }
        for (index, point) in self.points.iter().enumerate() {
            if !(point.x.is_finite() && point.y.is_finite()) {
                return Err(Error::NotFinite { index, x: point.x, y: point.y });
            }
            if let Some(id) = point.cluster
                && ids.binary_search(&id).is_err()
            {
                return Err(Error::UnknownCluster { index, id, n_clusters: ids.len() });
            }
        }
        Ok(())
    }
}

/// Sum that stops at the largest number instead of overflowing: counts come from outside.
pub(crate) fn total(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    #[test]
    fn bins_are_chosen_by_span() {
        assert_eq!(Bin::for_span(0, 0), Bin::Hour);
        assert_eq!(Bin::for_span(0, 7 * DAY_US), Bin::Hour);
        assert_eq!(Bin::for_span(0, 7 * DAY_US + 1), Bin::Day);
        assert_eq!(Bin::for_span(0, 732 * DAY_US), Bin::Week);
        assert_eq!(Bin::for_span(i64::MIN, i64::MAX), Bin::Week);
    }

    #[test]
    fn a_bin_starts_at_or_before_its_times() {
        assert_eq!(Bin::Day.start_of(DAY_US + 5), DAY_US);
        assert_eq!(Bin::Day.start_of(-1), -DAY_US);
        // Sunday 1970-01-04 belongs to the week of Monday 1969-12-29; Monday 1970-01-05 starts the next.
        assert_eq!(Bin::Week.start_of(3 * DAY_US), -3 * DAY_US);
        assert_eq!(Bin::Week.start_of(4 * DAY_US), 4 * DAY_US);
        assert_eq!(Bin::Hour.start_of(i64::MIN), i64::MIN);
    }

    #[test]
    fn a_tally_balances_when_its_parts_sum_to_what_came_in() {
        let mut tally = Tally {
            n_in: 10,
            stored: 3,
            ignored: vec![("block".into(), 2), ("list".into(), 1)],
            quarantined: vec![("bad json".into(), 4)],
            ..Tally::default()
        };
        assert!(tally.balances());
        tally.blank = 1;
        assert!(!tally.balances());
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let cluster = |id| Cluster { id, ..Cluster::default() };
        let point = |x, cluster| Point { x, cluster, ..Point::default() };
        let report = |points, clusters| Report { points, clusters, ..Report::default() };
        assert!(report(vec![point(0.0, None), point(1.0, Some(7))], vec![cluster(7)]).check().is_ok());
        assert!(matches!(
            report(vec![point(f32::NAN, None)], vec![]).check(),
            Err(Error::NotFinite { index: 0, .. })
        ));
        assert!(matches!(
            report(vec![], vec![cluster(1), cluster(2), cluster(1)]).check(),
            Err(Error::RepeatedCluster { id: 1 })
        ));
        assert!(matches!(
            report(vec![point(0.0, Some(3))], vec![cluster(1)]).check(),
            Err(Error::UnknownCluster { index: 0, id: 3, n_clusters: 1 })
        ));
    }
}
