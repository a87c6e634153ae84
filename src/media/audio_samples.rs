//! The samples of a decoded audio frame, one channel at a time and whatever format they have.

use std::ops::Range;

use ffmpeg_next::ffi;
use ffmpeg_next::frame::Audio;

/// How FFmpeg lays out the samples of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SampleLayout {
    kind: SampleKind,
    /// Each channel by itself, and not one sample of each in turn.
    is_planar: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SampleKind {
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl SampleLayout {
    /// `format` is a number of `AVSampleFormat`; `None` where it is none of this FFmpeg.
    pub(super) fn of_format(format: i32) -> Option<Self> {
        const U8: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_U8 as i32;
        const I16: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_S16 as i32;
        const I32: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_S32 as i32;
        const F32: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLT as i32;
        const F64: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_DBL as i32;
        const U8_PLANAR: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_U8P as i32;
        const I16_PLANAR: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_S16P as i32;
        const I32_PLANAR: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_S32P as i32;
        const F32_PLANAR: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP as i32;
        const F64_PLANAR: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_DBLP as i32;
        const I64: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_S64 as i32;
        const I64_PLANAR: i32 = ffi::AVSampleFormat::AV_SAMPLE_FMT_S64P as i32;
        let kind = match format {
            U8 | U8_PLANAR => SampleKind::U8,
            I16 | I16_PLANAR => SampleKind::I16,
            I32 | I32_PLANAR => SampleKind::I32,
            I64 | I64_PLANAR => SampleKind::I64,
            F32 | F32_PLANAR => SampleKind::F32,
            F64 | F64_PLANAR => SampleKind::F64,
            _ => return None,
        };
        let is_planar = matches!(format, U8_PLANAR | I16_PLANAR | I32_PLANAR | I64_PLANAR | F32_PLANAR | F64_PLANAR);
        Some(Self { kind, is_planar })
    }

    /// Whether a sample can be something that is no number.
    pub(super) fn is_floating(self) -> bool {
        matches!(self.kind, SampleKind::F32 | SampleKind::F64)
    }

    /// Replaces what is in `samples` by the samples `range` of one channel, full scale -1 to 1.
    ///
    /// # Safety
    /// `frame` must have been decoded in this layout, with more channels than `channel`.
    pub(super) unsafe fn read(self, frame: &Audio, channel: usize, range: Range<usize>, samples: &mut Vec<f32>) {
        // SAFETY: as promised by the caller.
        unsafe {
            match self.kind {
                SampleKind::U8 => self.read_as::<u8>(frame, channel, range, samples),
                SampleKind::I16 => self.read_as::<i16>(frame, channel, range, samples),
                SampleKind::I32 => self.read_as::<i32>(frame, channel, range, samples),
                SampleKind::I64 => self.read_as::<i64>(frame, channel, range, samples),
                SampleKind::F32 => self.read_as::<f32>(frame, channel, range, samples),
                SampleKind::F64 => self.read_as::<f64>(frame, channel, range, samples),
            }
        }
    }

    /// Puts `change(place, sample)` where each sample of `range` of one channel is; `place` counts from the range's
    /// start.
    ///
    /// # Safety
    /// As for [`Self::read`]; nobody else may hold the frame's memory (`av_frame_make_writable`).
    pub(super) unsafe fn change(
        self,
        frame: &mut Audio,
        channel: usize,
        range: Range<usize>,
        change: impl Fn(usize, f64) -> f64,
    ) {
        // SAFETY: as promised by the caller.
        unsafe {
            match self.kind {
                SampleKind::U8 => self.change_as::<u8>(frame, channel, range, change),
                SampleKind::I16 => self.change_as::<i16>(frame, channel, range, change),
                SampleKind::I32 => self.change_as::<i32>(frame, channel, range, change),
                SampleKind::I64 => self.change_as::<i64>(frame, channel, range, change),
                SampleKind::F32 => self.change_as::<f32>(frame, channel, range, change),
                SampleKind::F64 => self.change_as::<f64>(frame, channel, range, change),
            }
        }
    }

    unsafe fn read_as<S: Sample>(self, frame: &Audio, channel: usize, range: Range<usize>, samples: &mut Vec<f32>) {
        samples.clear();
        // SAFETY: as promised by the caller, samples of this kind lie there, as many as the range has.
        unsafe {
            let (first, step) = self.place::<S>(frame, channel, &range);
            samples.extend((0..range.len()).map(|i| first.add(i * step).read_unaligned().to_full_scale() as f32));
        }
    }

    unsafe fn change_as<S: Sample>(
        self,
        frame: &mut Audio,
        channel: usize,
        range: Range<usize>,
        change: impl Fn(usize, f64) -> f64,
    ) {
        // SAFETY: as in `read_as`, and the memory is ours alone.
        unsafe {
            let (first, step) = self.place::<S>(frame, channel, &range);
            for i in 0..range.len() {
                let sample = first.add(i * step);
                let changed = change(i, sample.read_unaligned().to_full_scale());
                sample.write_unaligned(S::from_full_scale(changed));
            }
        }
    }

    /// Where the first sample of `range` lies, and how many samples further the next one of the same channel.
    unsafe fn place<S: Sample>(self, frame: &Audio, channel: usize, range: &Range<usize>) -> (*mut S, usize) {
        assert!(range.end <= frame.samples(), "beyond the frame's samples");
        // SAFETY: a decoded frame has one plane for each channel, or one for all; each holds all its samples.
        unsafe {
            let raw = frame.as_ptr();
            let channels = (*raw).ch_layout.nb_channels.max(0) as usize;
            assert!(channel < channels, "beyond the frame's channels");
            let (plane, start, step) = match self.is_planar {
                true => (channel, range.start, 1),
                false => (0, range.start * channels + channel, channels),
            };
            ((*(*raw).extended_data.add(plane)).cast::<S>().add(start), step)
        }
    }
}

/// One sample as FFmpeg stores it.
trait Sample: Copy {
    fn to_full_scale(self) -> f64;
    fn from_full_scale(value: f64) -> Self;
}

impl Sample for u8 {
    fn to_full_scale(self) -> f64 {
        (f64::from(self) - 128.0) / 128.0
    }

    fn from_full_scale(value: f64) -> Self {
        // A cast of a number that does not fit gives the nearest that does.
        (value * 128.0 + 128.0).round() as Self
    }
}

impl Sample for i16 {
    fn to_full_scale(self) -> f64 {
        f64::from(self) / 32_768.0
    }

    fn from_full_scale(value: f64) -> Self {
        (value * 32_768.0).round() as Self
    }
}

impl Sample for i32 {
    fn to_full_scale(self) -> f64 {
        f64::from(self) / 2_147_483_648.0
    }

    fn from_full_scale(value: f64) -> Self {
        (value * 2_147_483_648.0).round() as Self
    }
}

impl Sample for i64 {
    fn to_full_scale(self) -> f64 {
        self as f64 / 9_223_372_036_854_775_808.0
    }

    fn from_full_scale(value: f64) -> Self {
        (value * 9_223_372_036_854_775_808.0).round() as Self
    }
}

impl Sample for f32 {
    fn to_full_scale(self) -> f64 {
        f64::from(self)
    }

    fn from_full_scale(value: f64) -> Self {
        value as Self
    }
}

impl Sample for f64 {
    fn to_full_scale(self) -> f64 {
        self
    }

    fn from_full_scale(value: f64) -> Self {
        value
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_next::ChannelLayout;
    use ffmpeg_next::format::Sample as Format;
    use ffmpeg_next::format::sample::Type;

    use super::*;

    const FORMATS: [Format; 12] = [
        Format::U8(Type::Packed),
        Format::U8(Type::Planar),
        Format::I16(Type::Packed),
        Format::I16(Type::Planar),
        Format::I32(Type::Packed),
        Format::I32(Type::Planar),
        Format::I64(Type::Packed),
        Format::I64(Type::Planar),
        Format::F32(Type::Packed),
        Format::F32(Type::Planar),
        Format::F64(Type::Packed),
        Format::F64(Type::Planar),
    ];

    #[test]
    fn each_channel_of_each_format_is_read_and_changed_by_itself() {
        for format in FORMATS {
            let layout = SampleLayout::of_format(ffi::AVSampleFormat::from(format) as i32).unwrap();
            let mut frame = Audio::new(format, 20, ChannelLayout::default(3));
            let mut read = Vec::new();
            // SAFETY: the frame was made in this layout with three channels, and nobody else holds it.
            unsafe {
                for channel in 0..3 {
                    layout.change(&mut frame, channel, 0..20, |place, _| (channel * 20 + place) as f64 / 128.0);
                }
                layout.change(&mut frame, 1, 5..10, |place, sample| if place == 0 { 2.0 } else { -sample });
                for channel in 0..3 {
                    layout.read(&frame, channel, 4..11, &mut read);
                    let mut expected: Vec<f32> = (4..11).map(|place| (channel * 20 + place) as f32 / 128.0).collect();
                    if channel == 1 {
                        expected[2..6].iter_mut().for_each(|sample| *sample = -*sample);
                        expected[1] = read[1];
                        // Whole numbers end below full scale, the others do not.
                        let highest = if layout.is_floating() { 2.0 } else { 1.0 };
                        assert!((read[1] - highest).abs() < 0.01, "{format:?}: {}", read[1]);
                    }
                    assert_eq!(read, expected, "channel {channel} of {format:?}");
                }
            }
        }
    }

    #[test]
    fn a_number_that_is_no_format_has_no_layout() {
        assert_eq!(SampleLayout::of_format(-1), None);
        assert_eq!(SampleLayout::of_format(ffi::AVSampleFormat::AV_SAMPLE_FMT_NB as i32), None);
    }
}
