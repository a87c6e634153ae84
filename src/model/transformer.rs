//! Transformer encoder over steps, a temporal head of the ablation (Vaswani et al., "Attention Is All You Need",
//! 2017), with the norm before each part rather than after it.
//!
//! ```text
//! x = x + positions                       sinusoidal: nothing to learn, and any number of steps
//! x = x + dropout(MHSA(LN(x)))            twice by default, each followed by
//! x = x + dropout(W2 GELU(W1 LN(x)))
//! logits = W LN(x)
//! ```
//!
//! Tensors: `layers.l.{attention_norm,attention.{query,key,value,output},feed_forward_norm,feed_forward.{inner,output}}`,
//! `norm`, `output`.

use candle_core::{Device, Tensor};

use super::error::ModelError;
use super::layers::{LayerNorm, Linear, Mode, SelfAttention, dropout};
use super::seeded::Init;
use super::weights::Weights;
use avar_kernels::Activation;
use avar_labels::CLASS_COUNT;

/// Shape of the head; it is as wide as its input.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Each of self-attention and feed-forward.
    pub layers: usize,
    /// Of the self-attention; they must divide the width of the features.
    pub heads: usize,
    /// Width between the two maps of a feed-forward part.
    pub inner: usize,
    /// Share of the elements that each part loses in training.
    pub dropout: f32,
}

impl Default for Config {
    /// Two layers of four heads, 512 wide inside.
    fn default() -> Config {
        Config { layers: 2, heads: 4, inner: 512, dropout: 0.1 }
    }
}

/// The head with its weights.
pub struct Transformer {
    layers: Vec<Layer>,
    norm: LayerNorm,
    output: Linear,
}

impl Transformer {
    /// `inputs`: width of the features at a step.
    pub fn new(inputs: usize, config: &Config, weights: &Weights) -> Result<Transformer, ModelError> {
        let layers = (0..config.layers)
            .map(|layer| Layer::new(inputs, config, &weights.at("layers").at(layer)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Transformer {
            layers,
            norm: LayerNorm::new(inputs, &weights.at("norm"))?,
            output: Linear::new(inputs, CLASS_COUNT, Init::linear(inputs), &weights.at("output"))?,
        })
    }

    /// `[B, T, inputs]` -> logits `[B, T, 10]`.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let (_, steps, width) = x.dims3()?;
        let mut x = x.broadcast_add(&positions(steps, width, x.device())?)?;
        for layer in &self.layers {
            x = layer.forward(&x, mode)?;
        }
        self.output.forward(&self.norm.forward(&x)?, Activation::None)
    }
}

struct Layer {
    attention_norm: LayerNorm,
    attention: SelfAttention,
    feed_forward_norm: LayerNorm,
    inner: Linear,
    output: Linear,
    dropout: f32,
    /// Of the two parts.
    places: [String; 2],
}

impl Layer {
    fn new(width: usize, config: &Config, weights: &Weights) -> Result<Layer, ModelError> {
        let (attention, feed_forward) = (weights.at("attention"), weights.at("feed_forward"));
        let widen = Init::before_activation(width);
        let names = ["query", "key", "value", "output"];
        Ok(Layer {
            attention_norm: LayerNorm::new(width, &weights.at("attention_norm"))?,
            attention: SelfAttention::new(width, config.heads, names, &attention)?,
            feed_forward_norm: LayerNorm::new(width, &weights.at("feed_forward_norm"))?,
            inner: Linear::new(width, config.inner, widen, &feed_forward.at("inner"))?,
            output: Linear::new(config.inner, width, Init::linear(config.inner), &feed_forward.at("output"))?,
            dropout: config.dropout,
            places: [attention, feed_forward].map(|part| part.prefix().to_owned()),
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let mixed = self.attention.forward(&self.attention_norm.forward(x)?)?;
        let x = (x + dropout(&mixed, self.dropout, &self.places[0], mode)?)?;
        let inner = self.inner.forward(&self.feed_forward_norm.forward(&x)?, Activation::Gelu)?;
        let fed = self.output.forward(&inner, Activation::None)?;
        Ok((&x + dropout(&fed, self.dropout, &self.places[1], mode)?)?)
    }
}

/// `[steps, width]`: at step `t`, `sin(t / 10000^(2i / width))` in channel `2i` and the cosine in the next.
fn positions(steps: usize, width: usize, device: &Device) -> Result<Tensor, ModelError> {
    let position = |step: usize, channel: usize| {
        let angle = step as f64 / 10_000f64.powf((channel - channel % 2) as f64 / width as f64);
        (if channel.is_multiple_of(2) { angle.sin() } else { angle.cos() }) as f32
    };
    let values: Vec<f32> = (0..steps).flat_map(|step| (0..width).map(move |channel| position(step, channel))).collect();
    Ok(Tensor::from_vec(values, (steps, width), device)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sines_and_cosines_of_ever_longer_waves() {
        let found = positions(3, 5, &Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(found[0], [0.0, 1.0, 0.0, 1.0, 0.0]);
        let slower = 2.0 / 10_000f32.powf(0.4);
        for (found, expected) in found[2].iter().zip([2f32.sin(), 2f32.cos(), slower.sin(), slower.cos()]) {
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
    }
}
