//! What every other room stands on: media time, background jobs, files that appear whole and their digests, memory, and what a panic
//! said.
//!
//! What does not exist here: no medium, no network, no screen, and no other crate of this workspace.

pub mod files;
pub mod job;
pub mod memory;
pub mod panics;
pub mod time;
