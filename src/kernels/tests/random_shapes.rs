//! Every public kernel on random shapes, at every SIMD level that the processor has, against plain loops in double
//! precision.
//!
//! Sizes lie around what a register, a tile and a block hold, so that every tail is met, and are zero now and then;
//! tensors start within their storage, or lie transposed in it. Around a tensor within its storage are NaNs, but a
//! kernel that reads them into a lane that it then drops is seen by a sanitizer only: `make test-sanitize` runs this
//! file under one.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not there")]

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::process::Command;

use avar_kernels::{
    Activation, GroupedConv, Matrix, NormalisedConv, Packed, activate, attention, channel_means, channel_norm, conv1d,
    conv3x3, depthwise3x3, depthwise5x5, downsample2x, from_patches, interleave, layer_norm, linear, max_pool3x3,
    on_threads_of_its_own, scale_channels, simd_level, softmax, to_patches, upsample2x,
};
use candle_core::{DType, Device, Result, Tensor, Var};

/// Random cases of each test; an interpreter is a thousand times as slow.
const CASES: usize = if cfg!(miri) { 3 } else { 40 };

const LEVELS: [&str; 3] = ["portable", "avx2", "avx512"];

const ACTIVATIONS: [Activation; 7] = [
    Activation::None,
    Activation::Silu,
    Activation::Gelu,
    Activation::Relu,
    Activation::Relu6,
    Activation::LeakyRelu,
    Activation::HardSwish,
];

/// A test at every level: its body is run once for each level and case.
macro_rules! at_every_level {
    ($(#[$attribute:meta])* fn $name:ident($draw:ident) $body:block) => {
        #[test]
        $(#[$attribute])*
        fn $name() {
            each_level(stringify!($name), |$draw: &mut Draw| $body);
        }
    };
}

/// The level is chosen once a process, so each gets a process of its own, unless AVAR_SIMD names the only one.
#[track_caller]
fn each_level(test: &str, check: impl Fn(&mut Draw) + Sync) {
    if let Ok(wanted) = std::env::var("AVAR_SIMD") {
        assert_eq!(simd_level(), wanted, "this processor does not have the level that AVAR_SIMD names");
        // More than one thread on every machine, so that work is split.
        on_threads_of_its_own(3, || (0..CASES).for_each(|case| check(&mut Draw::new(case as u64))));
        return;
    }
    let widest = LEVELS.iter().position(|level| *level == simd_level()).unwrap();
    for level in &LEVELS[..=widest] {
        let mut one = Command::new(std::env::current_exe().unwrap());
        let output = one.args([test, "--exact"]).env("AVAR_SIMD", level).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "at level {level}: {text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("1 passed"), "{test} did not run at level {level}: {text}");
    }
}

/// Random sizes and numbers, the same on every machine.
struct Draw(fastrand::Rng);

impl Draw {
    fn new(seed: u64) -> Draw {
        Draw(fastrand::Rng::with_seed(seed))
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(..choices.len())]
    }

    fn batch(&mut self) -> usize {
        self.one_of(&[0, 1, 2, 3])
    }

    fn activation(&mut self) -> Activation {
        self.one_of(&ACTIVATIONS)
    }

    /// Around the widths of registers and the heights of tiles.
    fn size(&mut self) -> usize {
        match cfg!(miri) {
            true => self.one_of(&[1, 2, 3, 4, 5, 7, 9]),
            false => self.one_of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 31, 32, 33, 47, 48, 49, 65]),
        }
    }

    /// [`Self::size`], and zero now and then.
    fn size_or_zero(&mut self) -> usize {
        match self.0.u8(..16) {
            0 => 0,
            _ => self.size(),
        }
    }

    /// Around the blocks of the product.
    fn long(&mut self) -> usize {
        match cfg!(miri) {
            true => self.size(),
            false => self.one_of(&[95, 96, 97, 130, 239, 240, 241, 255, 256, 257, 300, 500, 513]),
        }
    }

    fn size_or_long(&mut self) -> usize {
        match self.0.u8(..4) {
            0 => self.long(),
            _ => self.size_or_zero(),
        }
    }

    /// Uniform in -2..2.
    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| 4.0 * self.0.f32() - 2.0).collect()
    }

    /// A tensor of random numbers, laid out in one of the ways a tensor may be.
    fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let count = shape.iter().product();
        let values = self.numbers(count);
        let plain = Tensor::from_vec(values.clone(), shape, &Device::Cpu).unwrap();
        match self.0.u8(..3) {
            // Within its storage: one entry of the first axis more at either end.
            0 if !shape.is_empty() && count > 0 => {
                let margin = vec![f32::NAN; count / shape[0]];
                let mut longer = shape.to_vec();
                longer[0] += 2;
                let all = Tensor::from_vec([&margin[..], &values, &margin].concat(), longer, &Device::Cpu).unwrap();
                all.narrow(0, 1, shape[0]).unwrap()
            }
            // Transposed.
            1 if shape.len() > 1 => {
                let (a, b) = (shape.len() - 2, shape.len() - 1);
                plain.transpose(a, b).and_then(|x| x.contiguous()).and_then(|x| x.transpose(a, b)).unwrap()
            }
            _ => plain,
        }
    }

    fn maybe(&mut self, shape: &[usize]) -> Option<Tensor> {
        self.0.bool().then(|| self.tensor(shape))
    }
}

/// Numbers in double precision and their shape.
#[derive(Clone)]
struct Numbers {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Numbers {
    fn of(tensor: &Tensor) -> Numbers {
        let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        Numbers { shape: tensor.dims().to_vec(), values: values.into_iter().map(f64::from).collect() }
    }

