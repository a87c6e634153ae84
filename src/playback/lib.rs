//! Playback: a clock, a decoder thread for video and one for audio, and the audio device.
//!
//! [`Player`] is all that the window sees. Ask it for a [`PlayerView`] at each repaint: the position, and the newest
//! frame at or before it. Late frames drop by construction.
//!
//! | module | holds |
//! |---|---|
//! | `player` | commands in, views out; which clock leads; loops and ends |
//! | `player_view` | options, views, errors |
//! | `threads` | starting the threads and taking leave of them |
//! | `clock` | position at an instant (pure) |
//! | `frame_cache` | decoded frames by ordinal, bounded in bytes (pure) |
//! | `decode_plan` | what to decode next (pure) |
//! | `video_worker` | the thread that carries the plan out |
//! | `audio_feed` | the bounded ring of samples, and where the ear is in it |
//! | `audio_worker` | the thread that fills the ring |
//! | `audio_output` | the audio device, the silent clock; the only module that names rodio |
//!
//! # What does not exist here
//!
//! - No crate of this workspace but `avar-base` and `avar-media`: no window, which is woken by a plain `Fn()`, and no
//!   scores.
//! - No call of [`Player`] that waits, its drop included: what has to be waited for is waited for in
//!   [`wait_for_leaving`].
//! - No decoder of its own: frames come from `avar_media::VideoReader`, samples from `avar_media::AudioReader`.
//! - No clock of its own while there is audio to be heard: the position is that of the samples that the device has
//!   consumed.

mod audio_feed;
mod audio_output;
mod audio_worker;
mod clock;
mod decode_plan;
mod frame_cache;
mod player;
mod player_view;
mod threads;
mod video_worker;

pub use audio_output::{AudioOutput, ManualSink};
pub use clock::Clock;
pub use player::Player;
pub use player_view::{FrameState, PlaybackError, PlayerOptions, PlayerView, SeekPrecision};
pub use threads::wait_for_leaving;
