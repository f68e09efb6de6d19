//! The fit of the lexical model: learnt from a sample of the texts, kept as the table `models/lexical`, and taken again as long as the
//! seed and the selection are the same, so that posts that are added do not move the vectors of those that are there.

use populi_embed::{Embedder, Feature, Lexical, LexicalParams, TextSample};
use populi_model::table::FeatureRow;
use populi_store::{Snapshot, StepOutput};
use serde::{Deserialize, Serialize};

use super::EmbedSummary;
use crate::{Error, Result};

/// The table of the fit.
pub(super) const TABLE: &str = "models/lexical";

/// What a fit was asked for, beside the posts that there were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FitOf {
    /// Decides the sample.
    pub(super) seed: u64,
    /// The selection, as its parameters.
    pub(super) select: serde_json::Value,
}

/// The settings of the model.
pub(super) fn params(seed: u64) -> LexicalParams {
    LexicalParams { seed, ..LexicalParams::default() }
}

/// Whether the last run left a fit that was asked for in the same way.
pub(super) fn stands(snapshot: &Snapshot, before: &EmbedSummary, of: &FitOf) -> bool {
    before.fit.as_ref() == Some(of) && snapshot.tables().contains_key(TABLE)
}

/// Learns from a sample.
pub(super) fn learn(sample: &TextSample, seed: u64) -> Result<Lexical> {
    Ok(Lexical::learn(sample, &params(seed))?)
}

/// Reads the fit that stands.
pub(super) fn load(snapshot: &Snapshot, fingerprint: &str) -> Result<Lexical> {
    let features = snapshot.rows_of::<FeatureRow>(TABLE).map(|row| {
        let FeatureRow { bucket, weight, direction } = row?;
        Ok::<_, Error>(Feature { bucket, weight, direction })
    });
    let model = Lexical::from_features(features)?;
    // Of a damaged table: its vectors would not go with those that it made.
    if model.fingerprint().to_string() != fingerprint {
        return Err(Error::NotTheFit { table: TABLE.to_owned() });
    }
    Ok(model)
}

/// Writes a new fit beside its vectors.
pub(super) fn write(output: &mut StepOutput<'_>, model: &Lexical) -> Result<()> {
    output.write_as(
        TABLE,
        model.features().map(|Feature { bucket, weight, direction }| {
            Ok::<_, Error>(FeatureRow { bucket, weight, direction })
        }),
    )
}
