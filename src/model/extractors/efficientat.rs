//! EfficientAT mn04 (Schmid et al., "Efficient large-scale audio tagging via transformer-to-CNN knowledge distillation",
//! ICASSP 2023): MobileNetV3-Large of width 0.4 on log-mel frames, trained on AudioSet.
//!
//! In: mono samples at 32 kHz, full scale 1, cut into windows of one length. A window is looked at by itself: what it
//! is found to be depends on nothing before or after it. It was trained on windows of 10 s and works from
//! [`SHORTEST_SAMPLES`] on. Out, each window: an embedding of [`FEATURES`] numbers, the mean over bands and time of the
//! last feature map; from that the logits of [`CLASSES`] classes that do not exclude each other.
//!
//! Tensors, with the names of its PyTorch release after batch norm was folded: `features.0` the first convolution,
//! `features.1` to `features.15` the blocks, `features.16` the last 1x1 convolution, `classifier.2` and `classifier.5`.

use avar_base::job::CancelToken;
use candle_core::Tensor;
use rayon::prelude::*;

use super::super::device::ComputeDevice;
use super::super::error::ModelError;
use super::super::layers::Linear;
use super::super::seeded::Init;
use super::super::teachers::yamnet::expect_sound;
use super::super::weights::{Origin, WeightSource, Weights};
use super::conv::{Conv, Lying, Window};
use super::inverted_residual::{Block, InvertedResidual, Part};
use super::log_mel::{self, LogMel};
use super::rows;
use avar_kernels::Activation;

/// Samples must have this rate.
pub const SAMPLE_RATE_HZ: u32 = log_mel::SAMPLE_RATE_HZ;
/// A window may not be shorter: one second.
pub const SHORTEST_SAMPLES: usize = SAMPLE_RATE_HZ as usize;
/// Nor longer: a minute, six times what it was trained on.
pub const LONGEST_SAMPLES: usize = 60 * SAMPLE_RATE_HZ as usize;
/// Length of an embedding.
pub const FEATURES: usize = 384;
/// Number of classes.
pub const CLASSES: usize = 527;
/// Bands of a log-mel frame.
pub const BANDS: usize = log_mel::BANDS;

const STEM: usize = 8;
const HIDDEN: usize = 512;

/// Side, channels between, outputs, squeezed channels, activation, stride of each block: table 1 of the MobileNetV3
/// paper, every width times 0.4 and rounded to a multiple of eight.
const BLOCKS: [(usize, usize, usize, Option<usize>, Activation, usize); 15] = [
    (3, 8, 8, None, Activation::Relu, 1),
    (3, 24, 16, None, Activation::Relu, 2),
    (3, 32, 16, None, Activation::Relu, 1),
    (5, 32, 16, Some(8), Activation::Relu, 2),
    (5, 48, 16, Some(16), Activation::Relu, 1),
    (5, 48, 16, Some(16), Activation::Relu, 1),
    (3, 96, 32, None, Activation::HardSwish, 2),
    (3, 80, 32, None, Activation::HardSwish, 1),
    (3, 72, 32, None, Activation::HardSwish, 1),
    (3, 72, 32, None, Activation::HardSwish, 1),
    (3, 192, 48, Some(48), Activation::HardSwish, 1),
    (3, 272, 48, Some(72), Activation::HardSwish, 1),
    (5, 272, 64, Some(72), Activation::HardSwish, 2),
    (5, 384, 64, Some(96), Activation::HardSwish, 1),
    (5, 384, 64, Some(96), Activation::HardSwish, 1),
];

/// The network for inference. Methods may be called from several threads.
pub struct EfficientAt {
    front: LogMel,
    stem: Conv,
    blocks: Vec<InvertedResidual>,
    last: Conv,
    classifier: [Linear; 2],
    weights: Weights,
}

/// How a sound is cut: window `i` begins at `i * hop_samples`, and what is left at the end is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// [`SHORTEST_SAMPLES`] to [`LONGEST_SAMPLES`].
    pub length_samples: usize,
    /// At least 1.
    pub hop_samples: usize,
}

impl Windows {
    /// Whole windows in so many samples.
    pub fn count(&self, samples: usize) -> usize {
        samples.checked_sub(self.length_samples).map_or(0, |rest| rest / self.hop_samples.max(1) + 1)
    }

    fn check(&self) -> Result<(), ModelError> {
        if (SHORTEST_SAMPLES..=LONGEST_SAMPLES).contains(&self.length_samples) && self.hop_samples > 0 {
            return Ok(());
        }
        Err(ModelError::Config(format!(
            "EfficientAT takes windows of {SHORTEST_SAMPLES} to {LONGEST_SAMPLES} samples at least one apart, and not of \
             {} samples {} apart",
            self.length_samples, self.hop_samples
        )))
    }
}

