//! NanoDet-m (RangiLyu, 2020), a detector of COCO's 80 kinds of objects: ShuffleNetV2 (Ma et al., ECCV 2018) of width
//! 1.0, a path aggregation network (Liu et al., CVPR 2018) and heads for three sizes of objects.
//!
//! In: square pictures of [`SIZE_PX`] pixels, or of another multiple of 32 (see [`NanoDet::at_size`]), red, green, blue
//! bytes. Out, each picture: [`FEATURES`] numbers, the means over positions of the backbone's last map; or how sure the
//! detector is of each kind of object anywhere in the picture, [`CLASSES`] logits; or the heads' own maps.
//!
//! Tensors, with the names that layers have in the ONNX export, in PyTorch's layouts after batch norm was folded.

use avar_base::job::CancelToken;
use candle_core::Tensor;

use super::super::device::ComputeDevice;
use super::super::error::ModelError;
use super::super::weights::{Origin, WeightSource, Weights};
use super::conv::{Conv, Lying, Window};
use super::pictures::{self, Pictures};
use avar_kernels::Activation;

/// The edge of the pictures that it was trained on.
pub const SIZE_PX: usize = 320;
/// Length of a picture's feature vector.
pub const FEATURES: usize = 464;
/// Kinds of objects, in COCO's order.
pub const CLASSES: usize = 80;
/// Numbers at each position of a head's map: the logits of the classes, then eight of each distance to the edge of the
/// box, left, top, right, bottom; the softmax's mean of `0..8` is the distance in positions.
pub const CHANNELS: usize = CLASSES + 4 * 8;
/// A position of a head's map is a square of so many pixels.
pub const STRIDES_PX: [usize; 3] = [8, 16, 32];

/// Mean and scale of blue, green, red bytes.
const NORM: [(f32, f32); 3] = [(103.53, 0.017_429), (116.28, 0.017_507), (123.675, 0.017_125)];
const STEM: usize = 24;
/// Channels of each half, units after the first, and the number of the first layer.
const STAGES: [(usize, usize, usize); 3] = [(58, 3, 4), (116, 7, 68), (232, 3, 192)];
/// Channels of the aggregated maps, and the numbers of the layers that make them.
const NECK: usize = 96;
const LATERALS: [usize; 3] = [256, 257, 258];
/// The number of each head's first layer.
const HEADS: [usize; 3] = [339, 360, 381];

/// The network for inference. Methods may be called from several threads.
pub struct NanoDet {
    size_px: (usize, usize),
    stem: Conv,
    stages: Vec<Stage>,
    laterals: Vec<Conv>,
    heads: Vec<[Conv; 5]>,
    weights: Weights,
}

impl NanoDet {
    /// From a safetensors file in PyTorch's layouts, 32 or 16 bit, or from a seed.
    pub fn open(source: &WeightSource, device: &ComputeDevice) -> Result<NanoDet, ModelError> {
        NanoDet::new(&Weights::open(source, device)?)
    }

    /// `weights` at the root.
    pub fn new(weights: &Weights) -> Result<NanoDet, ModelError> {
        let layers = Layers(weights);
        let mut inputs = STEM;
        let mut stages = Vec::with_capacity(STAGES.len());
        let mut laterals = Vec::with_capacity(STAGES.len());
        for ((half, units, first), lateral) in STAGES.into_iter().zip(LATERALS) {
            stages.push(Stage::new(inputs, half, units, first, &layers)?);
            inputs = 2 * half;
            laterals.push(layers.pointwise(lateral, inputs, NECK, Activation::None)?);
        }
        let leaky = Activation::LeakyRelu;
        let head = |first: usize| {
            Ok::<_, ModelError>([
                layers.depthwise(first, NECK, 1, leaky)?,
                layers.pointwise(first + 3, NECK, NECK, leaky)?,
                layers.depthwise(first + 6, NECK, 1, leaky)?,
                layers.pointwise(first + 9, NECK, NECK, leaky)?,
                layers.pointwise(first + 12, NECK, CHANNELS, Activation::None)?,
            ])
        };
        Ok(NanoDet {
            size_px: (SIZE_PX, SIZE_PX),
            stem: layers.conv(0, 3, STEM, Window::Dense { stride: 2 }, leaky)?,
            stages,
            laterals,
            heads: HEADS.into_iter().map(head).collect::<Result<_, _>>()?,
            weights: weights.clone(),
        })
    }

