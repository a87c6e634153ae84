//! The parts of a dataset.

/// Which part a clip belongs to. What is drawn or chosen on one part is never scored on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// What weights are fitted to.
    Train,
    /// What is chosen by: which weights are the best, and how scores are calibrated.
    #[serde(rename = "val")]
    Validation,
    /// What is measured on, and nothing else.
    Test,
}

impl Split {
    /// Every part, in the order of its number (`split as usize`).
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    /// Identifier used in files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Validation => "val",
            Split::Test => "test",
        }
    }

    /// Reads [`Split::name`], and `validation`, in any case.
    pub fn from_name(name: &str) -> Option<Split> {
        match name.to_ascii_lowercase().as_str() {
            "train" => Some(Split::Train),
            "val" | "validation" => Some(Split::Validation),
            "test" => Some(Split::Test),
            _ => None,
        }
    }
}
