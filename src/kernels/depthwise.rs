//! Depthwise 3x3 convolution with padding 1: each channel is filtered by itself.
//!
//! The forward kernel keeps the nine taps of one register of channels in registers and walks along the row, four
//! output positions at a time; bias and activation are applied before the store.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::activation::{Activation, Function, Gelu, Identity, Relu, Relu6, Silu, activate};
use super::lanes::{Lanes, multiversion};
use super::{expect_some, new_values, portable, values};

/// `x` `[B, H, W, C]`, `taps` `[9, C]`, `bias` `[C]` -> `activation(..)` `[B, H', W', C]`; differentiable with
/// respect to all three.
pub fn depthwise3x3(
    x: &Tensor,
    taps: &Tensor,
    bias: Option<&Tensor>,
    stride: usize,
    activation: Activation,
) -> Result<Tensor> {
    expect_some("the stride", stride)?;
    let tracked = x.track_op() || taps.track_op() || bias.is_some_and(Tensor::track_op);
    if x.device().is_cpu() && !tracked {
        let bias = match bias {
            None => Tensor::zeros(taps.dim(1)?, taps.dtype(), taps.device())?,
            Some(bias) => bias.contiguous()?,
        };
        return x.contiguous()?.apply_op3_no_bwd(&taps.contiguous()?, &bias, &Forward { stride, activation });
    }
    let y = if x.device().is_cpu() {
        x.contiguous()?.apply_op2(&taps.contiguous()?, Forward { stride, activation: Activation::None })?
    } else {
        portable::depthwise3x3(x, taps, stride)?
    };
    let y = match bias {
        None => y,
        Some(bias) => y.broadcast_add(bias)?,
    };
    activate(&y, activation)
}

struct Forward {
    stride: usize,
    activation: Activation,
}

impl Forward {
    fn run(&self, x: &[f32], shape: &Shape, taps: &[f32], bias: Option<&[f32]>) -> Result<(CpuStorage, Shape)> {
        let picture = Picture::of(shape, self.stride)?;
        picture.expect_taps(taps)?;
        let line = picture.columns * picture.channels;
        let count = picture.batch * picture.rows * line;
        let mut out = new_values(count);
        let zeros = vec![0f32; picture.width * picture.channels];
        out.spare_capacity_mut()[..count].par_chunks_mut(line.max(1)).enumerate().for_each(|(index, out)| {
            let job = Row {
                lines: picture.lines(x, &zeros, index),
                taps: taps.as_ptr(),
                bias: bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
                out: out.as_mut_ptr().cast(),
                picture: &picture,
                activation: self.activation,
            };
            // SAFETY: by the picture's sizes, which `x`, taps and `out` were checked against or made for.
            unsafe { filter_row(&job) }
        });
        // SAFETY: every line was written.
        unsafe { out.set_len(count) };
        Ok((CpuStorage::F32(out), (picture.batch, picture.rows, picture.columns, picture.channels).into()))
    }
}

impl CustomOp2 for Forward {
    fn name(&self) -> &'static str {
        "depthwise-3x3"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        self.run(values(s1, l1)?, l1.shape(), values(s2, l2)?, None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        taps: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (x, taps, gradient) = (x.contiguous()?, taps.contiguous()?, gradient.contiguous()?);
        let dx = gradient.apply_op2_no_bwd(&taps, &InputGradient { stride: self.stride, picture: x.dims4()? })?;
        Ok((Some(dx), Some(x.apply_op2_no_bwd(&gradient, &TapGradient { stride: self.stride })?)))
    }
}

impl CustomOp3 for Forward {
    fn name(&self) -> &'static str {
        "depthwise-3x3-fused"
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
        let bias = values(s3, l3)?;
        if bias.len() != l1.shape().dims4()?.3 {
            candle_core::bail!("a bias of {} values does not fit {:?}", bias.len(), l1.shape());
        }
        self.run(values(s1, l1)?, l1.shape(), values(s2, l2)?, Some(bias))
    }
}

/// `(dy, taps) -> dx`
struct InputGradient {
    stride: usize,
    picture: (usize, usize, usize, usize),
}

/// `(x, dy) -> dtaps`
struct TapGradient {
    stride: usize,
}

