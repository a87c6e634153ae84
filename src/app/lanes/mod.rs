//! The lanes of the timeline: each draws one kind of data in its rectangle, on the time axis that all share.

pub mod class_strip;
pub mod score;
pub mod waveform;
