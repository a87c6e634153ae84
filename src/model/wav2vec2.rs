//! Wav2Vec2 (Baevski et al., "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations",
//! NeurIPS 2020), the encoder of the base model, with the tensor names of Hugging Face `facebook/wav2vec2-base`.
//!
//! In: samples `[B, N]`, 16 kHz, mono, each utterance brought to mean 0 and variance 1 by
//! [`normalise_utterance`]. Out: tokens `[B, T, D]`, one each 20 ms, each seeing 25 ms in the convolutions and the
//! whole utterance in the transformer. Variants with layer norm in every convolution or before the sublayers
//! (the large models) are another network and are not read.

use candle_core::{D, Tensor};

use super::error::ModelError;
use super::layers::{LayerNorm, Linear, SelfAttention, WindowWeight, by_tap};
use super::seeded::Init;
use super::weights::Weights;
use avar_base::job::CancelToken;
use avar_kernels::{Activation, GroupedConv, Matrix, NormalisedConv, Packed};

/// Samples per second that the network was trained at.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// Samples between two tokens: 20 ms. Both configurations have the feature encoder of the paper (Baevski et al. 2020).
pub const TOKEN_HOP: usize = 320;
/// Samples that a token of the feature encoder sees, its receptive field: 25 ms.
pub const TOKEN_FIELD: usize = 400;
/// Two seconds of sound go through the convolutions together.
const TOKENS_AT_ONCE: usize = 100;

/// Shape of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Channels of every convolution of the feature encoder.
    pub channels: usize,
    /// Taps of each convolution.
    pub taps: Vec<usize>,
    /// Stride of each convolution.
    pub strides: Vec<usize>,
    /// Width of the tokens.
    pub width: usize,
    /// Of the transformer.
    pub layers: usize,
    /// Of the attention in each of them; they divide `width`.
    pub heads: usize,
    /// Inner width of the feed-forward networks.
    pub inner: usize,
    /// Of the convolution that stands for positions.
    pub position_taps: usize,
    /// Into which its channels are divided.
    pub position_groups: usize,
}

impl Config {
    /// 94 million parameters.
    pub fn base() -> Config {
        Config {
            channels: 512,
            taps: vec![10, 3, 3, 3, 3, 2, 2],
            strides: vec![5, 2, 2, 2, 2, 2, 2],
            width: 768,
            layers: 12,
            heads: 12,
            inner: 3072,
            position_taps: 128,
            position_groups: 16,
        }
    }

    /// The same architecture at a size that trains from nothing on a laptop in an hour: 2.2 million parameters, 96
    /// channels in the convolutions, four layers of width 192. Our own choice; there is no published checkpoint.
    pub fn small() -> Config {
        Config { channels: 96, width: 192, layers: 4, heads: 4, inner: 768, ..Config::base() }
    }

    /// Tokens for an utterance of this length; 0 when it is shorter than the receptive field.
    ///
    /// With the strides of base: `floor((N - 400) / 320) + 1`.
    pub fn token_count(&self, samples: usize) -> usize {
        self.taps.iter().zip(&self.strides).fold(
            samples,
            |length, (&taps, &stride)| {
                if length < taps { 0 } else { (length - taps) / stride + 1 }
            },
        )
    }

    /// Fewest samples that give one token: 400 (25 ms) with the taps and strides of base.
    pub fn receptive_field(&self) -> usize {
        self.taps.iter().zip(&self.strides).rev().fold(1, |length, (&taps, &stride)| (length - 1) * stride + taps)
    }
}

/// What each stage puts out, in the network's order.
#[derive(Clone, Debug)]
pub struct Stages {
    /// After each convolution, `[B, T', C]`.
    pub convolutions: Vec<Tensor>,
    /// After layer norm and projection, `[B, T, D]`.
    pub projected: Tensor,
    /// What the transformer is given, then the output of each of its layers, `[B, T, D]`.
    pub hidden: Vec<Tensor>,
}

/// The network: samples at 16 kHz in, one token each 20 ms out.
pub struct Wav2Vec2 {
    convolutions: Vec<FeatureConv>,
    feature_norm: LayerNorm,
    projection: Linear,
    positions: PositionalConv,
    norm: LayerNorm,
    layers: Vec<EncoderLayer>,
    config: Config,
}

