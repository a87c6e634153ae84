//! Every format: what is written is read back on the same frames, what others write is read as they mean it, and what is
//! damaged or hostile is refused in one sentence.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod damaged;
mod detection;
mod files;
mod foreign;
mod hostile_xml;
mod real_parsers;
mod round_trip;
mod samples;
mod written;
