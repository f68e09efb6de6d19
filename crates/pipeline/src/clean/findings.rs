//! From what is known of a post to what is found of it, and whether it is kept.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use populi_model::table::{CleaningRow, PostBody};
use populi_text::edges::body_range;
use populi_text::spam::{ClientKind, client_kind};
use serde::{Deserialize, Serialize};

use super::CleanParams;
use super::authors::Habits;
use super::near::NearDuplicates;
use super::texts::Texts;

/// Posts of an author from which on their repeated share says something.
pub(super) const MIN_POSTS_TO_REPEAT: u32 = 5;

/// Why a post is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Its body has too few characters.
    TooShort,
    /// An earlier post says the same.
    Duplicate,
    /// An earlier post says nearly the same.
    NearDuplicate,
    /// Its author posts too often.
    PostingRate,
    /// Its author says the same again and again.
    RepeatedText,
    /// It was written with a program that posts by itself.
    AutomatedClient,
}

impl Finding {
    /// Every one, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::TooShort,
        Self::Duplicate,
        Self::NearDuplicate,
        Self::PostingRate,
        Self::RepeatedText,
        Self::AutomatedClient,
    ];

    /// The name in tables, recipes and options.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::Duplicate => "duplicate",
            Self::NearDuplicate => "near_duplicate",
            Self::PostingRate => "posting_rate",
            Self::RepeatedText => "repeated_text",
            Self::AutomatedClient => "automated_client",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Finding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|finding| finding.name() == name).ok_or_else(|| {
            format!("{name:?} is no finding; there are {}", Self::ALL.map(Self::name).join(", "))
        })
    }
}

/// The thresholds, ready for use.
pub(super) struct Judge {
    params: CleanParams,
}

impl Judge {
    pub(super) fn new(params: &CleanParams) -> Self {
        let mut params = params.clone();
        // Order, case and repetition mean nothing, and must not make the step run again.
        params.automated_client.iter_mut().for_each(|name| *name = name.trim().to_lowercase());
        params.automated_client.sort_unstable();
        params.automated_client.dedup();
        params.allow.sort_unstable();
        params.allow.dedup();
        Self { params }
    }

    /// What the output depends on.
    pub(super) fn parameters(&self) -> serde_json::Value {
        serde_json::json!(self.params)
    }

    /// What is known of a post's client: `official`, `automated`, `other` or `unknown`.
    pub(super) fn client_kind(&self, client: Option<&str>) -> &'static str {
        let Some(client) = client else { return "unknown" };
        let client_name = client.trim().to_lowercase();
        if self.params.automated_client.binary_search(&client_name).is_ok() {
            return "automated";
        }
        match client_kind(client) {
            ClientKind::Official => "official",
            ClientKind::Automated => "automated",
            ClientKind::Other => "other",
        }
    }

    /// The row of the post that was read as number `i`.
    pub(super) fn row(
        &self,
        post: &PostBody<'_>,
        texts: &Texts,
        i: usize,
        near: &NearDuplicates,
        habits: Option<Habits>,
    ) -> CleaningRow<'static> {
        let (body_start, body_end) = body_of(post);
        let text = texts.of_post(i);
        let earlier = text.and_then(|text| near.earlier(text));
        let mut row = CleaningRow {
            post_key: post.post_key,
            body_start,
            body_end,
            too_short: body_end - body_start < self.params.min_length,
            duplicate_of: text.map(|text| texts.earliest(text).1).filter(|&first| first != post.post_key),
            near_duplicate_of: earlier.map(|(first, _)| texts.earliest(first).1),
            similarity: earlier.map(|(_, similarity)| similarity),
            author_posts: habits.map(|habits| habits.n_posts),
            posts_per_day: habits.map(|habits| habits.posts_per_day),
            repeated_share: habits.map(|habits| habits.repeated_share),
            client_is_automated: self.client_kind(post.client.as_deref()) == "automated",
            keep: true,
            reasons: Vec::new(),
        };
        for finding in Finding::ALL {
            if self.is_found(finding, &row) {
                row.reasons.push(Cow::Borrowed(finding.name()));
                row.keep &= self.params.allow.contains(&finding);
            }
        }
        row
    }

    fn is_found(&self, finding: Finding, row: &CleaningRow<'_>) -> bool {
        // As f32, in which the shares are.
        let is_above = |value: Option<f32>, most: f64| value.is_some_and(|value| value > most as f32);
        match finding {
            Finding::TooShort => row.too_short,
            Finding::Duplicate => row.duplicate_of.is_some(),
            Finding::NearDuplicate => row.near_duplicate_of.is_some(),
            Finding::PostingRate => is_above(row.posts_per_day, self.params.max_posts_per_day),
            Finding::RepeatedText => {
                row.author_posts >= Some(MIN_POSTS_TO_REPEAT)
                    && is_above(row.repeated_share, self.params.max_repeated)
            }
            Finding::AutomatedClient => row.client_is_automated,
        }
    }
}

/// Where the body of a post lies in its text, in characters.
fn body_of(post: &PostBody<'_>) -> (u32, u32) {
    let bytes = body_range(&post.text, post.body_start, post.body_end);
    let n_chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let n_before = n_chars(&post.text[..bytes.start]);
    (n_before, n_before.saturating_add(n_chars(&post.text[bytes])))
}
