//! What is in a file: the picture, the sound, their times, and what a user should know beforehand.

use std::ffi::{CStr, c_int};
use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use serde::Serialize;

use super::clock::AudioClock;
use super::color::{ColorSpec, StatedColor, Transfer};
use super::demuxer::{Demuxer, PICTURE_TIME_BASE, codec_name, time_base_of};
use super::error::{MediaError, StreamKind};
use super::ffi_enum;
use super::orientation::Orientation;
use super::sequence::ASSUMED_RATE_HZ;
use super::source::Source;
use avar_base::files::serialize_path;
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeBase, TimeRange};

/// The facts of a media file, as its headers state them.
#[derive(Clone, Debug, Serialize)]
pub struct MediaInfo {
    /// As it was opened.
    #[serde(serialize_with = "serialize_path")]
    pub path: PathBuf,
    /// FFmpeg's short names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// From the earliest start to the latest end of picture and sound, in the streams' own time.
    pub range: TimeRange,
    /// Of the whole file, where its headers say so; no time is computed from it.
    pub stated_duration_s: Option<f64>,
    /// `None` where there is no picture that can be decoded; `notes` say why.
    pub video: Option<VideoInfo>,
    /// Of the track that is read.
    pub audio: Option<AudioInfo>,
    /// All tracks of sound, in the order of the file.
    pub audio_tracks: Vec<AudioTrackInfo>,
    /// Of the file, or of all pictures of a sequence together.
    pub size_bytes: u64,
    /// What the file's structure promises beyond its end.
    #[serde(skip)]
    pub missing_bytes: u64,
    /// Whether times in the file are moved by an edit list (MP4, MOV).
    #[serde(skip)]
    pub has_edit_list: bool,
    /// The decoder's versions, see [`super::decoder_version`].
    pub decoder: String,
    /// Sentences that a user should know: cut short, no sound track, and the like.
    pub notes: Vec<String>,
}

/// The picture of a file.
#[derive(Clone, Debug, Serialize)]
pub struct VideoInfo {
    /// FFmpeg's number of the stream, from 0.
    pub stream_index: usize,
    /// FFmpeg's name, such as `h264`; where it has none, the container's four letters.
    pub codec: String,
    /// Of the coded picture, before rotation.
    pub width_px: u32,
    /// Of the coded picture, before rotation.
    pub height_px: u32,
    /// FFmpeg's name, such as `yuv420p`; `unknown` where none is stated.
    pub pixel_format: String,
    /// Of one sample of the first component; 8 where the pixel format is unknown.
    pub bits: u32,
    /// Whether the fields of a frame show different moments.
    pub is_interlaced: bool,
    /// How the coded picture is turned and mirrored to be upright.
    pub orientation: Orientation,
    /// Width to height of one sample; (1, 1) where the file states none.
    pub sample_aspect: (i32, i32),
    /// Of the stream; each frame may state its own.
    pub color: ColorSpec,
    /// The unit of its PTS.
    pub time_base: TimeBase,
    /// For display only; frames are never counted with it.
    pub average_rate_hz: Option<f64>,
    /// On the file's own axis: as the headers state it or, of an opened file, as its frames tell.
    pub range: TimeRange,
}

/// The track of audio that is read.
#[derive(Clone, Debug, Serialize)]
pub struct AudioInfo {
    /// FFmpeg's number of the stream, from 0.
    pub stream_index: usize,
    /// FFmpeg's name, such as `aac`; where it has none, the container's four letters.
    pub codec: String,
    /// Of the track as it is stored: samples of one channel in a second.
    pub rate_hz: u32,
    /// Of the track as it is stored.
    pub channels: u16,
    /// The unit of its packets' PTS.
    pub time_base: TimeBase,
    /// On the file's own axis: as the headers state it or, where that is not believed on opening, as its packets tell.
    pub range: TimeRange,
    /// How the times that its packets state become those of the recording; known once the file was opened.
    #[serde(skip)]
    pub clock: AudioClock,
}

/// What tells one track of sound from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AudioTrackInfo {
    /// FFmpeg's number of the stream, from 0: by it a track is chosen.
    pub stream_index: usize,
    /// FFmpeg's name, such as `aac`; where it has none, the container's four letters.
    pub codec: String,
    /// 0 where what the file states cannot be.
    pub channels: u16,
    /// The file's tag, such as `eng`, of 40 letters at most; `None` where there is none or it is `und`.
    pub language: Option<String>,
    /// The file's tag, of 40 letters at most; `None` where there is none.
    pub title: Option<String>,
}

