//! Feature maps pooled, resized, scaled channel by channel and interleaved.
//!
//! Every kernel here passes over memory once; there is little to compute. Where a gradient is asked for it is that of
//! the composition in [`portable`].

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::lanes::{Lanes, multiversion};
use super::{expect_some, new_values, portable, with_values};

/// The mean of each channel over all positions: `[B, .., C]` -> `[B, C]`; zero where there is no position.
pub fn channel_means(x: &Tensor) -> Result<Tensor> {
    let (batch, channels) = batch_and_channels(x)?;
    if x.elem_count() == 0 {
        return Tensor::zeros((batch, channels), x.dtype(), x.device());
    }
    if !is_ours(x) {
        return portable::channel_means(x);
    }
    let each = x.elem_count() / batch;
    let means = with_values(&x.contiguous()?, |x| {
        let mut means = new_values(batch * channels);
        let room = means.spare_capacity_mut()[..batch * channels].par_chunks_mut(channels);
        room.zip(x.par_chunks(each)).for_each(|(means, x)| {
            // SAFETY: `x` has `each` numbers, a whole number of rows of `channels`, and there is room for one such row.
            unsafe { average(x.as_ptr(), each / channels, channels, means.as_mut_ptr().cast()) }
        });
        // SAFETY: every row was written.
        unsafe { means.set_len(batch * channels) };
        means
    })?;
    Tensor::from_vec(means, (batch, channels), x.device())
}

/// Each channel times its factor: `[B, .., C]`, `[B, C]` -> `[B, .., C]`.
pub fn scale_channels(x: &Tensor, factors: &Tensor) -> Result<Tensor> {
    let (batch, channels) = batch_and_channels(x)?;
    if factors.dims() != [batch, channels] {
        candle_core::bail!("factors of shape {:?} do not fit {:?}", factors.dims(), x.dims());
    }
    if x.elem_count() == 0 {
        return Ok(x.clone());
    }
    if !is_ours(x) || !is_ours(factors) {
        return portable::scale_channels(x, factors);
    }
    let count = x.elem_count();
    let scaled = with_values(&x.contiguous()?, |x| {
        with_values(&factors.contiguous()?, |factors| {
            let mut out = new_values(count);
            let room = out.spare_capacity_mut()[..count].par_chunks_mut(count / batch);
            room.zip(x.par_chunks(count / batch)).zip(factors.par_chunks(channels)).for_each(|((out, x), factors)| {
                let rows = out.len() / channels;
                // SAFETY: both have as many rows of `channels`, and there are as many factors.
                unsafe { scale(x.as_ptr(), factors.as_ptr(), rows, channels, out.as_mut_ptr().cast()) }
            });
            // SAFETY: every row was written.
            unsafe { out.set_len(count) };
            out
        })
    })??;
    Tensor::from_vec(scaled, x.shape(), x.device())
}

/// The largest of each 3x3 neighbourhood within the picture: `[B, H, W, C]` -> `[B, H', W', C]`.
pub fn max_pool3x3(x: &Tensor, stride: usize) -> Result<Tensor> {
    expect_some("the stride", stride)?;
    let (_, height, width, _) = x.dims4()?;
    let size = (height.div_ceil(stride), width.div_ceil(stride));
    if x.elem_count() > 0 && !is_ours(x) {
        return portable::max_pool3x3(x, stride);
    }
    line_by_line(x, size, |lines, row, out| {
        let first = (row * stride).saturating_sub(1);
        let last = (row * stride + 1).min(height - 1);
        // SAFETY: rows up to `last` exist, and columns up to the last that is seen, of the line's width.
        unsafe { largest(lines.at(first), last - first + 1, width, stride, lines.channels, size.1, out) }
    })
}

