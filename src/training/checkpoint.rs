//! Checkpoints: everything that training needs to go on as if it had not been stopped, in one file that appears whole.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::TrainingError;
use super::optimizer::AdamW;
use avar_base::files::write_whole;

/// Holds the progress as JSON bytes.
const PROGRESS: &str = "progress";

/// Writes the optimizer's variables and moments, and `progress`.
pub(crate) fn save<P: Serialize>(path: &Path, optimizer: &AdamW, progress: &P) -> Result<(), TrainingError> {
    let mut tensors = optimizer.tensors()?;
    let json = serde_json::to_vec(&(optimizer.steps(), progress))
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string(), path: path.to_owned() })?;
    let count = json.len();
    tensors.insert(PROGRESS.to_owned(), Tensor::from_vec(json, count, &Device::Cpu)?);
    write_tensors(path, &tensors)
}

/// Puts back what [`save`] wrote; `None` where there is no checkpoint.
pub(crate) fn load<P: DeserializeOwned>(path: &Path, optimizer: &mut AdamW) -> Result<Option<P>, TrainingError> {
    if !path.exists() {
        return Ok(None);
    }
    let tensors = read_tensors(path)?;
    let (steps, progress) = progress_in(&tensors, path)?;
    optimizer.restore(&tensors, steps)?;
    Ok(Some(progress))
}

/// Only the progress that [`save`] wrote; `None` where there is no checkpoint.
pub(crate) fn progress<P: DeserializeOwned>(path: &Path) -> Result<Option<P>, TrainingError> {
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(progress_in(&read_tensors(path)?, path)?.1))
}

/// Steps and progress.
fn progress_in<P: DeserializeOwned>(tensors: &HashMap<String, Tensor>, path: &Path) -> Result<(u64, P), TrainingError> {
    let broken = |reason: String| TrainingError::Checkpoint { reason, path: path.to_owned() };
    let json = tensors.get(PROGRESS).ok_or_else(|| broken("it names no progress".to_owned()))?;
    let json = json.to_vec1::<u8>().map_err(|error| broken(error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| broken(error.to_string()))
}

pub(super) fn read_tensors(path: &Path) -> Result<HashMap<String, Tensor>, TrainingError> {
    candle_core::safetensors::load(path, &Device::Cpu)
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string(), path: path.to_owned() })
}

/// Writes the variables as they are now, by their names.
pub(super) fn write_variables(path: &Path, variables: &VarMap) -> Result<(), TrainingError> {
    let variables = variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let tensors = variables.iter().map(|(name, variable)| (name.clone(), variable.as_tensor().clone())).collect();
    write_tensors(path, &tensors)
}

/// Writes a safetensors file that appears whole or not at all.
pub(super) fn write_tensors(path: &Path, tensors: &HashMap<String, Tensor>) -> Result<(), TrainingError> {
    let bytes = safetensors::serialize(tensors, None)
        .map_err(|error| TrainingError::Checkpoint { reason: error.to_string(), path: path.to_owned() })?;
    Ok(write_whole(path, |file| file.write_all(&bytes))?)
}
