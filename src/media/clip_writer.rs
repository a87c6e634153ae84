//! Writing clips: H.264 and AAC in MP4, the same bytes for the same input.
//!
//! One encoder thread, FFmpeg's bit-exact flags and x264's processor-independent choices make the bytes depend on the input and the FFmpeg
//! version alone. The file is written beside its destination and renamed when it is whole.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::Id;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::sample::{Sample, Type as SampleType};
use ffmpeg_next::frame::Video;

use super::audio_format::AudioFormat;
use super::color::{ColorMatrix, ColorRange, ColorSpec, Transfer};
use super::error::MediaError;
use super::sample_encoder::{Encoding, SampleEncoder};
use super::scaler::{Converter, Target};
use avar_base::files::{keep, partial_beside};

/// What a clip is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipSpec {
    /// Even, as 4:2:0 pictures need.
    pub width_px: u32,
    /// Even as well. From 720 lines up the colour matrix is that of BT.709, below that of BT.601.
    pub height_px: u32,
    /// Frames per second.
    pub rate_hz: u32,
    /// The format of the samples pushed; `None` for a clip without sound.
    pub audio: Option<AudioFormat>,
    /// x264's constant rate factor: 0 lossless, 18 visually so, 51 worst.
    pub crf: u8,
}

/// Encodes pictures and sound into one file; nothing is left behind unless it is finished.
pub struct ClipWriter {
    sink: Sink,
    video: VideoTrack,
    audio: Option<SampleEncoder>,
    path: PathBuf,
    partial: tempfile::TempPath,
}

impl ClipWriter {
    /// Begins a clip that will appear at `path`, replacing what is there, when it is finished.
    pub fn create(path: &Path, spec: &ClipSpec) -> Result<Self, MediaError> {
        super::ffmpeg_log::install();
        let failed = |reason: String| MediaError::Write { reason, path: path.to_owned() };
        let even = |side: u32| side > 0 && side.is_multiple_of(2) && side <= 16_384;
        if !even(spec.width_px) || !even(spec.height_px) || spec.rate_hz == 0 || spec.rate_hz > 1000 {
            let ClipSpec { width_px, height_px, rate_hz, .. } = spec;
            let reason = format!("{width_px}x{height_px} at {rate_hz} frames per second; both sides must be even");
            return Err(failed(reason));
        }
        let partial = partial_beside(path).map_err(|error| failed(error.to_string()))?.into_temp_path();
        let codec = ffmpeg::encoder::find_by_name("libx264").or_else(|| ffmpeg::encoder::find(Id::MPEG4));
        let codec = codec.ok_or_else(|| MediaError::NoEncoder { path: path.to_owned() })?;
        let ffmpeg_failed = |error: ffmpeg::Error| failed(error.to_string());
        let mut output = ffmpeg::format::output_as(&partial, "mp4").map_err(ffmpeg_failed)?;
        // SAFETY: the context was just opened; the flag keeps version strings and dates out of the file.
        unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_BITEXACT };
        let video = VideoTrack::add(&mut output, codec, spec).map_err(ffmpeg_failed)?;
        let audio = spec.audio.map(|format| audio_track(&mut output, format)).transpose().map_err(ffmpeg_failed)?;
        let mut options = ffmpeg::Dictionary::new();
        options.set("movflags", "+faststart");
        output.write_header_with(options).map_err(ffmpeg_failed)?;
        Ok(Self { sink: Sink { output }, video, audio, path: path.to_owned(), partial })
    }

    /// The next picture, `height_px * width_px * 3` bytes of R, G, B.
    pub fn push_rgb(&mut self, rgb: &[u8]) -> Result<(), MediaError> {
        let (width_px, height_px) = (self.video.size_px.0, self.video.size_px.1);
        let row = width_px as usize * 3;
        if rgb.len() != row * height_px as usize {
            return Err(self.failed(format!("a picture of {} bytes is not {width_px}x{height_px} RGB", rgb.len())));
        }
        let mut picture = Video::new(Pixel::RGB24, width_px, height_px);
        let stride = picture.stride(0);
        for (line, source) in picture.data_mut(0).chunks_mut(stride).zip(rgb.chunks(row)) {
            line[..row].copy_from_slice(source);
        }
        let color = self.video.color;
        let target = Target { format: Pixel::YUV420P, width_px, height_px, color: Some(color) };
        let mut picture = self.video.converter.convert(&picture, color, target)?;
        picture.set_pts(Some(self.video.frames));
        self.video.frames += 1;
        self.video.encode(&picture, &mut self.sink).map_err(|error| self.failed(error.to_string()))
    }

    /// The next samples, interleaved, in the format of [`ClipSpec::audio`].
    pub fn push_audio(&mut self, samples: &[f32]) -> Result<(), MediaError> {
        let Some(audio) = &mut self.audio else {
            return Err(self.failed("samples were given for a clip without sound".into()));
        };
        audio.push(samples, &mut self.sink).map_err(|error| self.failed(error.to_string()))
    }

    /// Writes what the encoders still hold and puts the file in its place.
    pub fn finish(mut self) -> Result<(), MediaError> {
        self.finish_streams().map_err(|error| self.failed(error.to_string()))?;
        let Self { sink, path, partial, .. } = self;
        // Closes the file before it is renamed.
        drop(sink);
        keep(partial, &path).map_err(|error| MediaError::Write { reason: error.to_string(), path })
    }

    fn finish_streams(&mut self) -> Result<(), ffmpeg::Error> {
        self.video.finish(&mut self.sink)?;
        if let Some(audio) = &mut self.audio {
            audio.finish(&mut self.sink)?;
        }
        self.sink.output.write_trailer()
    }

    fn failed(&self, reason: String) -> MediaError {
        MediaError::Write { reason, path: self.path.clone() }
    }
}

