//! The matrix product behind every convolution and linear layer: `out = activation(rows W + bias) + residual`.
//!
//! `W` is packed once into panels two registers wide; `rows` are read where they lie (a convolution's rows overlap,
//! or are gathered a block at a time). A tile of `TILE_ROWS` x 2 registers stays in registers while it runs along a
//! block of the inner dimension; bias, activation and residual are applied to the tile while it is in the first
//! cache, so that a layer passes over memory once.

use rayon::prelude::*;

use super::Output;
use super::activation::{Activation, apply_in};
use super::lanes::{Lanes, Level, Portable, level, multiversion};

/// Inner dimension of one block: a panel's block (at most 32 KB) stays in the first cache.
const BLOCK_INNER: usize = 256;
/// Rows of one block, a multiple of [`TALLEST_TILE`]: with `BLOCK_INNER` a quarter megabyte, half a second cache.
const BLOCK_ROWS: usize = 240;
/// Rows of the tallest tile, a multiple of every `TILE_ROWS`.
const TALLEST_TILE: usize = 12;
/// How far apart the rows of a copied block lie: not a power of two, or they would share cache sets.
const COPY_STRIDE: usize = BLOCK_INNER + 16;
/// From this many panels on a block is copied before it is multiplied. A copy's rows lie at distances known to the
/// compiler and never collide in the cache, which repays it when it is read that often.
const PANELS_WORTH_A_COPY: usize = 3;
/// Multiplications that make a task worth handing to another thread.
const TASK_PRODUCTS: usize = 1 << 20;

/// A constant matrix `[inner, columns]` in the order in which the product reads it.
pub(super) struct PackedMatrix {
    inner: usize,
    columns: usize,
    /// Panel by panel, each `inner` lines of `panel_width()` columns, zeros beyond the last column.
    lines: Vec<CacheLine>,
}

/// Sixteen numbers at an address that a whole register can be loaded from.
#[derive(Clone, Copy)]
#[repr(align(64))]
#[expect(dead_code, reason = "all lines are read as one run of numbers, through a pointer")]
struct CacheLine([f32; 16]);

impl PackedMatrix {
    /// From row-major `[inner, columns]`.
    pub(super) fn new(values: &[f32], inner: usize, columns: usize) -> PackedMatrix {
        PackedMatrix::from_strided(values, inner, columns, columns, 1)
    }

    /// The element at `(k, column)` is `values[k * inner_stride + column * column_stride]`.
    pub(super) fn from_strided(
        values: &[f32],
        inner: usize,
        columns: usize,
        inner_stride: usize,
        column_stride: usize,
    ) -> PackedMatrix {
        let width = panel_width();
        let count = columns.div_ceil(width) * width * inner;
        let mut lines = vec![CacheLine([0.0; 16]); count.div_ceil(16)];
        // SAFETY: a slice of lines is a slice of sixteen times as many numbers.
        let packed = unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast::<f32>(), lines.len() * 16) };
        for (panel, packed) in packed[..count].chunks_exact_mut((width * inner).max(1)).enumerate() {
            let first = panel * width;
            let present = width.min(columns - first);
            for (k, packed) in packed.chunks_exact_mut(width).enumerate() {
                let from = k * inner_stride + first * column_stride;
                if column_stride == 1 {
                    packed[..present].copy_from_slice(&values[from..from + present]);
                } else {
                    for (column, packed) in packed[..present].iter_mut().enumerate() {
                        *packed = values[from + column * column_stride];
                    }
                }
            }
        }
        PackedMatrix { inner, columns, lines }
    }

    pub(super) fn inner(&self) -> usize {
        self.inner
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }
}

/// Columns of a panel: two registers.
fn panel_width() -> usize {
    match level() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => 2 * <std::arch::x86_64::__m512 as Lanes>::COUNT,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => 2 * <std::arch::x86_64::__m256 as Lanes>::COUNT,
        Level::Portable => 2 * Portable::COUNT,
    }
}

