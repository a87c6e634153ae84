//! Norms over everything but the channels, in training: batch norm, and Wav2Vec2's norm of each channel over time.
//! One operation with the activation that follows, so that a layer passes over memory twice and keeps one map.

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::activation::{Activation, Function, Gelu, HardSwish, Identity, LeakyRelu, Relu, Relu6, Silu, derivative};
use super::lanes::{Lanes, multiversion};
use super::{new_values, portable, values, with_values};

/// Elements of one task, and of one partial sum: the same sums on any number of threads.
const TASK_ELEMENTS: usize = 1 << 14;

/// Mean and biased variance of each group's channels, `[groups, C]`.
#[derive(Clone, Debug)]
pub struct ChannelMoments {
    /// The mean of each channel of the first group, of the second, ...
    pub mean: Vec<f32>,
    /// The biased variance, in the same order.
    pub variance: Vec<f32>,
}

/// `activation(gamma (x - mean) / sqrt(var + epsilon) + beta)`, where mean and variance are taken over the rows of a
/// group: `x` `[.., C]` is cut into `groups` equal parts along its first axes. Differentiable with respect to all three.
pub fn channel_norm(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    groups: usize,
    epsilon: f64,
    activation: Activation,
) -> Result<(Tensor, ChannelMoments)> {
    if !x.device().is_cpu() {
        return portable::channel_norm(x, gamma, beta, groups, epsilon, activation);
    }
    let moments = Arc::new(OnceLock::new());
    let op = ChannelNorm { groups, epsilon: epsilon as f32, activation, moments: moments.clone() };
    let y = x.contiguous()?.apply_op3(&gamma.contiguous()?, &beta.contiguous()?, op)?;
    match moments.get() {
        Some(moments) => Ok((y, moments.clone())),
        None => candle_core::bail!("the norm was not computed"),
    }
}

struct ChannelNorm {
    groups: usize,
    epsilon: f32,
    activation: Activation,
    /// Found in the forward pass, needed again for the gradients.
    moments: Arc<OnceLock<ChannelMoments>>,
}

/// What turns a channel's `x` into the activation's argument: `scale x + shift`.
struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Affine {
    fn new(moments: &ChannelMoments, gamma: &[f32], beta: &[f32], epsilon: f32) -> Affine {
        let channels = gamma.len();
        let each = moments.mean.iter().zip(&moments.variance).enumerate().map(|(index, (mean, variance))| {
            let scale = gamma[index % channels] / (variance + epsilon).sqrt();
            (scale, beta[index % channels] - mean * scale)
        });
        let (scale, shift) = each.unzip();
        Affine { scale, shift }
    }
}

impl CustomOp3 for ChannelNorm {
    fn name(&self) -> &'static str {
        "channel-norm"
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
        let channels = gamma.len();
        let rows = x.len() / (channels * self.groups).max(1);
        let fits = l1.shape().dims().last() == Some(&channels) && beta.len() == channels;
        if !fits || rows == 0 || rows * channels * self.groups != x.len() {
            let groups = self.groups;
            candle_core::bail!("a norm of {channels} channels in {groups} groups does not fit {:?}", l1.shape());
        }
        let found = moments(x, channels, rows);
        let affine = Affine::new(&found, gamma, beta, self.epsilon);
        let mut y = new_values(x.len());
        let span = span_of(channels, rows);
        let groups = y.spare_capacity_mut()[..x.len()].par_chunks_mut(rows * channels);
        groups.zip(x.par_chunks(rows * channels)).enumerate().for_each(|(group, (y, x))| {
            let (scale, shift) = (&affine.scale[group * channels..], &affine.shift[group * channels..]);
            y.par_chunks_mut(span).zip(x.par_chunks(span)).for_each(|(y, x)| {
                let rows = x.len() / channels;
                // SAFETY: `x` and `y` have `rows` rows of `channels` numbers, scale and shift at least one.
                unsafe {
                    let y = y.as_mut_ptr().cast();
                    apply(x.as_ptr(), scale.as_ptr(), shift.as_ptr(), y, rows, channels, self.activation)
                }
            });
        });
        // SAFETY: every span was written.
        unsafe { y.set_len(x.len()) };
        if self.moments.set(found).is_err() {
            candle_core::bail!("a norm that was computed already");
        }
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(moments) = self.moments.get() else { candle_core::bail!("gradients of a norm without its values") };
        let (gammas, betas) = (gamma.to_vec1::<f32>()?, beta.to_vec1::<f32>()?);
        let gradient = gradient.contiguous()?;
        let (dx, dgamma, dbeta) =
            with_values(x, |x| with_values(&gradient, |dy| self.gradients(x, dy, &gammas, &betas, moments)))??;
        let channels = gammas.len();
        let dx = Tensor::from_vec(dx, x.shape(), x.device())?;
        let [dgamma, dbeta] = [dgamma, dbeta].map(|values| Tensor::from_vec(values, channels, x.device()));
        Ok((Some(dx), Some(dgamma?), Some(dbeta?)))
    }
}

