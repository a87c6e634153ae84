//! Annotations of other programs and our own, in and out: one format a file, exact to the frame.
//!
//! # Map
//!
//! ```text
//! file -> text (bounds, UTF-8) -> detect -> formats/NAME -> Collector (checks, frames) -> Annotations + remarks
//! Annotations -> formats/NAME -> Ledger (what has no place) -> text + remarks -> file
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `annotations` | what every format is read into: events, marks and scores of one recording |
//! | `label` | the words for the ten classes |
//! | `timeline` | when each frame is shown, and which frame a written time means |
//! | `format` | the formats by name, and [`read`] and [`write()`] by them |
//! | `detect` | which format a file is in |
//! | `formats/` | one format a file |
//! | `collector`, `writing` | what all readers, and what all writers, share |
//! | `chosen` | which of many annotated recordings is meant |
//! | `text`, `json`, `xml` | text, JSON and XML from anyone, within bounds |
//! | `file` | reading and writing files by path |
//!
//! # What does not exist here
//!
//! - No screen, no network, no FFmpeg, and no other crate of this workspace but `avar-base` and `avar-labels`: who reads
//!   or writes brings a [`Timeline`].
//! - No frame that is time x frame rate: a time is looked for among the times of the frames. Label Studio and UCF-Crime
//!   count frames by such a product themselves; of a recording with a variable frame rate theirs are others than ours.
//! - No event that is dropped in silence, and no word that becomes `normal` because it is not known: what has no class
//!   keeps its words, and what is left out, cut or changed is told in a remark.
//! - No entity, no document type and no namespace trick in XML; no text beyond 64 MiB, and no more than 100,000 events.
//! - No file that another program could see half-written.

mod annotations;
mod chosen;
mod collector;
mod detect;
mod error;
mod file;
mod format;
mod formats;
mod json;
mod label;
mod text;
mod timeline;
mod writing;
mod xml;

pub use annotations::{AnnotatedSpan, Annotations, Marker, Media, ScoreRow, Subject};
pub use collector::Read;
pub use detect::detect;
pub use error::{EntryPlace, EntryProblem, FileError, FormatError};
pub use file::{is_annotations, read_file, write_file};
pub use format::{Carries, Format, read, write};
pub use label::Label;
pub use timeline::Timeline;
pub use writing::Written;
