//! What a table says of itself.

use serde::{Deserialize, Serialize};

/// Where a table comes from and what it is good for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableCard {
    /// The model that it was made from.
    pub teacher: String,
    /// The fingerprint of that model.
    pub teacher_fingerprint: String,
    /// How it was made, as parameters.
    pub parameters: serde_json::Value,
    /// Texts that it was fitted on, made-up ones among them; 0 where it was not fitted.
    pub n_texts: u64,
    /// How near it was to the model on texts that it was not fitted on: after the linear map, then after each pass over the
    /// texts. Empty where no text was held out.
    pub held_out: Vec<Nearness>,
    /// [`Nearness::neighbours`] of the table before the linear map.
    pub plain_neighbours: f64,
    /// What people should know: the texts and their licences, quality, limits.
    pub notes: String,
}

/// How near vectors of a table are to those of its teacher.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nearness {
    /// Mean cosine between a text's vector and what it should be: the teacher's vector less the mean of all, in the main
    /// directions.
    pub cosine: f64,
    /// The share of the teacher's 10 nearest texts of a text that are among the table's 10 nearest; 0 for fewer than 11 texts.
    pub neighbours: f64,
}