impl Wav2Vec2 {
    /// `weights` at the root: tensors are named `wav2vec2.…`.
    pub fn new(config: &Config, weights: &Weights) -> Result<Wav2Vec2, ModelError> {
        if config.taps.len() != config.strides.len() || config.taps.is_empty() {
            return Err(ModelError::Config("Wav2Vec2 needs as many strides as taps, and at least one".to_owned()));
        }
        let root = weights.at("wav2vec2");
        let convolutions = (0..config.taps.len())
            .map(|index| FeatureConv::new(config, index, &root.at("feature_extractor.conv_layers").at(index)))
            .collect::<Result<Vec<_>, _>>()?;
        let features = root.at("feature_projection");
        let encoder = root.at("encoder");
        let layers = (0..config.layers)
            .map(|index| EncoderLayer::new(config, &encoder.at("layers").at(index)))
            .collect::<Result<Vec<_>, _>>()?;
        let init = Init::linear(config.channels);
        Ok(Wav2Vec2 {
            convolutions,
            feature_norm: LayerNorm::new(config.channels, &features.at("layer_norm"))?,
            projection: Linear::new(config.channels, config.width, init, &features.at("projection"))?,
            positions: PositionalConv::new(config, &encoder.at("pos_conv_embed.conv"))?,
            norm: LayerNorm::new(config.width, &encoder.at("layer_norm"))?,
            layers,
            config: config.clone(),
        })
    }

    /// `[B, N]` -> `[B, T, D]`.
    pub fn forward(&self, samples: &Tensor) -> Result<Tensor, ModelError> {
        self.forward_unless(samples, &CancelToken::default())
    }

    /// Like [`Wav2Vec2::forward`]; asks before each layer whether it should go on, since the base model takes most of
    /// a second for a few seconds of sound.
    pub fn forward_unless(&self, samples: &Tensor, cancel: &CancelToken) -> Result<Tensor, ModelError> {
        let x = self.convolve(&self.samples_to_channels(samples)?, cancel)?;
        cancel.check()?;
        let x = self.projection.forward(&self.feature_norm.forward(&x)?, Activation::None)?;
        let mut x = self.norm.forward(&self.positions.forward_onto(&x)?)?;
        for layer in &self.layers {
            cancel.check()?;
            x = layer.forward(&x)?;
        }
        Ok(x)
    }

    /// Like [`Wav2Vec2::forward`], with every stage's output.
    pub fn forward_stages(&self, samples: &Tensor) -> Result<Stages, ModelError> {
        let mut x = self.samples_to_channels(samples)?;
        let mut convolutions = Vec::with_capacity(self.convolutions.len());
        for layer in &self.convolutions {
            x = layer.forward(&x)?;
            convolutions.push(x.clone());
        }
        let projected = self.projection.forward(&self.feature_norm.forward(&x)?, Activation::None)?;
        let mut x = self.norm.forward(&self.positions.forward_onto(&projected)?)?;
        let mut hidden = vec![x.clone()];
        for layer in &self.layers {
            x = layer.forward(&x)?;
            hidden.push(x.clone());
        }
        Ok(Stages { convolutions, projected, hidden })
    }

    /// The convolutions, `[B, N, 1]` -> `[B, T, C]`. They look no further than the receptive field, once the norm of the
    /// first is known: for inference an utterance goes through them in parts, since a map of all of it is the largest
    /// thing that the network needs room for.
    fn convolve(&self, samples: &Tensor, cancel: &CancelToken) -> Result<Tensor, ModelError> {
        let Some((FeatureConv::Fused(first), others)) = self.convolutions.split_first() else {
            return self.convolutions.iter().try_fold(samples.clone(), |x, layer| {
                cancel.check()?;
                layer.forward(&x)
            });
        };
        let (batch, length, _) = samples.dims3()?;
        let (tokens, field) = (self.config.token_count(length), self.config.receptive_field());
        let hop: usize = self.config.strides.iter().product();
        let mut parts = Vec::with_capacity(batch * tokens.div_ceil(TOKENS_AT_ONCE));
        for utterance in 0..batch {
            let samples = samples.narrow(0, utterance, 1)?;
            let first = first.fit(&samples.flatten_all()?)?;
            for start in (0..tokens).step_by(TOKENS_AT_ONCE) {
                cancel.check()?;
                let count = TOKENS_AT_ONCE.min(tokens - start);
                let part = samples.narrow(1, start * hop, (count - 1) * hop + field)?;
                parts.push(others.iter().try_fold(first.forward(&part)?, |x, layer| layer.forward(&x))?.squeeze(0)?);
            }
        }
        Ok(Tensor::cat(&parts, 0)?.reshape((batch, tokens, self.config.channels))?)
    }

