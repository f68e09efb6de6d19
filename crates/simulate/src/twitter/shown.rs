//! What a record of the stream shows, and when: its own post, and the posts inside it.

use super::params::Api;
use super::world::{Inside, NONE, Post, What, World};

/// One post shown once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) post: u32,
    pub(crate) view: View,
}

/// How much of a post's text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Whole,
    /// A long text without its end.
    Cut,
}

/// What stands beside the post or retweet of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// The retweeted post.
    pub(crate) retweeted: Option<Shown>,
    /// The quoted post: of the post itself, or of the retweeted one.
    pub(crate) quoted: Option<Shown>,
    /// The answered post.
    pub(crate) parent: Option<Shown>,
    /// A post that the network says it cannot show.
    pub(crate) error: Option<u32>,
}

impl World {
    /// What a record of the stream shows beside its own post.
    pub(crate) fn beside(&self, what: &What) -> Beside {
        match *what {
            What::Post { post, inside, .. } => self.beside_post(&self.posts[post as usize], inside),
            What::Repost { repost, inside } => self.beside_repost(self.reposts[repost as usize].of, inside),
            _ => Beside::default(),
        }
    }

    fn beside_post(&self, post: &Post, inside: Inside) -> Beside {
        let mut beside = Beside::default();
        match inside {
            Inside::IdOnly => {}
            Inside::WithParent => match self.post(post.parent) {
                Some(parent) if parent.unavailable.is_some() => beside.error = Some(post.parent),
                Some(_) => beside.parent = Some(Shown { post: post.parent, view: View::Whole }),
                None => {}
            },
            Inside::Whole | Inside::Cut if post.quote != NONE => {
                beside.quoted = Some(Shown { post: post.quote, view: self.view(inside) });
            }
            Inside::Whole | Inside::Cut => {}
        }
        beside
    }

    fn beside_repost(&self, of: u32, inside: Inside) -> Beside {
        let retweeted = Some(Shown { post: of, view: self.view(inside) });
        let quote = self.posts[of as usize].quote;
        // Envelopes show one step, not two.
        let deep = self.api == Api::V1 && quote != NONE && inside != Inside::IdOnly;
        let quoted = deep.then_some(Shown { post: quote, view: View::Whole });
        Beside { retweeted, quoted, ..Beside::default() }
    }

    fn view(&self, inside: Inside) -> View {
        if self.api == Api::V1 && inside == Inside::Cut { View::Cut } else { View::Whole }
    }
}
