//! Reviews as they are written, damaged, interrupted, read again and compared.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod agreeing;
mod damage;
mod deciding;
mod interrupted;
mod layered;
mod listing;
mod opening;
mod scoring;
mod undoing;
mod world;