impl ChannelNorm {
    /// `(dx, dgamma, dbeta)`
    fn gradients(
        &self,
        x: &[f32],
        dy: &[f32],
        gamma: &[f32],
        beta: &[f32],
        moments: &ChannelMoments,
    ) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let channels = gamma.len();
        let rows = x.len() / (channels * self.groups).max(1);
        // What `dx` is written from; the forward pass has seen that the groups cover `x`.
        assert_eq!((rows * channels * self.groups, dy.len()), (x.len(), x.len()));
        let affine = Affine::new(moments, gamma, beta, self.epsilon);
        let span = span_of(channels, rows);
        let (mut dgamma, mut dbeta) = (vec![0f32; channels], vec![0f32; channels]);
        let mut dx = new_values(x.len());
        for (group, (x, dy)) in x.chunks_exact(rows * channels).zip(dy.chunks_exact(rows * channels)).enumerate() {
            let of_group = |values: &'_ [f32]| values[group * channels..][..channels].to_vec();
            let (mean, variance) = (of_group(&moments.mean), of_group(&moments.variance));
            let (scale, shift) = (of_group(&affine.scale), of_group(&affine.shift));
            let parts: Vec<Vec<f32>> = x
                .par_chunks(span)
                .zip(dy.par_chunks(span))
                .map(|(x, dy)| {
                    let mut sums = vec![0f32; 2 * channels];
                    let job =
                        Gradients { x, dy, scale: &scale, shift: &shift, mean: &mean, activation: self.activation };
                    // SAFETY: `x` and `dy` have the same whole rows of `channels` numbers, the coefficients one each, the
                    // sums two.
                    unsafe { sum_slopes(&job, sums.as_mut_ptr(), channels) };
                    sums
                })
                .collect();
            let mut sums = vec![0f64; 2 * channels];
            for part in parts {
                sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += f64::from(value));
            }
            let (total, total_centred) = sums.split_at(channels);
            // dx = a dz + b (x - mean) + c, with the sums of dz and of dz (x - mean) over the group.
            let mut along = vec![0f32; channels];
            let mut constant = vec![0f32; channels];
            for channel in 0..channels {
                let inverse = 1.0 / f64::from(variance[channel] + self.epsilon).sqrt();
                let scale = f64::from(scale[channel]);
                along[channel] = (-scale * total_centred[channel] * inverse * inverse / rows as f64) as f32;
                constant[channel] = (-scale * total[channel] / rows as f64) as f32;
                dgamma[channel] += (total_centred[channel] * inverse) as f32;
                dbeta[channel] += total[channel] as f32;
            }
            let start = group * rows * channels;
            let dx = &mut dx.spare_capacity_mut()[start..start + rows * channels];
            dx.par_chunks_mut(span).zip(x.par_chunks(span)).zip(dy.par_chunks(span)).for_each(|((dx, x), dy)| {
                let job = Gradients { x, dy, scale: &scale, shift: &shift, mean: &mean, activation: self.activation };
                // SAFETY: `x`, `dy` and `dx` have the same whole rows of `channels` numbers, the coefficients one each.
                unsafe { apply_gradient(&job, along.as_ptr(), constant.as_ptr(), dx.as_mut_ptr().cast(), channels) }
            });
        }
        // SAFETY: the groups cover every element.
        unsafe { dx.set_len(x.len()) };
        (dx, dgamma, dbeta)
    }
}

