//! Picture features per step: which frame stands for a step, and the picture network on batches of frames.

use std::sync::Arc;

use super::scores::StepFrame;
use avar_base::time::MediaTime;
use avar_media::{FrameScaler, FrameTable, MediaError, VideoFrame, VideoReader};

/// Frames by which steps are named, taken in order of time from one reader.
pub struct StepPictures {
    reader: VideoReader,
    table: Arc<FrameTable>,
    scaler: FrameScaler,
    size_px: (u32, u32),
    current: Option<VideoFrame>,
    /// Decoded already, but shown later than the moment asked for last.
    upcoming: Option<VideoFrame>,
    has_ended: bool,
}

impl StepPictures {
    /// Pictures are scaled to `size_px` = (width, height) as the network wants them.
    pub fn new(reader: VideoReader, table: Arc<FrameTable>, size_px: (u32, u32)) -> Self {
        Self { reader, table, scaler: FrameScaler::new(), size_px, current: None, upcoming: None, has_ended: false }
    }

    /// Goes to the frame on screen at `time`, so that the first moment asked for can be a late one.
    pub fn start_at(&mut self, time: MediaTime) -> Result<(), MediaError> {
        let mut at = self.table.at_or_before(time);
        self.upcoming = loop {
            match self.reader.seek_exact(at) {
                Ok(frame) => break Some(frame),
                // What going through from the start would show here is the last frame before.
                Err(MediaError::FrameDamaged { .. }) if at.0 > 0 => at.0 -= 1,
                Err(MediaError::FrameDamaged { .. }) => break None,
                Err(error) => return Err(error),
            }
        };
        Ok(())
    }

    /// The frame on screen at `time`: the newest at or before it, the first one before the picture starts.
    /// Where frames could not be decoded it is the last good one, under its own ordinal. `None` if none could.
    ///
    /// Moments must not go back between calls.
    pub fn advance_to(&mut self, time: MediaTime) -> Result<Option<StepFrame>, MediaError> {
        let wanted = self.table.at_or_before(time);
        let newest = self.upcoming.as_ref().or(self.current.as_ref()).map(|frame| frame.index);
        // Coarse steps over short groups of pictures: what lies between is not worth decoding.
        let group = self.table.key_at_or_before(wanted);
        if !self.has_ended && newest.is_some_and(|newest| newest < group) {
            self.upcoming = Some(self.reader.seek_key(wanted)?);
        }
        loop {
            if self.upcoming.is_none() && !self.has_ended {
                self.upcoming = self.reader.next()?;
                self.has_ended = self.upcoming.is_none();
            }
            match self.upcoming.take() {
                Some(frame) if frame.index <= wanted || self.current.is_none() => self.current = Some(frame),
                later => {
                    self.upcoming = later;
                    break;
                }
            }
        }
        Ok(self.current.as_ref().map(|frame| StepFrame { index: frame.index, pts: frame.pts, time: frame.time }))
    }

    /// The current frame as RGB8, `height x width x 3`, the whole picture upright.
    pub fn current_rgb(&mut self) -> Result<Vec<u8>, MediaError> {
        let (width_px, height_px) = self.size_px;
        match &self.current {
            Some(frame) => self.scaler.scale(frame, width_px, height_px),
            None => Ok(vec![0; (width_px * height_px * 3) as usize]),
        }
    }
}
