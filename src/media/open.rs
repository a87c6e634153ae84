//! A file made ready for everything else: its facts, its frame table, and the time that it really covers.
//!
//! Headers state no length (piped MKV and FLAC, recordings of a browser), a wrong one (fragmented mp4), or the end of a
//! clock that began long before (a recorder's segment in Matroska). So the video's time is taken from the frames that
//! exist, and the audio's from its packets wherever the container does not count them; a track without one is none.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, info_span};

use super::clock::{AudioClock, AudioScan};
use super::demuxer::Demuxer;
use super::error::MediaError;
use super::frame_index::index;
use super::frame_scan::{ScanNews, Scanned};
use super::frame_table::FrameTable;
use super::probe::{AudioInfo, MediaInfo, VideoInfo, probe_open};
use super::source::Source;
use avar_base::job::CancelToken;
use avar_base::time::TimeRange;

/// A file that can be played and analysed.
#[derive(Clone)]
pub struct OpenedMedia {
    /// As probed, with the ranges as found.
    pub info: Arc<MediaInfo>,
    /// `None` in a file without a picture.
    pub frames: Option<Arc<FrameTable>>,
}

impl OpenedMedia {
    /// As [`open_track`], of a file that is open.
    pub fn of(
        source: &Source,
        track: Option<usize>,
        cancel: &CancelToken,
        mut progress: impl FnMut(f32),
    ) -> Result<Self, MediaError> {
        open_within(source, track, cancel, Duration::MAX, |news| {
            if let Opening::Progress(fraction) = news {
                progress(fraction);
            }
        })
    }

    /// Whether the frames have been indexed to the end of the file.
    pub fn is_whole(&self) -> bool {
        self.frames.as_ref().is_none_or(|frames| frames.is_whole())
    }

    /// Whether what was read of the audio of one has its place in the other.
    pub fn has_audio_clock_of(&self, other: &OpenedMedia) -> bool {
        let clock = |media: &OpenedMedia| media.info.audio.as_ref().map(|audio| audio.clock.clone());
        clock(self) == clock(other)
    }
}

/// What is told while a file is opened.
pub enum Opening {
    /// In `0..=1`.
    Progress(f32),
    /// A long file as far as it has been read: its frames up to there have their final ordinals, its time is what the
    /// headers state. Comes again and again, each time with more.
    Begun(OpenedMedia),
}

/// Probes the file and indexes its frames; `progress` in `0..=1`.
pub fn open(path: &Path, cancel: &CancelToken, progress: impl FnMut(f32)) -> Result<OpenedMedia, MediaError> {
    open_track(path, None, cancel, progress)
}

/// As [`open`]; the sound is that of the stream `track`, or else of the best one.
pub fn open_track(
    path: &Path,
    track: Option<usize>,
    cancel: &CancelToken,
    progress: impl FnMut(f32),
) -> Result<OpenedMedia, MediaError> {
    OpenedMedia::of(&Source::open(path, cancel)?, track, cancel, progress)
}

/// A file that takes longer than this to index is shown before that has been done: no eye sees the difference.
const PATIENCE: Duration = Duration::from_millis(15);

/// As [`open_track`], and hands out what there is of a long file before it has been read to its end.
pub fn open_growing(
    path: &Path,
    track: Option<usize>,
    cancel: &CancelToken,
    listen: impl FnMut(Opening),
) -> Result<OpenedMedia, MediaError> {
    open_within(&Source::open(path, cancel)?, track, cancel, PATIENCE, listen)
}

/// As [`open_growing`], told to the log.
fn open_within(
    source: &Source,
    track: Option<usize>,
    cancel: &CancelToken,
    patience: Duration,
    listen: impl FnMut(Opening),
) -> Result<OpenedMedia, MediaError> {
    let _span = info_span!("open", path = ?source.path()).entered();
    let opened = open_source(source, track, cancel, patience, listen);
    match &opened {
        Ok(media) => {
            let MediaInfo { container, video, audio, range, .. } = &*media.info;
            let picture = video.as_ref().map(|video| video.codec.as_str());
            let audio = audio.as_ref().map(|audio| audio.codec.as_str());
            let frames = media.frames.as_ref().map_or(0, |frames| frames.len());
            info!(container, picture, audio, frames, duration_s = range.duration_s(), "opened");
        }
        Err(error) => info!("{error}"),
    }
    opened
}

