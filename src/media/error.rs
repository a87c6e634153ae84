//! What can go wrong with a media file: one sentence each, the path last.

use std::path::{Path, PathBuf};

use avar_base::job::Cancelled;
use avar_base::time::FrameIndex;

/// One sentence for the user; `Clone`, so that it can cross threads and be shown more than once.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// Nothing lies at the path.
    #[error("there is no such file: {}", .path.display())]
    NotFound { path: PathBuf },
    /// A folder whose pictures are no numbered sequence.
    #[error(
        "this is a folder, not a media file (it is opened as a recording only where its pictures are one numbered \
         sequence): {}", .path.display()
    )]
    Folder { path: PathBuf },
    /// A device, a pipe or a socket.
    #[error("this is not a regular file (a device, pipe or socket cannot be reviewed): {}", .path.display())]
    NotRegular { path: PathBuf },
    /// A file without a byte.
    #[error("this file is empty: {}", .path.display())]
    Empty { path: PathBuf },
    /// The file is there and cannot be read, for want of permission for one.
    #[error("this file cannot be read ({reason}): {}", .path.display())]
    Unreadable { reason: String, path: PathBuf },
    /// FFmpeg knows no container that begins like this.
    #[error("this is not a media file that FFmpeg can read: {}", .path.display())]
    NotMedia { path: PathBuf },
    /// An MP4 or MOV file without its `moov` box (ISO/IEC 14496-12).
    #[error(
        "this file ends too early and its index (the moov box) is missing, \
         so the recording was interrupted or the copy is incomplete: {}", .path.display()
    )]
    IndexMissing { path: PathBuf },
    /// A fragmented MP4 or MOV file with a track that has no number.
    #[error("the index of this file is damaged (a track in it has no number), so its fragments cannot be told apart: {}", .path.display())]
    IndexDamaged { path: PathBuf },
    /// FFmpeg takes the file for a kind that names other files, or for text.
    #[error("this looks like a playlist or text rather than a recording, and is not opened: {}", .path.display())]
    ContainerRefused { path: PathBuf },
    /// A still picture that is opened by itself.
    #[error(
        "this is a single picture; only a numbered sequence of pictures, such as frame_0001.png, frame_0002.png and so \
         on in one folder, is opened as a recording: {}", .path.display()
    )]
    SinglePicture { path: PathBuf },
    /// The container has no track of either, or none with a packet.
    #[error("this file holds neither picture nor sound: {}", .path.display())]
    NoStreams { path: PathBuf },
    /// A half is encrypted, and the other cannot be taken alone.
    #[error("the {what} in this file is encrypted and cannot be decoded: {}", .path.display())]
    Encrypted { what: StreamKind, path: PathBuf },
    /// A half is of a codec that the FFmpeg at hand cannot decode.
    #[error("FFmpeg has no decoder here for the {what} codec \"{codec}\" of this file: {}", .path.display())]
    UnsupportedCodec { what: StreamKind, codec: String, path: PathBuf },
    /// Frames are asked of a file without a picture.
    #[error("this file has no picture: {}", .path.display())]
    NoVideo { path: PathBuf },
    /// Audio is asked of a file that has none, or of a track that it does not have.
    #[error("this file has no sound: {}", .path.display())]
    NoAudio { path: PathBuf },
    /// There is a picture, and no frame of it comes out of the decoder.
    #[error("not one frame of the picture in this file can be decoded: {}", .path.display())]
    NoFrames { path: PathBuf },
    /// A seek beyond the end of the frame table.
    #[error("there is no frame {} (the last one is {last}): {}", .index.0, .path.display())]
    NoSuchFrame { index: FrameIndex, last: usize, path: PathBuf },
    /// A seek to a frame that does not come out of the decoder.
    #[error("frame {} cannot be decoded, because the file is damaged there: {}", .index.0, .path.display())]
    FrameDamaged { index: FrameIndex, path: PathBuf },
    /// A half cannot be decoded for another reason: its decoder does not open, or its size or rate is not stated.
    #[error("the {what} in this file cannot be decoded ({reason}): {}", .path.display())]
    Decode { what: StreamKind, reason: String, path: PathBuf },
    /// A picture cannot be brought to another size or pixel format.
    #[error("a {width_px}x{height_px} picture cannot be converted ({reason})")]
    Convert { width_px: u32, height_px: u32, reason: String },
    /// Audio cannot be brought to the wanted format, or what is wanted does not fit into memory.
    #[error("sound cannot be resampled ({reason})")]
    Resample { reason: String },
    /// A clip is to be written, and this FFmpeg has no encoder for its picture.
    #[error("this FFmpeg has neither an H.264 (libx264) nor an MPEG-4 encoder to write the clip with: {}", .path.display())]
    NoEncoder { path: PathBuf },
    /// An audio file or its encoder fails, or does not take the format.
    #[error("the audio cannot be written ({reason}): {}", .path.display())]
    WriteAudio { reason: String, path: PathBuf },
    /// The file or an encoder fails, or what is pushed does not fit the [`super::ClipSpec`].
    #[error("the clip cannot be written ({reason}): {}", .path.display())]
    Write { reason: String, path: PathBuf },
    /// The caller asked for it; nothing is wrong with the file.
    #[error("stopped on request")]
    Cancelled,
}

/// Which half of a file an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// The frames.
    Picture,
    /// The audio track that is read.
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
