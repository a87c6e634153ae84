//! A file made ready for everything else: its facts, its frame table, and the time that it really covers.
//!
//! Headers state no length (piped MKV and FLAC, recordings of a browser) or a wrong one (fragmented mp4), so the
//! picture's time is taken from the frames that exist, and the sound's from its packets wherever what is stated
//! cannot be or the file was cut short.

use std::path::Path;
use std::sync::Arc;

use super::demuxer::Demuxer;
use super::error::MediaError;
use super::frame_table::FrameTable;
use super::outline;
use super::probe::{MediaInfo, probe};
use crate::job::CancelToken;
use crate::time::{MediaTime, TimeRange};

/// A file that can be played and analysed.
#[derive(Clone)]
pub struct OpenedMedia {
    /// As probed, with the ranges as found.
    pub info: Arc<MediaInfo>,
    /// `None` in a file without a picture.
    pub frames: Option<Arc<FrameTable>>,
}

/// No codec needs fewer bytes for a second of sound; a file that states more time than that is wrong.
const FEWEST_BYTES_PER_S: f64 = 50.0;

/// Probes the file and indexes its frames; `progress` in `0..=1`.
pub fn open(path: &Path, cancel: &CancelToken, progress: impl FnMut(f32)) -> Result<OpenedMedia, MediaError> {
    let mut info = probe(path)?;
    let frames = match &mut info.video {
        Some(video) => {
            let table = FrameTable::scan(path, cancel, progress)?;
            video.range = table.range();
            Some(Arc::new(table))
        }
        None => None,
    };
    if let Some(audio) = &mut info.audio {
        let stated_s = audio.range.duration_s();
        let is_impossible = stated_s <= 0.0 || stated_s * FEWEST_BYTES_PER_S > info.size_bytes as f64;
        if is_impossible || outline::missing_bytes(path) > 0 {
            audio.range = sound_range(path, cancel)?;
        }
    }
    let video = info.video.as_ref().map(|video| video.range);
    let audio = info.audio.as_ref().map(|audio| audio.range).filter(|range| range.start < range.end);
    info.range = video.into_iter().chain(audio).reduce(TimeRange::union).unwrap_or_default();
    Ok(OpenedMedia { info: Arc::new(info), frames })
}

/// From the first packet of the sound to the end of the last; empty where no packet has a time.
fn sound_range(path: &Path, cancel: &CancelToken) -> Result<TimeRange, MediaError> {
    let mut demuxer = Demuxer::open_sound(path, cancel)?;
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
