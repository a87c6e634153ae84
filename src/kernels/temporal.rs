//! Convolution over time for training: forward and both gradients as matrix products on strided views, without
//! copying windows.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::strided::{View, add_product};
use super::{portable, values};

/// `[B, L, C]` with `matrix` `[taps C, columns]` -> `[B, L', columns]`, no padding; differentiable.
pub(super) fn convolve(x: &Tensor, matrix: &Tensor, taps: usize, stride: usize) -> Result<Tensor> {
    if !x.device().is_cpu() {
        let windows = portable::windows(x, taps, stride)?;
        let (batch, outputs, inner) = windows.dims3()?;
        return windows.reshape((batch * outputs, inner))?.matmul(matrix)?.reshape((batch, outputs, ()));
    }
    x.contiguous()?.apply_op2(&matrix.contiguous()?, Forward(Geometry { taps, stride }))
}

#[derive(Clone, Copy)]
struct Geometry {
    taps: usize,
    stride: usize,
}

impl Geometry {
    /// Batch, length, channels, outputs.
    fn of(&self, shape: &Shape) -> Result<(usize, usize, usize, usize)> {
        let (batch, length, channels) = shape.dims3()?;
        if length < self.taps {
            candle_core::bail!("{length} steps are too few for {} taps", self.taps);
        }
        Ok((batch, length, channels, (length - self.taps) / self.stride + 1))
    }
}

/// `(x, matrix) -> y`
struct Forward(Geometry);

/// `(dy, matrix) -> dx`, for an input of `length` steps
struct InputGradient(Geometry, usize);

/// `(x, dy) -> dmatrix`
struct MatrixGradient(Geometry);

impl CustomOp2 for Forward {
    fn name(&self) -> &'static str {
        "temporal-convolution"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, matrix) = (values(s1, l1)?, values(s2, l2)?);
        let (batch, length, channels, outputs) = self.0.of(l1.shape())?;
        let (inner, columns) = l2.shape().dims2()?;
        if inner != self.0.taps * channels {
            candle_core::bail!("a matrix of {inner} rows does not fit {} taps of {channels} channels", self.0.taps);
        }
        let mut y = vec![0f32; batch * outputs * columns];
        for index in 0..batch {
            let x = View { values: &x[index * length * channels..], row: self.0.stride * channels, column: 1 };
            let matrix = View { values: matrix, row: columns, column: 1 };
            add_product(&mut y[index * outputs * columns..], columns, (outputs, columns, inner), x, matrix, true);
        }
        Ok((CpuStorage::F32(y), (batch, outputs, columns).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        matrix: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (x, matrix, gradient) = (x.contiguous()?, matrix.contiguous()?, gradient.contiguous()?);
        // The samples themselves are not trained.
        let dx = match x.track_op() {
            true => Some(gradient.apply_op2_no_bwd(&matrix, &InputGradient(self.0, x.dim(1)?))?),
            false => None,
        };
        Ok((dx, Some(x.apply_op2_no_bwd(&gradient, &MatrixGradient(self.0))?)))
    }
}

impl CustomOp2 for InputGradient {
    fn name(&self) -> &'static str {
        "temporal-convolution-input-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (gradient, matrix) = (values(s1, l1)?, values(s2, l2)?);
        let (Geometry { taps, stride }, length) = (self.0, self.1);
        let (batch, outputs, columns) = l1.shape().dims3()?;
        let channels = l2.shape().dims2()?.0 / taps;
        let mut dx = vec![0f32; batch * length * channels];
        for index in 0..batch {
            for tap in 0..taps {
                // Windows overlap, the samples that one tap sees do not: tap by tap the product may add in place.
                let dy = View { values: &gradient[index * outputs * columns..], row: columns, column: 1 };
                let transposed = View { values: &matrix[tap * channels * columns..], row: 1, column: columns };
                let dx = &mut dx[(index * length + tap) * channels..];
                add_product(dx, stride * channels, (outputs, channels, columns), dy, transposed, true);
            }
        }
        Ok((CpuStorage::F32(dx), (batch, length, channels).into()))
    }
}

impl CustomOp2 for MatrixGradient {
    fn name(&self) -> &'static str {
        "temporal-convolution-matrix-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, gradient) = (values(s1, l1)?, values(s2, l2)?);
        let (batch, length, channels, outputs) = self.0.of(l1.shape())?;
        let columns = l2.shape().dims3()?.2;
        let inner = self.0.taps * channels;
        let mut dmatrix = vec![0f32; inner * columns];
        for index in 0..batch {
            let windows = View { values: &x[index * length * channels..], row: 1, column: self.0.stride * channels };
            let dy = View { values: &gradient[index * outputs * columns..], row: columns, column: 1 };
            add_product(&mut dmatrix, columns, (inner, columns, outputs), windows, dy, true);
        }
        Ok((CpuStorage::F32(dmatrix), (inner, columns).into()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn values_and_gradients_are_candles() {
        for (length, taps, stride, channels) in [(40, 10, 5, 1), (23, 3, 2, 6), (16, 2, 2, 4), (9, 3, 1, 5)] {
            let x = Var::from_tensor(&random(&[2, length, channels], 1)).unwrap();
            let weight = Var::from_tensor(&random(&[7, channels, taps], 2)).unwrap();
            let matrix = weight.permute((2, 1, 0)).unwrap().reshape((taps * channels, 7)).unwrap();
            let ours = convolve(&x, &matrix, taps, stride).unwrap();
            // Windows and a product rather than candle's conv1d, whose gradient refuses some strides.
            let windows = portable::windows(&x, taps, stride).unwrap();
            let outputs = windows.dim(1).unwrap();
            let theirs = windows.reshape((2 * outputs, taps * channels)).unwrap().matmul(&matrix).unwrap();
            let theirs = theirs.reshape((2, outputs, 7)).unwrap();
            assert_close(&ours, &theirs, 1e-5);
            let conv1d = x.transpose(1, 2).unwrap().contiguous().unwrap().conv1d(&weight, 0, stride, 1, 1).unwrap();
            assert_close(&ours, &conv1d.transpose(1, 2).unwrap(), 1e-5);
            let share = random(ours.dims(), 3);
            let gradients = |y: &Tensor| (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
            let (ours, theirs) = (gradients(&ours), gradients(&theirs));
            for variable in [&x, &weight] {
                assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), 1e-5);
            }
        }
    }

    #[test]
    fn too_short_an_input_is_an_error() {
        assert!(convolve(&random(&[1, 2, 4], 1), &random(&[12, 5], 2), 3, 1).is_err());
    }
}
