//! What can go wrong in this room, as sentences for the user.

use std::path::PathBuf;

use avar_base::job::Cancelled;

/// An error of the networks or of their weights; the path, where there is one, comes last.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The weights file is missing, no ordinary file, larger than 4 GiB, or cannot be read.
    #[error("the weights file cannot be read ({reason}): {path}", path = .path.display())]
    WeightsUnreadable { path: PathBuf, reason: String },
    /// The weights file is cut short, or not of the format that is expected of it.
    #[error("this is not a whole safetensors file ({reason}); export or download the weights again: {path}", path = .path.display())]
    WeightsMalformed { path: PathBuf, reason: String },
    /// The file lacks a tensor that the network needs.
    #[error("the weights hold no tensor \"{tensor}\" of shape {expected:?}; they are for another network: {origin}")]
    TensorMissing { tensor: String, expected: Vec<usize>, origin: String },
    /// The file holds a tensor in another shape than the network needs.
    #[error(
        "the tensor \"{tensor}\" should have shape {expected:?} and has {found:?}; the weights are for another network: {origin}"
    )]
    TensorShape { tensor: String, expected: Vec<usize>, found: Vec<usize>, origin: String },
    /// A tensor of the file is not of floating-point numbers, or one of them is not finite.
    #[error("the tensor \"{tensor}\" holds {what}: {origin}")]
    TensorValues { tensor: String, what: String, origin: String },
    /// What the caller handed in does not fit the network.
    #[error("{0}")]
    Input(String),
    /// What a configuration asks for cannot be built.
    #[error("{0}")]
    Config(String),
    /// There is no such device, or it cannot be opened.
    #[error("{0}")]
    Device(String),
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// candle could not carry out an operation.
    #[error("the network could not be computed: {0}")]
    Compute(#[from] candle_core::Error),
}
