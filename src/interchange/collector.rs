//! What every reader hands its entries to: checked, placed among the frames, and counted where they have no home.

use std::collections::BTreeMap;

use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::Verdict;

use crate::annotations::{AnnotatedSpan, Annotations, Marker, ScoreRow, Subject};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::label::Label;
use crate::text::MOST_MIB;
use crate::timeline::{Placed, Resolution, Timeline};
use avar_base::wording::{counted, quoted, tallied};

/// Events of one recording, or marks in it; nobody marks more.
pub(crate) const MOST_EVENTS: usize = 100_000;
/// Rows of a table of scores: a hundred hours at the finest step.
pub(crate) const MOST_ROWS: usize = 4_000_000;
/// Four months, and frames of it at a thousand a second.
const LONGEST_S: f64 = 1e7;
const MOST_FRAMES: u64 = 10_000_000_000;

/// Annotations as they were read, and what somebody who reads them should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// What the file says of the recording.
    pub annotations: Annotations,
    /// Sentences about what has no class here, what was left out and what was changed.
    pub remarks: Vec<String>,
}

/// What a file says of an event beside when it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub label: Option<Label>,
    pub score: Option<f64>,
    pub note: Option<String>,
    pub decision: Option<String>,
}

impl Said {
    pub(crate) fn label(label: Label) -> Self {
        Self { label: Some(label), ..Self::default() }
    }
}

