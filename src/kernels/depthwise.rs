//! Depthwise convolution, 3x3 with padding 1 and 5x5 with padding 2: each channel is filtered by itself.
//!
//! The forward kernel takes the taps of one register of channels and walks along the row, four output positions at a
//! time; bias and activation are applied before the store. Nine taps stay in registers, twenty-five where there are
//! thirty-two of them.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::activation::{Activation, Function, Gelu, HardSwish, Identity, LeakyRelu, Relu, Relu6, Silu, activate};
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
    filtered(x, taps, bias, Window { side: 3, stride }, activation)
}

/// As [`depthwise3x3`], with `taps` `[25, C]`.
pub fn depthwise5x5(
    x: &Tensor,
    taps: &Tensor,
    bias: Option<&Tensor>,
    stride: usize,
    activation: Activation,
) -> Result<Tensor> {
    filtered(x, taps, bias, Window { side: 5, stride }, activation)
}

/// What an output position sees of its channel.
#[derive(Clone, Copy)]
struct Window {
    /// 3 or [`LARGEST_SIDE`].
    side: usize,
    stride: usize,
}

const LARGEST_SIDE: usize = 5;

fn filtered(
    x: &Tensor,
    taps: &Tensor,
    bias: Option<&Tensor>,
    window: Window,
    activation: Activation,
) -> Result<Tensor> {
    expect_some("the stride", window.stride)?;
    let tracked = x.track_op() || taps.track_op() || bias.is_some_and(Tensor::track_op);
    if x.device().is_cpu() && !tracked {
        let bias = match bias {
            None => Tensor::zeros(taps.dim(1)?, taps.dtype(), taps.device())?,
            Some(bias) => bias.contiguous()?,
        };
        return x.contiguous()?.apply_op3_no_bwd(&taps.contiguous()?, &bias, &Forward { window, activation });
    }
    let y = if x.device().is_cpu() {
        x.contiguous()?.apply_op2(&taps.contiguous()?, Forward { window, activation: Activation::None })?
    } else {
        portable::depthwise(x, taps, window.side, window.stride)?
    };
    let y = match bias {
        None => y,
        Some(bias) => y.broadcast_add(bias)?,
    };
    activate(&y, activation)
}

struct Forward {
    window: Window,
    activation: Activation,
}

impl Forward {
    fn run(&self, x: &[f32], shape: &Shape, taps: &[f32], bias: Option<&[f32]>) -> Result<(CpuStorage, Shape)> {
        let picture = Picture::of(shape, self.window)?;
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
        "depthwise"
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
        let dx = gradient.apply_op2_no_bwd(&taps, &InputGradient { window: self.window, picture: x.dims4()? })?;
        Ok((Some(dx), Some(x.apply_op2_no_bwd(&gradient, &TapGradient { window: self.window })?)))
    }
}

impl CustomOp3 for Forward {
    fn name(&self) -> &'static str {
        "depthwise-fused"
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
    window: Window,
    picture: (usize, usize, usize, usize),
}

/// `(x, dy) -> dtaps`
struct TapGradient {
    window: Window,
}

