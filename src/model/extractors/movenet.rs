//! MoveNet MultiPose Lightning (Google, 2021): where people are and how they hold themselves. MobileNetV2 of width 1.5
//! with a feature pyramid (Lin et al., CVPR 2017) up to stride 4 and six heads in the manner of CenterNet (Zhou et al.,
//! "Objects as points", 2019).
//!
//! In: square pictures of [`SIZE_PX`] pixels, or of another multiple of 32 (see [`MoveNet::at_size`]), red, green, blue
//! bytes; a frame is scaled so that its longer side fills the square, and put at the top left, the rest black. Out,
//! each picture: [`FEATURES`] numbers, the means over positions of the backbone's last map ([`BACKBONE_FEATURES`]) and of
//! what the head for the keypoints' offsets computes its result from ([`POSE_FEATURES`]); or the heads' own maps.
//!
//! Tensors, with the names of Google's graph, in PyTorch's layouts after batch norm was folded.

use avar_base::job::CancelToken;
use candle_core::Tensor;

use super::super::device::ComputeDevice;
use super::super::error::ModelError;
use super::super::weights::{Origin, WeightSource, Weights};
use super::conv::{Conv, Lying, Window};
use super::inverted_residual::{Block, InvertedResidual, Part};
use super::pictures::{self, Pictures};
use avar_kernels::Activation;

/// The edge of the pictures that it was trained on.
pub const SIZE_PX: usize = 256;
/// Means of the backbone's last map.
pub const BACKBONE_FEATURES: usize = 480;
/// Means of the keypoint offsets' head.
pub const POSE_FEATURES: usize = 96;
/// Length of a picture's feature vector: the backbone's first.
pub const FEATURES: usize = BACKBONE_FEATURES + POSE_FEATURES;
/// A position of a head's map is a square of so many pixels.
pub const STRIDE_PX: usize = 4;

/// What the network multiplies bytes with before it subtracts 1: 2/255 in 16 bit.
const BYTE: f32 = 257.0 / 32_768.0;
/// What pictures are halved to, and so what their edge must be a multiple of.
const DEEPEST_STRIDE: usize = 32;

const STEM: usize = 48;
/// Outputs of the block that does not widen.
const FIRST: usize = 24;
const WIDENING: usize = 6;
/// Outputs, blocks and stride of the first one.
const STAGES: [(usize, usize, usize); 6] = [(40, 2, 2), (48, 3, 2), (96, 4, 2), (144, 3, 1), (240, 3, 2), (480, 1, 1)];
/// Blocks after which the pyramid takes a map, the finest first, and the channels that it makes of it.
const LATERALS: [(usize, usize); 3] = [(2, 24), (5, 32), (9, 64)];
/// Channels of the backbone's very last convolution, which only the pyramid sees, and what the pyramid makes of it.
const LAST: usize = 1280;
const COARSEST: usize = 64;
/// Channels of the pyramid's finest map.
const FINEST: usize = 24;

/// The network for inference. Methods may be called from several threads.
pub struct MoveNet {
    size_px: (usize, usize),
    stem: Conv,
    blocks: Vec<InvertedResidual>,
    pyramid: Pyramid,
    heads: [Head; 6],
    weights: Weights,
}

/// A map that a head makes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadMap {
    /// Logits of a person's centre: 1 channel.
    Centre,
    /// How large the box around a centre is: 2 channels.
    BoxSize,
    /// Where within its position a box's centre is: 2 channels.
    BoxOffset,
    /// Logits of each of COCO's 17 keypoints, in COCO's order.
    Keypoints,
    /// Where a centre's keypoints are: 34 channels, y before x.
    KeypointsOfCentre,
    /// Where within its position a keypoint is: 34 channels, y before x.
    KeypointOffset,
}

impl HeadMap {
    /// In the order of the network's numbering.
    pub const ALL: [HeadMap; 6] = [
        HeadMap::Centre,
        HeadMap::BoxSize,
        HeadMap::BoxOffset,
        HeadMap::Keypoints,
        HeadMap::KeypointsOfCentre,
        HeadMap::KeypointOffset,
    ];

