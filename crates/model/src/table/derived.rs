//! The tables that later steps fill: keys of the rows that they were made from, and what was found.

use super::{Text, table};
use crate::{Key, Timestamp};

table! {
    /// The place of one post, tombstone or missing parent in its conversation.
    "conversations" ConversationRow {
        /// The post, deleted post or missing parent.
        post_key: Key,
        /// The conversation: the key of its first post, known or declared.
        conversation_key: Key,
        /// The post that it answers, known or missing.
        parent_key: Option<Key>,
        /// Steps from the top of the chain.
        depth: u32,
        /// Whether the post itself is in the corpus and to be seen.
        present: bool,
        /// Whether the conversation's first post is in the corpus and to be seen.
        root_present: bool,
        /// Whether `depth` counts from the true first post.
        depth_is_exact: bool,
    }
}

table! {
    /// The shape of one conversation.
    "thread_shapes" ThreadShapeRow {
        /// The conversation.
        conversation_key: Key,
        /// Known posts, deleted ones among them.
        n_posts: u32,
        /// Those of them that are to be seen.
        n_present: u32,
        /// Missing posts that others answer.
        n_missing: u32,
        /// Known posts other than the first.
        n_replies: u32,
        /// Replies of which only the conversation is known.
        n_unplaced: u32,
        /// Trees that answers join; 1 of a conversation that is whole.
        n_pieces: u32,
        /// Authors of the known posts.
        n_authors: u32,
        /// Whether every depth counts from the true first post.
        depth_is_exact: bool,
        /// The greatest depth of a known post.
        max_depth: u32,
        /// The most known posts of one depth.
        max_breadth: u32,
        /// The mean number of steps between two posts.
        structural_virality: Option<f32>,
        /// The mean number of answers of the posts that have any.
        branching: Option<f32>,
        /// The most answers to one post.
        max_answers: u32,
        /// The earliest time of a known post.
        first_at: Option<Timestamp>,
        /// The latest time of a known post.
        last_at: Option<Timestamp>,
        /// Milliseconds from the first post to the earliest reply.
        first_reply_ms: Option<i64>,
        /// Milliseconds from the first post to the latest reply.
        last_reply_ms: Option<i64>,
        /// Answers whose response time is known.
        n_timed: u32,
        /// The median of the milliseconds from a post to its answer.
        median_response_ms: Option<i64>,
        /// The mean of the milliseconds from a post to its answer.
        mean_response_ms: Option<i64>,
    }
}

table! {
    /// The language of a post as a model sees it.
    "languages" LanguageRow<'a> {
        /// The post.
        post_key: Key,
        /// ISO 639-1 where there is one, else 639-3; null where the model is not sure.
        lang: Option<Text<'a>>,
        /// How sure the model is, 0 to 1.
        confidence: Option<f32>,
        /// The model and its version.
        model: Text<'a>,
    }
}

table! {
    /// What cleaning found of a post, and whether it is kept.
    "cleaning" CleaningRow<'a> {
        /// The post.
        post_key: Key,
        /// The character of its text where the body begins, without the mentions in front.
        body_start: u32,
        /// The character behind the body, without the links at the end.
        body_end: u32,
        /// Whether the body has fewer characters than asked for.
        too_short: bool,
        /// The earliest post that says the same, if it is another one.
        duplicate_of: Option<Key>,
        /// The earliest post that says nearly the same, if its text is another one.
        near_duplicate_of: Option<Key>,
        /// How alike it is to `near_duplicate_of`, 0 to 1.
        similarity: Option<f32>,
        /// Posts of its author; null without one.
        author_posts: Option<u32>,
        /// Posts that its author writes a day, on the days with posts.
        posts_per_day: Option<f32>,
        /// The share of its author's posts that say nearly the same as another one of theirs.
        repeated_share: Option<f32>,
        /// Whether it was written with a program that posts by itself.
        client_is_automated: bool,
        /// Whether nothing was found that leaves a post out.
        keep: bool,
        /// What was found, by name.
        reasons: Vec<Text<'a>>,
    }
}

table! {
    /// Whether a post is an instruction, as a trained detector and two other ways to look see it.
    "instructions" InstructionRow<'a> {
        /// The post.
        post_key: Key,
        /// The chance that it is one, where every second post is one.
        probability: f32,
        /// Whether that is at least the threshold.
        is_instruction: bool,
        /// The mean cosine to the nearest known instructions; null where none were given.
        similarity: Option<f32>,
        /// The entry of the list of words that is in it.
        keyword: Option<Text<'a>>,
        /// The features that moved the probability most, the first most, with the logarithm of the odds that each added.
        reasons: Vec<Text<'a>>,
    }
}

table! {
    /// The vector of a post's text, L2-normalised; all zeros for a text with nothing in it.
    "vectors" VectorRow {
        /// The post.
        post_key: Key,
        /// 128 bits of the BLAKE3 hash of its text.
        text_key: Key,
        /// `[n_dims] f32`.
        vector: Vec<f32>,
    }
}

table! {
    /// A feature of a model that was fitted on the corpus: one of `models/lexical` is a word, or a run of letters in words.
    "models" FeatureRow {
        /// The bucket that it is hashed to.
        bucket: u32,
        /// Its inverse document frequency.
        weight: f32,
        /// `[n_dims] f32`: where it points.
        direction: Vec<f32>,
    }
}

table! {
    /// The persona cluster of a unit: an author, or a post where the corpus has no authors.
    "clusters" ClusterRow {
        /// The author or post.
        unit_key: Key,
        /// The cluster; 0 is the largest. Null of noise, which only density leaves.
        cluster: Option<u32>,
        /// Posts that the unit's vector was made from.
        n_posts: u32,
        /// Cosine of the unit's vector and the cluster's centre; null of noise.
        centrality: Option<f32>,
        /// Where density alone puts the unit, before noise joined the nearest cluster; that of `cluster` else.
        raw_cluster: Option<u32>,
        /// Whether the unit was noise and joined the nearest cluster.
        assigned: bool,
        /// How firmly density holds the unit in its cluster, from 0 to 1; null of clusters by k-means.
        strength: Option<f32>,
    }
}

table! {
    /// The place of a unit on the 2-D map.
    "maps" MapRow {
        /// The author or post.
        unit_key: Key,
        /// Across.
        x: f32,
        /// Up.
        y: f32,
    }
}

table! {
    /// What a cluster is called, and its terms in order.
    "labels" LabelRow<'a> {
        /// The cluster.
        cluster: u32,
        /// A short name.
        label: Text<'a>,
        /// Its terms, the heaviest first.
        terms: Vec<Text<'a>>,
        /// The weights of `terms`.
        weights: Vec<f32>,
    }
}

table! {
    /// A post that stands for a cluster.
    "personas" PersonaRow {
        /// The cluster.
        cluster: u32,
        /// 0 for the post nearest the centre.
        rank: u32,
        /// The post.
        post_key: Key,
        /// Cosine of the post's vector and the cluster's centre.
        cosine: f32,
        /// When it was written.
        created_at: Option<Timestamp>,
    }
}
