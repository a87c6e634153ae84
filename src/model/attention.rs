//! The attention block between fusion and the temporal head: "1D-CNN followed by self-attention".
//!
//! `x = Conv1d(k = 3)(F)`, then `x = LayerNorm(x + MHSA(x))`. The paper leaves width and heads open; ours are in
//! [`Config`]. Tensors: `convolution`, `attention.{query,key,value,output}`, `norm`.

use candle_core::Tensor;

use super::error::ModelError;
use super::layers::{LayerNorm, SelfAttention, TemporalConv};
use super::seeded::Init;
use super::weights::Weights;
use avar_kernels::Activation;

/// Shape of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Width of what comes out.
    pub width: usize,
    /// Of the self-attention; they must divide `width`.
    pub heads: usize,
}

impl Default for Config {
    /// Width 256 with four heads.
    fn default() -> Config {
        Config { width: 256, heads: 4 }
    }
}

/// The block with its weights.
pub struct AttentionBlock {
    convolution: TemporalConv,
    attention: SelfAttention,
    norm: LayerNorm,
}

impl AttentionBlock {
    /// `inputs`: width of the features at a step.
    pub fn new(inputs: usize, config: &Config, weights: &Weights) -> Result<AttentionBlock, ModelError> {
        let init = Init::linear(3 * inputs);
        Ok(AttentionBlock {
            convolution: TemporalConv::new(inputs, config.width, 3, 1, init, &weights.at("convolution"))?,
            attention: SelfAttention::new(
                config.width,
                config.heads,
                ["query", "key", "value", "output"],
                &weights.at("attention"),
            )?,
            norm: LayerNorm::new(config.width, &weights.at("norm"))?,
        })
    }

    /// `[B, T, inputs]` -> `[B, T, width]`.
    pub fn forward(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        let x = self.convolution.forward(features, Activation::None)?;
        self.norm.forward(&self.attention.forward_onto(&x, &x)?)
    }
}
