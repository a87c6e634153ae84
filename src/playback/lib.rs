//! Playback: a clock, a decoder thread for the picture and one for the sound, and the sound device.
//!
//! [`Player`] is all that the window sees; it never blocks, not even when it is dropped. Ask it for a [`PlayerView`] at each repaint: the
//! position, and the newest frame at or before it. Late frames drop by construction.
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
//! | `audio_output` | the sound device, the silent clock; the only module that names rodio |

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

pub use audio_output::{ManualSink, SoundChoice};
pub use clock::Clock;
pub use player::Player;
pub use player_view::{FrameState, PlaybackError, PlayerOptions, PlayerView, SeekPrecision};
pub use threads::wait_for_leaving;
