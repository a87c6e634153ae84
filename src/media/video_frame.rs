//! A decoded picture that knows which frame of the file it is.

use std::ffi::c_int;
use std::sync::Arc;

use ffmpeg_next::ffi;
use ffmpeg_next::frame::Video;

use super::color::{ColorSpec, StatedColor};
use super::error::MediaError;
use super::ffi_enum;
use super::frame_table::FrameEntry;
use super::orientation::Orientation;
use super::rgb_image::RgbImage;
use super::scaler::{Converter, Target};
use avar_base::time::{FrameIndex, MediaTime};

/// One frame, as decoded or, for unusual pixel formats, as RGBA; cloning shares the planes.
#[derive(Clone)]
pub struct VideoFrame {
    /// Its place in the frame table.
    pub index: FrameIndex,
    /// In the table's time base, as the file states it.
    pub pts: i64,
    /// When it is shown, on the file's own axis.
    pub time: MediaTime,
    /// Whether the table has it as a frame at which decoding can begin.
    pub is_key: bool,
    /// The decoder found errors and filled in what was missing.
    pub is_concealed: bool,
    /// Of the coded picture, before rotation.
    pub width_px: u32,
    /// Of the coded picture, before rotation.
    pub height_px: u32,
    /// As the frame states it, with what it leaves open filled in.
    pub color: ColorSpec,
    /// How the planes, which lie as coded, are turned and mirrored to be upright.
    pub orientation: Orientation,
    layout: PixelLayout,
    picture: Arc<Video>,
}

/// How the planes hold the picture.
#[allow(missing_docs, reason = "the line above a variant says what its fields are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelLayout {
    /// Planes Y, Cb, Cr. Up to 8 bits in bytes, above in 16-bit little-endian words, the value in the low
    /// bits. A chroma plane has `ceil(size / 2^shift)` samples along an axis. Alpha is left out.
    PlanarYuv { bits: u32, chroma_shift_x: u32, chroma_shift_y: u32 },
    /// One plane of R, G, B, A bytes.
    Rgba,
}

/// Rows of samples; row `y` begins at `y * stride_bytes`.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    /// From the first sample to the last of the last row, which may be short of a stride.
    pub bytes: &'a [u8],
    /// From a row to the next; may be more than its samples take.
    pub stride_bytes: usize,
    /// In samples (RGBA: pixels).
    pub width_px: u32,
    /// In rows.
    pub height_px: u32,
}

impl VideoFrame {
    /// Wraps a decoded picture; a pixel format that is not planar YUV is converted to RGBA.
    pub(super) fn new(
        picture: Video,
        (index, is_key): (FrameIndex, bool),
        entry: &FrameEntry,
        orientation: Orientation,
        converter: &mut Converter,
    ) -> Result<Self, MediaError> {
        // SAFETY: the frame is alive; its fields were filled in by the decoder.
        let (color, layout, is_concealed) = unsafe {
            let raw = picture.as_ptr();
            let color = ColorSpec::resolve(StatedColor::of_frame(raw), picture.height());
            let upside_down = (*raw).linesize.iter().any(|stride| *stride < 0);
            let is_concealed = (*raw).decode_error_flags != 0 || (*raw).flags & ffi::AV_FRAME_FLAG_CORRUPT != 0;
            (color, planar_yuv((*raw).format).filter(|_| !upside_down), is_concealed)
        };
        let (width_px, height_px) = (picture.width(), picture.height());
        if width_px == 0 || height_px == 0 {
            return Err(MediaError::Convert { width_px, height_px, reason: "it has no pixels".to_owned() });
        }
        let (layout, picture) = match layout {
            Some(layout) => (layout, picture),
            None => (PixelLayout::Rgba, converter.convert(&picture, color, Target::rgba(width_px, height_px))?),
        };
        Ok(Self {
            index,
            pts: entry.pts,
            time: entry.time,
            is_key,
            is_concealed,
            width_px,
            height_px,
            color,
            orientation,
            layout,
            picture: Arc::new(picture),
        })
    }

