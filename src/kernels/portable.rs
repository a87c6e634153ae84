//! Every kernel as a composition of candle's own operations: what runs on devices other than the CPU, and what the
//! CPU kernels are checked against. All of it is differentiable.

use candle_core::{D, Result, Tensor};

use super::{Activation, ChannelMoments, activate, expect_some};

/// `[B, H, W, C]` -> `[B, H', W', 9 C]`: the 3x3 neighbourhood of each output position, rows first, zeros outside.
pub fn neighbourhoods(x: &Tensor, stride: usize) -> Result<Tensor> {
    let taps = (0..9).map(|tap| neighbour(x, tap, 3, stride)).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&taps, D::Minus1)
}

/// Depthwise convolution with a window of an odd `side` and padding `side / 2`: `x` `[B, H, W, C]`, `taps`
/// `[side^2, C]` -> `[B, H', W', C]`.
pub fn depthwise(x: &Tensor, taps: &Tensor, side: usize, stride: usize) -> Result<Tensor> {
    let mut sum = neighbour(x, 0, side, stride)?.broadcast_mul(&taps.get(0)?)?;
    for tap in 1..side * side {
        sum = (sum + neighbour(x, tap, side, stride)?.broadcast_mul(&taps.get(tap)?)?)?;
    }
    Ok(sum)
}

/// The mean of each channel over all positions: `[B, .., C]` -> `[B, C]`.
pub fn channel_means(x: &Tensor) -> Result<Tensor> {
    let (batch, channels) = (x.dim(0)?, x.dim(D::Minus1)?);
    x.reshape((batch, (), channels))?.mean(1)
}

/// Each channel times its factor: `[B, .., C]`, `[B, C]` -> `[B, .., C]`.
pub fn scale_channels(x: &Tensor, factors: &Tensor) -> Result<Tensor> {
    let (batch, channels) = factors.dims2()?;
    x.reshape((batch, (), channels))?.broadcast_mul(&factors.unsqueeze(1)?)?.reshape(x.shape())
}

/// The largest of each 3x3 neighbourhood within the picture: `[B, H, W, C]` -> `[B, H', W', C]`.
pub fn max_pool3x3(x: &Tensor, stride: usize) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    // A line at an edge once more changes no maximum of a neighbourhood that it is in.
    let padded = x.pad_with_same(1, 1, stride)?.pad_with_same(2, 1, stride)?;
    let size = (height.div_ceil(stride), width.div_ceil(stride));
    let mut largest = every(&padded, (0, 0), size, stride)?;
    for tap in 1..9 {
        largest = largest.maximum(&every(&padded, (tap / 3, tap % 3), size, stride)?)?;
    }
    Ok(largest)
}

/// Twice as high and wide, bilinear between the centres of pixels: `[B, H, W, C]` -> `[B, 2 H, 2 W, C]`.
pub fn upsample2x(x: &Tensor) -> Result<Tensor> {
    let mut y = x.clone();
    for axis in [1, 2] {
        let count = y.dim(axis)?;
        let padded = y.pad_with_same(axis, 1, 1)?;
        let blend = |start| (&y * 0.75)? + (padded.narrow(axis, start, count)? * 0.25)?;
        y = Tensor::stack(&[blend(0)?, blend(2)?], axis + 1)?.flatten(axis, axis + 1)?;
    }
    Ok(y)
}

/// The means of 2x2 squares: `[B, H, W, C]` -> `[B, H / 2, W / 2, C]`.
pub fn downsample2x(x: &Tensor) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    x.reshape((batch, height / 2, 2, width / 2, 2, channels))?.mean((2, 4))
}

/// The channels of two maps in turn: `[.., C]` twice -> `[.., 2 C]`.
pub fn interleave(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Tensor::stack(&[a, b], D::Minus1)?.flatten_from(a.rank() - 1)
}

/// `x W + bias` over the last axis: `[.., K]`, `[K, N]`, `[N]` -> `[.., N]`.
pub fn linear(x: &Tensor, matrix: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (mut shape, columns) = (x.dims().to_vec(), matrix.dim(1)?);
    let rows = x.reshape(((), matrix.dim(0)?))?.matmul(matrix)?;
    let rows = match bias {
        None => rows,
        Some(bias) => rows.broadcast_add(bias)?,
    };
    shape.pop();
    shape.push(columns);
    rows.reshape(shape)
}

