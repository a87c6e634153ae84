//! Element-wise functions: SiLU, exact GELU, ReLU and its kin, hard swish, and the exponential below them.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::lanes::{Lanes, multiversion};
use super::{new_values, values};

/// What follows a linear map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x`
    None,
    /// `x / (1 + exp(-x))`
    Silu,
    /// `x (1 + erf(x / sqrt 2)) / 2`: the exact one, not the tanh approximation.
    Gelu,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `max(x, x / 10)`
    LeakyRelu,
    /// `x min(max(x + 3, 0), 6) / 6` (Howard et al., "Searching for MobileNetV3", 2019).
    HardSwish,
}

/// Applies `activation` to every element; differentiable.
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    let on_cpu = x.device().is_cpu();
    match activation {
        Activation::None => Ok(x.clone()),
        Activation::Relu => x.relu(),
        Activation::Silu if !on_cpu => x.silu(),
        Activation::Gelu if !on_cpu => x.gelu_erf(),
        Activation::Relu6 if !on_cpu => x.clamp(0f32, 6f32),
        Activation::LeakyRelu if !on_cpu => x.maximum(&(x * f64::from(LEAK))?),
        Activation::HardSwish if !on_cpu => x * ((x + 3.0)?.clamp(0f32, 6f32)? / 6.0)?,
        _ => x.contiguous()?.apply_op1(Forward(activation)),
    }
}

/// What [`Activation::LeakyRelu`] lets through of negative numbers.
const LEAK: f32 = 0.1;

/// Elements that one thread takes at a time.
const SPAN: usize = 1 << 14;

struct Forward(Activation);

impl CustomOp1 for Forward {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let mut y = x.to_vec();
        // SAFETY: pointer and length are those of the span.
        y.par_chunks_mut(SPAN).for_each(|y| unsafe { apply(y.as_mut_ptr(), y.len(), self.0) });
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(x.contiguous()?.apply_op2_no_bwd(&gradient.contiguous()?, &Backward(self.0))?))
    }
}

/// `(x, dy) -> dx`
struct Backward(Activation);

impl CustomOp2 for Backward {
    fn name(&self) -> &'static str {
        "activation-backward"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, dy) = (values(s1, l1)?, values(s2, l2)?);
        if dy.len() != x.len() {
            candle_core::bail!("a gradient of {} values does not fit {:?}", dy.len(), l1.shape());
        }
        let mut dx = new_values(x.len());
        let spans = dx.spare_capacity_mut()[..x.len()].par_chunks_mut(SPAN);
        spans.zip(x.par_chunks(SPAN)).zip(dy.par_chunks(SPAN)).for_each(|((dx, x), dy)| {
            // SAFETY: the three spans have the same length, as the three slices have.
            unsafe { apply_slope(x.as_ptr(), dy.as_ptr(), dx.as_mut_ptr().cast(), x.len(), self.0) }
        });
        // SAFETY: every span was written.
        unsafe { dx.set_len(x.len()) };
        Ok((CpuStorage::F32(dx), l1.shape().clone()))
    }
}

multiversion! {
    /// Applies `activation` in place.
    ///
    /// # Safety
    /// `count` numbers are at `x`.
    pub(super) unsafe fn apply(x: *mut f32, count: usize, activation: Activation) => apply_in
}

/// As [`apply`].
#[inline(always)]
pub(super) unsafe fn apply_in<V: Lanes>(x: *mut f32, count: usize, activation: Activation) {
    // SAFETY: the contract of each is this one's.
    unsafe {
        match activation {
            Activation::None => {}
            Activation::Silu => each::<V, Silu>(x, count),
            Activation::Gelu => each::<V, Gelu>(x, count),
            Activation::Relu => each::<V, Relu>(x, count),
            Activation::Relu6 => each::<V, Relu6>(x, count),
            Activation::LeakyRelu => each::<V, LeakyRelu>(x, count),
            Activation::HardSwish => each::<V, HardSwish>(x, count),
        }
    }
}

/// # Safety
/// `count` numbers are at `x`.
#[inline(always)]
unsafe fn each<V: Lanes, F: Function>(x: *mut f32, count: usize) {
    // SAFETY: whole registers end at or before `count`, and the last one takes what is left.
    unsafe {
        let mut at = 0;
        while at + V::COUNT <= count {
            F::of(V::load(x.add(at))).store(x.add(at));
            at += V::COUNT;
        }
        if at < count {
            F::of(V::load_first(x.add(at), count - at)).store_first(x.add(at), count - at);
        }
    }
}

