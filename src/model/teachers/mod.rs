//! Small networks that others have trained, for inference: their features are what a small head can be trained on.
//!
//! | module | network | in -> out |
//! |---|---|---|
//! | [`yamnet`] | YAMNet, 3.7 million parameters | samples at 16 kHz -> `[1024]` and 521 logits each 0.48 s |
//! | [`mobilenet_v2`] | MobileNetV2, 2.2 million | pictures of 224 x 224 -> `[1280]` |
//!
//! # Padding
//!
//! TensorFlow's `SAME` padding of a 3x3 window at stride 2 puts the one missing line of an even picture at the
//! bottom and the right; our kernels put it at the top and the left, as PyTorch does. Turn the picture and every
//! filter by 180 degrees and the two agree, at odd sizes and at stride 1 too. So both networks run on turned pictures
//! from end to end: the filters are turned when they are read, the pictures while they are converted, and the mean
//! over positions at the end does not care.

pub mod mel;
pub mod mobilenet_v2;
pub mod yamnet;

use candle_core::Tensor;

use super::error::ModelError;
use super::seeded::Init;
use super::weights::Weights;
use avar_kernels::{Activation, Matrix};

pub use mobilenet_v2::MobileNetV2;
pub use yamnet::{Patches, Yamnet};

/// A convolution with bias, batch norm already folded into both, on turned pictures `[B, H, W, C]`.
///
/// Reads TensorFlow's layouts below `weights`: `weight` `[outputs, rows, columns, inputs]`, of depthwise ones
/// `[1, 3, 3, channels]`, and `bias`.
struct Conv {
    filter: Filter,
    bias: Tensor,
    activation: Activation,
}

enum Filter {
    Pointwise(Matrix),
    Dense {
        matrix: Matrix,
        stride: usize,
    },
    /// `[9, C]`
    Depthwise {
        taps: Tensor,
        stride: usize,
    },
}

impl Conv {
    fn pointwise(inputs: usize, outputs: usize, activation: Activation, weights: &Weights) -> Result<Conv, ModelError> {
        let weight = weights.get(&[outputs, 1, 1, inputs], "weight", Init::before_activation(inputs))?;
        let matrix = Matrix::constant(&weight.reshape((outputs, inputs))?.t()?)?;
        Ok(Conv { filter: Filter::Pointwise(matrix), bias: bias(outputs, weights)?, activation })
    }

    /// 3x3 over all channels, ReLU6.
    fn dense(inputs: usize, outputs: usize, stride: usize, weights: &Weights) -> Result<Conv, ModelError> {
        let weight = weights.get(&[outputs, 3, 3, inputs], "weight", Init::before_activation(9 * inputs))?;
        let turned = weight.reshape((outputs, 9, inputs))?.flip(&[1])?;
        let matrix = Matrix::constant(&turned.reshape((outputs, 9 * inputs))?.t()?)?;
        let filter = Filter::Dense { matrix, stride };
        Ok(Conv { filter, bias: bias(outputs, weights)?, activation: Activation::Relu6 })
    }

    /// 3x3 on each channel by itself, ReLU6.
    fn depthwise(channels: usize, stride: usize, weights: &Weights) -> Result<Conv, ModelError> {
        let weight = weights.get(&[1, 3, 3, channels], "weight", Init::before_activation(9))?;
        let taps = weight.reshape((9, channels))?.flip(&[0])?;
        let filter = Filter::Depthwise { taps, stride };
        Ok(Conv { filter, bias: bias(channels, weights)?, activation: Activation::Relu6 })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let (bias, activation) = (Some(&self.bias), self.activation);
        Ok(match &self.filter {
            Filter::Pointwise(matrix) => avar_kernels::linear(x, matrix, bias, activation, None)?,
            Filter::Dense { matrix, stride } => avar_kernels::conv3x3(x, matrix, bias, *stride, activation)?,
            Filter::Depthwise { taps, stride } => avar_kernels::depthwise3x3(x, taps, bias, *stride, activation)?,
        })
    }

    /// `residual + forward(x)`.
    fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor, ModelError> {
        match &self.filter {
            Filter::Pointwise(matrix) => {
                Ok(avar_kernels::linear(x, matrix, Some(&self.bias), self.activation, Some(residual))?)
            }
            _ => Ok((residual + self.forward(x)?)?),
        }
    }
}

