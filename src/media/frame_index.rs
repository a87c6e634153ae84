//! Numbering the frames of a recording: of a file (`frame_scan`), or of a sequence of pictures (`sequence_scan`).

use std::path::Path;
use std::time::Duration;

use super::demuxer::Demuxer;
use super::error::MediaError;
use super::frame_scan::{self, Listen, ScanNews, Scanned};
use super::frame_table::FrameTable;
use super::sequence_scan::scan_pictures;
use super::source::Source;
use avar_base::job::CancelToken;

impl FrameTable {
    /// Numbers the frames of the picture in `path`. Where packets tell the frames reliably they are only
    /// read, not decoded, apart from a check of the first few; otherwise the whole picture is decoded
    /// once. `progress` is told the fraction done, in `0..=1`.
    pub fn scan(path: &Path, cancel: &CancelToken, mut progress: impl FnMut(f32)) -> Result<Self, MediaError> {
        let demuxer = Demuxer::open_video(&Source::open(path, cancel)?, cancel)?;
        let scanned = index(demuxer, None, Duration::MAX, &mut |news| {
            if let ScanNews::Progress(fraction) = news {
                progress(fraction);
            }
        })?;
        if scanned.table.is_empty() {
            return Err(MediaError::NoFrames { path: path.to_owned() });
        }
        Ok(scanned.table)
    }
}

/// Numbers the frames of the stream that `demuxer` has selected; it stands at the beginning. The table is empty where
/// none comes out. The packets of the stream `audio` are read in passing. `patience` is how long a listener waits before
/// a first part of the table is of use to it.
pub(super) fn index(
    demuxer: Demuxer,
    audio: Option<usize>,
    patience: Duration,
    listen: Listen,
) -> Result<Scanned, MediaError> {
    let scanned = match demuxer.sequence().cloned() {
        Some(sequence) => Scanned { table: scan_pictures(&demuxer, &sequence, listen)?, audio: None },
        None => frame_scan::scan(demuxer, audio, patience, listen)?,
    };
    listen(ScanNews::Progress(1.0));
    Ok(scanned)
}