/// The left factor: row `i` of the product is row `i` of this, times the matrix.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    /// Row `i` starts at `i * stride`; rows may overlap.
    Strided { values: &'a [f32], stride: usize },
    /// Row `i` is the 3x3 neighbourhood of output position `i` of a picture `[height, width, channels]`, zeros
    /// outside it.
    Neighbourhoods { values: &'a [f32], height: usize, width: usize, channels: usize, stride: usize },
}

/// What happens to a product before it is stored.
#[derive(Clone, Copy)]
pub(super) struct Epilogue<'a> {
    /// One a column.
    pub bias: Option<&'a [f32]>,
    pub activation: Activation,
    /// Added last; the output's shape.
    pub residual: Option<&'a [f32]>,
}

impl Epilogue<'_> {
    pub(super) const NONE: Epilogue<'static> = Epilogue { bias: None, activation: Activation::None, residual: None };
}

/// Writes `count` rows of `matrix.columns()` numbers to `out`, `out_stride` apart; what `out` held is not looked at. The
/// residual, where there is one, has the same stride.
///
/// # Panics
/// Where `rows`, bias or residual are too short, and where rows of `out` would overlap: tasks write them at one time.
///
/// # Safety
/// For each of the `count` rows, `out` must be valid for reads and writes of the row's `matrix.columns()` numbers (a sum
/// that spans blocks of the inner dimension is read back), and nobody else may touch them meanwhile: they overlap
/// neither `rows` nor bias nor residual, and no other task reads or writes them. What lies between rows is not touched.
pub(super) unsafe fn multiply(
    rows: Rows,
    count: usize,
    matrix: &PackedMatrix,
    epilogue: &Epilogue,
    out: *mut f32,
    out_stride: usize,
) {
    let (inner, columns) = (matrix.inner, matrix.columns);
    rows.check(count, inner);
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == columns));
    assert!(epilogue.residual.is_none_or(|values| count == 0 || values.len() >= (count - 1) * out_stride + columns));
    if count == 0 || columns == 0 {
        return;
    }
    assert!(count == 1 || out_stride >= columns);
    let threads = rayon::current_num_threads();
    let products = count * inner.max(1) * columns;
    let tasks = (products / TASK_PRODUCTS).clamp(1, threads * 8);
    // Whole blocks of rows where there are enough of them, shorter ones otherwise; then columns too.
    let blocks = count.div_ceil(BLOCK_ROWS);
    let row_tasks = tasks.min(blocks);
    // Whole tiles, as even as that allows.
    let rows_each = count.div_ceil(row_tasks).next_multiple_of(TALLEST_TILE);
    let row_tasks = count.div_ceil(rows_each);
    let panels = columns.div_ceil(panel_width());
    let panels_each = panels.div_ceil((tasks / row_tasks).clamp(1, panels));
    let column_tasks = panels.div_ceil(panels_each);
    let out = Output(out);
    let run = |task: usize| {
        let (first_row, first_panel) = (task / column_tasks * rows_each, task % column_tasks * panels_each);
        let job = Job {
            rows,
            matrix,
            epilogue: *epilogue,
            first_row,
            last_row: (first_row + rows_each).min(count),
            first_panel,
            last_panel: (first_panel + panels_each).min(panels),
        };
        // SAFETY: tasks cover disjoint rows and columns of `out`, all of them within `count` rows and `columns`; rows,
        // bias and residual have been checked to reach as far.
        unsafe { work(&job, out.at(0), out_stride) }
    };
    match row_tasks * column_tasks {
        1 => run(0),
        tasks => (0..tasks).into_par_iter().for_each(run),
    }
}

/// A rectangle of the product.
struct Job<'a> {
    rows: Rows<'a>,
    matrix: &'a PackedMatrix,
    epilogue: Epilogue<'a>,
    first_row: usize,
    last_row: usize,
    first_panel: usize,
    last_panel: usize,
}

