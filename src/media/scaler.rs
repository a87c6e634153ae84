//! Pixel conversion and scaling with the colour matrix and range stated, never guessed by swscale.

use std::ffi::c_int;

use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::color::{ColorMatrix, ColorRange, ColorSpec};
use super::error::MediaError;
use super::ffi_enum::by_number::sws_getContext;
use super::rgb_image::RgbImage;
use super::tone_mapping::ToneTable;

/// What a conversion makes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) format: Pixel,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    /// Meant for YUV targets; RGB is always full range.
    pub(super) color: Option<ColorSpec>,
}

impl Target {
    fn rgb(width_px: u32, height_px: u32) -> Self {
        Self { format: Pixel::RGB24, width_px, height_px, color: None }
    }

    /// Deep enough for what is tone-mapped afterwards.
    fn deep_rgb(width_px: u32, height_px: u32) -> Self {
        Self { format: Pixel::RGB48LE, width_px, height_px, color: None }
    }

    pub(super) fn rgba(width_px: u32, height_px: u32) -> Self {
        Self { format: Pixel::RGBA, width_px, height_px, color: None }
    }
}

/// One swscale context, made anew when source or target changes.
pub(super) struct Converter {
    context: *mut ffi::SwsContext,
    prepared: Option<(c_int, u32, u32, ColorSpec, Target)>,
}

// SAFETY: the context is owned, used through `&mut` only, and swscale ties it to no thread.
unsafe impl Send for Converter {}

impl Default for Converter {
    fn default() -> Self {
        Self { context: std::ptr::null_mut(), prepared: None }
    }
}

impl Converter {
    /// The picture as it lies, as bytes of red, green and blue for an SDR screen.
    pub(super) fn convert_to_rgb8(
        &mut self,
        source: &Video,
        color: ColorSpec,
        (width_px, height_px): (u32, u32),
    ) -> Result<RgbImage, MediaError> {
        let Some(tones) = ToneTable::of(color.transfer) else {
            let picture = self.convert(source, color, Target::rgb(width_px, height_px))?;
            return Ok(RgbImage { width_px, height_px, bytes: tight_rows(&picture, 3) });
        };
        let picture = self.convert(source, color, Target::deep_rgb(width_px, height_px))?;
        let words = tight_rows(&picture, 6);
        let pixels = words.as_chunks::<2>().0.as_chunks::<3>().0.iter();
        let bytes = pixels.flat_map(|pixel| tones.to_sdr8(pixel.map(u16::from_le_bytes))).collect();
        Ok(RgbImage { width_px, height_px, bytes })
    }

    pub(super) fn convert(&mut self, source: &Video, color: ColorSpec, target: Target) -> Result<Video, MediaError> {
        let failed = |reason: &str| MediaError::Convert {
            width_px: source.width(),
            height_px: source.height(),
            reason: reason.to_owned(),
        };
        self.prepare(source, color, target).map_err(failed)?;
        let mut converted = Video::new(target.format, target.width_px, target.height_px);
        // SAFETY: both frames own their planes, and the context was made for exactly these sizes.
        let rows = unsafe {
            if (*converted.as_ptr()).data[0].is_null() {
                return Err(failed("out of memory"));
            }
            let (from, to) = (source.as_ptr(), converted.as_mut_ptr());
            ffi::sws_scale(
                self.context,
                (*from).data.as_ptr().cast(),
                (*from).linesize.as_ptr(),
                0,
                source.height() as c_int,
                (*to).data.as_ptr(),
                (*to).linesize.as_ptr(),
            )
        };
        if rows != target.height_px as c_int { Err(failed("swscale refused it")) } else { Ok(converted) }
    }

    fn prepare(&mut self, source: &Video, color: ColorSpec, target: Target) -> Result<(), &'static str> {
        // SAFETY: the frame is alive.
        let format = unsafe { (*source.as_ptr()).format };
        let wanted = (format, source.width(), source.height(), color, target);
        if self.prepared == Some(wanted) {
            return Ok(());
        }
        let Some([from_width, from_height, to_width, to_height]) =
            sizes([source.width(), source.height(), target.width_px, target.height_px])
        else {
            return Err("a side is zero or too long");
        };
        self.release();
        let flags = ffi::SWS_BILINEAR | ffi::SWS_ACCURATE_RND | ffi::SWS_FULL_CHR_H_INT | ffi::SWS_FULL_CHR_H_INP;
        // SAFETY: the sizes are positive; null filters and parameters mean the defaults; a null context is
        // checked before use.
        unsafe {
            self.context = sws_getContext(
                from_width,
                from_height,
                format,
                to_width,
                to_height,
                ffi::AVPixelFormat::from(target.format) as c_int,
                flags as c_int,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null(),
            );
            if self.context.is_null() {
                return Err("swscale does not know this pixel format");
            }
            let to_color = target.color.unwrap_or(color);
            let to_full = target.color.is_none_or(|color| color.range == ColorRange::Full);
            // Refused only for formats without a matrix, which need none.
            ffi::sws_setColorspaceDetails(
                self.context,
                ffi::sws_getCoefficients(swscale_matrix(color.matrix)),
                c_int::from(color.range == ColorRange::Full),
                ffi::sws_getCoefficients(swscale_matrix(to_color.matrix)),
                c_int::from(to_full),
                0,
                1 << 16,
                1 << 16,
            );
        }
        self.prepared = Some(wanted);
        Ok(())
    }

    fn release(&mut self) {
        // SAFETY: null or a context of ours; never used after this.
        unsafe { ffi::sws_freeContext(self.context) };
        self.context = std::ptr::null_mut();
        self.prepared = None;
    }
}

impl Drop for Converter {
    fn drop(&mut self) {
        self.release();
    }
}

/// The picture's rows without the padding between them.
pub(super) fn tight_rows(picture: &Video, bytes_per_pixel: usize) -> Vec<u8> {
    let row = picture.width() as usize * bytes_per_pixel;
    let stride = picture.stride(0).max(1);
    let rows = picture.data(0).chunks(stride).take(picture.height() as usize);
    rows.flat_map(|line| &line[..row.min(line.len())]).copied().collect()
}

fn sizes(sides: [u32; 4]) -> Option<[c_int; 4]> {
    const LONGEST_PX: u32 = 32_768;
    sides.iter().all(|side| (1..=LONGEST_PX).contains(side)).then(|| sides.map(|side| side as c_int))
}

fn swscale_matrix(matrix: ColorMatrix) -> c_int {
    match matrix {
        ColorMatrix::Bt601 => ffi::SWS_CS_ITU601,
        ColorMatrix::Bt709 | ColorMatrix::Rgb => ffi::SWS_CS_ITU709,
        ColorMatrix::Bt2020 => ffi::SWS_CS_BT2020,
    }
}
