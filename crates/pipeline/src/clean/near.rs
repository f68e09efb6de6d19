//! Near-duplicates among texts that differ, and the earliest of each group.

use std::collections::HashMap;

use populi_model::table::PostBody;
use populi_text::near_duplicate::{Candidates, Groups, Sketches, similarity};
use rayon::prelude::*;

use super::texts::{TextNumber, Texts, compared_text};
use crate::Result;
use crate::visible::CHUNK_POSTS;

/// Which texts are near-duplicates of which.
pub(super) struct NearDuplicates {
    groups: Groups,
    n_groups: u64,
    /// Of a text that is not the earliest of its group: that one, and how alike they are.
    earlier: HashMap<TextNumber, (TextNumber, f32)>,
}

impl NearDuplicates {
    /// Compares the candidates among the texts of `sketches`. `posts` gives the posts of `texts` again, in their order.
    pub(super) fn find<P: Iterator<Item = Result<PostBody<'static>>>>(
        sketches: Sketches,
        threshold: f64,
        texts: &Texts,
        posts: impl FnOnce() -> P,
    ) -> Result<Self> {
        let candidates = sketches.candidates();
        let compared = texts_of(&candidates, texts, posts)?;
        let groups = candidates.groups(threshold, |i| &compared[i])?;
        let numbers = candidates.numbers();

        // Of each group its earliest text, and how many there are.
        let mut firsts: HashMap<usize, (TextNumber, u32)> = HashMap::new();
        let mut n_groups = 0;
        for &text in numbers {
            let (first, size) = firsts.entry(groups.group_of(text as usize)).or_insert((text, 0));
            if texts.earliest(text) < texts.earliest(*first) {
                *first = text;
            }
            *size += 1;
            n_groups += u64::from(*size == 2);
        }
        let place_of = |text: TextNumber| numbers.binary_search(&text).unwrap_or_default();
        let earlier: HashMap<_, _> = numbers
            .par_iter()
            .enumerate()
            .filter_map(|(i, &text)| {
                let (first, _) = firsts[&groups.group_of(text as usize)];
                let alike = || similarity(&compared[i], &compared[place_of(first)]) as f32;
                (first != text).then(|| (text, (first, alike())))
            })
            .collect();
        Ok(Self { groups, n_groups, earlier })
    }

    /// The group of a text.
    pub(super) fn group_of(&self, text: TextNumber) -> u32 {
        // A group is named after one of its texts.
        self.groups.group_of(text as usize) as u32
    }

    /// Groups of two texts or more.
    pub(super) fn n_groups(&self) -> u64 {
        self.n_groups
    }

    /// The earliest text of the group, if it is another one, and how alike the two are.
    pub(super) fn earlier(&self, text: TextNumber) -> Option<(TextNumber, f32)> {
        self.earlier.get(&text).copied()
    }
}

/// The texts of candidates, in the order of their numbers.
fn texts_of<P: Iterator<Item = Result<PostBody<'static>>>>(
    candidates: &Candidates,
    texts: &Texts,
    posts: impl FnOnce() -> P,
) -> Result<Vec<String>> {
    let numbers = candidates.numbers();
    let mut compared = vec![String::new(); numbers.len()];
    if numbers.is_empty() {
        return Ok(compared);
    }
    let mut posts = posts().enumerate();
    loop {
        let mut is_at_end = true;
        let mut wanted = Vec::new();
        for (i, post) in posts.by_ref().take(CHUNK_POSTS) {
            let post = post?;
            is_at_end = false;
            let place = texts.of_post(i).and_then(|text| numbers.binary_search(&text).ok());
            wanted.extend(place.filter(|&place| compared[place].is_empty()).map(|place| (place, post)));
        }
        if is_at_end {
            return Ok(compared);
        }
        let found: Vec<_> = wanted.par_iter().map(|(place, post)| (*place, compared_text(post))).collect();
        found.into_iter().for_each(|(place, text)| compared[place] = text);
    }
}