fn open_source(
    source: &Source,
    track: Option<usize>,
    cancel: &CancelToken,
    patience: Duration,
    mut listen: impl FnMut(Opening),
) -> Result<OpenedMedia, MediaError> {
    let demuxer = Demuxer::open(source, cancel)?;
    let info = probe_open(&demuxer, track)?;
    let is_sequence = demuxer.sequence().is_some();
    let measured = info.audio.as_ref().filter(|audio| !is_length_counted(&demuxer, audio, info.size_bytes));
    let measured = measured.map(|audio| audio.stream_index);
    // In the same pass as the video, where that does not mean to go to and fro in the file.
    let beside = measured.filter(|_| info.video.is_some() && !demuxer.is_indexed());
    let (table, heard) = match &info.video {
        Some(video) => {
            let scanned = scan_video(demuxer, &info, video, beside, patience, &mut listen)?;
            (Some(scanned.table), scanned.audio)
        }
        None => (None, None),
    };
    let info = match (measured, beside) {
        (None, _) => info,
        (Some(_), Some(_)) => info.with_audio_heard(heard),
        (Some(track), None) => info.with_audio_heard(measure_audio(source, track, cancel)?),
    };
    let frames = table.filter(|table| !table.is_empty()).map(Arc::new);
    let mut info = info.with_frames(frames.as_deref())?;
    if let Some(rate_hz) = frames.as_ref().and_then(|table| table.assumed_rate_hz()).filter(|_| !is_sequence) {
        info.notes.push(format!("The picture has no time stamps: {}.", assumed_times(rate_hz)));
    }
    Ok(OpenedMedia { info: Arc::new(info), frames })
}

/// Numbers the frames, and hands out what there is on the way.
fn scan_video(
    mut demuxer: Demuxer,
    info: &MediaInfo,
    video: &VideoInfo,
    audio: Option<usize>,
    patience: Duration,
    listen: &mut dyn FnMut(Opening),
) -> Result<Scanned, MediaError> {
    demuxer.select(video.stream_index);
    index(demuxer, audio, patience, &mut |news| match news {
        ScanNews::Progress(fraction) => listen(Opening::Progress(fraction)),
        ScanNews::FirstPart(part) => {
            let Scanned { table, audio } = *part;
            let mut begun = info.clone();
            if let (Some(info), Some((clock, _))) = (&mut begun.audio, audio) {
                info.clock = clock;
            }
            let begun = begun.with_video_range(video.range.union(table.range()));
            listen(Opening::Begun(OpenedMedia { info: Arc::new(begun), frames: Some(Arc::new(table)) }));
        }
    })
}

/// Whether the stated time of the audio is to be believed.
fn is_length_counted(demuxer: &Demuxer, audio: &AudioInfo, size_bytes: u64) -> bool {
    let stated_s = audio.range.duration_s();
    let is_possible = stated_s > 0.0 && stated_s * demuxer.fewest_bytes_per_s(audio.stream_index) <= size_bytes as f64;
    is_possible && demuxer.counts_audio(audio.stream_index) && demuxer.source().missing_bytes() == 0
}

/// Reads the packets of an audio track to their end.
fn measure_audio(
    source: &Source,
    track: usize,
    cancel: &CancelToken,
) -> Result<Option<(AudioClock, TimeRange)>, MediaError> {
    let mut demuxer = Demuxer::open_audio(source, Some(track), cancel)?;
    let mut scan = AudioScan::new(&demuxer, demuxer.selected());
    while let Some(packet) = demuxer.next_packet()? {
        scan.see_audio(&packet);
    }
    Ok(scan.outcome(&[]))
}

/// In the words of the report, the window and the command line.
pub(super) fn assumed_times(rate_hz: f64) -> String {
    let rate = format!("{rate_hz:.3}");
    format!("times are assumed ({}/s)", rate.trim_end_matches('0').trim_end_matches('.'))
}

impl MediaInfo {
    /// The same with another time of the video, if it has one, and the whole file's time to match.
    fn with_video_range(mut self, range: TimeRange) -> Self {
        let video = self.video.as_mut().map(|video| {
            video.range = range;
            range
        });
        let audio = self.audio.as_ref().map(|audio| audio.range).filter(|range| range.start < range.end);
        self.range = video.into_iter().chain(audio).reduce(TimeRange::union).unwrap_or_default();
        self
    }

    /// The same with the video as its frames tell; without, where there are none.
    fn with_frames(mut self, frames: Option<&FrameTable>) -> Result<Self, MediaError> {
        if frames.is_none() && self.audio.is_none() {
            let path = self.path;
            return Err(if self.video.is_some() {
                MediaError::NoFrames { path }
            } else {
                MediaError::NoStreams { path }
            });
        }
        if frames.is_none() && self.video.take().is_some() {
            self.notes.push("The picture track is left out: not one frame of it can be decoded.".to_owned());
        }
        Ok(self.with_video_range(frames.map(FrameTable::range).unwrap_or_default()))
    }

    /// The same with the audio as its packets tell; without, where there are none.
    fn with_audio_heard(mut self, heard: Option<(AudioClock, TimeRange)>) -> Self {
        match (heard, &mut self.audio) {
            (Some((clock, range)), Some(audio)) => (audio.clock, audio.range) = (clock, range),
            _ => {
                self.audio = None;
                self.notes.push("The sound track is left out: not one packet of it is in the file.".to_owned());
            }
        }
        self
    }
}
