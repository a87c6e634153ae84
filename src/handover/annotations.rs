//! What was decided, or found, as annotations for other programs.

use avar_base::time::MediaTime;
use avar_base::wording::counted;
use avar_interchange::{AnnotatedSpan, Annotations, Format, Marker, Subject, Timeline};
use avar_labels::Verdict;
use avar_media::OpenedMedia;
use avar_review::{FrameNote, ModelEvent, ReviewState};

/// When each frame is shown; `None` in a recording without a picture. Others count from its start.
pub fn timeline_of(media: &OpenedMedia) -> Option<Timeline> {
    let frames = media.frames.as_ref()?;
    let times: Vec<MediaTime> = frames.entries().iter().map(|entry| entry.time).collect();
    Timeline::new(media.info.range.start.min(frames.range().start), times, frames.range().end)
}

/// What was decided, without what was rejected where the format cannot say that it was; the second tells of that.
pub fn annotations_of(state: &ReviewState, subject: &Subject, to: Format) -> (Annotations, Vec<String>) {
    let is_told = |verdict: Option<Verdict>| to.carries().decisions || verdict != Some(Verdict::Rejected);
    let mut annotations = Annotations::of(subject);
    let rejected = state.events().filter(|event| !is_told(event.verdict)).count();
    annotations.spans = state
        .events()
        .filter(|event| is_told(event.verdict))
        .map(|event| AnnotatedSpan {
            score: event.bases.iter().map(|basis| basis.peak).reduce(f32::max),
            note: Some(event.note.to_string()).filter(|note| !note.is_empty()),
            decision: event.verdict,
            ..AnnotatedSpan::new(event.stretch.start.frame.0, event.stretch.end.frame.0, event.class)
        })
        .collect();
    annotations.spans.sort_by_key(|span| (span.frames.start, span.frames.end));
    let marker = |note: &FrameNote| Marker { frame: note.at.frame, text: note.text.to_string() };
    annotations.markers = state.notes().map(marker).collect();
    annotations.markers.sort_by_key(|marker| marker.frame);
    let remark = format!("{} left out: {} has no place for decisions", counted(rejected, "rejected event"), to.label());
    (annotations, (rejected > 0).then_some(remark).into_iter().collect())
}

/// What the network found, where nobody has decided anything.
pub fn annotations_of_model(events: &[ModelEvent], subject: &Subject) -> Annotations {
    let span = |event: &ModelEvent| AnnotatedSpan {
        score: Some(event.peak),
        ..AnnotatedSpan::new(event.stretch.start.frame.0, event.stretch.end.frame.0, event.class)
    };
    Annotations { spans: events.iter().map(span).collect(), ..Annotations::of(subject) }
}
