//! Small pieces that panels share.

pub mod action_button;
pub mod class_bar;
pub mod elided;
pub mod event_words;
pub mod following;
pub mod notices;
pub mod picture_fit;
pub mod time_axis;
pub mod time_code;
