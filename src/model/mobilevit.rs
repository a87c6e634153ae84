//! MobileViT (Mehta and Rastegari, "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision
//! Transformer", ICLR 2022), with the tensor names of Hugging Face `apple/mobilevit-{small,x-small,xx-small}`.
//!
//! In: pictures `[B, H, W, 3]`, channels in the order **blue, green, red**, values in `0..=1`, of any size from
//! 32 x 32 pixels. Out: `[B, D]`, the mean over positions of the last feature map. Feature maps that the patch does
//! not divide are resized bilinearly before the transformer and back after it, as the reference does.

use candle_core::{Device, Tensor};

use super::error::ModelError;
use super::layers::{ConvNorm, LayerNorm, Linear, Mode, SelfAttention, Window};
use super::seeded::Init;
use super::weights::Weights;
use avar_kernels::Activation;

/// Pictures below this edge would have no positions left after five halvings.
pub const SMALLEST_EDGE_PX: usize = 32;

/// Blue, green, red: where in an RGB pixel the network's channels stand.
pub const CHANNELS: [usize; 3] = [2, 1, 0];

/// Rows of RGB bytes as the network takes them, in training as in use.
pub fn preprocess(rgb: &[u8]) -> Vec<f32> {
    let mut values = vec![0.0; rgb.len()];
    for (values, rgb) in values.chunks_exact_mut(3).zip(rgb.chunks_exact(3)) {
        for (value, channel) in values.iter_mut().zip(CHANNELS) {
            *value = f32::from(rgb[channel]) / 255.0;
        }
    }
    values
}

/// Shape of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Widths of the three transformers.
    pub hidden: [usize; 3],
    /// Channels after the stem, the five stages, and the last 1x1 convolution.
    pub channels: [usize; 7],
    /// Expansion of the inverted residuals.
    pub expansion: f64,
    /// Of the three transformers.
    pub transformer_layers: [usize; 3],
    /// Of the self-attention; they must divide each of `hidden`.
    pub heads: usize,
    /// Width of the transformers' MLP over their own.
    pub mlp_ratio: usize,
    /// Edge of a patch in positions of the feature map.
    pub patch: usize,
    /// Number of classes of the classifier, where there is one.
    pub classes: Option<usize>,
}

impl Config {
    /// MobileViT-S: 640 features, 4.9 million parameters without the classifier.
    pub fn small() -> Config {
        Config {
            hidden: [144, 192, 240],
            channels: [16, 32, 64, 96, 128, 160, 640],
            expansion: 4.0,
            transformer_layers: [2, 4, 3],
            heads: 4,
            mlp_ratio: 2,
            patch: 2,
            classes: None,
        }
    }

    /// MobileViT-XS: 384 features, 1.9 million parameters without the classifier.
    pub fn x_small() -> Config {
        Config { hidden: [96, 120, 144], channels: [16, 32, 48, 64, 80, 96, 384], ..Config::small() }
    }

    /// MobileViT-XXS: 320 features, 0.95 million parameters without the classifier.
    pub fn xx_small() -> Config {
        Config { hidden: [64, 80, 96], channels: [16, 16, 24, 48, 64, 80, 320], expansion: 2.0, ..Config::small() }
    }

    /// Length of the feature vector.
    pub fn features(&self) -> usize {
        self.channels[6]
    }
}

/// What each stage of the network puts out, in its order.
#[derive(Clone, Debug)]
pub struct Stages {
    /// `stem`, `layer.0` to `layer.4`, `conv_1x1_exp`, each `[B, H', W', C]`.
    pub maps: Vec<(&'static str, Tensor)>,
    /// `[B, D]`
    pub pooled: Tensor,
    /// `[B, classes]`
    pub logits: Option<Tensor>,
}

/// The network with its weights.
pub struct MobileVit {
    stem: ConvNorm,
    inverted: [Vec<InvertedResidual>; 2],
    blocks: [(InvertedResidual, MobileVitBlock); 3],
    last: ConvNorm,
    classifier: Option<Linear>,
}

impl MobileVit {
    /// `weights` at the root: tensors are named `mobilevit.…` and `classifier.…`.
    pub fn new(config: &Config, weights: &Weights) -> Result<MobileVit, ModelError> {
        let root = weights.at("mobilevit");
        let encoder = root.at("encoder.layer");
        let c = config.channels;
        let residual = |from: usize, to: usize, stride: usize, at: &Weights| {
            InvertedResidual::new(from, to, stride, config.expansion, at)
        };
        let stem = ConvNorm::new(3, c[0], Window::Dense { stride: 2 }, Activation::Silu, &root.at("conv_stem"))?;
        let first = vec![residual(c[0], c[1], 1, &encoder.at("0.layer.0"))?];
        let second = vec![
            residual(c[1], c[2], 2, &encoder.at("1.layer.0"))?,
            residual(c[2], c[2], 1, &encoder.at("1.layer.1"))?,
            residual(c[2], c[2], 1, &encoder.at("1.layer.2"))?,
        ];
        let block = |index: usize| -> Result<(InvertedResidual, MobileVitBlock), ModelError> {
            let at = encoder.at(index + 2);
            let down = residual(c[index + 2], c[index + 3], 2, &at.at("downsampling_layer"))?;
            Ok((down, MobileVitBlock::new(config, index, &at)?))
        };
        let blocks = [block(0)?, block(1)?, block(2)?];
        let last = ConvNorm::new(c[5], c[6], Window::Pointwise, Activation::Silu, &root.at("conv_1x1_exp"))?;
        let classifier = config
            .classes
            .map(|classes| Linear::new(c[6], classes, Init::linear(c[6]), &weights.at("classifier")))
            .transpose()?;
        Ok(MobileVit { stem, inverted: [first, second], blocks, last, classifier })
    }

