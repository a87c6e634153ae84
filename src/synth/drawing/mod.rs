//! What every drawn clip is made with: shapes, motion over time, lettering.

pub(crate) mod canvas;
pub(crate) mod lettering;
pub(crate) mod motion;
