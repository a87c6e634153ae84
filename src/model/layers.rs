//! Building blocks that the networks share; channels last throughout.
//!
//! For inference a layer packs its weights for the CPU kernels and folds batch norm into them. From trainable
//! weights ([`Weights::is_trainable`]) it keeps the variables and computes with differentiable operations.

use candle_core::{Tensor, Var};

use super::error::ModelError;
use super::seeded::{self, Init};
use super::weights::Weights;
use avar_kernels::{Activation, Matrix};

/// Whether a forward pass trains; matters to batch norm and dropout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch norm by its running statistics, and no dropout.
    Inference,
    /// The seed of this step's dropout.
    Training {
        /// The same one drops the same elements.
        seed: u64,
    },
}

/// `y = x W + b` over the last axis.
#[derive(Clone)]
pub struct Linear {
    matrix: Matrix,
    bias: Option<Tensor>,
}

impl Linear {
    /// Reads `weight` `[outputs, inputs]` and `bias` `[outputs]`.
    pub fn new(inputs: usize, outputs: usize, init: Init, weights: &Weights) -> Result<Linear, ModelError> {
        Linear::named(inputs, outputs, ["weight", "bias"], init, weights)
    }

    /// Like [`Linear::new`], from tensors of other names: the weight's, the bias's.
    pub fn named(
        inputs: usize,
        outputs: usize,
        [weight, bias]: [&str; 2],
        init: Init,
        weights: &Weights,
    ) -> Result<Linear, ModelError> {
        let weight = weights.get(&[outputs, inputs], weight, init)?;
        let bias = weights.get(&[outputs], bias, Init::bias())?;
        Linear::from_matrix(&weight.t()?, Some(bias), weights)
    }

    /// Reads `weight` `[outputs, inputs, 1, 1]`, a 1x1 convolution without bias.
    pub fn pointwise(inputs: usize, outputs: usize, weights: &Weights) -> Result<Linear, ModelError> {
        let weight = weights.get(&[outputs, inputs, 1, 1], "weight", Init::linear(inputs))?;
        Linear::from_matrix(&weight.reshape((outputs, inputs))?.t()?, None, weights)
    }

    /// From `[inputs, outputs]`, in training a view of the variable.
    fn from_matrix(matrix: &Tensor, bias: Option<Tensor>, weights: &Weights) -> Result<Linear, ModelError> {
        let matrix = if weights.is_trainable() { Matrix::variable(matrix) } else { Matrix::constant(matrix)? };
        Ok(Linear { matrix, bias })
    }

    /// `[.., inputs]` -> `[.., outputs]`.
    pub fn forward(&self, x: &Tensor, activation: Activation) -> Result<Tensor, ModelError> {
        Ok(avar_kernels::linear(x, &self.matrix, self.bias.as_ref(), activation, None)?)
    }

    /// `residual + x W + b`.
    pub fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor, ModelError> {
        Ok(avar_kernels::linear(x, &self.matrix, self.bias.as_ref(), Activation::None, Some(residual))?)
    }
}

/// Layer norm over the last axis.
#[derive(Clone)]
pub struct LayerNorm {
    gamma: Tensor,
    beta: Tensor,
    epsilon: f64,
}

impl LayerNorm {
    /// Reads `weight` and `bias`, `[width]` each; epsilon 1e-5.
    pub fn new(width: usize, weights: &Weights) -> Result<LayerNorm, ModelError> {
        let gamma = weights.get(&[width], "weight", Init::Constant(1.0))?;
        let beta = weights.get(&[width], "bias", Init::Constant(0.0))?;
        Ok(LayerNorm { gamma, beta, epsilon: 1e-5 })
    }

    /// `[.., width]` -> the same.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        Ok(avar_kernels::layer_norm(x, &self.gamma, &self.beta, self.epsilon)?)
    }
}

/// `y = x weight + bias`, each number by itself, held between -`MOST` and `MOST`.
#[derive(Clone)]
pub struct Scale {
    weight: Tensor,
    bias: Tensor,
}

impl Scale {
    /// Where training begins with deviations of 1, no number counts for more than this.
    const MOST: f64 = 5.0;

