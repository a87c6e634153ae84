//! Frames as small RGB pictures.

use super::error::MediaError;
use super::scaler::Converter;
use super::video_frame::VideoFrame;

/// Scales frames to RGB for analysis; keeps one swscale context for as long as the sizes stay the same.
#[derive(Default)]
pub struct FrameScaler {
    converter: Converter,
}

impl FrameScaler {
    /// Without a context yet: the first frame makes one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The upright picture at `width_px` x `height_px`, bilinear (antialiased where it shrinks), as
    /// `height_px * width_px * 3` bytes of R, G, B.
    pub fn scale(&mut self, frame: &VideoFrame, width_px: u32, height_px: u32) -> Result<Vec<u8>, MediaError> {
        let turned = frame.orientation.swaps_sides();
        let (across, down) = if turned { (height_px, width_px) } else { (width_px, height_px) };
        let lying = self.converter.convert_to_rgb8(frame.picture(), frame.color, (across, down))?;
        Ok(lying.upright(frame.orientation).bytes)
    }
}
