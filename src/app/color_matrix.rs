//! From Y'CbCr to R'G'B', as three rows for the shader: pure numbers.
//!
//! With Kr and Kb of the standard: R = Y + 2(1-Kr) Cr, B = Y + 2(1-Kb) Cb, and G from Y = Kr R + Kg G + Kb B.
//! Limited range puts Y at 16..235 and chroma at 16..240 of 255 (ITU-R BT.601, BT.709 and BT.2020), scaled for deeper samples.

use avar_media::{ColorMatrix, ColorRange};

/// Rows for R, G and B, to be applied to (Y, Cb, Cr, 1) with samples in `0..=1` of the sample's full scale.
pub fn to_rgb_rows(matrix: ColorMatrix, range: ColorRange, bits: u32) -> [[f32; 4]; 3] {
    let (kr, kb) = match matrix {
        ColorMatrix::Bt601 => (0.299, 0.114),
        ColorMatrix::Bt709 => (0.2126, 0.0722),
        ColorMatrix::Bt2020 => (0.2627, 0.0593),
        // G, B and R are stored in the planes of Y, Cb and Cr.
        ColorMatrix::Rgb => return [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]],
    };
    let kg = 1.0 - kr - kb;
    let full = f64::from((1u32 << bits) - 1);
    let unit = f64::from(1u32 << (bits - 8));
    let (y_scale, y_zero, c_scale) = match range {
        ColorRange::Limited => (full / (219.0 * unit), 16.0 * unit / full, full / (224.0 * unit)),
        ColorRange::Full => (1.0, 0.0, 1.0),
    };
    let c_zero = 128.0 * unit / full;
    let row = |cb: f64, cr: f64| {
        let (cb, cr) = (cb * c_scale, cr * c_scale);
        [y_scale, cb, cr, -y_scale * y_zero - (cb + cr) * c_zero].map(|value| value as f32)
    };
    [
        row(0.0, 2.0 * (1.0 - kr)),
        row(-2.0 * kb * (1.0 - kb) / kg, -2.0 * kr * (1.0 - kr) / kg),
        row(2.0 * (1.0 - kb), 0.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(sample: [u32; 3], matrix: ColorMatrix, range: ColorRange, bits: u32) -> [i32; 3] {
        let full = ((1u32 << bits) - 1) as f32;
        let [y, cb, cr] = sample.map(|value| value as f32 / full);
        to_rgb_rows(matrix, range, bits).map(|row| {
            let value = row[0] * y + row[1] * cb + row[2] * cr + row[3];
            (value.clamp(0.0, 1.0) * 255.0).round() as i32
        })
    }

    #[test]
    fn black_and_white_come_out_whatever_the_range_and_depth() {
        for matrix in [ColorMatrix::Bt601, ColorMatrix::Bt709, ColorMatrix::Bt2020] {
            assert_eq!(rgb([16, 128, 128], matrix, ColorRange::Limited, 8), [0; 3]);
            assert_eq!(rgb([235, 128, 128], matrix, ColorRange::Limited, 8), [255; 3]);
            assert_eq!(rgb([0, 128, 128], matrix, ColorRange::Full, 8), [0; 3]);
            assert_eq!(rgb([255, 128, 128], matrix, ColorRange::Full, 8), [255; 3]);
            assert_eq!(rgb([64, 512, 512], matrix, ColorRange::Limited, 10), [0; 3]);
            assert_eq!(rgb([940, 512, 512], matrix, ColorRange::Limited, 10), [255; 3]);
        }
    }

    #[test]
    fn pure_red_is_red_in_both_standards() {
        // Y'CbCr of (255, 0, 0), rounded: BT.601 (81, 90, 240), BT.709 (63, 102, 240).
        for (sample, matrix) in [([81, 90, 240], ColorMatrix::Bt601), ([63, 102, 240], ColorMatrix::Bt709)] {
            let [r, g, b] = rgb(sample, matrix, ColorRange::Limited, 8);
            assert!(r >= 253 && g <= 2 && b <= 2, "{r} {g} {b}");
        }
    }

    #[test]
    fn the_wrong_standard_would_show() {
        assert_ne!(
            rgb([81, 90, 240], ColorMatrix::Bt709, ColorRange::Limited, 8),
            rgb([81, 90, 240], ColorMatrix::Bt601, ColorRange::Limited, 8)
        );
    }
}
