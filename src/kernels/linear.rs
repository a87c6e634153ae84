//! Linear maps and dense convolutions over channels-last tensors.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};

use super::activation::{Activation, activate};
use super::packed::{Epilogue, PackedMatrix, Rows, multiply};
use super::{dense, expect_some, neighbourhoods, new_values, portable, temporal, values};

/// The weights `[inner, columns]` of a linear map or of a convolution whose windows are rows.
#[derive(Clone)]
pub enum Matrix {
    /// Packed for the CPU kernels; gives no gradient.
    Packed(Arc<Packed>),
    /// As a tensor: variables in training, and every matrix on other devices.
    Plain(Tensor),
}

/// A matrix packed for the CPU.
pub struct Packed(PackedMatrix);

impl Packed {
    /// From `[inner, columns]` on the CPU.
    pub fn new(matrix: &Tensor) -> Result<Packed> {
        let (inner, columns) = matrix.dims2()?;
        let values = matrix.flatten_all()?.to_vec1::<f32>()?;
        Ok(Packed(PackedMatrix::new(&values, inner, columns)))
    }

    pub(super) fn matrix(&self) -> &PackedMatrix {
        &self.0
    }
}

impl Matrix {
    /// A matrix that will not change.
    pub fn constant(matrix: &Tensor) -> Result<Matrix> {
        if !matrix.device().is_cpu() {
            return Ok(Matrix::Plain(matrix.contiguous()?));
        }
        Ok(Matrix::Packed(Arc::new(Packed::new(matrix)?)))
    }

    /// A matrix that gradients flow to.
    pub fn variable(matrix: &Tensor) -> Matrix {
        Matrix::Plain(matrix.clone())
    }
}

/// `activation(x W + bias) + residual` over the last axis: `[.., inner]` -> `[.., columns]`.
pub fn linear(
    x: &Tensor,
    matrix: &Matrix,
    bias: Option<&Tensor>,
    activation: Activation,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    match matrix {
        Matrix::Packed(packed) => {
            let op = Product { packed: packed.clone(), window: Window::Row, bias: to_vec(bias)?, activation };
            let x = x.contiguous()?;
            match residual {
                None => x.apply_op1_no_bwd(&op),
                Some(residual) => x.apply_op2_no_bwd(&residual.contiguous()?, &op),
            }
        }
        Matrix::Plain(matrix) => {
            let product = if x.device().is_cpu() { dense::product } else { portable::linear };
            let y = activate(&product(x, matrix, bias)?, activation)?;
            match residual {
                None => Ok(y),
                Some(residual) => y + residual,
            }
        }
    }
}

/// 3x3 convolution over all channels with padding 1, then activation: `[B, H, W, C]` -> `[B, H', W', columns]`.
/// The matrix's rows are ordered by tap, then channel.
pub fn conv3x3(
    x: &Tensor,
    matrix: &Matrix,
    bias: Option<&Tensor>,
    stride: usize,
    activation: Activation,
) -> Result<Tensor> {
    expect_some("the stride", stride)?;
    match matrix {
        Matrix::Packed(packed) => {
            let window = Window::Neighbourhood { stride };
            x.contiguous()?.apply_op1_no_bwd(&Product {
                packed: packed.clone(),
                window,
                bias: to_vec(bias)?,
                activation,
            })
        }
        Matrix::Plain(_) => linear(&neighbourhoods::gather(x, stride)?, matrix, bias, activation, None),
    }
}

/// Convolution over time without padding, then activation: `[B, L, C]` -> `[B, L', columns]`. The matrix's rows are
/// ordered by tap, then channel, so that a window is one run of memory and needs no copy.
pub fn conv1d(
    x: &Tensor,
    matrix: &Matrix,
    bias: Option<&Tensor>,
    taps: usize,
    stride: usize,
    activation: Activation,
) -> Result<Tensor> {
    expect_some("the stride", stride)?;
    expect_some("the taps", taps)?;
    match matrix {
        Matrix::Packed(packed) => {
            let window = Window::Run { taps, stride };
            x.contiguous()?.apply_op1_no_bwd(&Product {
                packed: packed.clone(),
                window,
                bias: to_vec(bias)?,
                activation,
            })
        }
        Matrix::Plain(matrix) => {
            let y = temporal::convolve(x, matrix, taps, stride)?;
            let y = match bias {
                None => y,
                Some(bias) => y.broadcast_add(bias)?,
            };
            activate(&y, activation)
        }
    }
}

fn to_vec(bias: Option<&Tensor>) -> Result<Option<Vec<f32>>> {
    bias.map(|bias| bias.to_vec1()).transpose()
}

/// What of the input one row of the product is made from.
#[derive(Clone, Copy)]
enum Window {
    Row,
    Neighbourhood { stride: usize },
    Run { taps: usize, stride: usize },
}

struct Product {
    packed: Arc<Packed>,
    window: Window,
    bias: Option<Vec<f32>>,
    activation: Activation,
}