/// A function of one register. A type rather than a closure: a closure is compiled without the processor features
/// of the function around it, and then the register operations inside it become calls.
///
/// # Safety
/// The processor has the feature of the register.
pub(super) trait Function {
    unsafe fn of<V: Lanes>(x: V) -> V;
}

pub(super) struct Identity;
pub(super) struct Silu;
pub(super) struct Gelu;
pub(super) struct Relu;
pub(super) struct Relu6;
pub(super) struct LeakyRelu;
pub(super) struct HardSwish;

impl Function for Identity {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        x
    }
}

impl Function for Silu {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        // SAFETY: registers alone, whose feature the caller has.
        unsafe { x.mul(sigmoid(x)) }
    }
}

impl Function for Gelu {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        // SAFETY: registers alone, whose feature the caller has.
        unsafe { x.mul(normal(x).0) }
    }
}

impl Function for Relu {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        // SAFETY: registers alone, whose feature the caller has.
        unsafe { x.max(V::splat(0.0)) }
    }
}

impl Function for Relu6 {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        // SAFETY: registers alone, whose feature the caller has.
        unsafe { x.max(V::splat(0.0)).min(V::splat(6.0)) }
    }
}

impl Function for LeakyRelu {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        // SAFETY: registers alone, whose feature the caller has.
        unsafe { x.max(x.mul(V::splat(LEAK))) }
    }
}

impl Function for HardSwish {
    #[inline(always)]
    unsafe fn of<V: Lanes>(x: V) -> V {
        // SAFETY: registers alone, whose feature the caller has.
        unsafe {
            let open = x.mul_add(V::splat(1.0 / 6.0), V::splat(0.5));
            x.mul(open.max(V::splat(0.0)).min(V::splat(1.0)))
        }
    }
}

multiversion! {
    /// `dx = dy * activation'(x)`.
    ///
    /// # Safety
    /// `count` numbers are at `x` and at `dy`, and room for them at `dx`, which is neither.
    unsafe fn apply_slope(x: *const f32, dy: *const f32, dx: *mut f32, count: usize, activation: Activation)
        => apply_slope_in
}

#[inline(always)]
unsafe fn apply_slope_in<V: Lanes>(x: *const f32, dy: *const f32, dx: *mut f32, count: usize, activation: Activation) {
    // SAFETY: `at + lanes <= count`.
    unsafe {
        let mut at = 0;
        while at < count {
            let lanes = V::COUNT.min(count - at);
            let (x, dy) = (V::load_first(x.add(at), lanes), V::load_first(dy.add(at), lanes));
            derivative(x, activation).mul(dy).store_first(dx.add(at), lanes);
            at += lanes;
        }
    }
}

/// Below this argument an exponential, 2^-90 there, is nothing that a sum with a 1 in it could tell. Were it smaller,
/// another factor would soon make it a denormal number, of which one in a register makes the processor take ten to a
/// hundred times as long.
const LOWEST: f32 = -62.383_246;
/// A little above `exp(LOWEST)`.
const NEGLIGIBLE: f32 = 8.1e-28;

/// `exp(x)` to about 1e-7 relative; arguments outside [`LOWEST`]`..87` are taken as the nearer bound, and what is no
/// number stays none.
#[inline(always)]
unsafe fn exp<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has. Where one of two is no number, the second is the result.
    unsafe { exp_of_moderate(V::splat(87.0).min(V::splat(LOWEST).max(x))) }
}

/// `exp(x)` of `x` at most 0, as [`exp`], but zero below [`LOWEST`].
#[inline(always)]
pub(super) unsafe fn exp_or_zero<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe { exp_of_moderate(V::splat(LOWEST).max(x)).where_at_least(x, V::splat(LOWEST)) }
}

/// `exp(x)` of `x` in -87..88: `x = n ln 2 + r`, and `exp(r)` by a polynomial (Cephes).
#[inline(always)]
unsafe fn exp_of_moderate<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe {
        // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
        let shift = V::splat(12_582_912.0);
        let shifted = x.mul_add(V::splat(std::f32::consts::LOG2_E), shift);
        let n = shifted.sub(shift);
        let r = n.mul_add(V::splat(-0.693_359_4), x);
        let r = n.mul_add(V::splat(2.121_944_4e-4), r);
        let p = V::splat(1.987_569_1e-4);
        let p = p.mul_add(r, V::splat(1.398_2e-3));
        let p = p.mul_add(r, V::splat(8.333_452e-3));
        let p = p.mul_add(r, V::splat(4.166_579_6e-2));
        let p = p.mul_add(r, V::splat(0.166_666_65));
        let p = p.mul_add(r, V::splat(0.5));
        let p = p.mul_add(r.mul(r), r.add(V::splat(1.0)));
        p.mul(shifted.power_of_two())
    }
}

