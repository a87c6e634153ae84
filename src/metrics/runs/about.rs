//! What a run was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `run.json`. Fields that an older run lacks read as empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    pub manifest: String,
    pub manifest_sha256: String,
    /// Labels of the manifest that are none of the ten classes, and how many rows have them.
    pub unknown_labels: BTreeMap<String, usize>,
    pub notes: Vec<String>,
    /// The preset.
    pub network: String,
    /// Where the weights came from, in words.
    pub weights: String,
    pub weights_sha256: String,
    pub is_trained: bool,
    /// What a reader must know of the weights before believing a score; empty where that is nothing.
    pub warning: String,
    /// Classes that the weights were never checked on real recordings of.
    pub not_validated: Vec<String>,
    /// The classes that scores are of, in order.
    pub classes: Vec<String>,
    pub steps_per_second: Option<f64>,
    pub window_steps: usize,
    pub decoder: String,
    pub program: String,
    pub clips: usize,
    pub failures: Vec<Failure>,
}

/// A clip that could not be scored, or cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub path: String,
    /// One sentence.
    pub error: String,
}