impl AudioTrackInfo {
    /// In words: "track 1: eng, Commentary, aac, 2 ch".
    pub fn label(&self) -> String {
        let named = self.language.iter().chain(&self.title).map(|word| format!("{word}, ")).collect::<String>();
        format!("track {}: {named}{}, {} ch", self.stream_index, self.codec, self.channels)
    }
}

impl VideoInfo {
    /// Width and height of the picture as it is to be seen: upright, its pixels square.
    pub fn display_size_px(&self) -> (u32, u32) {
        let (across, down) = self.sample_aspect;
        let aspect = if across > 0 && down > 0 { f64::from(across) / f64::from(down) } else { 1.0 };
        let size = ((f64::from(self.width_px) * aspect).round() as u32, self.height_px);
        if self.orientation.swaps_sides() { (size.1, size.0) } else { size }
    }
}

/// Reads the headers of `path`. A half (picture or sound) that cannot be decoded is left out with a note
/// as long as the other can be.
pub fn probe(path: &Path) -> Result<MediaInfo, MediaError> {
    let cancel = CancelToken::default();
    probe_open(&Demuxer::open(&Source::open(path, &cancel)?, &cancel)?, None)
}

/// As [`probe`], of a file that is open; its sound is that of the stream `track`, or else of the best one.
pub(super) fn probe_open(demuxer: &Demuxer, track: Option<usize>) -> Result<MediaInfo, MediaError> {
    let path = demuxer.path();
    let picture = demuxer.video_stream().map(|index| video_info(demuxer, index)).transpose();
    if track.is_some() && demuxer.audio_stream(track).is_none() {
        return Err(MediaError::NoAudio { path: path.to_owned() });
    }
    let audio = demuxer.audio_stream(track).map(|index| audio_info(demuxer, index)).transpose();
    let mut notes = demuxer.sequence().map(|sequence| sequence.notes()).unwrap_or_default();
    let (video, audio) = match (picture, audio) {
        (Ok(None), Ok(None)) => return Err(MediaError::NoStreams { path: path.to_owned() }),
        (Err(error), Ok(None) | Err(_)) | (Ok(None), Err(error)) => return Err(error),
        (picture, audio) => (kept(picture, "picture", &mut notes), kept(audio, "sound", &mut notes)),
    };
    let missing_bytes = demuxer.source().missing_bytes();
    if missing_bytes > 0 {
        notes.push(format!(
            "The file ends too early: {missing_bytes} bytes are missing; it is readable up to the break."
        ));
    }
    notes.extend(video.iter().flat_map(|video| notes_on_color(demuxer, video)));
    let curve = video.as_ref().map(|video| video.color.transfer).filter(|transfer| *transfer != Transfer::Sdr);
    if let Some(curve) = curve {
        let name = if curve == Transfer::Pq { "PQ" } else { "HLG" };
        notes.push(format!("The picture is HDR ({name}); it is tone-mapped to SDR, for the eye and for the network."));
    }
    let ranges = video.iter().map(|video| video.range).chain(audio.iter().map(|audio| audio.range));
    Ok(MediaInfo {
        path: path.to_owned(),
        container: demuxer.container(),
        range: ranges.reduce(TimeRange::union).unwrap_or_default(),
        stated_duration_s: demuxer.stated_duration_s(),
        video,
        audio,
        audio_tracks: demuxer.audio_streams().map(|stream| audio_track(&stream)).collect(),
        size_bytes: demuxer.source().size_bytes(),
        missing_bytes,
        has_edit_list: demuxer.source().has_edit_list(),
        decoder: super::decoder_version(),
        notes,
    })
}

