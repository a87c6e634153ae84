//! The document of a review: what an analyst decided on the events of a recording, as a trail that stands up.
//!
//! A [`Document`] is a file of operations, `NAME.avar`, that is only ever appended to. What it says now is their fold
//! ([`ReviewState`]); undo and redo are operations as well. Every line closes with its own digest and names that of the
//! line before, so that [`verify`] finds whatever was changed.
//!
//! | file | holds |
//! |---|---|
//! | `operation` | what can be done, as it is written |
//! | `header` | the first line: recording, scores, rule; finding a recording again |
//! | `plan`, `state`, `history` | what an operation changes, what stands, what can be taken back |
//! | `line`, `read` | a line with its digests; a file read, checked and folded |
//! | `file`, `document` | locking and appending; a draft that becomes a file |
//! | `steps` | the model's events by a threshold rule |
//! | [`layers`] | the analyst's events over the model's: which of these are answered, and which are open |
//! | [`list`] | the list of events: counts, the next unreviewed, filter, order |
//! | [`agreement`] | two documents of one recording: kappa, matched events, differences |
//!
//! # What does not exist here
//!
//! - No screen, no network, no FFmpeg, and of this workspace only `avar-base` and `avar-labels`: scores come in as
//!   numbers, frames as ordinals.
//! - No clock: whoever does something says when, and an earlier time than before is kept as it is.
//! - No operation that is said to be saved before it is on the disk, and none that is in memory and not in the file.
//! - No way to change or remove a line; undo is a line more.
//! - No file before the first decision.
//! - No decision that disappears because a rule moved or the model's event is gone ([`layers::Basis::Lost`]).
//! - No edge named by a time: always by the ordinal of a frame.

pub mod agreement;
mod document;
mod error;
mod file;
mod header;
mod history;
pub mod layers;
mod limits;
mod line;
pub mod list;
mod operation;
mod plan;
mod read;
mod refusal;
mod state;
mod steps;
mod stretch;

pub use document::{Document, Saved};
pub use error::ReviewError;
pub use file::ReadOnly;
pub use header::{Candidate, Header, Media, NotItsMedium, OrdinalsOf, ScoredBy, beside};
pub use history::History;
pub use jiff::Timestamp;
pub use operation::{EventId, NoteId, Operation, Target};
pub use read::{Entry, Trail, read_bytes, verify, verify_bytes};
pub use refusal::Refusal;
pub use state::{DecidedEvent, FrameNote, ReviewState};
pub use steps::{ModelEvent, ScoredStep, ScoredSteps, StepsError, rebuild};
pub use stretch::{Edge, Stretch};
