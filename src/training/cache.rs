//! What was computed from a file, kept in a folder of its own so that it is computed once.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};

use super::checkpoint::{read_tensors, write_tensors};
use super::error::TrainingError;
use avar_base::files::hexadecimal;

/// Named by the file, its size and age, and by `made_by`, which names what it was computed with: what has changed is
/// computed again.
pub(crate) fn path(file: &Path, made_by: impl Display, folder: &Path) -> PathBuf {
    let metadata = std::fs::metadata(file).ok();
    let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let named = format!("{} {:?} {modified:?} {made_by}", file.display(), metadata.map(|metadata| metadata.len()));
    folder.join(format!("{}.safetensors", hexadecimal(&Sha256::digest(named)[..16])))
}

/// The lists of numbers at `path`, or those that `compute` gives, which are then kept there.
pub(crate) fn lists<const N: usize>(
    path: &Path,
    names: [&str; N],
    compute: impl FnOnce() -> Result<[Vec<f32>; N], TrainingError>,
) -> Result<[Vec<f32>; N], TrainingError> {
    // A file that cannot be read is as good as none: what it held is computed again.
    let kept = if path.exists() { read_tensors(path).ok() } else { None };
    let list = |name: &str| kept.as_ref()?.get(name)?.to_vec1::<f32>().ok();
    let found: Vec<Vec<f32>> = names.iter().filter_map(|name| list(name)).collect();
    if let Ok(found) = found.try_into() {
        return Ok(found);
    }
    let computed = compute()?;
    let mut tensors = HashMap::new();
    for (name, values) in names.iter().zip(&computed) {
        tensors.insert((*name).to_owned(), Tensor::from_slice(values, values.len(), &Device::Cpu)?);
    }
    write_tensors(path, &tensors)?;
    Ok(computed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_computed_once_for_a_file_and_a_maker() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clip.wav");
        std::fs::write(&file, "sound").unwrap();
        let get = |made_by: &str, value: f32| {
            lists(&path(&file, made_by, folder.path()), ["a", "b"], || Ok([vec![value], Vec::new()])).unwrap()
        };
        assert_eq!(get("one", 1.0), [vec![1.0], vec![]]);
        assert_eq!(get("one", 2.0), [vec![1.0], vec![]]);
        assert_eq!(get("two", 2.0), [vec![2.0], vec![]]);
        std::fs::write(&file, "another sound").unwrap();
        assert_eq!(get("one", 3.0), [vec![3.0], vec![]]);
    }

    #[test]
    fn a_damaged_file_is_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        std::fs::write(&path, "damaged").unwrap();
        for _ in 0..2 {
            assert_eq!(lists(&path, ["a"], || Ok([vec![1.0]])).unwrap(), [[1.0]]);
        }
    }
}
