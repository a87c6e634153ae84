//! Recordings: what is in them, their frames by ordinal and PTS, their audio, and writing clips.
//!
//! A recording is a file, or a numbered sequence of pictures that one path names; [`digest`] tells one from another.
//!
//! [`open`] makes a file ready: [`probe`] says what it holds, [`FrameTable::scan`] numbers its frames; of a long file
//! [`open_growing`] hands out the beginning at once. [`IngestReport`] sums up what the file is. [`VideoReader`] decodes
//! the frames, [`AudioReader`] the audio; [`build_waveform`] draws the audio of the whole file; [`ClipWriter`] encodes pictures that are drawn, [`cut`] a stretch of a
//! recording.
//! `examples/exact_frame.rs` is the shortest way to a frame.
//!
//! A path is looked at once: [`Source`] is what it named then, open and outlined, and all that reads it, FFmpeg too,
//! reads through that. What takes a path opens a source of its own.
//!
//! # What does not exist here
//!
//! - No crate of this workspace but `avar-base`: nothing of networks, classes or windows.
//! - No FFmpeg outside: this is the only crate that names it, and none of its types leaves.
//! - No frame by time x frame rate. A frame is named by its ordinal, and is to the bit the one that sequential decoding
//!   puts out under it, wherever reading comes from.
//! - No time that starts again: where the clock of a joined file does, the recording's goes on, for frames by the table and
//!   for audio by the [`AudioClock`] of the [`AudioInfo`] that [`open`] gives.
//! - No length by a header's word, but where the container counts samples.
//! - No second way of decoding, in hardware or otherwise: the frame on screen is the frame that a network saw.
//! - No trust in files: only regular local files are opened, only by demuxers that read nothing but that file, and what
//!   is wrong with one is a sentence.
//! - No word of FFmpeg's on the terminal: what it says goes to the log, through `tracing`.

mod audio_conditioner;
mod audio_decoder;
mod audio_faults;
mod audio_format;
mod audio_reader;
mod audio_samples;
mod audio_writer;
mod clip_writer;
mod clock;
mod color;
mod container_index;
mod cut;
mod demuxer;
mod digest;
mod downmix;
mod error;
mod ffi_enum;
mod ffmpeg_log;
mod file_io;
mod frame_faults;
mod frame_index;
mod frame_scaler;
mod frame_scan;
mod frame_table;
mod ingest;
mod open;
mod orientation;
mod probe;
mod regular_file;
mod resampler;
mod rgb_image;
mod sample_encoder;
mod scaler;
mod sequence;
mod sequence_scan;
mod source;
mod tone_mapping;
mod track_filter;
mod video_decoder;
mod video_frame;
mod video_reader;
mod waveform;

use ffmpeg_next::ffi;

pub use audio_faults::AudioFaults;
pub use audio_format::AudioFormat;
pub use audio_reader::{AudioBlock, AudioReader, read_mono};
pub use audio_writer::{AudioCodec, AudioSpec, AudioWriter};
pub use clip_writer::{ClipSpec, ClipWriter};
pub use clock::AudioClock;
pub use color::{ColorMatrix, ColorRange, ColorSpec, Transfer};
pub use cut::{CutCodec, Paint, cut};
pub use digest::digest;
pub use error::{MediaError, StreamKind};
pub use frame_faults::FrameFaults;
pub use frame_scaler::FrameScaler;
pub use frame_table::{FrameEntry, FrameTable, Loss, LossCause};
pub use ingest::{AudioReport, IngestReport, MissingPicture, VideoReport};
pub use open::{OpenedMedia, Opening, open, open_growing, open_track};
pub use orientation::Orientation;
pub use probe::{AudioInfo, AudioTrackInfo, MediaInfo, VideoInfo, probe};
pub use rgb_image::RgbImage;
pub use source::Source;

pub use video_frame::{PixelLayout, Plane, VideoFrame};
pub use video_reader::VideoReader;
pub use waveform::{Peak, WaveformPyramid, build_waveform};

/// The FFmpeg libraries this process runs on, such as `FFmpeg libavcodec 59.37.100, libavformat
/// 59.27.100`: a decoded picture is the product of these versions.
pub fn decoder_version() -> String {
    // SAFETY: both functions only read a constant.
    let (codec, format) = unsafe { (ffi::avcodec_version(), ffi::avformat_version()) };
    let dotted = |version: u32| format!("{}.{}.{}", version >> 16, (version >> 8) & 0xff, version & 0xff);
    format!("FFmpeg libavcodec {}, libavformat {}", dotted(codec), dotted(format))
}
