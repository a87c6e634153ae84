//! Numbering the frames of a recording: of a file (`frame_scan`), or of a sequence of pictures (`sequence_scan`).

use std::path::Path;
use std::time::Duration;

use super::demuxer::Demuxer;
use super::error::MediaError;
use super::frame_scan::{self, Listen, ScanNews};
use super::frame_table::FrameTable;
use super::sequence_scan::scan_pictures;
use super::source::Source;
use avar_base::job::CancelToken;

impl FrameTable {
    /// Numbers the frames of the picture in `path`. Where packets tell the frames reliably they are only
    /// read, not decoded, apart from a check of the first few; otherwise the whole picture is decoded
    /// once. `progress` is told the fraction done, in `0..=1`.
    pub fn scan(path: &Path, cancel: &CancelToken, mut progress: impl FnMut(f32)) -> Result<Self, MediaError> {
        let demuxer = Demuxer::open_picture(&Source::open(path, cancel)?, cancel)?;
        index(demuxer, Duration::MAX, &mut |news| {
            if let ScanNews::Progress(fraction) = news {
                progress(fraction);
            }
        })
    }
}

/// Numbers the frames of the stream that `demuxer` has selected; it stands at the beginning. `patience` is how long a
/// listener waits before a first part of the table is of use to it.
pub(super) fn index(demuxer: Demuxer, patience: Duration, listen: Listen) -> Result<FrameTable, MediaError> {
    let path = demuxer.path().to_owned();
    let table = match demuxer.sequence().cloned() {
        Some(sequence) => scan_pictures(&demuxer, &sequence, listen)?,
        None => frame_scan::scan(demuxer, patience, listen)?,
    };
    if table.is_empty() {
        return Err(MediaError::NoFrames { path });
    }
    listen(ScanNews::Progress(1.0));
    Ok(table)
}
