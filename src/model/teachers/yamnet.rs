//! YAMNet (Plakal and Ellis, TensorFlow Models, 2019): MobileNet v1 (Howard et al. 2017) on log-mel patches, trained
//! on AudioSet.
//!
//! In: mono samples at 16 kHz, full scale 1. Sound is cut into patches of 96 frames, 48 apart; what is left at the
//! end and fills no patch is not looked at, so a sound shorter than [`SHORTEST_SAMPLES`] has none. Out, each patch:
//! an embedding of 1024 numbers, the mean over positions of the last feature map, and the logits of 521 classes that
//! do not exclude each other.
//!
//! Tensors: `layer1` the dense convolution, `layer2` to `layer27` depthwise and 1x1 in turn, `layer29` the
//! classifier.

use std::io::Read;
use std::path::Path;

use candle_core::Tensor;
use rayon::prelude::*;

use super::super::device::ComputeDevice;
use super::super::error::ModelError;
use super::super::layers::Linear;
use super::super::seeded::Init;
use super::super::weights::{Provenance, WeightSource, Weights};
use super::Conv;
use super::mel::{self, LogMel};
use avar_kernels::Activation;

/// Sound must have this rate.
pub const SAMPLE_RATE_HZ: u32 = mel::SAMPLE_RATE_HZ;
/// Length of a patch: 96 frames of 10 ms. Patch `i` begins at `i * HOP_S`.
pub const PATCH_S: f64 = 0.96;
/// From the start of one patch to the start of the next.
pub const HOP_S: f64 = 0.48;
/// Samples of one patch: the last frame reaches 15 ms beyond [`PATCH_S`].
pub const SHORTEST_SAMPLES: usize = (PATCH_FRAMES - 1) * mel::HOP_SAMPLES + mel::FRAME_SAMPLES;
/// Length of an embedding.
pub const EMBEDDING: usize = 1024;
/// Number of classes.
pub const CLASSES: usize = 521;

/// Samples beyond this are no sound: full scale is 1.
const LOUDEST: f32 = 1e6;

const PATCH_FRAMES: usize = 96;
const HOP_FRAMES: usize = 48;
/// Patches that one thread takes at a time: few enough for its caches, though 48 frames are computed twice.
const BLOCK: usize = 4;

/// Stride and outputs of each depthwise convolution and the 1x1 convolution after it.
const SEPARABLE: [(usize, usize); 13] = [
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
];

/// The network for inference. Methods may be called from several threads.
pub struct Yamnet {
    front: LogMel,
    stem: Conv,
    separable: Vec<(Conv, Conv)>,
    classifier: Linear,
    weights: Weights,
}

/// What YAMNet says of each patch of a sound, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Patches {
    /// How many whole patches the sound has.
    pub count: usize,
    /// `count` rows of [`EMBEDDING`].
    pub embeddings: Vec<f32>,
    /// `count` rows of [`CLASSES`], before the sigmoid.
    pub logits: Vec<f32>,
}

impl Patches {
    /// `count` rows of [`CLASSES`] in `0..=1`, each class by itself.
    pub fn scores(&self) -> Vec<f32> {
        self.logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()
    }
}

impl Yamnet {
    /// From a safetensors file in TensorFlow's layouts, 32 or 16 bit.
    pub fn open(path: &Path, device: &ComputeDevice) -> Result<Yamnet, ModelError> {
        Yamnet::new(&Weights::open(&WeightSource::File(path.to_owned()), device)?)
    }

    /// `weights` at the root.
    pub fn new(weights: &Weights) -> Result<Yamnet, ModelError> {
        let layer = |number: usize| weights.at(format_args!("layer{number}"));
        let mut inputs = 32;
        let mut separable = Vec::with_capacity(SEPARABLE.len());
        for (index, (stride, outputs)) in SEPARABLE.into_iter().enumerate() {
            let filter = Conv::depthwise(inputs, stride, &layer(2 * index + 2))?;
            let mix = Conv::pointwise(inputs, outputs, Activation::Relu6, &layer(2 * index + 3))?;
            separable.push((filter, mix));
            inputs = outputs;
        }
        Ok(Yamnet {
            front: LogMel::new(weights.device())?,
            stem: Conv::dense(1, 32, 2, &layer(1))?,
            separable,
            classifier: Linear::new(EMBEDDING, CLASSES, Init::linear(EMBEDDING), &layer(29))?,
            weights: weights.clone(),
        })
    }

    /// Where the weights came from, with the file's SHA-256.
    pub fn provenance(&self) -> &Provenance {
        self.weights.provenance()
    }

