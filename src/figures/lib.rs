//! The paper's figures and tables from the results of a run: functions of data to drawings.
//!
//! | file | draws |
//! |---|---|
//! | [`projection`], with `features`, `pca`, `tsne`, `marker` | figure 3: principal components and t-SNE |
//! | [`frame_rows`], with `frames_plan` | figure 4: frames with truth and prediction |
//! | [`score_curve`], with `curve_plan` | figure 5: the score of one clip; [`event_curve`] the same around an event |
//! | [`class_confusion`], [`anomaly_confusion`] | figures 6 and 7: confusion matrices |
//! | [`PaperTable`], with `ablation`, `sheet` | tables 2 to 6, ours beside the paper's |
//! | [`head_accuracy`] | table 2 as a picture: what every head makes of sound, picture and both |
//! | [`quality_curves`] | precision and recall, ROC, reliability |
//! | [`RunReport`] | all of it as one HTML file; [`page`] what other pages share with it |
//! | [`Overlay`] | words over a frame |
//!
//! A [`Figure`] is a [`Drawing`] with its [`Caption`] below and the numbers as a [`Table`]; it is saved as SVG, PNG and
//! CSV. Which clips and moments are shown follows from a rule that the caption states.
//!
//! # What does not exist here
//!
//! - No recording is opened: what a figure needs of one it asks for as [`Moment`]s, and the caller hands in [`Still`]s.
//!   Of this workspace only `avar-base`, `avar-fonts`, `avar-labels` and `avar-metrics` are known.
//! - No time and no folder in a figure, and a system's font only in the PNG, for letters that the bundled font lacks:
//!   the same run gives the same bytes.
//! - No value of the paper without the words that it is of another dataset.

mod ablation;
mod axis;
mod caption;
mod color;
mod confusion;
mod curve;
mod curve_plan;
mod drawing;
mod features;
mod figure;
mod font;
mod frames;
mod frames_plan;
mod head_accuracy;
mod marker;
mod overlay;
pub mod page;
mod paper_tables;
mod pca;
mod png;
mod projection;
mod quality;
mod report;
#[cfg(test)]
mod samples;
mod sheet;
mod still;
mod svg;
mod table;
#[cfg(test)]
mod test_page;
mod tsne;

pub use ablation::Ablation;
pub use caption::{Caption, class_label};
pub use color::Color;
pub use confusion::{anomaly_confusion, class_confusion};
pub use curve::{CurveMarks, event_curve, score_curve};
pub use curve_plan::{CurvePlan, plan_curve};
pub use drawing::{Area, Drawing, RgbPicture};
pub use figure::{Figure, FigureError};
pub use frames::frame_rows;
pub use frames_plan::{ClassRow, ClipRow, FramesPlan, plan_frames};
pub use head_accuracy::head_accuracy;
pub use overlay::Overlay;
pub use paper_tables::PaperTable;
pub use png::RasterError;
pub use projection::{MOST_POINTS, projection};
pub use quality::quality_curves;
pub use report::RunReport;
pub use still::{Moment, Still};
pub use table::Table;
pub use tsne::TsneSettings;