impl Rows<'_> {
    fn check(&self, count: usize, inner: usize) {
        match *self {
            Rows::Strided { values, stride } => {
                assert!(count == 0 || values.len() >= (count - 1) * stride + inner);
            }
            Rows::Neighbourhoods { values, height, width, channels, stride } => {
                assert_eq!(values.len(), height * width * channels);
                assert_eq!(count, height.div_ceil(stride) * width.div_ceil(stride));
                assert_eq!(inner, 9 * channels);
            }
        }
    }

    fn must_be_gathered(&self) -> bool {
        matches!(self, Rows::Neighbourhoods { .. })
    }

    /// Where element `k` of row `first` lies, and how far apart rows are.
    fn in_place(&self, first: usize, k: usize) -> (*const f32, usize) {
        match *self {
            Rows::Strided { values, stride } => (values[first * stride + k..].as_ptr(), stride),
            Rows::Neighbourhoods { .. } => unreachable!("neighbourhoods are gathered"),
        }
    }

    /// Copies elements `k..k + length` of rows `first..last` to `copy`, `COPY_STRIDE` apart.
    fn copy(&self, first: usize, last: usize, k: usize, length: usize, copy: &mut Vec<f32>) {
        copy.resize((last - first) * COPY_STRIDE, 0.0);
        for (row, copy) in (first..last).zip(copy.chunks_exact_mut(COPY_STRIDE)) {
            let copy = &mut copy[..length];
            match *self {
                Rows::Strided { values, stride } => copy.copy_from_slice(&values[row * stride + k..][..length]),
                Rows::Neighbourhoods { values, height, width, channels, stride } => {
                    let columns = width.div_ceil(stride);
                    let (top, left) = (row / columns * stride, row % columns * stride);
                    neighbourhood(values, (height, width, channels), (top, left), k, copy);
                }
            }
        }
    }
}

/// Elements `k..` of the neighbourhood around position `(top, left)`; zeros outside the picture.
fn neighbourhood(
    values: &[f32],
    (height, width, channels): (usize, usize, usize),
    (top, left): (usize, usize),
    mut k: usize,
    mut copy: &mut [f32],
) {
    while !copy.is_empty() {
        // The three positions of one picture row lie side by side.
        let (line, offset) = (k / (3 * channels), k % (3 * channels));
        let (run, rest) = copy.split_at_mut((3 * channels - offset).min(copy.len()));
        let y = top + line;
        if y == 0 || y > height {
            run.fill(0.0);
        } else {
            // The part of the run left of the picture, and where the picture ends.
            let before = if left == 0 { channels.saturating_sub(offset).min(run.len()) } else { 0 };
            let end = ((width + 1 - left).min(3) * channels).saturating_sub(offset).min(run.len()).max(before);
            run[..before].fill(0.0);
            if end > before {
                let from = ((y - 1) * width + left) * channels + offset + before - channels;
                run[before..end].copy_from_slice(&values[from..from + end - before]);
            }
            run[end..].fill(0.0);
        }
        k += run.len();
        copy = rest;
    }
}

multiversion! {
    /// # Safety
    /// The job's rectangle lies within the matrix and within rows that [`multiply`] has checked; `out` is as there.
    unsafe fn work(job: &Job, out: *mut f32, out_stride: usize) => work_in
}

