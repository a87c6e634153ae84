//! The window, without a display.

mod desk;
mod evaluate;
