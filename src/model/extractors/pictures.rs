//! What the networks for pictures share: what a batch is, and how it is shared out among threads.

use avar_base::job::CancelToken;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::super::error::ModelError;

/// Squares of one size, rows of red, green, blue bytes, one after another.
pub(super) struct Pictures<'a> {
    rgb: &'a [u8],
    size_px: usize,
}

impl Pictures<'_> {
    /// `count` pictures of `size_px` squared.
    pub(super) fn new(rgb: &[u8], count: usize, size_px: usize) -> Result<Pictures<'_>, ModelError> {
        if count.checked_mul(size_px * size_px * 3) != Some(rgb.len()) {
            return Err(ModelError::Input(format!(
                "{count} pictures of {size_px} x {size_px} pixels in red, green and blue do not have {} bytes",
                rgb.len()
            )));
        }
        Ok(Pictures { rgb, size_px })
    }

    /// What `work` makes of each picture, one after another.
    pub(super) fn each(
        &self,
        device: &Device,
        cancel: &CancelToken,
        work: impl Fn(&[u8]) -> Result<Vec<f32>, ModelError> + Sync,
    ) -> Result<Vec<f32>, ModelError> {
        let work = |rgb: &[u8]| {
            cancel.check()?;
            work(rgb)
        };
        let bytes = self.size_px * self.size_px * 3;
        // One picture a thread: its maps then stay in that core's caches from layer to layer.
        let each: Vec<Vec<f32>> = match device.is_cpu() {
            true => avar_kernels::on_compute_threads(|| {
                self.rgb.par_chunks_exact(bytes).map(work).collect::<Result<_, _>>()
            }),
            false => self.rgb.chunks_exact(bytes).map(work).collect(),
        }?;
        Ok(each.concat())
    }
}

/// A size that the network can be run at: halved so often, and at most so large.
pub(super) fn expect_size(size_px: usize, multiple_of: usize) -> Result<usize, ModelError> {
    const LARGEST_PX: usize = 2048;
    if size_px > 0 && size_px <= LARGEST_PX && size_px.is_multiple_of(multiple_of) {
        return Ok(size_px);
    }
    Err(ModelError::Config(format!(
        "this network takes pictures of a multiple of {multiple_of} pixels, at most {LARGEST_PX}, and not of {size_px}"
    )))
}

/// A picture `[1, size, size, 3]` from its pixels, row by row.
pub(super) fn tensor(
    pixels: impl Iterator<Item = [f32; 3]>,
    size_px: usize,
    device: &Device,
) -> Result<Tensor, ModelError> {
    let values: Vec<f32> = pixels.flatten().collect();
    Ok(Tensor::from_vec(values, (1, size_px, size_px, 3), device)?)
}
