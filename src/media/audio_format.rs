//! Formats of samples: the one that is wanted, and the one that a decoder gives.

use std::ffi::c_int;

use ffmpeg_next::ffi;
use ffmpeg_next::frame::Audio;

use super::ffi_enum::number;

/// What sound is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct AudioFormat {
    /// Samples of one channel in a second.
    pub rate_hz: u32,
    /// How many are interleaved; a reader gives 1 to 64.
    pub channels: u16,
}

/// What a decoder puts out; a change of it in mid-stream begins a new run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputFormat {
    pub(super) rate_hz: u32,
    pub(super) channels: i32,
    pub(super) sample_format: i32,
    /// The channel mask, 0 where the order is not native.
    pub(super) mask: u64,
}

impl InputFormat {
    pub(super) fn of(frame: &Audio) -> Self {
        // SAFETY: the frame is alive; the mask is only read where the order says that there is one.
        unsafe {
            let raw = frame.as_ptr();
            let layout = &raw const (*raw).ch_layout;
            let native = number(&raw const (*layout).order) == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE as c_int;
            Self {
                rate_hz: (*raw).sample_rate as u32,
                channels: (*layout).nb_channels,
                sample_format: (*raw).format,
                mask: if native { (*layout).u.mask } else { 0 },
            }
        }
    }

    /// The same, of a file that does not say what its channels mean.
    pub(super) fn without_layout(self) -> Self {
        Self { mask: 0, ..self }
    }
}
