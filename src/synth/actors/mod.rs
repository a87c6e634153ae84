//! Who and what moves: people, vehicles, and what flies about.

pub(crate) mod body;
pub(crate) mod gesture;
pub(crate) mod particles;
pub(crate) mod pose;
pub(crate) mod route;
pub(crate) mod vehicle;
