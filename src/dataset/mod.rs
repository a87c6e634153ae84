//! Clips that the program makes for itself.

pub mod sample;
