//! The networks against the Python reference, by their definitions, and their weights.

mod heads;
mod losses;
mod networks;
mod parity;
mod teachers;
mod weights;
