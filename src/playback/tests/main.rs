//! The player on clips made here, with a hand-pulled sink and made-up instants: a slow machine makes these tests
//! slow, not wrong. The few in real time say so.

#![allow(clippy::unwrap_used, reason = "a test says where")]

mod clips;
mod desk;
mod endings;
mod failures;
mod seeking;
mod sync;