pub(crate) struct Collector<'a> {
    timeline: &'a Timeline,
    resolution: Resolution,
    annotations: Annotations,
    unknown_labels: BTreeMap<String, usize>,
    unknown_decisions: BTreeMap<String, usize>,
    unlabelled: usize,
    cut: usize,
    outside: usize,
    bad_scores: usize,
    /// Of all labels and notes: a file may name one text for many events.
    text_bytes: usize,
    remarks: Vec<String>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(recording: &Subject<'a>, resolution: Resolution) -> Result<Self, FormatError> {
        if recording.timeline.is_empty() {
            return Err(FormatError::NoPicture);
        }
        Ok(Self {
            timeline: recording.timeline,
            resolution,
            annotations: Annotations::of(recording),
            unknown_labels: BTreeMap::new(),
            unknown_decisions: BTreeMap::new(),
            unlabelled: 0,
            cut: 0,
            outside: 0,
            bad_scores: 0,
            text_bytes: 0,
            remarks: Vec::new(),
        })
    }

    /// A sentence for whoever reads the annotations.
    pub(crate) fn remark(&mut self, sentence: impl Into<String>) {
        self.remarks.push(sentence.into());
    }

    /// A sentence that begins with how many there were; none where there were none.
    pub(crate) fn remark_count(&mut self, count: usize, noun: &str, rest: &str) {
        if count > 0 {
            self.remarks.push(format!("{} {rest}", counted(count, noun)));
        }
    }

    /// The frames `start <= n < end`, counted from 0.
    pub(crate) fn frames(&mut self, place: &EntryPlace, start: u64, end: u64, said: Said) -> Result<(), FormatError> {
        if let Some(number) = [start, end].into_iter().find(|number| *number > MOST_FRAMES) {
            return Err(EntryProblem::TooLong { text: format!("frame {number}") }.at(place));
        }
        if end <= start {
            let (start, end) = (format!("frame {start}"), format!("frame {end}"));
            return Err(EntryProblem::EndNotAfterStart { start, end }.at(place));
        }
        self.take(self.timeline.placed(start as usize, end as usize), said)
    }

    /// Counted from the start of the recording.
    pub(crate) fn seconds(
        &mut self,
        place: &EntryPlace,
        start_s: f64,
        end_s: f64,
        said: Said,
    ) -> Result<(), FormatError> {
        let (start, end) = (offset(start_s, place)?, offset(end_s, place)?);
        self.between(place, start, end, said)
    }

    /// Counted from the start of the recording; a start before it has been cut off by the caller.
    pub(crate) fn between(
        &mut self,
        place: &EntryPlace,
        start: MediaTime,
        end: MediaTime,
        said: Said,
    ) -> Result<(), FormatError> {
        if end <= start {
            let (start, end) = (format!("{} s", start.seconds()), format!("{} s", end.seconds()));
            return Err(EntryProblem::EndNotAfterStart { start, end }.at(place));
        }
        self.take(self.timeline.frames_between(start, end, self.resolution), said)
    }

    /// An event that lies before the start of the recording.
    pub(crate) fn outside(&mut self) {
        self.outside += 1;
    }

    /// An event that was cut at the start of the recording.
    pub(crate) fn cut(&mut self) {
        self.cut += 1;
    }

    fn take(&mut self, placed: Placed, said: Said) -> Result<(), FormatError> {
        let texts = [said.label.as_ref().map(Label::text), said.note.as_deref(), said.decision.as_deref()];
        self.count_text(texts.into_iter().flatten().map(str::len).sum())?;
        let Placed::Within { frames, is_cut } = placed else { return self.leave_out() };
        self.cut += usize::from(is_cut);
        let label = said.label.unwrap_or_else(|| Label::Other(String::new()));
        match &label {
            Label::Class(_) => {}
            Label::Other(text) if text.is_empty() => self.unlabelled += 1,
            Label::Other(text) => *self.unknown_labels.entry(text.clone()).or_default() += 1,
        }
        let score = said.score.filter(|score| (0.0..=1.0).contains(score)).map(|score| score as f32);
        self.bad_scores += usize::from(said.score.is_some() && score.is_none());
        let decision = said.decision.as_deref().and_then(Verdict::from_name);
        if let (Some(text), None) = (said.decision, decision) {
            *self.unknown_decisions.entry(text).or_default() += 1;
        }
        let note = said.note.filter(|note| !note.is_empty());
        self.annotations.spans.push(AnnotatedSpan { frames, label, score, note, decision });
        within("events", self.annotations.spans.len(), MOST_EVENTS)
    }

    /// Counted from the start of the recording.
    pub(crate) fn marker_at(&mut self, place: &EntryPlace, at_s: f64, text: String) -> Result<(), FormatError> {
        let frame = self.timeline.frame_at(offset(at_s, place)?, self.resolution);
        self.mark(frame, text)
    }

    /// Counted from 0.
    pub(crate) fn marker_on(&mut self, frame: u64, text: String) -> Result<(), FormatError> {
        let frame = usize::try_from(frame).ok().filter(|frame| *frame < self.timeline.len());
        self.mark(frame.map(FrameIndex), text)
    }

    /// What lies outside is bounded as what lies within.
    fn leave_out(&mut self) -> Result<(), FormatError> {
        self.outside += 1;
        within("annotations outside of the recording", self.outside, MOST_EVENTS)
    }

    fn count_text(&mut self, bytes: usize) -> Result<(), FormatError> {
        self.text_bytes += bytes;
        match self.text_bytes > MOST_MIB << 20 {
            true => Err(FormatError::TooLarge { limit_mib: MOST_MIB }),
            false => Ok(()),
        }
    }

    fn mark(&mut self, frame: Option<FrameIndex>, text: String) -> Result<(), FormatError> {
        self.count_text(text.len())?;
        let Some(frame) = frame else { return self.leave_out() };
        self.annotations.markers.push(Marker { frame, text });
        within("markers", self.annotations.markers.len(), MOST_EVENTS)
    }

    pub(crate) fn scores(&mut self, scores: ScoreRow) -> Result<(), FormatError> {
        self.annotations.scores.push(scores);
        within("rows", self.annotations.scores.len(), MOST_ROWS)
    }

    pub(crate) fn finish(mut self) -> Read {
        let spans = &mut self.annotations.spans;
        spans.sort_by_key(|span| (span.frames.start, span.frames.end));
        self.annotations.markers.sort_by_key(|marker| marker.frame);
        let mut reached = FrameIndex(0);
        let overlaps = |span: &&AnnotatedSpan| {
            let is_over = span.frames.start < reached;
            reached = reached.max(span.frames.end);
            is_over
        };
        let overlapping = spans.iter().filter(overlaps).count();
        let mut told = std::mem::take(&mut self.remarks);
        let mut tell = |count: usize, noun: &str, rest: &str| {
            if count > 0 {
                told.push(format!("{} {rest}", counted(count, noun)));
            }
        };
        let labels = tallied(&self.unknown_labels, 12);
        let unknown = self.unknown_labels.values().sum();
        tell(unknown, "event", &format!("with a label that is none of the ten classes: {labels}; the words are kept"));
        tell(self.unlabelled, "event", "without a label");
        tell(overlapping, "event", "beginning before an earlier one has ended; all are kept");
        tell(self.cut, "event", "reaching beyond the recording; cut there");
        tell(self.outside, "annotation", "outside of the recording; left out");
        tell(self.bad_scores, "score", "not within 0 and 1; left out");
        let decisions = tallied(&self.unknown_decisions, 6);
        let undecided = self.unknown_decisions.values().sum();
        tell(undecided, "decision", &format!("in words that are not known here: {decisions}; left out"));
        Read { annotations: self.annotations, remarks: told }
    }
}

pub(crate) fn within(what: &'static str, count: usize, limit: usize) -> Result<(), FormatError> {
    if count > limit { Err(FormatError::TooMany { what, limit }) } else { Ok(()) }
}

fn offset(seconds_s: f64, place: &EntryPlace) -> Result<MediaTime, FormatError> {
    let text = || format!("{seconds_s} s");
    let problem = match seconds_s {
        _ if seconds_s.is_nan() => EntryProblem::NotANumber { text: quoted("NaN"), wanted: "time in seconds" },
        _ if seconds_s < 0.0 => EntryProblem::Negative { text: text() },
        _ if seconds_s > LONGEST_S => EntryProblem::TooLong { text: text() },
        _ => return Ok(MediaTime::from_seconds(seconds_s)),
    };
    Err(problem.at(place))
}
