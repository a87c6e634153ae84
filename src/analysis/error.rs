//! Why an analysis did not come to its end.

use std::path::PathBuf;

use super::step_grid::StepGridError;
use avar_base::job::{Cancelled, Stopped};
use avar_media::MediaError;
use avar_model::ModelError;

/// What ended an analysis before its scores were whole.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The recording could not be opened, read or decoded; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Media(MediaError),
    /// The network could not be loaded, or a pass through it failed; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Model(ModelError),
    /// No step grid fits the file: steps a second outside of the limits, or time stamps that span more than a year.
    #[error("{reason}: {path}", path = .path.display())]
    Grid { reason: StepGridError, path: PathBuf },
    /// The file has neither picture nor sound, or no time in them.
    #[error("the file holds no time of picture or sound, so there is nothing to analyse: {}", .0.display())]
    NothingToAnalyse(PathBuf),
}

impl From<MediaError> for AnalysisError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Cancelled => Self::Cancelled(Cancelled),
            other => Self::Media(other),
        }
    }
}

impl From<ModelError> for AnalysisError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Model(other),
        }
    }
}

impl From<AnalysisError> for Stopped {
    fn from(error: AnalysisError) -> Self {
        match error {
            AnalysisError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Failed(other.to_string()),
        }
    }
}
