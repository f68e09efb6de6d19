//! What several formats write alike: ids, entities, media.

use populi_model::Reason;

use super::id::{self, MAX_EXACT};
use crate::object::{Lenient, Loose, Raw, Text, objects};
use crate::sink::Defect;

/// An id as a number: programs that read integers as floats round it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub u64);

impl Lenient<'_> for Number {
    fn of_u64(number: u64) -> Option<Self> {
        Some(Self(number))
    }

    fn of_str(text: &str) -> Option<Self> {
        id::number(text).map(Self)
    }
}

/// An id as a text; some programs write a number where a text is meant.
pub(super) type IdText<'a> = Loose<Text<'a>>;

/// A list of which every element may be odd.
pub(super) type List<T> = Loose<Vec<Loose<T>>>;

/// Whether numbers of a record are as the network sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// They are: of a stream, whose lines nobody rewrote.
    Exact,
    /// Those above 2^53 may have been rounded.
    Rounded,
}

/// What an id field and its text tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdField {
    Is(u64),
    /// Nothing, as of a post that answers none.
    Absent,
    /// Only a number that may have been rounded, or something that is no number.
    Unusable,
}

impl IdField {
    /// The id of a field and its text, of which the text counts.
    pub fn of(text: Option<&IdText<'_>>, number: Option<&Loose<Number>>, numbers: Numbers) -> Self {
        if let Some(number) = text.and_then(|text| id::number(text.as_ref()?.as_str())) {
            return Self::Is(number);
        }
        match (number, text) {
            (Some(Loose::Is(Number(number))), _)
                if *number > 0 && (*number <= MAX_EXACT || numbers == Numbers::Exact) =>
            {
                Self::Is(*number)
            }
            (None, None) => Self::Absent,
            _ => Self::Unusable,
        }
    }

    /// The id, where there is one.
    pub fn known(self) -> Option<u64> {
        match self {
            Self::Is(number) => Some(number),
            Self::Absent | Self::Unusable => None,
        }
    }
}

/// The id of a field that is always a text.
pub(super) fn text_id(text: Option<&IdText<'_>>) -> IdField {
    IdField::of(text, None, Numbers::Exact)
}

/// The elements of a list that are as they should be.
pub(super) fn elements<T>(list: Option<&List<T>>) -> impl Iterator<Item = &T> {
    list.and_then(Loose::as_ref).into_iter().flatten().filter_map(Loose::as_ref)
}

/// Whether a list or one of its elements is odd.
pub(super) fn is_odd<T>(list: Option<&List<T>>) -> bool {
    list.is_some_and(|list| list.as_ref().is_none_or(|list| list.iter().any(Loose::is_odd)))
}

/// A text of a loose field, where there is any.
pub(super) fn said<'w>(text: Option<&'w Loose<Text<'_>>>) -> Option<&'w str> {
    text.and_then(Loose::as_ref).map(Text::as_str).filter(|text| !text.is_empty())
}

/// The two ends of a stretch of text, in characters.
pub(super) fn offsets(range: Option<&List<i64>>) -> Option<(usize, usize)> {
    let mut ends = elements(range).filter_map(|end| usize::try_from(*end).ok());
    let (start, end) = (ends.next()?, ends.next()?);
    (start <= end && ends.next().is_none()).then_some((start, end))
}

/// A flag of a loose field.
pub(super) fn flag(field: Option<&Loose<bool>>) -> Option<bool> {
    field.and_then(Loose::as_ref).copied()
}

/// An integer of a loose field.
pub(super) fn count(field: Option<&Loose<i64>>) -> Option<i64> {
    field.and_then(Loose::as_ref).copied()
}

/// A number of a loose field, as of a time.
pub(super) fn number(field: Option<&Loose<Number>>) -> Option<u64> {
    field.and_then(Loose::as_ref).map(|number| number.0)
}

/// Why a record without a usable id is put aside.
pub(super) fn missing_id(field: &str, of: &str, got: IdField) -> Defect {
    let got = match got {
        IdField::Unusable => "a number that may have been rounded, or something else",
        _ => "nothing",
    };
    Defect::new(Reason::MissingId, format!("{field}: expected the id of {of} as a text, got {got}"))
}

objects! {
    /// What the network found in a text.
    Entities {
        b"hashtags" => hashtags: List<Hashtag<'a>>;
        b"urls" => urls: List<Link<'a>>;
        b"user_mentions" => mentions: List<MentionEntity<'a>>;
        b"media" => media: List<Medium<'a>>;
    }

    /// A word behind `#`.
    Hashtag {
        b"text" => text: Loose<Text<'a>>;
    }

    /// A shortened link.
    Link {
        b"url" => url: Loose<Text<'a>>;
        b"expanded_url" => expanded_url: Loose<Text<'a>>;
    }

    /// A mention of an account.
    MentionEntity {
        b"id" => id: Loose<Number>;
        b"id_str" => id_str: IdText<'a>;
        b"screen_name" => handle: Loose<Text<'a>>;
    }

    /// A picture or a film.
    Medium {
        b"id_str" => id_str: IdText<'a>;
        b"type" => kind: Loose<Text<'a>>;
        b"url" => url: Loose<Text<'a>>;
        b"media_url_https" => media_url_https: Loose<Text<'a>>;
        b"media_url" => media_url: Loose<Text<'a>>;
        b"ext_alt_text" => alt: Loose<Text<'a>>;
        b"video_info" => video: Loose<VideoInfo<'a>>;
    }

    /// The files of a film.
    VideoInfo {
        b"variants" => variants: List<Variant<'a>>;
    }

    /// One file of a film.
    Variant {
        b"bitrate" => bitrate: Loose<i64>;
        b"bit_rate" => bit_rate: Loose<i64>;
        b"url" => url: Loose<Text<'a>>;
    }

    /// A point, in the order of latitude and longitude that its field has.
    Point {
        b"coordinates" => coordinates: Raw<'a>;
    }
}
