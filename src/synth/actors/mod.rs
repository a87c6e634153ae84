//! Who and what moves: people, vehicles, and what flies about.

pub mod body;
pub mod gesture;
pub mod particles;
pub mod pose;
pub mod route;
pub mod vehicle;
