//! FFmpeg's C enumerations as numbers.
//!
//! A C enumeration may hold any number, a Rust enum those of its list alone: to read another is undefined behaviour,
//! whatever is done with it. The binding makes Rust enums of C's, and neither side keeps to a list: FFmpeg passes on
//! what a file states without a check (a Matroska file's MatrixCoefficients), and a library that is newer than the
//! headers knows codecs and pixel formats that these do not. So whatever FFmpeg fills in is read as a number, compared
//! as a number, and given back to FFmpeg as a number; the binding's enums serve to name numbers and to set fields.
//!
//! ffmpeg-next's accessors that make an enum of a field (`medium`, `id`, `kind`, `format`, `color_space` and the like) are
//! called on nothing that a file has a say in.

use std::ffi::{CStr, c_int};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::Parameters;
use ffmpeg_next::codec::packet::SideData;
use ffmpeg_next::ffi;

use super::error::StreamKind;

/// The number in a field that C declares as an enumeration.
///
/// # Safety
/// `field` points to a field of such a type that can be read.
pub(super) unsafe fn number<E>(field: *const E) -> c_int {
    const { assert!(size_of::<E>() == size_of::<c_int>(), "FFmpeg's enumerations are as large as an int") };
    // SAFETY: the field can be read and has the size of an integer, of which every bit pattern is one.
    unsafe { field.cast::<c_int>().read() }
}

/// The codecs of which something is known in this room, by their numbers.
pub(super) mod codec {
    use std::ffi::c_int;

    use ffmpeg_next::ffi::AVCodecID as Id;

    pub(crate) const NONE: c_int = Id::AV_CODEC_ID_NONE as c_int;
    pub(crate) const AV1: c_int = Id::AV_CODEC_ID_AV1 as c_int;
    pub(crate) const DNXHD: c_int = Id::AV_CODEC_ID_DNXHD as c_int;
    pub(crate) const FFV1: c_int = Id::AV_CODEC_ID_FFV1 as c_int;
    pub(crate) const H264: c_int = Id::AV_CODEC_ID_H264 as c_int;
    pub(crate) const HEVC: c_int = Id::AV_CODEC_ID_HEVC as c_int;
    pub(crate) const MJPEG: c_int = Id::AV_CODEC_ID_MJPEG as c_int;
    pub(crate) const MPEG2VIDEO: c_int = Id::AV_CODEC_ID_MPEG2VIDEO as c_int;
    pub(crate) const PRORES: c_int = Id::AV_CODEC_ID_PRORES as c_int;
    pub(crate) const RAWVIDEO: c_int = Id::AV_CODEC_ID_RAWVIDEO as c_int;
    pub(crate) const VP8: c_int = Id::AV_CODEC_ID_VP8 as c_int;
    pub(crate) const VP9: c_int = Id::AV_CODEC_ID_VP9 as c_int;
}

pub(super) fn codec_id(parameters: &Parameters) -> c_int {
    // SAFETY: the parameters are alive.
    unsafe { number(&raw const (*parameters.as_ptr()).codec_id) }
}

/// `None` for a stream that is neither picture nor sound.
pub(super) fn stream_kind(parameters: &Parameters) -> Option<StreamKind> {
    const VIDEO: c_int = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO as c_int;
    const AUDIO: c_int = ffi::AVMediaType::AVMEDIA_TYPE_AUDIO as c_int;
    // SAFETY: the parameters are alive.
    match unsafe { number(&raw const (*parameters.as_ptr()).codec_type) } {
        VIDEO => Some(StreamKind::Picture),
        AUDIO => Some(StreamKind::Audio),
        _ => None,
    }
}

/// Whether `data` is what `wanted` names.
pub(super) fn is_side_data(data: &SideData<'_>, wanted: ffi::AVPacketSideDataType) -> bool {
    // SAFETY: the entry belongs to a stream that is alive.
    unsafe { number(&raw const (*data.as_ptr()).type_) == wanted as c_int }
}

/// `None` where this FFmpeg has no decoder for the codec.
pub(super) fn find_decoder(codec_id: c_int) -> Option<ffmpeg::Codec> {
    // SAFETY: a look-up in FFmpeg's constant table, for any number.
    let decoder = unsafe { by_number::avcodec_find_decoder(codec_id) };
    // SAFETY: an entry of that table, which stays.
    (!decoder.is_null()).then(|| unsafe { ffmpeg::Codec::wrap(decoder) })
}