/// Whole rows of about [`TASK_ELEMENTS`].
fn span_of(channels: usize, rows: usize) -> usize {
    (TASK_ELEMENTS / channels.max(1)).clamp(1, rows.max(1)) * channels
}

/// Moments of each group, by sums around each channel's first value: nothing cancels where the mean is large.
fn moments(x: &[f32], channels: usize, rows: usize) -> ChannelMoments {
    let span = span_of(channels, rows);
    let (mut mean, mut variance) = (Vec::new(), Vec::new());
    for x in x.chunks_exact(rows * channels) {
        let origin = &x[..channels];
        let parts: Vec<Vec<f32>> = x
            .par_chunks(span)
            .map(|x| {
                let mut sums = vec![0f32; 2 * channels];
                // SAFETY: `x` has whole rows of `channels` numbers, the origin one, the sums two.
                unsafe { sum_moments(x.as_ptr(), origin.as_ptr(), sums.as_mut_ptr(), x.len() / channels, channels) };
                sums
            })
            .collect();
        let mut sums = vec![0f64; 2 * channels];
        for part in parts {
            sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += f64::from(value));
        }
        for channel in 0..channels {
            let offset = sums[channel] / rows as f64;
            mean.push((f64::from(origin[channel]) + offset) as f32);
            variance.push((sums[channels + channel] / rows as f64 - offset * offset).max(0.0) as f32);
        }
    }
    ChannelMoments { mean, variance }
}

multiversion! {
    /// # Safety
    /// `rows` rows of `channels` numbers are at `x`, one at `origin`, and room for two at `sums`, which is neither.
    unsafe fn sum_moments(x: *const f32, origin: *const f32, sums: *mut f32, rows: usize, channels: usize)
        => sum_moments_in
}

/// Adds up `x - origin` and its square, channel by channel; the sums stay in registers along the rows.
#[inline(always)]
unsafe fn sum_moments_in<V: Lanes>(x: *const f32, origin: *const f32, sums: *mut f32, rows: usize, channels: usize) {
    // SAFETY: `at + lanes <= channels`.
    unsafe {
        let mut at = 0;
        while at < channels {
            let lanes = V::COUNT.min(channels - at);
            let origin = load(origin.add(at), lanes);
            let (mut sum, mut squares) = (V::splat(0.0), V::splat(0.0));
            for row in 0..rows {
                let offset = load::<V>(x.add(row * channels + at), lanes).sub(origin);
                sum = sum.add(offset);
                squares = offset.mul_add(offset, squares);
            }
            store(sum, sums.add(at), lanes);
            store(squares, sums.add(channels + at), lanes);
            at += lanes;
        }
    }
}

multiversion! {
    /// `y = activation(scale x + shift)`
    ///
    /// # Safety
    /// `rows` rows of `channels` numbers are at `x` and room for them at `y`, one at `scale` and at `shift`; `y` is none
    /// of the others.
    unsafe fn apply(
        x: *const f32, scale: *const f32, shift: *const f32, y: *mut f32, rows: usize, channels: usize,
        activation: Activation,
    ) => apply_in
}

