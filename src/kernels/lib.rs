//! The arithmetic of small networks on the CPU, on channels-last tensors.
//!
//! Here are kernels of our own, several times as fast as candle's convolutions; on other devices each is the
//! composition of candle's operations in [`portable`], which is also what the kernels are checked against. The
//! functions differentiate with respect to every tensor that they take; only [`Matrix::Packed`], which is for
//! inference, does not.
//!
//! | function | in -> out |
//! |---|---|
//! | [`linear`] | `[.., K]` -> `[.., N]` |
//! | [`conv3x3`], [`depthwise3x3`], [`depthwise5x5`], [`max_pool3x3`] | `[B, H, W, C]` -> `[B, ceil(H / stride), ceil(W / stride), C']` |
//! | [`upsample2x`], [`downsample2x`] | `[B, H, W, C]` -> `[B, 2 H, 2 W, C]`, `[B, H / 2, W / 2, C]` |
//! | [`channel_means`], [`scale_channels`] | `[B, .., C]` -> `[B, C]`; with `[B, C]` -> the same |
//! | [`interleave`] | `[.., C]` twice -> `[.., 2 C]` |
//! | [`conv1d`] | `[B, L, C]` -> `[B, (L - taps) / stride + 1, C']` |
//! | [`attention`] | three `[B, N, D]` -> `[B, N, D]` |
//! | [`to_patches`], [`from_patches`] | `[B, H, W, C]` <-> `[B p^2, H W / p^2, C]` |
//! | [`layer_norm`], [`channel_norm`], [`softmax`], [`activate`] | any -> the same |
//!
//! # What does not exist here
//!
//! - No other crate of this workspace: no network, no weights, no file, nothing of what the numbers mean.
//! - No element of a result that is read before it was written, and no access past the end of a tensor: what an
//!   `unsafe` block relies on stands beside it, and `tests/random_shapes.rs` runs all of them under a sanitizer.
//! - No panic over sizes: a tensor without elements gives one without elements, and sizes that do not fit are an error.
//! - No other floating-point mode than Rust takes for granted, on any thread. Denormal numbers, with which a processor
//!   takes up to two hundred times as long, do not arise from others here: an exponential ends at 2^-90. Tensors that are
//!   given with numbers below 1e-37 in them are as slow as that.
//!
//! # Registers
//!
//! Each kernel is compiled for AVX-512, for AVX2 with FMA and for registers of four numbers in plain Rust, and the widest
//! that the processor has are taken, once a process. The environment variable `AVAR_SIMD` (`avx2`, `portable`) asks for
//! less; [`simd_level`] says what was taken. Levels differ in the last bits of their results; on one level, results are
//! the same bits each time.

mod activation;
mod attention;
mod channel_norm;
mod dense;
mod depthwise;
mod lanes;
mod linear;
mod maps;
mod neighbourhoods;
mod norm;
mod packed;
mod patches;
pub mod portable;
mod speech;
mod strided;
mod temporal;
mod threads;

pub use activation::{Activation, activate};
pub use attention::attention;
pub use channel_norm::{ChannelMoments, channel_norm};
pub use depthwise::{depthwise3x3, depthwise5x5};
pub use lanes::simd_level;
pub use linear::{Matrix, Packed, conv1d, conv3x3, linear};
pub use maps::{channel_means, downsample2x, interleave, max_pool3x3, scale_channels, upsample2x};
pub use norm::{layer_norm, softmax};
pub use patches::{from_patches, to_patches};
pub use speech::{FittedConv, GroupedConv, NormalisedConv};
pub use threads::{on_compute_threads, on_threads_of_its_own};

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

/// The numbers of a contiguous 32-bit tensor.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let all = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&all[start..end]),
        None => candle_core::bail!("a kernel was given a tensor that is not contiguous"),
    }
}

/// Hands the numbers of a contiguous 32-bit tensor on the CPU to `read`.
fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(read(values(storage, layout)?)),
        _ => candle_core::bail!("a kernel for the CPU was given a tensor on another device"),
    }
}

/// An error where `count` of the things that a kernel divides by is zero.
fn expect_some(things: &str, count: usize) -> Result<()> {
    match count {
        0 => candle_core::bail!("{things} must be at least 1"),
        _ => Ok(()),
    }
}

/// Room for `count` numbers that a kernel is about to write.
fn new_values(count: usize) -> Vec<f32> {
    Vec::with_capacity(count)
}

/// Where the tasks of a kernel write, each a part of its own.
struct Output(*mut f32);

impl Output {
    /// The place of number `index`.
    fn at(&self, index: usize) -> *mut f32 {
        self.0.wrapping_add(index)
    }
}

// SAFETY: a pointer gives access to nothing by itself; whoever writes through it says why no other task writes there.
unsafe impl Sync for Output {}

#[cfg(test)]
mod check {
    use candle_core::{Device, Tensor};

    /// Uniform in -1..1.
    pub(super) fn random(shape: &[usize], seed: u64) -> Tensor {
        let mut random = fastrand::Rng::with_seed(seed);
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| 2.0 * random.f32() - 1.0).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Fails unless `max |a - b| <= tolerance * max |b|`.
    #[track_caller]
    pub(super) fn assert_close(a: &Tensor, b: &Tensor, tolerance: f32) {
        assert_eq!(a.dims(), b.dims());
        let largest = |x: &Tensor| x.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
        let (error, scale) = (largest(&(a - b).unwrap()), largest(b).max(f32::MIN_POSITIVE));
        assert!(error <= tolerance * scale, "relative error {:e}", error / scale);
    }
}
