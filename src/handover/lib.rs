//! What an analyst hands over: a bundle that anybody can verify, clips cut at exact frames, stills.
//!
//! A [`Handover`] is a recording with its scores and, where something was decided, its document. [`write`](bundle::write)
//! makes one file of it; [`Bundle::open`] reads such a file and checks every byte, and [`Bundle::compare`] holds it
//! against the recording.
//!
//! | file | holds |
//! |---|---|
//! | `handover` | what is handed over, and what is told of it |
//! | `archive` | a zip file of one form, whose every byte follows from its entries |
//! | `entries` | the records in it: what each says |
//! | `pictures`, `report` | stills and figure 5 of an event; the page to be printed |
//! | [`bundle`] | writing it |
//! | [`verify`] | reading it, and comparing it with the recording |
//! | [`clip`] | a stretch of a recording as a file |
//! | [`annotations`] | what was decided, or found, for other programs |
//! | `still`, `strip` | one frame as a picture; words over a frame |
//!
//! # What does not exist here
//!
//! - No window, and no way to decide: a document is read, never written.
//! - No name out of an archive that becomes a path: nothing is unpacked to the disk, and names that no bundle has are
//!   refused.
//! - No field of an archive that is believed: it is made anew from what was read, and compared.
//! - No time, no folder and nothing of the machine in a bundle, but what the document's own lines say: the same recording,
//!   scores and document give the same bytes.
//! - No word on who made a bundle: whoever can write one can write another. What it proves is that it is as it was written.

pub mod annotations;
mod archive;
pub mod bundle;
pub mod clip;
mod entries;
mod error;
mod handover;
mod pictures;
mod report;
mod still;
mod strip;
#[cfg(test)]
mod tests;
pub mod verify;

pub use bundle::{HandoverJob, spawn};
pub use clip::{Burn, ClipJob};
pub use entries::{EntryDigest, Manifest, MediaEntry, TrailEntry, WeightsEntry};
pub use error::HandoverError;
pub use handover::{Handover, Scoring, scored_steps};
pub use still::{save_still, still};
pub use strip::{FrameFacts, Word};
pub use verify::{Agreement, Bundle, SCORE_TOLERANCE};
