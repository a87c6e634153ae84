//! Layer norm and softmax over the last axis.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, D, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::activation::exp_or_zero;
use super::lanes::{Lanes, multiversion};
use super::{new_values, portable, values};

/// Elements that make a task worth handing to another thread.
const TASK_ELEMENTS: usize = 1 << 14;

/// `gamma (x - mean) / sqrt(var + epsilon) + beta` over the last axis; differentiable.
pub fn layer_norm(x: &Tensor, gamma: &Tensor, beta: &Tensor, epsilon: f64) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return portable::layer_norm(x, gamma, beta, epsilon);
    }
    x.contiguous()?.apply_op3(&gamma.contiguous()?, &beta.contiguous()?, LayerNorm { epsilon: epsilon as f32 })
}

/// Softmax over the last axis; differentiable.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return portable::softmax(x);
    }
    x.contiguous()?.apply_op1(Softmax)
}

struct LayerNorm {
    epsilon: f32,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
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
        let (x, gamma, beta) = (values(s1, l1)?, values(s2, l2)?, values(s3, l3)?);
        let width = l1.shape().dims().last().copied().unwrap_or(1);
        if gamma.len() != width || beta.len() != width {
            candle_core::bail!("a norm of {} channels does not fit {:?}", gamma.len(), l1.shape());
        }
        let out = by_rows(x, width, |x, out, rows| {
            for row in 0..rows {
                // SAFETY: the span has `rows` rows of `width` numbers, gamma and beta one.
                unsafe {
                    let (x, out) = (x.add(row * width), out.add(row * width));
                    normalise(x, gamma.as_ptr(), beta.as_ptr(), out, width, self.epsilon);
                }
            }
        });
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        _beta: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let width = x.dim(D::Minus1)?;
        let gradient = gradient.contiguous()?;
        let scaled = gradient.broadcast_mul(gamma)?.contiguous()?;
        let both = x.contiguous()?.apply_op2_no_bwd(&scaled, &LayerNormGradient { epsilon: self.epsilon })?;
        let (dx, normalised) = (both.get(0)?, both.get(1)?);
        let dgamma = (&gradient * normalised)?.reshape(((), width))?.sum(0)?;
        let dbeta = gradient.reshape(((), width))?.sum(0)?;
        Ok((Some(dx), Some(dgamma), Some(dbeta)))
    }
}

/// `(x, gamma dy) -> [dx, normalised x]`
struct LayerNormGradient {
    epsilon: f32,
}

impl CustomOp2 for LayerNormGradient {
    fn name(&self) -> &'static str {
        "layer-norm-backward"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, dy) = (values(s1, l1)?, values(s2, l2)?);
        let width = l1.shape().dims().last().copied().unwrap_or(1).max(1);
        let mut out = vec![0f32; 2 * x.len()];
        let (dx, normalised) = out.split_at_mut(x.len());
        let rows = dx.par_chunks_mut(width).zip(normalised.par_chunks_mut(width));
        rows.zip(x.par_chunks(width)).zip(dy.par_chunks(width)).for_each(|(((dx, normalised), x), dy)| {
            let count = width as f32;
            let mean = x.iter().sum::<f32>() / count;
            let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            for (normalised, x) in normalised.iter_mut().zip(x) {
                *normalised = (x - mean) * scale;
            }
            let mean_dy = dy.iter().sum::<f32>() / count;
            let mean_both = dy.iter().zip(normalised.iter()).map(|(dy, n)| dy * n).sum::<f32>() / count;
            for ((dx, n), dy) in dx.iter_mut().zip(normalised.iter()).zip(dy) {
                *dx = scale * (dy - mean_dy - n * mean_both);
            }
        });
        let mut shape = vec![2];
        shape.extend_from_slice(l1.shape().dims());
        Ok((CpuStorage::F32(out), shape.into()))
    }
}

struct Softmax;