impl CustomOp2 for InputGradient {
    fn name(&self) -> &'static str {
        "depthwise-input-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (dy, taps) = (values(s1, l1)?, values(s2, l2)?);
        let shape = Shape::from(self.picture);
        let picture = Picture::of(&shape, self.window)?;
        picture.expect_taps(taps)?;
        let channels = picture.channels;
        let mut dx = vec![0f32; shape.elem_count()];
        dx.par_chunks_mut((picture.width * channels).max(1)).enumerate().for_each(|(line, dx)| {
            let (index, y) = (line / picture.height, line % picture.height);
            // Row `r` of the output sees row `y` through tap row `y + reach - r stride`.
            for tap_row in 0..picture.side {
                let Some(row) = picture.output_at(y, tap_row, picture.rows) else { continue };
                let dy = &dy[(index * picture.rows + row) * picture.columns * channels..];
                for x in 0..picture.width {
                    for tap_column in 0..picture.side {
                        let Some(column) = picture.output_at(x, tap_column, picture.columns) else { continue };
                        let taps = &taps[(tap_row * picture.side + tap_column) * channels..][..channels];
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
        "depthwise-tap-gradient"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, dy) = (values(s1, l1)?, values(s2, l2)?);
        let picture = Picture::of(l1.shape(), self.window)?;
        let channels = picture.channels;
        // One sum a picture, added up in order: the same result whatever the number of threads.
        let sums: Vec<Vec<f32>> = (0..picture.batch * picture.rows)
            .into_par_iter()
            .map(|line| {
                let (index, row) = (line / picture.rows, line % picture.rows);
                let dy = &dy[line * picture.columns * channels..];
                let mut sums = vec![0f32; picture.taps() * channels];
                for tap in 0..picture.taps() {
                    let (tap_row, tap_column) = (tap / picture.side, tap % picture.side);
                    let Some(y) = picture.input_at(row, tap_row, picture.height) else { continue };
                    let x = &x[(index * picture.height + y) * picture.width * channels..];
                    let sums = &mut sums[tap * channels..][..channels];
                    for column in 0..picture.columns {
                        let Some(position) = picture.input_at(column, tap_column, picture.width) else { continue };
                        let (x, dy) = (&x[position * channels..][..channels], &dy[column * channels..][..channels]);
                        // SAFETY: the three slices have `channels` values.
                        unsafe { add_product(sums.as_mut_ptr(), x.as_ptr(), dy.as_ptr(), channels) }
                    }
                }
                sums
            })
            .collect();
        let mut total = vec![0f32; picture.taps() * channels];
        for sums in sums {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        Ok((CpuStorage::F32(total), (picture.taps(), channels).into()))
    }
}

/// Sizes of a picture and of its filtered output.
struct Picture {
    batch: usize,
    height: usize,
    width: usize,
    channels: usize,
    side: usize,
    stride: usize,
    rows: usize,
    columns: usize,
}

impl Picture {
    fn of(shape: &Shape, Window { side, stride }: Window) -> Result<Picture> {
        let (batch, height, width, channels) = shape.dims4()?;
        let (rows, columns) = (height.div_ceil(stride), width.div_ceil(stride));
        Ok(Picture { batch, height, width, channels, side, stride, rows, columns })
    }

    fn taps(&self) -> usize {
        self.side * self.side
    }

    /// Positions that an output position sees to either side of its own: the padding.
    fn reach(&self) -> usize {
        self.side / 2
    }

    fn expect_taps(&self, taps: &[f32]) -> Result<()> {
        if taps.len() != self.taps() * self.channels {
            candle_core::bail!("{} taps do not fit {} channels", taps.len(), self.channels);
        }
        Ok(())
    }

    /// The input lines that output line `index` (counted over the batch) sees, `side` of them; `zeros` beyond the edges.
    fn lines(&self, x: &[f32], zeros: &[f32], index: usize) -> [*const f32; LARGEST_SIDE] {
        let (picture, row) = (index / self.rows, index % self.rows);
        std::array::from_fn(|tap| match self.input_at(row, tap, self.height) {
            Some(y) if tap < self.side => x[(picture * self.height + y) * self.width * self.channels..].as_ptr(),
            _ => zeros.as_ptr(),
        })
    }

    /// The input position below `limit` that output position `at` sees through `tap`.
    fn input_at(&self, at: usize, tap: usize, limit: usize) -> Option<usize> {
        (at * self.stride + tap).checked_sub(self.reach()).filter(|&position| position < limit)
    }

    /// The output position below `limit` that sees input position `position` through `tap`.
    fn output_at(&self, position: usize, tap: usize, limit: usize) -> Option<usize> {
        let at = (position + self.reach()).checked_sub(tap)?;
        (at % self.stride == 0 && at / self.stride < limit).then_some(at / self.stride)
    }
}

/// One output line of a picture `[.., width, channels]`: `side` input lines of `width` positions, the taps and a bias for
/// each channel, `columns` positions of output.
struct Row<'a> {
    lines: [*const f32; LARGEST_SIDE],
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
        match row.picture.side {
            3 => filter_side::<V, 3>(row),
            _ => filter_side::<V, LARGEST_SIDE>(row),
        }
    }
}

/// As [`filter_row`], with the side known to the compiler.
#[inline(always)]
unsafe fn filter_side<V: Lanes, const SIDE: usize>(row: &Row) {
    // SAFETY: the contract of each is this one's.
    unsafe {
        match row.activation {
            Activation::None => filter::<V, Identity, SIDE>(row),
            Activation::Silu => filter::<V, Silu, SIDE>(row),
            Activation::Gelu => filter::<V, Gelu, SIDE>(row),
            Activation::Relu => filter::<V, Relu, SIDE>(row),
            Activation::Relu6 => filter::<V, Relu6, SIDE>(row),
            Activation::LeakyRelu => filter::<V, LeakyRelu, SIDE>(row),
            Activation::HardSwish => filter::<V, HardSwish, SIDE>(row),
        }
    }
}

/// As [`filter_row`], with side and activation known to the compiler.
#[inline(always)]
unsafe fn filter<V: Lanes, F: Function, const SIDE: usize>(row: &Row) {
    let Picture { width, channels, stride, columns, .. } = *row.picture;
    let reach = SIDE / 2;
    // Columns before the first see positions left of the line, those from the second on some right of it.
    let first_inside = reach.div_ceil(stride).min(columns);
    let inside = (width.saturating_sub(reach + 1) / stride + 1).min(columns);
    let mut channel = 0;
    while channel < channels {
        let present = V::COUNT.min(channels - channel);
        // SAFETY: `channel + present <= channels`; a whole register is loaded only where `present` is one. Where a line is
        // too short for any column to be inside, `inside` is 1 and `first_inside` no less.
        unsafe {
            let zero = V::splat(0.0);
            let mut filter = Filter { taps: [[zero; SIDE]; SIDE], bias: zero, lines: [row.taps; SIDE], channels };
            for line in 0..SIDE {
                for tap in 0..SIDE {
                    let at = row.taps.add((line * SIDE + tap) * channels + channel);
                    filter.taps[line][tap] = V::load_mostly(at, present);
                }
                filter.lines[line] = row.lines[line].add(channel);
            }
            if !row.bias.is_null() {
                filter.bias = V::load_mostly(row.bias.add(channel), present);
            }
            let out = row.out.add(channel);
            let mut column = 0;
            while column < first_inside {
                F::of(filter.at_edge(column, width, stride, present)).store_mostly(out.add(column * channels), present);
                column += 1;
            }
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
                F::of(filter.at_edge(column, width, stride, present)).store_mostly(out.add(column * channels), present);
                column += 1;
            }
        }
        channel += present;
    }
}

/// One register of channels: `lines` point to its first channel at position 0.
struct Filter<V, const SIDE: usize> {
    /// Line by line.
    taps: [[V; SIDE]; SIDE],
    bias: V,
    lines: [*const f32; SIDE],
    channels: usize,
}

impl<V: Lanes, const SIDE: usize> Filter<V, SIDE> {
    const REACH: usize = SIDE / 2;

