//! From the first post of a conversation down to one of its posts.

/// The last posts of the path from the top of a conversation to `row`: at most `max` of them, `row` the last.
///
/// `parent` tells which post a post answers, if that is there to be shown. `path` is emptied first. Returns whether there
/// are posts above the first one that were left off because of `max`. Time and memory: O(`max`), however long the
/// chain is, and a circle does no harm.
pub fn path(row: u32, max: usize, parent: impl Fn(u32) -> Option<u32>, path: &mut Vec<u32>) -> bool {
    path.clear();
    let mut next = Some(row);
    while let Some(row) = next {
        if path.len() >= max {
            path.reverse();
            return true;
        }
        path.push(row);
        next = parent(row);
    }
    path.reverse();
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path_of(row: u32, max: usize, parents: &[Option<u32>]) -> (Vec<u32>, bool) {
        let mut found = vec![7, 7, 7];
        let is_cut = path(row, max, |row| parents[row as usize], &mut found);
        (found, is_cut)
    }

    #[test]
    fn a_path_leads_from_the_top_and_is_cut_there() {
        let parents = [None, Some(0), Some(1), Some(1), Some(3)];
        assert_eq!(path_of(4, 16, &parents), (vec![0, 1, 3, 4], false));
        assert_eq!(path_of(4, 4, &parents), (vec![0, 1, 3, 4], false));
        assert_eq!(path_of(4, 3, &parents), (vec![1, 3, 4], true));
        assert_eq!(path_of(4, 1, &parents), (vec![4], true));
        assert_eq!(path_of(0, 1, &parents), (vec![0], false));
    }

    #[test]
    fn a_circle_ends_at_the_limit() {
        assert_eq!(path_of(0, 3, &[Some(1), Some(0)]), (vec![0, 1, 0], true));
    }

    proptest! {
        #[test]
        fn it_is_the_end_of_the_whole_path(
            choices in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
            max in 1_usize..20,
        ) {
            // Row i answers an earlier row or none.
            let parents: Vec<Option<u32>> = choices
                .iter()
                .enumerate()
                .map(|(i, choice)| choice.index(i + 1).checked_sub(1).map(|parent| parent as u32))
                .collect();
            for row in 0..parents.len() as u32 {
                let mut whole = vec![row];
                while let Some(parent) = parents[whole[whole.len() - 1] as usize] {
                    whole.push(parent);
                }
                whole.reverse();
                let kept = &whole[whole.len().saturating_sub(max)..];
                prop_assert_eq!(path_of(row, max, &parents), (kept.to_vec(), whole.len() > max));
            }
        }
    }
}
