//! Untrimmed recordings, composed of short ones: everyday material that goes on for minutes, and events laid into it at
//! known times and levels. What is analysed in life looks like this, and no collection of clips does.
//!
//! ```text
//! manifest -> material of one part -> scene: bed, everyday sounds, events -> room, distance -> codec -> file
//!                                                                        \-> truth: manifest.csv
//! ```
//!
//! | file | what is in it |
//! |---|---|
//! | `material` | the sounds of a manifest, audible parts alone |
//! | `scene` | which sound is heard when and how loud |
//! | `effects` | what air, walls and cheap microphones do to sound |
//! | `write` | files and the manifest that says what is in them |
//!
//! Every class passes through the same rooms, distances, levels and codecs, drawn from one generator: neither the codec
//! nor the loudness of a source tells what is heard. A recording depends on the material, the seed and its own number
//! alone.
//!
//! # What does not exist here
//!
//! - No recording of material from two parts of a dataset: what is trained on is never heard in a test.
//! - No event that the truth does not name, and none that is louder or clearer than the everyday sounds by the way it is
//!   laid in: both go through the same hands.
//! - No picture yet, no network, no window.

pub mod effects;
mod error;
mod material;
mod scene;
mod write;

pub use error::ComposeError;
pub use scene::SceneSpec;
pub use write::{ComposeSpec, write_recordings};

/// Of everything that is mixed, mono.
const RATE_HZ: u32 = 48_000;