    /// Whether both share the same decoded planes.
    pub fn is_same_picture(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.picture, &other.picture)
    }

    /// How the planes hold the picture.
    pub fn layout(&self) -> PixelLayout {
        self.layout
    }

    /// 3 of planar YUV, 1 of RGBA.
    pub fn plane_count(&self) -> usize {
        match self.layout {
            PixelLayout::PlanarYuv { .. } => 3,
            PixelLayout::Rgba => 1,
        }
    }

    /// # Panics
    /// Where `plane` is not below [`Self::plane_count`].
    pub fn plane(&self, plane: usize) -> Plane<'_> {
        assert!(plane < self.plane_count(), "plane {plane} of {}", self.plane_count());
        let (shift_x, shift_y, sample_bytes) = match self.layout {
            PixelLayout::Rgba => (0, 0, 4),
            PixelLayout::PlanarYuv { bits, .. } if plane == 0 => (0, 0, bits.div_ceil(8) as usize),
            PixelLayout::PlanarYuv { bits, chroma_shift_x, chroma_shift_y } => {
                (chroma_shift_x, chroma_shift_y, bits.div_ceil(8) as usize)
            }
        };
        let width_px = self.width_px.div_ceil(1 << shift_x);
        let height_px = self.height_px.div_ceil(1 << shift_y);
        // SAFETY: the decoder allocated `height_px` rows of `stride_bytes` each at `data`, of which the last is only
        // promised to be as long as its samples; `new` saw that there is one and that no stride is negative.
        let (bytes, stride_bytes) = unsafe {
            let raw = self.picture.as_ptr();
            let stride = (*raw).linesize[plane] as usize;
            let len = stride * (height_px as usize - 1) + width_px as usize * sample_bytes;
            (std::slice::from_raw_parts((*raw).data[plane], len), stride)
        };
        Plane { bytes, stride_bytes, width_px, height_px }
    }

    /// The upright picture at its full size.
    pub fn to_rgb8(&self) -> Result<RgbImage, MediaError> {
        let lying = Converter::default().convert_to_rgb8(&self.picture, self.color, (self.width_px, self.height_px))?;
        Ok(lying.upright(self.orientation))
    }

    /// Memory held by the planes.
    pub fn size_bytes(&self) -> usize {
        (0..self.plane_count()).map(|plane| self.plane(plane)).map(|p| p.stride_bytes * p.height_px as usize).sum()
    }

    /// Width and height as shown, after rotation.
    pub fn upright_size_px(&self) -> (u32, u32) {
        if self.orientation.swaps_sides() { (self.height_px, self.width_px) } else { (self.width_px, self.height_px) }
    }

    pub(super) fn picture(&self) -> &Video {
        &self.picture
    }
}

impl std::fmt::Debug for VideoFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VideoFrame")
            .field("index", &self.index)
            .field("pts", &self.pts)
            .field("size_px", &(self.width_px, self.height_px))
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// The layout of planar YUV of 8 to 16 bits with at most halved chroma; `None` for everything else.
fn planar_yuv(format: c_int) -> Option<PixelLayout> {
    let descriptor = ffi_enum::pixel_format(format)?;
    let has = |flag: i64| descriptor.flags & flag as u64 != 0;
    let unusual = ffi::AV_PIX_FMT_FLAG_RGB
        | ffi::AV_PIX_FMT_FLAG_BE
        | ffi::AV_PIX_FMT_FLAG_PAL
        | ffi::AV_PIX_FMT_FLAG_BITSTREAM
        | ffi::AV_PIX_FMT_FLAG_HWACCEL
        | ffi::AV_PIX_FMT_FLAG_FLOAT;
    let planes: [ffi::AVComponentDescriptor; 3] = [descriptor.comp[0], descriptor.comp[1], descriptor.comp[2]];
    let bits = u32::try_from(planes[0].depth).ok().filter(|bits| (8..=16).contains(bits))?;
    let sample_bytes = bits.div_ceil(8) as i32;
    let separate = planes.iter().zip(0..).all(|(component, plane)| {
        component.plane == plane
            && component.depth == planes[0].depth
            && component.shift == 0
            && component.offset == 0
            && component.step == sample_bytes
    });
    let halved_at_most = descriptor.log2_chroma_w <= 1 && descriptor.log2_chroma_h <= 1;
    let fits = has(ffi::AV_PIX_FMT_FLAG_PLANAR.into())
        && !has(unusual.into())
        && descriptor.nb_components >= 3
        && separate
        && halved_at_most;
    fits.then(|| PixelLayout::PlanarYuv {
        bits,
        chroma_shift_x: descriptor.log2_chroma_w.into(),
        chroma_shift_y: descriptor.log2_chroma_h.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_planar_yuv_is_handed_out_as_it_is() {
        use ffi::AVPixelFormat as Format;
        let yuv = |bits, chroma_shift_x, chroma_shift_y| {
            Some(PixelLayout::PlanarYuv { bits, chroma_shift_x, chroma_shift_y })
        };
        let layout = |format: Format| planar_yuv(format as c_int);
        assert_eq!(layout(Format::AV_PIX_FMT_YUV420P), yuv(8, 1, 1));
        assert_eq!(layout(Format::AV_PIX_FMT_YUVJ422P), yuv(8, 1, 0));
        assert_eq!(layout(Format::AV_PIX_FMT_YUV420P10LE), yuv(10, 1, 1));
        assert_eq!(layout(Format::AV_PIX_FMT_YUV444P12LE), yuv(12, 0, 0));
        assert_eq!(planar_yuv(4_000_000), None);
        for other in [
            Format::AV_PIX_FMT_NV12,
            Format::AV_PIX_FMT_GRAY8,
            Format::AV_PIX_FMT_GBRP,
            Format::AV_PIX_FMT_YUV410P,
            Format::AV_PIX_FMT_YUV420P10BE,
            Format::AV_PIX_FMT_YUYV422,
            Format::AV_PIX_FMT_PAL8,
        ] {
            assert_eq!(layout(other), None, "{other:?}");
        }
    }
}
