//! A depthwise-separable convolution, the layer that small picture networks are made of: each channel filtered by
//! itself, then a product that mixes the channels.
//!
//! `cargo run --release -p avar-kernels --example separable`; with `AVAR_SIMD=portable` before it in the registers that
//! every processor has.

use std::time::Instant;

use avar_kernels::{Activation, Matrix, depthwise3x3, linear, on_compute_threads, simd_level};
use candle_core::{Device, Result, Tensor};

const REPEATS: u32 = 20;

fn main() -> Result<()> {
    let (height, width, channels, columns) = (64, 64, 48, 96);
    // Activations are channels-last: `[batch, height, width, channels]`.
    let x = Tensor::rand(-1f32, 1.0, (1, height, width, channels), &Device::Cpu)?;
    let taps = Tensor::rand(-1f32, 1.0, (9, channels), &Device::Cpu)?;
    // Packed once, multiplied by as often as there are pictures.
    let matrix = Matrix::constant(&Tensor::rand(-1f32, 1.0, (channels, columns), &Device::Cpu)?)?;
    let bias = Tensor::rand(-1f32, 1.0, columns, &Device::Cpu)?;

    let layer = || {
        let filtered = depthwise3x3(&x, &taps, None, 1, Activation::Silu)?;
        linear(&filtered, &matrix, Some(&bias), Activation::Silu, None)
    };
    let y = on_compute_threads(layer)?;
    let start = Instant::now();
    for _ in 0..REPEATS {
        on_compute_threads(layer)?;
    }
    let each_ms = start.elapsed().as_secs_f64() * 1000.0 / f64::from(REPEATS);
    println!("{:?} -> {:?} in {each_ms:.2} ms, registers: {}", x.dims(), y.dims(), simd_level());
    Ok(())
}
