//! The convolution that all these networks are made of.

use candle_core::Tensor;

use super::super::error::ModelError;
use super::super::layers::by_tap;
use super::super::seeded::Init;
use super::super::weights::Weights;
use avar_kernels::{Activation, Matrix};

/// How pictures lie while a network runs on them; see [Padding](super#padding).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lying {
    /// As they are: padding is half a window on every side, as in PyTorch.
    Upright,
    /// By 180 degrees: padding is TensorFlow's `SAME`.
    Turned,
}

/// How a [`Conv`] sees its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    /// 1x1 over all channels.
    Pointwise,
    /// 3x3 over all channels.
    Dense { stride: usize },
    /// 3x3 or 5x5 on each channel by itself.
    Depthwise { side: usize, stride: usize },
}

/// A convolution with batch norm already folded in, then an activation: `[B, H, W, C]` -> `[B, H', W', C']`.
pub(super) struct Conv {
    filter: Filter,
    bias: Option<Tensor>,
    activation: Activation,
}

enum Filter {
    Pointwise(Matrix),
    Dense {
        matrix: Matrix,
        stride: usize,
    },
    /// `[9, C]`
    Depthwise3x3 {
        taps: Tensor,
        stride: usize,
    },
    /// `[25, C]`
    Depthwise5x5 {
        taps: Tensor,
        stride: usize,
    },
}

impl Conv {
    /// Reads `weight` `[outputs, inputs, rows, columns]`, of depthwise ones `[channels, 1, rows, columns]`, and `bias`.
    pub(super) fn new(
        inputs: usize,
        outputs: usize,
        window: Window,
        activation: Activation,
        lying: Lying,
        weights: &Weights,
    ) -> Result<Conv, ModelError> {
        let bias = weights.get(&[outputs], "bias", Init::bias())?;
        let conv = Conv::without_bias(inputs, outputs, window, lying, weights)?;
        Ok(Conv { bias: Some(bias), activation, ..conv })
    }

    /// Reads `weight` alone; no activation.
    pub(super) fn without_bias(
        inputs: usize,
        outputs: usize,
        window: Window,
        lying: Lying,
        weights: &Weights,
    ) -> Result<Conv, ModelError> {
        let (shape, fan_in) = match window {
            Window::Pointwise => ([outputs, inputs, 1, 1], inputs),
            Window::Dense { .. } => ([outputs, inputs, 3, 3], 9 * inputs),
            Window::Depthwise { side, .. } => ([outputs, 1, side, side], side * side),
        };
        let weight = weights.get(&shape, "weight", Init::before_activation(fan_in))?;
        let weight = match (lying, window) {
            (Lying::Turned, Window::Dense { .. } | Window::Depthwise { .. }) => weight.flip(&[2, 3])?,
            _ => weight,
        };
        let by_tap = by_tap(&weight)?;
        let filter = match window {
            Window::Pointwise => Filter::Pointwise(Matrix::constant(&by_tap)?),
            Window::Dense { stride } => Filter::Dense { matrix: Matrix::constant(&by_tap)?, stride },
            Window::Depthwise { side: 3, stride } => Filter::Depthwise3x3 { taps: by_tap.contiguous()?, stride },
            Window::Depthwise { side: 5, stride } => Filter::Depthwise5x5 { taps: by_tap.contiguous()?, stride },
            Window::Depthwise { side, .. } => {
                return Err(ModelError::Config(format!("there is no depthwise convolution of {side} x {side}")));
            }
        };
        Ok(Conv { filter, bias: None, activation: Activation::None })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let (bias, activation) = (self.bias.as_ref(), self.activation);
        Ok(match &self.filter {
            Filter::Pointwise(matrix) => avar_kernels::linear(x, matrix, bias, activation, None)?,
            Filter::Dense { matrix, stride } => avar_kernels::conv3x3(x, matrix, bias, *stride, activation)?,
            Filter::Depthwise3x3 { taps, stride } => avar_kernels::depthwise3x3(x, taps, bias, *stride, activation)?,
            Filter::Depthwise5x5 { taps, stride } => avar_kernels::depthwise5x5(x, taps, bias, *stride, activation)?,
        })
    }

    /// `residual + forward(x)`.
    pub(super) fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor, ModelError> {
        match &self.filter {
            Filter::Pointwise(matrix) => {
                Ok(avar_kernels::linear(x, matrix, self.bias.as_ref(), self.activation, Some(residual))?)
            }
            _ => Ok((residual + self.forward(x)?)?),
        }
    }
}
