//! How a picture's numbers mean colour: matrix, range and transfer, with what a file leaves open filled in.
//!
//! ITU-T H.273 names the code points. Files often state none; then BT.709 is taken from 720 lines up
//! and BT.601 below, as players do.

use std::ffi::c_int;

use ffmpeg_next::ffi;
use serde::Serialize;

use super::ffi_enum::{number, pixel_format};

/// Everything a renderer needs to turn the planes into light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ColorSpec {
    /// How luma and chroma make red, green and blue.
    pub matrix: ColorMatrix,
    /// Which codes are black and white.
    pub range: ColorRange,
    /// How codes become light.
    pub transfer: Transfer,
}

/// The luma weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ColorMatrix {
    /// ITU-R BT.601, of standard definition; FCC's, which hardly differs, is taken for it.
    Bt601,
    /// ITU-R BT.709, of high definition.
    Bt709,
    /// ITU-R BT.2020; its constant-luminance form is taken for the other.
    Bt2020,
    /// The planes hold red, green and blue.
    Rgb,
}

/// Whether black is code 16 of 8 bits (limited) or 0 (full).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ColorRange {
    /// Luma from 16 to 235 of 8 bits, and in proportion of more.
    Limited,
    /// All codes are used, as in JPEG and in RGB.
    Full,
}

/// The transfer function from code to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Transfer {
    /// Neither of the others: the usual curve of a file that is not HDR.
    Sdr,
    /// SMPTE ST 2084, absolute up to 10000 cd/m².
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// What a stream or a frame says of its colour: FFmpeg's numbers, which are those of H.273. Any number may be there.
#[derive(Clone, Copy)]
pub(super) struct StatedColor {
    matrix: c_int,
    range: c_int,
    transfer: c_int,
    /// Only asked for the full-range `yuvj*` formats and for RGB.
    pixel_format: c_int,
}

impl StatedColor {
    /// # Safety
    /// `parameters` are alive.
    pub(super) unsafe fn of_stream(parameters: *const ffi::AVCodecParameters) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            Self {
                matrix: number(&raw const (*parameters).color_space),
                range: number(&raw const (*parameters).color_range),
                transfer: number(&raw const (*parameters).color_trc),
                pixel_format: (*parameters).format,
            }
        }
    }

    /// # Safety
    /// `frame` is alive.
    pub(super) unsafe fn of_frame(frame: *const ffi::AVFrame) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            Self {
                matrix: number(&raw const (*frame).colorspace),
                range: number(&raw const (*frame).color_range),
                transfer: number(&raw const (*frame).color_trc),
                pixel_format: (*frame).format,
            }
        }
    }

    fn is_rgb(self) -> bool {
        let rgb = u64::from(ffi::AV_PIX_FMT_FLAG_RGB as u32);
        pixel_format(self.pixel_format).is_some_and(|descriptor| descriptor.flags & rgb != 0)
    }

    /// `None` where the stated matrix is none of those that are converted here.
    fn known_matrix(self) -> Option<ColorMatrix> {
        const BT709: c_int = ffi::AVColorSpace::AVCOL_SPC_BT709 as c_int;
        const FCC: c_int = ffi::AVColorSpace::AVCOL_SPC_FCC as c_int;
        const BT470BG: c_int = ffi::AVColorSpace::AVCOL_SPC_BT470BG as c_int;
        const SMPTE170M: c_int = ffi::AVColorSpace::AVCOL_SPC_SMPTE170M as c_int;
        const BT2020_NCL: c_int = ffi::AVColorSpace::AVCOL_SPC_BT2020_NCL as c_int;
        const BT2020_CL: c_int = ffi::AVColorSpace::AVCOL_SPC_BT2020_CL as c_int;
        match self.matrix {
            _ if self.is_rgb() => Some(ColorMatrix::Rgb),
            BT709 => Some(ColorMatrix::Bt709),
            BT470BG | SMPTE170M | FCC => Some(ColorMatrix::Bt601),
            BT2020_NCL | BT2020_CL => Some(ColorMatrix::Bt2020),
            _ => None,
        }
    }

    fn is_full_range(self) -> bool {
        const FULL: c_int = ffi::AVColorRange::AVCOL_RANGE_JPEG as c_int;
        const YUVJ420P: c_int = ffi::AVPixelFormat::AV_PIX_FMT_YUVJ420P as c_int;
        const YUVJ422P: c_int = ffi::AVPixelFormat::AV_PIX_FMT_YUVJ422P as c_int;
        const YUVJ444P: c_int = ffi::AVPixelFormat::AV_PIX_FMT_YUVJ444P as c_int;
        const YUVJ440P: c_int = ffi::AVPixelFormat::AV_PIX_FMT_YUVJ440P as c_int;
        const YUVJ411P: c_int = ffi::AVPixelFormat::AV_PIX_FMT_YUVJ411P as c_int;
        let by_format = matches!(self.pixel_format, YUVJ420P | YUVJ422P | YUVJ444P | YUVJ440P | YUVJ411P);
        self.is_rgb() || by_format || self.range == FULL
    }

    /// Sentences on what is stated and not known here.
    pub(super) fn notes(self, height_px: u32) -> Vec<String> {
        const IDENTITY: c_int = ffi::AVColorSpace::AVCOL_SPC_RGB as c_int;
        const UNSPECIFIED: c_int = ffi::AVColorSpace::AVCOL_SPC_UNSPECIFIED as c_int;
        const RESERVED: c_int = ffi::AVColorSpace::AVCOL_SPC_RESERVED as c_int;
        let mut notes = Vec::new();
        let says_none = matches!(self.matrix, IDENTITY | UNSPECIFIED | RESERVED);
        if !says_none && self.known_matrix().is_none() {
            let name = if usual_matrix(height_px) == ColorMatrix::Bt709 { "BT.709" } else { "BT.601" };
            let stated = self.matrix;
            notes.push(format!(
                "The colour matrix that the file states (number {stated} of H.273) is not known here; that of {name} is \
                 taken, so colours may be off."
            ));
        }
        // Hybrid log-gamma is the last that H.273 lists.
        if !(0..=HLG).contains(&self.transfer) {
            let stated = self.transfer;
            notes.push(format!(
                "The transfer function that the file states (number {stated} of H.273) is not defined; the picture is \
                 taken as SDR."
            ));
        }
        notes
    }
}

const PQ: c_int = ffi::AVColorTransferCharacteristic::AVCOL_TRC_SMPTE2084 as c_int;
const HLG: c_int = ffi::AVColorTransferCharacteristic::AVCOL_TRC_ARIB_STD_B67 as c_int;

impl ColorSpec {
    pub(super) fn resolve(stated: StatedColor, height_px: u32) -> Self {
        Self {
            matrix: stated.known_matrix().unwrap_or_else(|| usual_matrix(height_px)),
            range: if stated.is_full_range() { ColorRange::Full } else { ColorRange::Limited },
            transfer: match stated.transfer {
                PQ => Transfer::Pq,
                HLG => Transfer::Hlg,
                _ => Transfer::Sdr,
            },
        }
    }
}

/// What players take where a file states nothing.
fn usual_matrix(height_px: u32) -> ColorMatrix {
    if height_px >= 720 { ColorMatrix::Bt709 } else { ColorMatrix::Bt601 }
}