impl CustomOp2 for InputGradient {
    fn name(&self) -> &'static str {
        "depthwise-3x3-input-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (dy, taps) = (values(s1, l1)?, values(s2, l2)?);
        let shape = Shape::from(self.picture);
        let picture = Picture::of(&shape, self.stride)?;
        picture.expect_taps(taps)?;
        let channels = picture.channels;
        let mut dx = vec![0f32; shape.elem_count()];
        dx.par_chunks_mut((picture.width * channels).max(1)).enumerate().for_each(|(line, dx)| {
            let (index, y) = (line / picture.height, line % picture.height);
            // Row `r` of the output sees row `y` through tap row `y + 1 - r stride`.
            for tap_row in 0..3 {
                let Some(row) = picture.output_at(y + 1, tap_row, picture.rows) else { continue };
                let dy = &dy[(index * picture.rows + row) * picture.columns * channels..];
                for x in 0..picture.width {
                    for tap_column in 0..3 {
                        let Some(column) = picture.output_at(x + 1, tap_column, picture.columns) else { continue };
                        let taps = &taps[(tap_row * 3 + tap_column) * channels..][..channels];
                        let dy = &dy[column * channels..][..channels];
                        let dx = &mut dx[x * channels..][..channels];
                        // SAFETY: the three slices have `channels` values.
                        unsafe { add_product(dx.as_mut_ptr(), dy.as_ptr(), taps.as_ptr(), channels) }
                    }
                }
            }
        });
        Ok((CpuStorage::F32(dx), shape))
    }
}

impl CustomOp2 for TapGradient {
    fn name(&self) -> &'static str {
        "depthwise-3x3-tap-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, dy) = (values(s1, l1)?, values(s2, l2)?);
        let picture = Picture::of(l1.shape(), self.stride)?;
        let channels = picture.channels;
        // One sum a picture, added up in order: the same result whatever the number of threads.
        let sums: Vec<Vec<f32>> = (0..picture.batch * picture.rows)
            .into_par_iter()
            .map(|line| {
                let (index, row) = (line / picture.rows, line % picture.rows);
                let dy = &dy[line * picture.columns * channels..];
                let mut sums = vec![0f32; 9 * channels];
                for tap in 0..9 {
                    let Some(y) = picture.input_at(row, tap / 3, picture.height) else { continue };
                    let x = &x[(index * picture.height + y) * picture.width * channels..];
                    let sums = &mut sums[tap * channels..][..channels];
                    for column in 0..picture.columns {
                        let Some(position) = picture.input_at(column, tap % 3, picture.width) else { continue };
                        let (x, dy) = (&x[position * channels..][..channels], &dy[column * channels..][..channels]);
                        // SAFETY: the three slices have `channels` values.
                        unsafe { add_product(sums.as_mut_ptr(), x.as_ptr(), dy.as_ptr(), channels) }
                    }
                }
                sums
            })
            .collect();
        let mut total = vec![0f32; 9 * channels];
        for sums in sums {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        Ok((CpuStorage::F32(total), (9, channels).into()))
    }
}

/// Sizes of a picture and of its filtered output.
struct Picture {
    batch: usize,
    height: usize,
    width: usize,
    channels: usize,
    stride: usize,
    rows: usize,
    columns: usize,
}

impl Picture {
    fn of(shape: &Shape, stride: usize) -> Result<Picture> {
        let (batch, height, width, channels) = shape.dims4()?;
        let (rows, columns) = (height.div_ceil(stride), width.div_ceil(stride));
        Ok(Picture { batch, height, width, channels, stride, rows, columns })
    }

    fn expect_taps(&self, taps: &[f32]) -> Result<()> {
        if taps.len() != 9 * self.channels {
            candle_core::bail!("{} taps do not fit {} channels", taps.len(), self.channels);
        }
        Ok(())
    }

    /// The three input lines that output line `index` (counted over the batch) sees; `zeros` beyond the edges.
    fn lines(&self, x: &[f32], zeros: &[f32], index: usize) -> [*const f32; 3] {
        let (picture, row) = (index / self.rows, index % self.rows);
        std::array::from_fn(|tap| match self.input_at(row, tap, self.height) {
            Some(y) => x[(picture * self.height + y) * self.width * self.channels..].as_ptr(),
            None => zeros.as_ptr(),
        })
    }

    /// The input position below `limit` that output position `at` sees through `tap`.
    fn input_at(&self, at: usize, tap: usize, limit: usize) -> Option<usize> {
        (at * self.stride + tap).checked_sub(1).filter(|&position| position < limit)
    }

    /// The output position below `limit` that sees the input at `padded - 1` through `tap`.
    fn output_at(&self, padded: usize, tap: usize, limit: usize) -> Option<usize> {
        let at = padded.checked_sub(tap)?;
        (at % self.stride == 0 && at / self.stride < limit).then_some(at / self.stride)
    }
}

