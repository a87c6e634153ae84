//! Picture features per step: which frame stands for a step, and the picture network on batches of frames.

use std::sync::Arc;

use super::scores::{PictureDamage, StepFrame};
use avar_base::time::{FrameIndex, MediaTime};
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
    /// The last frame that was decoded.
    decoded: Option<FrameIndex>,
    /// Since the last key frame up to that one, or to the current one, the decoder has filled something in or left
    /// frames out.
    is_decoded_suspect: bool,
    is_current_suspect: bool,
    is_missing: bool,
}

impl StepPictures {
    /// Pictures are scaled to `size_px` = (width, height) as the network wants them.
    pub fn new(reader: VideoReader, table: Arc<FrameTable>, size_px: (u32, u32)) -> Self {
        Self {
            reader,
            table,
            scaler: FrameScaler::new(),
            size_px,
            current: None,
            upcoming: None,
            has_ended: false,
            decoded: None,
            is_decoded_suspect: false,
            is_current_suspect: false,
            is_missing: false,
        }
    }

    /// Goes to the key frame before the one on screen at `time`, so that the first moment asked for can be a late one.
    pub fn start_at(&mut self, time: MediaTime) -> Result<(), MediaError> {
        let mut key = self.table.key_at_or_before(self.table.at_or_before(time));
        loop {
            match self.reader.seek_exact(key) {
                Ok(frame) => {
                    self.take_in(frame);
                    return Ok(());
                }
                // What going through from the start would show here is the last frame before.
                Err(MediaError::FrameDamaged { .. }) if key.0 > 0 => {
                    key = self.table.key_at_or_before(FrameIndex(key.0 - 1));
                }
                Err(MediaError::FrameDamaged { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// A frame that was decoded is the upcoming one.
    fn take_in(&mut self, frame: VideoFrame) {
        let is_next = self.decoded.is_none_or(|decoded| decoded.0 + 1 == frame.index.0);
        let follows = is_next && self.table.loss_at(frame.time - MediaTime::from_nanoseconds(1)).is_none();
        let before = !frame.is_key && (self.is_decoded_suspect || !follows);
        self.is_decoded_suspect = before || frame.is_concealed;
        self.decoded = Some(frame.index);
        self.upcoming = Some(frame);
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
        if !self.has_ended
            && let Some(newest) = newest.filter(|newest| *newest < group)
        {
            match self.reader.seek_key(wanted) {
                Ok(frame) => self.take_in(frame),
                // It cannot be leapt to: all that comes out before it is gone through.
                Err(MediaError::FrameDamaged { .. }) => {
                    self.reader.seek_exact(newest)?;
                }
                Err(error) => return Err(error),
            }
        }
        loop {
            if self.upcoming.is_none() && !self.has_ended {
                match self.reader.next()? {
                    Some(frame) => self.take_in(frame),
                    None => self.has_ended = true,
                }
            }
            match self.upcoming.take() {
                Some(frame) if frame.index <= wanted || self.current.is_none() => {
                    self.is_current_suspect = self.is_decoded_suspect;
                    self.current = Some(frame);
                }
                later => {
                    self.upcoming = later;
                    break;
                }
            }
        }
        let is_late = self.current.as_ref().is_some_and(|frame| frame.index < wanted);
        self.is_missing = is_late || self.table.loss_at(time).is_some();
        Ok(self.current.as_ref().map(|frame| StepFrame { index: frame.index, pts: frame.pts, time: frame.time }))
    }

    /// What is wrong with the picture at the moment that was asked for last.
    pub fn damage(&self) -> Option<PictureDamage> {
        match (self.is_missing, self.is_current_suspect) {
            (true, _) => Some(PictureDamage::Missing),
            (false, true) => Some(PictureDamage::Suspect),
            (false, false) => None,
        }
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
