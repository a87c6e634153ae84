//! The block of MobileNetV2 (Sandler et al., CVPR 2018) and of all that came after it, with the squeeze-and-excitation
//! of MobileNetV3 (Howard et al., ICCV 2019) where it is asked for.

use candle_core::Tensor;

use super::super::error::ModelError;
use super::super::layers::Linear;
use super::super::seeded::Init;
use super::super::weights::Weights;
use super::conv::{Conv, Lying, Window};
use avar_kernels::Activation;

/// The sizes of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub inputs: usize,
    /// Channels between the two 1x1 convolutions; where they are the inputs' own there is no first one.
    pub wide: usize,
    pub outputs: usize,
    /// Side of the depthwise window.
    pub side: usize,
    pub stride: usize,
    /// Channels within the squeeze-and-excitation, where there is one.
    pub squeezed: Option<usize>,
    /// Of all but the last convolution, which has none.
    pub activation: Activation,
}

/// Where the tensors of a block's part lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Expand,
    Filter,
    Gate,
    Project,
}

/// Widen, filter each channel, weigh channels, narrow without an activation; with a skip where the shapes agree.
pub(super) struct InvertedResidual {
    expand: Option<Conv>,
    filter: Conv,
    gate: Option<SqueezeExcitation>,
    project: Conv,
    skip: bool,
}

impl InvertedResidual {
    /// `weights` says where each part's tensors lie.
    pub(super) fn new(
        block: Block,
        lying: Lying,
        weights: impl Fn(Part) -> Weights,
    ) -> Result<InvertedResidual, ModelError> {
        let Block { inputs, wide, outputs, side, stride, squeezed, activation } = block;
        let conv = |inputs, outputs, window, activation, part| {
            Conv::new(inputs, outputs, window, activation, lying, &weights(part))
        };
        let expand = match wide == inputs {
            true => None,
            false => Some(conv(inputs, wide, Window::Pointwise, activation, Part::Expand)?),
        };
        Ok(InvertedResidual {
            expand,
            filter: conv(wide, wide, Window::Depthwise { side, stride }, activation, Part::Filter)?,
            gate: squeezed.map(|width| SqueezeExcitation::new(wide, width, &weights(Part::Gate))).transpose()?,
            project: conv(wide, outputs, Window::Pointwise, Activation::None, Part::Project)?,
            skip: stride == 1 && inputs == outputs,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let wide = match &self.expand {
            Some(expand) => &expand.forward(x)?,
            None => x,
        };
        let mut filtered = self.filter.forward(wide)?;
        if let Some(gate) = &self.gate {
            filtered = gate.forward(&filtered)?;
        }
        if self.skip { self.project.forward_onto(&filtered, x) } else { self.project.forward(&filtered) }
    }
}

/// Each channel times a number in `0..=1` that follows from the means of all channels.
struct SqueezeExcitation {
    squeeze: Linear,
    excite: Linear,
}

impl SqueezeExcitation {
    /// Reads `fc1` and `fc2`.
    fn new(channels: usize, squeezed: usize, weights: &Weights) -> Result<SqueezeExcitation, ModelError> {
        Ok(SqueezeExcitation {
            squeeze: Linear::new(channels, squeezed, Init::before_activation(channels), &weights.at("fc1"))?,
            excite: Linear::new(squeezed, channels, Init::linear(squeezed), &weights.at("fc2"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let squeezed = self.squeeze.forward(&avar_kernels::channel_means(x)?, Activation::Relu)?;
        let factors = candle_nn::ops::sigmoid(&self.excite.forward(&squeezed, Activation::None)?)?;
        Ok(avar_kernels::scale_channels(x, &factors)?)
    }
}