    /// `[B, H, W, 3]` -> `[B, D]`.
    pub fn forward(&self, pictures: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        Ok(self.forward_stages(pictures, mode)?.pooled)
    }

    /// Like [`MobileVit::forward`], with every stage's output.
    pub fn forward_stages(&self, pictures: &Tensor, mode: Mode) -> Result<Stages, ModelError> {
        let (_, height, width, channels) = pictures.dims4()?;
        if channels != 3 || height < SMALLEST_EDGE_PX || width < SMALLEST_EDGE_PX {
            return Err(ModelError::Input(format!(
                "MobileViT needs three channels and at least {SMALLEST_EDGE_PX} x {SMALLEST_EDGE_PX} pixels, not {channels} channels of {width} x {height}"
            )));
        }
        let mut maps = Vec::with_capacity(7);
        let mut x = self.stem.forward(pictures, mode)?;
        maps.push(("stem", x.clone()));
        for (name, layers) in ["layer.0", "layer.1"].into_iter().zip(&self.inverted) {
            for layer in layers {
                x = layer.forward(&x, mode)?;
            }
            maps.push((name, x.clone()));
        }
        for (name, (down, block)) in ["layer.2", "layer.3", "layer.4"].into_iter().zip(&self.blocks) {
            x = block.forward(&down.forward(&x, mode)?, mode)?;
            maps.push((name, x.clone()));
        }
        x = self.last.forward(&x, mode)?;
        maps.push(("conv_1x1_exp", x.clone()));
        let pooled = x.mean((1, 2))?;
        let logits = self.classifier.as_ref().map(|layer| layer.forward(&pooled, Activation::None)).transpose()?;
        Ok(Stages { maps, pooled, logits })
    }
}

/// MobileNet-v2's block: widen, filter each channel, narrow; with a skip where the shapes agree.
struct InvertedResidual {
    expand: ConvNorm,
    filter: ConvNorm,
    reduce: ConvNorm,
    skip: bool,
}

impl InvertedResidual {
    fn new(
        inputs: usize,
        outputs: usize,
        stride: usize,
        expansion: f64,
        weights: &Weights,
    ) -> Result<InvertedResidual, ModelError> {
        let wide = divisible_by_eight((inputs as f64 * expansion).round());
        let window = Window::Depthwise { stride };
        Ok(InvertedResidual {
            expand: ConvNorm::new(inputs, wide, Window::Pointwise, Activation::Silu, &weights.at("expand_1x1"))?,
            filter: ConvNorm::new(wide, wide, window, Activation::Silu, &weights.at("conv_3x3"))?,
            reduce: ConvNorm::new(wide, outputs, Window::Pointwise, Activation::None, &weights.at("reduce_1x1"))?,
            skip: stride == 1 && inputs == outputs,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let wide = self.filter.forward(&self.expand.forward(x, mode)?, mode)?;
        if self.skip { self.reduce.forward_onto(&wide, x, mode) } else { self.reduce.forward(&wide, mode) }
    }
}

/// The paper's block: local convolution, transformer across patches, fusion with the input.
struct MobileVitBlock {
    local: ConvNorm,
    project_in: Linear,
    layers: Vec<TransformerLayer>,
    norm: LayerNorm,
    project_out: ConvNorm,
    fuse: ConvNorm,
    patch: usize,
}

impl MobileVitBlock {
    fn new(config: &Config, index: usize, weights: &Weights) -> Result<MobileVitBlock, ModelError> {
        let (channels, width) = (config.channels[index + 3], config.hidden[index]);
        let dense = Window::Dense { stride: 1 };
        let layers = (0..config.transformer_layers[index])
            .map(|layer| TransformerLayer::new(config, width, &weights.at("transformer.layer").at(layer)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(MobileVitBlock {
            local: ConvNorm::new(channels, channels, dense, Activation::Silu, &weights.at("conv_kxk"))?,
            project_in: Linear::pointwise(channels, width, &weights.at("conv_1x1.convolution"))?,
            layers,
            norm: LayerNorm::new(width, &weights.at("layernorm"))?,
            project_out: ConvNorm::new(
                width,
                channels,
                Window::Pointwise,
                Activation::Silu,
                &weights.at("conv_projection"),
            )?,
            fuse: ConvNorm::new(2 * channels, channels, dense, Activation::Silu, &weights.at("fusion"))?,
            patch: config.patch,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let map = self.project_in.forward(&self.local.forward(x, mode)?, Activation::None)?;
        let (_, height, width, _) = map.dims4()?;
        let p = self.patch;
        let (rows, columns) = (height.div_ceil(p), width.div_ceil(p));
        let map = resize_bilinear(&map, rows * p, columns * p)?;
        // Tokens at the same place within their patches attend to each other: eq 1 of the paper.
        let mut tokens = avar_kernels::to_patches(&map, p)?;
        for layer in &self.layers {
            tokens = layer.forward(&tokens)?;
        }
        let map = avar_kernels::from_patches(&self.norm.forward(&tokens)?, rows, columns, p)?;
        let map = self.project_out.forward(&resize_bilinear(&map, height, width)?, mode)?;
        self.fuse.forward(&Tensor::cat(&[x, &map], 3)?, mode)
    }
}

/// Pre-norm transformer layer.
struct TransformerLayer {
    norm_before: LayerNorm,
    attention: SelfAttention,
    norm_after: LayerNorm,
    widen: Linear,
    narrow: Linear,
}

impl TransformerLayer {
    fn new(config: &Config, width: usize, weights: &Weights) -> Result<TransformerLayer, ModelError> {
        let names = [
            "attention.attention.query",
            "attention.attention.key",
            "attention.attention.value",
            "attention.output.dense",
        ];
        let wide = width * config.mlp_ratio;
        Ok(TransformerLayer {
            norm_before: LayerNorm::new(width, &weights.at("layernorm_before"))?,
            attention: SelfAttention::new(width, config.heads, names, weights)?,
            norm_after: LayerNorm::new(width, &weights.at("layernorm_after"))?,
            widen: Linear::new(width, wide, Init::before_activation(width), &weights.at("intermediate.dense"))?,
            narrow: Linear::new(wide, width, Init::linear(wide), &weights.at("output.dense"))?,
        })
    }

    /// `[B, N, D]` -> `[B, N, D]`
    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let x = self.attention.forward_onto(&self.norm_before.forward(x)?, x)?;
        let wide = self.widen.forward(&self.norm_after.forward(&x)?, Activation::Silu)?;
        self.narrow.forward_onto(&wide, &x)
    }
}

/// The nearest multiple of eight that is not more than 10 % below; the reference rounds channels this way.
fn divisible_by_eight(channels: f64) -> usize {
    let rounded = (((channels + 4.0) as usize) / 8 * 8).max(8);
    if (rounded as f64) < 0.9 * channels { rounded + 8 } else { rounded }
}

/// Bilinear resize of `[B, H, W, C]` with pixel centres at half-integers: two products with sparse matrices.
fn resize_bilinear(map: &Tensor, to_height: usize, to_width: usize) -> Result<Tensor, ModelError> {
    let (batch, height, width, channels) = map.dims4()?;
    if (height, width) == (to_height, to_width) {
        return Ok(map.clone());
    }
    let by_row = interpolation(height, to_height, map.device())?;
    let by_column = interpolation(width, to_width, map.device())?;
    let map = by_row
        .broadcast_left(batch)?
        .contiguous()?
        .matmul(&map.reshape((batch, height, width * channels))?)?
        .reshape((batch * to_height, width, channels))?;
    let map = by_column.broadcast_left(batch * to_height)?.contiguous()?.matmul(&map)?;
    Ok(map.reshape((batch, to_height, to_width, channels))?)
}

/// `[to, from]`: row `i` holds the two shares from which output `i` is mixed.
fn interpolation(from: usize, to: usize, device: &Device) -> Result<Tensor, ModelError> {
    let mut matrix = vec![0f32; to * from];
    for (row, shares) in matrix.chunks_exact_mut(from).enumerate() {
        let place = ((row as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
        let (low, share) = ((place as usize).min(from - 1), place.fract());
        shares[low] += 1.0 - share;
        shares[(low + 1).min(from - 1)] += share;
    }
    Ok(Tensor::from_vec(matrix, (to, from), device)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_taken_blue_first_and_in_0_to_1() {
        assert_eq!(preprocess(&[255, 0, 51]), [0.2, 0.0, 1.0]);
    }
}
