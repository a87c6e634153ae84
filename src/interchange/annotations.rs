//! What every format is read into and written from: the events of one recording, by its frames.

use std::ops::Range;

use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{ClassScores, Verdict};

use crate::label::Label;
use crate::timeline::Timeline;

/// The recording that annotations are of.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Name of the file, without its folder.
    pub name: &'a str,
    /// When each of its frames is shown.
    pub timeline: &'a Timeline,
}

/// All that is said of one recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    /// The recording that it is said of.
    pub media: Media,
    /// Events in order of their first frame; they may overlap.
    pub spans: Vec<AnnotatedSpan>,
    /// Single frames, in their order.
    pub markers: Vec<Marker>,
    /// Scores in order of their frame; empty where a file holds none.
    pub scores: Vec<ScoreRow>,
}

/// Which recording it is, as far as a file of annotations can say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Name of the file, without its folder.
    pub name: String,
    /// Decoded pictures.
    pub frames: usize,
    /// From what other programs call zero to the end of the last frame.
    pub duration: MediaTime,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotatedSpan {
    /// Half open: from the first frame to the one after the last.
    pub frames: Range<FrameIndex>,
    /// What happens.
    pub label: Label,
    /// Within 0 and 1.
    pub score: Option<f32>,
    /// What somebody has written about it.
    pub note: Option<String>,
    /// What somebody has decided about it.
    pub decision: Option<Verdict>,
}

impl AnnotatedSpan {
    /// Of the frames `start <= n < end`, with nothing but a label.
    pub fn new(start: usize, end: usize, label: impl Into<Label>) -> Self {
        let frames = FrameIndex(start)..FrameIndex(end);
        Self { frames, label: label.into(), score: None, note: None, decision: None }
    }
}

/// A frame that somebody has marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The frame.
    pub frame: FrameIndex,
    /// What stands at the mark.
    pub text: String,
}

/// What a network says of the step that is named by a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRow {
    /// The frame by which the step is named.
    pub frame: FrameIndex,
    /// Of the ten classes, each within 0 and 1.
    pub classes: ClassScores,
    /// The anomaly score from the sound alone, within 0 and 1.
    pub audio: Option<f32>,
    /// The anomaly score from the picture alone, within 0 and 1.
    pub video: Option<f32>,
}

impl Annotations {
    /// Of a recording about which nothing is said yet.
    pub fn of(recording: &Subject) -> Self {
        let timeline = recording.timeline;
        let media = Media {
            name: recording.name.to_owned(),
            frames: timeline.len(),
            duration: timeline.offset_of(timeline.len()),
        };
        Self { media, ..Self::default() }
    }
}
