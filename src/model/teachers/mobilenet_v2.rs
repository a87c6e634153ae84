//! MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018), width 1.0,
//! without its classifier, with the tensor names of keras.applications after batch norm was folded.
//!
//! In: pictures of 224 x 224 pixels, red, green, blue bytes, which the network sees as `0..=1`. Out: 1280 numbers
//! each, the mean over positions of the last feature map.

use std::path::Path;

use candle_core::Tensor;
use rayon::prelude::*;

use super::super::device::ComputeDevice;
use super::super::error::ModelError;
use super::super::weights::{Provenance, WeightSource, Weights};
use super::Conv;
use avar_kernels::Activation;

/// Pictures are squares of this edge.
pub const EDGE_PX: usize = 224;
/// Length of a picture's feature vector.
pub const FEATURES: usize = 1280;

/// What all tensor names begin with.
const ROOT: &str = "sequential/mobilenetv2_1.00_224";
/// Widening within a block.
const EXPANSION: usize = 6;
/// Outputs, blocks and stride of the first block: table 2 of the paper, after its first row, which does not widen.
const STAGES: [(usize, usize, usize); 6] = [(24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)];

/// The network for inference. Methods may be called from several threads.
pub struct MobileNetV2 {
    stem: Conv,
    blocks: Vec<Bottleneck>,
    last: Conv,
    weights: Weights,
}

impl MobileNetV2 {
    /// From a safetensors file in TensorFlow's layouts, 32 or 16 bit.
    pub fn open(path: &Path, device: &ComputeDevice) -> Result<MobileNetV2, ModelError> {
        MobileNetV2::new(&Weights::open(&WeightSource::File(path.to_owned()), device)?)
    }

    /// `weights` at the root.
    pub fn new(weights: &Weights) -> Result<MobileNetV2, ModelError> {
        let layer = |name: &str| weights.at(format_args!("{ROOT}/{name}"));
        let mut blocks = vec![Bottleneck {
            expand: None,
            filter: Conv::depthwise(32, 1, &layer("expanded_conv_depthwise_relu/Relu6"))?,
            project: Conv::pointwise(32, 16, Activation::None, &layer("expanded_conv_project_BN/FusedBatchNormV3"))?,
            skip: false,
        }];
        let mut inputs = 16;
        for (outputs, count, first_stride) in STAGES {
            for position in 0..count {
                let stride = if position == 0 { first_stride } else { 1 };
                blocks.push(Bottleneck::new(inputs, outputs, stride, blocks.len(), weights)?);
                inputs = outputs;
            }
        }
        Ok(MobileNetV2 {
            stem: Conv::dense(3, 32, 2, &layer("Conv1_relu/Relu6"))?,
            blocks,
            last: Conv::pointwise(inputs, FEATURES, Activation::Relu6, &layer("out_relu/Relu6"))?,
            weights: weights.clone(),
        })
    }

    /// Where the weights came from, with the file's SHA-256.
    pub fn provenance(&self) -> &Provenance {
        self.weights.provenance()
    }

    /// `rgb`: `n` pictures of [`EDGE_PX`] squared, rows of red, green, blue bytes -> `n` rows of [`FEATURES`].
    pub fn features(&self, rgb: &[u8], n: usize) -> Result<Vec<f32>, ModelError> {
        const PICTURE: usize = EDGE_PX * EDGE_PX * 3;
        if n.checked_mul(PICTURE) != Some(rgb.len()) {
            return Err(ModelError::Input(format!(
                "{n} pictures of {EDGE_PX} x {EDGE_PX} pixels in red, green and blue do not have {} bytes",
                rgb.len()
            )));
        }
        // One picture a thread: its maps then stay in that core's caches from layer to layer.
        let each = match self.weights.device().is_cpu() {
            true => avar_kernels::on_compute_threads(|| {
                rgb.par_chunks_exact(PICTURE).map(|rgb| self.picture(rgb)).collect::<Result<Vec<_>, _>>()
            }),
            false => rgb.chunks_exact(PICTURE).map(|rgb| self.picture(rgb)).collect(),
        }?;
        Ok(each.concat())
    }

    fn picture(&self, rgb: &[u8]) -> Result<Vec<f32>, ModelError> {
        // Turned by 180 degrees: the pixels in reverse order.
        let pixels = rgb.chunks_exact(3).rev().flatten();
        let turned: Vec<f32> = pixels.map(|&value| f32::from(value) / 255.0).collect();
        let mut x = Tensor::from_vec(turned, (1, EDGE_PX, EDGE_PX, 3), self.weights.device())?;
        x = self.stem.forward(&x)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        Ok(self.last.forward(&x)?.mean((1, 2))?.flatten_all()?.to_vec1()?)
    }
}

/// Widen, filter each channel, narrow without an activation; with a skip where the shapes agree.
struct Bottleneck {
    expand: Option<Conv>,
    filter: Conv,
    project: Conv,
    skip: bool,
}

impl Bottleneck {
    fn new(
        inputs: usize,
        outputs: usize,
        stride: usize,
        number: usize,
        weights: &Weights,
    ) -> Result<Bottleneck, ModelError> {
        let layer = |name: &str| weights.at(format_args!("{ROOT}/block_{number}_{name}"));
        let wide = EXPANSION * inputs;
        Ok(Bottleneck {
            expand: Some(Conv::pointwise(inputs, wide, Activation::Relu6, &layer("expand_relu/Relu6"))?),
            filter: Conv::depthwise(wide, stride, &layer("depthwise_relu/Relu6"))?,
            project: Conv::pointwise(wide, outputs, Activation::None, &layer("project_BN/FusedBatchNormV3"))?,
            skip: stride == 1 && inputs == outputs,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let wide = match &self.expand {
            Some(expand) => &expand.forward(x)?,
            None => x,
        };
        let filtered = self.filter.forward(wide)?;
        if self.skip { self.project.forward_onto(&filtered, x) } else { self.project.forward(&filtered) }
    }
}
