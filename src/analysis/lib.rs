//! From a recording to step scores and events.
//!
//! ```text
//! frames  -> pictures -> picture features \
//!                                          windows of T steps -> step scores -> events
//! samples -> sound    -> sound features   /
//! ```
//!
//! Here recordings and networks meet. Whoever trains, scores or shows goes this way too: [`features`] is what a network
//! is given of a recording, [`pipeline`] what becomes of it.
//!
//! # What does not exist here
//!
//! - No manifest, truth or metric, and no window: of this workspace only `avar-base`, `avar-labels`, `avar-media` and
//!   `avar-model` are known.
//! - No step that goes by time x frame rate: it is named by ordinal and PTS of the frame on screen when it starts.
//! - No score of untrained or unknown weights without the words that say so ([`record`]).
//! - No score that depends on whether the analysis was interrupted ([`journal`]).

pub mod audio;
mod error;
pub mod events;
pub mod features;
pub mod journal;
pub mod levels;
pub mod network;
pub mod pictures;
pub mod pipeline;
pub mod record;
pub mod scores;
pub mod step_grid;
pub mod windows;

pub use error::AnalysisError;
pub use events::{Event, find_events};
pub use features::{StepFeatures, extract, plan};
pub use journal::JournalPlace;
pub use levels::Levels;
pub use network::{DeviceChoice, NetworkChoice, NetworkShelf};
pub use pipeline::{
    Account, Analysis, AnalysisJob, AnalysisPartial, AnalysisSettings, AnalysisSpec, Timings, analyse, spawn_analysis,
};
pub use scores::{PictureDamage, StepFrame, StepScore, StepScores};
pub use step_grid::StepGrid;
