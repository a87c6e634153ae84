//! The networks against the Python reference, by their definitions, and their weights.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod close;
mod extractors;
mod heads;
mod losses;
mod networks;
mod npz;
mod parity;
mod teachers;
mod weights;
