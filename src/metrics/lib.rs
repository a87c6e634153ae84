//! How good scores are: one metric a file, pure numbers, and the report that gathers them.
//!
//! Clips come in as [`ScoredClip`]s, a [`Report`] comes out. Nothing here reads a file, runs a network or knows where
//! a score came from. Equations are numbered as in the AVAR-Net paper.
//!
//! | file | measures | source |
//! |---|---|---|
//! | [`confusion`], [`classification`] | accuracy, precision, recall, F1 | equations 11 to 14 |
//! | [`ranking`], [`curves`] | average precision, PR and ROC areas and curves | equation 15 |
//! | [`clip_ranking`] | clips: anomalous against normal, each class against the rest | |
//! | [`frames`] | frames of all clips together | XD-Violence |
//! | [`localization`] | mean average precision of segments at an overlap | XD-Violence, ActivityNet |
//! | [`events`] | recall of events, delay, false alarms an hour | |
//! | [`alarms`] | false alarms an hour against recall, at every threshold | |
//! | [`decision`] | what a clip is called at a threshold | |
//! | [`difference`] | two sets of scores of the same clips | |
//! | [`reliability`], [`calibration`], [`temperature`] | whether probabilities mean what they say | Guo et al. 2017 |
//! | [`bootstrap`] | confidence intervals, drawing groups of clips | Efron 1979 |
//!
//! A metric without a value is a [`Metric`] with a reason, never zero and never not-a-number.

pub mod alarms;
pub mod bootstrap;
pub mod calibration;
pub mod classification;
mod clip;
pub mod clip_ranking;
pub mod confusion;
pub mod curves;
pub mod decision;
pub mod difference;
pub mod events;
pub mod frames;
mod intervals;
pub mod localization;
mod markdown;
mod metric;
pub mod paper;
pub mod ranking;
pub mod reliability;
mod report;
pub mod runs;
mod settings;
mod span;
pub mod temperature;

pub use bootstrap::BootstrapSettings;
pub use clip::{EvaluationError, ScoredClip, TruthRange};
pub use decision::{BinaryCounts, Decision};
pub use intervals::NamedInterval;
pub use metric::{Absent, Metric, Undefined};
pub use report::{ClipCounts, Curves, Report};
pub use settings::ReportSettings;
pub use span::Span;