impl EfficientAt {
    /// From a safetensors file in PyTorch's layouts, 32 or 16 bit, or from a seed.
    pub fn open(source: &WeightSource, device: &ComputeDevice) -> Result<EfficientAt, ModelError> {
        EfficientAt::new(&Weights::open(source, device)?)
    }

    /// `weights` at the root.
    pub fn new(weights: &Weights) -> Result<EfficientAt, ModelError> {
        let features = |number: usize| weights.at(format_args!("features.{number}"));
        let (upright, hard_swish) = (Lying::Upright, Activation::HardSwish);
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        let mut inputs = STEM;
        for (side, wide, outputs, squeezed, activation, stride) in BLOCKS {
            let block = Block { inputs, wide, outputs, side, stride, squeezed, activation };
            let root = features(blocks.len() + 1).at("block");
            // Parts are numbered in their order, those that are not there left out.
            let before = usize::from(wide != inputs);
            blocks.push(InvertedResidual::new(block, upright, |part| match part {
                Part::Expand => root.at(0),
                Part::Filter => root.at(before),
                Part::Gate => root.at(before + 1).at("conc_se_layers.0"),
                Part::Project => root.at(before + 1 + usize::from(squeezed.is_some())),
            })?);
            inputs = outputs;
        }
        let stem = Conv::new(1, STEM, Window::Dense { stride: 2 }, hard_swish, upright, &features(0))?;
        let last = Conv::new(inputs, FEATURES, Window::Pointwise, hard_swish, upright, &features(16))?;
        let classifier = weights.at("classifier");
        Ok(EfficientAt {
            front: LogMel::new(),
            stem,
            blocks,
            last,
            classifier: [
                Linear::new(FEATURES, HIDDEN, Init::before_activation(FEATURES), &classifier.at(2))?,
                Linear::new(HIDDEN, CLASSES, Init::linear(HIDDEN), &classifier.at(5))?,
            ],
            weights: weights.clone(),
        })
    }

    /// Where the weights came from, with their digest and number.
    pub fn origin(&self) -> Origin {
        self.weights.origin()
    }

    /// Every whole window of a sound -> as many rows of [`FEATURES`].
    pub fn features(&self, samples: &[f32], windows: Windows, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        windows.check()?;
        expect_sound(samples)?;
        let window = |index: usize| {
            cancel.check()?;
            self.window(&samples[index * windows.hop_samples..][..windows.length_samples])
        };
        let all = 0..windows.count(samples.len());
        // One window a thread: its maps then stay in that core's caches from layer to layer.
        let each: Vec<Vec<f32>> = match self.weights.device().is_cpu() {
            true => avar_kernels::on_compute_threads(|| all.into_par_iter().map(window).collect::<Result<_, _>>()),
            false => all.map(window).collect(),
        }?;
        Ok(each.concat())
    }

    /// Rows of [`FEATURES`] -> as many rows of [`CLASSES`], before the sigmoid.
    pub fn logits(&self, features: &[f32]) -> Result<Vec<f32>, ModelError> {
        let x = rows::matrix(features, FEATURES, self.weights.device())?;
        let [hidden, output] = &self.classifier;
        let hidden = hidden.forward(&x, Activation::HardSwish)?;
        Ok(output.forward(&hidden, Activation::None)?.flatten_all()?.to_vec1()?)
    }

    /// The front end by itself: [`BANDS`] rows of log-mel numbers 10 ms apart, of one window.
    pub fn log_mel(&self, samples: &[f32]) -> Result<Vec<f32>, ModelError> {
        Windows { length_samples: samples.len(), hop_samples: 1 }.check()?;
        expect_sound(samples)?;
        Ok(self.front.bands(samples))
    }

    fn window(&self, samples: &[f32]) -> Result<Vec<f32>, ModelError> {
        let bands = self.front.bands(samples);
        let frames = log_mel::frame_count(samples.len());
        let mut x = Tensor::from_vec(bands, (1, BANDS, frames, 1), self.weights.device())?;
        x = self.stem.forward(&x)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        Ok(avar_kernels::channel_means(&self.last.forward(&x)?)?.flatten_all()?.to_vec1()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_there_once_it_is_whole() {
        let windows = Windows { length_samples: 64_000, hop_samples: 16_000 };
        assert_eq!([0, 63_999, 64_000, 79_999, 80_000].map(|samples| windows.count(samples)), [0, 0, 1, 1, 2]);
    }
}
