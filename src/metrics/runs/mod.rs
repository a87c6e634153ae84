//! Runs: what a network said of every clip of a manifest, as a folder that anybody can open again.
//!
//! | file | holds |
//! |---|---|
//! | `run.json` | [`About`]: manifest, weights, configuration, what could not be scored |
//! | `clips.csv` | one row a clip: its truth, its class scores, where it lies, how loud and how bright it is |
//! | `truth.csv` | when an anomaly shows, one row a range |
//! | `steps.csv` | one row a step: class scores, and what picture and sound say alone |
//! | `features.csv` | one row a clip: the mean of its features |
//! | `metrics.json`, `report.md` | the report, for other programs and for people |
//!
//! A run may come from anybody: what makes no sense in it is set aside with a sentence and never shown as a score.

mod about;
mod error;
mod pairing;
mod read;
mod table;
mod tables;
mod write;

use std::path::{Path, PathBuf};

pub use about::{About, Failure};
pub use error::RunError;
pub use pairing::Pairing;
pub use read::read_run;
pub use write::{write_report, write_run};

use crate::ScoredClip;
pub use avar_labels::Evidence;

/// Whether a path is the folder of a run.
pub fn is_run(path: &Path) -> bool {
    path.join(tables::ABOUT).is_file()
}

/// A run, whole in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Where it was read from, or is to be written to.
    pub folder: PathBuf,
    /// What it was made from: `run.json`.
    pub about: About,
    /// Those that can be used, in the order of `clips.csv`.
    pub clips: Vec<RunClip>,
    /// Clips of the folder that cannot be used, each with a sentence.
    pub set_aside: Vec<Failure>,
}

/// A clip of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunClip {
    /// Truth and scores.
    pub scored: ScoredClip,
    /// What is known of it beside those.
    pub facts: ClipFacts,
}

impl AsRef<ScoredClip> for RunClip {
    fn as_ref(&self) -> &ScoredClip {
        &self.scored
    }
}

/// What is known of a clip beside its truth and its scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipFacts {
    /// The recording; it may have been moved since.
    pub file: PathBuf,
    /// One a step; empty where it was not kept.
    pub evidence: Vec<Evidence>,
    /// Root mean square of the sound, in dB of full scale; `None` without sound.
    pub loudness_dbfs: Option<f32>,
    /// Mean luminance of the pictures that were judged, 0 black to 1 white; `None` without a picture.
    pub brightness: Option<f32>,
    /// Mean over the steps of what the temporal head was given, picture before sound; empty where it was not kept.
    pub features: Vec<f32>,
}

impl Run {
    /// Truth and scores of its clips, in their order.
    pub fn scored(&self) -> impl ExactSizeIterator<Item = &ScoredClip> + Clone {
        self.clips.iter().map(RunClip::as_ref)
    }

    /// The folder's own name.
    pub fn name(&self) -> String {
        self.folder.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}