#[inline(always)]
unsafe fn work_in<V: Lanes>(job: &Job, out: *mut f32, out_stride: usize) {
    let (inner, columns) = (job.matrix.inner, job.matrix.columns);
    let width = 2 * V::COUNT;
    let packed = job.matrix.lines.as_ptr().cast::<f32>();
    let panels = job.last_panel - job.first_panel;
    let mut scratch: Vec<f32> = Vec::new();
    let mut row = job.first_row;
    while row < job.last_row {
        let block_end = (row + BLOCK_ROWS).min(job.last_row);
        let mut k = 0;
        loop {
            let length = BLOCK_INNER.min(inner - k);
            let copied = panels >= PANELS_WORTH_A_COPY || job.rows.must_be_gathered();
            let (from, stride) = if copied {
                job.rows.copy(row, block_end, k, length, &mut scratch);
                (scratch.as_ptr(), COPY_STRIDE)
            } else {
                job.rows.in_place(row, k)
            };
            for panel in job.first_panel..job.last_panel {
                let column = panel * width;
                let present = width.min(columns - column);
                let mut tile = row;
                while tile < block_end {
                    let height = tile_height::<V>(block_end - tile);
                    // SAFETY: the tile lies within the job's rectangle: `height` rows of `from`, `length` numbers each,
                    // of which the copy has `block_end - row` and the rows themselves, checked, have more; `length`
                    // lines of a panel of the matrix; `present` numbers of `height` rows of `out`.
                    unsafe {
                        let part = Part {
                            from: from.add((tile - row) * stride),
                            stride,
                            panel: packed.add(panel * width * inner + k * width),
                            length,
                            out: out.add(tile * out_stride + column),
                            out_stride,
                            present,
                            first: k == 0,
                        };
                        if copied {
                            accumulate::<V, true>(&part, height);
                        } else {
                            accumulate::<V, false>(&part, height);
                        }
                        if k + length == inner {
                            finish::<V>(&job.epilogue, &part, height, tile, column);
                        }
                    }
                    tile += height;
                }
            }
            k += length;
            if k >= inner {
                break;
            }
        }
        row = block_end;
    }
}

/// Rows of the next tile when `left` remain.
#[inline(always)]
fn tile_height<V: Lanes>(left: usize) -> usize {
    // `accumulate` has tiles of these heights, and blocks and tasks are cut into whole ones.
    const { assert!(matches!(V::TILE_ROWS, 6 | 12) && TALLEST_TILE.is_multiple_of(V::TILE_ROWS)) };
    const { assert!(BLOCK_ROWS.is_multiple_of(TALLEST_TILE)) };
    if left >= V::TILE_ROWS {
        V::TILE_ROWS
    } else {
        [6, 4, 2, 1].into_iter().find(|&height| height <= left).unwrap_or(1)
    }
}

/// Numbers of the largest tile.
const LARGEST_TILE: usize = TALLEST_TILE * 32;

/// One tile of one block.
struct Part {
    from: *const f32,
    stride: usize,
    panel: *const f32,
    length: usize,
    out: *mut f32,
    out_stride: usize,
    /// Columns that exist.
    present: usize,
    /// Whether this is the first block of the inner dimension, which does not add to what `out` holds.
    first: bool,
}

