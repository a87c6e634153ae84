//! What goes into a player and what comes out of it, besides commands.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::audio_output::AudioOutput;
use avar_base::time::MediaTime;
use avar_media::{FrameFaults, VideoFrame};

/// Why a file cannot be played at all.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlaybackError {
    /// There is neither a frame nor an audio track.
    #[error("this file holds neither picture nor sound to play: {}", .path.display())]
    NothingToPlay { path: PathBuf },
    /// A thread for decoding cannot be started.
    #[error("playback cannot start, because the system gives no thread ({reason}): {}", .path.display())]
    NoThread { reason: String, path: PathBuf },
}

/// What is decided when a player is opened.
#[derive(Clone, Debug)]
pub struct PlayerOptions {
    /// Where the audio goes.
    pub output: AudioOutput,
    /// The most that decoded frames may take; three frames are held however large they are.
    pub cache_bytes: usize,
}

impl Default for PlayerOptions {
    fn default() -> Self {
        Self { output: AudioOutput::Device, cache_bytes: 384 << 20 }
    }
}

/// How a seek finds its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekPrecision {
    /// The key frame at or before the target at once, as a preview, then the exact one if nothing newer comes.
    KeyFrame,
    /// The frame at the target; until it is there, the picture stays as it is.
    Exact,
}

/// What the picture of a view is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameState {
    /// The frame at the position.
    Exact,
    /// Another one until that is decoded: the key frame before while scrubbing, the previous picture while seeking,
    /// the last one in time where decoding is slower than playing, or a neighbour of one that is damaged.
    Preview,
    /// None has been decoded yet.
    Loading,
    /// The file has no picture.
    None,
}

/// What there is to show at an instant.
#[derive(Clone)]
pub struct PlayerView {
    /// On the file's own axis, within [`super::Player::range`].
    pub position: MediaTime,
    /// The best there is for the position; `None` while none has been decoded, and in a file without picture.
    pub frame: Option<VideoFrame>,
    /// What `frame` is.
    pub frame_state: FrameState,
    /// Playing, or about to as soon as picture and sound are there.
    pub playing: bool,
    /// Whether the position is at the end; while the file is still being indexed, at the last frame known.
    pub at_end: bool,
    /// Frames that playing forward has passed over since the file was opened.
    pub dropped_frames: u64,
    /// The frames that were found to be damaged, of those decoded so far; the same one as long as nothing is added.
    pub faults: Arc<FrameFaults>,
    /// Something to know, such as that there is no sound device.
    pub note: Option<String>,
    /// One sentence; the player can still be used.
    pub error: Option<String>,
    /// When to ask again while playing; a wake-up comes as well when a picture arrives that was waited for.
    pub next_wake: Option<Duration>,
}