fn audio_track(stream: &ffmpeg::Stream<'_>) -> AudioTrackInfo {
    let parameters = stream.parameters();
    // SAFETY: the stream lives as long as the open input; the field is a plain number.
    let channels = unsafe { (*parameters.as_ptr()).ch_layout.nb_channels };
    let metadata = stream.metadata();
    let tag = |name: &str| {
        let text = metadata.get(name).map(str::trim).filter(|text| !text.is_empty() && *text != "und")?;
        // A tag is as long as whoever wrote the file liked.
        Some(text.chars().filter(|c| !c.is_control()).take(40).collect())
    };
    AudioTrackInfo {
        stream_index: stream.index(),
        codec: codec_name(&parameters),
        channels: u16::try_from(channels).unwrap_or(0),
        language: tag("language"),
        title: tag("title"),
    }
}

/// What can be used of one half of the file; why not goes into the notes.
fn kept<T>(half: Result<Option<T>, MediaError>, name: &str, notes: &mut Vec<String>) -> Option<T> {
    match half {
        Ok(Some(info)) => Some(info),
        Ok(None) => {
            notes.push(format!("The file has no {name}."));
            None
        }
        Err(MediaError::Encrypted { .. }) => {
            notes.push(format!("The {name} is encrypted and cannot be decoded."));
            None
        }
        Err(MediaError::UnsupportedCodec { codec, .. }) => {
            notes.push(format!("The {name} cannot be decoded: FFmpeg has no decoder here for \"{codec}\"."));
            None
        }
        Err(error) => {
            notes.push(format!("The {name} cannot be used: {error}."));
            None
        }
    }
}

fn video_info(demuxer: &Demuxer, index: usize) -> Result<VideoInfo, MediaError> {
    let path = demuxer.path();
    let stream = demuxer.input().stream(index).ok_or_else(|| MediaError::NoVideo { path: path.to_owned() })?;
    let codec = refuse_undecodable(demuxer, &stream, StreamKind::Picture)?;
    // SAFETY: the stream and its parameters live as long as the open input; all fields are plain numbers.
    let (width, height, format, color, sample_aspect) = unsafe {
        let raw = stream.as_ptr();
        let parameters = (*raw).codecpar;
        let (width, height) = ((*parameters).width.max(0) as u32, (*parameters).height.max(0) as u32);
        let color = ColorSpec::resolve(StatedColor::of_stream(parameters), height);
        let stated = [(*raw).sample_aspect_ratio, (*parameters).sample_aspect_ratio];
        let aspect = stated.iter().find(|aspect| aspect.num > 0 && aspect.den > 0);
        let aspect = aspect.map_or((1, 1), |aspect| (aspect.num, aspect.den));
        (width, height, (*parameters).format, color, aspect)
    };
    if width == 0 || height == 0 {
        let reason = "its size is not stated and no frame was found".to_owned();
        return Err(MediaError::Decode { what: StreamKind::Picture, reason, path: path.to_owned() });
    }
    let (pixel_format, bits) = describe_pixels(format);
    let assumed_hz = demuxer.sequence().map(|_| f64::from(ASSUMED_RATE_HZ));
    let rate_hz = assumed_hz.unwrap_or_else(|| f64::from(stream.avg_frame_rate()));
    Ok(VideoInfo {
        stream_index: index,
        codec,
        width_px: width,
        height_px: height,
        pixel_format,
        bits,
        is_interlaced: is_interlaced(&stream.parameters()),
        orientation: Orientation::of(&stream),
        sample_aspect,
        color,
        time_base: demuxer.sequence().map_or_else(|| time_base_of(&stream), |_| PICTURE_TIME_BASE),
        average_rate_hz: Some(rate_hz).filter(|rate| rate.is_finite() && *rate > 0.0),
        range: stated_range(demuxer, &stream),
    })
}

fn notes_on_color(demuxer: &Demuxer, video: &VideoInfo) -> Vec<String> {
    let Some(stream) = demuxer.input().stream(video.stream_index) else { return Vec::new() };
    // SAFETY: the stream's parameters live as long as the open input.
    unsafe { StatedColor::of_stream(stream.parameters().as_ptr()) }.notes(video.height_px)
}

