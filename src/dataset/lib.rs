//! Labelled clips: what a recording shows, when, and which part of the data it belongs to.
//!
//! A [`Manifest`] is the one form in which the rest of the program knows a dataset. It is read from a CSV file
//! ([`Manifest::read`]), from VAAR's folders ([`read_vaar`]) or from XD-Violence ([`read_xd_violence`]); [`import`]
//! turns the last two into the first.
//!
//! Paths, tables and annotation files are untrusted: each is read within bounds, and what is wrong with it is said in
//! sentences that name the file and the line.
//!
//! # What does not exist here
//!
//! - No recording is decoded, and no network known: of this workspace only `avar-base` and `avar-labels` are named. How
//!   long a recording is ([`Manifest::check_ranges`]) and how many frames a second it has ([`import`]) is asked of the
//!   caller; [`Manifest::check_copies`] compares bytes.
//! - No group (the source that clips share: a video, a place, a person) in two splits, in a manifest that leaves this
//!   crate.
//! - No label that is dropped in silence or becomes `normal`: what has no class here is counted in
//!   [`Manifest::unknown_labels`] or kept as an [`UnclassifiedRange`].
//! - No split or fold that depends on the order of rows or of folders: on groups, labels and the seed alone.
//! - No correction in place: a corrected manifest is written beside the old one ([`write_corrected`]).

mod clip;
mod copies;
mod correct;
mod error;
mod fit;
mod group_split;
mod import;
mod manifest;
mod rows;
mod split;
mod summary;
mod text_file;
mod vaar;
mod walk;
mod write;
pub mod xd_violence;

pub use clip::{Clip, LabelledRange, ShownIn, UnclassifiedRange};
pub use correct::{Corrected, write_corrected};
pub use error::{DatasetError, MissingFiles, Problem, Problems};
pub use fit::{Misfit, Misfits};
pub use import::{SourceKind, import};
pub use manifest::Manifest;
pub use rows::is_manifest;
pub use split::{FoldError, Shares, assign_splits, folds, hold_out_validation};
pub use summary::{ClassRow, Summary};
pub use vaar::read_vaar;
pub use walk::{Recordings, recordings};
pub use write::write_manifest;
pub use xd_violence::read_xd_violence;
