//! The two convolutions that only Wav2Vec2 has, for inference on the CPU: the first one with its norm over time, and
//! the grouped one that encodes positions.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::activation::Activation;
use super::linear::{Matrix, Packed, conv1d};
use super::packed::{Epilogue, Rows, multiply};
use super::{Output, expect_some, new_values, values};

/// Convolution of one channel, each output channel then normalised over time, then GELU:
/// `GELU(gamma (z - mean z) / sqrt(var z + epsilon) + beta)` with `z = windows W`.
///
/// An output's mean and variance over time follow from the mean and the covariance of the windows, `w' m` and
/// `w' C w`, so they are known before the convolution, and the norm becomes part of its weights: the largest map of
/// the network need not be there as a whole.
pub struct NormalisedConv {
    /// `[taps, channels]`
    pub weights: Vec<f32>,
    /// The norm's factors, `[channels]`.
    pub gamma: Vec<f32>,
    /// The norm's offsets, `[channels]`.
    pub beta: Vec<f32>,
    /// Samples that an output sees.
    pub taps: usize,
    /// Samples from one output to the next.
    pub stride: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

/// [`NormalisedConv`] for one utterance; what it makes of a part of it is what it makes of the whole there.
pub struct FittedConv {
    matrix: Matrix,
    bias: Tensor,
    taps: usize,
    stride: usize,
}

impl NormalisedConv {
    /// With the norm of an utterance, `[N]`, folded into the convolution.
    pub fn fit(&self, samples: &Tensor) -> Result<FittedConv> {
        let (taps, channels, length) = (self.taps, self.gamma.len(), samples.dim(0)?);
        expect_some("the stride", self.stride)?;
        expect_some("the taps", taps)?;
        if self.weights.len() != taps * channels || self.beta.len() != channels {
            candle_core::bail!("{} weights do not fit {taps} taps and {channels} channels", self.weights.len());
        }
        if length < taps {
            candle_core::bail!("{taps} taps do not fit {length} samples");
        }
        let (mean, covariance) = moments(&samples.to_vec1()?, taps, self.stride, (length - taps) / self.stride + 1);
        let mut weights = self.weights.clone();
        let mut bias = Vec::with_capacity(channels);
        for channel in 0..channels {
            let w: Vec<f64> = (0..taps).map(|tap| f64::from(self.weights[tap * channels + channel])).collect();
            let dot = |row: &[f64]| row.iter().zip(&w).map(|(a, b)| a * b).sum::<f64>();
            let variance = covariance.chunks_exact(taps).zip(&w).map(|(row, w)| w * dot(row)).sum::<f64>();
            let scale = f64::from(self.gamma[channel]) / (variance.max(0.0) + self.epsilon).sqrt();
            bias.push((f64::from(self.beta[channel]) - scale * dot(&mean)) as f32);
            for tap in 0..taps {
                weights[tap * channels + channel] = (scale * w[tap]) as f32;
            }
        }
        let matrix = Matrix::constant(&Tensor::from_vec(weights, (taps, channels), samples.device())?)?;
        Ok(FittedConv { matrix, bias: Tensor::new(bias, samples.device())?, taps, stride: self.stride })
    }
}

impl FittedConv {
    /// `[B, N, 1]` -> `[B, T, channels]`.
    pub fn forward(&self, samples: &Tensor) -> Result<Tensor> {
        conv1d(samples, &self.matrix, Some(&self.bias), self.taps, self.stride, Activation::Gelu)
    }
}

/// Mean `[taps]` and covariance `[taps, taps]` of the windows.
fn moments(samples: &[f32], taps: usize, stride: usize, outputs: usize) -> (Vec<f64>, Vec<f64>) {
    let count = outputs as f64;
    let windows = || (0..outputs).map(|output| &samples[output * stride..output * stride + taps]);
    let mut mean = vec![0f64; taps];
    for window in windows() {
        mean.iter_mut().zip(window).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    let mut covariance = vec![0f64; taps * taps];
    let mut centred = vec![0f64; taps];
    for window in windows() {
        for ((centred, &x), mean) in centred.iter_mut().zip(window).zip(&mean) {
            *centred = f64::from(x) - mean;
        }
        for (row, a) in covariance.chunks_exact_mut(taps).zip(&centred) {
            row.iter_mut().zip(&centred).for_each(|(sum, b)| *sum += a * b);
        }
    }
    covariance.iter_mut().for_each(|sum| *sum /= count);
    (mean, covariance)
}

/// `x + GELU(grouped convolution of x + bias)`, `before` zeros of padding at the start and as many at the end as keep
/// the length.
pub struct GroupedConv {
    /// One a group, `[taps * channels of the group, channels of the group]`.
    pub groups: Vec<Packed>,
    /// `[C]`
    pub bias: Vec<f32>,
    /// Steps that an output sees.
    pub taps: usize,
    /// Zeros of padding before the first step, fewer than `taps`.
    pub before: usize,
}

impl GroupedConv {
    /// `[B, T, C]` -> `[B, T, C]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.contiguous()?.apply_op1_no_bwd(self)
    }
}

impl CustomOp1 for GroupedConv {
    fn name(&self) -> &'static str {
        "grouped-convolution"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let (batch, length, channels) = layout.shape().dims3()?;
        let groups = self.groups.len();
        expect_some("the groups", groups)?;
        let each = channels / groups;
        let fits = |group: &Packed| (group.matrix().inner(), group.matrix().columns()) == (self.taps * each, each);
        if each * groups != channels || self.bias.len() != channels || !self.groups.iter().all(fits) {
            candle_core::bail!("a convolution of {groups} groups does not fit {channels} channels");
        }
        if self.before >= self.taps {
            candle_core::bail!("{} zeros before {} taps", self.before, self.taps);
        }
        if x.is_empty() {
            return Ok((CpuStorage::F32(Vec::new()), layout.shape().clone()));
        }
        let mut out = new_values(x.len());
        let target = Output(out.as_mut_ptr());
        (0..batch * groups).into_par_iter().for_each(|index| {
            let (start, first) = (index / groups * length * channels, index % groups * each);
            // The group's channels side by side, so that a window is one run of memory.
            let mut own = vec![0f32; (length + self.taps - 1) * each];
            for (step, own) in own[self.before * each..].chunks_exact_mut(each).take(length).enumerate() {
                own.copy_from_slice(&x[start + step * channels + first..][..each]);
            }
            let rows = Rows::Strided { values: &own, stride: each };
            let epilogue = Epilogue {
                bias: Some(&self.bias[first..first + each]),
                activation: Activation::Gelu,
                residual: Some(&x[start + first..]),
            };
            // SAFETY: each task writes its own `each` channels of its own batch entry, which lie in `out`.
            unsafe {
                let out = target.at(start + first);
                multiply(rows, length, self.groups[index % groups].matrix(), &epilogue, out, channels);
            }
        });
        // SAFETY: the groups cover every element.
        unsafe { out.set_len(x.len()) };
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_close, random};
    use super::super::portable;
    use super::*;

