//! Colours of the figures: one palette for the classes, one ramp for amounts, and the contrast of text on them.

use avar_labels::AnomalyClass;

/// sRGB, eight bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub [u8; 3]);

impl Color {
    /// The ground, and text on what is dark.
    pub const WHITE: Color = Color([0xff; 3]);
    /// Text and what has to stand out.
    pub const INK: Color = Color([0x1c; 3]);
    /// Text of less weight, axes and their numbers.
    pub const WEAK_INK: Color = Color([0x59; 3]);
    /// The lines of a grid.
    pub const HAIRLINE: Color = Color([0xd4; 3]);
    /// Behind what is absent.
    pub const VOID: Color = Color([0xf1; 3]);
    /// Wrong, beside a sign that says so too.
    pub const WRONG: Color = Color([0xb3, 0x12, 0x1d]);
    /// At or above the threshold: amber, dark enough for text on white.
    pub const ABOVE: Color = Color([0x9a, 0x56, 0x00]);
    /// Below the threshold.
    pub const BELOW: Color = Color([0x2f, 0x6c, 0x9e]);
    /// The line of a result, and the headings of a table's sections.
    pub const CURVE: Color = Color([0x1f, 0x4e, 0x79]);

    /// The same as in the window.
    pub fn of_class(class: AnomalyClass) -> Color {
        Color(class.color_rgb())
    }

    /// The ramp of one hue for a share of `0..=1`, near white to dark blue: its luminance falls all the way, so that
    /// it reads the same in grey.
    pub fn of_share(share: f64) -> Color {
        const STOPS: [[f64; 3]; 5] = [
            [247.0, 250.0, 253.0],
            [203.0, 222.0, 240.0],
            [126.0, 178.0, 216.0],
            [51.0, 116.0, 176.0],
            [10.0, 48.0, 107.0],
        ];
        let at = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
        let below = (at as usize).min(STOPS.len() - 2);
        let part = at - below as f64;
        Color(std::array::from_fn(|channel| {
            let (from, to) = (STOPS[below][channel], STOPS[below + 1][channel]);
            (from + (to - from) * part).round() as u8
        }))
    }

    /// The text colour, black or white, that stands out more from this one.
    pub fn text_on(self) -> Color {
        let black = Color([0; 3]);
        if self.contrast(black) >= self.contrast(Color::WHITE) { black } else { Color::WHITE }
    }

    /// Of two colours, 1 to 21, as the Web Content Accessibility Guidelines define it.
    pub fn contrast(self, other: Color) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// As SVG and CSS write it: `#` and six digits in lower case.
    pub fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Relative, 0 black to 1 white.
    fn luminance(self) -> f64 {
        let linear = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_darkens_all_the_way_so_that_it_reads_in_grey() {
        let luminances: Vec<f64> =
            (0..=100).map(|percent| Color::of_share(f64::from(percent) / 100.0).luminance()).collect();
        assert!(luminances.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn text_on_every_shade_of_the_ramp_can_be_read() {
        for percent in 0..=100 {
            let shade = Color::of_share(f64::from(percent) / 100.0);
            assert!(shade.contrast(shade.text_on()) >= 4.5, "{percent} %: {}", shade.contrast(shade.text_on()));
        }
    }

    #[test]
    fn coloured_text_can_be_read_on_white() {
        for color in [Color::INK, Color::WEAK_INK, Color::WRONG, Color::ABOVE, Color::BELOW, Color::CURVE] {
            assert!(color.contrast(Color::WHITE) >= 4.5, "{}: {}", color.hex(), color.contrast(Color::WHITE));
        }
    }

    #[test]
    fn black_on_white_has_the_highest_contrast_there_is() {
        assert!((Color([0; 3]).contrast(Color::WHITE) - 21.0).abs() < 1e-9);
    }
}