/// `1 / (1 + exp(-x))`, nowhere below 1.6e-38.
#[inline(always)]
unsafe fn sigmoid<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe { exp(V::splat(0.0).sub(x)).add(V::splat(1.0)).reciprocal() }
}

/// The derivative of `activation` at `x`.
#[inline(always)]
pub(super) unsafe fn derivative<V: Lanes>(x: V, activation: Activation) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe {
        match activation {
            Activation::None => V::splat(1.0),
            Activation::Silu => silu_slope(x),
            Activation::Gelu => gelu_slope(x),
            Activation::Relu => above_zero(x),
            Activation::Relu6 => above_zero(x).mul(above_zero(V::splat(6.0).sub(x))),
            Activation::LeakyRelu => above_zero(x).mul_add(V::splat(1.0 - LEAK), V::splat(LEAK)),
            Activation::HardSwish => hard_swish_slope(x),
        }
    }
}

/// 1 above zero, 0 below: the sign, moved from -1..1 to 0..1.
#[inline(always)]
unsafe fn above_zero<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe { V::splat(1.0).with_sign_of(x).mul_add(V::splat(0.5), V::splat(0.5)) }
}

/// 0 below -3, 1 above 3, a line between that leaves at -1/2 and arrives at 3/2.
#[inline(always)]
unsafe fn hard_swish_slope<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe {
        let (low, high) = (V::splat(-3.0), V::splat(3.0));
        let within = x.max(low).min(high).mul_add(V::splat(1.0 / 3.0), V::splat(0.5));
        let above = above_zero(x.sub(high));
        above_zero(x.sub(low)).mul(V::splat(1.0).sub(above)).mul_add(within, above)
    }
}

#[inline(always)]
unsafe fn silu_slope<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe {
        let s = sigmoid(x).where_at_least(x, V::splat(LOWEST));
        let rest = V::splat(1.0).sub(s);
        s.mul(x.mul_add(rest, V::splat(1.0)))
    }
}

/// The normal distribution's `(cumulative, exp(-x^2 / 2))`, the first to 1e-7 absolute, the second as [`exp`] has it: the
/// error function by formula 7.1.26 of Abramowitz and Stegun.
#[inline(always)]
unsafe fn normal<V: Lanes>(x: V) -> (V, V) {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe {
        let magnitude = x.with_sign_of(V::splat(1.0)).mul(V::splat(std::f32::consts::FRAC_1_SQRT_2));
        let t = magnitude.mul_add(V::splat(0.327_591_1), V::splat(1.0)).reciprocal();
        let p = V::splat(1.061_405_4);
        let p = p.mul_add(t, V::splat(-1.453_152));
        let p = p.mul_add(t, V::splat(1.421_413_7));
        let p = p.mul_add(t, V::splat(-0.284_496_74));
        let p = p.mul_add(t, V::splat(0.254_829_6));
        let bell = exp(V::splat(0.0).sub(magnitude.mul(magnitude)));
        let erf = V::splat(1.0).sub(p.mul(t).mul(bell));
        let half = V::splat(0.5);
        (erf.with_sign_of(x).mul_add(half, half), bell)
    }
}

