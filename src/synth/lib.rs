//! VAAR-Synth: a seeded generator of short clips of the ten classes, with frame-level truth; and the [`sample`]
//! incident.
//!
//! A [`Scenario`] says what happens and when; a [`Film`] shows it, [`sound::soundtrack`] lets it be heard, and
//! [`write_corpus`] makes files of both. People, vehicles and sets are solids seen through a pinhole camera, then
//! through the lens and sensor of a small surveillance camera.
//!
//! # What does not exist here
//!
//! - No network and no score: of this workspace only `avar-base`, `avar-labels`, `avar-media` and `avar-dataset` are
//!   known.
//! - No footage, recording or picture of anybody: all is drawn and synthesised.
//! - No clip that depends on anything but the seed of its corpus and its own number.
//! - No place of the test part in training, nor the other way round.

mod acoustics;
mod actors;
mod acts;
mod corpus;
mod drawing;
mod film;
mod lens;
mod light;
mod places;
mod random;
pub mod sample;
pub mod scenario;
pub mod sound;
mod style;
mod view;

pub use corpus::{SynthError, SynthSpec, write_corpus};
pub use film::Film;
pub use scenario::{DURATION_S, EVENT_S, Place, Scenario, SoundTrack};

/// Of every film; a clip may keep fewer pictures of it.
pub const FRAME_RATE_HZ: u32 = 15;
