//! The paper's figures and tables from the results of a run: functions of data to drawings.

mod caption;
mod color;
mod drawing;
mod figure;
mod font;
mod png;
mod svg;
mod table;

pub use caption::{Caption, class_label};
pub use color::Color;
pub use drawing::{Area, Drawing, Picture};
pub use figure::{Figure, FigureError};
pub use table::Table;
