//! What can go wrong in training, one sentence each.

use std::path::PathBuf;

use avar_analysis::AnalysisError;
use avar_base::files::WriteError;
use avar_base::job::{Cancelled, Stopped};
use avar_compose::ComposeError;
use avar_dataset::DatasetError;
use avar_media::MediaError;
use avar_model::ModelError;
use avar_synth::SynthError;

/// What ended a training, or an ablation, before its end.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// The caller asked for it; the stages go on from their checkpoints.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The recipe cannot be read, is not TOML of the expected form, or asks for what cannot be.
    #[error("the recipe cannot be used: {reason}: {}", path.display())]
    Recipe { reason: String, path: PathBuf },
    /// A manifest cannot be read or written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The synthetic corpus could not be drawn; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Synth(SynthError),
    /// Recordings could not be composed; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Compose(ComposeError),
    /// A clip could not be opened, read or decoded; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Media(MediaError),
    /// Features of a clip could not be computed; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Analysis(AnalysisError),
    /// A network could not be built, loaded or run; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Model(ModelError),
    /// candle could not carry out an operation.
    #[error("the network could not be computed: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The length of the gradient is not finite; no variable was moved.
    #[error(
        "training diverged at step {step}: the gradient is not a finite number; lower the learning rate in the recipe"
    )]
    Diverged { step: u64 },
    /// A file of tensors in the training's folder lacks the one of this name.
    #[error("the checkpoint lacks {0}; it was written for another network")]
    CheckpointLacks(String),
    /// A file in the training's folder cannot be read, is not what training writes, or is of another recipe.
    #[error("the checkpoint cannot be used ({reason}); remove it to begin again, or train in another folder: {}", path.display())]
    Checkpoint { reason: String, path: PathBuf },
    /// Another training holds the log of this folder.
    #[error("another training is under way in this folder; wait for its end or train in another: {}", .0.display())]
    FolderInUse(PathBuf),
    /// The log of earlier runs is there and cannot be read.
    #[error("what earlier runs told cannot be read ({reason}): {}", path.display())]
    Log { reason: std::io::Error, path: PathBuf },
    /// A file of the training cannot be written.
    #[error("{0}; what was computed before is kept")]
    Write(#[from] WriteError),
    /// Data are missing, cannot be used, or are none of the recipe's; the reason says which.
    #[error("there is nothing to train on: {0}")]
    NothingToTrainOn(String),
}

impl From<MediaError> for TrainingError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Cancelled => Self::Cancelled(Cancelled),
            other => Self::Media(other),
        }
    }
}

impl From<ModelError> for TrainingError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Model(other),
        }
    }
}

impl From<SynthError> for TrainingError {
    fn from(error: SynthError) -> Self {
        match error {
            SynthError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Synth(other),
        }
    }
}

impl From<ComposeError> for TrainingError {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Compose(other),
        }
    }
}

impl From<AnalysisError> for TrainingError {
    fn from(error: AnalysisError) -> Self {
        match error {
            AnalysisError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Analysis(other),
        }
    }
}

impl From<TrainingError> for Stopped {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_stopped_while_reading_was_stopped_and_did_not_fail() {
        let stopped = [
            TrainingError::from(MediaError::Cancelled),
            TrainingError::from(AnalysisError::from(MediaError::Cancelled)),
            TrainingError::from(SynthError::from(MediaError::Cancelled)),
        ];
        assert!(stopped.iter().all(|error| matches!(error, TrainingError::Cancelled(_))), "{stopped:?}");
    }
}
