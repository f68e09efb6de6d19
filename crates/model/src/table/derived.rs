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