impl CustomOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let width = layout.shape().dims().last().copied().unwrap_or(1);
        let out = by_rows(x, width, |x, out, rows| {
            // SAFETY: the span has `rows` rows of `width` numbers, and room for them in `out`.
            unsafe {
                std::ptr::copy_nonoverlapping(x, out, rows * width);
                for row in 0..rows {
                    softmax_row(out.add(row * width), width, 1.0);
                }
            }
        });
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, _x: &Tensor, y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let share = (y * gradient)?;
        let total = share.sum_keepdim(D::Minus1)?;
        Ok(Some((share - y.broadcast_mul(&total)?)?))
    }
}

/// Runs `rows_of(x, out, rows)` over spans of whole rows, in parallel; `rows_of` writes all of its `out`.
fn by_rows(x: &[f32], width: usize, rows_of: impl Fn(*const f32, *mut f32, usize) + Sync) -> Vec<f32> {
    let mut out = new_values(x.len());
    let span = (TASK_ELEMENTS / width.max(1)).max(1) * width.max(1);
    out.spare_capacity_mut()[..x.len()].par_chunks_mut(span).zip(x.par_chunks(span)).for_each(|(out, x)| {
        rows_of(x.as_ptr(), out.as_mut_ptr().cast(), x.len() / width.max(1));
    });
    // SAFETY: every span was written.
    unsafe { out.set_len(x.len()) };
    out
}

multiversion! {
    /// # Safety
    /// `width` numbers are at `x`, `gamma` and `beta`, and room for them at `out`, which is none of those.
    unsafe fn normalise(
        x: *const f32, gamma: *const f32, beta: *const f32, out: *mut f32, width: usize, epsilon: f32,
    ) => normalise_in
}

#[inline(always)]
unsafe fn normalise_in<V: Lanes>(
    x: *const f32,
    gamma: *const f32,
    beta: *const f32,
    out: *mut f32,
    width: usize,
    epsilon: f32,
) {
    // SAFETY: whole registers end at `whole <= width`, single numbers at `width`.
    unsafe {
        let whole = width / V::COUNT * V::COUNT;
        let mut sum = V::splat(0.0);
        for at in (0..whole).step_by(V::COUNT) {
            sum = sum.add(V::load(x.add(at)));
        }
        let mut total = sum.sum();
        for at in whole..width {
            total += *x.add(at);
        }
        let mean = total / width as f32;
        let mut sum = V::splat(0.0);
        for at in (0..whole).step_by(V::COUNT) {
            let centred = V::load(x.add(at)).sub(V::splat(mean));
            sum = centred.mul_add(centred, sum);
        }
        let mut total = sum.sum();
        for at in whole..width {
            total += (*x.add(at) - mean) * (*x.add(at) - mean);
        }
        let scale = 1.0 / (total / width as f32 + epsilon).sqrt();
        for at in (0..whole).step_by(V::COUNT) {
            let centred = V::load(x.add(at)).sub(V::splat(mean)).mul(V::splat(scale));
            centred.mul_add(V::load(gamma.add(at)), V::load(beta.add(at))).store(out.add(at));
        }
        for at in whole..width {
            *out.add(at) = (*x.add(at) - mean) * scale * *gamma.add(at) + *beta.add(at);
        }
    }
}

multiversion! {
    /// Softmax of `scale * x`, in place.
    ///
    /// # Safety
    /// `width` numbers are at `x`.
    pub(super) unsafe fn softmax_row(x: *mut f32, width: usize, scale: f32) => softmax_row_in
}

