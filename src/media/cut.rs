//! Cutting a clip out of a recording at exact frames, with the sound of exactly that stretch.
//!
//! Two kinds: H.264 and AAC in MP4, for viewing; FFV1 and PCM in Matroska, where nothing is lost: a frame of it that is
//! decoded here is to the bit the frame that it was cut from. Each frame is shown when it was and as long, from zero on,
//! in the unit of the container; a variable frame rate stays one.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::Id;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::sample::{Sample, Type as SampleType};
use ffmpeg_next::frame::Video;

use super::audio_format::AudioFormat;
use super::audio_reader::AudioReader;
use super::clip_writer::{Sink, make_repeatable, next_packet, tag_color};
use super::color::{ColorMatrix, ColorRange, ColorSpec, Transfer};
use super::error::MediaError;
use super::ffi_enum::number;
use super::open::OpenedMedia;
use super::orientation::Orientation;
use super::probe::AudioInfo;
use super::rgb_image::RgbImage;
use super::sample_encoder::{Encoding, SampleEncoder};
use super::scaler::{Converter, Target};
use super::video_frame::{PixelLayout, VideoFrame};
use super::video_reader::VideoReader;
use avar_base::files::{keep, partial_beside};
use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime, TimeBase};

/// How a clip is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CutCodec {
    /// H.264 and AAC in MP4: plays everywhere, and is close to the recording.
    H264,
    /// FFV1 and PCM in Matroska: nothing is lost, and the file is large.
    Ffv1,
}

/// Draws into an upright frame before it is encoded; an error, which says why in a few words, ends the cut.
pub type Paint<'a> = &'a mut dyn FnMut(FrameIndex, &mut RgbImage) -> Result<(), String>;

/// x264's constant rate factor: visually without loss.
const CRF: &str = "18";
/// Longer than anybody watches, and a broken clock may claim years.
const LONGEST_S: f64 = 24.0 * 3600.0;
/// Of MP4, as H.264 has it: finer than any camera's clock.
const FINE_HZ: i32 = 90_000;
/// Of Matroska, which knows no other.
const MATROSKA_HZ: i32 = 1000;
/// What AAC takes, the nearest to the usual first.
const AAC_RATES_HZ: [u32; 12] =
    [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 64_000, 88_200, 96_000];

/// Writes the frames `stretch` of a recording to `out`, whole or not at all, replacing what is there; `progress` in
/// `0..=1`. With `paint` every frame is drawn into first.
///
/// A frame within that cannot be decoded is [`MediaError::FrameDamaged`]: a clip that lacks one would not be that stretch.
pub fn cut(
    media: &OpenedMedia,
    stretch: Range<FrameIndex>,
    codec: CutCodec,
    mut paint: Option<Paint>,
    out: &Path,
    cancel: &CancelToken,
    mut progress: impl FnMut(f32),
) -> Result<(), MediaError> {
    super::ffmpeg_log::install();
    let info = &media.info;
    let Some(table) = &media.frames else { return Err(MediaError::NoVideo { path: info.path.clone() }) };
    let last = table.len().saturating_sub(1);
    if stretch.start >= stretch.end || stretch.end.0 > table.len() {
        return Err(MediaError::NoSuchFrame { index: stretch.end, last, path: info.path.clone() });
    }
    let time = |index: FrameIndex| table.entry(index).map_or(table.range().end, |entry| entry.time);
    let start = time(stretch.start);
    if (time(stretch.end) - start).seconds() > LONGEST_S {
        let reason = "the stretch lasts longer than a day; cut a shorter one".to_owned();
        return Err(MediaError::Write { reason, path: out.to_owned() });
    }
    let mut reader = VideoReader::open_cancellable(&info.path, table.clone(), cancel)?;
    let mut sound = match &info.audio {
        Some(audio) => Some(Sound::open(&info.path, audio, codec, start, cancel)?),
        None => None,
    };
    let aspect = info.video.as_ref().map_or((1, 1), |video| video.sample_aspect);
    let mut writer: Option<CutWriter> = None;
    for index in stretch.start.0..stretch.end.0 {
        cancel.check()?;
        let frame = reader.seek_exact(FrameIndex(index))?;
        let writer = match &mut writer {
            Some(writer) => writer,
            empty => {
                let shape = Shape::of(&frame, codec, paint.is_some(), aspect);
                empty.insert(CutWriter::create(out, shape, sound.as_ref().map(|sound| sound.format))?)
            }
        };
        let end = time(FrameIndex(index + 1));
        writer.push(&frame, &mut paint, (frame.time - start, end - start))?;
        if let Some(sound) = &mut sound {
            while sound.next < end.to_pts(sound.grid) {
                cancel.check()?;
                writer.push_audio(&sound.up_to(end)?)?;
            }
        }
        progress((index + 1 - stretch.start.0) as f32 / (stretch.end.0 - stretch.start.0) as f32);
    }
    writer.map_or(Ok(()), CutWriter::finish)
}

