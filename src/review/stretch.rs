//! Where an event begins and ends: ordinals of frames, with their times beside them.

use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use serde::{Deserialize, Serialize};

/// A place between two frames, named by the frame after it.
///
/// In a recording without a picture the steps of the network take the place of frames
/// ([`OrdinalsOf::Steps`](crate::OrdinalsOf)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The frame after it; at the end of a recording the number of its frames.
    pub frame: FrameIndex,
    /// When that frame is shown, on the file's own axis; at the end of a recording its end. For display: an edge is
    /// its frame.
    #[serde(rename = "time_s")]
    pub time: MediaTime,
}

/// The frames from `start` on and before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Before the first frame within.
    pub start: Edge,
    /// Before the first frame after.
    pub end: Edge,
}

impl Stretch {
    /// How many frames.
    pub fn frames(self) -> usize {
        self.end.frame.0.saturating_sub(self.start.frame.0)
    }

    /// From start to end, in seconds.
    pub fn duration_s(self) -> f64 {
        self.times().duration_s()
    }

    /// The times of its edges.
    pub fn times(self) -> TimeRange {
        TimeRange::new(self.start.time, self.end.time)
    }

    /// Whether the frame is one of them.
    pub fn contains(self, frame: FrameIndex) -> bool {
        self.start.frame <= frame && frame < self.end.frame
    }

    /// How many frames both hold.
    pub fn overlap(self, other: Self) -> usize {
        let end = self.end.frame.min(other.end.frame);
        end.0.saturating_sub(self.start.frame.max(other.start.frame).0)
    }

    /// Frames that both hold among those that either holds (temporal IoU), within 0 and 1.
    pub fn iou(self, other: Self) -> f64 {
        let overlap = self.overlap(other);
        overlap as f64 / (self.frames() + other.frames() - overlap).max(1) as f64
    }

    /// From the earlier start to the later end.
    pub(crate) fn hull(self, other: Self) -> Self {
        let start = if other.start.frame < self.start.frame { other.start } else { self.start };
        let end = if other.end.frame > self.end.frame { other.end } else { self.end };
        Self { start, end }
    }

    /// Whether it holds a frame, lies within the first `len`, and its times are in the order of its frames.
    pub(crate) fn is_within(self, len: usize) -> bool {
        self.start.frame < self.end.frame && self.end.frame.0 <= len && self.start.time <= self.end.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(start: usize, end: usize) -> Stretch {
        let edge = |frame| Edge { frame: FrameIndex(frame), time: MediaTime::from_seconds(frame as f64 / 25.0) };
        Stretch { start: edge(start), end: edge(end) }
    }

    #[test]
    fn the_frame_of_the_end_is_not_within() {
        let ten = stretch(10, 20);
        assert_eq!((ten.frames(), ten.duration_s()), (10, 0.4));
        assert!(ten.contains(FrameIndex(10)) && ten.contains(FrameIndex(19)));
        assert!(!ten.contains(FrameIndex(9)) && !ten.contains(FrameIndex(20)));
        assert_eq!(ten.overlap(stretch(20, 30)), 0);
    }

    #[test]
    fn the_overlap_counts_frames_of_both_among_frames_of_either() {
        assert_eq!(stretch(0, 10).iou(stretch(5, 15)), 5.0 / 15.0);
        assert_eq!(stretch(0, 10).iou(stretch(0, 10)), 1.0);
        assert_eq!(stretch(0, 10).iou(stretch(30, 40)), 0.0);
    }
}