    fn zeros(shape: &[usize]) -> Numbers {
        Numbers { shape: shape.to_vec(), values: vec![0.0; shape.iter().product()] }
    }

    /// Every number from its place.
    fn from_places(shape: &[usize], mut number: impl FnMut(&[usize]) -> f64) -> Numbers {
        let mut numbers = Numbers::zeros(shape);
        let mut place = vec![0; shape.len()];
        for index in 0..numbers.values.len() {
            let mut rest = index;
            for (place, size) in place.iter_mut().zip(shape).rev() {
                (*place, rest) = (rest % size, rest / size);
            }
            numbers.values[index] = number(&place);
        }
        numbers
    }

    fn at(&self, place: &[usize]) -> f64 {
        let index = place.iter().zip(&self.shape).fold(0, |index, (place, size)| {
            assert!(place < size);
            index * size + place
        });
        self.values[index]
    }

    /// Zero outside the picture `[B, H, W, C]`; `y` and `x` are one too large.
    fn padded(&self, picture: usize, y: usize, x: usize, channel: usize) -> f64 {
        match (1..=self.shape[1]).contains(&y) && (1..=self.shape[2]).contains(&x) {
            true => self.at(&[picture, y - 1, x - 1, channel]),
            false => 0.0,
        }
    }

    fn map(mut self, function: impl Fn(f64) -> f64) -> Numbers {
        self.values.iter_mut().for_each(|value| *value = function(*value));
        self
    }

    /// Adds one number to each place of the last axis.
    fn plus_last(mut self, bias: Option<&Numbers>) -> Numbers {
        if let Some(bias) = bias {
            self.values.iter_mut().zip(bias.values.iter().cycle()).for_each(|(value, bias)| *value += bias);
        }
        self
    }

    fn plus(mut self, other: Option<&Numbers>) -> Numbers {
        if let Some(other) = other {
            assert_eq!(self.shape, other.shape);
            self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += other);
        }
        self
    }

    fn activated(self, activation: Activation) -> Numbers {
        self.map(|x| activated(x, activation))
    }
}

fn activated(x: f64, activation: Activation) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Gelu => 0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2)),
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu => x.max(0.1 * x),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
    }
}

fn derivative(x: f64, activation: Activation) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::None => 1.0,
        Activation::Silu => sigmoid * (1.0 + x * (1.0 - sigmoid)),
        Activation::Gelu => 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2)) + x * (-x * x / 2.0).exp() / (2.0 * PI).sqrt(),
        Activation::Relu => f64::from(u8::from(x > 0.0)),
        Activation::Relu6 => f64::from(u8::from(x > 0.0 && x < 6.0)),
        Activation::LeakyRelu => {
            if x > 0.0 {
                1.0
            } else {
                0.1
            }
        }
        Activation::HardSwish if x.abs() < 3.0 => x / 3.0 + 0.5,
        Activation::HardSwish => f64::from(u8::from(x > 0.0)),
    }
}