    /// Numbers at each position.
    pub fn channels(self) -> usize {
        match self {
            HeadMap::Centre => 1,
            HeadMap::BoxSize | HeadMap::BoxOffset => 2,
            HeadMap::Keypoints => 17,
            HeadMap::KeypointsOfCentre | HeadMap::KeypointOffset => 34,
        }
    }

    fn name(self) -> &'static str {
        match self {
            HeadMap::Centre => "center_0",
            HeadMap::BoxSize => "box_scale_0",
            HeadMap::BoxOffset => "box_offset_0",
            HeadMap::Keypoints => "kpt_heatmap_0",
            HeadMap::KeypointsOfCentre => "kpt_regress_0",
            HeadMap::KeypointOffset => "kpt_offset_0",
        }
    }
}

impl MoveNet {
    /// From a safetensors file in PyTorch's layouts, 32 or 16 bit, or from a seed.
    pub fn open(source: &WeightSource, device: &ComputeDevice) -> Result<MoveNet, ModelError> {
        MoveNet::new(&Weights::open(source, device)?)
    }

    /// `weights` at the root.
    pub fn new(weights: &Weights) -> Result<MoveNet, ModelError> {
        let backbone = |name: &str| weights.at(format_args!("backbone/{name}"));
        let (turned, relu6) = (Lying::Turned, Activation::Relu6);
        let block = |inputs, outputs, wide, stride, name: String| {
            let block = Block { inputs, wide, outputs, side: 3, stride, squeezed: None, activation: relu6 };
            InvertedResidual::new(block, turned, |part| match part {
                Part::Expand => backbone(&format!("{name}_expand_relu")),
                Part::Filter => backbone(&format!("{name}_depthwise/depthwise")),
                Part::Project => backbone(&format!("{name}_project_BN")),
                Part::Gate => unreachable!("blocks without squeezed channels have no gate"),
            })
        };
        let mut blocks = vec![block(STEM, FIRST, STEM, 1, "expanded_conv".to_owned())?];
        let mut inputs = FIRST;
        for (outputs, count, first_stride) in STAGES {
            for position in 0..count {
                let stride = if position == 0 { first_stride } else { 1 };
                blocks.push(block(inputs, outputs, WIDENING * inputs, stride, format!("block_{}", blocks.len()))?);
                inputs = outputs;
            }
        }
        let [centre, size, offset, keypoints, of_centre, keypoint_offset] = HeadMap::ALL;
        let head = |index: usize, map| Head::new(index, map, weights);
        Ok(MoveNet {
            size_px: (SIZE_PX, SIZE_PX),
            stem: Conv::new(3, STEM, Window::Dense { stride: 2 }, relu6, turned, &backbone("Conv1_relu"))?,
            blocks,
            pyramid: Pyramid::new(weights)?,
            heads: [
                head(0, centre)?,
                head(1, size)?,
                head(2, offset)?,
                head(3, keypoints)?,
                head(4, of_centre)?,
                head(5, keypoint_offset)?,
            ],
            weights: weights.clone(),
        })
    }