/// Twice as high and wide, bilinear between the centres of pixels, whose outermost reach to the edge: `[B, H, W, C]` ->
/// `[B, 2 H, 2 W, C]`.
pub fn upsample2x(x: &Tensor) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    if x.elem_count() > 0 && !is_ours(x) {
        return portable::upsample2x(x);
    }
    line_by_line(x, (2 * height, 2 * width), |lines, row, out| {
        let near = row / 2;
        let far = if row % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(height - 1) };
        // SAFETY: both lines exist, and `out` is twice as wide.
        unsafe { double_line(lines.at(near), lines.at(far), width, lines.channels, out) }
    })
}

/// The means of 2x2 squares, which is a bilinear half: `[B, H, W, C]` -> `[B, H / 2, W / 2, C]`; height and width must be
/// even.
pub fn downsample2x(x: &Tensor) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    if !height.is_multiple_of(2) || !width.is_multiple_of(2) {
        candle_core::bail!("a map of {height} x {width} has no half");
    }
    if x.elem_count() > 0 && !is_ours(x) {
        return portable::downsample2x(x);
    }
    line_by_line(x, (height / 2, width / 2), |lines, row, out| {
        // SAFETY: both lines exist, and `out` is half as wide.
        unsafe { halve_lines(lines.at(2 * row), lines.at(2 * row + 1), width / 2, lines.channels, out) }
    })
}

/// The channels of two maps in turn: `[.., C]` twice -> `[.., 2 C]`, the first map's first channel first.
pub fn interleave(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dims() != b.dims() {
        candle_core::bail!("channels of {:?} and {:?} cannot be taken in turn", a.dims(), b.dims());
    }
    let mut shape = a.dims().to_vec();
    let Some(channels) = shape.last_mut() else { candle_core::bail!("a number has no channels") };
    *channels *= 2;
    if a.elem_count() == 0 {
        return Tensor::zeros(shape, a.dtype(), a.device());
    }
    if !is_ours(a) || !is_ours(b) {
        return portable::interleave(a, b);
    }
    let both = with_values(&a.contiguous()?, |a| {
        with_values(&b.contiguous()?, |b| a.iter().zip(b).flat_map(|(&a, &b)| [a, b]).collect::<Vec<f32>>())
    })??;
    Tensor::from_vec(both, shape, a.device())
}

/// Whether the kernels take it, and not the composition.
fn is_ours(x: &Tensor) -> bool {
    x.device().is_cpu() && !x.track_op()
}

fn batch_and_channels(x: &Tensor) -> Result<(usize, usize)> {
    match x.dims() {
        &[batch, .., channels] => Ok((batch, channels)),
        dims => candle_core::bail!("a tensor of shape {dims:?} has no channels"),
    }
}

/// The lines of one picture.
struct Lines<'a> {
    picture: &'a [f32],
    width: usize,
    channels: usize,
}

impl Lines<'_> {
    /// Where line `row` begins; those below follow.
    fn at(&self, row: usize) -> *const f32 {
        self.picture[row * self.width * self.channels..].as_ptr()
    }
}

/// Has `write` write every line of the output, of `size` rows and columns, from the lines of the picture it belongs to.
/// `write` must write the whole line: `columns` positions of as many channels as the input has.
fn line_by_line(
    x: &Tensor,
    (rows, columns): (usize, usize),
    write: impl Fn(&Lines, usize, *mut f32) + Sync,
) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let shape = (batch, rows, columns, channels);
    if x.elem_count() == 0 {
        return Tensor::zeros(shape, x.dtype(), x.device());
    }
    let count = batch * rows * columns * channels;
    let out = with_values(&x.contiguous()?, |x| {
        let mut out = new_values(count);
        let room = out.spare_capacity_mut()[..count].par_chunks_mut((columns * channels).max(1));
        room.enumerate().for_each(|(line, out)| {
            let picture = &x[line / rows * height * width * channels..][..height * width * channels];
            write(&Lines { picture, width, channels }, line % rows, out.as_mut_ptr().cast());
        });
        // SAFETY: every line was written.
        unsafe { out.set_len(count) };
        out
    })?;
    Tensor::from_vec(out, shape, x.device())
}

