//! A file made ready for everything else: its facts, its frame table, and the time that it really covers.
//!
//! Headers state no length (piped MKV and FLAC, recordings of a browser) or a wrong one (fragmented mp4), so the
//! picture's time is taken from the frames that exist, and the sound's from its packets wherever what is stated
//! cannot be or the file was cut short.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, info_span};

use super::demuxer::Demuxer;
use super::error::MediaError;
use super::frame_index::index;
use super::frame_scan::ScanNews;
use super::frame_table::FrameTable;
use super::probe::{MediaInfo, probe_open};
use super::source::Source;
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeRange};

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
}

/// No codec needs fewer bytes for a second of sound; a file that states more time than that is wrong.
const FEWEST_BYTES_PER_S: f64 = 50.0;

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
    let opened = index(source, track, cancel, patience, listen);
    match &opened {
        Ok(media) => {
            let MediaInfo { container, video, audio, range, .. } = &*media.info;
            let picture = video.as_ref().map(|video| video.codec.as_str());
            let sound = audio.as_ref().map(|audio| audio.codec.as_str());
            let frames = media.frames.as_ref().map_or(0, |frames| frames.len());
            info!(container, picture, sound, frames, duration_s = range.duration_s(), "opened");
        }
        Err(error) => info!("{error}"),
    }
    opened
}

fn index(
    source: &Source,
    track: Option<usize>,
    cancel: &CancelToken,
    patience: Duration,
    mut listen: impl FnMut(Opening),
) -> Result<OpenedMedia, MediaError> {
    let mut demuxer = Demuxer::open(source, cancel)?;
    let mut info = probe_open(&demuxer, track)?;
    let frames = match &info.video {
        Some(video) => {
            let stated = video.range;
            demuxer.select(video.stream_index);
            let table = index(demuxer, patience, &mut |news| match news {
                ScanNews::Progress(fraction) => listen(Opening::Progress(fraction)),
                ScanNews::FirstPart(part) => {
                    let begun = info.clone().with_picture_range(stated.union(part.range()));
                    listen(Opening::Begun(OpenedMedia { info: Arc::new(begun), frames: Some(Arc::new(part)) }));
                }
            })?;
            Some(Arc::new(table))
        }
        None => None,
    };
    if let Some(audio) = &mut info.audio {
        let stated_s = audio.range.duration_s();
        let is_impossible = stated_s <= 0.0 || stated_s * FEWEST_BYTES_PER_S > info.size_bytes as f64;
        if is_impossible || info.missing_bytes > 0 {
            audio.range = sound_range(source, audio.stream_index, cancel)?;
        }
    }
    let range = frames.as_ref().map(|table| table.range()).unwrap_or_default();
    Ok(OpenedMedia { info: Arc::new(info.with_picture_range(range)), frames })
}

impl MediaInfo {
    /// The same with another time of the picture, if it has one, and the whole file's time to match.
    fn with_picture_range(mut self, range: TimeRange) -> Self {
        let video = self.video.as_mut().map(|video| {
            video.range = range;
            range
        });
        let audio = self.audio.as_ref().map(|audio| audio.range).filter(|range| range.start < range.end);
        self.range = video.into_iter().chain(audio).reduce(TimeRange::union).unwrap_or_default();
        self
    }
}

/// From the first packet of the sound to the end of the last; empty where no packet has a time.
fn sound_range(source: &Source, track: usize, cancel: &CancelToken) -> Result<TimeRange, MediaError> {
    let mut demuxer = Demuxer::open_sound(source, Some(track), cancel)?;
    let time_base = demuxer.time_base();
    let mut range: Option<TimeRange> = None;
    while let Some(packet) = demuxer.next_packet()? {
        if let Some(pts) = packet.pts().or(packet.dts()) {
            let start = MediaTime::from_pts(pts, time_base);
            let end = MediaTime::from_pts(pts.saturating_add(packet.duration().max(0)), time_base);
            let heard = TimeRange::new(start, end);
            range = Some(range.map_or(heard, |range| range.union(heard)));
        }
    }
    Ok(range.unwrap_or_default())
}