/// `[B, L, C]` -> `[B, L', k C]`: the `k` samples that each output of a temporal convolution sees; no padding.
pub fn windows(x: &Tensor, taps: usize, stride: usize) -> Result<Tensor> {
    let (batch, length, channels) = x.dims3()?;
    expect_some("the stride", stride)?;
    if length < taps {
        candle_core::bail!("{length} steps are too few for {taps} taps");
    }
    let outputs = (length - taps) / stride + 1;
    let x = x.pad_with_zeros(1, 0, stride - 1)?;
    let columns = (0..taps)
        .map(|tap| x.narrow(1, tap, outputs * stride)?.reshape((batch, outputs, stride, channels))?.get_on_dim(2, 0))
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&columns, D::Minus1)
}

/// Layer norm over the last axis with biased variance.
pub fn layer_norm(x: &Tensor, gamma: &Tensor, beta: &Tensor, epsilon: f64) -> Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + epsilon)?.sqrt()?)?.broadcast_mul(gamma)?.broadcast_add(beta)
}

/// Norm of each channel over the rows of each of `groups` parts, then activation; with the moments it used.
pub fn channel_norm(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    groups: usize,
    epsilon: f64,
    activation: Activation,
) -> Result<(Tensor, ChannelMoments)> {
    let rows = x.reshape((groups, (), gamma.elem_count()))?;
    let mean = rows.mean_keepdim(1)?;
    let centred = rows.broadcast_sub(&mean)?;
    let variance = centred.sqr()?.mean_keepdim(1)?;
    let normalised = centred.broadcast_div(&(&variance + epsilon)?.sqrt()?)?;
    let y = normalised.broadcast_mul(gamma)?.broadcast_add(beta)?.reshape(x.shape())?;
    let values = |moment: Tensor| moment.detach().flatten_all()?.to_vec1();
    Ok((activate(&y, activation)?, ChannelMoments { mean: values(mean)?, variance: values(variance)? }))
}

/// Softmax over the last axis.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    let exponentials = x.broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?.exp()?;
    exponentials.broadcast_div(&exponentials.sum_keepdim(D::Minus1)?)
}

/// `softmax(Q K^T / sqrt(d)) V` for each head; all three `[B, N, heads d]`.
pub fn attention(query: &Tensor, key: &Tensor, value: &Tensor, heads: usize, softmax: Softmax) -> Result<Tensor> {
    let (batch, length, width) = query.dims3()?;
    expect_some("the heads", heads)?;
    let split = |x: &Tensor| x.reshape((batch, length, heads, width / heads))?.transpose(1, 2)?.contiguous();
    let scale = 1.0 / ((width / heads) as f64).sqrt();
    // The scale goes to the queries, which are fewer numbers than the scores.
    let scores = (split(query)? * scale)?.matmul(&split(key)?.t()?)?;
    softmax(&scores)?.matmul(&split(value)?)?.transpose(1, 2)?.reshape((batch, length, width))
}

type Softmax = fn(&Tensor) -> Result<Tensor>;

fn neighbour(x: &Tensor, tap: usize, side: usize, stride: usize) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    expect_some("the stride", stride)?;
    let (rows, columns) = (height.div_ceil(stride), width.div_ceil(stride));
    // The bottom and right margins are as wide as the last tap of the last stride reaches.
    let (before, after) = (side / 2, side / 2 + stride - 1);
    let padded = x.pad_with_zeros(1, before, after)?.pad_with_zeros(2, before, after)?;
    every(&padded, (tap / side, tap % side), (rows, columns), stride)
}

/// `size` rows and columns of a picture, `stride` apart, from `first` on; `stride` rows and columns must be there for
/// each.
fn every(x: &Tensor, first: (usize, usize), size: (usize, usize), stride: usize) -> Result<Tensor> {
    let (batch, .., channels) = x.dims4()?;
    let part = x.narrow(1, first.0, size.0 * stride)?.narrow(2, first.1, size.1 * stride)?;
    if stride == 1 {
        return Ok(part);
    }
    let split = part.reshape((batch, size.0, stride, size.1, stride, channels))?;
    split.get_on_dim(4, 0)?.get_on_dim(2, 0)
}
