//! The networks against the Python reference, by their definitions, and their weights.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod heads;
mod losses;
mod networks;
mod parity;
mod teachers;
mod weights;
