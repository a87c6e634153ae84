//! The paper's figures and tables from the results of a run: functions of data to drawings.

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
mod marker;
mod paper;
mod paper_tables;
mod pca;
mod png;
mod projection;
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
pub use curve::{CurveMarks, score_curve};
pub use curve_plan::{CurvePlan, plan_curve};
pub use drawing::{Area, Drawing, Picture};
pub use figure::{Figure, FigureError};
pub use frames::frame_rows;
pub use frames_plan::{ClassRow, ClipRow, FramesPlan, plan_frames};
pub use paper_tables::PaperTable;
pub use projection::{MOST_POINTS, projection};
pub use report::RunReport;
pub use still::{Moment, Still};
pub use table::Table;
pub use tsne::TsneSettings;
