//! How a small fixed camera sees a scene: vignette and sensor noise.

use tiny_skia::Pixmap;

use super::{HEIGHT_PX, WIDTH_PX};
use crate::random::Random;

/// Standard deviation is about 0.4 of this, in steps of 8-bit brightness.
const NOISE_STEPS: f32 = 4.0;
const VIGNETTE: f32 = 0.46;

pub(super) struct Camera {
    /// What each pixel keeps of its light, row by row.
    falloff: Vec<f32>,
    noise: Random,
}

impl Camera {
    pub(super) fn new(seed: u64) -> Self {
        let falloff = |x: u32, y: u32| {
            let across = |at: u32, side: u32| (at as f32 + 0.5) / side as f32 * 2.0 - 1.0;
            let (x, y) = (across(x, WIDTH_PX), across(y, HEIGHT_PX));
            let distance2 = 0.5 * (x * x + y * y);
            1.0 - VIGNETTE * distance2 * distance2.sqrt()
        };
        let falloff = (0..HEIGHT_PX).flat_map(|y| (0..WIDTH_PX).map(move |x| falloff(x, y))).collect();
        Self { falloff, noise: Random::new(seed) }
    }

    /// The picture as R, G, B bytes, `exposure` times as bright.
    pub(super) fn take(&mut self, scene: &Pixmap, exposure: f32) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.falloff.len() * 3);
        for (pixel, falloff) in scene.pixels().iter().zip(&self.falloff) {
            let random = self.noise.bits();
            // The sum of two uniform numbers: a triangle is close enough to a bell.
            let noise = ((random & 0xffff) as f32 + (random >> 16 & 0xffff) as f32) / 65_535.0 - 1.0;
            let expose = |light: u8| (f32::from(light) * falloff * exposure + noise * NOISE_STEPS).round() as u8;
            rgb.extend([expose(pixel.red()), expose(pixel.green()), expose(pixel.blue())]);
        }
        rgb
    }
}