    /// The same network for pictures of another width and height, multiples of 32 up to 2048 pixels. It was trained on
    /// squares of [`SIZE_PX`].
    pub fn at_size(self, size_px: (usize, usize)) -> Result<MoveNet, ModelError> {
        Ok(MoveNet { size_px: pictures::expect_size(size_px, DEEPEST_STRIDE)?, ..self })
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
            let maps = self.backbone(rgb)?;
            let pose = self.head(HeadMap::KeypointOffset).hidden(&self.pyramid.forward(&maps)?)?;
            let mut features = means(&maps.last)?;
            features.extend(means(&pose)?);
            Ok(features)
        })
    }

    /// As [`Self::features`] -> of each picture a row of [`FEATURES`] for every square of 32 x 32 pixels; the means over
    /// the squares are the picture's features.
    pub fn features_by_place(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        Pictures::new(rgb, n, self.size_px)?.each(self.weights.device(), cancel, |rgb| {
            let maps = self.backbone(rgb)?;
            let pose = self.head(HeadMap::KeypointOffset).hidden(&self.pyramid.forward(&maps)?)?;
            let backbone = maps.last.flatten_all()?.to_vec1::<f32>()?;
            let pose = means_of_squares(&pose, DEEPEST_STRIDE / STRIDE_PX)?;
            let squares = backbone.chunks_exact(BACKBONE_FEATURES).zip(pose.chunks_exact(POSE_FEATURES));
            Ok(squares.flat_map(|(backbone, pose)| backbone.iter().chain(pose)).copied().collect())
        })
    }

    /// As [`Self::features`], the backbone's alone: `n` rows of [`BACKBONE_FEATURES`], without pyramid and heads.
    pub fn backbone_features(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        let device = self.weights.device();
        Pictures::new(rgb, n, self.size_px)?.each(device, cancel, |rgb| means(&self.backbone(rgb)?.last))
    }

    /// One of the heads' maps: as [`Self::features`] -> `n` maps of a [`STRIDE_PX`]th of the height and width, rows of
    /// positions with the map's channels, before any sigmoid.
    pub fn map(&self, map: HeadMap, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        let channels = map.channels();
        Pictures::new(rgb, n, self.size_px)?.each(self.weights.device(), cancel, |rgb| {
            let map = self.head(map).forward(&self.pyramid.forward(&self.backbone(rgb)?)?)?;
            let turned = map.flatten_all()?.to_vec1::<f32>()?;
            Ok(turned.chunks_exact(channels).rev().flatten().copied().collect())
        })
    }

    fn head(&self, map: HeadMap) -> &Head {
        &self.heads[map as usize]
    }

    fn backbone(&self, rgb: &[u8]) -> Result<BackboneMaps, ModelError> {
        // Turned by 180 degrees: the pixels in reverse order.
        let pixels = rgb.as_chunks::<3>().0.iter().rev();
        let values = pixels.map(|pixel| pixel.map(|value| f32::from(value) * BYTE - 1.0));
        let mut x = self.stem.forward(&pictures::tensor(values, self.size_px, self.weights.device())?)?;
        let mut laterals = Vec::with_capacity(LATERALS.len());
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(&x)?;
            if LATERALS.iter().any(|&(after, _)| after == index) {
                laterals.push(x.clone());
            }
        }
        Ok(BackboneMaps { laterals, last: x })
    }
}

/// What the backbone hands on, turned.
struct BackboneMaps {
    /// In the order of [`LATERALS`].
    laterals: Vec<Tensor>,
    /// `[1, H / 32, W / 32, BACKBONE_FEATURES]`
    last: Tensor,
}

/// From the coarsest map up: doubled, added to what the backbone saw there, mixed.
struct Pyramid {
    last: Conv,
    coarsest: Conv,
    /// The coarsest first.
    levels: Vec<Level>,
}

struct Level {
    lateral: Conv,
    filter: Conv,
    mix: Conv,
}

impl Pyramid {
    fn new(weights: &Weights) -> Result<Pyramid, ModelError> {
        let turned = Lying::Turned;
        let conv = |inputs, outputs, activation, name: &str| {
            Conv::new(inputs, outputs, Window::Pointwise, activation, turned, &weights.at(name))
        };
        let mut levels = Vec::with_capacity(LATERALS.len());
        for (index, (after, channels)) in LATERALS.into_iter().rev().enumerate() {
            let outputs = LATERALS.into_iter().rev().nth(index + 1).map_or(FINEST, |(_, channels)| channels);
            let suffix = if index == 0 { String::new() } else { format!("_{index}") };
            let filter = format!("fpn/separable_conv2d{suffix}/separable_conv2d/depthwise");
            let window = Window::Depthwise { side: 3, stride: 1 };
            levels.push(Level {
                lateral: conv(
                    outputs_of_block(after),
                    channels,
                    Activation::None,
                    &format!("fpn/conv2d_{}", index + 1),
                )?,
                filter: Conv::without_bias(channels, channels, window, turned, &weights.at(filter))?,
                mix: conv(channels, outputs, Activation::Relu, &format!("fpn/re_lu{suffix}/Relu"))?,
            });
        }
        Ok(Pyramid {
            last: conv(BACKBONE_FEATURES, LAST, Activation::Relu6, "backbone/out_relu")?,
            coarsest: conv(LAST, COARSEST, Activation::None, "fpn/conv2d")?,
            levels,
        })
    }

