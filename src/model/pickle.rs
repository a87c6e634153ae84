//! PyTorch's own files, in which some published weights come: their tensors, rewritten as safetensors.
//!
//! Only tensors are read; whatever else a pickle might ask for is refused, and nothing in it is ever run.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Tensor;

use super::error::ModelError;

/// The tensors of all `files` (PyTorch's or safetensors, by their endings) under one roof, as safetensors bytes.
/// Where two files hold a tensor of one name the later one wins.
pub fn as_safetensors(files: &[&Path]) -> Result<Vec<u8>, ModelError> {
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for path in files {
        let malformed = |error: candle_core::Error| ModelError::WeightsMalformed {
            path: path.to_path_buf(),
            reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        if path.extension().is_some_and(|ending| ending == "safetensors") {
            tensors.extend(candle_core::safetensors::load(path, &candle_core::Device::Cpu).map_err(malformed)?);
        } else {
            tensors.extend(candle_core::pickle::read_all(path).map_err(malformed)?);
        }
    }
    Ok(safetensors::serialize(&tensors, None).map_err(candle_core::Error::wrap)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_of_several_files_come_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, tensor: &str, value: f32| {
            let path = folder.path().join(name);
            let tensors =
                HashMap::from([(tensor.to_owned(), Tensor::new(&[value], &candle_core::Device::Cpu).unwrap())]);
            candle_core::safetensors::save(&tensors, &path).unwrap();
            path
        };
        let (one, two) = (file("a.safetensors", "x", 1.0), file("b.safetensors", "y", 2.0));
        let bytes = as_safetensors(&[&one, &two]).unwrap();
        let read = candle_core::safetensors::load_buffer(&bytes, &candle_core::Device::Cpu).unwrap();
        assert_eq!(read["y"].to_vec1::<f32>().unwrap(), [2.0]);
        assert_eq!(read.len(), 2);
    }

    fn fixture(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pickle").join(name)
    }

    #[test]
    fn pytorchs_own_file_gives_its_tensors_whatever_their_strides() {
        let bytes = as_safetensors(&[&fixture("tensors.bin")]).unwrap();
        let read = candle_core::safetensors::load_buffer(&bytes, &candle_core::Device::Cpu).unwrap();
        assert_eq!(read["network.weight"].to_vec2::<f32>().unwrap(), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
        assert_eq!(read["network.turned"].to_vec2::<f32>().unwrap(), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]);
        let half = read["network.half"].to_dtype(candle_core::DType::F32).unwrap();
        assert_eq!(half.to_vec1::<f32>().unwrap(), [0.5, -2.0]);
    }

    #[test]
    fn a_pickle_that_asks_for_a_command_runs_nothing() {
        let marker = Path::new("/tmp/a-pickle-was-run");
        assert!(!marker.exists(), "left by something else: {}", marker.display());
        // Whether the rest of such a file is read or refused, the command in it is not run.
        if let Ok(bytes) = as_safetensors(&[&fixture("trap.bin")]) {
            let read = candle_core::safetensors::load_buffer(&bytes, &candle_core::Device::Cpu).unwrap();
            assert!(!read.contains_key("network.trap"));
        }
        assert!(!marker.exists());
    }

    #[test]
    fn what_is_no_pickle_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pytorch_model.bin");
        std::fs::write(&path, b"not a zip").unwrap();
        let sentence = as_safetensors(&[&path]).unwrap_err().to_string();
        assert!(sentence.contains("pytorch_model.bin"), "{sentence}");
    }
}
