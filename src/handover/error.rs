//! Why something is not handed over, or does not stand up.

use std::io;
use std::path::{Path, PathBuf};

use avar_analysis::AnalysisError;
use avar_base::files::WriteError;
use avar_base::job::{Cancelled, Stopped};
use avar_figures::RasterError;
use avar_media::MediaError;
use avar_review::{NotItsMedium, ReviewError};

use crate::archive::Damage;

/// Why a bundle, a clip or a still was not written, or a bundle is not what it says; each a sentence.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The document cannot be read, or a line of it was changed.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// The recording is not the document's.
    #[error(transparent)]
    NotItsMedium(#[from] NotItsMedium),
    /// The recording cannot be read, or a clip of it cannot be written; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Media(MediaError),
    /// The recording cannot be analysed; cancelling is [`Self::Cancelled`].
    #[error(transparent)]
    Analysis(AnalysisError),
    /// Not every step has its score.
    #[error("the recording has not been analysed to its end; analyse it first: {path}", path = .path.display())]
    Unfinished { path: PathBuf },
    /// The scores are of other frames.
    #[error("the scores do not fit the frames of the recording; analyse it again: {path}", path = .path.display())]
    OtherFrames { path: PathBuf },
    /// Decisions were made on what other weights said.
    #[error(
        "the review was made on the scores of other weights (SHA-256 {decided}… and not {found}…); name those with --weights: {path}",
        path = .path.display()
    )]
    OtherWeights { decided: String, found: String, path: PathBuf },
    /// There is nothing to cut out.
    #[error("a clip has at least one frame and lies within the recording's {frames} frames; choose another stretch: {path}", path = .path.display())]
    Stretch { frames: usize, path: PathBuf },
    /// Its ending says neither how it is to be watched nor that nothing is to be lost.
    #[error("a clip ends in .mp4 (H.264, for viewing) or in .mkv (FFV1, without loss); choose one of them: {path}", path = .path.display())]
    ClipName { path: PathBuf },
    /// Frames are asked of a recording without any.
    #[error("the recording has no picture, so there is no frame of it: {path}", path = .path.display())]
    NoPicture { path: PathBuf },
    /// Words cannot be drawn.
    #[error(transparent)]
    Raster(#[from] RasterError),
    /// The encoder of stills has failed: a mistake of this crate, or no memory.
    #[error("a frame cannot be made a PNG picture ({0})")]
    Png(String),
    /// The template of the report has failed: a mistake of this crate.
    #[error("the report's page cannot be made ({0})")]
    Page(#[from] askama::Error),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The bundle is not as it was written, contradicts itself, or does not agree with the recording.
    #[error("{reason}: {path}", path = .path.display())]
    Bundle { reason: String, path: PathBuf },
}

impl HandoverError {
    pub(crate) fn bundle(reason: impl Into<String>, path: &Path) -> Self {
        Self::Bundle { reason: reason.into(), path: path.to_owned() }
    }

    pub(crate) fn damage(damage: Damage, path: &Path) -> Self {
        match damage {
            Damage::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::bundle(other.to_string(), path),
        }
    }

    pub(crate) fn write(reason: io::Error, path: &Path) -> Self {
        Self::Write(WriteError { path: path.to_owned(), reason })
    }
}

impl From<MediaError> for HandoverError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Cancelled => Self::Cancelled(Cancelled),
            other => Self::Media(other),
        }
    }
}

impl From<AnalysisError> for HandoverError {
    fn from(error: AnalysisError) -> Self {
        match error {
            AnalysisError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Analysis(other),
        }
    }
}

impl From<HandoverError> for Stopped {
    fn from(error: HandoverError) -> Self {
        match error {
            HandoverError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Failed(other.to_string()),
        }
    }
}