multiversion! {
    /// # Safety
    /// `rows` rows of `channels` numbers are at `x`, at least one, and room for one row at `out`.
    unsafe fn average(x: *const f32, rows: usize, channels: usize, out: *mut f32) => average_in
}

#[inline(always)]
unsafe fn average_in<V: Lanes>(x: *const f32, rows: usize, channels: usize, out: *mut f32) {
    let mut channel = 0;
    while channel < channels {
        let present = V::COUNT.min(channels - channel);
        // SAFETY: `channel + present <= channels`.
        unsafe {
            let mut sum = V::splat(0.0);
            for row in 0..rows {
                sum = sum.add(V::load_mostly(x.add(row * channels + channel), present));
            }
            sum.mul(V::splat(1.0 / rows as f32)).store_mostly(out.add(channel), present);
        }
        channel += present;
    }
}

multiversion! {
    /// # Safety
    /// `rows` rows of `channels` numbers are at `x`, one at `factors`, and room for `rows` at `out`.
    unsafe fn scale(x: *const f32, factors: *const f32, rows: usize, channels: usize, out: *mut f32) => scale_in
}

#[inline(always)]
unsafe fn scale_in<V: Lanes>(x: *const f32, factors: *const f32, rows: usize, channels: usize, out: *mut f32) {
    for row in 0..rows {
        let mut channel = 0;
        while channel < channels {
            let present = V::COUNT.min(channels - channel);
            let at = row * channels + channel;
            // SAFETY: `channel + present <= channels`.
            unsafe {
                let factor = V::load_mostly(factors.add(channel), present);
                V::load_mostly(x.add(at), present).mul(factor).store_mostly(out.add(at), present);
            }
            channel += present;
        }
    }
}

multiversion! {
    /// The largest over `lines` lines and, around every `stride`th position, three columns or what there is of them.
    ///
    /// # Safety
    /// `lines` lines of `width` positions are at `x`, at least one; positions `0..columns` times `stride` are among them,
    /// and room for `columns` at `out`; a position has `channels` numbers.
    unsafe fn largest(
        x: *const f32, lines: usize, width: usize, stride: usize, channels: usize, columns: usize, out: *mut f32,
    ) => largest_in
}

#[inline(always)]
unsafe fn largest_in<V: Lanes>(
    x: *const f32,
    lines: usize,
    width: usize,
    stride: usize,
    channels: usize,
    columns: usize,
    out: *mut f32,
) {
    for column in 0..columns {
        let middle = column * stride;
        let (first, last) = (middle.saturating_sub(1), (middle + 1).min(width - 1));
        let mut channel = 0;
        while channel < channels {
            let present = V::COUNT.min(channels - channel);
            // SAFETY: `first..=last` is within the line, and `channel + present <= channels`.
            unsafe {
                let mut most = V::load_mostly(x.add(middle * channels + channel), present);
                for line in 0..lines {
                    for position in first..=last {
                        let at = (line * width + position) * channels + channel;
                        most = most.max(V::load_mostly(x.add(at), present));
                    }
                }
                most.store_mostly(out.add(column * channels + channel), present);
            }
            channel += present;
        }
    }
}

multiversion! {
    /// # Safety
    /// `width` positions of `channels` numbers are at `near` and at `far`, at least one, and room for twice as many
    /// positions at `out`.
    unsafe fn double_line(near: *const f32, far: *const f32, width: usize, channels: usize, out: *mut f32)
        => double_line_in
}

#[inline(always)]
unsafe fn double_line_in<V: Lanes>(near: *const f32, far: *const f32, width: usize, channels: usize, out: *mut f32) {
    let mut channel = 0;
    while channel < channels {
        let present = V::COUNT.min(channels - channel);
        // SAFETY: positions stay below `width`, those of `out` below twice that, and `channel + present <= channels`.
        unsafe {
            let mut here: V = blend_at(near.add(channel), far.add(channel), present);
            let mut before = here;
            for position in 0..width {
                let next = (position + 1).min(width - 1) * channels + channel;
                let after: V = blend_at(near.add(next), far.add(next), present);
                let at = 2 * position * channels + channel;
                blend(here, before).store_mostly(out.add(at), present);
                blend(here, after).store_mostly(out.add(at + channels), present);
                (before, here) = (here, after);
            }
        }
        channel += present;
    }
}