    fn list(tensor: &Tensor) -> Vec<f32> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn the_folded_norm_is_the_norm_of_the_convolution() {
        // A mean far from zero is what the covariance must not be confused by.
        let samples = (random(&[2, 503, 1], 1) + 3.0).unwrap();
        let (weights, gamma, beta) = (random(&[10, 21], 2), random(&[21], 3), random(&[21], 4));
        let ours = NormalisedConv {
            weights: list(&weights),
            gamma: list(&gamma),
            beta: list(&beta),
            taps: 10,
            stride: 5,
            epsilon: 1e-5,
        };
        let windows = portable::windows(&samples, 10, 5).unwrap();
        let outputs = windows.dim(1).unwrap();
        let z = windows.reshape((2 * outputs, 10)).unwrap().matmul(&weights).unwrap();
        // A layer norm over time is a layer norm over the last axis of the transposed map.
        let z = z.reshape((2, outputs, 21)).unwrap().transpose(1, 2).unwrap().contiguous().unwrap();
        let (one, zero) = (z.ones_like().unwrap(), z.zeros_like().unwrap());
        let one = one.get(0).and_then(|x| x.get(0)).unwrap();
        let zero = zero.get(0).and_then(|x| x.get(0)).unwrap();
        let normed = portable::layer_norm(&z, &one, &zero, 1e-5).unwrap().transpose(1, 2).unwrap();
        let expected = normed.broadcast_mul(&gamma).unwrap().broadcast_add(&beta).unwrap().gelu_erf().unwrap();
        let utterances = samples.chunk(2, 0).unwrap().into_iter();
        let whole = utterances.map(|x| ours.fit(&x.flatten_all().unwrap()).unwrap().forward(&x).unwrap());
        assert_close(&Tensor::cat(&whole.collect::<Vec<_>>(), 0).unwrap(), &expected, 1e-5);
    }

    #[test]
    fn grouped_convolution_is_candles() {
        let (x, weight) = (random(&[2, 13, 12], 1), random(&[12, 4, 6], 2));
        let groups = (0..3).map(|group| {
            let weight = weight.narrow(0, group * 4, 4).unwrap().permute((2, 1, 0)).unwrap();
            Packed::new(&weight.reshape((24, 4)).unwrap()).unwrap()
        });
        let bias = random(&[12], 3);
        let ours = GroupedConv { groups: groups.collect(), bias: list(&bias), taps: 6, before: 3 };
        let y = x.transpose(1, 2).unwrap().contiguous().unwrap().conv1d(&weight, 3, 1, 1, 3).unwrap();
        let y = y.narrow(2, 0, 13).unwrap().transpose(1, 2).unwrap();
        let expected = (y.broadcast_add(&bias).unwrap().gelu_erf().unwrap() + &x).unwrap();
        assert_close(&ours.forward(&x).unwrap(), &expected, 1e-5);
    }
}