    fn samples_to_channels(&self, samples: &Tensor) -> Result<Tensor, ModelError> {
        let (batch, count) = samples.dims2()?;
        let needed = self.config.receptive_field();
        if count < needed {
            return Err(ModelError::Input(format!("Wav2Vec2 needs at least {needed} samples, not {count}")));
        }
        Ok(samples.reshape((batch, count, 1))?)
    }
}

/// Brings an utterance to mean 0 and variance 1: `(x - mean) / sqrt(var + 1e-5)`.
pub fn normalise_utterance(samples: &mut [f32]) {
    if samples.is_empty() {
        return;
    }
    let count = samples.len() as f64;
    let mean = samples.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let variance = samples.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
    let scale = 1.0 / (variance + 1e-5).sqrt();
    for sample in samples {
        *sample = ((f64::from(*sample) - mean) * scale) as f32;
    }
}

/// One convolution of the feature encoder, without bias; GELU after it; the first with a norm over time between.
enum FeatureConv {
    Plain {
        weight: WindowWeight,
        taps: usize,
        stride: usize,
    },
    Normed {
        weight: WindowWeight,
        taps: usize,
        stride: usize,
        norm: TimeNorm,
    },
    /// For inference on the CPU.
    Fused(NormalisedConv),
}

impl FeatureConv {
    fn new(config: &Config, index: usize, weights: &Weights) -> Result<FeatureConv, ModelError> {
        let (inputs, outputs) = (if index == 0 { 1 } else { config.channels }, config.channels);
        let (taps, stride) = (config.taps[index], config.strides[index]);
        let init = Init::before_activation(inputs * taps);
        let weight = weights.at("conv").get(&[outputs, inputs, taps], "weight", init)?;
        if index > 0 {
            return Ok(FeatureConv::Plain { weight: WindowWeight::new(weight, weights)?, taps, stride });
        }
        let norm = TimeNorm::new(outputs, &weights.at("layer_norm"))?;
        if weights.is_trainable() || !weights.device().is_cpu() {
            return Ok(FeatureConv::Normed { weight: WindowWeight::new(weight, weights)?, taps, stride, norm });
        }
        Ok(FeatureConv::Fused(NormalisedConv {
            weights: by_tap(&weight)?.flatten_all()?.to_vec1()?,
            gamma: norm.gamma.to_vec1()?,
            beta: norm.beta.to_vec1()?,
            taps,
            stride,
            epsilon: TimeNorm::EPSILON,
        }))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        match self {
            FeatureConv::Plain { weight, taps, stride } => {
                Ok(avar_kernels::conv1d(x, &weight.matrix()?, None, *taps, *stride, Activation::Gelu)?)
            }
            FeatureConv::Normed { weight, taps, stride, norm } => {
                let y = avar_kernels::conv1d(x, &weight.matrix()?, None, *taps, *stride, Activation::None)?;
                norm.forward(&y, Activation::Gelu)
            }
            FeatureConv::Fused(convolution) => {
                let utterances = x.chunk(x.dim(0)?, 0)?.into_iter();
                let outputs = utterances.map(|x| convolution.fit(&x.flatten_all()?)?.forward(&x));
                Ok(Tensor::cat(&outputs.collect::<candle_core::Result<Vec<_>>>()?, 0)?)
            }
        }
    }
}

/// Group norm with one group a channel: each channel is normalised over time (eq 3 of AVAR-Net).
struct TimeNorm {
    gamma: Tensor,
    beta: Tensor,
}

impl TimeNorm {
    const EPSILON: f64 = 1e-5;

    fn new(channels: usize, weights: &Weights) -> Result<TimeNorm, ModelError> {
        let gamma = weights.get(&[channels], "weight", Init::Constant(1.0))?;
        let beta = weights.get(&[channels], "bias", Init::Constant(0.0))?;
        Ok(TimeNorm { gamma, beta })
    }

    /// `[B, T, C]` -> `[B, T, C]`
    fn forward(&self, x: &Tensor, activation: Activation) -> Result<Tensor, ModelError> {
        let utterances = x.dim(0)?;
        Ok(avar_kernels::channel_norm(x, &self.gamma, &self.beta, utterances, Self::EPSILON, activation)?.0)
    }
}

/// Relative positions by a wide grouped convolution whose weight is stored as magnitude and direction.
enum PositionalConv {
    Plain {
        magnitude: Tensor,
        direction: Tensor,
        bias: Tensor,
        groups: usize,
    },
    /// For inference on the CPU.
    Fused(GroupedConv),
}