fn audio_info(demuxer: &Demuxer, index: usize) -> Result<AudioInfo, MediaError> {
    let path = demuxer.path();
    let stream = demuxer.input().stream(index).ok_or_else(|| MediaError::NoAudio { path: path.to_owned() })?;
    let codec = refuse_undecodable(demuxer, &stream, StreamKind::Audio)?;
    // SAFETY: as in `video_info`.
    let (rate, channels) = unsafe {
        let parameters = (*stream.as_ptr()).codecpar;
        ((*parameters).sample_rate, (*parameters).ch_layout.nb_channels)
    };
    if rate <= 0 || channels <= 0 {
        let reason = "its sample rate or channels are not stated".to_owned();
        return Err(MediaError::Decode { what: StreamKind::Audio, reason, path: path.to_owned() });
    }
    Ok(AudioInfo {
        stream_index: index,
        codec,
        rate_hz: rate as u32,
        channels: u16::try_from(channels).unwrap_or(u16::MAX),
        time_base: time_base_of(&stream),
        range: stated_range(demuxer, &stream),
        clock: AudioClock::default(),
    })
}

/// The codec's name, where there is a decoder and nothing is encrypted.
fn refuse_undecodable(demuxer: &Demuxer, stream: &ffmpeg::Stream<'_>, what: StreamKind) -> Result<String, MediaError> {
    let path = demuxer.path();
    let parameters = stream.parameters();
    let codec = codec_name(&parameters);
    if demuxer.is_encrypted(stream.index()) {
        return Err(MediaError::Encrypted { what, path: path.to_owned() });
    }
    if ffi_enum::find_decoder(ffi_enum::codec_id(&parameters)).is_none() {
        return Err(MediaError::UnsupportedCodec { what, codec, path: path.to_owned() });
    }
    Ok(codec)
}

/// The stream's stated time; what it leaves open is taken from the whole file's.
fn stated_range(demuxer: &Demuxer, stream: &ffmpeg::Stream<'_>) -> TimeRange {
    if let Some(sequence) = demuxer.sequence() {
        let end = sequence.pts_of(sequence.len() - 1) + 1;
        return TimeRange::new(MediaTime::ZERO, MediaTime::from_pts(end, PICTURE_TIME_BASE));
    }
    let time_base = time_base_of(stream);
    let known = |value: i64| (value != ffi::AV_NOPTS_VALUE).then_some(value);
    let microseconds = |value: i64| MediaTime::from_nanoseconds(value.saturating_mul(1000));
    // SAFETY: the input is open; both fields are plain numbers.
    let (file_start, file_duration) = unsafe {
        let context = demuxer.input().as_ptr();
        ((*context).start_time, (*context).duration)
    };
    let start = known(stream.start_time()).map(|pts| MediaTime::from_pts(pts, time_base));
    let start = start.or(known(file_start).map(microseconds)).unwrap_or(MediaTime::ZERO);
    let positive = |duration: i64| known(duration).filter(|duration| *duration > 0);
    let own_end = positive(stream.duration()).map(|duration| start + MediaTime::from_pts(duration, time_base));
    // The file's length counts from the file's start, which may be earlier than the stream's; or else it is where the
    // file's clock ends, as some writers of Matroska and FLV mean it: the shorter, where both can be.
    let file_begins = known(file_start).map_or(start, microseconds);
    let file_end = positive(file_duration).map(microseconds);
    let file_end = file_end.map(|length| if length > start { length } else { file_begins + length });
    TimeRange::new(start, own_end.or(file_end).unwrap_or(start).max(start))
}

/// Whether the fields of a frame show different moments.
pub(super) fn is_interlaced(parameters: &ffmpeg::codec::Parameters) -> bool {
    const PROGRESSIVE: c_int = ffi::AVFieldOrder::AV_FIELD_PROGRESSIVE as c_int;
    const UNKNOWN: c_int = ffi::AVFieldOrder::AV_FIELD_UNKNOWN as c_int;
    // SAFETY: the parameters are alive.
    let field_order = unsafe { ffi_enum::number(&raw const (*parameters.as_ptr()).field_order) };
    !matches!(field_order, PROGRESSIVE | UNKNOWN)
}

/// FFmpeg's name of a pixel format and the bits of its first component.
fn describe_pixels(format: c_int) -> (String, u32) {
    match ffi_enum::pixel_format(format) {
        Some(descriptor) => {
            // SAFETY: the name of an entry in FFmpeg's table is a constant C string.
            let name = unsafe { CStr::from_ptr(descriptor.name) }.to_string_lossy().into_owned();
            (name, u32::try_from(descriptor.comp[0].depth).unwrap_or(8))
        }
        None => ("unknown".to_owned(), 8),
    }
}