    /// Reads `weight` and `bias`, `[width]` each.
    pub fn new(width: usize, weights: &Weights) -> Result<Scale, ModelError> {
        let weight = weights.get(&[width], "weight", Init::Constant(1.0))?;
        let bias = weights.get(&[width], "bias", Init::Constant(0.0))?;
        Ok(Scale { weight, bias })
    }

    /// `[.., width]` -> the same.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        Ok(x.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)?.clamp(-Self::MOST, Self::MOST)?)
    }
}

/// How a [`ConvNorm`] sees its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// 1x1 over all channels.
    Pointwise,
    /// 3x3 over all channels, padding 1.
    Dense {
        /// In rows and columns alike.
        stride: usize,
    },
    /// 3x3 on each channel by itself, padding 1.
    Depthwise {
        /// In rows and columns alike.
        stride: usize,
    },
}

/// Convolution without bias, batch norm, activation: `[B, H, W, C]` -> `[B, H', W', C']`.
#[derive(Clone)]
pub struct ConvNorm {
    window: Window,
    activation: Activation,
    form: Form,
}

#[derive(Clone)]
enum Form {
    /// Batch norm folded into weights and bias.
    Folded { weight: FoldedWeight, bias: Tensor },
    /// `weight` in upstream layout; batch norm applied to the convolution's output.
    Unfolded { weight: Tensor, norm: BatchNorm },
}

#[derive(Clone)]
enum FoldedWeight {
    Matrix(Matrix),
    /// `[9, C]`
    Taps(Tensor),
}

impl ConvNorm {
    /// Reads `convolution.weight` and `normalization.*`.
    pub fn new(
        inputs: usize,
        outputs: usize,
        window: Window,
        activation: Activation,
        weights: &Weights,
    ) -> Result<ConvNorm, ModelError> {
        let (shape, fan_in) = match window {
            Window::Pointwise => ([outputs, inputs, 1, 1], inputs),
            Window::Dense { .. } => ([outputs, inputs, 3, 3], 9 * inputs),
            Window::Depthwise { .. } => ([outputs, 1, 3, 3], 9),
        };
        let init = if activation == Activation::None { Init::linear(fan_in) } else { Init::before_activation(fan_in) };
        let weight = weights.at("convolution").get(&shape, "weight", init)?;
        let norm = BatchNorm::new(outputs, &weights.at("normalization"))?;
        let form = if weights.is_trainable() {
            Form::Unfolded { weight, norm }
        } else {
            let (scale, bias) = norm.scale_and_shift()?;
            // The statistics are variables; what is folded is constant and must not be tracked for gradients.
            let bias = bias.detach();
            let weight = by_tap(&weight)?.broadcast_mul(&scale)?.detach();
            let weight = match window {
                Window::Depthwise { .. } => FoldedWeight::Taps(weight.contiguous()?),
                _ => FoldedWeight::Matrix(Matrix::constant(&weight)?),
            };
            Form::Folded { weight, bias }
        };
        Ok(ConvNorm { window, activation, form })
    }

    /// `[B, H, W, inputs]` -> `[B, H', W', outputs]`. Trainable weights in training: by the statistics of this batch,
    /// which also move the running ones.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        match &self.form {
            Form::Folded { weight, bias } => Ok(self.convolve(x, weight, Some(bias), self.activation)?),
            Form::Unfolded { weight, norm } => {
                let weight = by_tap(weight)?;
                let weight = match self.window {
                    Window::Depthwise { .. } => FoldedWeight::Taps(weight.contiguous()?),
                    _ => FoldedWeight::Matrix(Matrix::variable(&weight)),
                };
                let y = self.convolve(x, &weight, None, Activation::None)?;
                Ok(norm.forward(&y, self.activation, mode)?)
            }
        }
    }

    /// `residual + forward(x)`.
    pub fn forward_onto(&self, x: &Tensor, residual: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        if let (Window::Pointwise, Form::Folded { weight: FoldedWeight::Matrix(matrix), bias }) =
            (self.window, &self.form)
        {
            return Ok(avar_kernels::linear(x, matrix, Some(bias), self.activation, Some(residual))?);
        }
        Ok((residual + self.forward(x, mode)?)?)
    }

    fn convolve(
        &self,
        x: &Tensor,
        weight: &FoldedWeight,
        bias: Option<&Tensor>,
        activation: Activation,
    ) -> candle_core::Result<Tensor> {
        match (self.window, weight) {
            (Window::Pointwise, FoldedWeight::Matrix(matrix)) => {
                avar_kernels::linear(x, matrix, bias, activation, None)
            }
            (Window::Dense { stride }, FoldedWeight::Matrix(matrix)) => {
                avar_kernels::conv3x3(x, matrix, bias, stride, activation)
            }
            (Window::Depthwise { stride }, FoldedWeight::Taps(taps)) => {
                avar_kernels::depthwise3x3(x, taps, bias, stride, activation)
            }
            _ => unreachable!("new() and forward() pair depthwise windows with taps and the others with matrices"),
        }
    }
}

