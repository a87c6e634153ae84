//! The words that data, networks and people share: the ten classes, the parts of a dataset, and the one rule by which
//! an event opens and closes.
//!
//! # What does not exist here
//!
//! - No other crate of this workspace, and no file, medium or tensor.
//! - No second order of the classes: the position in [`AnomalyClass::ALL`] is that of every logit.
//! - No second rule for events: what is shown and what is measured go by [`Hysteresis`].

mod classes;
mod hysteresis;
mod split;

pub use classes::{AnomalyClass, CLASS_COUNT, Evidence, anomaly_score};
pub use hysteresis::{Hysteresis, reaches};
pub use split::Split;