/// # Safety
/// `present` numbers are at both.
#[inline(always)]
unsafe fn blend_at<V: Lanes>(near: *const f32, far: *const f32, present: usize) -> V {
    // SAFETY: the contract.
    unsafe { blend(V::load_mostly(near, present), V::load_mostly(far, present)) }
}

/// The value a quarter of the way from `near` to `far`.
#[inline(always)]
unsafe fn blend<V: Lanes>(near: V, far: V) -> V {
    // SAFETY: registers alone, whose feature the caller has.
    unsafe { near.mul_add(V::splat(0.75), far.mul(V::splat(0.25))) }
}

multiversion! {
    /// # Safety
    /// Twice `columns` positions of `channels` numbers are at `upper` and at `lower`, and room for `columns` at `out`.
    unsafe fn halve_lines(upper: *const f32, lower: *const f32, columns: usize, channels: usize, out: *mut f32)
        => halve_lines_in
}

#[inline(always)]
unsafe fn halve_lines_in<V: Lanes>(
    upper: *const f32,
    lower: *const f32,
    columns: usize,
    channels: usize,
    out: *mut f32,
) {
    for column in 0..columns {
        let mut channel = 0;
        while channel < channels {
            let present = V::COUNT.min(channels - channel);
            let (left, right) = (2 * column * channels + channel, (2 * column + 1) * channels + channel);
            // SAFETY: `2 * column + 1` is a position, and `channel + present <= channels`.
            unsafe {
                let above = V::load_mostly(upper.add(left), present).add(V::load_mostly(upper.add(right), present));
                let below = V::load_mostly(lower.add(left), present).add(V::load_mostly(lower.add(right), present));
                above.add(below).mul(V::splat(0.25)).store_mostly(out.add(column * channels + channel), present);
            }
            channel += present;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::super::check::{assert_close, random};
    use super::*;

    type Map = fn(&Tensor) -> Result<Tensor>;

    const MAPS: [(Map, Map); 5] = [
        (channel_means, portable::channel_means),
        (|x| max_pool3x3(x, 1), |x| portable::max_pool3x3(x, 1)),
        (|x| max_pool3x3(x, 2), |x| portable::max_pool3x3(x, 2)),
        (upsample2x, portable::upsample2x),
        (downsample2x, portable::downsample2x),
    ];

    #[test]
    fn each_is_its_composition() {
        for (height, width, channels) in [(2, 2, 1), (4, 6, 16), (6, 4, 37)] {
            let x = random(&[2, height, width, channels], 1);
            for (ours, theirs) in MAPS {
                assert_close(&ours(&x).unwrap(), &theirs(&x).unwrap(), 1e-6);
            }
            let factors = random(&[2, channels], 2);
            let theirs = portable::scale_channels(&x, &factors).unwrap();
            assert_close(&scale_channels(&x, &factors).unwrap(), &theirs, 0.0);
        }
    }

    #[test]
    fn channels_taken_in_turn_are_their_composition() {
        let (a, b) = (random(&[2, 3, 5], 1), random(&[2, 3, 5], 2));
        assert_close(&interleave(&a, &b).unwrap(), &portable::interleave(&a, &b).unwrap(), 0.0);
    }

    #[test]
    fn a_doubled_line_lies_between_the_centres_of_its_pixels() {
        let x = Tensor::new(&[0f32, 4.0, 0.0], &Device::Cpu).unwrap().reshape((1, 1, 3, 1)).unwrap();
        let y = upsample2x(&x).unwrap();
        assert_eq!(y.dims(), [1, 2, 6, 1]);
        let line = [0.0, 1.0, 3.0, 3.0, 1.0, 0.0];
        assert_eq!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap(), [line, line].concat());
    }
}