/// What is encoded of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Picture {
    /// The planes as they were decoded, in this format.
    Planes(Pixel),
    /// The upright picture, in full range.
    Bgr,
    /// The upright picture, made 4:2:0.
    Subsampled(ColorSpec),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    picture: Picture,
    codec: CutCodec,
    width_px: u32,
    height_px: u32,
    /// Of one sample of what is encoded, width to height.
    aspect: (i32, i32),
    /// FFmpeg's numbers of matrix, primaries, transfer and range, of planes that are passed on.
    stated: [c_int; 4],
}

impl Shape {
    fn of(frame: &VideoFrame, codec: CutCodec, is_painted: bool, (across, down): (i32, i32)) -> Self {
        let upright = frame.upright_size_px();
        let aspect = if frame.orientation.swaps_sides() { (down, across) } else { (across, down) };
        let shape = |picture, (width_px, height_px), aspect, stated| Self {
            picture,
            codec,
            width_px,
            height_px,
            aspect,
            stated,
        };
        let planes =
            planes_format(frame.layout()).filter(|_| !is_painted && frame.orientation == Orientation::default());
        match (codec, planes) {
            (CutCodec::Ffv1, Some(format)) => {
                let size_px = (frame.width_px, frame.height_px);
                shape(Picture::Planes(format), size_px, (across, down), stated_color(frame))
            }
            (CutCodec::Ffv1, None) => shape(Picture::Bgr, upright, aspect, [0; 4]),
            (CutCodec::H264, _) => {
                // 4:2:0 has whole pairs of rows and columns: the last one is repeated where it stands alone.
                let size_px = (upright.0.next_multiple_of(2), upright.1.next_multiple_of(2));
                let matrix = if size_px.1 >= 720 { ColorMatrix::Bt709 } else { ColorMatrix::Bt601 };
                let color = ColorSpec { matrix, range: ColorRange::Limited, transfer: Transfer::Sdr };
                shape(Picture::Subsampled(color), size_px, aspect, [0; 4])
            }
        }
    }
}

/// The format of planes as the desk has them, without alpha; `None` where FFV1 knows none like it.
fn planes_format(layout: PixelLayout) -> Option<Pixel> {
    let PixelLayout::PlanarYuv { bits, chroma_shift_x, chroma_shift_y } = layout else { return None };
    Some(match (bits, chroma_shift_x, chroma_shift_y) {
        (8, 1, 1) => Pixel::YUV420P,
        (8, 1, 0) => Pixel::YUV422P,
        (8, 0, 1) => Pixel::YUV440P,
        (8, 0, 0) => Pixel::YUV444P,
        (9, 1, 1) => Pixel::YUV420P9LE,
        (9, 1, 0) => Pixel::YUV422P9LE,
        (9, 0, 0) => Pixel::YUV444P9LE,
        (10, 1, 1) => Pixel::YUV420P10LE,
        (10, 1, 0) => Pixel::YUV422P10LE,
        (10, 0, 0) => Pixel::YUV444P10LE,
        (12, 1, 1) => Pixel::YUV420P12LE,
        (12, 1, 0) => Pixel::YUV422P12LE,
        (12, 0, 0) => Pixel::YUV444P12LE,
        (16, 1, 1) => Pixel::YUV420P16LE,
        (16, 1, 0) => Pixel::YUV422P16LE,
        (16, 0, 0) => Pixel::YUV444P16LE,
        _ => return None,
    })
}

fn stated_color(frame: &VideoFrame) -> [c_int; 4] {
    // SAFETY: the frame is alive.
    let [matrix, primaries, transfer, range] = unsafe {
        let raw = frame.picture().as_ptr();
        [
            number(&raw const (*raw).colorspace),
            number(&raw const (*raw).color_primaries),
            number(&raw const (*raw).color_trc),
            number(&raw const (*raw).color_range),
        ]
    };
    // Some formats are of full range by their name alone, which these planes lose.
    let is_full = frame.color.range == ColorRange::Full;
    [matrix, primaries, transfer, if is_full { ffi::AVColorRange::AVCOL_RANGE_JPEG as c_int } else { range }]
}

