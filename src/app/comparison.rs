//! What the events of a recording are compared with: annotations from another program, or somebody else's review.

use std::path::{Path, PathBuf};

use super::decisions::{Decisions, edge_of};
use super::state::file_name;
use avar_analysis::StepScores;
use avar_base::time::FrameIndex;
use avar_handover::annotations::timeline_of;
use avar_interchange::{Annotations, Format, Subject, read_file};
use avar_labels::{AnomalyClass, Verdict};
use avar_media::OpenedMedia;
use avar_review::agreement::{Agreement, agreement};
use avar_review::{Candidate, OrdinalsOf, ReviewState, Stretch, verify};

/// What stands on the lane *Compared*.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub path: PathBuf,
    pub kind: ComparedKind,
    /// In order of time.
    pub spans: Vec<ComparedSpan>,
    /// What was left out or changed when the file was read, a sentence each.
    pub remarks: Vec<String>,
    /// With what is decided here; `None` of annotations, or where nothing is decided yet.
    pub agreement: Option<Result<Agreement, String>>,
}

#[derive(Clone, Debug)]
pub enum ComparedKind {
    Annotations(Format),
    Review(Box<ReviewState>),
}

/// One event of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedSpan {
    pub stretch: Stretch,
    /// As the file has it.
    pub label: String,
    /// `None` for words that are none of the ten classes.
    pub class: Option<AnomalyClass>,
    pub verdict: Option<Verdict>,
}

impl ComparedSpan {
    /// What it is called and what was decided of it.
    pub fn words(&self) -> String {
        match self.verdict {
            Some(verdict) => format!("{}, {}", self.label, verdict.label().to_lowercase()),
            None => self.label.clone(),
        }
    }
}

/// A recording that is open, as far as annotations must fit it.
pub(super) struct Compared {
    pub path: PathBuf,
    pub media: OpenedMedia,
    pub sha256: String,
}

/// Whether a file is named as reviews are.
pub fn is_review(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("avar"))
}

impl Comparison {
    /// Reads a file for the recording that is open; otherwise one sentence.
    pub(super) fn read(path: &Path, with: &Compared) -> Result<Self, String> {
        match is_review(path) {
            true => Self::of_review(path, with),
            false => Self::of_annotations(path, with),
        }
    }

    fn of_review(path: &Path, with: &Compared) -> Result<Self, String> {
        let trail = verify(path).map_err(|error| error.to_string())?;
        let state = trail.history.state().clone();
        let frames = with.media.frames.as_ref().map(|frames| frames.len());
        let duration = with.media.info.range.duration();
        let candidate = Candidate { path: &with.path, sha256: &with.sha256, frames, duration };
        state.media.check(&candidate).map_err(|error| error.to_string())?;
        let span = |event: &avar_review::DecidedEvent| ComparedSpan {
            stretch: event.stretch,
            label: event.class.label().to_owned(),
            class: Some(event.class),
            verdict: event.verdict,
        };
        let spans = state.events().map(span).collect();
        Ok(Self::new(path, ComparedKind::Review(Box::new(state)), spans, Vec::new()))
    }

    fn of_annotations(path: &Path, with: &Compared) -> Result<Self, String> {
        let timeline = timeline_of(&with.media).ok_or_else(|| {
            format!("Annotations are of frames, and this recording has none: {}", with.path.display())
        })?;
        let name = file_name(&with.path);
        let subject = Subject { name: &name, timeline: &timeline };
        let (format, read) = read_file(path, None, &subject).map_err(|error| error.to_string())?;
        let spans = spans_of(&read.annotations, &with.media);
        Ok(Self::new(path, ComparedKind::Annotations(format), spans, read.remarks))
    }

    fn new(path: &Path, kind: ComparedKind, mut spans: Vec<ComparedSpan>, remarks: Vec<String>) -> Self {
        spans.sort_by_key(|span| (span.stretch.start.frame, span.stretch.end.frame));
        Self { path: path.to_owned(), kind, spans, remarks, agreement: None }
    }

    /// In a few words: where it comes from and how much there is.
    pub fn title(&self) -> String {
        let kind = match &self.kind {
            ComparedKind::Annotations(format) => format.label(),
            ComparedKind::Review(_) => "review",
        };
        format!("{} ({kind})", file_name(&self.path))
    }

    /// Compares anew with what is decided here.
    pub fn refresh(&mut self, decisions: &Decisions, scores: Option<&StepScores>) {
        let ComparedKind::Review(other) = &self.kind else { return };
        self.agreement = decisions.view.as_ref().zip(scores).map(|(view, scores)| {
            let steps = steps_of(scores, other.media.ordinals_of);
            agreement(&view.state, other, &steps).map_err(|error| error.to_string())
        });
    }
}

fn steps_of(scores: &StepScores, ordinals_of: OrdinalsOf) -> Vec<FrameIndex> {
    let ordinal = |step: &avar_analysis::StepScore| match ordinals_of {
        OrdinalsOf::Frames => step.frame.map(|frame| frame.index),
        OrdinalsOf::Steps => Some(FrameIndex(step.step)),
    };
    scores.steps.iter().filter_map(ordinal).collect()
}

fn spans_of(annotations: &Annotations, media: &OpenedMedia) -> Vec<ComparedSpan> {
    let Some(frames) = &media.frames else { return Vec::new() };
    let edge = |frame: FrameIndex| edge_of(frames, frame);
    let span = |span: &avar_interchange::AnnotatedSpan| ComparedSpan {
        stretch: Stretch { start: edge(span.frames.start), end: edge(span.frames.end) },
        label: span.label.text().to_owned(),
        class: span.label.class(),
        verdict: span.decision,
    };
    annotations.spans.iter().map(span).collect()
}
