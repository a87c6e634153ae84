//! The ground that every other crate may stand on: media time, background jobs, files that appear whole and their digests,
//! memory, what a panic said, and other people's words inside our sentences.
//!
//! # What does not exist here
//!
//! - No other crate of this workspace: no medium, no network, no screen.
//! - No moment in floating point: [`time::MediaTime`] counts nanoseconds, and a frame is named by its ordinal and PTS.
//! - No job that piles up reports, goes on when nobody listens any more, or takes the program down with a panic
//!   ([`job`]).
//! - No file that a reader could see half-written ([`files::write_whole`]).

pub mod files;
pub mod job;
pub mod memory;
pub mod panics;
pub mod time;
pub mod wording;
