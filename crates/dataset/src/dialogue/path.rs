//! The paths of a tree that end in a reply of an assistant.

use super::turns::{Role, Turns};

impl Turns {
    /// The replies of the assistant that no later one follows, in depth-first order: each ends a path from the root that can
    /// be learnt from. Prompts behind the last reply are on no path, and neither is what hangs below a deleted post.
    ///
    /// The pop rule of Open-Assistant's loader gives these paths too, and besides them a path that ends earlier where the
    /// first answer to a reply stays unanswered but a later one goes on; here no path is the beginning of another.
    #[must_use]
    pub fn last_replies(&self) -> Vec<u32> {
        let n = self.len() as u32;
        let mut can_be_learnt = vec![true; self.len()];
        for turn in 0..n {
            let above = self.parent(turn).is_none_or(|parent| can_be_learnt[parent as usize]);
            can_be_learnt[turn as usize] = above && !self.is_deleted(turn);
        }
        let mut is_followed = vec![false; self.len()];
        for turn in (0..n).rev() {
            let is_reply = self.role(turn) == Role::Assistant && can_be_learnt[turn as usize];
            if let Some(parent) = self.parent(turn)
                && (is_reply || is_followed[turn as usize])
            {
                is_followed[parent as usize] = true;
            }
        }
        let is_last = |turn: &u32| {
            let i = *turn as usize;
            self.role(*turn) == Role::Assistant && can_be_learnt[i] && !is_followed[i]
        };
        self.depth_first().into_iter().filter(is_last).collect()
    }

    /// All turns: each before its replies, and those one after the other with all that is below them.
    #[must_use]
    pub fn depth_first(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.len());
        let mut next: Vec<u32> = if self.is_empty() { Vec::new() } else { vec![0] };
        while let Some(turn) = next.pop() {
            order.push(turn);
            next.extend(self.replies(turn).iter().rev());
        }
        order
    }

    /// The turns from the root to this one. `path` is emptied first.
    pub fn path_to(&self, turn: u32, path: &mut Vec<u32>) {
        path.clear();
        let mut next = Some(turn);
        while let Some(turn) = next {
            path.push(turn);
            next = self.parent(turn);
        }
        path.reverse();
    }

    /// Of every turn whether it is on a path to one of `last_replies`.
    #[must_use]
    pub fn on_paths(&self, last_replies: &[u32]) -> Vec<bool> {
        let mut is_on_path = vec![false; self.len()];
        for last in last_replies {
            let mut next = Some(*last);
            while let Some(turn) = next.filter(|turn| !is_on_path[*turn as usize]) {
                is_on_path[turn as usize] = true;
                next = self.parent(turn);
            }
        }
        is_on_path
    }
}