/// Nothing is left behind unless it is finished.
struct CutWriter {
    sink: Sink,
    encoder: ffmpeg::encoder::Video,
    stream: usize,
    shape: Shape,
    time_base: TimeBase,
    converter: Converter,
    /// How long each frame is shown that the encoder still holds, with its PTS.
    shown: VecDeque<(i64, i64)>,
    last_pts: Option<i64>,
    audio: Option<SampleEncoder>,
    path: PathBuf,
    partial: tempfile::TempPath,
}

impl CutWriter {
    fn create(path: &Path, shape: Shape, audio: Option<AudioFormat>) -> Result<Self, MediaError> {
        let failed = |reason: String| MediaError::Write { reason, path: path.to_owned() };
        let ffmpeg_failed = |error: ffmpeg::Error| failed(error.to_string());
        let (name, container, hz) = match shape.codec {
            CutCodec::H264 => ("libx264", "mp4", FINE_HZ),
            CutCodec::Ffv1 => ("ffv1", "matroska", MATROSKA_HZ),
        };
        let codec = ffmpeg::encoder::find_by_name(name);
        let codec = codec.ok_or_else(|| failed(format!("this FFmpeg lacks the encoder {name}")))?;
        let time_base = TimeBase::new(1, hz).ok_or_else(|| failed("its clock is none".to_owned()))?;
        let partial = partial_beside(path).map_err(|error| failed(error.to_string()))?.into_temp_path();
        let mut output = ffmpeg::format::output_as(&partial, container).map_err(ffmpeg_failed)?;
        // SAFETY: the context was just opened; the flag keeps version strings and dates out of the file.
        unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_BITEXACT };
        let encoder = open_encoder(codec, &shape, hz).map_err(ffmpeg_failed)?;
        let mut stream = output.add_stream(codec).map_err(ffmpeg_failed)?;
        stream.set_parameters(&encoder);
        stream.set_time_base(ffmpeg::Rational::new(1, hz));
        // SAFETY: the stream was just made; the field is a pair of numbers that players ask of the stream.
        unsafe {
            (*stream.as_mut_ptr()).sample_aspect_ratio = ffi::AVRational { num: shape.aspect.0, den: shape.aspect.1 };
        }
        let stream = stream.index();
        let audio =
            audio.map(|format| audio_track(&mut output, format, shape.codec)).transpose().map_err(ffmpeg_failed)?;
        let mut options = ffmpeg::Dictionary::new();
        if shape.codec == CutCodec::H264 {
            options.set("movflags", "+faststart");
        }
        output.write_header_with(options).map_err(ffmpeg_failed)?;
        Ok(Self {
            sink: Sink { output },
            encoder,
            stream,
            shape,
            time_base,
            converter: Converter::default(),
            shown: VecDeque::new(),
            last_pts: None,
            audio,
            path: path.to_owned(),
            partial,
        })
    }

    /// `from..to` is when it is shown.
    fn push(
        &mut self,
        frame: &VideoFrame,
        paint: &mut Option<Paint>,
        (from, to): (MediaTime, MediaTime),
    ) -> Result<(), MediaError> {
        let aspect = self.shape.aspect;
        let found = Shape::of(frame, self.shape.codec, paint.is_some(), aspect);
        let is_alike = (found.picture, found.width_px, found.height_px)
            == (self.shape.picture, self.shape.width_px, self.shape.height_px);
        if !is_alike {
            return Err(self.failed(format!("frame {} is of another size or format; cut before it", frame.index.0)));
        }
        let mut picture = match self.shape.picture {
            Picture::Planes(format) => planes(frame, format),
            Picture::Bgr => {
                let upright = self.painted(frame, paint)?;
                bgr(&upright)
            }
            Picture::Subsampled(color) => {
                let upright = self.painted(frame, paint)?;
                let (width_px, height_px) = (self.shape.width_px, self.shape.height_px);
                let target = Target { format: Pixel::YUV420P, width_px, height_px, color: Some(color) };
                self.converter.convert(&rgb(&upright, (width_px, height_px)), color, target)?
            }
        };
        // Two frames of one time, which a broken clock makes, are shown a tick apart.
        let pts = from.to_pts(self.time_base).max(self.last_pts.map_or(i64::MIN, |last| last + 1));
        self.last_pts = Some(pts);
        self.shown.push_back((pts, (to.to_pts(self.time_base) - pts).max(1)));
        picture.set_pts(Some(pts));
        // SAFETY: the picture is ours; the encoder is to choose what kind of frame it makes.
        unsafe { (*picture.as_mut_ptr()).pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_NONE };
        let sent = self.encoder.send_frame(&picture).and_then(|()| self.write_ready());
        sent.map_err(|error| self.failed(error.to_string()))
    }

    fn painted(&self, frame: &VideoFrame, paint: &mut Option<Paint>) -> Result<RgbImage, MediaError> {
        let mut upright = frame.to_rgb8()?;
        if let Some(paint) = paint {
            paint(frame.index, &mut upright).map_err(|reason| self.failed(reason))?;
        }
        Ok(upright)
    }

    fn push_audio(&mut self, samples: &[f32]) -> Result<(), MediaError> {
        let Self { audio, sink, path, .. } = self;
        let Some(audio) = audio else { return Ok(()) };
        audio.push(samples, sink).map_err(|error| MediaError::Write { reason: error.to_string(), path: path.clone() })
    }

    fn write_ready(&mut self) -> Result<(), ffmpeg::Error> {
        let time_base = ffmpeg::Rational::new(1, self.time_base.denominator());
        while let Some(mut packet) = next_packet(&mut self.encoder)? {
            if let Some((_, shown)) = self.shown.iter().find(|(pts, _)| Some(*pts) == packet.pts()) {
                packet.set_duration(*shown);
            }
            self.shown.retain(|(pts, _)| Some(*pts) != packet.pts());
            self.sink.write(packet, self.stream, time_base)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), MediaError> {
        self.finish_streams().map_err(|error| self.failed(error.to_string()))?;
        let Self { sink, path, partial, .. } = self;
        // Closes the file before it is renamed.
        drop(sink);
        keep(partial, &path).map_err(|error| MediaError::Write { reason: error.to_string(), path })
    }

    fn finish_streams(&mut self) -> Result<(), ffmpeg::Error> {
        self.encoder.send_eof()?;
        self.write_ready()?;
        if let Some(audio) = &mut self.audio {
            audio.finish(&mut self.sink)?;
        }
        self.sink.output.write_trailer()
    }

    fn failed(&self, reason: String) -> MediaError {
        MediaError::Write { reason, path: self.path.clone() }
    }
}

