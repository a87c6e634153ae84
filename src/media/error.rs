//! What can go wrong with a media file: one sentence each, the path last.

use std::path::{Path, PathBuf};

use avar_base::job::Cancelled;
use avar_base::time::FrameIndex;

/// One sentence for the user; `Clone`, so that it can cross threads and be shown more than once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    #[error("there is no such file: {}", .path.display())]
    NotFound { path: PathBuf },
    #[error(
        "this is a folder, not a media file (it is opened as a recording only where its pictures are one numbered \
         sequence): {}", .path.display()
    )]
    Folder { path: PathBuf },
    #[error("this is not a regular file (a device, pipe or socket cannot be reviewed): {}", .path.display())]
    NotRegular { path: PathBuf },
    #[error("this file is empty: {}", .path.display())]
    Empty { path: PathBuf },
    #[error("this file cannot be read ({reason}): {}", .path.display())]
    Unreadable { reason: String, path: PathBuf },
    #[error("this is not a media file that FFmpeg can read: {}", .path.display())]
    NotMedia { path: PathBuf },
    #[error(
        "this file ends too early and its index (the moov box) is missing, \
         so the recording was interrupted or the copy is incomplete: {}", .path.display()
    )]
    IndexMissing { path: PathBuf },
    #[error("the index of this file is damaged (a track in it has no number), so its fragments cannot be told apart: {}", .path.display())]
    IndexDamaged { path: PathBuf },
    #[error("this looks like a playlist or text rather than a recording, and is not opened: {}", .path.display())]
    ContainerRefused { path: PathBuf },
    #[error(
        "this is a single picture; only a numbered sequence of pictures, such as frame_0001.png, frame_0002.png and so \
         on in one folder, is opened as a recording: {}", .path.display()
    )]
    SinglePicture { path: PathBuf },
    #[error("this file holds neither picture nor sound: {}", .path.display())]
    NoStreams { path: PathBuf },
    #[error("the {what} in this file is encrypted and cannot be decoded: {}", .path.display())]
    Encrypted { what: StreamKind, path: PathBuf },
    #[error("FFmpeg has no decoder here for the {what} codec \"{codec}\" of this file: {}", .path.display())]
    UnsupportedCodec { what: StreamKind, codec: String, path: PathBuf },
    #[error("this file has no picture: {}", .path.display())]
    NoVideo { path: PathBuf },
    #[error("this file has no sound: {}", .path.display())]
    NoAudio { path: PathBuf },
    #[error("not one frame of the picture in this file can be decoded: {}", .path.display())]
    NoFrames { path: PathBuf },
    #[error("there is no frame {} (the last one is {last}): {}", .index.0, .path.display())]
    NoSuchFrame { index: FrameIndex, last: usize, path: PathBuf },
    #[error("frame {} cannot be decoded, because the file is damaged there: {}", .index.0, .path.display())]
    FrameDamaged { index: FrameIndex, path: PathBuf },
    #[error("the {what} in this file cannot be decoded ({reason}): {}", .path.display())]
    Decode { what: StreamKind, reason: String, path: PathBuf },
    #[error("a {width_px}x{height_px} picture cannot be converted ({reason})")]
    Convert { width_px: u32, height_px: u32, reason: String },
    #[error("sound cannot be resampled ({reason})")]
    Resample { reason: String },
    #[error("this FFmpeg has neither an H.264 (libx264) nor an MPEG-4 encoder to write the clip with: {}", .path.display())]
    NoEncoder { path: PathBuf },
    #[error("the clip cannot be written ({reason}): {}", .path.display())]
    Write { reason: String, path: PathBuf },
    #[error("stopped on request")]
    Cancelled,
}

/// Which half of a file an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    Picture,
    Audio,
}

impl std::fmt::Display for StreamKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Picture => "picture",
            Self::Audio => "sound",
        })
    }
}

impl From<Cancelled> for MediaError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl MediaError {
    pub(super) fn from_io(error: &std::io::Error, path: &Path) -> Self {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound { path },
            std::io::ErrorKind::PermissionDenied => Self::Unreadable { reason: "permission denied".into(), path },
            _ => Self::Unreadable { reason: error.to_string(), path },
        }
    }
}
