//! Features of every clip, computed once by the same code that analyses recordings, and kept on disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};

use super::checkpoint::{read_tensors, write_tensors};
use super::corpus::CorpusClip;
use super::error::TrainingError;
use crate::analysis::{extract, plan};
use crate::classes::AnomalyClass;
use crate::dataset::Split;
use crate::job::CancelToken;
use crate::media;
use crate::model::{AvarNet, Modalities};

/// One clip as the temporal head sees it.
#[derive(Clone, Debug)]
pub struct ClipFeatures {
    /// As the manifest writes it.
    pub path: String,
    pub split: Split,
    /// Position of the dataset.
    pub source: usize,
    pub group: String,
    pub label: AnomalyClass,
    /// The class that holds in the middle of each step; `None` where it is none of the ten.
    pub classes: Vec<Option<AnomalyClass>>,
    /// Steps x Dv; empty without a picture.
    pub picture: Vec<f32>,
    /// Steps x Da; empty without sound.
    pub sound: Vec<f32>,
}

impl ClipFeatures {
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }
}

/// The features of `clip`, from `folder` where they were computed before by this network.
pub fn clip_features(
    clip: &CorpusClip,
    network: &AvarNet,
    steps_per_second: f64,
    folder: &Path,
    cancel: &CancelToken,
) -> Result<ClipFeatures, TrainingError> {
    let file = &clip.clip.file;
    let opened = media::open(file, cancel, |_| {})?;
    let (grid, modalities) = plan(&opened.info, opened.frames.as_deref(), steps_per_second)?;
    let cached = cache_path(file, network, steps_per_second, folder);
    let (picture, sound) = match read_cached(&cached, network, grid.len(), modalities) {
        Some(found) => found,
        None => {
            let features = extract(&opened.info, opened.frames.as_ref(), network, grid, cancel)?;
            let mut tensors = HashMap::new();
            for (name, values) in [("picture", &features.picture), ("sound", &features.sound)] {
                tensors.insert(name.to_owned(), Tensor::from_slice(values, values.len(), &Device::Cpu)?);
            }
            write_tensors(&cached, &tensors)?;
            (features.picture, features.sound)
        }
    };
    let middle = |step: usize| {
        let range = grid.range_of(step);
        range.start + crate::time::MediaTime::from_seconds(range.duration_s() / 2.0)
    };
    Ok(ClipFeatures {
        path: clip.clip.path.to_string_lossy().into_owned(),
        split: clip.split,
        source: clip.source,
        group: clip.clip.group.clone(),
        label: clip.clip.label,
        classes: (0..grid.len()).map(|step| clip.clip.class_at(middle(step))).collect(),
        picture,
        sound,
    })
}

/// Named by the file, its size and age, the network and the steps: what is changed is computed again.
fn cache_path(file: &Path, network: &AvarNet, steps_per_second: f64, folder: &Path) -> PathBuf {
    let metadata = std::fs::metadata(file).ok();
    let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let named = format!(
        "{} {:?} {modified:?} {} {steps_per_second}",
        file.display(),
        metadata.map(|metadata| metadata.len()),
        network.digest()
    );
    let digest: String = Sha256::digest(named).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("{digest}.safetensors"))
}

/// `None` where there is nothing, or not what is needed: it is computed again then.
fn read_cached(path: &Path, network: &AvarNet, steps: usize, modalities: Modalities) -> Option<(Vec<f32>, Vec<f32>)> {
    if !path.exists() {
        return None;
    }
    let tensors = read_tensors(path).ok()?;
    let values = |name: &str, width: usize, is_there: bool| {
        let values = tensors.get(name)?.flatten_all().ok()?.to_vec1::<f32>().ok()?;
        (values.len() == if is_there { steps * width } else { 0 }).then_some(values)
    };
    let picture = values("picture", network.picture_dim(), modalities != Modalities::SoundOnly)?;
    Some((picture, values("sound", network.sound_dim(), modalities != Modalities::PictureOnly)?))
}
