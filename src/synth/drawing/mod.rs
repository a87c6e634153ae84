//! What every drawn clip is made with: shapes, motion over time, lettering.

pub mod canvas;
pub mod lettering;
pub mod motion;
