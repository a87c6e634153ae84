//! The words that data, networks and people share: the ten classes, their scores and what others call them, the parts of
//! a dataset, what a network was given, what a reviewer decides of an event, and the one rule by which a threshold is reached and an event opens and closes.
//!
//! # What does not exist here
//!
//! - No other crate of this workspace, and no file, medium or tensor.
//! - No second order of the classes: the position in [`AnomalyClass::ALL`] is that of every logit.
//! - No second rule for events: what is shown and what is measured go by [`Hysteresis`].
//! - No second rule for a threshold ([`reaches`]) or for the highest of ten scores ([`ClassScores::top`]).

mod classes;
mod hysteresis;
mod modalities;
mod scores;
mod split;
mod verdict;
mod words;

pub use classes::{AnomalyClass, CLASS_COUNT, Evidence};
pub use hysteresis::{Hysteresis, reaches};
pub use modalities::Modalities;
pub use scores::ClassScores;
pub use split::Split;
pub use verdict::Verdict;
pub use words::{class_of_label, folded, is_synonym};
