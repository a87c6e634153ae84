//! The product of rows with a matrix that is being trained: packed anew at each pass, with both gradients.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::packed::{Epilogue, PackedMatrix, Rows, multiply};
use super::strided::{View, add_product};
use super::{new_values, values, with_values};

/// `x W + bias` over the last axis: `[.., K]`, `[K, N]`, `[N]` -> `[.., N]`; differentiable with respect to all.
pub(super) fn product(x: &Tensor, matrix: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (x, matrix) = (x.contiguous()?, matrix.contiguous()?);
    match bias {
        None => x.apply_op2(&matrix, Product),
        Some(bias) => x.apply_op3(&matrix, &bias.contiguous()?, Product),
    }
}

struct Product;

/// `(dy, W) -> dx`
struct InputGradient;

/// Rows of one partial sum of the matrix's gradient: the same partial sums on any number of threads.
const ROWS_EACH: usize = 2048;

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "trained-product"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        forward(values(s1, l1)?, l1.shape(), values(s2, l2)?, l2.shape(), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        matrix: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        Ok((input_gradient(x, matrix, &gradient)?, Some(matrix_gradient(x, matrix, &gradient)?)))
    }
}

impl CustomOp3 for Product {
    fn name(&self) -> &'static str {
        "trained-product-with-bias"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        forward(values(s1, l1)?, l1.shape(), values(s2, l2)?, l2.shape(), Some(values(s3, l3)?))
    }

    fn bwd(
        &self,
        x: &Tensor,
        matrix: &Tensor,
        bias: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let sums = with_values(&gradient, |gradient| column_sums(gradient, bias.elem_count()))?;
        let dbias = Tensor::from_vec(sums, bias.shape(), bias.device())?;
        Ok((input_gradient(x, matrix, &gradient)?, Some(matrix_gradient(x, matrix, &gradient)?), Some(dbias)))
    }
}

impl CustomOp2 for InputGradient {
    fn name(&self) -> &'static str {
        "trained-product-input-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (inner, columns) = l2.shape().dims2()?;
        let transposed = PackedMatrix::from_strided(values(s2, l2)?, columns, inner, 1, columns);
        run(values(s1, l1)?, l1.shape(), &transposed, None)
    }
}

fn forward(
    x: &[f32],
    shape: &Shape,
    matrix: &[f32],
    matrix_shape: &Shape,
    bias: Option<&[f32]>,
) -> Result<(CpuStorage, Shape)> {
    let (inner, columns) = matrix_shape.dims2()?;
    run(x, shape, &PackedMatrix::new(matrix, inner, columns), bias)
}

fn run(x: &[f32], shape: &Shape, matrix: &PackedMatrix, bias: Option<&[f32]>) -> Result<(CpuStorage, Shape)> {
    let (inner, columns) = (matrix.inner(), matrix.columns());
    let mut dims = shape.dims().to_vec();
    if dims.pop() != Some(inner) {
        candle_core::bail!("rows of {shape:?} do not fit a matrix of {inner} x {columns}");
    }
    if bias.is_some_and(|bias| bias.len() != columns) {
        candle_core::bail!("a bias must have one value for each of {columns} columns");
    }
    let count = dims.iter().product::<usize>();
    dims.push(columns);
    let mut out = new_values(count * columns);
    let epilogue = Epilogue { bias, ..Epilogue::NONE };
    // SAFETY: `out` has room for every row, and the product writes them all.
    unsafe {
        multiply(Rows::Strided { values: x, stride: inner }, count, matrix, &epilogue, out.as_mut_ptr(), columns);
        out.set_len(count * columns);
    }
    Ok((CpuStorage::F32(out), dims.into()))
}

/// `None` where nobody asks for it: the pictures and samples themselves are not trained.
fn input_gradient(x: &Tensor, matrix: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
    if !x.track_op() {
        return Ok(None);
    }
    Ok(Some(gradient.apply_op2_no_bwd(matrix, &InputGradient)?))
}

/// `x^T dy`
fn matrix_gradient(x: &Tensor, matrix: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let (inner, columns) = matrix.dims2()?;
    let total = with_values(x, |x| {
        with_values(gradient, |dy| {
            let parts: Vec<Vec<f32>> = x
                .par_chunks((ROWS_EACH * inner).max(1))
                .zip(dy.par_chunks((ROWS_EACH * columns).max(1)))
                .map(|(x, dy)| {
                    let mut part = vec![0f32; inner * columns];
                    let rows = dy.len() / columns.max(1);
                    let transposed = View { values: x, row: 1, column: inner };
                    let dy = View { values: dy, row: columns, column: 1 };
                    add_product(&mut part, columns, (inner, columns, rows), transposed, dy, false);
                    part
                })
                .collect();
            sum_in_order(parts, inner * columns)
        })
    })??;
    Tensor::from_vec(total, (inner, columns), matrix.device())
}

fn column_sums(rows: &[f32], columns: usize) -> Vec<f32> {
    let parts = rows
        .par_chunks((ROWS_EACH * columns).max(1))
        .map(|rows| {
            let mut sums = vec![0f32; columns];
            for row in rows.chunks_exact(columns) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            sums
        })
        .collect();
    sum_in_order(parts, columns)
}

fn sum_in_order(parts: Vec<Vec<f32>>, count: usize) -> Vec<f32> {
    let mut total = vec![0f32; count];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, value)| *total += value);
    }
    total
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn values_and_gradients_are_candles() {
        for (rows, inner, columns) in [(7, 5, 3), (4100, 16, 40), (33, 70, 1)] {
            let x = Var::from_tensor(&random(&[rows, inner], 1)).unwrap();
            let matrix = Var::from_tensor(&random(&[inner, columns], 2)).unwrap();
            let bias = Var::from_tensor(&random(&[columns], 3)).unwrap();
            let ours = product(&x, &matrix, Some(&bias)).unwrap();
            let theirs = x.matmul(&matrix).unwrap().broadcast_add(&bias).unwrap();
            assert_close(&ours, &theirs, 1e-5);
            let share = random(ours.dims(), 4);
            let gradients = |y: &Tensor| (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
            let (ours, theirs) = (gradients(&ours), gradients(&theirs));
            for variable in [&x, &matrix, &bias] {
                assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), 1e-4);
            }
        }
    }

    #[test]
    fn a_transposed_matrix_gets_its_gradient_through_the_transposition() {
        let x = random(&[9, 6], 1);
        let weight = Var::from_tensor(&random(&[4, 6], 2)).unwrap();
        let loss = |y: Tensor| y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let ours = loss(product(&x, &weight.t().unwrap(), None).unwrap());
        let theirs = loss(x.matmul(&weight.t().unwrap()).unwrap());
        assert_close(ours.get(&weight).unwrap(), theirs.get(&weight).unwrap(), 1e-5);
    }
}