#[inline(always)]
unsafe fn gelu_slope<V: Lanes>(x: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe {
        let (cumulative, bell) = normal(x);
        let bell = bell.where_at_least(bell, V::splat(NEGLIGIBLE));
        // 1 / sqrt(2 pi)
        x.mul(bell).mul_add(V::splat(0.398_942_3), cumulative)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn silu_and_gelu_are_candles_to_a_millionth() {
        let ramp: Vec<f32> = (-40_000..=40_000).map(|i| i as f32 * 4e-4).collect();
        let x = Tensor::from_vec(ramp, 80_001, &Device::Cpu).unwrap();
        for (activation, expected) in [(Activation::Silu, x.silu()), (Activation::Gelu, x.gelu_erf())] {
            let ours = activate(&x, activation).unwrap().to_vec1::<f32>().unwrap();
            let theirs = expected.unwrap().to_vec1::<f32>().unwrap();
            for (ours, theirs) in ours.into_iter().zip(theirs) {
                assert!((ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0), "{activation:?}: {ours}, not {theirs}");
            }
        }
    }

    #[test]
    fn relu6_is_cut_off_at_both_ends() {
        let x = Tensor::new(&[-7f32, -0.5, 0.0, 2.5, 6.0, 6.5, 1e30], &Device::Cpu).unwrap();
        let y = activate(&x, Activation::Relu6).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(y, [0.0, 0.0, 0.0, 2.5, 6.0, 6.0, 6.0]);
    }

    #[test]
    fn leaky_relu_and_hard_swish_are_what_they_are_defined_as() {
        let x = Tensor::new(&[-1e30f32, -7.0, -3.0, -1.5, 0.0, 1.5, 3.0, 7.0, 1e30], &Device::Cpu).unwrap();
        let cases = [
            (Activation::LeakyRelu, [-1e29, -0.7, -0.3, -0.15, 0.0, 1.5, 3.0, 7.0, 1e30]),
            (Activation::HardSwish, [0.0, 0.0, 0.0, -0.375, 0.0, 1.125, 3.0, 7.0, 1e30]),
        ];
        for (activation, expected) in cases {
            let y = activate(&x, activation).unwrap().to_vec1::<f32>().unwrap();
            for (y, expected) in y.into_iter().zip(expected) {
                assert!((y - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{activation:?}: {y}, not {expected}");
            }
        }
    }

    #[test]
    fn extreme_arguments_give_finite_results() {
        let x = Tensor::new(&[-1e30f32, -200.0, -0.0, 0.0, 200.0, 1e30], &Device::Cpu).unwrap();
        for activation in [Activation::Silu, Activation::Gelu, Activation::HardSwish] {
            let y = activate(&x, activation).unwrap().to_vec1::<f32>().unwrap();
            assert!(y[..4].iter().all(|y| y.abs() < 1e-5), "{activation:?}: {y:?}");
            assert_eq!(y[4..], [200.0, 1e30]);
        }
    }

    /// Denormal numbers in a register make each operation on it a hundred times as slow.
    #[test]
    fn what_all_but_vanishes_is_zero_and_never_denormal() {
        let ramp: Vec<f32> = (-40_000..=40_000).map(|i| i as f32 * 5e-3).chain([-1e30, 1e30]).collect();
        let x = Var::from_vec(ramp, 80_003, &Device::Cpu).unwrap();
        for activation in [Activation::Silu, Activation::Gelu] {
            let y = activate(&x, activation).unwrap();
            let gradients = y.sum_all().unwrap().backward().unwrap();
            let derivatives = gradients.get(&x).unwrap().to_vec1::<f32>().unwrap();
            assert!(y.to_vec1::<f32>().unwrap().iter().all(|y| *y == 0.0 || y.is_normal()), "{activation:?}");
            // These are multiplied by gradients, which may be small.
            for derivative in derivatives {
                assert!(derivative == 0.0 || derivative.abs() > 1e-28, "{activation:?}: {derivative:e}");
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let x = Tensor::new(&[f32::NAN; 21], &Device::Cpu).unwrap();
        for activation in [Activation::Silu, Activation::Gelu, Activation::LeakyRelu, Activation::HardSwish] {
            let y = activate(&x, activation).unwrap().to_vec1::<f32>().unwrap();
            assert!(y.iter().all(|y| y.is_nan()), "{activation:?}: {y:?}");
        }
    }

    #[test]
    fn slopes_are_those_of_candle() {
        let x = Var::from_tensor(&(random(&[37, 5], 3) * 9.0).unwrap()).unwrap();
        let weight = random(&[37, 5], 4);
        let cases =
            [(Activation::Silu, x.silu()), (Activation::Gelu, x.gelu_erf()), (Activation::Relu6, x.clamp(0f32, 6f32))];
        for (activation, theirs) in cases {
            let ours = (activate(&x, activation).unwrap() * &weight).unwrap().sum_all().unwrap();
            let theirs = (theirs.unwrap() * &weight).unwrap().sum_all().unwrap();
            let gradient = |loss: Tensor| loss.backward().unwrap().get(&x).unwrap().clone();
            assert_close(&gradient(ours), &gradient(theirs), 1e-5);
        }
    }
}