    /// The same network for pictures of another width and height, multiples of 32 up to 2048 pixels. It was trained on
    /// squares of [`SIZE_PX`].
    pub fn at_size(self, size_px: (usize, usize)) -> Result<NanoDet, ModelError> {
        Ok(NanoDet { size_px: pictures::expect_size(size_px, STRIDES_PX[2])?, ..self })
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
            let [.., last] = self.backbone(rgb)?;
            Ok(avar_kernels::channel_means(&last)?.flatten_all()?.to_vec1()?)
        })
    }

    /// As [`Self::features`] -> of each picture a row of [`FEATURES`] for every position of the backbone's last map, 32
    /// pixels apart; the means over the positions are the picture's features.
    pub fn features_by_place(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        Pictures::new(rgb, n, self.size_px)?.each(self.weights.device(), cancel, |rgb| {
            let [.., last] = self.backbone(rgb)?;
            Ok(last.flatten_all()?.to_vec1()?)
        })
    }

    /// As [`Self::features`] -> `n` rows of [`CLASSES`]: each class's largest logit at any position of any map.
    pub fn objects(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        Pictures::new(rgb, n, self.size_px)?.each(self.weights.device(), cancel, |rgb| {
            let mut most = vec![f32::NEG_INFINITY; CLASSES];
            for map in self.heads(rgb)? {
                for position in map.flatten_all()?.to_vec1::<f32>()?.chunks_exact(CHANNELS) {
                    most.iter_mut().zip(position).for_each(|(most, logit)| *most = most.max(*logit));
                }
            }
            Ok(most)
        })
    }

    /// As [`Self::features`] -> for each picture the maps of [`STRIDES_PX`] one after another, rows of positions of
    /// [`CHANNELS`].
    pub fn maps(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        Pictures::new(rgb, n, self.size_px)?.each(self.weights.device(), cancel, |rgb| {
            let maps = self.heads(rgb)?.map(|map| map.flatten_all()?.to_vec1::<f32>());
            Ok(maps.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
        })
    }

    /// At the strides of [`STRIDES_PX`].
    fn backbone(&self, rgb: &[u8]) -> Result<[Tensor; 3], ModelError> {
        let value = |byte: u8, channel: usize| (f32::from(byte) - NORM[channel].0) * NORM[channel].1;
        let pixels = rgb.as_chunks::<3>().0.iter();
        let values = pixels.map(|&[red, green, blue]| [value(blue, 0), value(green, 1), value(red, 2)]);
        let x = self.stem.forward(&pictures::tensor(values, self.size_px, self.weights.device())?)?;
        let mut x = avar_kernels::max_pool3x3(&x, 2)?;
        let mut maps = Vec::with_capacity(STAGES.len());
        for stage in &self.stages {
            x = stage.forward(&x)?;
            maps.push(x.clone());
        }
        Ok(maps.try_into().expect("there are three stages"))
    }

    fn heads(&self, rgb: &[u8]) -> Result<[Tensor; 3], ModelError> {
        let seen = self.backbone(rgb)?;
        let lateral = |index: usize, onto: &Tensor| self.laterals[index].forward_onto(&seen[index], onto);
        // What the coarser maps know goes down to the finer ones, then what those have found back up.
        let coarse = self.laterals[2].forward(&seen[2])?;
        let middle = lateral(1, &avar_kernels::upsample2x(&coarse)?)?;
        let fine = lateral(0, &avar_kernels::upsample2x(&middle)?)?;
        let middle = (middle + avar_kernels::downsample2x(&fine)?)?;
        let coarse = (coarse + avar_kernels::downsample2x(&middle)?)?;
        let head =
            |index: usize, map: &Tensor| self.heads[index].iter().try_fold(map.clone(), |x, conv| conv.forward(&x));
        Ok([head(0, &fine)?, head(1, &middle)?, head(2, &coarse)?])
    }
}

/// Convolutions by the numbers of their layers.
struct Layers<'a>(&'a Weights);

impl Layers<'_> {
    fn conv(
        &self,
        number: usize,
        inputs: usize,
        outputs: usize,
        window: Window,
        activation: Activation,
    ) -> Result<Conv, ModelError> {
        let weights = self.0.at(format_args!("Conv_{number}"));
        Conv::new(inputs, outputs, window, activation, Lying::Upright, &weights)
    }

    fn pointwise(
        &self,
        number: usize,
        inputs: usize,
        outputs: usize,
        activation: Activation,
    ) -> Result<Conv, ModelError> {
        self.conv(number, inputs, outputs, Window::Pointwise, activation)
    }

    fn depthwise(
        &self,
        number: usize,
        channels: usize,
        stride: usize,
        activation: Activation,
    ) -> Result<Conv, ModelError> {
        self.conv(number, channels, channels, Window::Depthwise { side: 3, stride }, activation)
    }
}

/// A unit that halves the picture, then units that keep its size.
struct Stage {
    half: usize,
    /// Filter, mix: one half of the first unit's result.
    beside: [Conv; 2],
    /// Mix, filter, mix: the other half.
    through: [Conv; 3],
    /// Mix, filter, mix of the upper half of the channels; the lower half passes by.
    units: Vec<[Conv; 3]>,
}

impl Stage {
    fn new(inputs: usize, half: usize, units: usize, first: usize, layers: &Layers) -> Result<Stage, ModelError> {
        let (none, leaky) = (Activation::None, Activation::LeakyRelu);
        let branch = |number: usize, inputs: usize, stride: usize| {
            Ok::<_, ModelError>([
                layers.pointwise(number, inputs, half, leaky)?,
                layers.depthwise(number + 3, half, stride, none)?,
                layers.pointwise(number + 5, half, half, leaky)?,
            ])
        };
        Ok(Stage {
            half,
            beside: [layers.depthwise(first, inputs, 2, none)?, layers.pointwise(first + 2, inputs, half, leaky)?],
            through: branch(first + 5, inputs, 2)?,
            units: (0..units).map(|unit| branch(first + 20 + 15 * unit, half, 1)).collect::<Result<_, _>>()?,
        })
    }

    /// `[1, H, W, inputs]` -> `[1, H / 2, W / 2, 2 half]`
    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let run = |convs: &[Conv], x: &Tensor| convs.iter().try_fold(x.clone(), |x, conv| conv.forward(&x));
        let mut x = avar_kernels::interleave(&run(&self.beside, x)?, &run(&self.through, x)?)?;
        for unit in &self.units {
            let (lower, upper) = (x.narrow(3, 0, self.half)?, x.narrow(3, self.half, self.half)?);
            x = avar_kernels::interleave(&lower, &run(unit, &upper)?)?;
        }
        Ok(x)
    }
}
