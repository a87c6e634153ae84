//! From media to step scores to events: the only room that knows both media and networks.
//!
//! ```text
//! frames  -> pictures -> picture features \
//!                                          windows of T steps -> step scores -> events
//! samples -> sound    -> sound features   /
//! ```

pub mod events;
pub mod features;
pub mod journal;
pub mod levels;
pub mod network;
pub mod pictures;
pub mod pipeline;
pub mod record;
pub mod scores;
pub mod sound;
pub mod step_grid;
pub mod windows;

pub use events::{Event, find_events};
pub use features::{StepFeatures, extract, plan};
pub use journal::JournalPlace;
pub use levels::Levels;
pub use network::{DeviceChoice, NetworkChoice, NetworkShelf};
pub use pipeline::{
    Account, Analysis, AnalysisError, AnalysisJob, AnalysisPartial, AnalysisSettings, AnalysisSpec, Timings, analyse,
    spawn_analysis,
};
pub use scores::{StepFrame, StepScore, StepScores};
pub use step_grid::StepGrid;