/// The file being written.
pub(super) struct Sink {
    pub(super) output: ffmpeg::format::context::Output,
}

impl Sink {
    /// Writes a packet whose times are in `time_base`.
    pub(super) fn write(
        &mut self,
        mut packet: ffmpeg::Packet,
        stream: usize,
        time_base: ffmpeg::Rational,
    ) -> Result<(), ffmpeg::Error> {
        let written_base = self.output.stream(stream).map_or(time_base, |stream| stream.time_base());
        packet.rescale_ts(time_base, written_base);
        packet.set_stream(stream);
        packet.set_position(-1);
        packet.write_interleaved(&mut self.output)
    }
}

/// AAC at 64 kbit/s a channel.
fn audio_track(
    output: &mut ffmpeg::format::context::Output,
    format: AudioFormat,
) -> Result<SampleEncoder, ffmpeg::Error> {
    let codec = ffmpeg::encoder::find(Id::AAC).ok_or(ffmpeg::Error::EncoderNotFound)?;
    let sample = Sample::F32(SampleType::Planar);
    SampleEncoder::add(
        output,
        codec,
        Encoding { format, sample, bits_per_second: 64_000 * usize::from(format.channels) },
    )
}

struct VideoTrack {
    encoder: ffmpeg::encoder::Video,
    stream: usize,
    time_base: ffmpeg::Rational,
    size_px: (u32, u32),
    color: ColorSpec,
    converter: Converter,
    frames: i64,
}

impl VideoTrack {
    fn add(
        output: &mut ffmpeg::format::context::Output,
        codec: ffmpeg::Codec,
        spec: &ClipSpec,
    ) -> Result<Self, ffmpeg::Error> {
        let matrix = if spec.height_px >= 720 { ColorMatrix::Bt709 } else { ColorMatrix::Bt601 };
        let color = ColorSpec { matrix, range: ColorRange::Limited, transfer: Transfer::Sdr };
        let time_base = ffmpeg::Rational::new(1, spec.rate_hz as i32);
        let mut encoder = ffmpeg::codec::Context::new_with_codec(codec).encoder().video()?;
        encoder.set_width(spec.width_px);
        encoder.set_height(spec.height_px);
        encoder.set_format(Pixel::YUV420P);
        encoder.set_time_base(time_base);
        encoder.set_frame_rate(Some(time_base.invert()));
        tag_color(&mut encoder, matrix);
        make_repeatable(&mut encoder);
        let mut options = ffmpeg::Dictionary::new();
        if codec.id() == Id::H264 {
            options.set("preset", "veryfast");
            // Without it x264 chooses differently from run to run on processors with AVX-512.
            options.set("x264-params", "cpu-independent=1");
            options.set("crf", &spec.crf.min(51).to_string());
        } else {
            // MPEG-4 takes a quantiser of 2 to 31 instead.
            let quantiser = i32::from(spec.crf.min(51)) * 29 / 51 + 2;
            encoder.set_global_quality(quantiser * ffi::FF_QP2LAMBDA);
            encoder.set_flags(
                ffmpeg::codec::Flags::QSCALE | ffmpeg::codec::Flags::GLOBAL_HEADER | ffmpeg::codec::Flags::BITEXACT,
            );
        }
        let encoder = encoder.open_with(options)?;
        let mut stream = output.add_stream(codec)?;
        stream.set_parameters(&encoder);
        stream.set_time_base(time_base);
        let stream = stream.index();
        let size_px = (spec.width_px, spec.height_px);
        Ok(Self { encoder, stream, time_base, size_px, color, converter: Converter::default(), frames: 0 })
    }