impl PositionalConv {
    /// Reads the weight norm in either spelling: `weight_g` and `weight_v`, or `parametrizations.weight.original0`
    /// and `…1`.
    fn new(config: &Config, weights: &Weights) -> Result<PositionalConv, ModelError> {
        let (width, taps, groups) = (config.width, config.position_taps, config.position_groups);
        if groups == 0 || !width.is_multiple_of(groups) {
            return Err(ModelError::Config(format!("{width} channels cannot be split into {groups} groups")));
        }
        let each = width / groups;
        let older = weights.contains("weight_g") || !weights.contains("parametrizations.weight.original0");
        let (magnitude, direction) = if older {
            ("weight_g", "weight_v")
        } else {
            ("parametrizations.weight.original0", "parametrizations.weight.original1")
        };
        let magnitude = weights.get(&[1, 1, taps], magnitude, Init::Constant((width as f32 / taps as f32).sqrt()))?;
        let direction = weights.get(&[width, each, taps], direction, Init::linear(each * taps))?;
        let bias = weights.get(&[width], "bias", Init::bias())?;
        if weights.is_trainable() || !weights.device().is_cpu() {
            return Ok(PositionalConv::Plain { magnitude, direction, bias, groups });
        }
        let packed = grouped_matrices(&magnitude, &direction, groups)?
            .iter()
            .map(Packed::new)
            .collect::<candle_core::Result<Vec<_>>>()?;
        Ok(PositionalConv::Fused(GroupedConv { groups: packed, bias: bias.to_vec1()?, taps, before: taps / 2 }))
    }

    /// `x + GELU(convolution(x))`; `[B, T, D]` -> `[B, T, D]`.
    ///
    /// Padding by half the taps on both sides gives one output too many for an even number of taps; the reference
    /// drops the last one, which is the same as padding less at the end.
    fn forward_onto(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let (magnitude, direction, bias, groups) = match self {
            PositionalConv::Plain { magnitude, direction, bias, groups } => (magnitude, direction, bias, *groups),
            PositionalConv::Fused(convolution) => return Ok(convolution.forward(x)?),
        };
        let taps = direction.dim(D::Minus1)?;
        let padded = x.pad_with_zeros(1, taps / 2, taps - 1 - taps / 2)?;
        let each = x.dim(D::Minus1)? / groups;
        let parts = grouped_matrices(magnitude, direction, groups)?
            .iter()
            .enumerate()
            .map(|(group, matrix)| {
                let part = padded.narrow(2, group * each, each)?;
                avar_kernels::conv1d(&part, &Matrix::variable(matrix), None, taps, 1, Activation::None)
            })
            .collect::<candle_core::Result<Vec<_>>>()?;
        let y = Tensor::cat(&parts, 2)?.broadcast_add(bias)?;
        Ok((avar_kernels::activate(&y, Activation::Gelu)? + x)?)
    }
}

/// Weight norm over everything but the taps (dim = 2), then one matrix a group, `[taps * channels of the group,
/// channels of the group]`.
fn grouped_matrices(magnitude: &Tensor, direction: &Tensor, groups: usize) -> candle_core::Result<Vec<Tensor>> {
    let length = direction.sqr()?.sum_keepdim((0, 1))?.sqrt()?;
    let weight = direction.broadcast_mul(&magnitude.div(&length)?)?;
    let each = weight.dim(0)? / groups;
    (0..groups).map(|group| by_tap(&weight.narrow(0, group * each, each)?)).collect()
}

/// Post-norm transformer layer.
struct EncoderLayer {
    attention: SelfAttention,
    norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    final_norm: LayerNorm,
}

impl EncoderLayer {
    fn new(config: &Config, weights: &Weights) -> Result<EncoderLayer, ModelError> {
        let (width, inner) = (config.width, config.inner);
        let names = ["attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.out_proj"];
        let init = Init::before_activation(width);
        Ok(EncoderLayer {
            attention: SelfAttention::new(width, config.heads, names, weights)?,
            norm: LayerNorm::new(width, &weights.at("layer_norm"))?,
            widen: Linear::new(width, inner, init, &weights.at("feed_forward.intermediate_dense"))?,
            narrow: Linear::new(inner, width, Init::linear(inner), &weights.at("feed_forward.output_dense"))?,
            final_norm: LayerNorm::new(width, &weights.at("final_layer_norm"))?,
        })
    }

    /// `[B, T, D]` -> `[B, T, D]`; eqs 4 and 5 of AVAR-Net.
    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let x = self.norm.forward(&self.attention.forward_onto(x, x)?)?;
        let wide = self.widen.forward(&x, Activation::Gelu)?;
        self.final_norm.forward(&self.narrow.forward_onto(&wide, &x)?)
    }
}
