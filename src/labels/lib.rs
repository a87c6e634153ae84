//! The words that data, networks and people share: the ten classes, the parts of a dataset, and the one rule by which
//! an event opens and closes.
//!
//! What does not exist here: no file, no medium, no tensor, and no other crate of this workspace.

mod classes;
mod hysteresis;
mod split;

pub use classes::{AnomalyClass, CLASS_COUNT, Evidence, anomaly_score};
pub use hysteresis::Hysteresis;
pub use split::Split;