/// FFmpeg's name of a codec, such as `h264`.
pub(super) fn codec_name(codec_id: c_int) -> String {
    // SAFETY: a look-up in FFmpeg's constant table, for any number; the answer is a constant C string.
    unsafe { CStr::from_ptr(by_number::avcodec_get_name(codec_id)) }.to_string_lossy().into_owned()
}

/// The bits of a sample of a codec whose samples all have the same size, such as PCM; 0 for any other.
pub(super) fn exact_sample_bits(codec_id: c_int) -> u32 {
    // SAFETY: a look-up in FFmpeg's constant table, for any number.
    u32::try_from(unsafe { by_number::av_get_exact_bits_per_sample(codec_id) }).unwrap_or(0)
}

/// What FFmpeg says about a pixel format; `None` for a number that is none.
pub(super) fn pixel_format(format: c_int) -> Option<&'static ffi::AVPixFmtDescriptor> {
    // SAFETY: a look-up in FFmpeg's constant table, for any number; null or an entry, which stays.
    unsafe { by_number::av_pix_fmt_desc_get(format).as_ref() }
}

/// `None` for a number that is no sample format of the binding.
pub(super) fn sample_format(format: c_int) -> Option<ffi::AVSampleFormat> {
    use ffi::AVSampleFormat::*;
    let known = [
        AV_SAMPLE_FMT_U8,
        AV_SAMPLE_FMT_S16,
        AV_SAMPLE_FMT_S32,
        AV_SAMPLE_FMT_FLT,
        AV_SAMPLE_FMT_DBL,
        AV_SAMPLE_FMT_U8P,
        AV_SAMPLE_FMT_S16P,
        AV_SAMPLE_FMT_S32P,
        AV_SAMPLE_FMT_FLTP,
        AV_SAMPLE_FMT_DBLP,
        AV_SAMPLE_FMT_S64,
        AV_SAMPLE_FMT_S64P,
    ];
    known.into_iter().find(|known| *known as c_int == format)
}

/// FFmpeg's functions that take an enumeration, declared as what they are to the machine: functions of an `int`.
pub(super) mod by_number {
    use std::ffi::{c_char, c_int};

    use ffmpeg_next::ffi;

    unsafe extern "C" {
        pub(super) fn av_get_exact_bits_per_sample(codec_id: c_int) -> c_int;
        pub(super) fn av_pix_fmt_desc_get(format: c_int) -> *const ffi::AVPixFmtDescriptor;
        pub(super) fn avcodec_find_decoder(codec_id: c_int) -> *const ffi::AVCodec;
        pub(super) fn avcodec_get_name(codec_id: c_int) -> *const c_char;
        /// Null where swscale does not know the formats.
        pub(crate) fn sws_getContext(
            from_width: c_int,
            from_height: c_int,
            from_format: c_int,
            to_width: c_int,
            to_height: c_int,
            to_format: c_int,
            flags: c_int,
            from_filter: *mut ffi::SwsFilter,
            to_filter: *mut ffi::SwsFilter,
            parameters: *const f64,
        ) -> *mut ffi::SwsContext;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_of_the_list_is_read_as_it_is() {
        let fields: [c_int; 3] = [1, 200, -7];
        let read = |field: &c_int| {
            let field: *const ffi::AVColorSpace = (&raw const *field).cast();
            // SAFETY: the field is an integer that is alive.
            unsafe { number(field) }
        };
        assert_eq!(fields.each_ref().map(read), fields);
    }

    #[test]
    fn numbers_that_name_nothing_are_answered() {
        for number in [-1, 4_000_000, c_int::MAX, c_int::MIN] {
            assert!(find_decoder(number).is_none(), "{number}");
            assert!(sample_format(number).is_none(), "{number}");
        }
        assert!(pixel_format(-1).is_none() && pixel_format(4_000_000).is_none());
        assert_eq!(codec_name(codec::H264), "h264");
        assert_eq!(codec_name(4_000_000), "unknown_codec");
        assert!(find_decoder(codec::MJPEG).is_some());
        assert_eq!(sample_format(8), Some(ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP));
    }
}