    /// Every whole patch of a sound.
    pub fn patches(&self, samples: &[f32]) -> Result<Patches, ModelError> {
        expect_sound(samples)?;
        let count = patch_count(samples.len());
        let block = |index: usize| {
            let first = index * BLOCK;
            let patches = BLOCK.min(count - first);
            let from = first * HOP_FRAMES * mel::HOP_SAMPLES;
            let length = (patches - 1) * HOP_FRAMES * mel::HOP_SAMPLES + SHORTEST_SAMPLES;
            self.block(&samples[from..from + length], patches)
        };
        let blocks = 0..count.div_ceil(BLOCK);
        // One block a thread: its maps then stay in that core's caches from layer to layer.
        let blocks = match self.weights.device().is_cpu() {
            true => {
                avar_kernels::on_compute_threads(|| blocks.into_par_iter().map(block).collect::<Result<Vec<_>, _>>())
            }
            false => blocks.map(block).collect(),
        }?;
        let (embeddings, logits): (Vec<_>, Vec<_>) = blocks.into_iter().unzip();
        Ok(Patches { count, embeddings: embeddings.concat(), logits: logits.concat() })
    }

    /// The front end by itself: log-mel frames of 64 bands, 10 ms apart, every whole frame of a sound.
    pub fn log_mel(&self, samples: &[f32]) -> Result<Vec<f32>, ModelError> {
        expect_sound(samples)?;
        match mel::frame_count(samples.len()) {
            0 => Ok(Vec::new()),
            _ => avar_kernels::on_compute_threads(|| self.frames(samples)),
        }
    }

    fn frames(&self, samples: &[f32]) -> Result<Vec<f32>, ModelError> {
        let samples = Tensor::from_slice(samples, (1, samples.len()), self.weights.device())?;
        Ok(self.front.frames(&samples, mel::HOP_SAMPLES)?.flatten_all()?.to_vec1()?)
    }

    /// The samples of `count` patches -> their embeddings and logits.
    fn block(&self, samples: &[f32], count: usize) -> Result<(Vec<f32>, Vec<f32>), ModelError> {
        let frames = self.frames(samples)?;
        // Patches overlap, so here they are copied, and turned by 180 degrees on the way.
        let patch = |index: usize| &frames[index * HOP_FRAMES * mel::BANDS..][..PATCH_FRAMES * mel::BANDS];
        let turned: Vec<f32> = (0..count).flat_map(|index| patch(index).iter().rev()).copied().collect();
        let mut x = Tensor::from_vec(turned, (count, PATCH_FRAMES, mel::BANDS, 1), self.weights.device())?;
        x = self.stem.forward(&x)?;
        for (filter, mix) in &self.separable {
            x = mix.forward(&filter.forward(&x)?)?;
        }
        let embeddings = x.mean((1, 2))?;
        let logits = self.classifier.forward(&embeddings, Activation::None)?;
        Ok((embeddings.flatten_all()?.to_vec1()?, logits.flatten_all()?.to_vec1()?))
    }
}

/// Whole patches in so many samples.
pub fn patch_count(samples: usize) -> usize {
    let hop = HOP_FRAMES * mel::HOP_SAMPLES;
    samples.checked_sub(SHORTEST_SAMPLES).map_or(0, |rest| rest / hop + 1)
}

/// The names of the classes, one a line, in the order of the logits. A list that lays several classes together holds
/// a name more than once.
pub fn class_names(path: &Path) -> Result<Vec<String>, ModelError> {
    // Far above what 521 names need; whatever else the path leads to is not read to its end.
    const LARGEST_BYTES: u64 = 1 << 18;
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST_BYTES).read_to_string(&mut text));
    if let Err(error) = read {
        return Err(ModelError::Input(format!("the class names cannot be read ({error}): {}", path.display())));
    }
    let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    let wrong = if names.len() != CLASSES {
        format!("this list has {} lines", names.len())
    } else if let Some(line) = names.iter().position(String::is_empty) {
        format!("line {} is blank", line + 1)
    } else {
        return Ok(names);
    };
    Err(ModelError::Input(format!(
        "YAMNet needs {CLASSES} class names, one a line, and {wrong}; take the list that came with the weights: {}",
        path.display()
    )))
}

pub(crate) fn expect_sound(samples: &[f32]) -> Result<(), ModelError> {
    // False for what is not a number, too.
    if samples.iter().all(|sample| sample.abs() <= LOUDEST) {
        return Ok(());
    }
    Err(ModelError::Input(
        "the sound holds samples that are not finite numbers or a million times full scale".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_there_once_its_last_frame_is_whole() {
        assert_eq!(SHORTEST_SAMPLES, 15_600);
        assert_eq!([0, 15_599, 15_600, 23_279, 23_280, 80_000].map(patch_count), [0, 0, 1, 1, 2, 9]);
        let rate_hz = f64::from(SAMPLE_RATE_HZ);
        assert_eq!((PATCH_FRAMES * mel::HOP_SAMPLES) as f64 / rate_hz, PATCH_S);
        assert_eq!((HOP_FRAMES * mel::HOP_SAMPLES) as f64 / rate_hz, HOP_S);
    }
}