    /// `[1, H / 4, W / 4, FINEST]`
    fn forward(&self, maps: &BackboneMaps) -> Result<Tensor, ModelError> {
        let mut x = self.coarsest.forward(&self.last.forward(&maps.last)?)?;
        for (level, seen) in self.levels.iter().zip(maps.laterals.iter().rev()) {
            let sum = level.lateral.forward_onto(seen, &avar_kernels::upsample2x(&x)?)?;
            x = level.mix.forward(&level.filter.forward(&sum)?)?;
        }
        Ok(x)
    }
}

/// A depthwise and two 1x1 convolutions.
struct Head {
    filter: Conv,
    mix: Conv,
    output: Conv,
}

impl Head {
    /// `index` is the head's place among all: layers are numbered on after the pyramid's.
    fn new(index: usize, map: HeadMap, weights: &Weights) -> Result<Head, ModelError> {
        let (name, turned) = (map.name(), Lying::Turned);
        let window = Window::Depthwise { side: 3, stride: 1 };
        let filter = format!("{name}/separable_conv2d_{}/separable_conv2d/depthwise", index + 3);
        let conv = |inputs, outputs, activation, layer: String| {
            let weights = weights.at(format_args!("{name}/{layer}"));
            Conv::new(inputs, outputs, Window::Pointwise, activation, turned, &weights)
        };
        Ok(Head {
            filter: Conv::without_bias(FINEST, FINEST, window, turned, &weights.at(filter))?,
            mix: conv(FINEST, POSE_FEATURES, Activation::Relu, format!("re_lu_{}/Relu", index + 3))?,
            output: conv(POSE_FEATURES, map.channels(), Activation::None, format!("conv2d_{}", index + 4))?,
        })
    }

    fn hidden(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        self.mix.forward(&self.filter.forward(x)?)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        self.output.forward(&self.hidden(x)?)
    }
}

/// Channels after block `index`, counted from the one that does not widen.
fn outputs_of_block(index: usize) -> usize {
    let outputs = STAGES.iter().flat_map(|&(outputs, count, _)| std::iter::repeat_n(outputs, count));
    std::iter::once(FIRST).chain(outputs).nth(index).unwrap_or(BACKBONE_FEATURES)
}

/// `[1, H, W, C]` -> the means over squares of `side` positions, row by row, rows of C.
fn means_of_squares(map: &Tensor, side: usize) -> Result<Vec<f32>, ModelError> {
    let (_, height, width, channels) = map.dims4()?;
    let values = map.flatten_all()?.to_vec1::<f32>()?;
    let (rows, columns) = (height / side, width / side);
    let mut means = vec![0f32; rows * columns * channels];
    for (position, value) in values.chunks_exact(channels).enumerate() {
        let square = position / width / side * columns + position % width / side;
        let mean = &mut means[square * channels..][..channels];
        mean.iter_mut().zip(value).for_each(|(mean, value)| *mean += value);
    }
    let share = 1.0 / (side * side) as f32;
    means.iter_mut().for_each(|mean| *mean *= share);
    Ok(means)
}

fn means(map: &Tensor) -> Result<Vec<f32>, ModelError> {
    Ok(avar_kernels::channel_means(map)?.flatten_all()?.to_vec1()?)
}
