//! Features that come back to the network that made them.

use candle_core::{Device, Tensor};

use super::super::error::ModelError;

/// Rows of `width` features.
pub(super) fn matrix(features: &[f32], width: usize, device: &Device) -> Result<Tensor, ModelError> {
    if !features.len().is_multiple_of(width) {
        return Err(ModelError::Input(format!("{} numbers are no rows of {width} features", features.len())));
    }
    Ok(Tensor::from_slice(features, (features.len() / width, width), device)?)
}
