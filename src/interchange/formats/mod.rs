//! One format a file. Each has a `read` or none, and a `write`; what they share is in `collector` and `writing`.

pub(crate) mod activitynet;
pub(crate) mod audacity;
pub(crate) mod elan;
mod elan_write;
pub(crate) mod fiftyone;
pub(crate) mod label_studio;
pub(crate) mod losslesscut;
pub(crate) mod manifest;
pub(crate) mod opentimelineio;
pub(crate) mod score_table;
pub(crate) mod ucf_crime;
pub(crate) mod via;
pub(crate) mod webvtt;
pub(crate) mod xd_violence;