    /// Output columns `column..column + 4` at stride 1: each position of a line is used up to four times.
    ///
    /// # Safety
    /// Positions `column - REACH..column + 4 + REACH` exist, with a whole register of channels.
    #[inline(always)]
    unsafe fn four(&self, column: usize) -> [V; 4] {
        let mut sums = [self.bias; 4];
        for line in 0..SIDE {
            for position in 0..SIDE + 3 {
                // SAFETY: the contract.
                unsafe {
                    let x = V::load(self.lines[line].add((column + position - Self::REACH) * self.channels));
                    for (at, sum) in sums.iter_mut().enumerate() {
                        if position >= at && position - at < SIDE {
                            *sum = x.mul_add(self.taps[line][position - at], *sum);
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
    /// Positions `middle - REACH..=middle + REACH` exist, with a whole register of channels.
    #[inline(always)]
    unsafe fn one(&self, middle: usize) -> V {
        let mut sum = self.bias;
        for line in 0..SIDE {
            for tap in 0..SIDE {
                // SAFETY: the contract.
                unsafe {
                    let x = V::load(self.lines[line].add((middle + tap - Self::REACH) * self.channels));
                    sum = x.mul_add(self.taps[line][tap], sum);
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
        for line in 0..SIDE {
            for tap in 0..SIDE {
                let position = column * stride + tap;
                if (Self::REACH..width + Self::REACH).contains(&position) {
                    // SAFETY: `position - REACH < width`.
                    unsafe {
                        let at = self.lines[line].add((position - Self::REACH) * self.channels);
                        sum = V::load_mostly(at, present).mul_add(self.taps[line][tap], sum);
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

    type Depthwise = fn(&Tensor, &Tensor, Option<&Tensor>, usize, Activation) -> Result<Tensor>;

    const SIDES: [(usize, Depthwise); 2] = [(3, depthwise3x3), (5, depthwise5x5)];

    /// candle's own grouped convolution, channels last.
    fn reference(x: &Tensor, taps: &Tensor, side: usize, stride: usize) -> Tensor {
        let channels = taps.dim(1).unwrap();
        let weight = taps.t().unwrap().reshape((channels, 1, side, side)).unwrap();
        let x = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
        x.conv2d(&weight, side / 2, stride, 1, channels).unwrap().permute((0, 2, 3, 1)).unwrap().contiguous().unwrap()
    }

    #[test]
    fn values_are_candles_with_bias_and_activation() {
        for ((height, width, channels, stride), (side, depthwise)) in
            SIZES.into_iter().flat_map(|a| SIDES.map(|b| (a, b)))
        {
            let (x, taps) = (random(&[2, height, width, channels], 1), random(&[side * side, channels], 2));
            let bias = random(&[channels], 3);
            let ours = depthwise(&x, &taps, Some(&bias), stride, Activation::Silu).unwrap();
            let expected = reference(&x, &taps, side, stride);
            assert_close(&ours, &expected.broadcast_add(&bias).unwrap().silu().unwrap(), 1e-5);
            assert_close(&portable::depthwise(&x, &taps, side, stride).unwrap(), &expected, 1e-5);
        }
    }

    #[test]
    fn gradients_are_candles() {
        for ((height, width, channels, stride), (side, depthwise)) in
            SIZES.into_iter().flat_map(|a| SIDES.map(|b| (a, b)))
        {
            let x = Var::from_tensor(&random(&[2, height, width, channels], 1)).unwrap();
            let taps = Var::from_tensor(&random(&[side * side, channels], 2)).unwrap();
            let bias = Var::from_tensor(&random(&[channels], 3)).unwrap();
            let ours = depthwise(&x, &taps, Some(&bias), stride, Activation::Silu).unwrap();
            let theirs = portable::depthwise(&x, &taps, side, stride).unwrap();
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