impl Product {
    fn run(&self, x: &[f32], shape: &Shape, residual: Option<&[f32]>) -> Result<(CpuStorage, Shape)> {
        let matrix = &self.packed.0;
        let columns = matrix.columns();
        let (batch, rows_each, inner, out_shape) = self.geometry(shape.dims(), columns)?;
        if inner != matrix.inner() {
            candle_core::bail!("rows of {inner} do not fit a matrix of {} x {columns}", matrix.inner());
        }
        if self.bias.as_ref().is_some_and(|bias| bias.len() != columns) {
            candle_core::bail!("a bias must have one value for each of {columns} columns");
        }
        let count = batch * rows_each * columns;
        if residual.is_some_and(|residual| residual.len() != count) {
            candle_core::bail!("a residual must have the shape of the output");
        }
        let mut out = new_values(count);
        let each = x.len().checked_div(batch).unwrap_or(0);
        for index in 0..batch {
            let epilogue = Epilogue {
                bias: self.bias.as_deref(),
                activation: self.activation,
                residual: residual.map(|residual| &residual[index * rows_each * columns..]),
            };
            let values = &x[index * each..(index + 1) * each];
            let rows = match self.window {
                Window::Row => Rows::Strided { values, stride: inner },
                Window::Run { stride, .. } => Rows::Strided { values, stride: stride.saturating_mul(shape.dims()[2]) },
                Window::Neighbourhood { stride } => Rows::Neighbourhoods {
                    values,
                    height: shape.dims()[1],
                    width: shape.dims()[2],
                    channels: shape.dims()[3],
                    stride,
                },
            };
            // SAFETY: `out` has room for the rows of every batch entry, and is new.
            unsafe {
                let out = out.as_mut_ptr().add(index * rows_each * columns);
                multiply(rows, rows_each, matrix, &epilogue, out, columns);
            }
        }
        // SAFETY: the products wrote every element.
        unsafe { out.set_len(count) };
        Ok((CpuStorage::F32(out), out_shape))
    }

    /// Batch entries, rows of each, elements of a row, shape of the output.
    fn geometry(&self, shape: &[usize], columns: usize) -> Result<(usize, usize, usize, Shape)> {
        match (self.window, shape) {
            (Window::Row, [outer @ .., inner]) => {
                let mut out = outer.to_vec();
                out.push(columns);
                Ok((1, outer.iter().product(), *inner, out.into()))
            }
            (Window::Neighbourhood { stride }, &[batch, height, width, channels]) => {
                let (rows, across) = (height.div_ceil(stride), width.div_ceil(stride));
                Ok((batch, rows * across, 9 * channels, (batch, rows, across, columns).into()))
            }
            (Window::Run { taps, stride }, &[batch, length, channels]) if length >= taps => {
                let outputs = (length - taps) / stride + 1;
                Ok((batch, outputs, taps * channels, (batch, outputs, columns).into()))
            }
            (_, shape) => candle_core::bail!("a convolution does not fit an input of shape {shape:?}"),
        }
    }
}

impl CustomOp1 for Product {
    fn name(&self) -> &'static str {
        "packed-product"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run(values(storage, layout)?, layout.shape(), None)
    }
}

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "packed-product-onto"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run(values(s1, l1)?, l1.shape(), Some(values(s2, l2)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn products_of_every_edge_case_size_are_candles() {
        for (rows, inner, columns) in
            [(1, 1, 1), (5, 3, 10), (12, 16, 32), (13, 300, 33), (97, 256, 16), (200, 600, 144), (499, 33, 50)]
        {
            let (x, w, bias) = (random(&[rows, inner], 1), random(&[inner, columns], 2), random(&[columns], 3));
            let residual = random(&[rows, columns], 4);
            let packed = Matrix::constant(&w).unwrap();
            let ours = linear(&x, &packed, Some(&bias), Activation::Gelu, Some(&residual)).unwrap();
            let theirs = x.matmul(&w).unwrap().broadcast_add(&bias).unwrap().gelu_erf().unwrap();
            assert_close(&ours, &(theirs + &residual).unwrap(), 1e-5);
        }
    }

    #[test]
    fn dense_convolution_is_candles_at_both_strides_and_odd_sizes() {
        for (height, width, channels, stride) in
            [(8, 8, 3, 2), (7, 5, 16, 1), (9, 4, 33, 2), (1, 1, 5, 1), (3, 1, 4, 2)]
        {
            let x = random(&[2, height, width, channels], 5);
            let weight = random(&[20, channels, 3, 3], 6);
            let matrix = weight.permute((2, 3, 1, 0)).unwrap().reshape((9 * channels, 20)).unwrap();
            let packed = Matrix::constant(&matrix).unwrap();
            let ours = conv3x3(&x, &packed, None, stride, Activation::None).unwrap();
            let theirs = x.permute((0, 3, 1, 2)).unwrap().conv2d(&weight, 1, stride, 1, 1).unwrap();
            assert_close(&ours, &theirs.permute((0, 2, 3, 1)).unwrap(), 1e-5);
        }
    }

    #[test]
    fn temporal_convolution_is_candles() {
        for (taps, stride, channels) in [(10, 5, 1), (3, 2, 24), (2, 2, 7)] {
            let (x, weight) = (random(&[2, 57, channels], 7), random(&[18, channels, taps], 8));
            let matrix = weight.permute((2, 1, 0)).unwrap().reshape((taps * channels, 18)).unwrap();
            let packed = Matrix::constant(&matrix).unwrap();
            let ours = conv1d(&x, &packed, None, taps, stride, Activation::None).unwrap();
            let theirs = x.transpose(1, 2).unwrap().conv1d(&weight, 0, stride, 1, 1).unwrap();
            assert_close(&ours, &theirs.transpose(1, 2).unwrap(), 1e-5);
            let plain = portable::windows(&x, taps, stride).unwrap();
            assert_close(&linear(&plain, &packed, None, Activation::None, None).unwrap(), &ours, 1e-6);
        }
    }

    #[test]
    fn rows_that_do_not_fit_the_matrix_are_an_error() {
        let packed = Matrix::constant(&random(&[4, 3], 1)).unwrap();
        assert!(linear(&random(&[2, 5], 2), &packed, None, Activation::None, None).is_err());
    }
}
