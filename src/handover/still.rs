//! One frame as a picture: clean, or with what the desk knows of it in a strip.

use std::path::Path;

use avar_base::files::write_png;
use avar_media::{RgbImage, VideoFrame};
use image::ExtendedColorType;

use crate::HandoverError;
use crate::strip::{FrameFacts, Word};

/// The upright picture of a frame, as `avar frame` has it; where facts are given, with these words of them.
pub fn still(frame: &VideoFrame, told: Option<(&FrameFacts, &[Word])>) -> Result<RgbImage, HandoverError> {
    let mut picture = frame.to_rgb8()?;
    if let Some((facts, words)) = told {
        facts.paint(words, &mut picture)?;
    }
    Ok(picture)
}

/// Writes [`still`] as a PNG file, whole or not at all.
pub fn save_still(frame: &VideoFrame, told: Option<(&FrameFacts, &[Word])>, out: &Path) -> Result<(), HandoverError> {
    let picture = still(frame, told)?;
    Ok(write_png(out, &picture.bytes, (picture.width_px, picture.height_px), ExtendedColorType::Rgb8)?)
}