fn open_encoder(codec: ffmpeg::Codec, shape: &Shape, hz: i32) -> Result<ffmpeg::encoder::Video, ffmpeg::Error> {
    let mut encoder = ffmpeg::codec::Context::new_with_codec(codec).encoder().video()?;
    encoder.set_width(shape.width_px);
    encoder.set_height(shape.height_px);
    encoder.set_time_base(ffmpeg::Rational::new(1, hz));
    encoder.set_aspect_ratio(ffmpeg::Rational::new(shape.aspect.0, shape.aspect.1));
    make_repeatable(&mut encoder);
    let mut options = ffmpeg::Dictionary::new();
    match shape.picture {
        Picture::Planes(format) => {
            encoder.set_format(format);
            // SAFETY: plain numbers of an encoder that is not open yet, each as large as an int (`ffi_enum::number`).
            unsafe {
                let raw = encoder.as_mut_ptr();
                let [matrix, primaries, transfer, range] = shape.stated;
                (&raw mut (*raw).colorspace).cast::<c_int>().write(matrix);
                (&raw mut (*raw).color_primaries).cast::<c_int>().write(primaries);
                (&raw mut (*raw).color_trc).cast::<c_int>().write(transfer);
                (&raw mut (*raw).color_range).cast::<c_int>().write(range);
            }
        }
        Picture::Bgr => encoder.set_format(Pixel::BGRZ),
        Picture::Subsampled(color) => {
            encoder.set_format(Pixel::YUV420P);
            tag_color(&mut encoder, color.matrix);
        }
    }
    match shape.codec {
        CutCodec::Ffv1 => {
            options.set("level", "3");
            options.set("slicecrc", "1");
        }
        CutCodec::H264 => {
            options.set("preset", "veryfast");
            options.set("crf", CRF);
            // The bytes depend on no processor; without B-frames a clip ends when its last frame does.
            options.set("x264-params", "cpu-independent=1:bframes=0");
        }
    }
    encoder.open_with(options)
}

fn audio_track(
    output: &mut ffmpeg::format::context::Output,
    format: AudioFormat,
    codec: CutCodec,
) -> Result<SampleEncoder, ffmpeg::Error> {
    let (id, sample) = match codec {
        CutCodec::H264 => (Id::AAC, Sample::F32(SampleType::Planar)),
        CutCodec::Ffv1 => (Id::PCM_F32LE, Sample::F32(SampleType::Packed)),
    };
    let found = ffmpeg::encoder::find(id).ok_or(ffmpeg::Error::EncoderNotFound)?;
    let bits_per_second = 96_000 * usize::from(format.channels);
    SampleEncoder::add(output, found, Encoding { format, sample, bits_per_second })
}

