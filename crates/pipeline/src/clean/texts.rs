//! Every text in the form in which texts are compared, and equal ones as one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use populi_model::Key;
use populi_model::table::PostBody;
use populi_text::edges::body;
use populi_text::near_duplicate::{Sketches, normalised};
use rayon::prelude::*;

use crate::Result;
use crate::progress::{Progress, stop_if_asked};
use crate::visible::CHUNK_POSTS;

/// The number of a text that differs from those before it.
pub(super) type TextNumber = u32;

/// In the place of the number of a text in which nothing is left to compare: links and mentions alone.
const NONE: TextNumber = TextNumber::MAX;

/// Which post is earlier: by its author's clock (the network's, where there is none), without any last, ties by key.
pub(super) type Moment = (i64, Key);

/// Which texts there are, and which post has which.
#[derive(Default)]
pub(super) struct Texts {
    numbers: HashMap<Key, TextNumber>,
    of_post: Vec<TextNumber>,
    earliest: Vec<Moment>,
}

impl Texts {
    /// Reads all posts, some thousands at a time, and tells each with the number of its text. The second of what it gives are the
    /// sketches of the texts, by their numbers.
    pub(super) fn read(
        mut posts: impl Iterator<Item = Result<PostBody<'static>>>,
        progress: &dyn Progress,
        mut tell: impl FnMut(&PostBody<'static>, Option<TextNumber>),
    ) -> Result<(Self, Sketches)> {
        let mut texts = Self::default();
        let mut sketches = Sketches::new();
        loop {
            let chunk: Vec<PostBody<'static>> = posts.by_ref().take(CHUNK_POSTS).collect::<Result<_>>()?;
            if chunk.is_empty() {
                return Ok((texts, sketches));
            }
            stop_if_asked(progress)?;
            let compared: Vec<(String, Key)> = chunk
                .par_iter()
                .map(|post| {
                    let text = compared_text(post);
                    let key = Key::of(&text);
                    (text, key)
                })
                .collect();
            let mut new = Vec::new();
            for (post, (text, key)) in chunk.iter().zip(&compared) {
                let (number, is_new) = texts.add(post, text, *key);
                new.extend(is_new.then_some(text));
                tell(post, number);
            }
            let of_new: Vec<_> = new.par_iter().map(|text| Sketches::sketch(text)).collect();
            of_new.into_iter().flatten().try_for_each(|sketch| sketches.push(sketch))?;
            progress.advance(chunk.len() as u64);
        }
    }

    /// The number of a post's text, and whether it is the first with it.
    fn add(&mut self, post: &PostBody<'_>, text: &str, key: Key) -> (Option<TextNumber>, bool) {
        if text.is_empty() {
            self.of_post.push(NONE);
            return (None, false);
        }
        let next = u32::try_from(self.earliest.len()).unwrap_or(NONE);
        let (number, is_new) = match self.numbers.entry(key) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(slot) => (*slot.insert(next), true),
        };
        let moment = moment(post);
        if is_new {
            self.earliest.push(moment);
        }
        let earliest = &mut self.earliest[number as usize];
        *earliest = (*earliest).min(moment);
        self.of_post.push(number);
        (Some(number), is_new)
    }

    /// What only [`Texts::read`] needs.
    pub(super) fn forget_keys(&mut self) {
        self.numbers = HashMap::new();
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.earliest.len()
    }

    /// The text of the post that was read as number `i`.
    pub(super) fn of_post(&self, i: usize) -> Option<TextNumber> {
        Some(self.of_post[i]).filter(|&number| number != NONE)
    }

    /// The earliest post with a text.
    pub(super) fn earliest(&self, text: TextNumber) -> Moment {
        self.earliest[text as usize]
    }
}

/// The body of a post in the form in which texts are compared.
pub(super) fn compared_text(post: &PostBody<'_>) -> String {
    normalised(body(&post.text, post.body_start, post.body_end))
}

fn moment(post: &PostBody<'_>) -> Moment {
    (post.created_at.or(post.received_at).map_or(i64::MAX, |at| at.0), post.post_key)
}
