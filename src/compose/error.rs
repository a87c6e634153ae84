//! Why nothing is composed.

use std::path::PathBuf;

use avar_base::files::WriteError;
use avar_base::job::Cancelled;
use avar_dataset::DatasetError;
use avar_labels::Split;
use avar_media::MediaError;

/// Why a composition is not whole.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Nothing that is everyday life is long enough to go on in the background.
    #[error(
        "the {} part has no everyday sound of at least a second to lay events into; label some clips normal: {}",
        part.name(),
        manifest.display()
    )]
    NoEverydayMaterial { part: Split, manifest: PathBuf },
    /// What was asked for is no recording.
    #[error("{0}")]
    Spec(String),
    /// A clip cannot be read, or a recording cannot be written.
    #[error(transparent)]
    Media(MediaError),
    /// The folder cannot be made.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The manifest cannot be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl From<MediaError> for ComposeError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Cancelled => Self::Cancelled(Cancelled),
            other => Self::Media(other),
        }
    }
}
