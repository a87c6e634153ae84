//! How good scores are: one metric a file, pure numbers; the report that gathers them; and [`runs`], which keep them as
//! folders.
//!
//! Clips come in as [`ScoredClip`]s, a [`Report`] comes out. Equations are numbered as in the AVAR-Net paper.
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
//! | [`inspection`] | what a look at a run and at single clips of it goes by | |
//!
//! # What does not exist here
//!
//! - No recording is opened, and no network or manifest known: of this workspace only `avar-base` and `avar-labels`.
//! - No file but those of [`runs`] and the notes beside them ([`inspection::notes`]).
//! - No value for what has none: a metric is a [`Metric`] with a reason then, never zero and never not-a-number.
//! - No clip that is dropped in silence: what makes no sense is refused or set aside by its name.

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
pub mod inspection;
mod intervals;
pub mod localization;
mod markdown;
mod metric;
pub mod named_events;
pub mod paper;
pub mod ranking;
pub mod reliability;
mod report;
pub mod runs;
mod settings;
mod span;
pub mod temperature;

pub use bootstrap::BootstrapSettings;
pub use clip::{ScoreError, ScoredClip, TruthRange};
pub use decision::{BinaryCounts, Decision};
pub use intervals::NamedInterval;
pub use metric::{Absent, Metric, Undefined};
pub use report::{ClipCounts, Curves, Report};
pub use settings::ReportSettings;
pub use span::Span;
