//! WebVTT: one caption an event, in whole milliseconds. Out only.

use avar_base::time::MediaTime;

use crate::annotations::{AnnotatedSpan, Annotations};
use crate::format::Format;
use crate::label::Label;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written};

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let mut ledger = Ledger::in_time(Format::WebVtt, timeline, Resolution::MILLISECONDS);
    let mut spans: Vec<&AnnotatedSpan> = annotations.spans.iter().collect();
    spans.sort_by_key(|span| (span.frames.start, span.frames.end));
    let mut text = String::from("WEBVTT\n");
    for (number, span) in (1..).zip(spans) {
        let [start, end] = ledger.edges(span).map(time_text);
        text.push_str(&format!("\n{number}\n{start} --> {end}\n{}\n", caption(span)));
    }
    ledger.finish(text, annotations)
}

fn time_text(offset: MediaTime) -> String {
    let ms = offset.nanoseconds() / 1_000_000;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// The class for people, its score and what was decided; the note below.
fn caption(span: &AnnotatedSpan) -> String {
    let label = match &span.label {
        Label::Class(class) => class.label(),
        Label::Other(text) if text.trim().is_empty() => "event",
        Label::Other(text) => text,
    };
    let score = span.score.map(|score| format!("{score:.2}"));
    let decision = span.decision.map(|decision| format!("({})", decision.name()));
    let words: Vec<String> = std::iter::once(escaped(label)).chain(score).chain(decision).collect();
    let note = span.note.as_deref().map(escaped).filter(|note| !note.is_empty());
    std::iter::once(words.join(" ")).chain(note).collect::<Vec<_>>().join("\n")
}

/// An empty line would end the caption, and `-->` begin a time; both are made harmless.
fn escaped(text: &str) -> String {
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
