//! What a run was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `run.json`. Fields that an older run lacks read as empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Absolute path of the manifest.
    pub manifest: String,
    /// Of the manifest's file; lower-case hexadecimal.
    pub manifest_sha256: String,
    /// Labels of the manifest that are none of the ten classes, and how many rows have them.
    pub unknown_labels: BTreeMap<String, usize>,
    /// Sentences that a reader of the scores should know: of the manifest, the scoring and the model card.
    pub notes: Vec<String>,
    /// The preset.
    pub network: String,
    /// Where the weights came from, in words.
    pub weights: String,
    /// SHA-256 that names the weights: of their file, or of the sentence that describes the seed; lower-case
    /// hexadecimal.
    pub weights_sha256: String,
    /// False for weights drawn from a seed, whose scores mean nothing.
    pub is_trained: bool,
    /// What a reader must know of the weights before believing a score; empty where that is nothing.
    pub warning: String,
    /// Classes that the weights were never checked on real recordings of.
    pub not_validated: Vec<String>,
    /// The classes that scores are of, in order.
    pub classes: Vec<String>,
    /// Of the step grids, in Hz; `None` in a run that does not say.
    pub steps_per_second: Option<f64>,
    /// Sequence length T of the temporal head; 0 in a run that does not say.
    pub window_steps: usize,
    /// FFmpeg's versions: a decoded picture is the product of them.
    pub decoder: String,
    /// Name and version of the program that wrote the run.
    pub program: String,
    /// How many clips were scored.
    pub clips: usize,
    /// Clips of the manifest that could not be scored.
    pub failures: Vec<Failure>,
}

/// A clip that could not be scored, or cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// As the manifest writes it.
    pub path: String,
    /// One sentence.
    pub error: String,
}