/// `out (+)= rows times panel`, for a tile of a height that [`tile_height`] gives.
///
/// # Safety
/// `part` must have `height` rows of `length` numbers, `length` lines of a panel, and room for `height` rows of `present`
/// numbers, initialised unless `first`.
#[inline(always)]
unsafe fn accumulate<V: Lanes, const COPIED: bool>(part: &Part, height: usize) {
    // SAFETY: the contract is that of `tile`.
    unsafe {
        match (height, part.present > V::COUNT) {
            (12, true) => tile::<V, 12, 2, COPIED>(part),
            (12, false) => tile::<V, 12, 1, COPIED>(part),
            (6, true) => tile::<V, 6, 2, COPIED>(part),
            (6, false) => tile::<V, 6, 1, COPIED>(part),
            (4, true) => tile::<V, 4, 2, COPIED>(part),
            (4, false) => tile::<V, 4, 1, COPIED>(part),
            (2, true) => tile::<V, 2, 2, COPIED>(part),
            (2, false) => tile::<V, 2, 1, COPIED>(part),
            (1, true) => tile::<V, 1, 2, COPIED>(part),
            (1, false) => tile::<V, 1, 1, COPIED>(part),
            (height, _) => unreachable!("there is no tile of {height} rows"),
        }
    }
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "iterators over arrays of registers are not always unrolled")]
unsafe fn tile<V: Lanes, const HEIGHT: usize, const WIDTH: usize, const COPIED: bool>(part: &Part) {
    const { assert!(WIDTH <= 2 && HEIGHT * WIDTH * V::COUNT <= LARGEST_TILE) };
    // SAFETY: by `accumulate`'s contract `HEIGHT` rows of `length` numbers and as many lines of two registers can be read,
    // and `present` numbers of `HEIGHT` rows written: whole registers where that many are present, else by way of `whole`,
    // which has room for the tile.
    unsafe {
        let mut sums = [[V::splat(0.0); WIDTH]; HEIGHT];
        let stride = if COPIED { COPY_STRIDE } else { part.stride };
        let mut from = part.from;
        let mut panel = part.panel;
        for _ in 0..part.length {
            let mut weights = [V::splat(0.0); WIDTH];
            for register in 0..WIDTH {
                weights[register] = V::load(panel.add(register * V::COUNT));
            }
            for row in 0..HEIGHT {
                let value = V::splat(*from.add(row * stride));
                for register in 0..WIDTH {
                    sums[row][register] = value.mul_add(weights[register], sums[row][register]);
                }
            }
            from = from.add(1);
            panel = panel.add(2 * V::COUNT);
        }
        // Each of these loops is so plain that it is unrolled: an index into `sums` that is not a constant would force
        // the sums out of the registers, in the loop above too.
        if part.present >= WIDTH * V::COUNT {
            for row in 0..HEIGHT {
                for register in 0..WIDTH {
                    let out = part.out.add(row * part.out_stride + register * V::COUNT);
                    let before = if part.first { V::splat(0.0) } else { V::load(out) };
                    sums[row][register].add(before).store(out);
                }
            }
        } else {
            let mut whole = [0f32; LARGEST_TILE];
            for row in 0..HEIGHT {
                for register in 0..WIDTH {
                    sums[row][register].store(whole.as_mut_ptr().add((row * WIDTH + register) * V::COUNT));
                }
            }
            for (row, whole) in whole.chunks_exact(WIDTH * V::COUNT).take(HEIGHT).enumerate() {
                let out = part.out.add(row * part.out_stride);
                if part.first {
                    std::ptr::copy_nonoverlapping(whole.as_ptr(), out, part.present);
                } else {
                    add::<V>(out, whole.as_ptr(), part.present);
                }
            }
        }
    }
}

/// Bias, activation and residual of a tile, whose first element is `(row, column)` of the product.
///
/// # Safety
/// `part.out` must have `height` rows of `part.present` initialised numbers, and bias and residual what belongs to them.
#[inline(always)]
unsafe fn finish<V: Lanes>(epilogue: &Epilogue, part: &Part, height: usize, row: usize, column: usize) {
    // SAFETY: the contract; `out` is neither bias nor residual.
    unsafe {
        for line in 0..height {
            let out = part.out.add(line * part.out_stride);
            if let Some(bias) = epilogue.bias {
                add::<V>(out, bias.as_ptr().add(column), part.present);
            }
            apply_in::<V>(out, part.present, epilogue.activation);
            if let Some(residual) = epilogue.residual {
                add::<V>(out, residual.as_ptr().add((row + line) * part.out_stride + column), part.present);
            }
        }
    }
}

/// `to += from`.
///
/// # Safety
/// `count` numbers are at `to` and at `from`.
#[inline(always)]
unsafe fn add<V: Lanes>(to: *mut f32, from: *const f32, count: usize) {
    // SAFETY: whole registers end at or before `count`, and the last one takes what is left.
    unsafe {
        let mut at = 0;
        while at + V::COUNT <= count {
            V::load(to.add(at)).add(V::load(from.add(at))).store(to.add(at));
            at += V::COUNT;
        }
        if at < count {
            let lanes = count - at;
            V::load_first(to.add(at), lanes).add(V::load_first(from.add(at), lanes)).store_first(to.add(at), lanes);
        }
    }
}