/// One output line of a picture `[.., width, channels]`: three input lines of `width` positions, nine taps and a bias for
/// each channel, `columns` positions of output.
struct Row<'a> {
    lines: [*const f32; 3],
    taps: *const f32,
    /// Null for none.
    bias: *const f32,
    out: *mut f32,
    picture: &'a Picture,
    activation: Activation,
}

multiversion! {
    /// # Safety
    /// The pointers are to as much as [`Row`] says, and `out` is apart from the others.
    unsafe fn filter_row(row: &Row) => filter_row_in
}

#[inline(always)]
unsafe fn filter_row_in<V: Lanes>(row: &Row) {
    // SAFETY: the contract of each is this one's.
    unsafe {
        match row.activation {
            Activation::None => filter::<V, Identity>(row),
            Activation::Silu => filter::<V, Silu>(row),
            Activation::Gelu => filter::<V, Gelu>(row),
            Activation::Relu => filter::<V, Relu>(row),
            Activation::Relu6 => filter::<V, Relu6>(row),
        }
    }
}

/// As [`filter_row`], with the activation known to the compiler.
#[inline(always)]
unsafe fn filter<V: Lanes, F: Function>(row: &Row) {
    let Picture { width, channels, stride, columns, .. } = *row.picture;
    // Columns before this one see no position right of the last.
    let inside = (width.saturating_sub(2) / stride + 1).min(columns).max(1);
    let mut channel = 0;
    while channel < channels {
        let present = V::COUNT.min(channels - channel);
        // SAFETY: `channel + present <= channels`; a whole register is loaded only where `present` is one, at columns
        // 1..inside, which see three existing positions.
        unsafe {
            let mut filter = Filter { taps: [V::splat(0.0); 9], bias: V::splat(0.0), lines: row.lines, channels };
            for tap in 0..9 {
                filter.taps[tap] = V::load_first(row.taps.add(tap * channels + channel), present);
            }
            if !row.bias.is_null() {
                filter.bias = V::load_first(row.bias.add(channel), present);
            }
            for line in 0..3 {
                filter.lines[line] = row.lines[line].add(channel);
            }
            let out = row.out.add(channel);
            F::of(filter.at_edge(0, width, stride, present)).store_first(out, present);
            let mut column = 1;
            if present == V::COUNT {
                while stride == 1 && column + 4 <= inside {
                    let sums = filter.four(column);
                    F::of(sums[0]).store(out.add(column * channels));
                    F::of(sums[1]).store(out.add((column + 1) * channels));
                    F::of(sums[2]).store(out.add((column + 2) * channels));
                    F::of(sums[3]).store(out.add((column + 3) * channels));
                    column += 4;
                }
                while column < inside {
                    F::of(filter.one(column * stride)).store(out.add(column * channels));
                    column += 1;
                }
            }
            while column < columns {
                F::of(filter.at_edge(column, width, stride, present)).store_first(out.add(column * channels), present);
                column += 1;
            }
        }
        channel += present;
    }
}

/// One register of channels: `lines` point to its first channel at position 0.
struct Filter<V> {
    taps: [V; 9],
    bias: V,
    lines: [*const f32; 3],
    channels: usize,
}

impl<V: Lanes> Filter<V> {
    /// Output columns `column..column + 4` at stride 1: six positions of each line, each used up to three times.
    ///
    /// # Safety
    /// Positions `column - 1..column + 5` exist, with a whole register of channels.
    #[inline(always)]
    unsafe fn four(&self, column: usize) -> [V; 4] {
        let mut sums = [self.bias; 4];
        for line in 0..3 {
            for position in 0..6 {
                // SAFETY: the contract.
                unsafe {
                    let x = V::load(self.lines[line].add((column - 1 + position) * self.channels));
                    for (at, sum) in sums.iter_mut().enumerate() {
                        if position >= at && position - at < 3 {
                            *sum = x.mul_add(self.taps[line * 3 + position - at], *sum);
                        }
                    }
                }
            }
        }
        sums
    }

    /// The output whose middle tap sees position `middle`.
    ///
    /// # Safety
    /// Positions `middle - 1..middle + 2` exist, with a whole register of channels.
    #[inline(always)]
    unsafe fn one(&self, middle: usize) -> V {
        let mut sum = self.bias;
        for line in 0..3 {
            for tap in 0..3 {
                // SAFETY: the contract.
                unsafe {
                    let x = V::load(self.lines[line].add((middle - 1 + tap) * self.channels));
                    sum = x.mul_add(self.taps[line * 3 + tap], sum);
                }
            }
        }
        sum
    }

