//! What the networks for pictures share: what a batch is, and how it is shared out among threads.

use avar_base::job::CancelToken;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::super::error::ModelError;

/// Pictures of one size, rows of red, green, blue bytes, one after another.
pub(super) struct Pictures<'a> {
    rgb: &'a [u8],
    size_px: (usize, usize),
}

impl Pictures<'_> {
    /// `count` pictures of `size_px` = (width, height).
    pub(super) fn new(rgb: &[u8], count: usize, size_px: (usize, usize)) -> Result<Pictures<'_>, ModelError> {
        let (width, height) = size_px;
        if count.checked_mul(width * height * 3) != Some(rgb.len()) {
            return Err(ModelError::Input(format!(
                "{count} pictures of {width} x {height} pixels in red, green and blue do not have {} bytes",
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
        let bytes = self.size_px.0 * self.size_px.1 * 3;
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
pub(super) fn expect_size((width, height): (usize, usize), multiple_of: usize) -> Result<(usize, usize), ModelError> {
    const LARGEST_PX: usize = 2048;
    let fits = |edge: usize| (1..=LARGEST_PX).contains(&edge) && edge.is_multiple_of(multiple_of);
    if fits(width) && fits(height) {
        return Ok((width, height));
    }
    Err(ModelError::Config(format!(
        "this network takes pictures with edges of a multiple of {multiple_of} pixels, at most {LARGEST_PX}, and not of \
         {width} x {height}"
    )))
}

/// A picture `[1, height, width, 3]` from its pixels, row by row.
pub(super) fn tensor(
    pixels: impl Iterator<Item = [f32; 3]>,
    (width, height): (usize, usize),
    device: &Device,
) -> Result<Tensor, ModelError> {
    let values: Vec<f32> = pixels.flatten().collect();
    Ok(Tensor::from_vec(values, (1, height, width, 3), device)?)
}