#[inline(always)]
unsafe fn apply_in<V: Lanes>(
    x: *const f32,
    scale: *const f32,
    shift: *const f32,
    y: *mut f32,
    rows: usize,
    channels: usize,
    activation: Activation,
) {
    // SAFETY: the contract of each is this one's.
    unsafe {
        match activation {
            Activation::None => apply_as::<V, Identity>(x, scale, shift, y, rows, channels),
            Activation::Silu => apply_as::<V, Silu>(x, scale, shift, y, rows, channels),
            Activation::Gelu => apply_as::<V, Gelu>(x, scale, shift, y, rows, channels),
            Activation::Relu => apply_as::<V, Relu>(x, scale, shift, y, rows, channels),
            Activation::Relu6 => apply_as::<V, Relu6>(x, scale, shift, y, rows, channels),
            Activation::LeakyRelu => apply_as::<V, LeakyRelu>(x, scale, shift, y, rows, channels),
            Activation::HardSwish => apply_as::<V, HardSwish>(x, scale, shift, y, rows, channels),
        }
    }
}

/// As [`apply`].
#[inline(always)]
unsafe fn apply_as<V: Lanes, F: Function>(
    x: *const f32,
    scale: *const f32,
    shift: *const f32,
    y: *mut f32,
    rows: usize,
    channels: usize,
) {
    // SAFETY: `at + lanes <= channels`.
    unsafe {
        let mut at = 0;
        while at < channels {
            let lanes = V::COUNT.min(channels - at);
            let (scale, shift) = (load::<V>(scale.add(at), lanes), load::<V>(shift.add(at), lanes));
            for row in 0..rows {
                let x = load::<V>(x.add(row * channels + at), lanes);
                store(F::of(x.mul_add(scale, shift)), y.add(row * channels + at), lanes);
            }
            at += lanes;
        }
    }
}

/// What the gradient of the activation's argument, `dz`, is computed from: whole rows of `x` and as many of `dy`, one row
/// of each of the others.
struct Gradients<'a> {
    x: &'a [f32],
    dy: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    mean: &'a [f32],
    activation: Activation,
}

multiversion! {
    /// # Safety
    /// The job's rows are of `channels` numbers, and room for two rows is at `sums`.
    unsafe fn sum_slopes(job: &Gradients, sums: *mut f32, channels: usize) => sum_slopes_in
}

/// Adds up `dz` and `dz (x - mean)`.
#[inline(always)]
unsafe fn sum_slopes_in<V: Lanes>(job: &Gradients, sums: *mut f32, channels: usize) {
    // SAFETY: `at + lanes <= channels`, and `rows` rows are there.
    unsafe {
        let rows = job.x.len() / channels;
        let mut at = 0;
        while at < channels {
            let lanes = V::COUNT.min(channels - at);
            let [scale, shift, mean] = [job.scale, job.shift, job.mean].map(|v| load::<V>(v.as_ptr().add(at), lanes));
            let (mut sum, mut centred) = (V::splat(0.0), V::splat(0.0));
            for row in 0..rows {
                let x = load::<V>(job.x.as_ptr().add(row * channels + at), lanes);
                let dy = load::<V>(job.dy.as_ptr().add(row * channels + at), lanes);
                let dz = derivative(x.mul_add(scale, shift), job.activation).mul(dy);
                sum = sum.add(dz);
                centred = dz.mul_add(x.sub(mean), centred);
            }
            store(sum, sums.add(at), lanes);
            store(centred, sums.add(channels + at), lanes);
            at += lanes;
        }
    }
}

multiversion! {
    /// # Safety
    /// The job's rows are of `channels` numbers, as are the one at `along` and at `constant`; at `dx` is room for the job's
    /// rows.
    unsafe fn apply_gradient(job: &Gradients, along: *const f32, constant: *const f32, dx: *mut f32, channels: usize)
        => mix_slopes_in
}

