//! Recordings, as they are: checked against sequential decoding and ffprobe, and refused in one sentence.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod audio;
mod bad_input;
mod channels;
mod clips;
mod cuts;
mod frames;
mod mutations;
mod pictures;
mod sequences;
mod shelf;
mod sources;
mod time;
mod written_audio;