#[inline(always)]
unsafe fn softmax_row_in<V: Lanes>(x: *mut f32, width: usize, scale: f32) {
    // SAFETY: whole registers end at `whole <= width`; what is left is less than one.
    unsafe {
        let whole = width / V::COUNT * V::COUNT;
        let mut largest = V::splat(f32::NEG_INFINITY);
        for at in (0..whole).step_by(V::COUNT) {
            largest = largest.max(V::load(x.add(at)));
        }
        let mut top = largest.largest();
        for at in whole..width {
            top = top.max(*x.add(at));
        }
        let mut sum = V::splat(0.0);
        for at in (0..whole).step_by(V::COUNT) {
            let value = exp_or_zero(V::load(x.add(at)).sub(V::splat(top)).mul(V::splat(scale)));
            value.store(x.add(at));
            sum = sum.add(value);
        }
        let mut total = sum.sum();
        if whole < width {
            let rest = width - whole;
            let value = exp_or_zero(V::load_first(x.add(whole), rest).sub(V::splat(top)).mul(V::splat(scale)));
            value.store_first(x.add(whole), rest);
            for at in whole..width {
                total += *x.add(at);
            }
        }
        let share = 1.0 / total;
        for at in (0..whole).step_by(V::COUNT) {
            V::load(x.add(at)).mul(V::splat(share)).store(x.add(at));
        }
        for at in whole..width {
            *x.add(at) *= share;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::*;

    fn same_gradients(ours: &Tensor, theirs: &Tensor, variables: &[&Var]) {
        let share = random(ours.dims(), 9);
        let gradients = |y: &Tensor| (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
        let (ours, theirs) = (gradients(ours), gradients(theirs));
        for variable in variables {
            assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), 1e-5);
        }
    }

    #[test]
    fn layer_norm_and_its_gradients_are_those_of_the_formula() {
        for width in [1, 5, 16, 37, 144] {
            let x = Var::from_tensor(&(random(&[3, 7, width], 1) * 4.0).unwrap()).unwrap();
            let gamma = Var::from_tensor(&random(&[width], 2)).unwrap();
            let beta = Var::from_tensor(&random(&[width], 3)).unwrap();
            let ours = layer_norm(&x, &gamma, &beta, 1e-5).unwrap();
            let theirs = portable::layer_norm(&x, &gamma, &beta, 1e-5).unwrap();
            assert_close(&ours, &theirs, 1e-5);
            if width > 1 {
                same_gradients(&ours, &theirs, &[&x, &gamma, &beta]);
            }
        }
    }

    #[test]
    fn softmax_and_its_gradient_are_candles() {
        for width in [1, 5, 16, 37, 256] {
            let x = Var::from_tensor(&(random(&[3, 7, width], 1) * 9.0).unwrap()).unwrap();
            let (ours, theirs) = (softmax(&x).unwrap(), portable::softmax(&x).unwrap());
            assert_close(&ours, &theirs, 1e-5);
            if width > 1 {
                same_gradients(&ours, &theirs, &[&x]);
            }
        }
    }

    #[test]
    fn softmax_of_huge_logits_is_finite_and_sums_to_one() {
        let x = Tensor::new(&[[1e30f32, -1e30, 5.0]], x_device()).unwrap();
        assert_eq!(softmax(&x).unwrap().to_vec2::<f32>().unwrap()[0][0], 1.0);
    }

    #[test]
    fn a_softmax_has_zeros_rather_than_denormal_numbers() {
        let ramp: Vec<f32> = (0..300).map(|i| i as f32).collect();
        let y = softmax(&Tensor::from_vec(ramp, (1, 300), x_device()).unwrap()).unwrap().to_vec2::<f32>().unwrap();
        assert!(y[0].iter().all(|&y| y == 0.0 || y > 1e-30), "{:?}", y[0]);
        assert_eq!(y[0][..200], [0.0; 200]);
    }

    #[test]
    fn a_softmax_of_what_is_no_number_is_none() {
        let y = softmax(&Tensor::new(&[[1f32, f32::NAN, 5.0]], x_device()).unwrap()).unwrap();
        assert!(y.to_vec2::<f32>().unwrap()[0].iter().all(|y| y.is_nan()), "{y}");
    }

    fn x_device() -> &'static candle_core::Device {
        &candle_core::Device::Cpu
    }
}
