//! The columns of a run's tables, for writing and reading alike.

use avar_labels::{AnomalyClass, CLASS_COUNT};

pub(super) const CLIPS: &str = "clips.csv";
pub(super) const TRUTH: &str = "truth.csv";
pub(super) const STEPS: &str = "steps.csv";
pub(super) const FEATURES: &str = "features.csv";
pub(super) const ABOUT: &str = "run.json";

pub(super) const CLIP_COLUMNS: [&str; 13] = [
    "path",
    "group",
    "split",
    "label",
    "predicted",
    "max_score",
    "modalities",
    "duration_s",
    "start_s",
    "step_s",
    "loudness_dbfs",
    "brightness",
    "file",
];
pub(super) const TRUTH_COLUMNS: [&str; 4] = ["path", "class", "start_s", "end_s"];
pub(super) const STEP_COLUMNS: [&str; 3] = ["path", "step", "start_s"];
pub(super) const EVIDENCE_COLUMNS: [&str; 2] = ["p_video", "p_audio"];

/// `p_abuse` and so on, in the order of [`AnomalyClass::ALL`].
pub(super) fn score_columns() -> [String; CLASS_COUNT] {
    AnomalyClass::ALL.map(|class| format!("p_{}", class.name()))
}
