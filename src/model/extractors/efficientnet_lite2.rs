//! EfficientNet-Lite2 (Tan and Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML
//! 2019, without squeeze-and-excitation and with ReLU6), trained on ImageNet.
//!
//! In: square pictures of [`SIZE_PX`] pixels, or of another size (see [`EfficientNetLite2::at_size`]), red, green, blue
//! bytes; of a scene the whole frame squashed into the square. Out, each picture: [`FEATURES`] numbers, the mean over
//! positions of the last feature map; from that the logits of [`CLASSES`] classes of which one is meant.
//!
//! Tensors, in PyTorch's layouts after batch norm was folded: `stem`, `blocks.0` to `blocks.20` with `expand`,
//! `depthwise` and `project`, `head`, `classifier`.

use avar_base::job::CancelToken;
use candle_core::Tensor;

use super::super::device::ComputeDevice;
use super::super::error::ModelError;
use super::super::layers::Linear;
use super::super::seeded::Init;
use super::super::weights::{Origin, WeightSource, Weights};
use super::conv::{Conv, Lying, Window};
use super::inverted_residual::{Block, InvertedResidual, Part};
use super::pictures::{self, Pictures};
use super::rows;
use avar_kernels::Activation;

/// The edge of the pictures that it was trained on.
pub const SIZE_PX: usize = 260;
/// Length of a picture's feature vector.
pub const FEATURES: usize = 1280;
/// Number of classes, in ImageNet's order without a background.
pub const CLASSES: usize = 1000;

const STEM: usize = 32;

/// Side of the depthwise window, stride of the first block, widening, outputs, blocks.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 3),
    (5, 2, 6, 48, 3),
    (3, 2, 6, 88, 4),
    (5, 1, 6, 120, 4),
    (5, 2, 6, 208, 5),
    (3, 1, 6, 352, 1),
];

/// The network for inference. Methods may be called from several threads.
pub struct EfficientNetLite2 {
    size_px: (usize, usize),
    stem: Conv,
    blocks: Vec<InvertedResidual>,
    head: Conv,
    classifier: Linear,
    weights: Weights,
}

impl EfficientNetLite2 {
    /// From a safetensors file in PyTorch's layouts, 32 or 16 bit, or from a seed.
    pub fn open(source: &WeightSource, device: &ComputeDevice) -> Result<EfficientNetLite2, ModelError> {
        EfficientNetLite2::new(&Weights::open(source, device)?)
    }

    /// `weights` at the root.
    pub fn new(weights: &Weights) -> Result<EfficientNetLite2, ModelError> {
        let (turned, relu6) = (Lying::Turned, Activation::Relu6);
        let mut blocks = Vec::new();
        let mut inputs = STEM;
        for (side, first_stride, widening, outputs, count) in STAGES {
            for position in 0..count {
                let stride = if position == 0 { first_stride } else { 1 };
                let wide = widening * inputs;
                let block = Block { inputs, wide, outputs, side, stride, squeezed: None, activation: relu6 };
                let root = weights.at(format_args!("blocks.{}", blocks.len()));
                blocks.push(InvertedResidual::new(block, turned, |part| match part {
                    Part::Expand => root.at("expand"),
                    Part::Filter => root.at("depthwise"),
                    Part::Project => root.at("project"),
                    Part::Gate => unreachable!("blocks without squeezed channels have no gate"),
                })?);
                inputs = outputs;
            }
        }
        Ok(EfficientNetLite2 {
            size_px: (SIZE_PX, SIZE_PX),
            stem: Conv::new(3, STEM, Window::Dense { stride: 2 }, relu6, turned, &weights.at("stem"))?,
            blocks,
            head: Conv::new(inputs, FEATURES, Window::Pointwise, relu6, turned, &weights.at("head"))?,
            classifier: Linear::new(FEATURES, CLASSES, Init::linear(FEATURES), &weights.at("classifier"))?,
            weights: weights.clone(),
        })
    }

    /// The same network for pictures of another width and height: any, up to 2048 pixels. It was trained on
    /// squares of [`SIZE_PX`].
    pub fn at_size(self, size_px: (usize, usize)) -> Result<EfficientNetLite2, ModelError> {
        Ok(EfficientNetLite2 { size_px: pictures::expect_size(size_px, 1)?, ..self })
    }

    /// Width and height of the pictures.
    pub fn size_px(&self) -> (usize, usize) {
        self.size_px
    }

    /// Where the weights came from, with their digest and number.
    pub fn origin(&self) -> Origin {
        self.weights.origin()
    }

    /// `rgb`: `n` pictures of [`Self::size_px`], rows of red, green, blue bytes -> `n` rows of [`FEATURES`].
    pub fn features(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        Pictures::new(rgb, n, self.size_px)?.each(self.weights.device(), cancel, |rgb| {
            Ok(avar_kernels::channel_means(&self.last_map(rgb)?)?.flatten_all()?.to_vec1()?)
        })
    }

    /// As [`Self::features`] -> of each picture a row of [`FEATURES`] for every position of the last map, 32 pixels apart;
    /// the means over the positions are the picture's features.
    pub fn features_by_place(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        Pictures::new(rgb, n, self.size_px)?
            .each(self.weights.device(), cancel, |rgb| Ok(self.last_map(rgb)?.flatten_all()?.to_vec1()?))
    }

    /// Rows of [`FEATURES`] -> as many rows of [`CLASSES`], before the softmax.
    pub fn logits(&self, features: &[f32]) -> Result<Vec<f32>, ModelError> {
        let x = rows::matrix(features, FEATURES, self.weights.device())?;
        Ok(self.classifier.forward(&x, Activation::None)?.flatten_all()?.to_vec1()?)
    }

    /// `[1, H / 32, W / 32, FEATURES]`, turned.
    fn last_map(&self, rgb: &[u8]) -> Result<Tensor, ModelError> {
        // Turned by 180 degrees: the pixels in reverse order.
        let pixels = rgb.as_chunks::<3>().0.iter().rev();
        let values = pixels.map(|pixel| pixel.map(|value| (f32::from(value) - 127.0) / 128.0));
        let mut x: Tensor = pictures::tensor(values, self.size_px, self.weights.device())?;
        x = self.stem.forward(&x)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        self.head.forward(&x)
    }
}
