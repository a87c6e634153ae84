//! Words over a frame, in a strip along its lower edge.

use resvg::tiny_skia::Pixmap;

use super::color::Color;
use super::drawing::{Anchor, Area, Drawing, Style, Text};
use super::font::{Weight, elided, text_width_px};
use super::png::RasterError;

/// Share of the height of a frame that the strip takes.
const STRIP: f64 = 1.0 / 14.0;
/// Lower, and the letters could not be read.
const LOWEST_STRIP_PX: f64 = 18.0;
/// Of the height of the strip.
const LETTERS: f64 = 0.58;
const DARKNESS: f64 = 0.72;

/// A strip with words, drawn once, to be laid over frames of one size.
pub struct Overlay {
    strip: Pixmap,
    frame_px: (u32, u32),
}

impl Overlay {
    /// For upright frames of `frame_px` (width, height): `left` at one side, shortened where both do not fit, and `right`
    /// at the other. The strip lies within the frame, or fills it where that is lower than the strip.
    pub fn new(frame_px: (u32, u32), left: &str, right: &str) -> Result<Self, RasterError> {
        let (width, height) = (f64::from(frame_px.0), f64::from(frame_px.1));
        let strip = (height * STRIP).max(LOWEST_STRIP_PX).min(height).round();
        let (size, side) = (strip * LETTERS, strip * 0.4);
        let baseline = (strip + size * 0.7) / 2.0;
        let mut drawing = Drawing::new(width, strip);
        drawing.rectangle(
            "strip",
            Area::new(0.0, 0.0, width, strip),
            Style::filled(Color([0; 3])).with_opacity(DARKNESS),
        );
        let right = elided(right, width - 2.0 * side, size, Weight::Bold);
        let left_px = width - 3.0 * side - text_width_px(&right, size, Weight::Bold);
        let right = Text::new((width - side, baseline), right, size).bold().anchored(Anchor::End);
        drawing.text("right", right, Color::WHITE);
        if left_px > size {
            let left = Text::new((side, baseline), elided(left, left_px, size, Weight::Bold), size).bold();
            drawing.text("left", left, Color::WHITE);
        }
        Ok(Self { strip: drawing.raster(1.0, None)?, frame_px })
    }

    /// Lays the strip over a frame: `height * width * 3` bytes of R, G, B, of the size that it was made for.
    pub fn paint(&self, rgb: &mut [u8]) {
        let (width, height) = (self.frame_px.0 as usize, self.frame_px.1 as usize);
        let top = height.saturating_sub(self.strip.height() as usize);
        let below = rgb.chunks_exact_mut(3).skip(top * width);
        for (pixel, over) in below.zip(self.strip.pixels()) {
            let left_through = 255 - u32::from(over.alpha());
            for (value, painted) in pixel.iter_mut().zip([over.red(), over.green(), over.blue()]) {
                // The strip's colours are multiplied by their alpha already.
                *value = (u32::from(painted) + (u32::from(*value) * left_through + 127) / 255).min(255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(frame_px: (u32, u32), left: &str, right: &str) -> Vec<u8> {
        let mut rgb = vec![200; (frame_px.0 * frame_px.1 * 3) as usize];
        Overlay::new(frame_px, left, right).unwrap().paint(&mut rgb);
        rgb
    }

    #[test]
    fn words_stand_in_a_dark_strip_and_the_frame_above_is_as_it_was() {
        let (width, height) = (320, 240);
        let rgb = painted((width, height), "Crash 0.83", "0:04.250");
        let strip = (f64::from(height) * STRIP).max(LOWEST_STRIP_PX).round() as u32;
        let above = ((height - strip) * width * 3) as usize;
        assert!(rgb[..above].iter().all(|value| *value == 200));
        // 200 through a darkness of 0.72 is 56.
        let wordless = painted((width, height), "", "");
        assert!(wordless[above..].iter().all(|value| value.abs_diff(56) <= 1));
        let lightest = |rgb: &[u8]| rgb[above..].iter().copied().max();
        assert!(lightest(&rgb) > Some(240), "{:?}", lightest(&rgb));
    }

    #[test]
    fn other_words_are_other_pixels_and_the_same_the_same() {
        let of = |right: &str| painted((320, 240), "Crash", right);
        assert_eq!(of("0:04.250"), of("0:04.250"));
        assert_ne!(of("0:04.250"), of("0:04.290"));
    }

    #[test]
    fn a_frame_of_any_size_takes_it() {
        for frame_px in [(1, 1), (16, 9), (40, 200), (3000, 20)] {
            assert_eq!(
                painted(frame_px, &"long ".repeat(40), "0:04.250").len(),
                (frame_px.0 * frame_px.1 * 3) as usize
            );
        }
    }
}
