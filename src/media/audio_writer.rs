//! Writing audio files, in the codecs that recordings come in; the same bytes for the same input.
//!
//! The file is written beside its destination and renamed when it is whole.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::format::sample::{Sample, Type as SampleType};

use super::audio_format::AudioFormat;
use super::clip_writer::Sink;
use super::error::MediaError;
use super::sample_encoder::{Encoding, SampleEncoder};
use avar_base::files::{keep, partial_beside};

/// How the samples of a file are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioCodec {
    /// In Ogg; takes 8, 12, 16, 24 and 48 kHz.
    Opus,
    /// In MP4.
    Aac,
    /// In a file of its own; takes the usual rates from 8 to 48 kHz.
    Mp3,
    /// G.711, as telephones have it at 8 kHz; in WAV.
    MuLaw,
    /// 16 bits and nothing lost, in a file of its own.
    Flac,
}

impl AudioCodec {
    /// All of them.
    pub const ALL: [AudioCodec; 5] =
        [AudioCodec::Opus, AudioCodec::Aac, AudioCodec::Mp3, AudioCodec::MuLaw, AudioCodec::Flac];

    /// How the names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            AudioCodec::Opus => "ogg",
            AudioCodec::Aac => "m4a",
            AudioCodec::Mp3 => "mp3",
            AudioCodec::MuLaw => "wav",
            AudioCodec::Flac => "flac",
        }
    }

    fn container(self) -> &'static str {
        match self {
            AudioCodec::Aac => "mp4",
            other => other.extension(),
        }
    }

    fn encoder(self) -> &'static str {
        match self {
            AudioCodec::Opus => "libopus",
            AudioCodec::Aac => "aac",
            AudioCodec::Mp3 => "libmp3lame",
            AudioCodec::MuLaw => "pcm_mulaw",
            AudioCodec::Flac => "flac",
        }
    }

    fn sample(self) -> Sample {
        match self {
            AudioCodec::Opus => Sample::F32(SampleType::Packed),
            AudioCodec::Aac | AudioCodec::Mp3 => Sample::F32(SampleType::Planar),
            AudioCodec::MuLaw | AudioCodec::Flac => Sample::I16(SampleType::Packed),
        }
    }
}

/// What an audio file is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpec {
    /// Of the samples pushed and of the file; a rate that the codec takes, one channel or two.
    pub format: AudioFormat,
    /// How they are coded.
    pub codec: AudioCodec,
    /// Of all channels together, for the codecs that lose something.
    pub bits_per_second: usize,
}

/// Encodes one file; nothing is left behind unless it is finished.
pub struct AudioWriter {
    sink: Sink,
    encoder: SampleEncoder,
    path: PathBuf,
    partial: tempfile::TempPath,
}

impl AudioWriter {
    /// Begins a file that will appear at `path`, replacing what is there, when it is finished.
    pub fn create(path: &Path, spec: &AudioSpec) -> Result<Self, MediaError> {
        super::ffmpeg_log::install();
        let failed = |reason: String| MediaError::WriteAudio { reason, path: path.to_owned() };
        let AudioSpec { format, codec, bits_per_second } = *spec;
        if !(1..=2).contains(&format.channels) {
            return Err(failed(format!("one channel or two can be written, and not {}", format.channels)));
        }
        let found = ffmpeg::encoder::find_by_name(codec.encoder());
        let found = found.ok_or_else(|| failed(format!("this FFmpeg lacks the encoder {}", codec.encoder())))?;
        let partial = partial_beside(path).map_err(|error| failed(error.to_string()))?.into_temp_path();
        let ffmpeg_failed = |error: ffmpeg::Error| failed(error.to_string());
        let mut output = ffmpeg::format::output_as(&partial, codec.container()).map_err(ffmpeg_failed)?;
        // SAFETY: the context was just opened; the flag keeps version strings and dates out of the file.
        unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_BITEXACT };
        let encoding = Encoding { format, sample: codec.sample(), bits_per_second };
        let encoder = SampleEncoder::add(&mut output, found, encoding).map_err(ffmpeg_failed)?;
        output.write_header().map_err(ffmpeg_failed)?;
        Ok(Self { sink: Sink { output }, encoder, path: path.to_owned(), partial })
    }

    /// The next samples, interleaved, full scale -1 to 1.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), MediaError> {
        self.encoder.push(samples, &mut self.sink).map_err(|error| self.failed(&error))
    }

    /// Writes what the encoder still holds and puts the file in its place.
    pub fn finish(mut self) -> Result<(), MediaError> {
        self.finish_stream().map_err(|error| self.failed(&error))?;
        let Self { sink, path, partial, .. } = self;
        // Closes the file before it is renamed.
        drop(sink);
        keep(partial, &path).map_err(|error| MediaError::WriteAudio { reason: error.to_string(), path })
    }

    fn finish_stream(&mut self) -> Result<(), ffmpeg::Error> {
        self.encoder.finish(&mut self.sink)?;
        self.sink.output.write_trailer()
    }

    fn failed(&self, error: &ffmpeg::Error) -> MediaError {
        MediaError::WriteAudio { reason: error.to_string(), path: self.path.clone() }
    }
}