    fn encode(&mut self, picture: &Video, sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        self.encoder.send_frame(picture)?;
        self.write_ready(sink)
    }

    fn finish(&mut self, sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        self.encoder.send_eof()?;
        self.write_ready(sink)
    }

    fn write_ready(&mut self, sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        while let Some(mut packet) = next_packet(&mut self.encoder)? {
            packet.set_duration(1);
            sink.write(packet, self.stream, self.time_base)?;
        }
        Ok(())
    }
}

/// `None` where the encoder wants more frames first, or has given all that it had.
pub(super) fn next_packet(encoder: &mut ffmpeg::encoder::Encoder) -> Result<Option<ffmpeg::Packet>, ffmpeg::Error> {
    let mut packet = ffmpeg::Packet::empty();
    match encoder.receive_packet(&mut packet) {
        Ok(()) => Ok(Some(packet)),
        Err(ffmpeg::Error::Eof | ffmpeg::Error::Other { errno: ffi::EAGAIN }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn make_repeatable(encoder: &mut ffmpeg::codec::Context) {
    encoder.set_flags(ffmpeg::codec::Flags::GLOBAL_HEADER | ffmpeg::codec::Flags::BITEXACT);
    // SAFETY: plain numbers of an encoder that is not open yet. Threads would cut pictures differently.
    unsafe { (*encoder.as_mut_ptr()).thread_count = 1 };
}

/// States in the file how its numbers mean colour, so that no player has to guess.
pub(super) fn tag_color(encoder: &mut ffmpeg::codec::Context, matrix: ColorMatrix) {
    use ffi::{AVColorPrimaries as Primaries, AVColorSpace as Space, AVColorTransferCharacteristic as Curve};
    let (space, primaries, curve) = if matrix == ColorMatrix::Bt709 {
        (Space::AVCOL_SPC_BT709, Primaries::AVCOL_PRI_BT709, Curve::AVCOL_TRC_BT709)
    } else {
        (Space::AVCOL_SPC_SMPTE170M, Primaries::AVCOL_PRI_SMPTE170M, Curve::AVCOL_TRC_SMPTE170M)
    };
    // SAFETY: plain enumerations of an encoder that is not open yet.
    unsafe {
        let raw = encoder.as_mut_ptr();
        (*raw).colorspace = space;
        (*raw).color_primaries = primaries;
        (*raw).color_trc = curve;
        (*raw).color_range = ffi::AVColorRange::AVCOL_RANGE_MPEG;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_that_fails_is_not_taken_for_one_that_has_given_all() {
        super::super::ffmpeg_log::install();
        // One that is not open answers with an error, whatever it is asked.
        let mut unopened = ffmpeg::codec::Context::new().encoder();
        assert!(matches!(next_packet(&mut unopened), Err(ffmpeg::Error::Other { errno: ffi::EINVAL })));
        let codec = ffmpeg::encoder::find(Id::AAC).unwrap();
        let mut encoder = ffmpeg::codec::Context::new_with_codec(codec).encoder().audio().unwrap();
        encoder.set_rate(16_000);
        encoder.set_format(Sample::F32(SampleType::Planar));
        // SAFETY: the encoder's own layout field, set before it is opened.
        unsafe { ffi::av_channel_layout_default(&mut (*encoder.as_mut_ptr()).ch_layout, 1) };
        let mut encoder = encoder.open().unwrap();
        assert!(matches!(next_packet(&mut encoder), Ok(None)), "it wants samples");
        encoder.send_eof().unwrap();
        assert!(matches!(next_packet(&mut encoder), Ok(None)), "it has given all");
    }
}