fn bias(outputs: usize, weights: &Weights) -> Result<Tensor, ModelError> {
    weights.get(&[outputs], "bias", Init::bias())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::device::ComputeDevice;
    use super::super::seeded;
    use super::super::weights::WeightSource;
    use super::*;

    /// Lines that TensorFlow's `SAME` puts before a line of `length`, and the length of the output.
    fn same_padding(length: usize, stride: usize) -> (usize, usize) {
        let outputs = length.div_ceil(stride);
        (((outputs - 1) * stride + 3).saturating_sub(length) / 2, outputs)
    }

    #[test]
    fn same_padding_of_an_even_line_at_stride_two_is_all_at_its_end() {
        assert_eq!(same_padding(224, 2), (0, 112));
        assert_eq!(same_padding(7, 2), (1, 4));
        assert_eq!(same_padding(96, 1), (1, 96));
    }

    /// The convolution by its definition, on a picture that is not turned.
    fn by_definition(conv: &Conv, weights: &Weights, x: &[f32], [height, width, inputs]: [usize; 3]) -> Vec<f32> {
        let (outputs, stride, depthwise) = match &conv.filter {
            Filter::Pointwise(_) => unreachable!("the tests hold no 1x1 convolution"),
            Filter::Dense { stride, .. } => (conv.bias.elem_count(), *stride, false),
            Filter::Depthwise { stride, .. } => (inputs, *stride, true),
        };
        let shape = if depthwise { [1, 3, 3, inputs] } else { [outputs, 3, 3, inputs] };
        let init = Init::before_activation(if depthwise { 9 } else { 9 * inputs });
        let weight = weights.get(&shape, "weight", init).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let bias = conv.bias.to_vec1::<f32>().unwrap();
        let ((top, rows), (left, columns)) = (same_padding(height, stride), same_padding(width, stride));
        let mut out = Vec::new();
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            for output in 0..outputs {
                let mut sum = bias[output];
                for tap in 0..9 {
                    let (y, x_position) = (row * stride + tap / 3, column * stride + tap % 3);
                    if !(top..height + top).contains(&y) || !(left..width + left).contains(&x_position) {
                        continue;
                    }
                    let at = &x[((y - top) * width + x_position - left) * inputs..][..inputs];
                    sum += match depthwise {
                        true => at[output] * weight[tap * inputs + output],
                        false => (0..inputs).map(|c| at[c] * weight[(output * 9 + tap) * inputs + c]).sum(),
                    };
                }
                out.push(sum.clamp(0.0, 6.0));
            }
        }
        out
    }

    /// Positions in reverse order, each position's channels as they were.
    fn turned(x: &[f32], channels: usize) -> Vec<f32> {
        x.chunks_exact(channels).rev().flatten().copied().collect()
    }

    #[test]
    fn convolutions_of_turned_pictures_are_tensorflows_at_even_and_odd_sizes() {
        let weights = Weights::open(&WeightSource::Untrained { seed: 3 }, &ComputeDevice::cpu()).unwrap();
        for (height, width, stride) in [(8, 6, 2), (7, 5, 2), (6, 7, 2), (5, 6, 1), (1, 2, 2), (3, 2, 1)] {
            for inputs in [3, 20] {
                let dense = Conv::dense(inputs, 10, stride, &weights.at("dense")).unwrap();
                let depthwise = Conv::depthwise(inputs, stride, &weights.at("depthwise")).unwrap();
                for (name, conv) in [("dense", dense), ("depthwise", depthwise)] {
                    let shape = [height, width, inputs];
                    let uniform = Init::Uniform { bound: 3.0 };
                    let x = seeded::values(5, "picture", height * width * inputs, uniform);
                    let picture = Tensor::from_vec(turned(&x, inputs), (1, height, width, inputs), &Device::Cpu);
                    let found = conv.forward(&picture.unwrap()).unwrap();
                    let channels = found.dim(3).unwrap();
                    let found = turned(&found.flatten_all().unwrap().to_vec1::<f32>().unwrap(), channels);
                    let expected = by_definition(&conv, &weights.at(name), &x, shape);
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.into_iter().zip(expected) {
                        assert!(
                            (found - expected).abs() < 1e-4,
                            "{name} {shape:?} / {stride}: {found}, not {expected}"
                        );
                    }
                }
            }
        }
    }
}
