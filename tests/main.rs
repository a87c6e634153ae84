//! The program as a whole: its command line, what it refuses, what it writes, its trainings; and whether documents and
//! manifests say what is so.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod bad_input;
mod bundled;
mod cli;
mod convert;
mod documents;
mod figure;
mod handover;
mod hub;
mod log;
mod manifests;
mod program;
mod scenes;
mod synth;
mod training;
