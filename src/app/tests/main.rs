//! The window, without a display.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod desk;
mod evaluate;
