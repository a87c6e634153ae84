//! The 3x3 neighbourhoods of a picture as rows, and back: dense convolution in training is this and a matrix product.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{portable, values};

/// `[B, H, W, C]` -> `[B, H', W', 9 C]`, zeros outside the picture; differentiable.
pub(super) fn gather(x: &Tensor, stride: usize) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return portable::neighbourhoods(x, stride);
    }
    x.contiguous()?.apply_op1(Gather { stride })
}

struct Gather {
    stride: usize,
}

/// The adjoint of [`Gather`]: adds every element of a neighbourhood to where it came from.
struct Scatter {
    stride: usize,
    picture: (usize, usize, usize, usize),
}

impl CustomOp1 for Gather {
    fn name(&self) -> &'static str {
        "neighbourhoods"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let (batch, height, width, channels) = layout.shape().dims4()?;
        let (rows, columns) = (height.div_ceil(self.stride), width.div_ceil(self.stride));
        let mut out = vec![0f32; batch * rows * columns * 9 * channels];
        out.par_chunks_mut((columns * 9 * channels).max(1)).enumerate().for_each(|(line, out)| {
            let (picture, row) = (line / rows, line % rows);
            for_each_tap(row, self.stride, (height, width), columns, |column, tap, y, x_position| {
                let from = ((picture * height + y) * width + x_position) * channels;
                let to = (column * 9 + tap) * channels;
                out[to..to + channels].copy_from_slice(&x[from..from + channels]);
            });
        });
        Ok((CpuStorage::F32(out), (batch, rows, columns, 9 * channels).into()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let scatter = Scatter { stride: self.stride, picture: x.dims4()? };
        Ok(Some(gradient.contiguous()?.apply_op1_no_bwd(&scatter)?))
    }
}

impl CustomOp1 for Scatter {
    fn name(&self) -> &'static str {
        "neighbourhoods-backward"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let gradient = values(storage, layout)?;
        let (batch, height, width, channels) = self.picture;
        let (rows, columns) = (height.div_ceil(self.stride), width.div_ceil(self.stride));
        let mut out = vec![0f32; batch * height * width * channels];
        out.par_chunks_mut((height * width * channels).max(1)).enumerate().for_each(|(picture, out)| {
            for row in 0..rows {
                let line = &gradient[(picture * rows + row) * columns * 9 * channels..];
                for_each_tap(row, self.stride, (height, width), columns, |column, tap, y, x_position| {
                    let from = (column * 9 + tap) * channels;
                    let to = (y * width + x_position) * channels;
                    for (sum, value) in out[to..to + channels].iter_mut().zip(&line[from..from + channels]) {
                        *sum += value;
                    }
                });
            }
        });
        Ok((CpuStorage::F32(out), self.picture.into()))
    }
}

/// Calls `visit(column, tap, y, x)` for the taps of output row `row` that lie inside the picture.
fn for_each_tap(
    row: usize,
    stride: usize,
    (height, width): (usize, usize),
    columns: usize,
    mut visit: impl FnMut(usize, usize, usize, usize),
) {
    for column in 0..columns {
        for tap in 0..9 {
            let (y, x) = (row * stride + tap / 3, column * stride + tap % 3);
            if (1..=height).contains(&y) && (1..=width).contains(&x) {
                visit(column, tap, y - 1, x - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::super::{Activation, Matrix, conv3x3};
    use super::*;

    #[test]
    fn gradients_of_dense_convolution_are_candles() {
        for (height, width, stride) in [(6, 6, 1), (7, 5, 2), (8, 6, 2)] {
            let x = Var::from_tensor(&random(&[2, height, width, 5], 1)).unwrap();
            let weight = Var::from_tensor(&random(&[4, 5, 3, 3], 2)).unwrap();
            let matrix = weight.permute((2, 3, 1, 0)).unwrap().reshape((45, 4)).unwrap();
            let ours = conv3x3(&x, &Matrix::variable(&matrix), None, stride, Activation::None).unwrap();
            let theirs = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
            let theirs = theirs.conv2d(&weight, 1, stride, 1, 1).unwrap().permute((0, 2, 3, 1)).unwrap();
            assert_close(&ours, &theirs, 1e-5);
            let share = random(ours.dims(), 3);
            let gradients = |y: &Tensor| (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
            let (ours, theirs) = (gradients(&ours), gradients(&theirs));
            for variable in [&x, &weight] {
                assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), 1e-5);
            }
        }
    }

    #[test]
    fn the_composition_for_other_devices_is_the_same() {
        for stride in [1, 2] {
            let x = random(&[2, 5, 7, 3], 1);
            assert_close(&gather(&x, stride).unwrap(), &portable::neighbourhoods(&x, stride).unwrap(), 0.0);
        }
    }
}