/// `dx = scale dz + along (x - mean) + constant`
#[inline(always)]
unsafe fn mix_slopes_in<V: Lanes>(
    job: &Gradients,
    along: *const f32,
    constant: *const f32,
    dx: *mut f32,
    channels: usize,
) {
    // SAFETY: `at + lanes <= channels`, and `rows` rows are there.
    unsafe {
        let rows = job.x.len() / channels;
        let mut at = 0;
        while at < channels {
            let lanes = V::COUNT.min(channels - at);
            let [scale, shift, mean] = [job.scale, job.shift, job.mean].map(|v| load::<V>(v.as_ptr().add(at), lanes));
            let (along, constant) = (load::<V>(along.add(at), lanes), load::<V>(constant.add(at), lanes));
            for row in 0..rows {
                let x = load::<V>(job.x.as_ptr().add(row * channels + at), lanes);
                let dy = load::<V>(job.dy.as_ptr().add(row * channels + at), lanes);
                let dz = derivative(x.mul_add(scale, shift), job.activation).mul(dy);
                let mixed = dz.mul_add(scale, x.sub(mean).mul_add(along, constant));
                store(mixed, dx.add(row * channels + at), lanes);
            }
            at += lanes;
        }
    }
}

/// # Safety
/// `lanes` numbers, at most a register, are at `from`.
#[inline(always)]
unsafe fn load<V: Lanes>(from: *const f32, lanes: usize) -> V {
    // SAFETY: the contract.
    unsafe { if lanes == V::COUNT { V::load(from) } else { V::load_first(from, lanes) } }
}

/// # Safety
/// Room for `lanes` numbers, at most a register, is at `to`.
#[inline(always)]
unsafe fn store<V: Lanes>(value: V, to: *mut f32, lanes: usize) {
    // SAFETY: the contract.
    unsafe { if lanes == V::COUNT { value.store(to) } else { value.store_first(to, lanes) } }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn values_moments_and_gradients_are_those_of_the_composition() {
        for (rows, channels, groups) in [(40, 5, 1), (3000, 24, 2), (6, 33, 3), (700, 64, 1)] {
            for activation in [Activation::None, Activation::Silu, Activation::Gelu, Activation::Relu] {
                let x = Var::from_tensor(&(random(&[groups, rows, channels], 1) * 2.0).unwrap()).unwrap();
                let gamma = Var::from_tensor(&random(&[channels], 2)).unwrap();
                let beta = Var::from_tensor(&random(&[channels], 3)).unwrap();
                let (ours, found) = channel_norm(&x, &gamma, &beta, groups, 1e-5, activation).unwrap();
                let (theirs, expected) = portable::channel_norm(&x, &gamma, &beta, groups, 1e-5, activation).unwrap();
                assert_close(&ours, &theirs, 1e-5);
                let tensor = |v: Vec<f32>| Tensor::from_vec(v, groups * channels, x.device()).unwrap();
                // The composition adds thousands of numbers up in single precision.
                assert_close(&tensor(found.mean), &tensor(expected.mean), 1e-4);
                assert_close(&tensor(found.variance), &tensor(expected.variance), 1e-5);
                let share = random(ours.dims(), 4);
                let gradients = |y: &Tensor| (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
                let (ours, theirs) = (gradients(&ours), gradients(&theirs));
                for variable in [&x, &gamma, &beta] {
                    assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), 2e-4);
                }
            }
        }
    }

    #[test]
    fn a_large_mean_does_not_spoil_the_variance() {
        let x = (random(&[4096, 3], 1) + 1000.0).unwrap();
        let ones = Tensor::ones(3, candle_core::DType::F32, x.device()).unwrap();
        let (_, moments) = channel_norm(&x, &ones, &ones, 1, 1e-5, Activation::None).unwrap();
        assert!(moments.variance.iter().all(|variance| (variance - 1.0 / 3.0).abs() < 0.02), "{moments:?}");
    }

    #[test]
    fn channels_that_do_not_fit_are_an_error() {
        let (x, ones) = (random(&[4, 3], 1), random(&[5], 2));
        assert!(channel_norm(&x, &ones, &ones, 1, 1e-5, Activation::None).is_err());
    }
}