/// A convolution's weight as the matrix that its windows are multiplied with.
#[derive(Clone)]
pub(super) enum WindowWeight {
    Constant(Matrix),
    /// In upstream layout; brought to the matrix at each pass, since a trainer changes it between passes.
    Variable(Tensor),
}

impl WindowWeight {
    /// From `[outputs, inputs, taps]`.
    pub(super) fn new(weight: Tensor, weights: &Weights) -> Result<WindowWeight, ModelError> {
        if weights.is_trainable() {
            return Ok(WindowWeight::Variable(weight));
        }
        Ok(WindowWeight::Constant(Matrix::constant(&by_tap(&weight)?)?))
    }

    pub(super) fn matrix(&self) -> candle_core::Result<Matrix> {
        match self {
            WindowWeight::Constant(matrix) => Ok(matrix.clone()),
            WindowWeight::Variable(weight) => Ok(Matrix::variable(&by_tap(weight)?)),
        }
    }
}

/// `[outputs, inputs, taps..]` -> `[taps inputs, outputs]`, the order in which channels-last windows lie in memory.
pub(super) fn by_tap(weight: &Tensor) -> candle_core::Result<Tensor> {
    let (outputs, inputs) = (weight.dim(0)?, weight.dim(1)?);
    let taps = weight.elem_count() / (outputs * inputs).max(1);
    weight.reshape((outputs, inputs, taps))?.permute((2, 1, 0))?.reshape((taps * inputs, outputs))
}

/// Batch norm over all axes but the last, epsilon 1e-5.
#[derive(Clone)]
struct BatchNorm {
    gamma: Tensor,
    beta: Tensor,
    running_mean: Var,
    running_variance: Var,
}

impl BatchNorm {
    const EPSILON: f64 = 1e-5;
    /// PyTorch's default share of the newest batch in the running statistics.
    const MOMENTUM: f64 = 0.1;

    fn new(channels: usize, weights: &Weights) -> Result<BatchNorm, ModelError> {
        Ok(BatchNorm {
            gamma: weights.get(&[channels], "weight", Init::Constant(1.0))?,
            beta: weights.get(&[channels], "bias", Init::Constant(0.0))?,
            running_mean: weights.statistic(&[channels], "running_mean", Init::Constant(0.0))?,
            running_variance: weights.statistic(&[channels], "running_var", Init::Constant(1.0))?,
        })
    }

    /// `(s, t)` such that the norm with running statistics is `s x + t`.
    fn scale_and_shift(&self) -> candle_core::Result<(Tensor, Tensor)> {
        let scale = self.gamma.div(&(self.running_variance.as_tensor() + Self::EPSILON)?.sqrt()?)?;
        let shift = (&self.beta - (self.running_mean.as_tensor() * &scale)?)?;
        Ok((scale, shift))
    }

    /// The norm, then `activation`. In training: statistics of this batch, which also move the running ones.
    fn forward(&self, x: &Tensor, activation: Activation, mode: Mode) -> candle_core::Result<Tensor> {
        if mode == Mode::Inference {
            let (scale, shift) = self.scale_and_shift()?;
            return avar_kernels::activate(&x.broadcast_mul(&scale)?.broadcast_add(&shift)?, activation);
        }
        let channels = self.gamma.elem_count();
        let (y, moments) = avar_kernels::channel_norm(x, &self.gamma, &self.beta, 1, Self::EPSILON, activation)?;
        let count = (x.elem_count() / channels.max(1)) as f32;
        let unbiased = moments.variance.iter().map(|variance| variance * count / (count - 1.0).max(1.0)).collect();
        for (running, batch) in [(&self.running_mean, moments.mean), (&self.running_variance, unbiased)] {
            let batch = Tensor::from_vec(batch, channels, x.device())?;
            let kept = (running.as_tensor().detach() * (1.0 - Self::MOMENTUM))?;
            running.set(&(kept + (batch * Self::MOMENTUM)?)?)?;
        }
        Ok(y)
    }
}