/// By its series around zero, by the continued fraction of `1 - erf` further out.
fn erf(x: f64) -> f64 {
    if x.abs() > 2.0 {
        let fraction = (1..=60).rev().fold(x.abs(), |rest, n| x.abs() + f64::from(n) / 2.0 / rest);
        return x.signum() * (1.0 - (-x * x).exp() / fraction / PI.sqrt());
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..60 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / PI.sqrt()
}

/// Fails unless `ours` has the shape of `expected` and its values to `tolerance` of the largest.
#[track_caller]
fn assert_close(ours: &Tensor, expected: &Numbers, tolerance: f64) {
    assert_eq!(ours.dims(), expected.shape);
    let ours = Numbers::of(ours).values;
    let scale = expected.values.iter().fold(1e-3, |scale: f64, value| scale.max(value.abs()));
    for (index, (ours, expected)) in ours.iter().zip(&expected.values).enumerate() {
        assert!((ours - expected).abs() <= tolerance * scale, "value {index} is {ours}, not {expected}");
    }
}

/// Fails unless the gradients of `function` are the slopes of `reference` along a random direction, each variable by
/// itself.
#[track_caller]
fn assert_gradients(
    draw: &mut Draw,
    inputs: &[Tensor],
    function: impl Fn(&[Tensor]) -> Result<Tensor>,
    reference: impl Fn(&[Numbers]) -> Numbers,
) {
    let variables: Vec<Var> =
        inputs.iter().map(|input| Var::from_tensor(&input.contiguous().unwrap()).unwrap()).collect();
    let tensors: Vec<Tensor> = variables.iter().map(|variable| variable.as_tensor().clone()).collect();
    let y = function(&tensors).unwrap();
    let share = draw.tensor(y.dims());
    let gradients = (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
    let share = Numbers::of(&share);
    let numbers: Vec<Numbers> = inputs.iter().map(Numbers::of).collect();
    for (index, variable) in variables.iter().enumerate() {
        let gradient = Numbers::of(gradients.get(variable).unwrap());
        assert_eq!(gradient.shape, inputs[index].dims());
        let direction: Vec<f64> = (0..gradient.values.len()).map(|_| draw.one_of(&[-1.0, 1.0])).collect();
        let loss = |step: f64| {
            let mut moved = numbers.clone();
            moved[index].values.iter_mut().zip(&direction).for_each(|(value, along)| *value += step * along);
            reference(&moved).values.iter().zip(&share.values).map(|(y, share)| y * share).sum::<f64>()
        };
        let step = 1e-6;
        let expected = (loss(step) - loss(-step)) / (2.0 * step);
        let ours: f64 = gradient.values.iter().zip(&direction).map(|(gradient, along)| gradient * along).sum();
        let length = gradient.values.iter().map(|gradient| gradient * gradient).sum::<f64>().sqrt();
        let error = (ours - expected).abs();
        assert!(error <= 2e-4 * length + 1e-4, "gradient {index} of {length:e}: {ours}, not {expected}");
    }
}

/// `[.., K]` times `[K, N]`.
fn product(x: &Numbers, matrix: &Numbers) -> Numbers {
    let mut shape = x.shape.clone();
    *shape.last_mut().unwrap() = matrix.shape[1];
    let (inner, columns) = (matrix.shape[0], matrix.shape[1]);
    let mut y = Numbers::zeros(&shape);
    for (row, y) in y.values.chunks_exact_mut(columns.max(1)).enumerate() {
        for k in 0..inner {
            let line = &matrix.values[k * columns..][..columns];
            y.iter_mut().zip(line).for_each(|(y, w)| *y += x.values[row * inner + k] * w);
        }
    }
    y
}

/// `[B, H, W, C]` -> `[B, H', W', 9 C]`
fn neighbourhoods(x: &Numbers, stride: usize) -> Numbers {
    let &[batch, height, width, channels] = &x.shape[..] else { panic!("no picture") };
    let shape = [batch, height.div_ceil(stride), width.div_ceil(stride), 9 * channels];
    Numbers::from_places(&shape, |place| {
        let (tap, channel) = (place[3] / channels, place[3] % channels);
        x.padded(place[0], place[1] * stride + tap / 3, place[2] * stride + tap % 3, channel)
    })
}

/// `[B, L, C]` -> `[B, L', taps C]`
fn windows(x: &Numbers, taps: usize, stride: usize) -> Numbers {
    let &[batch, length, channels] = &x.shape[..] else { panic!("no sequence") };
    let shape = [batch, (length - taps) / stride + 1, taps * channels];
    Numbers::from_places(&shape, |place| {
        x.at(&[place[0], place[1] * stride + place[2] / channels, place[2] % channels])
    })
}

fn depthwise(x: &Numbers, taps: &Numbers, side: usize, stride: usize) -> Numbers {
    let &[batch, height, width, channels] = &x.shape[..] else { panic!("no picture") };
    Numbers::from_places(&[batch, height.div_ceil(stride), width.div_ceil(stride), channels], |place| {
        // One too large, as `padded` counts.
        let seen = |at: usize, tap: usize| (at * stride + tap + 1).checked_sub(side / 2);
        (0..side * side)
            .map(|tap| match (seen(place[1], tap / side), seen(place[2], tap % side)) {
                (Some(y), Some(x_position)) => x.padded(place[0], y, x_position, place[3]) * taps.at(&[tap, place[3]]),
                _ => 0.0,
            })
            .sum()
    })
}

/// Each output's place in turn, from all that `seen` says of places of the input, by `combine`.
fn map_of(
    x: &Numbers,
    size: (usize, usize),
    seen: impl Fn(usize, usize, usize) -> Vec<(usize, f64)>,
    combine: impl Fn(&mut dyn Iterator<Item = f64>) -> f64,
) -> Numbers {
    let &[batch, height, width, channels] = &x.shape[..] else { panic!("no picture") };
    Numbers::from_places(&[batch, size.0, size.1, channels], |place| {
        let (rows, columns) = (seen(place[1], height, size.0), seen(place[2], width, size.1));
        let pairs = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
        combine(&mut pairs.map(|(row, column)| row.1 * column.1 * x.at(&[place[0], row.0, column.0, place[3]])))
    })
}

fn max_pool_of(x: &Numbers, stride: usize) -> Numbers {
    let seen = |at: usize, length: usize, _: usize| {
        (at * stride..at * stride + 3).filter(|y| (1..=length).contains(y)).map(|y| (y - 1, 1.0)).collect()
    };
    let size = (x.shape[1].div_ceil(stride), x.shape[2].div_ceil(stride));
    map_of(x, size, seen, |values| values.fold(f64::NEG_INFINITY, f64::max))
}

/// To any size, by the position of each output's centre among the centres of the input.
fn bilinear(x: &Numbers, size: (usize, usize)) -> Numbers {
    let seen = |at: usize, length: usize, outputs: usize| {
        let centre = ((at as f64 + 0.5) * length as f64 / outputs as f64 - 0.5).clamp(0.0, (length - 1) as f64);
        let (below, share) = (centre.floor() as usize, centre.fract());
        vec![(below, 1.0 - share), ((below + 1).min(length - 1), share)]
    };
    map_of(x, size, seen, |values| values.sum())
}

fn channel_means_of(x: &Numbers) -> Numbers {
    let (batch, channels) = (x.shape[0], *x.shape.last().unwrap());
    let each = x.values.len() / batch.max(1);
    Numbers::from_places(&[batch, channels], |place| {
        let of_channel = x.values[place[0] * each..][..each].iter().skip(place[1]).step_by(channels);
        of_channel.sum::<f64>() / (each / channels).max(1) as f64
    })
}

fn interleaved(a: &Numbers, b: &Numbers) -> Numbers {
    let mut shape = a.shape.clone();
    *shape.last_mut().unwrap() *= 2;
    let values = a.values.iter().zip(&b.values).flat_map(|(a, b)| [*a, *b]).collect();
    Numbers { shape, values }
}

fn scaled(x: &Numbers, factors: &Numbers) -> Numbers {
    Numbers::from_places(&x.shape, |place| x.at(place) * factors.at(&[place[0], place[place.len() - 1]]))
}

fn softmax_of(x: &Numbers) -> Numbers {
    let mut y = x.clone();
    for row in y.values.chunks_exact_mut(x.shape.last().copied().unwrap_or(1).max(1)) {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|value| *value = (*value - top).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= total);
    }
    y
}

fn layer_norm_of(x: &Numbers, gamma: &Numbers, beta: &Numbers, epsilon: f64) -> Numbers {
    let mut y = x.clone();
    for row in y.values.chunks_exact_mut(gamma.values.len().max(1)) {
        let count = row.len() as f64;
        let mean = row.iter().sum::<f64>() / count;
        let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        for (value, (gamma, beta)) in row.iter_mut().zip(gamma.values.iter().zip(&beta.values)) {
            *value = (*value - mean) / (variance + epsilon).sqrt() * gamma + beta;
        }
    }
    y
}

/// With the mean and the variance of each group's channels.
fn channel_norm_of(
    x: &Numbers,
    gamma: &Numbers,
    beta: &Numbers,
    groups: usize,
    epsilon: f64,
) -> (Numbers, Vec<f64>, Vec<f64>) {
    let channels = gamma.values.len();
    let group = x.values.len() / groups;
    let (mut means, mut variances) = (Vec::new(), Vec::new());
    let mut y = x.clone();
    for (x, y) in x.values.chunks_exact(group).zip(y.values.chunks_exact_mut(group)) {
        for channel in 0..channels {
            let count = (group / channels) as f64;
            let of_channel = || x.iter().skip(channel).step_by(channels);
            let mean = of_channel().sum::<f64>() / count;
            let variance = of_channel().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            for y in y.iter_mut().skip(channel).step_by(channels) {
                *y = (*y - mean) / (variance + epsilon).sqrt() * gamma.values[channel] + beta.values[channel];
            }
            means.push(mean);
            variances.push(variance);
        }
    }
    (y, means, variances)
}

fn attention_of(query: &Numbers, key: &Numbers, value: &Numbers, heads: usize) -> Numbers {
    let &[batch, length, width] = &query.shape[..] else { panic!("no sequence") };
    let each = width / heads;
    let scores = Numbers::from_places(&[batch, heads, length, length], |place| {
        let at =
            |x: &Numbers, step| (0..each).map(|d| x.at(&[place[0], step, place[1] * each + d])).collect::<Vec<_>>();
        let dot: f64 = at(query, place[2]).iter().zip(at(key, place[3])).map(|(q, k)| q * k).sum();
        dot / (each as f64).sqrt()
    });
    let weights = softmax_of(&scores);
    Numbers::from_places(&[batch, length, width], |place| {
        let head = place[2] / each;
        (0..length)
            .map(|step| weights.at(&[place[0], head, place[1], step]) * value.at(&[place[0], step, place[2]]))
            .sum()
    })
}

fn patches_of(map: &Numbers, patch: usize) -> Numbers {
    let &[batch, height, width, channels] = &map.shape[..] else { panic!("no picture") };
    let (rows, columns) = (height / patch, width / patch);
    Numbers::from_places(&[batch * patch * patch, rows * columns, channels], |place| {
        let (picture, inside) = (place[0] / (patch * patch), place[0] % (patch * patch));
        let (row, column) = (place[1] / columns, place[1] % columns);
        map.at(&[picture, row * patch + inside / patch, column * patch + inside % patch, place[2]])
    })
}

at_every_level! {
    fn activations_of_any_number_of_values(draw) {
        let shape = [draw.size_or_zero(), draw.size_or_long()];
        let x = (draw.tensor(&shape) * 4.0).unwrap();
        for activation in ACTIVATIONS {
            assert_close(&activate(&x, activation).unwrap(), &Numbers::of(&x).activated(activation), 1e-6);
        }
        if x.elem_count() > 0 {
            let share = draw.tensor(&shape);
            for activation in ACTIVATIONS {
                let x = Var::from_tensor(&x.contiguous().unwrap()).unwrap();
                let loss = (activate(&x, activation).unwrap() * &share).unwrap().sum_all().unwrap();
                let gradients = loss.backward().unwrap();
                let mut expected = Numbers::of(&x).map(|x| derivative(x, activation));
                let share = Numbers::of(&share);
                expected.values.iter_mut().zip(share.values).for_each(|(derivative, share)| *derivative *= share);
                assert_close(gradients.get(&x).unwrap(), &expected, 1e-5);
            }
        }
    }
}

at_every_level! {
    fn products_of_any_size(draw) {
        let (inner, columns) = (draw.size_or_long(), draw.size_or_long());
        let shape = [draw.one_of(&[1, 1, 2]), draw.size_or_long(), inner];
        let (x, matrix) = (draw.tensor(&shape), draw.tensor(&[inner, columns]));
        let (bias, residual) = (draw.maybe(&[columns]), draw.maybe(&[shape[0], shape[1], columns]));
        let activation = draw.activation();
        let expected = product(&Numbers::of(&x), &Numbers::of(&matrix))
            .plus_last(bias.as_ref().map(Numbers::of).as_ref())
            .activated(activation)
            .plus(residual.as_ref().map(Numbers::of).as_ref());
        for matrix in [Matrix::constant(&matrix).unwrap(), Matrix::variable(&matrix)] {
            let ours = linear(&x, &matrix, bias.as_ref(), activation, residual.as_ref()).unwrap();
            assert_close(&ours, &expected, 1e-5);
        }
    }
}

at_every_level! {
    fn products_large_enough_to_be_shared_out(draw) {
        let (rows, inner, columns) = (draw.long(), draw.long(), draw.long());
        let (x, matrix, bias) = (draw.tensor(&[rows, inner]), draw.tensor(&[inner, columns]), draw.tensor(&[columns]));
        let ours = linear(&x, &Matrix::constant(&matrix).unwrap(), Some(&bias), Activation::Silu, None).unwrap();
        let expected = product(&Numbers::of(&x), &Numbers::of(&matrix)).plus_last(Some(&Numbers::of(&bias)));
        assert_close(&ours, &expected.activated(Activation::Silu), 1e-5);
    }
}

at_every_level! {
    fn dense_convolutions_of_any_picture(draw) {
        let shape = [draw.batch(), draw.size_or_zero() / 2, draw.size_or_zero(), draw.size_or_zero()];
        let (stride, columns, activation) = (draw.one_of(&[1, 2, 3]), draw.size_or_zero(), draw.activation());
        let (x, matrix) = (draw.tensor(&shape), draw.tensor(&[9 * shape[3], columns]));
        let bias = draw.maybe(&[columns]);
        let expected = product(&neighbourhoods(&Numbers::of(&x), stride), &Numbers::of(&matrix))
            .plus_last(bias.as_ref().map(Numbers::of).as_ref())
            .activated(activation);
        for matrix in [Matrix::constant(&matrix).unwrap(), Matrix::variable(&matrix)] {
            let ours = conv3x3(&x, &matrix, bias.as_ref(), stride, activation).unwrap();
            assert_close(&ours, &expected, 1e-5);
        }
    }
}

/// Both sides that a depthwise window may have.
const SIDES: [(usize, Depthwise); 2] = [(3, depthwise3x3), (5, depthwise5x5)];

type Depthwise = fn(&Tensor, &Tensor, Option<&Tensor>, usize, Activation) -> Result<Tensor>;

at_every_level! {
    fn depthwise_convolutions_of_any_picture(draw) {
        let shape = [draw.batch(), draw.size_or_zero(), draw.size_or_zero(), draw.size_or_zero()];
        let (stride, activation) = (draw.one_of(&[1, 2, 3]), draw.activation());
        let (x, bias) = (draw.tensor(&shape), draw.maybe(&[shape[3]]));
        for (side, ours) in SIDES {
            let taps = draw.tensor(&[side * side, shape[3]]);
            let ours = ours(&x, &taps, bias.as_ref(), stride, activation).unwrap();
            let expected = depthwise(&Numbers::of(&x), &Numbers::of(&taps), side, stride)
                .plus_last(bias.as_ref().map(Numbers::of).as_ref())
                .activated(activation);
            assert_close(&ours, &expected, 1e-5);
        }
    }
}

at_every_level! {
    fn maps_of_any_size_pooled_resized_and_scaled(draw) {
        let (height, width) = (draw.size_or_zero(), draw.size_or_zero());
        let (batch, channels) = (draw.batch(), draw.size_or_zero());
        let x = draw.tensor(&[batch, height, width, channels]);
        let numbers = Numbers::of(&x);
        let stride = draw.one_of(&[1, 2, 3]);
        assert_close(&max_pool3x3(&x, stride).unwrap(), &max_pool_of(&numbers, stride), 0.0);
        assert_close(&upsample2x(&x).unwrap(), &bilinear(&numbers, (2 * height, 2 * width)), 1e-6);
        match height % 2 == 0 && width % 2 == 0 {
            true => assert_close(&downsample2x(&x).unwrap(), &bilinear(&numbers, (height / 2, width / 2)), 1e-6),
            false => assert!(downsample2x(&x).is_err()),
        }
        assert_close(&channel_means(&x).unwrap(), &channel_means_of(&numbers), 1e-5);
        let factors = draw.tensor(&[batch, channels]);
        assert_close(&scale_channels(&x, &factors).unwrap(), &scaled(&numbers, &Numbers::of(&factors)), 1e-6);
        let other = draw.tensor(x.dims());
        assert_close(&interleave(&x, &other).unwrap(), &interleaved(&numbers, &Numbers::of(&other)), 0.0);
    }
}

at_every_level! {
    #[cfg_attr(miri, ignore = "the trained form multiplies by the crate gemm")]
    fn convolutions_over_time_of_any_length(draw) {
        let (taps, stride) = (draw.one_of(&[1, 2, 3, 10]), draw.one_of(&[1, 2, 3, 5]));
        let shape = [draw.one_of(&[0, 1, 2]), draw.size_or_long(), draw.size_or_zero()];
        let (columns, activation) = (draw.size_or_zero(), draw.activation());
        let (x, matrix) = (draw.tensor(&shape), draw.tensor(&[taps * shape[2], columns]));
        let bias = draw.maybe(&[columns]);
        for form in [Matrix::constant(&matrix).unwrap(), Matrix::variable(&matrix)] {
            let ours = conv1d(&x, &form, bias.as_ref(), taps, stride, activation);
            if shape[1] < taps {
                assert!(ours.is_err());
                continue;
            }
            let expected = product(&windows(&Numbers::of(&x), taps, stride), &Numbers::of(&matrix))
                .plus_last(bias.as_ref().map(Numbers::of).as_ref())
                .activated(activation);
            assert_close(&ours.unwrap(), &expected, 1e-5);
        }
    }
}

at_every_level! {
    fn convolutions_with_their_norm_over_time_folded_in(draw) {
        let (taps, stride, channels) = (draw.one_of(&[1, 3, 10]), draw.one_of(&[1, 2, 5]), draw.size());
        let length = taps + draw.size_or_long();
        let samples = draw.tensor(&[1, length, 1]);
        let (weights, gamma, beta) = (draw.tensor(&[taps, channels]), draw.tensor(&[channels]), draw.tensor(&[channels]));
        let list = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        // One output alone has no variance, and a small one makes much of little.
        let epsilon = 0.1;
        let ours = NormalisedConv {
            weights: list(&weights),
            gamma: list(&gamma),
            beta: list(&beta),
            taps,
            stride,
            epsilon,
        };
        let ours = ours.fit(&samples.flatten_all().unwrap()).unwrap().forward(&samples).unwrap();
        let z = product(&windows(&Numbers::of(&samples), taps, stride), &Numbers::of(&weights));
        let (expected, ..) = channel_norm_of(&z, &Numbers::of(&gamma), &Numbers::of(&beta), 1, epsilon);
        assert_close(&ours, &expected.activated(Activation::Gelu), 1e-5);
    }
}

at_every_level! {
    fn grouped_convolutions_of_any_width(draw) {
        let (groups, each, taps) = (draw.one_of(&[1, 2, 3]), draw.size_or_zero(), draw.one_of(&[1, 2, 5, 8]));
        let (before, channels) = (taps / 2, groups * each);
        let shape = [draw.batch(), draw.size_or_long(), channels];
        let x = draw.tensor(&shape);
        let matrices: Vec<Tensor> = (0..groups).map(|_| draw.tensor(&[taps * each, each])).collect();
        let bias = draw.numbers(channels);
        let packed = matrices.iter().map(|matrix| Packed::new(matrix).unwrap()).collect();
        let ours = GroupedConv { groups: packed, bias: bias.clone(), taps, before }.forward(&x).unwrap();
        let (x, matrices) = (Numbers::of(&x), matrices.iter().map(Numbers::of).collect::<Vec<_>>());
        let expected = Numbers::from_places(&x.shape, |place| {
            let (group, channel) = (place[2] / each, place[2] % each);
            let mut sum = f64::from(bias[place[2]]);
            for tap in 0..taps {
                let step = place[1] + tap;
                if step >= before && step - before < x.shape[1] {
                    for own in 0..each {
                        let seen = x.at(&[place[0], step - before, group * each + own]);
                        sum += seen * matrices[group].at(&[tap * each + own, channel]);
                    }
                }
            }
            activated(sum, Activation::Gelu) + x.at(place)
        });
        assert_close(&ours, &expected, 1e-5);
    }
}

at_every_level! {
    fn norms_and_softmax_of_any_width(draw) {
        let shape = [draw.size_or_zero(), draw.one_of(&[1, 3]), draw.size_or_long()];
        let x = draw.tensor(&shape);
        let (gamma, beta) = (draw.tensor(&[shape[2]]), draw.tensor(&[shape[2]]));
        let expected = layer_norm_of(&Numbers::of(&x), &Numbers::of(&gamma), &Numbers::of(&beta), 1e-3);
        assert_close(&layer_norm(&x, &gamma, &beta, 1e-3).unwrap(), &expected, 1e-5);
        assert_close(&softmax(&x).unwrap(), &softmax_of(&Numbers::of(&x)), 1e-5);
    }
}

at_every_level! {
    fn norms_of_channels_of_any_number(draw) {
        let (groups, rows, channels) = (draw.one_of(&[1, 1, 2, 3]), draw.size_or_long(), draw.size_or_zero());
        let x = draw.tensor(&[groups, rows, channels]);
        let (gamma, beta, activation) = (draw.tensor(&[channels]), draw.tensor(&[channels]), draw.activation());
        let ours = channel_norm(&x, &gamma, &beta, groups, 1e-2, activation);
        if rows * channels == 0 {
            // Nothing has no mean.
            assert!(ours.is_err());
        } else {
            let (ours, moments) = ours.unwrap();
            let (expected, means, variances) =
                channel_norm_of(&Numbers::of(&x), &Numbers::of(&gamma), &Numbers::of(&beta), groups, 1e-2);
            assert_close(&ours, &expected.activated(activation), 1e-5);
            for (found, expected) in [(moments.mean, means), (moments.variance, variances)] {
                let found = Tensor::from_vec(found, groups * channels, &Device::Cpu).unwrap();
                assert_close(&found, &Numbers { shape: vec![groups * channels], values: expected }, 1e-5);
            }
        }
    }
}

at_every_level! {
    fn attention_of_any_length(draw) {
        let (heads, each) = (draw.one_of(&[1, 2, 3]), draw.size_or_zero());
        let shape = [draw.batch(), draw.one_of(&[0, 1, 2, 7, 17, 95, 96, 97, 130]), heads * each];
        let shape = if cfg!(miri) { [shape[0], shape[1].min(9), shape[2]] } else { shape };
        let [query, key, value] = std::array::from_fn(|_| draw.tensor(&shape));
        let ours = attention(&query, &key, &value, heads).unwrap();
        let expected = attention_of(&Numbers::of(&query), &Numbers::of(&key), &Numbers::of(&value), heads);
        assert_close(&ours, &expected, 1e-5);
    }
}

at_every_level! {
    fn patches_of_any_size_and_back(draw) {
        let (patch, channels) = (draw.one_of(&[1, 2, 3]), draw.size_or_zero());
        let (rows, columns) = (draw.size_or_zero(), draw.size_or_zero());
        let shape = [draw.batch(), rows * patch, columns * patch, channels];
        let map = draw.tensor(&shape);
        let tokens = to_patches(&map, patch).unwrap();
        assert_close(&tokens, &patches_of(&Numbers::of(&map), patch), 0.0);
        assert_close(&from_patches(&tokens, rows, columns, patch).unwrap(), &Numbers::of(&map), 0.0);
    }
}

at_every_level! {
    #[cfg_attr(miri, ignore = "gradients of matrices are products by the crate gemm")]
    fn gradients_of_products_and_convolutions(draw) {
        let (stride, activation, columns) = (draw.one_of(&[1, 2, 3]), draw.activation(), draw.size());
        let (height, width, channels) = (draw.size() % 9 + 1, draw.size() % 9 + 1, draw.size());
        let bias = draw.tensor(&[columns]);

        let row_count = draw.size();
        let rows = [draw.tensor(&[row_count, channels]), draw.tensor(&[channels, columns]), bias.clone()];
        let ours = |t: &[Tensor]| linear(&t[0], &Matrix::variable(&t[1]), Some(&t[2]), activation, None);
        assert_gradients(draw, &rows, ours, |n| product(&n[0], &n[1]).plus_last(Some(&n[2])).activated(activation));

        let picture = [draw.tensor(&[2, height, width, channels]), draw.tensor(&[9 * channels, columns]), bias.clone()];
        let ours = |t: &[Tensor]| conv3x3(&t[0], &Matrix::variable(&t[1]), Some(&t[2]), stride, activation);
        assert_gradients(draw, &picture, ours, |n| {
            product(&neighbourhoods(&n[0], stride), &n[1]).plus_last(Some(&n[2])).activated(activation)
        });

        let taps = draw.one_of(&[1, 2, 3]);
        let sequence = [draw.tensor(&[2, height + taps, channels]), draw.tensor(&[taps * channels, columns]), bias];
        let ours = |t: &[Tensor]| conv1d(&t[0], &Matrix::variable(&t[1]), Some(&t[2]), taps, stride, activation);
        assert_gradients(draw, &sequence, ours, |n| {
            product(&windows(&n[0], taps, stride), &n[1]).plus_last(Some(&n[2])).activated(activation)
        });
    }
}

at_every_level! {
    fn gradients_of_depthwise_convolutions(draw) {
        let (stride, activation) = (draw.one_of(&[1, 2, 3]), draw.activation());
        let (height, width, channels) = (draw.size() % 12 + 1, draw.size() % 12 + 1, draw.size());
        let (side, depthwise_of_side) = draw.one_of(&SIDES);
        let taps = draw.tensor(&[side * side, channels]);
        let inputs = [draw.tensor(&[2, height, width, channels]), taps, draw.tensor(&[channels])];
        let ours = |t: &[Tensor]| depthwise_of_side(&t[0], &t[1], Some(&t[2]), stride, activation);
        assert_gradients(draw, &inputs, ours, |n| {
            depthwise(&n[0], &n[1], side, stride).plus_last(Some(&n[2])).activated(activation)
        });
    }
}

at_every_level! {
    fn gradients_of_maps_pooled_resized_and_scaled(draw) {
        let (height, width, channels) = (2 * draw.one_of(&[1, 2, 3]), 2 * draw.one_of(&[1, 2, 3]), draw.size() % 17 + 1);
        let map = [draw.tensor(&[2, height, width, channels])];
        let stride = draw.one_of(&[1, 2, 3]);
        assert_gradients(draw, &map, |t| max_pool3x3(&t[0], stride), |n| max_pool_of(&n[0], stride));
        assert_gradients(draw, &map, |t| upsample2x(&t[0]), |n| bilinear(&n[0], (2 * height, 2 * width)));
        assert_gradients(draw, &map, |t| downsample2x(&t[0]), |n| bilinear(&n[0], (height / 2, width / 2)));
        assert_gradients(draw, &map, |t| channel_means(&t[0]), |n| channel_means_of(&n[0]));
        let gated = [map[0].clone(), draw.tensor(&[2, channels])];
        assert_gradients(draw, &gated, |t| scale_channels(&t[0], &t[1]), |n| scaled(&n[0], &n[1]));
        let pair = [map[0].clone(), draw.tensor(map[0].dims())];
        assert_gradients(draw, &pair, |t| interleave(&t[0], &t[1]), |n| interleaved(&n[0], &n[1]));
    }
}

at_every_level! {
    fn gradients_of_norms_and_softmax(draw) {
        let (groups, rows, channels, activation) = (draw.one_of(&[1, 2]), draw.size(), draw.size(), draw.activation());
        let x = draw.tensor(&[groups, rows, channels]);
        let inputs = [x.clone(), draw.tensor(&[channels]), draw.tensor(&[channels])];
        let ours = |t: &[Tensor]| Ok(channel_norm(&t[0], &t[1], &t[2], groups, 0.1, activation)?.0);
        assert_gradients(draw, &inputs, ours, |n| {
            channel_norm_of(&n[0], &n[1], &n[2], groups, 0.1).0.activated(activation)
        });
        let ours = |t: &[Tensor]| layer_norm(&t[0], &t[1], &t[2], 0.1);
        assert_gradients(draw, &inputs, ours, |n| layer_norm_of(&n[0], &n[1], &n[2], 0.1));
        assert_gradients(draw, &[x], |t| softmax(&t[0]), |n| softmax_of(&n[0]));
    }
}

at_every_level! {
    #[cfg_attr(miri, ignore = "attention that is trained multiplies by the crate gemm")]
    fn gradients_of_attention_and_patches(draw) {
        let (heads, each, length) = (draw.one_of(&[1, 2, 3]), draw.size() % 17 + 1, draw.size() % 17 + 1);
        let inputs: [Tensor; 3] = std::array::from_fn(|_| draw.tensor(&[2, length, heads * each]));
        let ours = |t: &[Tensor]| attention(&t[0], &t[1], &t[2], heads);
        assert_gradients(draw, &inputs, ours, |n| attention_of(&n[0], &n[1], &n[2], heads));
        let map = draw.tensor(&[2, 6, 4, each]);
        assert_gradients(draw, &[map], |t| to_patches(&t[0], 2), |n| patches_of(&n[0], 2));
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let draw = &mut Draw::new(0);
    let (x, matrix) = (draw.tensor(&[2, 6, 5, 4]), draw.tensor(&[4, 3]));
    let none = Activation::None;
    for matrix in [Matrix::constant(&matrix).unwrap(), Matrix::variable(&matrix)] {
        assert!(linear(&draw.tensor(&[2, 5]), &matrix, None, none, None).is_err(), "rows");
        assert!(linear(&x, &matrix, Some(&draw.tensor(&[4])), none, None).is_err(), "bias");
        assert!(linear(&x, &matrix, None, none, Some(&draw.tensor(&[2, 5, 6, 4]))).is_err(), "residual");
        assert!(conv3x3(&x, &matrix, None, 1, none).is_err(), "neighbourhoods");
        assert!(conv3x3(&x, &matrix, None, 0, none).is_err(), "stride of a dense convolution");
        let sequence = draw.tensor(&[2, 6, 4]);
        assert!(conv1d(&sequence, &matrix, None, 2, 1, none).is_err(), "taps of a convolution over time");
        assert!(conv1d(&sequence, &matrix, None, 1, 0, none).is_err(), "stride of a convolution over time");
        assert!(conv1d(&sequence, &matrix, None, 0, 1, none).is_err(), "no taps");
    }
    let taps = draw.tensor(&[9, 4]);
    assert!(depthwise3x3(&x, &taps, None, 0, none).is_err(), "stride of a depthwise convolution");
    assert!(depthwise3x3(&x, &draw.tensor(&[9, 3]), None, 1, none).is_err(), "taps");
    assert!(depthwise5x5(&x, &taps, None, 1, none).is_err(), "taps of another side");
    assert!(max_pool3x3(&x, 0).is_err(), "stride of a maximum");
    assert!(downsample2x(&x).is_err(), "half of an odd width");
    assert!(scale_channels(&x, &draw.tensor(&[2, 3])).is_err(), "factors");
    assert!(interleave(&x, &draw.tensor(&[2, 6, 5, 3])).is_err(), "channels in turn");
    assert!(channel_means(&Tensor::zeros((), DType::F32, &Device::Cpu).unwrap()).is_err(), "no channels");
    assert!(depthwise3x3(&x, &taps, Some(&draw.tensor(&[3])), 1, none).is_err(), "bias of a depthwise convolution");
    let (gamma, wrong) = (draw.tensor(&[4]), draw.tensor(&[3]));
    assert!(layer_norm(&x, &gamma, &wrong, 1e-5).is_err(), "norm");
    assert!(channel_norm(&x, &gamma, &wrong, 1, 1e-5, none).is_err(), "norm of channels");
    assert!(channel_norm(&x, &gamma, &gamma, 7, 1e-5, none).is_err(), "groups");
    assert!(channel_norm(&x, &gamma, &gamma, 0, 1e-5, none).is_err(), "no groups");
    let tokens = draw.tensor(&[2, 5, 4]);
    assert!(attention(&tokens, &tokens, &tokens, 3).is_err(), "heads");
    assert!(attention(&tokens, &tokens, &tokens, 0).is_err(), "no heads");
    assert!(attention(&tokens, &draw.tensor(&[2, 6, 4]), &tokens, 2).is_err(), "keys");
    assert!(to_patches(&x, 4).is_err(), "patches");
    assert!(to_patches(&x, 0).is_err(), "no patches");
    assert!(from_patches(&tokens, 2, 2, 0).is_err(), "no patches back");
    assert!(from_patches(&tokens, 2, 2, 1).is_err(), "patches back");
    let conv = |taps, before, bias| {
        let matrix = Tensor::zeros((4, 2), DType::F32, &Device::Cpu).unwrap();
        let groups = (0..2).map(|_| Packed::new(&matrix).unwrap()).collect();
        GroupedConv { groups, bias: vec![0.0; bias], taps, before }.forward(&tokens)
    };
    assert!(conv(2, 1, 4).is_ok());
    assert!(conv(3, 1, 4).is_err(), "matrices of groups");
    assert!(conv(2, 2, 4).is_err(), "padding");
    assert!(conv(2, 1, 3).is_err(), "bias of groups");
    let normalised = |taps, stride, weights| {
        let conv = NormalisedConv {
            weights: vec![0.5; weights],
            gamma: vec![1.0; 3],
            beta: vec![0.0; 3],
            taps,
            stride,
            epsilon: 0.1,
        };
        conv.fit(&Tensor::zeros(9, DType::F32, &Device::Cpu).unwrap())
    };
    assert!(normalised(2, 1, 6).is_ok());
    assert!(normalised(2, 0, 6).is_err(), "stride over samples");
    assert!(normalised(0, 1, 0).is_err(), "no taps over samples");
    assert!(normalised(2, 1, 5).is_err(), "weights over samples");
    assert!(normalised(10, 1, 30).is_err(), "samples");
}
