//! Samples into one audio stream of a file that is being written: for clips and for audio files.

use std::ops::Range;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::format::sample::{Sample, Type as SampleType};
use ffmpeg_next::frame::Audio;

use super::audio_format::AudioFormat;
use super::clip_writer::{Sink, make_repeatable, next_packet};

/// How a stream is coded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    /// Of the samples pushed and of the stream.
    pub format: AudioFormat,
    /// What the encoder takes: [`Sample::F32`] or [`Sample::I16`], of either type.
    pub sample: Sample,
    pub bits_per_second: usize,
}

pub(super) struct SampleEncoder {
    encoder: ffmpeg::encoder::Audio,
    stream: usize,
    encoding: Encoding,
    time_base: ffmpeg::Rational,
    /// Interleaved samples short of a whole encoder frame.
    waiting: Vec<f32>,
    written: i64,
}

/// What encoders that take blocks of any length are given at once.
const FREE_BLOCK_SAMPLES: usize = 4096;

impl SampleEncoder {
    pub(super) fn add(
        output: &mut ffmpeg::format::context::Output,
        codec: ffmpeg::Codec,
        encoding: Encoding,
    ) -> Result<Self, ffmpeg::Error> {
        let AudioFormat { rate_hz, channels } = encoding.format;
        let rate = i32::try_from(rate_hz).map_err(|_| ffmpeg::Error::InvalidData)?;
        let time_base = ffmpeg::Rational::new(1, rate);
        let mut encoder = ffmpeg::codec::Context::new_with_codec(codec).encoder().audio()?;
        encoder.set_rate(rate);
        encoder.set_format(encoding.sample);
        encoder.set_time_base(time_base);
        encoder.set_bit_rate(encoding.bits_per_second);
        // SAFETY: the encoder's own layout field, set before it is opened.
        unsafe { ffi::av_channel_layout_default(&mut (*encoder.as_mut_ptr()).ch_layout, i32::from(channels)) };
        make_repeatable(&mut encoder);
        let encoder = encoder.open()?;
        let mut stream = output.add_stream(codec)?;
        stream.set_parameters(&encoder);
        stream.set_time_base(time_base);
        let stream = stream.index();
        Ok(Self { encoder, stream, encoding, time_base, waiting: Vec::new(), written: 0 })
    }

    pub(super) fn push(&mut self, samples: &[f32], sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        self.waiting.extend_from_slice(samples);
        let block = match self.encoder.frame_size() as usize {
            0 => FREE_BLOCK_SAMPLES,
            size => size,
        };
        let whole = block * usize::from(self.encoding.format.channels);
        let mut sent = 0;
        while self.waiting.len() - sent >= whole {
            self.encode(sent..sent + whole, sink)?;
            sent += whole;
        }
        self.waiting.drain(..sent);
        Ok(())
    }

    pub(super) fn finish(&mut self, sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        if !self.waiting.is_empty() {
            self.encode(0..self.waiting.len(), sink)?;
        }
        self.encoder.send_eof()?;
        self.write_ready(sink)
    }

    fn encode(&mut self, waiting: Range<usize>, sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        let channels = usize::from(self.encoding.format.channels);
        let samples = &self.waiting[waiting];
        let mut block = frame(samples.len() / channels, &self.encoding)?;
        fill(&mut block, samples, channels, self.encoding.sample);
        block.set_pts(Some(self.written));
        self.written += (samples.len() / channels) as i64;
        self.encoder.send_frame(&block)?;
        self.write_ready(sink)
    }

    fn write_ready(&mut self, sink: &mut Sink) -> Result<(), ffmpeg::Error> {
        while let Some(packet) = next_packet(&mut self.encoder)? {
            sink.write(packet, self.stream, self.time_base)?;
        }
        Ok(())
    }
}

/// Room for `count` samples of each channel.
fn frame(count: usize, encoding: &Encoding) -> Result<Audio, ffmpeg::Error> {
    let mut block = Audio::empty();
    // SAFETY: all fields that the allocation needs are set before it, and its result is checked.
    unsafe {
        let raw = block.as_mut_ptr();
        (*raw).nb_samples = i32::try_from(count).map_err(|_| ffmpeg::Error::InvalidData)?;
        (*raw).format = ffi::AVSampleFormat::from(encoding.sample) as i32;
        (*raw).sample_rate = encoding.format.rate_hz as i32;
        ffi::av_channel_layout_default(&mut (*raw).ch_layout, i32::from(encoding.format.channels));
        if ffi::av_frame_get_buffer(raw, 0) < 0 {
            return Err(ffmpeg::Error::Other { errno: ffi::ENOMEM });
        }
    }
    Ok(block)
}

/// Puts interleaved samples where a frame of this format has them.
fn fill(block: &mut Audio, samples: &[f32], channels: usize, format: Sample) {
    let is_planar = matches!(format, Sample::F32(SampleType::Planar) | Sample::I16(SampleType::Planar));
    for (at, sample) in samples.iter().enumerate() {
        let (plane, place) = if is_planar { (at % channels, at / channels) } else { (0, at) };
        // SAFETY: a frame that was made for so many samples of this format has room for each of them there.
        unsafe {
            let plane = *(*block.as_mut_ptr()).extended_data.add(plane);
            match format {
                Sample::I16(_) => {
                    let value = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
                    plane.cast::<i16>().add(place).write(value);
                }
                _ => plane.cast::<f32>().add(place).write(*sample),
            }
        }
    }
}
