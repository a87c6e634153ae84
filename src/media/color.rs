//! How a picture's numbers mean colour: matrix, range and transfer, with what a file leaves open filled in.
//!
//! ITU-T H.273 names the code points. Files often state none; then BT.709 is taken from 720 lines up
//! and BT.601 below, as players do.

use ffmpeg_next::ffi;
use serde::Serialize;

/// Everything a renderer needs to turn the planes into light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ColorSpec {
    pub matrix: ColorMatrix,
    pub range: ColorRange,
    pub transfer: Transfer,
}

/// The luma weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ColorMatrix {
    Bt601,
    Bt709,
    Bt2020,
    /// The planes hold red, green and blue.
    Rgb,
}

/// Whether black is code 16 of 8 bits (limited) or 0 (full).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ColorRange {
    Limited,
    Full,
}

/// The transfer function from code to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Transfer {
    Sdr,
    /// SMPTE ST 2084, absolute up to 10000 cd/m².
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

impl ColorSpec {
    /// `pixel_format` is only asked for the full-range `yuvj*` formats and for RGB.
    pub(super) fn resolve(
        space: ffi::AVColorSpace,
        range: ffi::AVColorRange,
        transfer: ffi::AVColorTransferCharacteristic,
        pixel_format: ffi::AVPixelFormat,
        height_px: u32,
    ) -> Self {
        use ffi::AVColorSpace as Space;
        use ffi::AVColorTransferCharacteristic as Curve;
        use ffi::AVPixelFormat as Format;
        let is_rgb = is_rgb(pixel_format);
        let matrix = match space {
            _ if is_rgb => ColorMatrix::Rgb,
            Space::AVCOL_SPC_BT709 => ColorMatrix::Bt709,
            Space::AVCOL_SPC_BT470BG | Space::AVCOL_SPC_SMPTE170M | Space::AVCOL_SPC_FCC => ColorMatrix::Bt601,
            Space::AVCOL_SPC_BT2020_NCL | Space::AVCOL_SPC_BT2020_CL => ColorMatrix::Bt2020,
            _ if height_px >= 720 => ColorMatrix::Bt709,
            _ => ColorMatrix::Bt601,
        };
        let full_by_format = matches!(
            pixel_format,
            Format::AV_PIX_FMT_YUVJ420P
                | Format::AV_PIX_FMT_YUVJ422P
                | Format::AV_PIX_FMT_YUVJ444P
                | Format::AV_PIX_FMT_YUVJ440P
                | Format::AV_PIX_FMT_YUVJ411P
        );
        let full = is_rgb || full_by_format || range == ffi::AVColorRange::AVCOL_RANGE_JPEG;
        let transfer = match transfer {
            Curve::AVCOL_TRC_SMPTE2084 => Transfer::Pq,
            Curve::AVCOL_TRC_ARIB_STD_B67 => Transfer::Hlg,
            _ => Transfer::Sdr,
        };
        Self { matrix, range: if full { ColorRange::Full } else { ColorRange::Limited }, transfer }
    }
}

fn is_rgb(pixel_format: ffi::AVPixelFormat) -> bool {
    // SAFETY: returns a pointer into a constant table, or null for an unknown format.
    unsafe {
        let descriptor = ffi::av_pix_fmt_desc_get(pixel_format);
        !descriptor.is_null() && (*descriptor).flags & u64::from(ffi::AV_PIX_FMT_FLAG_RGB as u32) != 0
    }
}
