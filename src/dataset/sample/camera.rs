//! How a small fixed camera sees a scene: vignette, sensor noise, and its label in the corner.

use tiny_skia::Pixmap;

use super::random::Random;
use super::{HEIGHT_PX, WIDTH_PX};

/// Standard deviation is about 0.4 of this, in steps of 8-bit brightness.
const NOISE_STEPS: f32 = 4.0;
const VIGNETTE: f32 = 0.46;

pub struct Camera {
    /// What each pixel keeps of its light, row by row.
    falloff: Vec<f32>,
    noise: Random,
}

impl Camera {
    pub fn new(seed: u64) -> Self {
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
    pub fn take(&mut self, scene: &Pixmap, exposure: f32) -> Vec<u8> {
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

const GLYPH_SIDE: (usize, usize) = (5, 7);

/// Five bits a row from the top, the leftmost pixel in the highest; blank for what the label never says.
fn glyph(character: char) -> [u8; 7] {
    match character {
        '0' => [14, 17, 19, 21, 25, 17, 14],
        '1' => [4, 12, 4, 4, 4, 4, 14],
        '2' => [14, 17, 1, 2, 4, 8, 31],
        '3' => [31, 2, 4, 2, 1, 17, 14],
        '4' => [2, 6, 10, 18, 31, 2, 2],
        '5' => [31, 16, 30, 1, 1, 17, 14],
        '6' => [6, 8, 16, 30, 17, 17, 14],
        '7' => [31, 1, 2, 4, 8, 8, 8],
        '8' => [14, 17, 17, 14, 17, 17, 14],
        '9' => [14, 17, 17, 15, 1, 2, 12],
        'A' => [14, 17, 17, 31, 17, 17, 17],
        'C' => [14, 17, 16, 16, 16, 17, 14],
        'M' => [17, 27, 21, 21, 17, 17, 17],
        ':' => [0, 4, 4, 0, 4, 4, 0],
        _ => [0; 7],
    }
}

/// Writes `text` into R, G, B bytes, its top left corner at `(left, top)`, with a shadow to stay readable.
pub fn stamp(rgb: &mut [u8], text: &str, (left, top): (usize, usize)) {
    for (shift, light) in [(1, [10, 11, 16]), (0, [214, 218, 224])] {
        for (position, character) in text.chars().enumerate() {
            for (row, bits) in glyph(character).into_iter().enumerate() {
                for column in (0..GLYPH_SIDE.0).filter(|column| bits >> (GLYPH_SIDE.0 - 1 - column) & 1 == 1) {
                    let x = left + position * (GLYPH_SIDE.0 + 1) + column + shift;
                    let first = ((top + row + shift) * WIDTH_PX as usize + x) * 3;
                    rgb[first..first + 3].copy_from_slice(&light);
                }
            }
        }
    }
}

/// How wide [`stamp`] writes.
pub fn stamp_width_px(text: &str) -> usize {
    text.chars().count() * (GLYPH_SIDE.0 + 1)
}
