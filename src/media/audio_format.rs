//! The format of samples.

/// What sound is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct AudioFormat {
    pub rate_hz: u32,
    pub channels: u16,
}