/// A copy of the planes under the name of their format without alpha and without a range of its own.
fn planes(frame: &VideoFrame, format: Pixel) -> Video {
    let mut picture = Video::new(format, frame.width_px, frame.height_px);
    for plane in 0..frame.plane_count() {
        let from = frame.plane(plane);
        let stride = picture.stride(plane);
        let rows = from.bytes.chunks(from.stride_bytes).take(from.height_px as usize);
        for (row, line) in rows.zip(picture.data_mut(plane).chunks_mut(stride)) {
            let len = row.len().min(line.len());
            line[..len].copy_from_slice(&row[..len]);
        }
    }
    picture
}

fn bgr(upright: &RgbImage) -> Video {
    let mut picture = Video::new(Pixel::BGRZ, upright.width_px, upright.height_px);
    let stride = picture.stride(0);
    let rows = upright.bytes.chunks(upright.width_px as usize * 3);
    for (line, row) in picture.data_mut(0).chunks_mut(stride).zip(rows) {
        for (pixel, rgb) in line.chunks_exact_mut(4).zip(row.chunks_exact(3)) {
            pixel.copy_from_slice(&[rgb[2], rgb[1], rgb[0], 255]);
        }
    }
    picture
}

/// The picture with its last column and row repeated up to a size that is at most one larger.
fn rgb(upright: &RgbImage, (width_px, height_px): (u32, u32)) -> Video {
    let mut picture = Video::new(Pixel::RGB24, width_px, height_px);
    let (stride, row_bytes) = (picture.stride(0), upright.width_px as usize * 3);
    let last = upright.height_px as usize - 1;
    for (y, line) in picture.data_mut(0).chunks_mut(stride).take(height_px as usize).enumerate() {
        let row = &upright.bytes[y.min(last) * row_bytes..][..row_bytes];
        line[..row_bytes].copy_from_slice(row);
        if width_px > upright.width_px {
            line[row_bytes..row_bytes + 3].copy_from_slice(&row[row_bytes - 3..]);
        }
    }
    picture
}

/// The sound of a stretch, piece by piece; zeros where there is none.
struct Sound {
    reader: AudioReader,
    format: AudioFormat,
    /// Counted from time zero: the next to be handed out.
    next: i64,
    grid: TimeBase,
    /// Interleaved, read and not yet handed out, with the place of the first.
    block: Option<(i64, Vec<f32>)>,
    has_ended: bool,
}

impl Sound {
    fn open(
        path: &Path,
        audio: &AudioInfo,
        codec: CutCodec,
        start: MediaTime,
        cancel: &CancelToken,
    ) -> Result<Self, MediaError> {
        let rate_hz = match codec {
            CutCodec::H264 if !AAC_RATES_HZ.contains(&audio.rate_hz) => AAC_RATES_HZ[0],
            CutCodec::H264 | CutCodec::Ffv1 => audio.rate_hz,
        };
        let format = AudioFormat { rate_hz, channels: audio.channels.clamp(1, 2) };
        let mut reader = AudioReader::open_track(path, Some(audio), format, cancel)?;
        let refused = || MediaError::Resample { reason: format!("{rate_hz} Hz") };
        let grid = i32::try_from(rate_hz).ok().and_then(|rate| TimeBase::new(1, rate)).ok_or_else(refused)?;
        reader.seek(start)?;
        Ok(Self { reader, format, next: start.to_pts(grid), grid, block: None, has_ended: false })
    }

    /// The samples before `end` that were not handed out yet, or a second of them.
    fn up_to(&mut self, end: MediaTime) -> Result<Vec<f32>, MediaError> {
        let channels = usize::from(self.format.channels);
        let end = end.to_pts(self.grid).clamp(self.next, self.next + i64::from(self.format.rate_hz));
        let mut samples = vec![0.0; (end - self.next) as usize * channels];
        while self.next < end {
            if self.block.is_none() && !self.has_ended {
                self.block = self.reader.next()?.map(|block| (block.start.to_pts(self.grid), block.samples));
                self.has_ended = self.block.is_none();
            }
            let Some((first, block)) = &self.block else { break };
            let after = first + (block.len() / channels) as i64;
            let (from, to) = ((*first).max(self.next), after.min(end));
            if from < to {
                let place = samples.len() - (end - from) as usize * channels;
                let source = &block[(from - first) as usize * channels..(to - first) as usize * channels];
                samples[place..place + source.len()].copy_from_slice(source);
                self.next = to;
            }
            if after > end {
                break;
            }
            self.block = None;
        }
        self.next = end;
        Ok(samples)
    }
}