    /// Any output column, with as many channels as there are, and only the taps inside the line.
    ///
    /// # Safety
    /// Each line has `width` positions with `present` channels.
    #[inline(always)]
    unsafe fn at_edge(&self, column: usize, width: usize, stride: usize, present: usize) -> V {
        let mut sum = self.bias;
        for line in 0..3 {
            for tap in 0..3 {
                let position = column * stride + tap;
                if position >= 1 && position <= width {
                    // SAFETY: `position - 1 < width`.
                    unsafe {
                        let x = V::load_first(self.lines[line].add((position - 1) * self.channels), present);
                        sum = x.mul_add(self.taps[line * 3 + tap], sum);
                    }
                }
            }
        }
        sum
    }
}

multiversion! {
    /// `sum += a * b`, element by element.
    ///
    /// # Safety
    /// `count` numbers are at each of the three, and `sum` is apart from the others.
    unsafe fn add_product(sum: *mut f32, a: *const f32, b: *const f32, count: usize) => add_product_in
}

#[inline(always)]
unsafe fn add_product_in<V: Lanes>(sum: *mut f32, a: *const f32, b: *const f32, count: usize) {
    // SAFETY: whole registers end at or before `count`, and the last one takes what is left.
    unsafe {
        let mut at = 0;
        while at + V::COUNT <= count {
            V::load(a.add(at)).mul_add(V::load(b.add(at)), V::load(sum.add(at))).store(sum.add(at));
            at += V::COUNT;
        }
        if at < count {
            let rest = count - at;
            let product = V::load_first(a.add(at), rest);
            let product = product.mul_add(V::load_first(b.add(at), rest), V::load_first(sum.add(at), rest));
            product.store_first(sum.add(at), rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::*;

    const SIZES: [(usize, usize, usize, usize); 8] = [
        (8, 8, 16, 1),
        (8, 8, 16, 2),
        (7, 9, 5, 1),
        (7, 9, 37, 2),
        (1, 1, 3, 1),
        (2, 1, 3, 2),
        (3, 2, 20, 1),
        (4, 13, 32, 1),
    ];

    /// candle's own grouped convolution, channels last.
    fn reference(x: &Tensor, taps: &Tensor, stride: usize) -> Tensor {
        let channels = taps.dim(1).unwrap();
        let weight = taps.t().unwrap().reshape((channels, 1, 3, 3)).unwrap();
        let x = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        x.conv2d(&weight, 1, stride, 1, channels).unwrap().permute((0, 2, 3, 1)).unwrap().contiguous().unwrap()
    }

    #[test]
    fn values_are_candles_with_bias_and_activation() {
        for (height, width, channels, stride) in SIZES {
            let (x, taps) = (random(&[2, height, width, channels], 1), random(&[9, channels], 2));
            let bias = random(&[channels], 3);
            let ours = depthwise3x3(&x, &taps, Some(&bias), stride, Activation::Silu).unwrap();
            let theirs = reference(&x, &taps, stride).broadcast_add(&bias).unwrap().silu().unwrap();
            assert_close(&ours, &theirs, 1e-5);
            let composed = portable::depthwise3x3(&x, &taps, stride).unwrap();
            assert_close(&composed, &reference(&x, &taps, stride), 1e-5);
        }
    }

    #[test]
    fn gradients_are_candles() {
        for (height, width, channels, stride) in SIZES {
            let x = Var::from_tensor(&random(&[2, height, width, channels], 1)).unwrap();
            let taps = Var::from_tensor(&random(&[9, channels], 2)).unwrap();
            let bias = Var::from_tensor(&random(&[channels], 3)).unwrap();
            let ours = depthwise3x3(&x, &taps, Some(&bias), stride, Activation::Silu).unwrap();
            let theirs = portable::depthwise3x3(&x, &taps, stride).unwrap();
            let theirs = theirs.broadcast_add(&bias).unwrap().silu().unwrap();
            let share = random(ours.dims(), 4);
            let gradients = |y: &Tensor| (y * &share).unwrap().sum_all().unwrap().backward().unwrap();
            let (ours, theirs) = (gradients(&ours), gradients(&theirs));
            for variable in [&x, &taps, &bias] {
                assert_close(ours.get(variable).unwrap(), theirs.get(variable).unwrap(), 1e-5);
            }
        }
    }
}
