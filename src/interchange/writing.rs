//! What every writer shares: which annotations can be written at all, times as text, and what finds no place.

use std::collections::BTreeMap;

use avar_base::time::{FrameIndex, MediaTime};
use serde::Serialize;

use crate::annotations::{AnnotatedSpan, Annotations};
use crate::error::FormatError;
use crate::format::Format;
use crate::timeline::{Resolution, Timeline};
use avar_base::wording::{counted, listed, tallied};

/// A file as it is to be written, and what somebody who hands it on should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The whole file.
    pub text: String,
    /// Sentences about what has no place in the format and what it cannot write exactly.
    pub remarks: Vec<String>,
}

/// That all of it lies within the recording.
pub(crate) fn check(annotations: &Annotations, timeline: &Timeline) -> Result<(), FormatError> {
    let frames = timeline.len();
    let outside = |what: String| Err(FormatError::Outside { what, frames });
    for (number, span) in (1..).zip(&annotations.spans) {
        if span.frames.start >= span.frames.end || span.frames.end.0 > frames {
            return outside(format!("event {number} (frames {} to {})", span.frames.start.0, span.frames.end.0));
        }
    }
    for (number, marker) in (1..).zip(&annotations.markers) {
        if marker.frame.0 >= frames {
            return outside(format!("marker {number} (frame {})", marker.frame.0));
        }
    }
    match annotations.scores.iter().find(|scores| scores.frame.0 >= frames) {
        Some(scores) => outside(format!("a score (frame {})", scores.frame.0)),
        None => Ok(()),
    }
}

/// What a writer notes while it writes.
pub(crate) struct Ledger<'a> {
    format: Format,
    timeline: Option<(&'a Timeline, Resolution)>,
    inexact: usize,
    labels: BTreeMap<String, usize>,
    altered: usize,
    crowded: usize,
}

impl<'a> Ledger<'a> {
    /// Of a format that counts frames.
    pub(crate) fn in_frames(format: Format) -> Self {
        Self { format, timeline: None, inexact: 0, labels: BTreeMap::new(), altered: 0, crowded: 0 }
    }

    /// Of a format that counts time.
    pub(crate) fn in_time(format: Format, timeline: &'a Timeline, resolution: Resolution) -> Self {
        Self { timeline: Some((timeline, resolution)), ..Self::in_frames(format) }
    }

    /// When a frame begins, as the format can write it.
    pub(crate) fn edge(&mut self, frame: FrameIndex) -> MediaTime {
        let Some((timeline, resolution)) = self.timeline else { return MediaTime::ZERO };
        let (offset, is_exact) = timeline.written(frame.0, resolution);
        self.inexact += usize::from(!is_exact);
        offset
    }

    pub(crate) fn edges(&mut self, span: &AnnotatedSpan) -> [MediaTime; 2] {
        [self.edge(span.frames.start), self.edge(span.frames.end)]
    }

    /// An event whose label the format has no way to write.
    pub(crate) fn without_label(&mut self, span: &AnnotatedSpan) {
        *self.labels.entry(span.label.text().to_owned()).or_default() += 1;
    }

    /// A mark that lies where another is already, and the format has room for one.
    pub(crate) fn crowded(&mut self) {
        self.crowded += 1;
    }

    /// A text without what would end its field; counted where it is another than before.
    pub(crate) fn in_one_field(&mut self, text: &str, is_end: impl Fn(char) -> bool) -> String {
        self.altered += usize::from(text.contains(&is_end));
        text.chars().map(|c| if is_end(c) { ' ' } else { c }).collect()
    }

    pub(crate) fn finish(self, text: String, annotations: &Annotations) -> Written {
        let carries = self.format.carries();
        let is_table = self.format == Format::ScoreTable;
        let spans = &annotations.spans;
        let count = |is_there: fn(&AnnotatedSpan) -> bool| spans.iter().filter(|span| is_there(span)).count();
        let left_out = [
            (is_table, spans.len(), "event"),
            (!carries.scores, count(|span| span.score.is_some()), "score"),
            (!carries.notes, count(|span| span.note.is_some()), "note"),
            (!carries.decisions, count(|span| span.decision.is_some()), "decision"),
            (!carries.markers, annotations.markers.len(), "marker"),
            (!is_table, annotations.scores.len(), "row of the score table"),
        ];
        let named: Vec<String> = left_out
            .into_iter()
            .filter(|(is_left_out, count, _)| *is_left_out && *count > 0)
            .map(|(_, count, noun)| match noun {
                "row of the score table" => format!("the score table ({})", counted(count, "row")),
                _ => counted(count, noun),
            })
            .collect();
        let mut remarks = Vec::new();
        if !named.is_empty() {
            remarks.push(format!("{} has no place for {}", self.format, listed(&named, named.len())));
        }
        if !self.labels.is_empty() {
            let events = counted(self.labels.values().sum(), "event");
            let labels = tallied(&self.labels, 12);
            remarks.push(format!("{} has no label for {events}, left out: {labels}", self.format));
        }
        if self.inexact > 0 {
            let edges = counted(self.inexact, "edge");
            remarks.push(format!(
                "{edges} on frames that follow each other too closely for {} to tell apart",
                self.format
            ));
        }
        if self.crowded > 0 {
            let marks = counted(self.crowded, "marker");
            remarks.push(format!("{marks} where another is already, for which {} has no room; left out", self.format));
        }
        if self.altered > 0 {
            let texts = counted(self.altered, "text");
            remarks.push(format!(
                "{texts} with tabs or line breaks, for which {} has no place; spaces stand there",
                self.format
            ));
        }
        Written { text, remarks }
    }
}

/// Decimal seconds to the nanosecond, without the zeros at the end.
pub(crate) fn seconds_text(offset: MediaTime) -> String {
    let nanoseconds = offset.nanoseconds().max(0);
    let text = format!("{}.{:09}", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let kept = text.trim_end_matches('0').len().max(text.len() - 6);
    text[..kept].to_owned()
}

/// Indented, with a line end at the end. Maps of text to values cannot fail.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_three_digits_and_as_many_more_as_it_takes() {
        let text = |ns: i64| seconds_text(MediaTime::from_nanoseconds(ns));
        assert_eq!(text(0), "0.000");
        assert_eq!(text(1_500_000_000), "1.500");
        assert_eq!(text(41_666_667), "0.041666667");
        assert_eq!(text(3_600_000_000_010), "3600.00000001");
    }
}
