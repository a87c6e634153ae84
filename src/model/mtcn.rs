//! Multi-stage temporal convolution: the head of AVAR-Net (eqs 7 to 10), after MS-TCN (Farha and Gall, "MS-TCN:
//! Multi-Stage Temporal Convolutional Network for Action Segmentation", CVPR 2019).
//!
//! A stage is a 1x1 convolution, dilated residual layers (dilation `2^l`) and a 1x1 convolution to logits; each
//! later stage refines the softmax of the one before. Three taps look both ways; two taps look back only, as in the
//! dilated TCN of Lea et al. (2017), which the paper's wording also fits.
//! Tensors: `stages.s.input`, `stages.s.layers.l.{dilated,pointwise}`, `stages.s.output`.

use candle_core::Tensor;

use super::error::ModelError;
use super::layers::{Mode, TemporalConv, dropout};
use super::seeded::Init;
use super::weights::Weights;
use avar_kernels::Activation;
use avar_labels::CLASS_COUNT;

/// Shape of the head.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// At least one; each after the first refines the one before.
    pub stages: usize,
    /// Layers of a stage.
    pub layers: usize,
    /// Channels of every layer within a stage.
    pub filters: usize,
    /// Taps of the dilated convolutions: 2 (looking back) or 3 (looking both ways).
    pub taps: usize,
    /// Share of the elements that a layer loses in training.
    pub dropout: f32,
}

impl Default for Config {
    /// Four stages of four layers with 64 filters and three taps.
    fn default() -> Config {
        Config { stages: 4, layers: 4, filters: 64, taps: 3, dropout: 0.5 }
    }
}

impl Config {
    /// Steps that one output of one stage depends on: `2^L` with two taps, `2^(L+1) - 1` with three.
    pub fn receptive_field_steps(&self) -> usize {
        (self.taps - 1) * ((1 << self.layers) - 1) + 1
    }
}

/// The head with its weights.
pub struct Mtcn {
    stages: Vec<Stage>,
}

impl Mtcn {
    /// `inputs`: width of the features at a step.
    pub fn new(inputs: usize, config: &Config, weights: &Weights) -> Result<Mtcn, ModelError> {
        if !(2..=3).contains(&config.taps) || config.stages == 0 || config.layers > 16 {
            return Err(ModelError::Config(
                "the temporal head needs at least one stage, at most 16 layers, and 2 or 3 taps".to_owned(),
            ));
        }
        let stages = (0..config.stages)
            .map(|index| {
                let inputs = if index == 0 { inputs } else { CLASS_COUNT };
                Stage::new(inputs, config, &weights.at("stages").at(index))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Mtcn { stages })
    }

    /// `[B, T, inputs]` -> logits `[B, T, 10]` of each stage; the last stage's are the answer, all of them
    /// enter the loss.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        let mut logits: Vec<Tensor> = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let input = match logits.last() {
                None => x.clone(),
                Some(previous) => avar_kernels::softmax(previous)?,
            };
            logits.push(stage.forward(&input, mode)?);
        }
        Ok(logits)
    }
}

struct Stage {
    input: TemporalConv,
    layers: Vec<ResidualLayer>,
    output: TemporalConv,
}

impl Stage {
    fn new(inputs: usize, config: &Config, weights: &Weights) -> Result<Stage, ModelError> {
        let filters = config.filters;
        let layers = (0..config.layers)
            .map(|layer| ResidualLayer::new(layer, config, &weights.at("layers").at(layer)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Stage {
            input: TemporalConv::new(inputs, filters, 1, 1, Init::linear(inputs), &weights.at("input"))?,
            layers,
            output: TemporalConv::new(filters, CLASS_COUNT, 1, 1, Init::linear(filters), &weights.at("output"))?,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let mut x = self.input.forward(x, Activation::None)?;
        for layer in &self.layers {
            x = layer.forward(&x, mode)?;
        }
        self.output.forward(&x, Activation::None)
    }
}

/// `x + dropout(pointwise(ReLU(dilated(x))))`.
struct ResidualLayer {
    dilated: TemporalConv,
    pointwise: TemporalConv,
    dropout: f32,
    place: String,
}

impl ResidualLayer {
    fn new(layer: usize, config: &Config, weights: &Weights) -> Result<ResidualLayer, ModelError> {
        let (filters, taps) = (config.filters, config.taps);
        let wide = Init::before_activation(taps * filters);
        Ok(ResidualLayer {
            dilated: TemporalConv::new(filters, filters, taps, 1 << layer, wide, &weights.at("dilated"))?,
            pointwise: TemporalConv::new(filters, filters, 1, 1, Init::linear(filters), &weights.at("pointwise"))?,
            dropout: config.dropout,
            place: weights.prefix().to_owned(),
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let y = self.dilated.forward(x, Activation::Relu)?;
        let y = self.pointwise.forward(&y, Activation::None)?;
        Ok((x + dropout(&y, self.dropout, &self.place, mode)?)?)
    }
}