/// Multi-head self-attention without mask: `[B, N, D]` -> `[B, N, D]`.
#[derive(Clone)]
pub struct SelfAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
}

impl SelfAttention {
    /// `names`: where query, key, value and output lie below `weights`.
    pub fn new(width: usize, heads: usize, names: [&str; 4], weights: &Weights) -> Result<SelfAttention, ModelError> {
        if heads == 0 || !width.is_multiple_of(heads) {
            return Err(ModelError::Config(format!("{width} channels cannot be split among {heads} attention heads")));
        }
        let [query, key, value, output] =
            names.map(|name| Linear::new(width, width, Init::linear(width), &weights.at(name)));
        Ok(SelfAttention { query: query?, key: key?, value: value?, output: output?, heads })
    }

    /// `[B, N, D]` -> the same, without a residual.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        self.output.forward(&self.mix(x)?, Activation::None)
    }

    /// `residual + attention(x)`.
    pub fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor, ModelError> {
        self.output.forward_onto(&self.mix(x)?, residual)
    }

    /// What each position takes from all others, before the output map.
    fn mix(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let query = self.query.forward(x, Activation::None)?;
        let key = self.key.forward(x, Activation::None)?;
        let value = self.value.forward(x, Activation::None)?;
        Ok(avar_kernels::attention(&query, &key, &value, self.heads)?)
    }
}

/// Convolution over time with padding that keeps the length: `[B, T, inputs]` -> `[B, T, outputs]`.
#[derive(Clone)]
pub struct TemporalConv {
    weight: WindowWeight,
    bias: Tensor,
    taps: usize,
    before: usize,
    after: usize,
    dilation: usize,
}

impl TemporalConv {
    /// Reads `weight` `[outputs, inputs, taps]` and `bias`. Three taps (or any odd number) look as far ahead as
    /// back; two taps look back only.
    pub fn new(
        inputs: usize,
        outputs: usize,
        taps: usize,
        dilation: usize,
        init: Init,
        weights: &Weights,
    ) -> Result<TemporalConv, ModelError> {
        let weight = weights.get(&[outputs, inputs, taps], "weight", init)?;
        let bias = weights.get(&[outputs], "bias", Init::bias())?;
        let weight = WindowWeight::new(weight, weights)?;
        let reach = (taps - 1) * dilation;
        let (before, after) = if taps % 2 == 1 { (reach / 2, reach / 2) } else { (reach, 0) };
        Ok(TemporalConv { weight, bias, taps, before, after, dilation })
    }

    /// `[B, T, inputs]` -> `[B, T, outputs]`, with zeros before the first and after the last step.
    pub fn forward(&self, x: &Tensor, activation: Activation) -> Result<Tensor, ModelError> {
        let steps = x.dim(1)?;
        let padded = x.pad_with_zeros(1, self.before, self.after)?;
        let columns = (0..self.taps)
            .map(|tap| padded.narrow(1, tap * self.dilation, steps))
            .collect::<candle_core::Result<Vec<_>>>()?;
        let columns = Tensor::cat(&columns, 2)?;
        Ok(avar_kernels::linear(&columns, &self.weight.matrix()?, Some(&self.bias), activation, None)?)
    }
}

/// In training, zeroes a share `rate` of the elements and scales the rest up; `place`, the prefix of a layer's tensors,
/// keeps layers apart.
pub fn dropout(x: &Tensor, rate: f32, place: &str, mode: Mode) -> Result<Tensor, ModelError> {
    let Mode::Training { seed } = mode else { return Ok(x.clone()) };
    if rate <= 0.0 {
        return Ok(x.clone());
    }
    let factors = seeded::dropout_factors(seed, place, x.elem_count(), rate);
    Ok((x * Tensor::from_vec(factors, x.shape(), x.device())?)?)
}
