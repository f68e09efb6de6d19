//! What somebody asked the network for after the stream: the posts that were answered and never shown.
//!
//! A third is found (by either API), a part is told to be unavailable, the others nobody asked for. Some posts of the
//! stream come again, with what is counted by then, and some that a notice deleted come too.

use std::collections::BTreeSet;

use super::history::{DAY_MS, History};
use super::world::{Hydrated, NONE, Page, Target, What};

const PAGE: usize = 20;

impl History {
    pub(super) fn hydrate(&mut self) {
        let posts = &self.world.posts;
        let mut missing = BTreeSet::new();
        let mut deleted = BTreeSet::new();
        for line in &self.world.lines {
            match line.what {
                What::Post { post, .. } => {
                    let parent = posts[post as usize].parent;
                    if parent != NONE && posts[parent as usize].hidden {
                        missing.insert(parent);
                    }
                }
                What::Delete { target: Target::Post(post), .. } => {
                    deleted.insert(post);
                }
                _ => {}
            }
        }
        let mut hydrated = Hydrated::default();
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        for (i, &post) in missing.iter().enumerate() {
            if posts[post as usize].unavailable.is_some() {
                errors.push(post);
            } else if i % 3 == 0 {
                found.push(post);
            } else if i % 12 == 1 {
                hydrated.statuses.push(post);
            } else if i % 60 == 2 {
                hydrated.without_id.push(post);
            }
        }
        let again = self.shown.iter().filter(|post| !deleted.contains(post)).step_by(97).take(60);
        found.extend(again);
        found.extend(deleted.iter().filter(|&&post| !posts[post as usize].hidden).take(5));
        let errors_a_page = errors.len().div_ceil(found.len().div_ceil(PAGE).max(1)).max(1);
        let mut errors = errors.chunks(errors_a_page);
        for (i, posts) in found.chunks(PAGE).enumerate() {
            let missing = errors.next().unwrap_or_default().to_vec();
            let at_ms = self.world.end_ms + DAY_MS + 1000 * i as u64;
            hydrated.pages.push(Page { at_ms, posts: posts.to_vec(), missing });
        }
        self.world.hydrated = hydrated;
    }
}
